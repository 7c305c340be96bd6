#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "core/model/memory_choice.h"
#include "tests/core/model/latency_support.h"

namespace pilotlight::model {
namespace {

using test::fitted;
using test::kneeMs;
using test::observe;
using test::observed;

PricePlan lambda() {
    PricePlan price;
    price.usd_per_gb_second = 1.66667e-5;
    price.usd_per_request = 2e-7;
    return price;
}

MemoryChoice chosen(const LatencyModel& model, ChoiceOptions options) {
    options.price = lambda();
    return chooseMemory(model, options).value();
}

TEST(MemoryChoice, BilledTimeNeverFallsAndIsNeverBelowTheMinimum) {
    PricePlan price;
    for (const double rounding : {0.0, 1.0, 100.0}) {
        for (const double minimum : {0.0, 100.0, 1000.0}) {
            price.rounding_ms = rounding;
            price.minimum_ms = minimum;
            double before = 0;
            for (double ms = 0.3; ms < 3000; ms *= 1.03) {
                const double billed = billedMs(price, ms, 0.1);
                EXPECT_GE(billed, before - 1e-9);
                EXPECT_GE(billed, std::max(minimum, ms) - 1e-6);
                EXPECT_LE(billed, std::max(minimum + ms, ms + rounding + minimum) + 1e-6);
                before = billed;
            }
        }
    }
}

TEST(MemoryChoice, CostOfACallIsTheListArithmetic) {
    PricePlan price = lambda();
    price.rounding_ms = 0;
    EXPECT_NEAR(costUsd(price, Megabytes{1024}, {}, 1000, 0.05), 1.66667e-5 + 2e-7, 1e-12);
    price.usd_per_vcpu_second = 2.4e-5;
    EXPECT_NEAR(costUsd(price, Megabytes{2048}, 2.0, 500, 0.05), (2 * 1.66667e-5 + 2 * 2.4e-5) / 2 + 2e-7, 1e-12);
}

TEST(MemoryChoice, FlatFunctionsBelongAtTheSmallestSafeSize) {
    auto rows = observe({128, 512, 2048}, [](double) { return 80.0; });
    for (auto& row : rows) row.max_memory_used_mb = 100;
    const auto model = fitted(rows);
    for (const auto objective : {Objective::cost, Objective::balanced})
        EXPECT_EQ(chosen(model, {.objective = objective, .candidates = {}, .price = {}, .slo_p95_ms = {}}).recommended.value, 128);
    rows.front().max_memory_used_mb = 118;  // 118 x 1.15 = 136, and 92 % of 128 is squeezed
    const auto above = chosen(fitted(rows), {.objective = Objective::cost, .candidates = {}, .price = {}, .slo_p95_ms = {}});
    EXPECT_GT(above.recommended.value, 128);
    EXPECT_FALSE(above.outlook.front().eligible);
    EXPECT_THAT(above.outlook.front().why_not, testing::HasSubstr("floor of 136 MB"));
}

TEST(MemoryChoice, ProportionalFunctionsBelongNearTheKnee) {
    auto rows = observe({128, 512, 1024, 1769, 3008}, [](double m) { return kneeMs(m, 0, 900); });
    const auto model = fitted(rows);
    const auto balanced = chosen(model, {.candidates = {}, .price = {}, .slo_p95_ms = {}});
    EXPECT_GE(balanced.recommended.value, 1536);
    EXPECT_LE(balanced.recommended.value, 1920);
    EXPECT_LE(balanced.flat_from.value, 256);
    EXPECT_GE(balanced.flat_to.value, 1536);
    const auto speed = chosen(model, {.objective = Objective::speed, .candidates = {}, .price = {}, .slo_p95_ms = {}});
    EXPECT_GE(speed.recommended.value, 1769);
    EXPECT_LE(speed.recommended.value, 2048) << "no 3 GB for nothing";
    const auto cost = chosen(model, {.objective = Objective::cost, .candidates = {}, .price = {}, .slo_p95_ms = {}});
    EXPECT_TRUE(cost.indistinguishable) << "all sizes below the knee cost the same";
    const auto three = fitted(observe({128, 1024, 3008}, [](double m) { return kneeMs(m, 0, 900); }));
    const auto few = chosen(three, {.objective = Objective::cost, .candidates = {}, .price = {}, .slo_p95_ms = {}});
    EXPECT_TRUE(three.at(few.recommended).measured) << "three sizes are no reason to leave the measured ones";
}

TEST(MemoryChoice, ALimitOnP95Binds) {
    auto rows = observe({128, 512, 1024, 1769, 3008}, [](double m) { return kneeMs(m, 0, 900); });
    for (auto& row : rows) row.p95_ms = row.mean_ms * 1.2;
    const auto model = fitted(rows);
    const auto choice = chosen(model, {.objective = Objective::cost, .candidates = {}, .price = {}, .slo_p95_ms = 1500});
    EXPECT_TRUE(choice.slo_met);
    EXPECT_LE(model.at(choice.recommended).p95_ms.value, 1500);
    const auto impossible = chosen(model, {.objective = Objective::cost, .candidates = {}, .price = {}, .slo_p95_ms = 300});
    EXPECT_FALSE(impossible.slo_met);
    EXPECT_THAT(impossible.reason, testing::HasSubstr("no size"));
    EXPECT_GE(impossible.recommended.value, 1769);
}

TEST(MemoryChoice, DoesNotRecommendBeyondTheEvidence) {
    const auto choice = chosen(fitted(observe({256, 512}, [](double m) { return kneeMs(m, 0, 300); })),
                               {.objective = Objective::speed, .candidates = {{256}, {512}, {10240}}, .price = {}, .slo_p95_ms = {}});
    EXPECT_EQ(choice.recommended.value, 512);
    EXPECT_THAT(choice.outlook.back().why_not, testing::HasSubstr("measure"));
}

TEST(MemoryChoice, OutlookHoldsCostIntervals) {
    const auto choice = chosen(fitted(observe({128, 640, 3008}, [](double m) { return kneeMs(m, 5, 900); })),
                               {.candidates = {}, .price = {}, .slo_p95_ms = {}});
    for (const auto& outlook : choice.outlook) {
        EXPECT_LE(outlook.cost_usd.lo, outlook.cost_usd.value);
        EXPECT_LE(outlook.cost_usd.value, outlook.cost_usd.hi);
    }
    EXPECT_GE(choice.expected_regret, 0);
}

TEST(NextSize, AsksWhereTheDoubtIsAndStopsWhenThereIsNone) {
    const std::vector<Megabytes> candidates{{128}, {256}, {512}, {1024}, {1536}, {1769}, {2048}, {3008}, {4096}};
    const auto one = nextSize(fitted({observed(512, 4000)}), candidates, lambda()).value();
    ASSERT_TRUE(one.memory);
    EXPECT_NE(one.memory->value, 512);
    EXPECT_GT(one.expected_regret, 0.01);
    EXPECT_LT(one.regret_after, one.expected_regret);
    // Flat and measured at both ends: the smallest is the cheapest by far.
    auto rows = observe({128, 512, 1024, 4096}, [](double) { return 900.0; });
    const auto done = nextSize(fitted(rows), candidates, lambda()).value();
    EXPECT_FALSE(done.memory);
    EXPECT_LT(done.expected_regret, 0.01);
}

TEST(NextSize, NeverAsksForASizeBelowTheFloorOrAlreadyMeasured) {
    auto rows = observe({1024, 3008}, [](double m) { return kneeMs(m, 5, 900); });
    rows.front().max_memory_used_mb = 600;
    const std::vector<Megabytes> candidates{{128}, {512}, {1024}, {1536}, {3008}};
    const auto next = nextSize(fitted(rows), candidates, lambda(), 0).value();
    ASSERT_TRUE(next.memory);
    EXPECT_EQ(next.memory->value, 1536);
}

TEST(NextSize, NoCandidateIsAnError) { EXPECT_FALSE(nextSize(fitted({observed(512, 40)}), {}, lambda())); }

}  // namespace
}  // namespace pilotlight::model
