// What is billed of a stretch in which an instance has work, worked out by hand: Cloud Run in steps of 100 ms, Azure Flex Consumption the same
// but a second at least. Requests that overlap in one instance are one stretch.
#include <gtest/gtest.h>

#include "core/tuning/shared_replay.h"

namespace pilotlight::tuning {
namespace {

struct Cell {
    const char* name;
    std::vector<double> arrivals;
    float service_s;
    double cloud_run_s, flex_s;  // billed; a step of 100 ms rounds up by half of it on average
};

class BilledStretch : public testing::TestWithParam<Cell> {};

TEST_P(BilledStretch, IsRoundedByThePlatformsRule) {
    const auto& cell = GetParam();
    const std::vector<float> service(cell.arrivals.size(), cell.service_s);
    for (const double least : {0.0, kLeastFlexStretch}) {
        model::SharedOptions options;
        options.concurrency = 4;
        options.min_instances = 1;
        options.keep_alive.kind = model::KeepAlive::Kind::fixed;
        options.keep_alive.seconds = 600;
        SharedTotals totals;
        totals.span_s = 1'000;
        replayShared(cell.arrivals, service, {.half_step_s = kHalfStep, .least_s = least}, options, totals);
        EXPECT_EQ(totals.requests, static_cast<double>(cell.arrivals.size()));
        EXPECT_NEAR(totals.active_s, least > 0 ? cell.flex_s : cell.cloud_run_s, 1e-6);
    }
}

INSTANTIATE_TEST_SUITE_P(Each, BilledStretch,
                         testing::Values(Cell{"short_ones", {0, 100, 200}, 0.2F, 3 * 0.25, 3 * 1.0},
                                         Cell{"two_at_once", {0, 0.1}, 0.2F, 0.35, 1.0},
                                         Cell{"back_to_back_within_a_second", {0, 0.3}, 0.2F, 2 * 0.25, 2 * 1.0},
                                         Cell{"just_under_a_second", {0}, 0.9F, 0.95, 1.0},
                                         Cell{"longer", {0, 100}, 1.5F, 2 * 1.55, 2 * 1.55}),
                         [](const auto& each) { return each.param.name; });

}  // namespace
}  // namespace pilotlight::tuning
