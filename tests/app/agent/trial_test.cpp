#include <chrono>
#include <thread>

#include "tests/app/agent/support.h"

namespace pilotlight::test {
namespace {

using bench::Target;
using bench::TrialStatus;

bench::TrialResult run(bench::AgentClient& agent, const bench::TrialRequest& request) {
    auto result = agent.run(request, {});
    if (!result) {
        ADD_FAILURE() << result.error().text();
        return {};
    }
    return std::move(*result);
}

TEST(Trial, CommandIsRunOncePerRequestWithItsPayload) {
    const Folder folder;
    const auto payload = folder.script("in.json", "{\"n\": 7}");
    const auto seen = folder.file("seen");
    auto agent = startAgent();
    auto request = trialOf({.kind = Target::Kind::command, .command = {folder.script("h", "#!/bin/sh\ncat >> " + seen + "; echo >> " + seen + "\n")}, .input = payload});
    request.isolated = 3;
    request.saturated = 2;
    request.pause_ms = 5;
    const auto result = run(agent, request);
    EXPECT_EQ(result.status, TrialStatus::ok) << result.detail;
    EXPECT_EQ(result.isolated_ms.size(), 3U);
    EXPECT_EQ(result.saturated_ms.size(), 2U);
    ASSERT_TRUE(result.cold.total_ms);
    EXPECT_GT(*result.cold.total_ms, 0);
    ASSERT_TRUE(result.cpu_ms);
    EXPECT_GT(*result.cpu_ms, 0);
    EXPECT_FALSE(result.limiter.empty());
    std::ifstream file(seen);
    int lines = 0;
    for (std::string line; std::getline(file, line); ++lines) EXPECT_EQ(line, "{\"n\": 7}");
    EXPECT_EQ(lines, 6);  // the first, three, two
}

TEST(Trial, CommandThatFailsIsAResultWithItsWords) {
    auto agent = startAgent();
    const auto result = run(agent, trialOf({.command = {"sh", "-c", "echo no weights here >&2; exit 3"}}));
    EXPECT_EQ(result.status, TrialStatus::failed);
    EXPECT_NE(result.detail.find("exit code 3"), std::string::npos) << result.detail;
    EXPECT_NE(result.detail.find("no weights here"), std::string::npos) << result.detail;
    const auto absent = run(agent, trialOf({.command = {"/no/such/program"}}));
    EXPECT_EQ(absent.status, TrialStatus::failed);
    EXPECT_NE(absent.detail.find("/no/such/program"), std::string::npos) << absent.detail;
}

TEST(Trial, LambdaBootstrapRunsUnchanged) {
    const Folder folder;
    auto agent = startAgent();
    auto request = trialOf({.kind = Target::Kind::lambda, .command = {folder.script("bootstrap", bootstrap("time.sleep(0.01)\nreturn event", "time.sleep(0.3)"))}});
    request.isolated = 10;
    request.pause_ms = 5;
    request.saturated = 10;
    request.open_loop = 20;
    request.rate_per_s = 40;
    const auto result = run(agent, request);
    ASSERT_EQ(result.status, TrialStatus::ok) << result.detail;
    ASSERT_TRUE(result.cold.exec_ms && result.cold.first_ms && result.cold.total_ms);
    EXPECT_GE(*result.cold.exec_ms, 300);  // INIT
    EXPECT_NEAR(*result.cold.total_ms, *result.cold.exec_ms + *result.cold.first_ms, 1e-6);
    ASSERT_EQ(result.isolated_ms.size(), 10U);
    for (const double ms : result.isolated_ms) EXPECT_GE(ms, 10);
    ASSERT_EQ(result.open_loop_ms.size(), 20U);
    for (std::size_t i = 0; i < 20; ++i) EXPECT_GE(result.open_loop_ms[i], result.open_loop_service_ms[i]);
    EXPECT_GT(result.peak_mb.value_or(0), 5);
}

TEST(Trial, HandlerErrorsAndInitErrorsAreTold) {
    const Folder folder;
    auto agent = startAgent();
    const auto error = run(agent, trialOf({.kind = Target::Kind::lambda, .command = {folder.script("b1", bootstrap("raise ValueError('bad shape 3x2')"))}}));
    EXPECT_EQ(error.status, TrialStatus::failed);
    EXPECT_NE(error.detail.find("bad shape 3x2"), std::string::npos) << error.detail;
    const auto init = run(agent, trialOf({.kind = Target::Kind::lambda, .command = {folder.script("b2", bootstrap("return event", "raise ImportError('libfoo')"))}}));
    EXPECT_EQ(init.status, TrialStatus::failed);
    EXPECT_NE(init.detail.find("libfoo"), std::string::npos) << init.detail;
    EXPECT_NE(init.detail.find("did not ask for work"), std::string::npos) << init.detail;
}

TEST(Trial, HandlerThatNeverAnswersEndsAtItsTimeOut) {
    const Folder folder;
    auto agent = startAgent();
    for (const auto& target : {Target{.kind = Target::Kind::lambda, .command = {folder.script("b", bootstrap("time.sleep(1000)"))}},
                               Target{.kind = Target::Kind::lambda, .command = {"sleep", "1000"}}, Target{.kind = Target::Kind::http, .command = {"sleep", "1000"}},
                               Target{.kind = Target::Kind::command, .command = {"sleep", "1000"}}}) {
        auto request = trialOf(target);
        request.timeout_s = 1;
        const auto begin = std::chrono::steady_clock::now();
        const auto result = run(agent, request);
        EXPECT_EQ(result.status, TrialStatus::timeout) << target.command[0] << ": " << result.detail;
        EXPECT_LT(std::chrono::steady_clock::now() - begin, std::chrono::seconds(12));
    }
}

TEST(Trial, SamplesUntilADeathAreKept) {
    const Folder folder;
    auto agent = startAgent();
    auto request = trialOf({.kind = Target::Kind::lambda, .command = {folder.script("b", bootstrap("global n\nn += 1\nif n == 6: os.kill(os.getpid(), 11)\nreturn event", "n = 0"))}});
    request.saturated = 100;
    const auto result = run(agent, request);
    EXPECT_EQ(result.status, TrialStatus::killed) << result.detail;
    EXPECT_NE(result.detail.find("signal 11"), std::string::npos) << result.detail;
    EXPECT_EQ(result.saturated_ms.size(), 4U);  // the first answer and four
}

TEST(Trial, ModesEndWithTheirTime) {
    const Folder folder;
    auto agent = startAgent();
    auto request = trialOf({.kind = Target::Kind::lambda, .command = {folder.script("b", bootstrap("time.sleep(0.05)\nreturn event"))}});
    request.saturated = request.isolated = 1000;
    request.pause_ms = 0;
    request.most_s = 0.5;
    const auto result = run(agent, request);
    ASSERT_EQ(result.status, TrialStatus::ok) << result.detail;
    for (const auto& samples : {result.isolated_ms, result.saturated_ms}) {
        EXPECT_GE(samples.size(), 2U);
        EXPECT_LE(samples.size(), 11U);
    }
}

TEST(Trial, OutputWithoutEndIsDrained) {
    const Folder folder;
    auto agent = startAgent();
    auto request = trialOf({.kind = Target::Kind::lambda, .command = {folder.script("b", bootstrap("sys.stdout.write('x' * 3000000 + '\\n')\nsys.stdout.flush()\nreturn event"))}});
    request.saturated = 10;
    const auto result = run(agent, request);
    EXPECT_EQ(result.status, TrialStatus::ok) << result.detail.substr(0, 300);
    EXPECT_EQ(result.saturated_ms.size(), 10U);
    EXPECT_LT(result.detail.size(), 20'000U);
    auto endless = trialOf({.kind = Target::Kind::command, .command = {"yes", "flood"}});
    endless.timeout_s = 1;
    EXPECT_EQ(run(agent, endless).status, TrialStatus::timeout);
}

TEST(Trial, HandlerThatForksLeavesNothing) {
    const Folder folder;
    auto agent = startAgent();
    const std::string mark = folder.file("forked");
    // One child in the group, one that leaves it and its session.
    const auto script = folder.script("f", "#!/bin/sh\nsh -c 'sleep 987; : " + mark + "' &\nsetsid sh -c 'sleep 987; : " + mark + "' </dev/null >/dev/null 2>&1 &\nexit 0\n");
    for (const char* limiter : {"cgroup-v1", "cgroup-v2", "duty-cycle"}) {
        if (!hasLimiter(agent, limiter)) continue;
        auto request = trialOf({.kind = Target::Kind::command, .command = {script}}, 0.5);
        request.limiter = limiter;
        EXPECT_EQ(run(agent, request).status, TrialStatus::ok);
        EXPECT_TRUE(processesWith(mark).empty()) << limiter;
    }
}

TEST(Trial, ForksWithoutEndAreHeldAndEnded) {
    auto agent = startAgent();
    if (!hasLimiter(agent, "cgroup-v1") && !hasLimiter(agent, "cgroup-v2")) GTEST_SKIP() << "Only control groups hold the number of processes";
    auto request = trialOf({.kind = Target::Kind::command, .command = {"python3", "-c", "import os, time\ntry:\n  while True:\n    if os.fork() == 0: time.sleep(500); os._exit(0)\nexcept OSError:\n  time.sleep(500)"}}, 0.5, 8192);
    request.timeout_s = 4;
    EXPECT_EQ(run(agent, request).status, TrialStatus::timeout);
    EXPECT_TRUE(controlGroups().empty());
    EXPECT_TRUE(processesWith("os._exit(0)").empty());
}

TEST(Trial, HttpHandlerIsProbedThenMeasured) {
    const Folder folder;
    auto agent = startAgent();
    const auto server = folder.script("server", R"(#!/usr/bin/env python3
import http.server, os, time
begin = time.time()
class H(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    def answer(self, status, body):
        self.send_response(status); self.send_header("Content-Length", str(len(body))); self.end_headers(); self.wfile.write(body)
    def do_GET(self): self.answer(200 if time.time() > begin + 0.4 else 503, b"ready")
    def do_POST(self):
        body = self.rfile.read(int(self.headers["Content-Length"]))
        self.answer(200 if self.path == "/predict" and body == b"[1]" else 400, body)
    def log_message(self, *a): pass
http.server.ThreadingHTTPServer(("127.0.0.1", int(os.environ["PORT"])), H).serve_forever()
)");
    auto request = trialOf({.kind = Target::Kind::http, .command = {server}, .input = folder.script("in", "[1]"), .path = "/predict", .ready_path = "/health"});
    request.saturated = 50;
    const auto result = run(agent, request);
    ASSERT_EQ(result.status, TrialStatus::ok) << result.detail;
    EXPECT_GE(*result.cold.exec_ms, 400);
    EXPECT_EQ(result.saturated_ms.size(), 50U);
    request.target.path = "/other";
    const auto refused = run(agent, request);
    EXPECT_EQ(refused.status, TrialStatus::failed);
    EXPECT_NE(refused.detail.find("status 400"), std::string::npos) << refused.detail;
}

// A server that sleeps 50 ms for each request and counts how many are under way.
std::string sleepingServer(const Folder& folder) {
    return folder.script("sleeps", R"(#!/usr/bin/env python3
import http.server, os, threading, time
lock = threading.Lock()
now = most = 0
class Server(http.server.ThreadingHTTPServer):
    request_queue_size = 64
class H(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    def do_GET(self):
        global now, most
        with lock:
            now += 1
            most = max(most, now)
            open(")" + folder.file("most") + R"(", "w").write(str(most))
        time.sleep(0.05)
        with lock: now -= 1
        self.send_response(200); self.send_header("Content-Length", "2"); self.end_headers(); self.wfile.write(b"ok")
    def log_message(self, *a): pass
Server(("127.0.0.1", int(os.environ["PORT"])), H).serve_forever()
)");
}

TEST(Trial, ConcurrentRequestsAreUnderWayAtOnce) {
    const Folder folder;
    auto agent = startAgent();
    auto request = trialOf({.kind = Target::Kind::http, .command = {sleepingServer(folder)}});
    request.saturated = 40;
    request.concurrency = 4;
    const auto result = run(agent, request);
    ASSERT_EQ(result.status, TrialStatus::ok) << result.detail;
    EXPECT_EQ(result.saturated_ms.size(), 40U);
    for (const double ms : result.saturated_ms) EXPECT_GE(ms, 50);
    EXPECT_LT(result.saturated_wall_ms, 40 * 50 * 0.75);  // one after the other it would be 2,000
    int most = 0;
    std::ifstream(folder.file("most")) >> most;
    EXPECT_EQ(most, 4);

    // A server that goes away ends every lane with a reason.
    request.target.command = {"python3", "-c", "import http.server, os, threading\nclass H(http.server.BaseHTTPRequestHandler):\n  n = 0\n  def do_GET(self):\n    H.n += 1\n    if H.n > 9: os._exit(3)\n    self.send_response(200); self.end_headers()\n  def log_message(self, *a): pass\nhttp.server.ThreadingHTTPServer(('127.0.0.1', int(os.environ['PORT'])), H).serve_forever()"};
    const auto died = run(agent, request);
    EXPECT_EQ(died.status, TrialStatus::failed);
    EXPECT_FALSE(died.detail.empty());
    EXPECT_LT(died.saturated_ms.size(), 10U);
}

// Requests come at twice the rate that one server can take: those that wait for it are counted with their waiting.
TEST(Trial, TheOpenLoopCountsFromThePlanWhateverTheTargetDoes) {
    const Folder folder;
    auto agent = startAgent();
    auto request = trialOf({.kind = Target::Kind::http, .command = {sleepingServer(folder)}});
    request.open_loop = 60;
    request.rate_per_s = 40;
    const auto alone = run(agent, request);
    ASSERT_EQ(alone.status, TrialStatus::ok) << alone.detail;
    ASSERT_EQ(alone.open_loop_ms.size(), 60U);
    // 60 arrivals in about 1.5 s, 60 services of 50 ms in 3 s: the last one waits for over a second.
    EXPECT_GT(alone.open_loop_ms.back(), 700);
    EXPECT_LT(alone.open_loop_service_ms.back(), 400);
    request.concurrency = 8;
    const auto beside = run(agent, request);
    ASSERT_EQ(beside.open_loop_ms.size(), 60U) << beside.detail;
    EXPECT_LT(beside.open_loop_ms.back(), alone.open_loop_ms.back());
}

TEST(Trial, MemoryKillIsSeenAsSuch) {
    auto agent = startAgent();
    if (!hasLimiter(agent, "cgroup-v1") && !hasLimiter(agent, "cgroup-v2")) GTEST_SKIP() << "Only control groups limit memory";
    const std::vector<std::string> hungry{"python3", "-c", "b = bytearray(300 << 20); print(len(b))"};
    const auto small = run(agent, trialOf({.command = hungry}, 1, 128));
    EXPECT_EQ(small.status, TrialStatus::out_of_memory) << small.detail;
    EXPECT_TRUE(small.memory_limited);
    EXPECT_NE(small.detail.find("128 MB"), std::string::npos);
    const auto large = run(agent, trialOf({.command = hungry}, 1, 512));
    EXPECT_EQ(large.status, TrialStatus::ok) << large.detail;
    EXPECT_GT(large.peak_group_mb.value_or(0), 295);
}

TEST(Trial, TheLimiterIsNamedAndAbsentOnesAreRefused) {
    auto agent = startAgent();
    const auto& offered = agent.hello().limiters;
    ASSERT_EQ(offered.size(), 4U);
    std::string first;
    for (const auto& limiter : offered) {
        auto request = trialOf({.command = {"true"}});
        request.limiter = limiter.name;
        const auto result = run(agent, request);
        if (limiter.available) {
            EXPECT_EQ(result.status, TrialStatus::ok) << result.detail;
            EXPECT_EQ(result.limiter, limiter.name);
            if (first.empty()) first = limiter.name;
        } else {
            EXPECT_EQ(result.status, TrialStatus::unsupported);
            EXPECT_FALSE(limiter.why.empty());
        }
    }
    EXPECT_EQ(run(agent, trialOf({.command = {"true"}})).limiter, first);
    const auto large = run(agent, trialOf({.command = {"true"}}, 1000));
    EXPECT_EQ(large.status, TrialStatus::unsupported);
    EXPECT_NE(large.detail.find("vCPU"), std::string::npos);
}

TEST(Trial, CancelEndsATrialWithinASecond) {
    auto agent = startAgent();
    std::stop_source stop;
    std::thread later([&] {
        std::this_thread::sleep_for(std::chrono::milliseconds(500));
        stop.request_stop();
    });
    const auto begin = std::chrono::steady_clock::now();
    const auto result = agent.run(trialOf({.command = {"sleep", "1000"}}), JobContext(stop.get_token()));
    later.join();
    ASSERT_FALSE(result);
    EXPECT_EQ(result.error().code, ErrorCode::cancelled);
    EXPECT_LT(std::chrono::steady_clock::now() - begin, std::chrono::milliseconds(2500));
    EXPECT_EQ(run(agent, trialOf({.command = {"true"}})).status, TrialStatus::ok);  // and the agent goes on
}

}  // namespace
}  // namespace pilotlight::test
