// Whatever is killed and whenever: no process, stopped or not, and no control group stays.
#include <csignal>
#include <thread>

#include "tests/app/agent/support.h"

namespace pilotlight::test {
namespace {

void expectGone(const std::string& mark, const std::string& when) {
    for (int i = 0; i < 300; ++i) {
        if (processesWith(mark).empty() && controlGroups().empty()) return;
        std::this_thread::sleep_for(std::chrono::milliseconds(20));
    }
    for (const auto& [pid, state] : processesWith(mark)) {
        ADD_FAILURE() << when << ": process " << pid << " is left in state " << state;
        ::kill(pid, SIGKILL);
    }
    for (const auto& group : controlGroups()) ADD_FAILURE() << when << ": " << group << " is left";
}

// `parent`: the process that was started, which guards the agent; else the agent itself.
void killAgent(const std::string& limiter, int signal, int after_ms, bool parent) {
    const Folder folder;
    const std::string mark = folder.file("busy");
    folder.script("busy", "#!/bin/sh\n(setsid sh -c 'while :; do :; done # " + mark + "' &)\nsh -c 'while :; do :; done # " + mark + "' &\nwhile :; do :; done\n");
    const std::string when = limiter + ", signal " + std::to_string(signal) + " to the " + (parent ? "guardian" : "agent") + " after " + std::to_string(after_ms) + " ms";
    auto request = trialOf({.command = {mark}}, 0.3);
    request.limiter = limiter;
    {
        // Its input stays open: it must not end for want of that.
        const std::string pipe = folder.file("requests");
        ASSERT_EQ(::mkfifo(pipe.c_str(), 0600), 0);
        std::fstream requests(pipe);
        Background agent({"sh", "-c", "exec \"$0\" <" + pipe, builtProgram("pilotlight-agent")});
        requests << bench::toLine(bench::Request(request)) << std::endl;
        ASSERT_NE(agent.readLine().find("hello"), std::string::npos);
        std::this_thread::sleep_for(std::chrono::milliseconds(after_ms));
        int pid = agent.pid();
        if (!parent) {
            pid = 0;
            std::error_code ignored;
            for (const auto& entry : std::filesystem::directory_iterator("/proc", ignored)) {
                std::ifstream file(entry.path() / "stat");
                std::string stat;
                std::getline(file, stat);
                const auto close = stat.rfind(')');
                if (close != std::string::npos && std::atoi(stat.c_str() + close + 4) == agent.pid()) pid = std::atoi(stat.c_str());
            }
            ASSERT_GT(pid, 0);
        }
        ::kill(pid, signal);
        agent.wait();
    }
    expectGone(mark, when);
}

TEST(AgentKilled, LeavesNothingWhateverTheLimiter) {
    std::vector<std::string> limiters;
    {
        const auto agent = startAgent();
        for (const auto& one : agent.hello().limiters)
            if (one.available) limiters.push_back(one.name);
    }
    for (const auto& limiter : limiters)
        for (const int after_ms : {0, 20, 150, 700})
            for (const bool parent : {false, true}) killAgent(limiter, SIGKILL, after_ms, parent);
    for (const auto& limiter : limiters) killAgent(limiter, SIGTERM, 300, true);
}

TEST(AgentKilled, EndsWithItsFrontEnd) {
    const Folder folder;
    const std::string mark = folder.script("busy", "#!/bin/sh\nwhile :; do :; done\n");
    {
        auto agent = startAgent();
        std::stop_source stop;
        std::thread later([&] {
            std::this_thread::sleep_for(std::chrono::milliseconds(300));
            stop.request_stop();
        });
        EXPECT_FALSE(agent.run(trialOf({.command = {mark}}, 0.3), JobContext(stop.get_token())));
        later.join();
    }
    expectGone(mark, "front end gone");
}

}  // namespace
}  // namespace pilotlight::test
