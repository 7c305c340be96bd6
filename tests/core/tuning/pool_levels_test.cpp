// When scheduled actions fire, and how many instances a pool kept that the clock or its load moves.
#include "core/tuning/pool_levels.h"
#include "core/tuning/schedules.h"

#include <gtest/gtest.h>

#include "core/tuning/action_times.h"

namespace pilotlight::tuning {
namespace {

Timestamp at(const char* text) { return *parseIso8601(text); }
const TimeRange kWeek{at("2026-11-16T00:00:00Z"), at("2026-11-23T00:00:00Z")};  // Monday to Monday

ScheduledAction action(std::string schedule, std::optional<std::int32_t> least = 2, std::optional<std::int32_t> most = 2) {
    return {"test", std::move(schedule), "", least, most, {}, {}};
}
std::vector<std::string> firings(const ScheduledAction& a, TimeRange range = kWeek) {
    std::vector<std::string> out;
    const auto times = ActionTimes::of(a);
    if (!times) return {"not understood"};
    for (const auto t : times->within(range)) out.push_back(toIso8601(t).substr(0, 16));
    return out;
}

TEST(ActionTimes, WeekdaysInAZone) {
    auto a = action("cron(45 7 ? * MON-FRI *)");
    EXPECT_EQ(firings(a), (std::vector<std::string>{"2026-11-16T07:45", "2026-11-17T07:45", "2026-11-18T07:45", "2026-11-19T07:45", "2026-11-20T07:45"}));
    if (!TimeZone::named("Asia/Tokyo")) GTEST_SKIP() << "no zone files on this machine (package tzdata)";
    a.time_zone = "Asia/Tokyo";  // Monday 07:45 there is Sunday 22:45 UTC
    EXPECT_EQ(firings(a), (std::vector<std::string>{"2026-11-16T22:45", "2026-11-17T22:45", "2026-11-18T22:45", "2026-11-19T22:45", "2026-11-22T22:45"}));
}

TEST(ActionTimes, StepsListsDaysOfTheMonthAndYears) {
    EXPECT_EQ(firings(action("cron(0/30 6,18 17 11 ? 2026)")),
              (std::vector<std::string>{"2026-11-17T06:00", "2026-11-17T06:30", "2026-11-17T18:00", "2026-11-17T18:30"}));
    EXPECT_TRUE(firings(action("cron(0 6 * * ? 2030-2031)")).empty());
    EXPECT_EQ(firings(action("at(2026-11-18T09:30:00)")), std::vector<std::string>{"2026-11-18T09:30"});
    EXPECT_EQ(firings(action("cron(0 12 ? NOV SUN *)")), std::vector<std::string>{"2026-11-22T12:00"});
}

TEST(ActionTimes, OnlyWithinTheBoundsOfTheAction) {
    auto a = action("cron(0 12 * * ? *)");
    a.begins = at("2026-11-18T00:00:00Z");
    a.ends = at("2026-11-19T13:00:00Z");
    EXPECT_EQ(firings(a), (std::vector<std::string>{"2026-11-18T12:00", "2026-11-19T12:00"}));
}

TEST(ActionTimes, WhatIsNotUnderstoodIsSaid) {
    for (const char* text : {"rate(5 minutes)", "cron(0 12 L * ? *)", "cron(0 12 ? * 2#1 *)", "cron(0 12 * * * *)", "cron(0 12 ? * ? *)", "cron(60 0 * * ? *)",
                             "cron(0 5-2 * * ? *)", "cron(0/0 0 * * ? *)", "cron(0 0 * * ?)", "at(tomorrow)", "cron(", ")", ""})
        EXPECT_EQ(firings(action(text)), std::vector<std::string>{"not understood"}) << text;
    auto elsewhere = action("cron(0 12 * * ? *)");
    elsewhere.time_zone = "Europe/Nowhere";
    EXPECT_EQ(firings(elsewhere), std::vector<std::string>{"not understood"});
}

// A function whose alias keeps `seen` instances now.
Evidence evidenceWith(const PoolScaling& scaling, std::int32_t seen) {
    Evidence e;
    e.function.memory = {1024};
    Qualifier live;
    live.name = "live";
    live.kind = "alias";
    live.warm_pool = seen;
    live.scaling = scaling;
    e.function.qualifiers.push_back(live);
    return e;
}
PoolScaling officeHours() {
    return {0, 5, false, {action("cron(0 8 ? * MON-FRI *)", 2, 2), action("cron(0 18 ? * MON-FRI *)", 0, 0)}, {}};
}
double hoursKept(const Evidence& e, TimeRange range) {
    return poolLevels(e, inForce(e.function, range.begin), range).instanceSeconds(RangeSet({range})) / 3600;
}

TEST(PoolLevels, ByTheClockWhateverTheHourOfTheLook) {
    for (const std::int32_t seen : {0, 2}) {
        const auto e = evidenceWith(officeHours(), seen);
        EXPECT_DOUBLE_EQ(hoursKept(e, kWeek), 5 * 10 * 2) << seen;
        // From Tuesday noon: what fired before still holds.
        EXPECT_DOUBLE_EQ(hoursKept(e, {at("2026-11-17T12:00:00Z"), at("2026-11-18T00:00:00Z")}), 6 * 2) << seen;
    }
}

TEST(PoolLevels, OnlyWhatWasReadCounts) {
    const auto e = evidenceWith(officeHours(), 0);
    const auto levels = poolLevels(e, inForce(e.function, kWeek.begin), kWeek);
    EXPECT_DOUBLE_EQ(levels.instanceSeconds(RangeSet({{at("2026-11-16T17:00:00Z"), at("2026-11-17T09:00:00Z")}})) / 3600, 2 * 2);
}

TEST(PoolLevels, ActionsThatOnlyBoundThePool) {
    // At least 3 by day, at most 1 by night: 5 that were seen are cut at the first night and stay between.
    const auto e = evidenceWith({0, 9, false, {action("cron(0 6 * * ? *)", 3, {}), action("cron(0 18 * * ? *)", {}, 1)}, {}}, 5);
    EXPECT_DOUBLE_EQ(hoursKept(e, {at("2026-11-18T06:00:00Z"), at("2026-11-19T06:00:00Z")}), 12 * 3 + 12 * 1);
}

TEST(PoolLevels, SuspendedActionsAndABareTargetMoveNothing) {
    auto suspended = officeHours();
    suspended.suspended = {"ScheduledScalingSuspended"};
    for (const auto& scaling : {suspended, PoolScaling{1, 5, false, {}, {}}}) {
        const auto e = evidenceWith(scaling, 2);
        EXPECT_TRUE(inForce(e.function, kWeek.begin).moving_pools.empty());
        EXPECT_DOUBLE_EQ(hoursKept(e, kWeek), 7 * 24 * 2);
    }
}

TEST(PoolLevels, ByLoadFromUseAndUtilisation) {
    auto e = evidenceWith({1, 10, true, {}, {}}, 4);
    auto& use = e.pool_use["live"];
    for (const auto& [hour, in_use, share] : {std::tuple{0, 3.0, 0.6}, {1, 5.0, 0.5}, {2, 0.0, 0.0}, {3, 2.0, 1.0}}) {
        use.in_use.points.push_back({kWeek.begin + hours(hour), in_use});
        use.utilization.points.push_back({kWeek.begin + hours(hour), share});
    }
    // 5, then 10, held while nothing was in use, then 2.
    EXPECT_DOUBLE_EQ(hoursKept(e, {kWeek.begin, kWeek.begin + hours(4)}), 5 + 10 + 10 + 2);
}

TEST(PoolLevels, WhatCannotBeReadIsDoubtNotAFigure) {
    const auto by_rate = evidenceWith({1, 6, false, {action("rate(1 hour)")}, {}}, 2);
    auto levels = poolLevels(by_rate, inForce(by_rate.function, kWeek.begin), kWeek);
    EXPECT_NE(levels.doubt.find("live is scaled between 1 and 6"), std::string::npos) << levels.doubt;
    EXPECT_EQ(levels.least, 1);
    EXPECT_EQ(levels.most, 6);
    EXPECT_TRUE(poolScheduleToday(by_rate, kWeek.end).empty());
    const auto not_measured = evidenceWith({1, 6, true, {}, {}}, 2);
    levels = poolLevels(not_measured, inForce(not_measured.function, kWeek.begin), kWeek);
    EXPECT_NE(levels.doubt.find("its use was not measured"), std::string::npos) << levels.doubt;
}

TEST(PoolLevels, ASchedulesClockIsItsOwn) {
    // Monday to Friday 8 to 19 in Tokyo: from 23 the evening before (UTC) to 10.
    WarmSchedule office{{{0x1F, 8 * 60, 6}, {0x1F, 19 * 60, 0}}, "Asia/Tokyo"};
    const auto levels = inUtc(office, at("2026-11-18T10:00:00Z")).levels(7 * 24);
    for (std::size_t h = 0; h < levels.size(); ++h) {
        const std::size_t there = (h + 9) % (7 * 24);
        EXPECT_EQ(levels[h], there / 24 < 5 && there % 24 >= 8 && there % 24 < 19 ? 6 : 0) << h;
    }
    // West of Greenwich, over the end of the week; summer time counts.
    office = {{{0x40, 20 * 60, 3}, {0x40, 22 * 60, 0}}, "America/Los_Angeles"};
    EXPECT_EQ(inUtc(office, at("2026-11-18T10:00:00Z")).entries.front(), (WarmSchedule::Entry{0x01, 4 * 60, 3}));
    EXPECT_EQ(inUtc(office, at("2026-07-18T10:00:00Z")).entries.front(), (WarmSchedule::Entry{0x01, 3 * 60, 3}));
}

TEST(PoolLevels, TheWeekOfActionsAsASchedule) {
    // Asked on a Wednesday: the week wraps.
    const auto week = poolScheduleToday(evidenceWith(officeHours(), 2), at("2026-11-18T10:17:30Z"));
    const auto levels = week.levels(7 * 24);
    for (std::size_t h = 0; h < levels.size(); ++h) {
        if (h == 2 * 24 + 10) continue;  // the hour of the look itself
        EXPECT_EQ(levels[h], h / 24 < 5 && h % 24 >= 8 && h % 24 < 18 ? 2 : 0) << h;
    }
}

}  // namespace
}  // namespace pilotlight::tuning
