// Published and derived figures that the simulator and the formula have to reproduce (tables: Mahmoudi and Khazaei's SimFaaS runs and
// the exact solution; tolerances are three standard errors of the run at hand unless said otherwise).
#include <gtest/gtest.h>

#include <cmath>
#include <fstream>
#include <sstream>

#include "core/model/sim_engine.h"
#include "core/model/sim_formula.h"
#include "core/model/sim_keep_alive.h"
#include "core/model/sim_scenario.h"
#include "tests/core/model/sim_knative.h"
#include "tests/core/model/sim_oracle.h"
#include "tests/support/data.h"

namespace pilotlight::model {
namespace {

Distribution exponential(double mean) { return {Distribution::Kind::exponential, mean, 1, {}}; }
Distribution lognormal(double mean, double cv) { return {Distribution::Kind::lognormal, mean, cv, {}}; }
Distribution constant(double mean) { return {Distribution::Kind::constant, mean, 1, {}}; }

Scenario poisson(double rate, Distribution service, double keep_alive, double duration, double warmup, int replications) {
    Scenario s;
    s.poisson_rate = rate;
    s.service_warm = std::move(service);
    s.keep_alive.seconds = keep_alive;
    s.duration_s = duration;
    s.warmup_s = warmup;
    s.replications = replications;
    s.seed = 20;
    return s;
}
SimulationResult run(const Scenario& s) {
    InlineExecutor executor;
    auto result = simulate(s, executor, {});
    EXPECT_TRUE(result.has_value());
    return result.value_or(SimulationResult{});
}
// Standard error from a 90 % Student interval of eight replications.
double standardError(const Interval& i) { return (*i.hi - *i.lo) / 2 / 1.895; }

TEST(SimFormula, StationaryTable) {
    struct Row {
        double rate, service, keep, cold, instances;
    };
    for (const auto& row : std::vector<Row>{{.9, 1.991, 600, 1.329307e-3, 7.69193},
                                            {10, 1.991, 600, 2.879302e-4, 37.20564},
                                            {100, 1.991, 600, 7.912060e-5, 251.17578},
                                            {.9, 1.991, 60, 1.632734e-2, 5.86423},
                                            {.9, 1.991, 3600, 1.971430e-4, 8.90400},
                                            {.1, 30, 600, 1.839233e-2, 7.73729},
                                            {5, .2, 600, 1.810681e-4, 6.91425}}) {
        const auto r = stationary({row.rate, row.service, row.keep});
        EXPECT_NEAR(r.cold_probability / row.cold, 1, 2e-6) << row.rate << " " << row.keep;
        EXPECT_NEAR(r.mean_instances / row.instances, 1, 2e-6) << row.rate << " " << row.keep;
    }
}

TEST(SimFormula, Limits) {
    EXPECT_NEAR(stationary({5, 2, 0}).cold_probability, 1, 1e-12);
    EXPECT_NEAR(stationary({5, 2, 1e-7}).cold_probability, 1, 1e-5);
    EXPECT_LT(stationary({5, 2, 1e7}).cold_probability, 1e-6);
    EXPECT_LT(stationary({5, 2, 600, 60}).cold_probability, 1e-20);
    EXPECT_NEAR(stationary({5, 2, 1e9, 0, 1000}).mean_instances, 1, 1e-6);
    EXPECT_NEAR(stationary({5, 2, 0}).mean_instances, 10, 1e-6);
}

TEST(SimFormula, SimulationAgreesWithinThreeStandardErrors) {
    for (const auto& [rate, service, keep] : std::vector<std::array<double, 3>>{{.9, 1.991, 60}, {.1, 30, 600}, {10, 1.991, 60}}) {
        const auto exact = stationary({rate, service, keep});
        const auto r = run(poisson(rate, exponential(service), keep, 4e5 / rate, 5 * keep + 20 * service, 8));
        EXPECT_NEAR(r.cold_probability.value, exact.cold_probability, 3 * standardError(r.cold_probability)) << rate;
        EXPECT_NEAR(r.instances_mean.value, exact.mean_instances, 3 * standardError(r.instances_mean)) << rate;
        EXPECT_NEAR(r.running.value, exact.mean_busy, 3 * standardError(r.running)) << rate;
    }
}

TEST(SimFixture, ErlangBWhateverTheServiceLaw) {
    EXPECT_NEAR(erlangB(2016, 1000), 0.504455, 1e-6);
    for (const auto& law : {exponential(2.016), constant(2.016), lognormal(2.016, 2)}) {
        auto s = poisson(1000, law, 600, 800, 40, 2);
        s.instance_limit = 1000;
        EXPECT_NEAR(run(s).throttled_probability.value, 0.504455, 0.0016);
    }
}

TEST(SimFixture, SpillOfAWarmPoolIsErlangB) {
    const std::vector<std::pair<int, double>> table{{2, .3651}, {4, .07425}, {6, .00768}, {8, .00044}};
    for (const auto& [pool, spill] : table) {
        EXPECT_NEAR(erlangB(1.7919, pool), spill, 0.00006 + 0.001 * spill);
        auto s = poisson(.9, exponential(1.991), 600, 5e5, 3000, 8);
        s.provisioned = pool;
        const auto r = run(s);
        EXPECT_NEAR(r.spilled_probability.value, spill, std::max(0.00002, 4 * standardError(r.spilled_probability))) << pool;
    }
    // Hunted slots: utilisation by Erlang B; break-even of a slot is 60 %: the best pool at load 20 is 20.
    EXPECT_GT(slotUtilisation(20, 20), 0.6);
    EXPECT_LT(slotUtilisation(20, 21), 0.6);
}

TEST(SimFixture, BusyCountIsPoissonAndLittleHolds) {
    const auto r = run(poisson(5, lognormal(2, 1.5), 300, 2e5, 3000, 8));
    EXPECT_NEAR(r.running.value, 10, 3 * standardError(r.running) + 1e-3);
    // Every idle second belongs to an instance that was started: mean instances cannot be below the busy ones nor above the maximum.
    EXPECT_GT(r.instances_mean.value, r.running.value);
    EXPECT_LT(r.instances_mean.value, r.instances_max.value);
    EXPECT_NEAR(r.instances_mean.value, r.running.value + r.idle.value, 1e-9);
    EXPECT_GE(r.instances_p95.value, std::floor(r.instances_mean.value));
}

// Poisson arrivals at `rate`, exponential service. Counts requests in service by the ends that were served, apart from the engine's count.
struct Watched {
    Random gaps, services;
    double rate, mean_s, end_s, at = 0;
    bool next(double& time) {
        time = at += gaps.exponential() / rate;
        return at < end_s;
    }
    double warm() { return mean_s * services.exponential(); }
    double cold() { return warm(); }
};
struct InService {
    std::vector<double> ends{};
    std::vector<std::size_t> busy{};
    double from_s = 0, colds = 0, alive = 0, samples = 0;
    std::vector<double> arrivals{}, services_s{};
    void served(double time, double service, Served how) {
        ends.push_back(time + service);
        arrivals.push_back(time);
        services_s.push_back(service);
        colds += how == Served::cold && time >= from_s;
    }
    void throttled(double) {}
    void idle(double, double) {}
    void started(double, std::int64_t) {}
    void instances(double time, std::int64_t count) {
        std::erase_if(ends, [&](double end) { return end <= time; });
        busy.push_back(ends.size());
        alive += static_cast<double>(count);
        samples += 1;
    }
};

TEST(SimFixture, RequestsInServiceArePoissonByChiSquare) {
    const double load = 6;
    Watched source{Random(31, 1), Random(31, 2), 3, load / 3, 20000 * 8 * 2.0};
    InService sink;
    EngineOptions options;
    options.keep_alive.seconds = 60;
    options.expected_gap_s = 1 / source.rate;
    options.expected_busy = load;
    options.sample_from_s = 40;
    options.sample_step_s = 8 * source.mean_s;  // counts eight service times apart are independent: correlation exp(-8)
    options.end_s = source.end_s;
    replay(source, sink, options);
    ASSERT_GT(sink.busy.size(), 19000U);
    std::vector<double> seen(21, 0.0), expected(21, 0.0);  // the last cell: 20 and more
    for (const auto n : sink.busy) seen[std::min<std::size_t>(n, 20)] += 1;
    double share = std::exp(-load), rest = 1;
    for (std::size_t n = 0; n < 20; ++n) {
        expected[n] = share * static_cast<double>(sink.busy.size());
        rest -= share;
        share *= load / static_cast<double>(n + 1);
    }
    expected[20] = rest * static_cast<double>(sink.busy.size());
    double statistic = 0, seen_tail = 0, expected_tail = 0;
    int cells = 0;
    for (std::size_t n = 0; n <= 20; ++n) {
        seen_tail += seen[n];
        expected_tail += expected[n];
        if (expected_tail < 20 && n < 20) continue;  // few expected: together with the next
        statistic += (seen_tail - expected_tail) * (seen_tail - expected_tail) / expected_tail;
        seen_tail = expected_tail = 0;
        ++cells;
    }
    EXPECT_GE(cells, 15);
    // 99.9 % point of chi-square by Wilson and Hilferty.
    const double df = cells - 1, part = 2 / (9 * df);
    EXPECT_LT(statistic, df * std::pow(1 - part + 3.0902 * std::sqrt(part), 3)) << cells << " cells";
    EXPECT_GT(statistic, df * std::pow(1 - part - 3.0902 * std::sqrt(part), 3)) << "too good to be chance";
}

// Little's law for instances: mean alive (counted by the engine at regular times) = cold starts a second (the engine's) x mean lifespan
// (measured on instance objects by the plain simulator, for the same requests).
TEST(SimFixture, LittlesLawOfInstances) {
    const double keep = 60;
    Watched source{Random(32, 1), Random(32, 2), .9, 1.991, 4e5};
    InService sink;
    sink.from_s = 2000;
    EngineOptions options;
    options.keep_alive.seconds = keep;
    options.expected_gap_s = 1 / source.rate;
    options.expected_busy = 2;
    options.sample_from_s = sink.from_s;
    options.sample_step_s = 7;
    options.end_s = source.end_s;
    replay(source, sink, options);
    const auto plain = test::oracle(sink.arrivals, sink.services_s, sink.services_s, keep, 0, 1 << 30, source.end_s);
    ASSERT_GT(plain.lifespans_s.size(), 3000U);
    double lifespan = 0, square = 0;
    const auto n = static_cast<double>(plain.lifespans_s.size());
    for (const double s : plain.lifespans_s) {
        lifespan += s / n;
        square += s * s / n;
    }
    const double colds_s = sink.colds / (source.end_s - sink.from_s), alive = sink.alive / sink.samples;
    EXPECT_NEAR(colds_s * lifespan / alive, 1, 0.01) << alive << " alive, " << lifespan << " s";
    // Both agree with the stationary solution, within the noise of so many lifespans.
    const auto exact = stationary({source.rate, source.mean_s, keep});
    EXPECT_NEAR(alive / exact.mean_instances, 1, 0.01);
    EXPECT_NEAR(lifespan * source.rate * exact.cold_probability / exact.mean_instances, 1, 4 * std::sqrt(square / lifespan / lifespan / n));
}

// SimFaaS, 10 seeds: empty start, T = 1e6: cold 0.001337 +- 0.000012, instances 7.695 +- 0.007, running 1.7919 +- 0.0007.
TEST(SimFixture, SimFaasExample) {
    auto s = poisson(.9, exponential(1.991), 600, 1e6, 0, 8);
    s.service_cold = exponential(2.244);
    const auto r = run(s);
    EXPECT_NEAR(r.cold_probability.value, 0.0013383, 3 * std::hypot(standardError(r.cold_probability), 5e-6));
    EXPECT_NEAR(r.instances_mean.value, 7.698, 3 * std::hypot(standardError(r.instances_mean), 0.003));
    EXPECT_NEAR(r.running.value, 1.7926, 3 * std::hypot(standardError(r.running), 0.0003));
    EXPECT_NEAR(r.idle.value, 5.906, 3 * std::hypot(standardError(r.idle), 0.003));
}

// Several requests an instance, packed: instances within 1 %, cold starts within their noise of the stationary values.
TEST(SimFixture, ParallelServerTable) {
    struct Row {
        double rate;
        int concurrency;
        double instances, cold;
    };
    for (const auto& row : std::vector<Row>{{.9, 1, 7.743, 1.343e-3},
                                            {.9, 2, 4.137, 5.99e-4},
                                            {.9, 5, 2.008, 1.61e-5},
                                            {.9, 10, 1.0079, 1.46e-5},
                                            {10, 1, 37.48, 2.90e-4},
                                            {10, 2, 19.00, 1.44e-4},
                                            {10, 5, 7.943, 6.43e-5},
                                            {10, 10, 4.097, 1.54e-5}}) {
        auto s = poisson(row.rate, exponential(2.016), 600, 5e5 / row.rate, 4000, 8);
        s.concurrency = row.concurrency;
        s.service_cold = exponential(2.163);
        const auto r = run(s);
        EXPECT_NEAR(r.instances_mean.value / row.instances, 1, 0.01) << row.rate << "/" << row.concurrency;
        const double events = 4e6 * row.cold;  // Poisson noise of both runs
        EXPECT_NEAR(r.cold_probability.value / row.cold, 1, 3 * std::sqrt(2 / events) + 0.02) << row.rate << "/" << row.concurrency;
        const auto formula = stationary({row.rate, 2.016, 600, 0, row.concurrency});
        EXPECT_NEAR(formula.mean_instances / row.instances, 1, 0.01);
    }
}

// Three running, five idle that expire at 300 s: 4.57e-4 +- 1.4e-4.
TEST(SimFixture, TemporalStart) {
    struct Source {
        Random random;
        double at = 0;
        bool next(double& time) {
            at += random.exponential() / 0.9;
            time = at;
            return at < 300;
        }
        double warm() { return 1.991 * random.exponential(); }
        double cold() { return 2.244 * random.exponential(); }
    };
    struct Sink {
        double arrivals = 0, colds = 0;
        void served(double, double, Served s) {
            arrivals += 1;
            colds += s == Served::cold;
        }
        void throttled(double) { arrivals += 1; }
        void idle(double, double) {}
        void started(double, std::int64_t) {}
        void instances(double, std::int64_t) {}
    };
    Sink sink;
    for (std::uint64_t i = 0; i < 4000; ++i) {
        Source source{Random(11, i)};
        EngineOptions options;
        options.keep_alive.seconds = 600;
        options.initial_idle_until.assign(5, 300.0);
        for (int j = 0; j < 3; ++j) options.initial_busy_until.push_back(1.991 * source.random.exponential());
        replay(source, sink, options);
    }
    EXPECT_NEAR(sink.colds / sink.arrivals, 4.57e-4, 1.4e-4);
}

TEST(SimFixture, ConcurrencyLimitsAndQueue) {
    // One instance holds everything when it may serve everything.
    auto s = poisson(5, exponential(2), 600, 2e4, 2000, 2);
    s.concurrency = 1000;
    const auto one = run(s);
    EXPECT_NEAR(one.instances_mean.value, 1, 1e-3);
    // One request an instance in the shared engine is the Lambda engine.
    auto plain = poisson(.9, exponential(1.991), 60, 2e5, 3000, 8);
    auto shared = plain;
    shared.min_instances = 1;  // forces the shared engine; one instance of seven is always there anyway
    EXPECT_NEAR(run(plain).running.value, run(shared).running.value, 0.02);
    // M/M/4 with a queue that is long enough: Erlang C says P(wait) = 0.5094 at load 3; mean busy 3.
    auto queued = poisson(1.5, exponential(2), 1e9, 2e5, 2000, 4);
    queued.instance_limit = 4;
    queued.queue_s = 1e5;
    const auto q = run(queued);
    EXPECT_NEAR(q.throttled_probability.value, 0, 1e-4);
    EXPECT_NEAR(q.running.value, 3, 0.03);
    // Without a queue the same is M/M/4/4: Erlang B.
    queued.queue_s = 0;
    EXPECT_NEAR(run(queued).throttled_probability.value, erlangB(3, 4), 0.004);
}

// Processor sharing with S(n) = S (1 + alpha (n - 1)); alpha = 1 is M/M/1-PS: mean time in system S / (1 - rho), whatever the service law.
TEST(SimFixture, SlowdownIsProcessorSharing) {
    for (const auto& law : {exponential(0.5), constant(0.5)}) {
        auto s = poisson(1, law, 1e9, 2e5, 1000, 4);
        s.concurrency = 1000;
        s.slowdown_alpha = 1;
        const auto r = run(s);
        EXPECT_NEAR(r.running.value, 0.5, 0.01);  // the one instance is busy rho of the time
        EXPECT_GT(r.latency_p95_ms.value, 2000);
    }
}

TEST(SimFixture, KnativeAutoscaler) {
    // Published solution (rate 15, concurrency 10, target 3.5, 1.18 s): 7.40 ready, 3.305 requests an instance, 1,457 ms.
    for (const bool least_loaded : {true, false}) {
        test::Knative k;
        k.least_loaded = least_loaded;
        const auto r = test::runKnative(k);
        EXPECT_NEAR(r.ready / 7.40, 1, 0.09) << r.ready;  // 6.86 to 7.20 in the reference's own runs: -7 % and rounding
        EXPECT_NEAR(r.per_instance / 3.305, 1, 0.07) << r.per_instance;
        EXPECT_NEAR(r.latency_s / 1.457, 1, 0.10) << r.latency_s;
        EXPECT_GE(r.ordered, r.ready);
    }
}

TEST(SimFixture, KnativeWithOneInstanceIsOurSharedInstance) {
    test::Knative k;
    k.rate = 2;
    k.alpha = 0.2;
    k.service_s = 0.8;
    k.concurrency = 1000;
    k.target = 1e6;  // one instance is always enough
    k.warmup_s = 1000;
    const auto oracle = test::runKnative(k);
    auto s = poisson(k.rate, exponential(k.service_s), 1e9, 2e5, 1000, 1);
    s.concurrency = 1000;
    s.slowdown_alpha = k.alpha;
    const auto r = run(s);
    EXPECT_NEAR(oracle.ready, 1, 1e-3);
    EXPECT_NEAR(r.latency_p90_ms.value / (1000 * oracle.latency_p90_s), 1, 0.04);
}

TEST(SimFixture, Limits) {
    auto s = poisson(3, lognormal(1, 1), 0, 2e4, 100, 1);
    EXPECT_EQ(run(s).cold_probability.value, 1);  // nothing kept
    s.keep_alive.seconds = std::numeric_limits<double>::infinity();
    s.warmup_s = 0;
    const auto kept = run(s);
    EXPECT_NEAR(kept.cold_probability.value * static_cast<double>(kept.arrivals), kept.instances_max.value,
                1e-6);  // cold = highest concurrency
    s.provisioned = 60;
    EXPECT_EQ(run(s).cold_probability.value, 0);
    EXPECT_EQ(run(s).spilled_probability.value, 0);
}

TEST(SimFixture, SensitivityToTheServiceLaw) {
    // Reference: 1.27e-3 constant, 1.31e-3 lognormal cv 1, 1.52e-3 cv 4 (two digits, from shorter runs): 4 % is what both can claim.
    const auto cold = [](const Distribution& law) { return run(poisson(.9, law, 600, 1.2e6, 4000, 8)).cold_probability.value; };
    EXPECT_NEAR(cold(constant(1.991)) / 1.27e-3, 1, 0.04);
    EXPECT_NEAR(cold(lognormal(1.991, 1)) / 1.31e-3, 1, 0.04);
    EXPECT_NEAR(cold(lognormal(1.991, 4)) / 1.52e-3, 1, 0.04);
}

}  // namespace
}  // namespace pilotlight::model
