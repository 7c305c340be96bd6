#include <gtest/gtest.h>
#include <signal.h>
#include <sys/stat.h>

#include <fstream>
#include <stop_token>
#include <thread>

#include "app/common/sandbox_process.h"
#include "tests/support/data.h"

using namespace pilotlight;
using namespace pilotlight::common;

namespace {
// A real child process that behaves as its script says.
std::string script(const test::TemporaryDirectory& dir, const std::string& body) {
    const auto path = dir.path() / "child.sh";
    std::ofstream(path) << "#!/bin/sh\n" << body << "\n";
    ::chmod(path.c_str(), 0755);
    return path.string();
}
}  // namespace

TEST(SandboxProcess, ReadsTheReadyLine) {
    const auto ready = parseSandboxReady(
        R"({"endpoints":{"aws":"http://127.0.0.1:1"},"token_endpoint":null,"ca":null,"environment":{"AWS_ACCESS_KEY_ID":"K"}})");
    ASSERT_TRUE(ready);
    EXPECT_EQ(ready->endpoints.at("aws"), "http://127.0.0.1:1");
    EXPECT_TRUE(ready->token_endpoint.empty());
    EXPECT_TRUE(ready->certificate_authority.empty());
    EXPECT_EQ(ready->environment.at("AWS_ACCESS_KEY_ID"), "K");
}

TEST(SandboxProcess, RefusesOtherLines) {
    EXPECT_EQ(parseSandboxReady("listening on 4000").error().code, ErrorCode::protocol);
    EXPECT_EQ(parseSandboxReady("{}").error().code, ErrorCode::protocol);
    EXPECT_EQ(parseSandboxReady("").error().code, ErrorCode::protocol);
}

TEST(SandboxProcess, StartsWaitsAndEnds) {
    const test::TemporaryDirectory dir;
    SandboxOptions options;
    options.program =
        script(dir, R"(printf '{"endpoints":{"aws":"http://127.0.0.1:9"},'; sleep 0.1; echo '"environment":{}}'; exec sleep 60)");
    int pid = 0;
    {
        auto process = SandboxProcess::start(options);
        ASSERT_TRUE(process) << process.error().text();
        pid = process->pid();
        const auto ready = process->waitReady(std::chrono::seconds(20), {});
        ASSERT_TRUE(ready) << ready.error().text();
        EXPECT_EQ(ready->endpoints.at("aws"), "http://127.0.0.1:9");
        EXPECT_TRUE(process->running());
    }
    EXPECT_EQ(::kill(pid, 0), -1) << "the child outlived its owner";
}

TEST(SandboxProcess, SaysWhenItEndsTooSoon) {
    const test::TemporaryDirectory dir;
    SandboxOptions options;
    options.program = script(dir, "exit 3");
    auto process = SandboxProcess::start(options);
    ASSERT_TRUE(process);
    const auto ready = process->waitReady(std::chrono::seconds(20), {});
    ASSERT_FALSE(ready);
    EXPECT_EQ(ready.error().code, ErrorCode::network);
    EXPECT_FALSE(ready.error().action.empty());
}

TEST(SandboxProcess, WaitingCanBeCancelled) {
    const test::TemporaryDirectory dir;
    SandboxOptions options;
    options.program = script(dir, "exec sleep 60");
    auto process = SandboxProcess::start(options);
    ASSERT_TRUE(process);
    std::stop_source stop;
    stop.request_stop();
    const auto ready = process->waitReady(std::chrono::minutes(1), stop.get_token());
    ASSERT_FALSE(ready);
    EXPECT_EQ(ready.error().code, ErrorCode::cancelled);
}

TEST(SandboxProcess, NamesAMissingProgram) {
    SandboxOptions options;
    options.program = "/nonexistent/pilotlight-sandbox";
    const auto process = SandboxProcess::start(options);
    ASSERT_FALSE(process);
    EXPECT_EQ(process.error().code, ErrorCode::not_found);
}
