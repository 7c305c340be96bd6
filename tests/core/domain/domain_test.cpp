#include <gtest/gtest.h>

#include "core/domain/change.h"
#include "core/domain/metrics.h"
#include "core/domain/tuning.h"

namespace pilotlight {
namespace {

TEST(Names, ReadBack) {
    for (auto metric = 0; metric <= static_cast<int>(Metric::pool_billable_time); ++metric)
        EXPECT_EQ(*parseMetric(name(static_cast<Metric>(metric))), static_cast<Metric>(metric));
    for (auto statistic = 0; statistic <= static_cast<int>(Statistic::p99); ++statistic)
        EXPECT_EQ(*parseStatistic(name(static_cast<Statistic>(statistic))), static_cast<Statistic>(statistic));
    for (auto status = 0; status <= static_cast<int>(ChangeStatus::inconclusive); ++status)
        EXPECT_EQ(*parseChangeStatus(name(static_cast<ChangeStatus>(status))), static_cast<ChangeStatus>(status));
    const auto wrong = parsePlatform("aswan");
    ASSERT_FALSE(wrong);
    EXPECT_NE(wrong.error().action.find("aws, gcp, azure"), std::string::npos);
}

TEST(WarmSchedule, HoldsUntilTheNextEntry) {
    // 6 on weekdays from 08:00 to 19:00, else 0.
    const WarmSchedule schedule{.entries = {{0b0011111, 8 * 60, 6}, {0b0011111, 19 * 60, 0}}};
    const auto levels = schedule.levels(168);
    for (int day = 0; day < 7; ++day) {
        for (int hour = 0; hour < 24; ++hour)
            EXPECT_EQ(levels[static_cast<std::size_t>(day * 24 + hour)], day < 5 && hour >= 8 && hour < 19 ? 6 : 0) << day << " " << hour;
    }
    // A level set on Sunday evening holds on Monday morning.
    const WarmSchedule wraps{.entries = {{0b1000000, 20 * 60, 3}, {0b0000001, 6 * 60, 1}}};
    EXPECT_EQ(wraps.levels(168)[0], 3);
    EXPECT_EQ(wraps.levels(168)[6], 1);
    EXPECT_EQ(WarmSchedule{}.levels(24), std::vector<std::int32_t>(24, 0));
}

TEST(Function, PoolIsUnknownWhereOnePartIs) {
    Function function;
    EXPECT_EQ(function.warmPool(), 0);
    function.qualifiers = {{.name = "live", .warm_pool = 3}, {.name = "7", .warm_pool = 2}};
    EXPECT_EQ(function.warmPool(), 5);
    function.qualifiers.push_back({.name = "beta"});
    EXPECT_EQ(function.warmPool(), std::nullopt);
}

TEST(Function, LambdaCpuFollowsMemoryUpToSix) {
    Function function;
    function.memory = Megabytes{1769};
    EXPECT_DOUBLE_EQ(function.vcpuShare(), 1.0);
    function.memory = Megabytes{32768};
    EXPECT_DOUBLE_EQ(function.vcpuShare(), 6.0);
}

TEST(DesiredSettings, KnowsWhenNothingIsAsked) {
    DesiredSettings desired;
    desired.pool_qualifier = "live";
    EXPECT_TRUE(desired.empty());
    desired.warm_pool = 0;
    EXPECT_FALSE(desired.empty());
}

} // namespace
} // namespace pilotlight
