// Control groups of version 2 and scopes of a systemd user manager, whatever this machine has: the agent of this build runs in a User-Mode Linux
// kernel (Debian's package user-mode-linux) on this machine's file system, read-only.
#include <cmath>
#include <filesystem>
#include <set>

#include "tests/app/agent/support.h"

namespace pilotlight::test {
namespace {

// The first process of the guest: mounts, optionally starts a user manager, gives the agent its requests, and prints what it answers.
std::string init(const std::string& requests, std::size_t count, bool manager) {
    return R"(#!/bin/sh
export PATH=/usr/sbin:/usr/bin:/sbin:/bin HOME=/run TMPDIR=/run
mount -t proc proc /proc; mount -t sysfs sys /sys; mount -t tmpfs tmp /run
cp )" + requests + R"( /run/requests
mount -t cgroup2 none /sys/fs/cgroup
)" + (manager ? R"(echo "+cpu +memory +pids" > /sys/fs/cgroup/cgroup.subtree_control
mkdir -p /run/systemd/system /run/user/0 && chmod 700 /run/user/0
export XDG_RUNTIME_DIR=/run/user/0
mkdir /sys/fs/cgroup/manager
(echo 0 > /sys/fs/cgroup/manager/cgroup.procs; exec /lib/systemd/systemd --user >/run/manager.log 2>&1) &
i=0; while [ ! -S /run/user/0/systemd/private ] && [ $i -lt 50 ]; do sleep 0.2; i=$((i+1)); done
)"
                     : "") +
           R"(mkfifo /run/in
)" + builtProgram("pilotlight-agent") +
           R"( </run/in >/run/out 2>/run/err &
exec 3>/run/in
cat /run/requests >&3
i=0; while [ $(grep -c '"type":"result"' /run/out) -lt )" + std::to_string(count) + R"( ] && [ $i -lt 150 ]; do sleep 0.4; i=$((i+1)); done
cat /run/out /run/err
exec 3>&-
sleep 1
echo "left: $(find /sys/fs/cgroup -name 'pilotlight-[0-9]*-*' | wc -l) groups, $(pgrep -c sha256sum) processes"
echo o > /proc/sysrq-trigger
sleep 5
)";
}

struct Guest {
    std::vector<bench::TrialResult> results;
    std::optional<bench::Hello> hello;
    std::string text;
};

Guest boot(const std::string& program, const std::vector<bench::TrialRequest>& requests, bool manager) {
    const Folder folder;
    std::string lines;
    for (const auto& request : requests) lines += bench::toLine(bench::Request(request)) + "\n";
    const std::string file = folder.script("requests", lines), script = folder.script("init", init(file, requests.size(), manager));
    const auto run = runProgram({program, "mem=512M", "rootfstype=hostfs", "rootflags=/", "ro", "init=" + script, "con=null", "con0=null,fd:1", "quiet"}, {}, std::chrono::seconds(150));
    Guest guest{.text = run.out + run.err};
    for (std::size_t at = 0; at < run.out.size();) {
        const auto end = std::min(run.out.find('\n', at), run.out.size());
        auto line = run.out.substr(at, end - at);
        at = end + 1;
        if (!line.empty() && line.back() == '\r') line.pop_back();
        if (line.empty() || line.front() != '{') continue;
        const auto event = bench::parseEvent(line);
        if (!event) continue;
        if (const auto* hello = std::get_if<bench::Hello>(&*event)) guest.hello = *hello;
        if (const auto* result = std::get_if<bench::TrialResult>(&*event)) guest.results.push_back(*result);
    }
    return guest;
}

std::vector<bench::TrialRequest> requestsFor(const std::string& limiter) {
    std::vector<bench::TrialRequest> out;
    // Some 100 ms of CPU time: system calls are slow there.
    for (const double vcpu : {0.25, 0.5, 1.0}) {
        auto request = trialOf({.command = {"sh", "-c", "head -c 2000000 /dev/zero | sha256sum"}}, vcpu);
        request.id = "share-" + std::to_string(static_cast<int>(100 * vcpu));
        request.size.period_ms = 100;
        request.saturated = 10;
        out.push_back(request);
    }
    for (const auto& [id, mb] : {std::pair{"kill", 64}, {"fits", 256}}) {
        auto request = trialOf({.command = {"python3", "-c", "b = bytearray(100 << 20); print(len(b))"}}, 1, mb);
        request.id = id;
        out.push_back(request);
    }
    for (auto& request : out) request.limiter = limiter;
    return out;
}

void check(const std::string& limiter, bool manager) {
    std::string program;
    for (const char* path : {"/usr/bin/linux.uml", "/usr/local/bin/linux.uml"})
        if (std::filesystem::exists(path)) program = path;
    if (program.empty()) GTEST_SKIP() << "skipped: the package user-mode-linux is not installed";
    if (manager && !std::filesystem::exists("/lib/systemd/systemd")) GTEST_SKIP() << "skipped: systemd is not installed";
    const auto requests = requestsFor(limiter);
    const auto guest = boot(program, requests, manager);
    if (guest.text.find("Power down") == std::string::npos) GTEST_SKIP() << "skipped: User-Mode Linux does not boot here: " << guest.text.substr(0, 600);
    ASSERT_TRUE(guest.hello) << guest.text;
    EXPECT_EQ(guest.hello->machine.control_groups, "v2");
    for (const auto& one : guest.hello->limiters)
        if (one.name == limiter) {
            EXPECT_TRUE(one.available) << one.why;
        }
    ASSERT_EQ(guest.results.size(), requests.size()) << guest.text;
    for (std::size_t i = 0; i < 3; ++i) {
        const auto& result = guest.results[i];
        ASSERT_EQ(result.status, bench::TrialStatus::ok) << result.detail;
        EXPECT_EQ(result.limiter, limiter);
        ASSERT_TRUE(result.cpu_share);
        std::printf("%s, %.2f vCPU: share %.3f, CPU %.1f ms\n", limiter.c_str(), requests[i].size.vcpu, *result.cpu_share, result.cpu_ms.value_or(0));
        // User-Mode Linux keeps time in ticks of 10 ms and shares the machine with others: this is about the limiter's being there, not its precision.
        EXPECT_LT(*result.cpu_share, 1.25 * requests[i].size.vcpu);
        EXPECT_GT(*result.cpu_share, 0.6 * requests[i].size.vcpu);
    }
    EXPECT_EQ(guest.results[3].status, bench::TrialStatus::out_of_memory) << guest.results[3].detail;
    EXPECT_TRUE(guest.results[3].memory_limited);
    EXPECT_EQ(guest.results[4].status, bench::TrialStatus::ok) << guest.results[4].detail;
    EXPECT_NE(guest.text.find("left: 0 groups, 0 processes"), std::string::npos) << guest.text;
}

TEST(UserModeLinux, ControlGroupsOfVersion2HoldShareAndMemory) { check("cgroup-v2", false); }
TEST(UserModeLinux, AScopeOfTheSystemdUserManagerHoldsShareAndMemory) { check("systemd-scope", true); }

}  // namespace
}  // namespace pilotlight::test
