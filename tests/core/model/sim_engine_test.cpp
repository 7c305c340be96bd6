// The engine against the plain per-instance simulator, on random traces with ties, request by request.
#include "core/model/sim_engine.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>

#include "core/model/sim_random.h"
#include "core/model/sim_surface.h"
#include "tests/core/model/sim_oracle.h"

namespace pilotlight::model {
namespace {

struct Trace {
    std::vector<double> arrivals, warm, cold;
};

// Integer grid: many arrivals and completions fall on the same instant.
Trace randomTrace(std::uint64_t seed, std::size_t n, double load, bool ties) {
    Random random(seed);
    Trace trace;
    double t = 0;
    for (std::size_t i = 0; i < n; ++i) {
        double gap = random.exponential();
        double service = load * random.exponential();
        if (random.below(40) == 0) gap *= 60;
        if (ties) {
            gap = std::floor(gap * 2);
            service = std::ceil(service);
        }
        t += gap;
        trace.arrivals.push_back(t);
        trace.warm.push_back(service);
        trace.cold.push_back(service + (ties ? 2 : 1.5));
    }
    return trace;
}

struct Source {
    const Trace& trace;
    std::size_t n = 0;
    bool next(double& time) {
        if (n >= trace.arrivals.size()) return false;
        time = trace.arrivals[n++];
        return true;
    }
    double warm() { return trace.warm[n - 1]; }
    double cold() { return trace.cold[n - 1]; }
};
struct Sink {
    std::vector<int> how;
    double pool_busy = 0, idle_s = 0;
    std::int64_t peak = 0;
    void served(double, double service, Served s) {
        how.push_back(s == Served::warm ? 0 : s == Served::cold ? 1 : 2);
        if (s == Served::pool) pool_busy += service;
    }
    void throttled(double) { how.push_back(3); }
    void idle(double from, double to) { idle_s += std::max(0.0, to - from); }
    void started(double, std::int64_t alive) { peak = std::max(peak, alive); }
    void instances(double, std::int64_t) {}
};

TEST(SimEngine, EqualsThePlainSimulatorRequestByRequest) {
    std::size_t colds = 0, pools = 0, throttles = 0;
    for (std::uint64_t seed = 1; seed <= 120; ++seed) {
        Random choose(seed, 99);
        const bool ties = seed % 2 == 0;
        const double load = 0.5 + 12 * choose.uniform();
        const auto trace = randomTrace(seed, 400, load, ties);
        const double keep = std::floor(1 + 40 * choose.uniform());
        const int pool = static_cast<int>(choose.below(4)) * 2;
        const int limit = seed % 3 == 0 ? 6 + static_cast<int>(choose.below(6)) : 100000;
        EngineOptions options;
        if (pool > 0) options.pool = {{0.0, pool}};
        if (limit < 100000) options.limit = limit;
        options.keep_alive.seconds = keep;
        options.expected_gap_s = seed % 5 == 0 ? 0.01 : 1;  // a wheel far too fine must not matter
        options.expected_busy = load;
        options.end_s = trace.arrivals.back() + 1000;
        Source source{trace};
        Sink sink;
        replay(source, sink, options);
        const auto truth = test::oracle(trace.arrivals, trace.warm, trace.cold, keep, pool, limit, options.end_s);
        ASSERT_EQ(sink.how, truth.served) << "seed " << seed;
        EXPECT_NEAR(sink.pool_busy, truth.pool_busy_s, 1e-6);
        EXPECT_NEAR(sink.idle_s, truth.alive_idle_s, 1e-6) << "seed " << seed;
        for (const int h : truth.served) {
            colds += h == 1;
            pools += h == 2;
            throttles += h == 3;
        }
    }
    EXPECT_GT(colds, 1000U);  // the test would be empty without them
    EXPECT_GT(pools, 1000U);
    EXPECT_GT(throttles, 300U);
}

// Against a sorted list: bursts, long tails, empty stretches, a width far off, and pushes out of done().
TEST(SimEngine, CompletionQueueGivesAllInOrder) {
    for (std::uint64_t seed = 1; seed <= 60; ++seed) {
        Random random(seed);
        const double load = std::exp(9 * random.uniform());
        CompletionQueue queue(seed % 4 == 0 ? 50 : seed % 4 == 1 ? 0.001 : 1, seed % 3 == 0 ? 2 : load);
        std::vector<double> pushed, popped;
        double now = 0;
        bool in_order = true;
        const auto push = [&](double time) {
            pushed.push_back(time);
            queue.push(time, time);
        };
        const auto drain = [&](double until) {
            queue.drain(until, [&](double time, double tag) {
                in_order = in_order && time == tag && time <= until && (popped.empty() || popped.back() <= time);
                popped.push_back(time);
                if (pushed.size() < 30000 && random.below(4) == 0) push(time + load * random.exponential());
            });
        };
        for (int i = 0; i < 4000; ++i) {
            const auto kind = random.below(100);
            now += kind == 0 ? 20 * load * random.exponential() : kind < 60 ? random.exponential() : 0;
            drain(now);
            ASSERT_EQ(popped.size() + queue.size(), pushed.size());
            const double service = load * random.exponential();
            push(now + (kind == 1 ? 400 * service : kind < 20 ? std::floor(service) : service));
        }
        drain(1e18);
        EXPECT_TRUE(in_order) << seed;
        EXPECT_EQ(queue.size(), 0U);
        std::sort(pushed.begin(), pushed.end());
        EXPECT_EQ(pushed, popped) << seed;
    }
}

TEST(SimEngine, WindowMaxIdentity) {
    // An arrival that raises concurrency to k is cold exactly when concurrency was below k throughout the preceding keep-alive.
    for (std::uint64_t seed = 1; seed <= 30; ++seed) {
        auto trace = randomTrace(seed, 300, 4, false);  // ties are compared with the plain simulator above
        trace.cold = trace.warm;
        const double keep = 7;
        EngineOptions options;
        options.keep_alive.seconds = keep;
        Source source{trace};
        Sink sink;
        replay(source, sink, options);
        for (std::size_t n = 0; n < trace.arrivals.size(); ++n) {
            const double t = trace.arrivals[n];
            int now = 1;
            for (std::size_t j = 0; j < n; ++j) now += trace.arrivals[j] + trace.warm[j] > t ? 1 : 0;
            // Was concurrency >= now at some moment in [t - keep, t)? It peaks right after an arrival, or at the window's beginning.
            bool reached = false;
            for (std::size_t j = 0; j < n && !reached; ++j) {
                if (trace.arrivals[j] < t - keep) continue;
                int busy = 1;  // as of this arrival, earlier ones of the same instant included
                for (std::size_t i = 0; i < j; ++i) busy += trace.arrivals[i] + trace.warm[i] > trace.arrivals[j] ? 1 : 0;
                reached = busy >= now;
            }
            if (!reached) {  // at the window's beginning
                int busy = 0;
                for (std::size_t j = 0; j < n; ++j)
                    busy += trace.arrivals[j] < t - keep && trace.arrivals[j] + trace.warm[j] > t - keep ? 1 : 0;
                reached = busy >= now;
            }
            ASSERT_EQ(sink.how[n] == 1, !reached) << "seed " << seed << " request " << n;
        }
    }
}

TEST(SimEngine, SurfaceEqualsReplayAtEveryEdge) {
    const auto trace = randomTrace(7, 20000, 6, false);
    std::vector<float> services(trace.warm.begin(), trace.warm.end());
    Trace same = trace;
    for (std::size_t i = 0; i < services.size(); ++i) same.warm[i] = same.cold[i] = services[i];
    const auto surface = buildSurface(same.arrivals, services, same.arrivals.back());
    for (std::size_t edge = 1; edge < Surface::kGapBins; edge += 3) {
        EngineOptions options;
        options.keep_alive.seconds = Surface::edge(edge);
        Source source{same};
        Sink sink;
        replay(source, sink, options);
        double colds = 0;
        for (const int h : sink.how) colds += h == 1;
        ASSERT_DOUBLE_EQ(surface.coldStarts(options.keep_alive), colds) << "keep-alive " << Surface::edge(edge);
    }
    // The pool's work is the sum of its slots, for every pool; cold starts behind a pool are within 2 % (levels stand for slots there).
    for (int pool = 1; pool <= 12; ++pool) {
        EngineOptions options;
        options.pool = {{0.0, pool}};
        options.keep_alive.seconds = Surface::edge(40);
        Source source{same};
        Sink sink;
        replay(source, sink, options);
        EXPECT_NEAR(surface.poolBusy(static_cast<std::size_t>(pool)), sink.pool_busy, 1e-6 * sink.pool_busy);
        double spilled = 0, colds = 0;
        for (const int h : sink.how) {
            spilled += h != 2;
            colds += h == 1;
        }
        EXPECT_EQ(surface.spilled(static_cast<std::size_t>(pool)), spilled);
        EXPECT_NEAR(surface.coldStarts(options.keep_alive, static_cast<std::size_t>(pool)), colds, 5 + 0.1 * colds) << pool;
    }
}

TEST(SimEngine, ScaleTokensRefuseWhatTheBucketCannotStart) {
    Trace trace;
    for (int i = 0; i < 50; ++i) trace.arrivals.push_back(0.001 * i);
    trace.warm.assign(50, 100.0);
    trace.cold = trace.warm;
    EngineOptions options;
    options.scale = ScaleLimit{10, 100};
    Source source{trace};
    Sink sink;
    replay(source, sink, options);
    int cold = 0, refused = 0;
    for (const int h : sink.how) {
        cold += h == 1;
        refused += h == 3;
    }
    EXPECT_EQ(cold, 14);  // 10 in the bucket, 4 refilled in 49 ms
    EXPECT_EQ(refused, 36);
}

TEST(SimEngine, PoolScheduleTakesAndGivesBackSlots) {
    Trace trace;
    for (int i = 0; i < 6; ++i) trace.arrivals.push_back(10.0 * i);
    trace.warm.assign(6, 5.0);
    trace.cold = trace.warm;
    EngineOptions options;
    options.pool = {{15.0, 1}, {35.0, 0}};
    options.keep_alive.seconds = 1;
    Source source{trace};
    Sink sink;
    replay(source, sink, options);
    EXPECT_EQ(sink.how, (std::vector<int>{1, 1, 2, 2, 1, 1}));
}

TEST(SimEngine, HalvingEvictsHalfOfAnIdleFleetEachPeriod) {
    // Eight instances, idle together: after one period 4 are left, then 2, 1, 0 (simulation.md, SeBS re-analysed).
    for (const auto& [wait, left] : std::vector<std::pair<double, int>>{{300, 8}, {400, 4}, {800, 2}, {1200, 1}, {1600, 0}}) {
        Trace trace;
        for (int i = 0; i < 8; ++i) trace.arrivals.push_back(0.01 * i);
        for (int i = 0; i < 8; ++i) trace.arrivals.push_back(wait + 0.01 * i);
        trace.warm.assign(16, 5.0);
        trace.cold = trace.warm;
        EngineOptions options;
        options.keep_alive.kind = KeepAlive::Kind::halving;
        options.keep_alive.period_s = 380;
        Source source{trace};
        Sink sink;
        replay(source, sink, options);
        int warm = 0;
        for (std::size_t i = 8; i < 16; ++i) warm += sink.how[i] == 0;
        EXPECT_EQ(warm, left) << "after " << wait << " s";
    }
}

TEST(SimEngine, MaximumLifeEndsHotInstances) {
    Trace trace;
    for (int i = 0; i < 100; ++i) trace.arrivals.push_back(10.0 * i);
    trace.warm.assign(100, 1.0);
    trace.cold = trace.warm;
    EngineOptions options;
    options.keep_alive.kind = KeepAlive::Kind::halving;
    options.keep_alive.period_s = 380;
    options.keep_alive.max_life_s = 200;
    Source source{trace};
    Sink sink;
    replay(source, sink, options);
    int cold = 0;
    for (const int h : sink.how) cold += h == 1;
    EXPECT_EQ(cold, 5);  // at 0, 210, 420, 630, 840 s
}

TEST(SimRandom, LogAndExpAreAccurate) {
    Random random(3);
    for (int i = 0; i < 20000; ++i) {
        const double x = std::exp(40 * (random.uniform() - 0.5));
        EXPECT_NEAR(portableLog(x), std::log(x), 1e-15 * std::max(1.0, std::abs(std::log(x))));
        const double y = 200 * (random.uniform() - 0.5);
        EXPECT_NEAR(portableExp(y) / std::exp(y), 1, 4e-16);
        double block[] = {y, -x};
        portableExp(block);
        EXPECT_EQ(block[0], portableExp(y));
        EXPECT_NEAR(block[1], std::exp(-x), 4e-16);
    }
}

TEST(SimRandom, MomentsAndTails) {
    Random random(5);
    constexpr int n = 400000;
    double e1 = 0, e2 = 0, z1 = 0, z2 = 0, z4 = 0;
    int beyond = 0, tail = 0;
    for (int i = 0; i < n; ++i) {
        const double e = random.exponential(), z = random.normal();
        e1 += e;
        e2 += e * e;
        tail += e > 8;
        z1 += z;
        z2 += z * z;
        z4 += z * z * z * z;
        beyond += std::abs(z) > 3;
    }
    EXPECT_NEAR(e1 / n, 1, 0.008);
    EXPECT_NEAR(e2 / n, 2, 0.04);
    EXPECT_NEAR(tail, n * std::exp(-8), 5 * std::sqrt(n * std::exp(-8)));
    EXPECT_NEAR(z1 / n, 0, 0.008);
    EXPECT_NEAR(z2 / n, 1, 0.012);
    EXPECT_NEAR(z4 / n, 3, 0.1);
    EXPECT_NEAR(beyond, n * 0.0026998, 5 * std::sqrt(n * 0.0027));
}

TEST(SimRandom, StreamDrawsWhatTheSamplerDraws) {
    for (const auto kind : {Distribution::Kind::exponential, Distribution::Kind::lognormal, Distribution::Kind::constant, Distribution::Kind::empirical}) {
        const Distribution law{kind, 2.5, 1.7, {1, 2, 5}};
        SampleStream stream(law, Random(9, 3));
        const Sampler sampler(law);
        Random random(9, 3);
        for (int i = 0; i < 1000; ++i) ASSERT_EQ(stream.next(), sampler.draw(random)) << i;
    }
}

TEST(SimRandom, SameSeedSameBytes) {
    Random a(42, 7);
    EXPECT_EQ(Random(42, 7).bits(), a.bits());
    EXPECT_NE(Random(42, 8).bits(), Random(42, 7).bits());
    // Pinned: results are the same on every build.
    Random pinned(1);
    double sum = 0;
    for (int i = 0; i < 1000; ++i) sum += pinned.exponential() + pinned.normal();
    EXPECT_EQ(sum, 0x1.db9e1a019f0a2p+9);
}

}  // namespace
}  // namespace pilotlight::model
