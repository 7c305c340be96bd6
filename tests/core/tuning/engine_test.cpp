// The engine against a platform whose truth is known: today's figures, other settings, and what is recommended.
#include "core/tuning/engine.h"

#include <gtest/gtest.h>

#include <thread>

#include "tests/core/tuning/truth.h"

namespace pilotlight::tuning {
namespace {

using test::Truth;

std::shared_ptr<const Engine> built(const Evidence& evidence) {
    InlineExecutor executor;
    auto engine = Engine::build(evidence, executor, {});
    EXPECT_TRUE(engine.has_value()) << (engine ? "" : engine.error().text());
    return engine.value_or(nullptr);
}
WhatIf atMemory(std::int32_t memory) {
    WhatIf what;
    what.settings.memory = Megabytes{memory};
    return what;
}
double usd(const std::optional<MoneyEstimate>& m) { return m->value.toDouble(); }
Evidence withTrials(Evidence e, const Truth& t, std::initializer_list<std::int32_t> sizes) {
    for (const auto size : sizes)
        if (size != t.memory) e.observations.push_back(test::observed(t, size, 300));
    return e;
}

TEST(Engine, TodayIsWhatWasMeasured) {
    const Truth t;
    auto run = test::runTruth(t);
    const auto engine = built(test::evidenceOf(t, run, 14));
    const auto today = engine->quick({}).today;
    EXPECT_TRUE(today.exact);
    EXPECT_NEAR(usd(today.cost_month) / run.cost_month, 1, 0.005);
    EXPECT_NEAR(today.p95_ms->value / run.p95(), 1, 0.01);
    EXPECT_NEAR(today.cold_start_share->value / (run.cold / run.requests), 1, 0.02);
    EXPECT_EQ(today.throttled_share->value, 0);
    Money sum;
    for (const auto& [meter, amount] : today.breakdown) sum += amount.value;
    EXPECT_EQ(sum, today.cost_month->value);
}

TEST(Engine, TodayHoldsWhereOnlyTwoDaysAreLogged) {
    const Truth t;
    auto run = test::runTruth(t);
    const auto engine = built(test::evidenceOf(t, run, 2));
    const auto result = engine->quick({});
    EXPECT_NEAR(usd(result.today.cost_month) / run.cost_month, 1, 0.02);
    EXPECT_NEAR(result.today.p95_ms->value / run.p95(), 1, 0.03);
    EXPECT_NEAR(result.today.cold_start_share->value / (run.cold / run.requests), 1, 0.1);
    EXPECT_NE(result.basis.evidence.find("drawn from counts"), std::string::npos);  // says that most of it is synthetic
}

TEST(Engine, IntervalsHoldTheTruthAtOtherSizes) {
    int held = 0, asked = 0;
    for (std::uint64_t seed = 1; seed <= 3; ++seed) {
        Truth t;
        t.seed = seed;
        t.rate = 0.04;
        t.serial_ms = 40.0 * static_cast<double>(seed);
        auto run = test::runTruth(t);
        const auto engine = built(withTrials(test::evidenceOf(t, run, 14), t, {256, 1024, 3008}));
        for (const std::int32_t memory : {384, 768, 1536, 2048}) {
            auto other = t;
            other.memory = memory;
            auto truth = test::runTruth(other);
            const auto w = engine->exact(atMemory(memory), {})->whatif;
            EXPECT_NEAR(usd(w.cost_month) / truth.cost_month, 1, 0.06) << seed << " " << memory;
            EXPECT_NEAR(w.cold_start_share->value / (truth.cold / truth.requests), 1, 0.15) << seed << " " << memory;
            held += w.cost_month->lo.toDouble() <= truth.cost_month && truth.cost_month <= w.cost_month->hi.toDouble();
            held += w.p95_ms->lo <= truth.p95() && truth.p95() <= w.p95_ms->hi;
            asked += 2;
        }
    }
    EXPECT_GE(held, asked * 8 / 10) << held << " of " << asked;  // 90 % intervals of 24 correlated figures
}

TEST(Engine, PoolIsPricedAndServed) {
    Truth t;
    t.pool = 2;
    t.rate = 0.1;
    t.memory = 1024;
    auto run = test::runTruth(t);
    const auto engine = built(test::evidenceOf(t, run, 14));
    EXPECT_NEAR(usd(engine->quick({}).today.cost_month) / run.cost_month, 1, 0.01);
    for (const std::int32_t pool : {0, 1, 3}) {
        auto other = t;
        other.pool = pool;
        auto truth = test::runTruth(other);
        WhatIf what;
        what.settings.warm_pool = pool;
        const auto exact = engine->exact(what, {})->whatif;
        const auto quick = engine->quick(what).whatif;
        EXPECT_NEAR(usd(exact.cost_month) / truth.cost_month, 1, 0.01) << pool;
        EXPECT_NEAR(usd(quick.cost_month) / truth.cost_month, 1, 0.01) << pool;
        EXPECT_FALSE(quick.exact);
        EXPECT_TRUE(exact.exact);
    }
}

TEST(Engine, OneScheduledHourADayCostsAnHourADay) {
    Truth t;
    t.pool = 1;
    auto run = test::runTruth(t);
    const auto engine = built(test::evidenceOf(t, run, 14));
    WhatIf what;
    WarmSchedule schedule;
    schedule.entries = {{0x7f, 9 * 60, 5}, {0x7f, 10 * 60, 0}};
    what.settings.warm_schedule = schedule;
    const auto w = engine->exact(what, {})->whatif;
    EXPECT_NEAR(w.breakdown.at(meter::kPoolKept).value.toDouble(), 5 * 30 * 3600 * 0.5 * 4.1667e-6, 1e-6);
    EXPECT_GT(w.breakdown.at(meter::kPoolDuration).value.toDouble(), 0);
    EXPECT_NEAR(usd(engine->quick(what).whatif.cost_month) / usd(w.cost_month), 1, 0.02);
}

TEST(Engine, TwiceTheTrafficIsTwiceTheRequestCost) {
    const Truth t;
    auto run = test::runTruth(t);
    const auto engine = built(test::evidenceOf(t, run, 14));
    WhatIf what;
    what.traffic = 2;
    const auto now = engine->quick({}).today, twice = engine->exact(what, {})->whatif;
    EXPECT_NEAR(twice.breakdown.at(meter::kRequests).value.toDouble() / now.breakdown.at(meter::kRequests).value.toDouble(), 2, 1e-6);
    EXPECT_NEAR(twice.breakdown.at(meter::kDuration).value.toDouble() / now.breakdown.at(meter::kDuration).value.toDouble(), 2, 0.01);
    EXPECT_LT(twice.cold_start_share->value, now.cold_start_share->value);  // busier instances stay warm
    what.traffic = 0.5;
    EXPECT_NEAR(usd(engine->exact(what, {})->whatif.cost_month) / usd(now.cost_month), 0.5, 0.02);
    what.traffic = 1;
    what.surge = 10;
    EXPECT_GT(engine->exact(what, {})->whatif.cold_start_share->value, 0);
    EXPECT_GT(usd(engine->exact(what, {})->whatif.cost_month), usd(now.cost_month));
}

TEST(Engine, SameAnswersOnAnyExecutor) {
    class Threads final : public Executor {
    public:
        ~Threads() override {
            for (auto& t : threads_) t.join();
        }
        void post(std::function<void()> task) override { threads_.emplace_back(std::move(task)); }
        explicit Threads(std::size_t parallelism) : parallelism_(parallelism) {}
        [[nodiscard]] std::size_t parallelism() const override { return parallelism_; }

    private:
        std::size_t parallelism_;
        std::vector<std::thread> threads_;
    };
    Truth t;
    t.days = 5;
    auto run = test::runTruth(t);
    const auto evidence = test::evidenceOf(t, run, 2);
    const auto a = built(evidence);
    const auto found = *a->search({}, {});
    for (const std::size_t parallelism : {1, 2, 4}) {
        std::shared_ptr<const Engine> b;
        {
            Threads threads(parallelism);
            b = *Engine::build(evidence, threads, {});
        }
        const auto qa = a->quick(atMemory(900)).whatif, qb = b->quick(atMemory(900)).whatif;
        EXPECT_EQ(qa.cost_month, qb.cost_month);
        EXPECT_EQ(qa.p95_ms, qb.p95_ms);
        EXPECT_EQ(qa.latency_cdf, qb.latency_cdf);
        EXPECT_EQ(a->exact(atMemory(900), {})->whatif.latency_cdf, b->exact(atMemory(900), {})->whatif.latency_cdf);
        EXPECT_EQ(a->week().cold, b->week().cold);
        const auto again = *b->search({}, {});
        EXPECT_EQ(found.recommendation.id, again.recommendation.id);
        EXPECT_EQ(found.recommendation.reasons, again.recommendation.reasons);
        ASSERT_EQ(found.candidates.size(), again.candidates.size());
        for (std::size_t i = 0; i < found.candidates.size(); ++i) {
            EXPECT_EQ(found.candidates[i].cost_month_usd, again.candidates[i].cost_month_usd);
            EXPECT_EQ(found.candidates[i].p95_ms, again.candidates[i].p95_ms);
            EXPECT_EQ(found.candidates[i].cold_share, again.candidates[i].cold_share);
        }
    }
}

TEST(Engine, DemandAheadComesWithItsBackTest) {
    Truth t;
    t.rate = 0.1;
    auto run = test::runTruth(t);
    const auto demand = built(test::evidenceOf(t, run, 14))->quick({}).basis.demand;
    EXPECT_NE(demand.find("times the last 7"), std::string::npos) << demand;
    EXPECT_NE(demand.find("days tried"), std::string::npos) << demand;
    t.days = 5;
    auto brief = test::runTruth(t);
    EXPECT_TRUE(built(test::evidenceOf(t, brief, 5))->quick({}).basis.demand.empty());  // too few days to try it on
}

TEST(Engine, NothingToGoByIsNotFound) {
    Truth t;
    auto evidence = test::evidenceOf(t, {}, 14);
    InlineExecutor executor;
    const auto engine = Engine::build(evidence, executor, {});
    ASSERT_FALSE(engine.has_value());
    EXPECT_EQ(engine.error().code, ErrorCode::not_found);
}

TEST(Engine, CancelsDuringBuild) {
    Truth t;
    t.days = 2;
    auto run = test::runTruth(t);
    std::stop_source stop;
    stop.request_stop();
    InlineExecutor executor;
    const auto engine = Engine::build(test::evidenceOf(t, run, 2), executor, JobContext(stop.get_token()));
    ASSERT_FALSE(engine.has_value());
    EXPECT_EQ(engine.error().code, ErrorCode::cancelled);
}

TEST(Engine, WeekShowsTheDailyWave) {
    Truth t;
    t.rate = 0.3;
    auto run = test::runTruth(t);
    const auto engine = built(test::evidenceOf(t, run, 14));
    const auto& week = engine->week();
    ASSERT_EQ(week.mean.size(), 2016U);
    double mean = 0;
    for (const float m : week.mean) mean += m / 2016;
    EXPECT_NEAR(mean, run.billed_ms / 1000 / (14 * 86400), 0.02);  // busy instances on average
    for (std::size_t b = 0; b < 2016; ++b) EXPECT_LE(week.mean[b], week.peak[b] + 1e-3);
}

TEST(Slo, OwnBeforeTag) {
    Function f;
    f.id = "a";
    f.tags["team"] = "ml";
    Slo by_tag, own, other;
    by_tag.tag_key = "team";
    by_tag.tag_value = "ml";
    by_tag.p95_ms = 100;
    own.function_id = "a";
    own.p95_ms = 50;
    other.function_id = "b";
    other.p95_ms = 1;
    EXPECT_EQ(sloFor(f, {by_tag, other, own})->p95_ms, 50);
    EXPECT_EQ(sloFor(f, {by_tag, other})->p95_ms, 100);
    EXPECT_FALSE(sloFor(f, {other}).has_value());
}

}  // namespace
}  // namespace pilotlight::tuning
