// A range that was read in part: what was not read is unknown, and a month is worked out from what was.
#include <gtest/gtest.h>

#include "core/tuning/coverage.h"
#include "core/tuning/engine.h"
#include "core/tuning/measured.h"
#include "tests/core/tuning/truth.h"

namespace pilotlight::tuning {
namespace {

using test::kBegin;
using test::Truth;

// The evidence as it would be had only these parts been read, logs included.
Evidence readOnly(Evidence e, const std::vector<TimeRange>& parts) {
    const RangeSet read(parts);
    const auto within = [&](Timestamp t) {
        for (const auto& part : read.ranges())
            if (part.contains(t)) return true;
        return false;
    };
    for (auto* series : {&e.invocations, &e.throttles, &e.errors, &e.duration_average, &e.duration_samples, &e.billable_time, &e.cold_starts}) {
        std::erase_if(series->points, [&](const MetricPoint& p) { return !within(p.time); });
        if (!series->coverage.ranges().empty()) series->coverage = read;
    }
    std::erase_if(e.log.invocations, [&](const Invocation& i) { return !within(i.time); });
    if (!e.log.complete.ranges().empty()) e.log.complete = read;
    e.log.cold_only = read;
    return e;
}
TimeRange days(double from, double to) {
    const auto at = [](double d) { return kBegin + milliseconds(static_cast<std::int64_t>(d * 86'400'000)); };
    return {at(from), at(to)};
}
std::shared_ptr<const Engine> built(const Evidence& evidence) {
    InlineExecutor executor;
    auto engine = Engine::build(evidence, executor, {});
    EXPECT_TRUE(engine.has_value()) << (engine ? "" : engine.error().text());
    return engine.value_or(nullptr);
}
double width(const MoneyEstimate& m) { return (m.hi - m.lo).toDouble() / m.value.toDouble(); }
bool hasCaution(const Basis& basis, const std::string& text) {
    return std::any_of(basis.cautions.begin(), basis.cautions.end(), [&](const auto& c) { return c.find(text) != std::string::npos; });
}

struct Parts {
    const char* name;
    std::vector<TimeRange> read;
};

TEST(EngineCoverage, AMonthIsWorkedOutFromTheDaysThatWereRead) {
    for (const int pool : {0, 2}) {
        Truth t;
        t.pool = pool;
        const auto run = test::runTruth(t);
        const auto whole = test::evidenceOf(t, run, 14);
        const auto all = built(whole)->quick({}).today;
        EXPECT_FALSE(all.cost_month_as_read);
        for (const Parts& parts : {Parts{"the last two days", {days(12, 14)}}, Parts{"a hole inside", {days(2, 6), days(10, 14)}}}) {
            const auto part = readOnly(whole, parts.read);
            const auto engine = built(part);
            const auto result = engine->quick({});
            const auto& cost = *result.today.cost_month;
            EXPECT_NEAR(cost.value.toDouble() / all.cost_month->value.toDouble(), 1, 0.06) << parts.name << pool;
            EXPECT_LT(cost.lo, all.cost_month->value) << parts.name;
            EXPECT_GT(cost.hi, all.cost_month->value) << parts.name;
            EXPECT_GT(width(cost), pool > 0 ? 0.01 : 0.1) << parts.name;
            EXPECT_TRUE(hasCaution(result.basis, "of 1")) << parts.name;  // "2.0 of 14.0 days were read"
            ASSERT_TRUE(result.today.cost_month_as_read);
            EXPECT_LT(width(*result.today.cost_month_as_read), 0.02);
            // Another setting at the same traffic: look-up and replay.
            WhatIf what;
            what.settings.memory = Megabytes{t.memory};
            what.traffic = 2;
            for (const auto& twice : {engine->quick(what).whatif, engine->exact(what, {})->whatif})
                EXPECT_NEAR(twice.cost_month->value.toDouble() / built(whole)->exact(what, {})->whatif.cost_month->value.toDouble(), 1, 0.08)
                    << parts.name << pool;

            const auto measured = measure(part), full = measure(whole);
            const double share = static_cast<double>(measured.covered.count()) / static_cast<double>(full.covered.count());
            EXPECT_EQ(measured.period.end, full.period.end);
            EXPECT_EQ(measured.period.begin, parts.read.front().begin);
            EXPECT_NEAR(measured.cost->toDouble() / share / full.cost->toDouble(), 1, 0.06) << parts.name << pool;
            if (pool > 0) EXPECT_NEAR(measured.cost_by_meter.at(meter::kPoolKept).toDouble(), share * full.cost_by_meter.at(meter::kPoolKept).toDouble(), 1e-4);
        }
    }
}

TEST(EngineCoverage, SharedInstancesToo) {
    Truth t;
    const auto run = test::runTruth(t);
    auto whole = test::evidenceOf(t, run, 0);
    auto& f = whole.function;
    f.platform = PlatformKind::gcp;
    f.region = "us-central1";
    f.untuned[untuned_key::kKind] = "service";
    f.untuned[untuned_key::kBilling] = "request";
    f.vcpu = 1;
    f.memory = {512};
    whole.history = {{kBegin - hours(24), f.memory, 0, f.instance_limit, f.vcpu, 1}};
    whole.prices = pricing::bundledBook("gcp", "us-central1", "x86_64");
    ASSERT_TRUE(whole.prices);
    const double all = built(whole)->quick({}).today.cost_month->value.toDouble();
    for (const auto& parts : {std::vector{days(12, 14)}, std::vector{days(2, 6), days(10, 14)}}) {
        const auto result = built(readOnly(whole, parts))->quick({});
        EXPECT_NEAR(result.today.cost_month->value.toDouble() / all, 1, 0.06);
        EXPECT_GT(width(*result.today.cost_month), 0.1);
        EXPECT_TRUE(hasCaution(result.basis, "were read"));
    }
}

TEST(EngineCoverage, ANewFunctionCountsFromItsFirstInvocation) {
    Truth t;
    const auto run = test::runTruth(t);
    auto young = test::evidenceOf(t, run, 14);
    const double month = built(young)->quick({}).today.cost_month->value.toDouble();
    // Three days old, all fourteen read: nothing there before, and nobody saw it before.
    const TimeRange range = young.range;
    young = readOnly(young, {days(11, 14)});
    young.invocations.coverage = young.log.complete = young.log.cold_only = RangeSet({range});
    young.history = {{range.begin, young.function.memory, 0, young.function.instance_limit}};
    young.function.last_modified = days(11, 14).begin;
    const auto read = coverageOf(young);
    EXPECT_TRUE(read.born);
    EXPECT_NEAR(static_cast<double>(read.length().count()) / 86'400'000, 3, 0.05);
    const auto result = built(young)->quick({});
    EXPECT_NEAR(result.today.cost_month->value.toDouble() / month, 1, 0.06);
    EXPECT_TRUE(hasCaution(result.basis, "new function"));
    EXPECT_GT(width(*result.today.cost_month), 0.1);
    // One that was there before was silent for eleven days.
    young.function.last_modified = range.begin - hours(24);
    EXPECT_FALSE(coverageOf(young).born);
    EXPECT_NEAR(built(young)->quick({}).today.cost_month->value.toDouble() / month, 3.0 / 14, 0.02);
}

}  // namespace
}  // namespace pilotlight::tuning
