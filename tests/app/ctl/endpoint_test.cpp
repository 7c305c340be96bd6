// An endpoint that hangs, or is gone: a command says so soon, in one error, and what was read stays.
#include <gtest/gtest.h>

#include <csignal>
#include <nlohmann/json.hpp>

#include "tests/support/sandbox.h"

namespace pilotlight {
namespace {

using nlohmann::json;

class Endpoint : public ::testing::Test {
protected:
    void SetUp() override {
        ASSERT_TRUE(sandbox.ready());
        const auto added = sandbox.ctl({"profile", "add", "box", "--platform", "aws", "--region", "us-east-1", "--endpoint-url", sandbox.endpoint(), "--write"});
        ASSERT_EQ(added.exit_code, 0) << added.err;
        const auto synced = sandbox.ctl({"sync", "--from", "now-6h", "--no-costs"});
        ASSERT_EQ(synced.exit_code, 0) << synced.err;
        functions = sandbox.ctl({"functions", "--from", "now-6h", "--json"}).out;
        ASSERT_FALSE(json::parse(functions).empty());
    }
    // Ended well before the caller gave up on it (137), as an error of one sentence and what to do.
    void expectFailure(const std::vector<std::string>& arguments, std::chrono::seconds within) {
        const auto finished = sandbox.ctl(arguments, within);
        EXPECT_EQ(finished.exit_code, 1) << arguments.front() << ": " << finished.err;
        EXPECT_EQ(finished.out, "");
        EXPECT_NE(finished.err.find("pilotlightctl"), std::string::npos) << finished.err;
        EXPECT_LE(std::count(finished.err.begin(), finished.err.end(), '\n'), 4) << finished.err;
    }
    void expectTheRestWorks() {
        const auto listed = json::parse(sandbox.ctl({"functions", "--from", "now-6h", "--json"}).out);
        EXPECT_EQ(listed.size(), json::parse(functions).size());
        EXPECT_EQ(sandbox.ctl({"recommend", "--json"}).exit_code, 0);
    }

    test::SandboxSession sandbox{{"--days", "1", "--speed", "60", "--seed", "1"}};
    std::string functions;
};

TEST_F(Endpoint, Gone) {
    const auto plan = json::parse(sandbox.ctl({"plan", "image-classify", "--memory", "1024", "--override", "memory-floor", "--json"}).out);
    sandbox.process().kill(SIGKILL);
    expectFailure({"sync", "--json"}, std::chrono::seconds(60));
    expectFailure({"profile", "test", "box", "--json"}, std::chrono::seconds(60));
    expectFailure({"apply", plan["plan_id"].get<std::string>(), "--yes", "--json"}, std::chrono::seconds(60));
    EXPECT_EQ(json::parse(sandbox.ctl({"changes", "--json"}).out), json::array()) << "nothing was applied, nothing is under way";
    expectTheRestWorks();
}

TEST_F(Endpoint, Hangs) {
    sandbox.process().kill(SIGSTOP);
    expectFailure({"sync", "--json"}, std::chrono::seconds(100));
    expectTheRestWorks();
    sandbox.process().kill(SIGCONT);
    EXPECT_EQ(sandbox.ctl({"sync", "--from", "now-6h", "--no-costs"}).exit_code, 0);
}

}  // namespace
}  // namespace pilotlight
