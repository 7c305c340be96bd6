// Figures that a user acts on, against the sandbox's own bill: a range that was read in part, and a pool that moves by the clock.
#include <gtest/gtest.h>

#include <map>
#include <nlohmann/json.hpp>

#include "tests/support/sandbox.h"

namespace pilotlight {
namespace {

using nlohmann::json;

class Figures : public ::testing::Test {
protected:
    static void SetUpTestSuite() {
        sandbox_ = new test::SandboxSession({"--days", "14", "--speed", "1", "--seed", "3"});
        if (!sandbox_->ready()) return;
        (void)sandbox_->ctl({"profile", "add", "box", "--platform", "aws", "--region", "us-east-1", "--endpoint-url", sandbox_->endpoint()});
        first_ = sandbox_->ctl({"sync", "--from", "now-2d", "--no-costs"});
        partly_ = read();
        second_ = sandbox_->ctl({"sync"});
        fully_ = read();
    }
    static void TearDownTestSuite() {
        delete sandbox_;
        sandbox_ = nullptr;
    }
    void SetUp() override {
        ASSERT_TRUE(sandbox_->ready());
        ASSERT_EQ(first_.exit_code, 0) << first_.err;
        ASSERT_EQ(second_.exit_code, 0) << second_.err;
    }
    struct Reading {
        json rows, classify, summarise;
    };
    static json ask(const std::vector<std::string>& arguments) { return json::parse(sandbox_->ctl(arguments).out, nullptr, false); }
    static Reading read() {
        return {ask({"functions", "--json"}), ask({"whatif", "image-classify", "--traffic", "1", "--json"}),
                ask({"whatif", "doc-summarise", "--traffic", "1", "--json"})};
    }
    static json row(const Reading& reading, const std::string& name) {
        for (const auto& each : reading.rows)
            if (each["name"] == name) return each;
        return nullptr;
    }
    static double perDay(const json& row) { return row["cost_usd"].get<double>() / row["covered_s"].get<double>() * 86400; }

    static test::SandboxSession* sandbox_;
    static test::Finished first_, second_;
    static Reading partly_, fully_;
};
test::SandboxSession* Figures::sandbox_ = nullptr;
test::Finished Figures::first_, Figures::second_;
Figures::Reading Figures::partly_, Figures::fully_;

TEST_F(Figures, DaysThatWereNotReadAreNotDaysWithoutTraffic) {
    const auto part = partly_.classify["today"]["cost_usd_month"], all = fully_.classify["today"]["cost_usd_month"];
    // Days differ: by weekday and from day to day. Without the days that were not read it was a seventh.
    EXPECT_GT(part["value"].get<double>() / all["value"].get<double>(), 0.6);
    EXPECT_LT(part["value"].get<double>() / all["value"].get<double>(), 1.7);
    EXPECT_GT(part["hi"].get<double>() - part["lo"].get<double>(), 0.2 * part["value"].get<double>());
    EXPECT_NE(partly_.classify["basis"]["cautions"].dump().find("days were read"), std::string::npos);
    EXPECT_EQ(fully_.classify["basis"]["cautions"].dump().find("days were read"), std::string::npos);
    for (const char* name : {"image-classify", "doc-summarise", "thumbnailer"}) {
        const auto some = row(partly_, name), every = row(fully_, name);
        ASSERT_TRUE(some.is_object() && every.is_object()) << name;
        EXPECT_NEAR(some["covered_s"].get<double>() / 86400, 2, 0.1) << name;
        EXPECT_NEAR(every["covered_s"].get<double>() / 86400, 14, 0.1) << name;
        EXPECT_GT(perDay(some) / perDay(every), 0.25) << name;
        EXPECT_LT(perDay(some) / perDay(every), 2.5) << name;
    }
}

TEST_F(Figures, APoolByTheClockCostsWhatTheBillSays) {
    // The bill names no function: pools of all of them, on the days that both know whole.
    const auto byDay = [](const char* metric) {
        std::map<std::string, double> days;
        for (const auto& line : ask({"costs", "--by", "meter,day", "--metric", metric, "--json"}))
            if (line["meter"] == "warm_pool") days[line["day"].get<std::string>()] += line["cost_usd"].get<double>();
        return days;
    };
    const auto computed = byDay("computed"), billed = byDay("billed");
    double ours = 0, theirs = 0;
    for (const auto& [day, usd] : billed) {
        if (day == billed.begin()->first || day == billed.rbegin()->first || !computed.contains(day)) continue;
        ours += computed.at(day);
        theirs += usd;
    }
    ASSERT_GT(theirs, 0);
    EXPECT_NEAR(ours / theirs, 1, 0.05);
    const auto summarise = row(fully_, "doc-summarise");
    double kept = 0;
    for (const auto& line : ask({"costs", "--by", "function,meter", "--json"}))
        if (line["function"] == summarise["id"] && line["meter"] == "warm_pool") kept += line["cost_usd"].get<double>();
    ASSERT_GT(kept, 0);
    EXPECT_NEAR(fully_.summarise["today"]["breakdown"]["warm_pool"].get<double>() / 30 * 14 / kept, 1, 0.1);
}

}  // namespace
}  // namespace pilotlight
