#include <gtest/gtest.h>

#include "app/ctl/whatif_options.h"
#include "tests/support/data.h"
#include "tests/support/process.h"

namespace pilotlight::ctl {
namespace {

using test::builtProgram;
using test::runProgram;

TEST(WhatIfOptions, ReadsPoolsAndLimits) {
    WhatIfOptions options;
    options.memory = 2048;
    options.warm_pool = "6@live";
    options.instance_limit = "none";
    options.traffic = 2;
    const auto what = options.read();
    ASSERT_TRUE(what) << what.error().text();
    EXPECT_EQ(what->settings.memory, Megabytes{2048});
    EXPECT_EQ(what->settings.warm_pool, 6);
    EXPECT_EQ(what->settings.pool_qualifier, "live");
    EXPECT_EQ(what->settings.instance_limit, InstanceLimit::unlimited());
    EXPECT_EQ(what->traffic, 2);
}

TEST(WhatIfOptions, NamesTheOptionThatIsWrong) {
    WhatIfOptions pool;
    pool.warm_pool = "six@live";
    EXPECT_NE(pool.read().error().text().find("six@live"), std::string::npos);
    WhatIfOptions limit;
    limit.instance_limit = "-3";
    EXPECT_EQ(limit.read().error().code, ErrorCode::invalid_argument);
}

TEST(WarmScheduleFile, IsReadOrRefusedWithTheReason) {
    const auto schedule = parseWarmSchedule(R"({"time_zone":"Europe/Paris","entries":[{"days":"mon-fri","at":"08:00","level":6},{"days":"sat,sun","at":"00:00","level":0}]})");
    ASSERT_TRUE(schedule) << schedule.error().text();
    EXPECT_EQ(schedule->time_zone, "Europe/Paris");
    EXPECT_EQ(schedule->entries.at(0), (WarmSchedule::Entry{0b0011111, 480, 6}));
    EXPECT_EQ(schedule->entries.at(1).weekdays, 0b1100000);
    for (const char* text : {"", "[]", R"({"entries":[]})", R"({"entries":[{"days":"someday","at":"08:00","level":1}]})", R"({"entries":[{"days":"mon","at":"25:00","level":1}]})",
                             R"({"entries":[{"days":"mon","at":"08:00","level":-1}]})", R"({"entrys":[]})"})
        EXPECT_EQ(parseWarmSchedule(text).error().code, ErrorCode::invalid_argument) << text;
}

TEST(CommandLine, ExitCodesAreTheContracts) {
    const test::TemporaryDirectory directory;
    const auto workspace = (directory.path() / "w").string();
    const auto ctl = [&](std::vector<std::string> arguments) {
        arguments.insert(arguments.begin(), builtProgram("pilotlightctl"));
        return runProgram(arguments);
    };
    EXPECT_EQ(ctl({"--version"}).exit_code, 0);
    EXPECT_EQ(ctl({"frobnicate"}).exit_code, 2);
    const auto suggested = [&](std::vector<std::string> arguments, const char* text) {
        const auto done = ctl(std::move(arguments));
        EXPECT_EQ(done.exit_code, 2);
        EXPECT_NE(done.err.find(text), std::string::npos) << done.err;
    };
    suggested({"recomend"}, "recomend is not a command of pilotlightctl. Did you mean recommend?");
    suggested({"profile", "lsit"}, "Did you mean list?");
    suggested({"functions", "--form", "now-2d"}, "--form is not an option of pilotlightctl functions. Did you mean --from?");
    suggested({"frobnicate"}, "frobnicate is not a command of pilotlightctl. pilotlightctl --help lists");
    EXPECT_EQ(ctl({"functions", "--sideways"}).exit_code, 2);
    const auto before = ctl({"--workspace", workspace, "--json", "functions"}), after = ctl({"functions", "--json", "--workspace", workspace});
    EXPECT_EQ(before.exit_code, 0) << before.err;
    EXPECT_EQ(before.out, "[]\n");
    EXPECT_EQ(after.out, before.out) << "global options before and after the subcommand";
    EXPECT_EQ(ctl({"functions", "--workspace", workspace, "--from", "yesterdayish"}).exit_code, 2);
    EXPECT_EQ(ctl({"functions", "--workspace", workspace, "--from", "now", "--to", "now-1d"}).exit_code, 2);
    const auto sync = ctl({"sync", "--workspace", workspace});
    EXPECT_EQ(sync.exit_code, 1);
    EXPECT_NE(sync.err.find("profile add"), std::string::npos) << "says what to do";
    EXPECT_EQ(ctl({"profile", "add", "x", "--platform", "oracle", "--workspace", workspace}).exit_code, 2);
    EXPECT_EQ(ctl({"profile", "remove", "x", "--workspace", workspace}).exit_code, 1);
    const auto twice = ctl({"--workspace", "/nonexistent/pilotlight", "functions", "--json", "--workspace", workspace});
    EXPECT_EQ(twice.out, "[]\n") << "the last counts: " << twice.err;
    const auto slo = ctl({"slo", "set", "x", "--p95", "-5", "--workspace", workspace});
    EXPECT_EQ(slo.exit_code, 2);
    EXPECT_NE(slo.err.find("-5 is not a number from 0.001 to"), std::string::npos) << slo.err;
    EXPECT_LT(slo.err.size(), 200u);
    for (const std::vector<std::string>& nan : {std::vector<std::string>{"whatif", "f", "--traffic", "nan"}, {"whatif", "f", "--surge", "inf"}, {"slo", "set", "f", "--cold-share", "nan"},
                                                {"predict", "memory", "--observations", "x", "--slo-p95", "nan"}, {"sync", "--log-lines", "-5"},
                                                {"profile", "add", "x", "--platform", "aws", "--price-factor", "duration=0.9abc", "--workspace", workspace}})
        EXPECT_EQ(ctl(nan).exit_code, 2) << nan.back();
    const auto folder = ctl({"predict", "memory", "--observations", directory.path().string()});
    EXPECT_EQ(folder.exit_code, 2) << folder.err;
    EXPECT_NE(folder.err.find("cannot be read"), std::string::npos) << folder.err;
    if (std::filesystem::exists("/dev/full")) {
        const auto full = runProgram({"/bin/sh", "-c", "'" + builtProgram("pilotlightctl") + "' functions --json --workspace '" + workspace + "' > /dev/full"});
        EXPECT_EQ(full.exit_code, 1);
        EXPECT_NE(full.err.find("could not be written"), std::string::npos) << full.err;
    }
    const auto meter = ctl({"profile", "add", "x", "--platform", "aws", "--price-factor", "bogus=1", "--workspace", workspace});
    EXPECT_EQ(meter.exit_code, 2);
    EXPECT_NE(meter.err.find("\"bogus\" is not a meter"), std::string::npos) << meter.err;
    EXPECT_NE(meter.err.find("warm_pool_duration"), std::string::npos) << "says the valid ones";
}

TEST(CommandLine, ProfilesKeepTheirDefaults) {
    const test::TemporaryDirectory directory;
    const auto workspace = (directory.path() / "w").string();
    const auto ctl = [&](std::vector<std::string> arguments) {
        arguments.insert(arguments.begin(), {builtProgram("pilotlightctl"), "--workspace", workspace});
        return runProgram(arguments);
    };
    ASSERT_EQ(ctl({"profile", "add", "prod", "--platform", "aws", "--region", "us-east-1,eu-west-1"}).exit_code, 0);
    ASSERT_EQ(ctl({"profile", "add", "box", "--platform", "aws", "--endpoint-url", "http://127.0.0.1:9/", "--write", "--price-factor", "duration=0.88"}).exit_code, 0);
    const auto list = ctl({"profile", "list", "--json"});
    EXPECT_NE(list.out.find("\"environment\": \"production\""), std::string::npos) << list.out;
    EXPECT_NE(list.out.find("\"environment\": \"dev\""), std::string::npos);
    EXPECT_NE(list.out.find("\"duration\": 0.88"), std::string::npos);
    EXPECT_NE(list.out.find("\"http://127.0.0.1:9\""), std::string::npos);
    const auto report = ctl({"report"});
    ASSERT_EQ(report.exit_code, 0) << report.err;
    EXPECT_NE(report.out.find("list price, duration x 0.88 (profile box)"), std::string::npos);
}

} // namespace
} // namespace pilotlight::ctl
