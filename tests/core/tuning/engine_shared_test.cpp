// What-ifs of a Cloud Run service from metrics alone: they agree with what was measured, and with what the settings do by definition.
#include <gtest/gtest.h>

#include <cmath>

#include "core/pricing/cloud_run_cost.h"
#include "core/tuning/engine.h"
#include "core/tuning/measured.h"
#include "core/tuning/shared_usage.h"

namespace pilotlight::tuning {
namespace {

const Timestamp kEnd = parseIso8601("2026-11-24T00:00:00Z").value();
const TimeRange kRange{kEnd - hours(24 * 7), kEnd};

MetricSeries series(const Function& f, Metric metric, Statistic statistic, const std::function<double(std::size_t)>& value) {
    MetricSeries out{{f.id, "", metric, statistic, seconds(300)}, {}, RangeSet({kRange})};
    std::size_t i = 0;
    for (Timestamp t = kRange.begin; t < kRange.end; t += minutes(5)) out.points.push_back({t, value(i++)});
    return out;
}

// 30 requests of 200 ms in five minutes, one at a time; one instance kept; 40 starts a day where none is kept.
Evidence evidence(std::int32_t pool, const char* billing = "request") {
    Evidence e;
    Function& f = e.function;
    f.id = "projects/p/locations/us-central1/services/s";
    f.name = "s";
    f.platform = PlatformKind::gcp;
    f.region = "us-central1";
    f.memory = Megabytes{2048};
    f.vcpu = 2;
    f.concurrency = 4;
    f.timeout = seconds(60);
    f.instance_limit = InstanceLimit::of(20);
    f.qualifiers = {Qualifier{.kind = "service", .warm_pool = pool}};
    f.untuned = {{untuned_key::kKind, "service"}, {untuned_key::kBilling, billing}};
    e.range = kRange;
    e.invocations = series(f, Metric::invocations, Statistic::sum, [](std::size_t) { return 30; });
    e.errors = series(f, Metric::errors, Statistic::sum, [](std::size_t) { return 0; });
    e.duration_average = series(f, Metric::duration, Statistic::average, [](std::size_t) { return 200; });
    e.duration_samples = series(f, Metric::duration, Statistic::sample_count, [](std::size_t) { return 30; });
    const bool whole = std::string(billing) == "instance";
    e.billable_time = series(f, Metric::billable_time, Statistic::sum, [&](std::size_t) { return whole ? 300.0 * pool : 30 * 0.25; });
    e.cold_starts = series(f, Metric::cold_starts, Statistic::sum, [&](std::size_t i) { return pool == 0 && i % 7 == 0 ? 1 : 0; });
    e.init_average = series(f, Metric::init_duration, Statistic::average, [](std::size_t) { return 1500; });
    e.memory_used = series(f, Metric::memory_used, Statistic::maximum, [](std::size_t) { return 400; });
    e.cpu_utilization = series(f, Metric::cpu_utilization, Statistic::average, [](std::size_t) { return 0.4; });
    const auto one = [&](Statistic s, double value) {
        MetricSeries whole_range{{f.id, "", Metric::duration, s, std::chrono::duration_cast<seconds>(kRange.length())},
                                 {{kRange.begin, value}},
                                 RangeSet({kRange})};
        return whole_range;
    };
    e.whole_p50 = one(Statistic::p50, 190);
    e.whole_p95 = one(Statistic::p95, 280);
    e.whole_p99 = one(Statistic::p99, 340);
    e.history = {{kRange.begin, f.memory, pool, f.instance_limit, f.vcpu, f.concurrency}};
    e.prices = pricing::bundledBook("gcp", "us-central1", "x86_64");
    return e;
}

std::shared_ptr<const Engine> build(Evidence e) {
    InlineExecutor executor;
    auto engine = Engine::build(std::move(e), executor, {});
    EXPECT_TRUE(engine) << engine.error().text();
    return *engine;
}

double usd(const std::optional<MoneyEstimate>& money) { return money ? money->value.toDouble() : -1; }

TEST(SharedUsage, BilledTimeAndWhatThePoolServesOfIt) {
    EXPECT_DOUBLE_EQ(meanBusyOf(0, 3), 0);
    EXPECT_NEAR(meanBusyOf(0.5, 1), 1 - std::exp(-0.5), 1e-12);
    EXPECT_NEAR(meanBusyOf(2, 1000), 2, 1e-9);
    EXPECT_LE(meanBusyOf(200, 5), 5);
    const auto usage = sharedUsage(evidence(1), kRange, 1);
    EXPECT_EQ(usage.requests, 30.0 * 12 * 24 * 7);
    EXPECT_NEAR((usage.duration_ms_billed + usage.pool_duration_ms_billed) / 1000, 7.5 * 12 * 24 * 7, 1e-6);
    EXPECT_NEAR(usage.pool_duration_ms_billed / 1000, (1 - std::exp(-0.025)) * 300 * 12 * 24 * 7, 1e-3);
    EXPECT_EQ(usage.pool_instance_seconds, 7 * 86400.0);
    // Where the platform tells what ran on kept instances, nothing is estimated: all of it but in the last hour, of which it is not known.
    auto told = evidence(1);
    told.pool_billable_time = told.billable_time;
    told.pool_billable_time.key.metric = Metric::pool_billable_time;
    told.pool_billable_time.points.erase(told.pool_billable_time.points.begin(), told.pool_billable_time.points.begin() + 12);
    told.pool_billable_time.coverage = RangeSet({{kRange.begin, kRange.end - hours(1)}});
    const auto split = sharedUsage(told, kRange, 1);
    const double unknown_s = (1 - std::exp(-0.025)) * 300 * 12;
    EXPECT_NEAR(split.duration_ms_billed / 1000, 7.5 * 12 + 7.5 * 12 - unknown_s, 1e-6) << "a covered period without a point: none";
    EXPECT_NEAR((split.duration_ms_billed + split.pool_duration_ms_billed) / 1000, 7.5 * 12 * 24 * 7, 1e-6);
    const auto alive = sharedUsage(evidence(2, "instance"), kRange, 2);
    EXPECT_EQ(alive.instance_seconds, 2 * 7 * 86400.0);
}

TEST(SharedModel, TodayIsWhatWasMeasured) {
    for (const std::int32_t pool : {0, 1}) {
        const auto e = evidence(pool);
        const auto measured = measure(e);
        ASSERT_TRUE(measured.cost);
        const auto engine = build(e);
        const auto today = engine->quick({}).today;
        EXPECT_NEAR(usd(today.cost_month), measured.cost->toDouble() * 30 / 7, measured.cost->toDouble() * 30 / 7 * 0.03) << pool;
        EXPECT_NEAR(today.p95_ms->value, 280, 28);
        EXPECT_EQ(engine->memoryFloor(), Megabytes{460});
    }
}

TEST(SharedModel, MemoryIsMoneyOnly) {
    const auto engine = build(evidence(1));
    const auto result = engine->exact({.settings = {.memory = Megabytes{1024}}}, {}).value();
    const auto at = [](const Outcome& o, const char* meter) { return o.breakdown.at(meter).value.toDouble(); };
    EXPECT_NEAR(at(result.whatif, meter::kMemory), at(result.today, meter::kMemory) / 2, 1e-9);
    EXPECT_NEAR(at(result.whatif, meter::kIdleMemory), at(result.today, meter::kIdleMemory) / 2, 1e-9);
    EXPECT_NEAR(at(result.whatif, meter::kVcpu), at(result.today, meter::kVcpu), 1e-9);
    EXPECT_DOUBLE_EQ(result.whatif.p95_ms->value, result.today.p95_ms->value);
    EXPECT_GE(result.whatif.cost_month->hi, result.whatif.cost_month->value);
}

TEST(SharedModel, TheMinimumBuysWarmStarts) {
    const auto none = build(evidence(0));
    const auto kept = none->exact({.settings = {.warm_pool = 1}}, {}).value();
    EXPECT_GT(kept.today.cold_start_share->value, 0.002);
    EXPECT_LT(kept.whatif.cold_start_share->value, kept.today.cold_start_share->value / 3);
    // 2 vCPU and 2 GiB idle for 30 days, less the time that it serves.
    const double idle = 30 * 86400 * (2 + 2) * 0.0000025 * std::exp(-0.025);
    EXPECT_NEAR(kept.whatif.breakdown.at(meter::kIdleVcpu).value.toDouble() + kept.whatif.breakdown.at(meter::kIdleMemory).value.toDouble(),
                idle, idle * 0.02);
    const auto away = build(evidence(1))->exact({.settings = {.warm_pool = 0}}, {}).value();
    EXPECT_FALSE(away.whatif.breakdown.contains(meter::kIdleVcpu));
    EXPECT_LT(usd(away.whatif.cost_month), usd(away.today.cost_month) / 2);
}

TEST(SharedModel, CpuAndConcurrencyAreUncertain) {
    const auto engine = build(evidence(0));
    const auto cpu = engine->exact({.settings = {.vcpu = 1}}, {}).value();
    EXPECT_GE(cpu.whatif.p95_ms->value, cpu.today.p95_ms->value);
    EXPECT_GT(cpu.whatif.p95_ms->hi / cpu.whatif.p95_ms->lo, 1.2) << "never measured";
    EXPECT_NE(std::find_if(cpu.basis.cautions.begin(), cpu.basis.cautions.end(),
                           [](const auto& c) { return c.find("never measured") != std::string::npos; }),
              cpu.basis.cautions.end());
    const auto more = engine->exact({.settings = {.concurrency = 80}}, {}).value();
    EXPECT_GT(more.whatif.p95_ms->hi, more.whatif.p95_ms->value * 1.1);
    const auto traffic = engine->exact({.traffic = 3}, {}).value();
    EXPECT_NEAR(traffic.whatif.breakdown.at(meter::kRequests).value.toDouble(),
                3 * traffic.today.breakdown.at(meter::kRequests).value.toDouble(), 0.02);
}

TEST(SharedModel, ASurgeCostsAndWaits) {
    const auto engine = build(evidence(1));
    const auto surge = engine->exact({.surge = 20}, {}).value();
    EXPECT_GT(usd(surge.whatif.cost_month), usd(surge.today.cost_month));
    EXPECT_GT(surge.whatif.breakdown.at(meter::kRequests).value.toDouble(), surge.today.breakdown.at(meter::kRequests).value.toDouble() * 1.1);
    EXPECT_GT(surge.whatif.cold_start_share->value, surge.today.cold_start_share->value);
}

TEST(SharedModel, RecommendsWhatSavesForCertainAndKeepsTheTarget) {
    const auto engine = build(evidence(1));
    const auto found = engine->search({}, {}).value();
    const auto& r = found.recommendation;
    ASSERT_EQ(r.status, RecommendationStatus::recommended);
    ASSERT_TRUE(r.settings.memory);
    EXPECT_GE(r.settings.memory->value, 460) << "the floor";
    EXPECT_FALSE(r.settings.concurrency);
    EXPECT_GT(r.saving_month->lo, Money{});
    const auto exact = engine->exact({.settings = r.settings}, {}).value();
    EXPECT_LE(exact.whatif.p95_ms->value, exact.today.p95_ms->value * 1.05);
    EXPECT_NEAR(usd(exact.today.cost_month) - usd(exact.whatif.cost_month), r.saving_month->value.toDouble(), 1e-6);
    const auto again = build(evidence(1))->search({}, {}).value();
    EXPECT_EQ(again.recommendation.id, r.id) << "deterministic";
    Slo strict;
    strict.p95_ms = 1;
    EXPECT_EQ(engine->search(strict, {})->recommendation.status, RecommendationStatus::inconclusive);
    auto dear = evidence(1);
    dear.prices = std::nullopt;
    EXPECT_EQ(build(dear)->search({}, {})->recommendation.status, RecommendationStatus::inconclusive);
}

// One request an instance, one every two seconds of 4 s: two in service, more instances alive.
Evidence busyEvidence(std::int32_t limit, const char* billing) {
    Evidence e = evidence(0, billing);
    Function& f = e.function;
    f.concurrency = 1;
    f.instance_limit = InstanceLimit::of(limit);
    e.history.front().instance_limit = f.instance_limit;
    e.history.front().concurrency = 1;
    for (auto* s : {&e.invocations, &e.duration_samples})
        for (auto& point : s->points) point.value = 150;
    for (auto& point : e.duration_average.points) point.value = 4000;
    e.whole_p50->points.front().value = 3800;
    e.whole_p95->points.front().value = 5600;
    e.whole_p99->points.front().value = 6800;
    for (auto& point : e.billable_time.points) point.value = std::string(billing) == "instance" ? 300.0 * 7 : 150 * 4.05;
    for (auto& point : e.cold_starts.points) point.value = 1;
    return e;
}

TEST(SharedModel, LimitBelowThePeakSavesIdleInstancesAndLetsRequestsWait) {
    const auto engine = build(busyEvidence(40, "instance"));
    const auto found = engine->search({}, {});
    ASSERT_TRUE(found);
    const Engine::Candidate* best = nullptr;
    for (const auto& c : found->candidates)
        if (c.feasible && c.settings.instance_limit && !c.settings.vcpu && !c.settings.memory && !c.settings.warm_pool) best = &c;
    ASSERT_NE(best, nullptr);
    EXPECT_LT(best->cost_month_usd, found->today.cost_month_usd);
    WhatIf what;
    what.settings = best->settings;
    const auto tried = engine->exact(what, {});
    ASSERT_TRUE(tried);
    EXPECT_LT(tried->whatif.throttled_share->value, 1e-3);
    EXPECT_LT(usd(tried->whatif.cost_month), usd(tried->today.cost_month));
    EXPECT_LT(tried->whatif.p95_ms->value, 1.06 * tried->today.p95_ms->value);
    what.settings.instance_limit = InstanceLimit::of(2);  // as many as are busy on average: they queue up
    EXPECT_GT(engine->exact(what, {})->whatif.p95_ms->value, 2 * tried->today.p95_ms->value);
    // Billed by request, an idle instance costs nothing: no reason to have fewer.
    const auto by_request = build(busyEvidence(40, "request"))->search({}, {});
    for (const auto& c : by_request->candidates) EXPECT_FALSE(c.settings.instance_limit.has_value());
}

TEST(SharedModel, RefusedRequestsGetAHigherLimit) {
    auto queued = busyEvidence(2, "request");  // two instances for a load of two: what was measured holds the waiting
    for (auto& point : queued.duration_average.points) point.value = 8000;
    queued.whole_p50->points.front().value = 7600;
    queued.whole_p95->points.front().value = 13000;
    queued.whole_p99->points.front().value = 14500;
    const auto engine = build(queued);
    const auto found = engine->search({}, {});
    ASSERT_TRUE(found);
    EXPECT_GT(engine->exact({}, {})->today.throttled_share->value, 1e-3);
    const auto& r = found->recommendation;
    ASSERT_EQ(r.status, RecommendationStatus::recommended) << (r.reasons.empty() ? "" : r.reasons.front());
    ASSERT_TRUE(r.settings.instance_limit.has_value());
    EXPECT_GE(r.settings.instance_limit->value, 4);
    WhatIf what;
    what.settings = r.settings;
    EXPECT_LT(engine->exact(what, {})->whatif.throttled_share->value, 1e-3);
}

TEST(SharedModel, InstanceBasedBillingIsTheWholeLife) {
    const auto result = build(evidence(2, "instance"))->exact({.settings = {.warm_pool = 1}}, {}).value();
    EXPECT_NEAR(usd(result.today.cost_month), 2 * 30 * 86400 * (2 * 0.000018 + 2 * 0.000002), 0.5);
    EXPECT_NEAR(usd(result.whatif.cost_month), usd(result.today.cost_month) / 2, usd(result.today.cost_month) * 0.05);
    EXPECT_FALSE(result.today.breakdown.contains(meter::kRequests)) << "no request fee";
}

// What an hour shows of a month depends on the hour: the interval of a prediction holds what the watch will project from most of them.
TEST(SharedModel, TheIntervalHoldsWhatAnHourShows) {
    auto e = evidence(2, "instance");
    const auto busy = [](std::size_t i) { return i % 288 >= 108 && i % 288 < 180; };  // 9 to 15 h
    e.function.concurrency = 1;
    e.history.front().concurrency = 1;
    const Function f = e.function;
    e.invocations = series(f, Metric::invocations, Statistic::sum, [&](std::size_t i) { return busy(i) ? 500 : 10; });
    e.duration_average = series(f, Metric::duration, Statistic::average, [](std::size_t) { return 1200; });
    e.duration_samples = series(f, Metric::duration, Statistic::sample_count, [&](std::size_t i) { return busy(i) ? 500 : 10; });
    e.billable_time = series(f, Metric::billable_time, Statistic::sum, [&](std::size_t i) { return 300.0 * (busy(i) ? 6 : 2); });
    const auto engine = build(e);
    const auto result = engine->exact({.settings = {.warm_pool = 1}}, {}).value();
    ASSERT_TRUE(result.whatif.cost_month);
    const auto& cost = *result.whatif.cost_month;
    const double an_instance = 30 * 86400 * (2 * 0.000018 + 2 * 0.000002);
    const double spread = (cost.hi - cost.lo).toDouble();
    EXPECT_GT(spread, 0.3 * an_instance) << "busy hours tell nothing of the quiet ones";
    EXPECT_LT(spread, 2.0 * an_instance) << cost.lo.toDouble() << " to " << cost.hi.toDouble() << ", today " << usd(result.today.cost_month);
    EXPECT_LE(cost.lo, cost.value);
    EXPECT_GE(cost.hi, cost.value);
    EXPECT_EQ(result.today.cost_month->lo, result.today.cost_month->hi) << "today was measured";
}

}  // namespace
}  // namespace pilotlight::tuning
