// From an hour to a month, where instances are billed for their whole life and where requests are.
#include <gtest/gtest.h>

#include "core/tuning/projection.h"

namespace pilotlight::tuning {
namespace {

// A day of five-minute periods: two instances (the minimum) for `quiet` of them, three for the rest.
std::vector<double> day(std::size_t quiet) {
    std::vector<double> periods(288, 3.0);
    std::fill(periods.begin(), periods.begin() + static_cast<std::ptrdiff_t>(quiet), 2.0);
    return periods;
}
const std::vector<double> kQuietHour(12, 2.0), kBusyHour(12, 3.0);

TEST(ProjectInstances, WithoutAChangeTheMonthIsTheOneBefore) {
    EXPECT_NEAR(projectInstances(day(144), kQuietHour, 2, 2, 2).mean, 2.5, 1e-12);
    EXPECT_NEAR(projectInstances(day(144), kBusyHour, 3, 2, 2).mean, 2.5, 1e-12);
}

TEST(ProjectInstances, ALowerMinimumSparesNothingWhereMoreWereNeeded) {
    // In the busy hour nothing changes, and nothing is known of the quiet ones: from one instance to two.
    const auto busy = projectInstances(day(144), kBusyHour, 3, 2, 1);
    EXPECT_NEAR(busy.hi, 2.5, 1e-12);
    EXPECT_NEAR(busy.lo, 2.0, 1e-12);
    // In a quiet hour one is left: as in all quiet hours, and the busy ones stay as they were. Not half of everything.
    const auto quiet = projectInstances(day(144), kQuietHour, 1, 2, 1);
    EXPECT_NEAR(quiet.mean, 2.0, 1e-12);
    EXPECT_NEAR(quiet.hi, 2.5, 1e-12);
    // In a quiet hour half of it is spared.
    EXPECT_NEAR(projectInstances(day(144), kQuietHour, 1.5, 2, 1).mean, 2.25, 1e-12);
}

TEST(ProjectInstances, AHigherMinimumCostsWhereLessWasThere) {
    const auto more = projectInstances(day(144), kQuietHour, 3, 2, 3);
    EXPECT_NEAR(more.mean, 3.0, 1e-12);
    EXPECT_NEAR(more.lo, 3.0, 1e-12);
    EXPECT_NEAR(more.hi, 3.0, 1e-12);
    EXPECT_NEAR(projectInstances(day(144), kBusyHour, 4, 2, 4).mean, 4.0, 1e-12);
}

TEST(ProjectInstances, AnHourWithMoreDemandThanOnOtherDaysCountsAsSuch) {
    EXPECT_NEAR(projectInstances(day(144), kBusyHour, 6, 2, 2).mean, 5.0, 1e-12);  // twice the demand everywhere
    EXPECT_NEAR(projectInstances(day(0), {}, 1.5, 2, 2).mean, 1.5, 1e-12) << "no season: the hour itself";
}

TEST(ProjectInstances, PartsOfAPeriodCount) {
    // 2.3 on average: seven tenths of the period at the minimum of two.
    const std::vector<double> periods(10, 2.3);
    const auto sparing = projectInstances(periods, periods, 1.6, 2, 1);
    EXPECT_NEAR(sparing.lo, 1.6, 1e-12);
    EXPECT_NEAR(sparing.hi, 2.3, 1e-12);
    EXPECT_NEAR(sparing.mean, 1.6, 1e-12);
}

TEST(SeasonFactor, TakesTheHourOut) {
    const TimeCost before{.seconds = 86'400, .requests = 24'000, .with_requests = 48, .with_time = 24};
    const TimeCost night{.seconds = 7 * 3600, .requests = 700, .with_requests = 2.8};  // twice as dear a request
    EXPECT_DOUBLE_EQ(seasonFactor(before, night, 7), 2);
    EXPECT_DOUBLE_EQ(seasonFactor(before, night, 2), 1) << "two days are too few";
    EXPECT_DOUBLE_EQ(seasonFactor(before, {.seconds = 3600, .requests = 50, .with_requests = 1}, 7), 1) << "too few requests";
    const TimeCost after{.seconds = 3600, .requests = 100, .with_requests = 0.2, .with_time = 0.5};
    // Half a night's request: half of the month's requests, and what is kept as it is.
    EXPECT_NEAR(monthlyCost(before, 2, after), 30 * (24'000 * 0.001 + 12), 1e-9);
    EXPECT_NEAR(monthlyCost(before, 1, before), 30 * 72, 1e-9);
}

}  // namespace
}  // namespace pilotlight::tuning
