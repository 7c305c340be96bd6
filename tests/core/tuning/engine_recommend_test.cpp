// What is recommended to functions with known faults, and whether the promised saving comes true.
#include <gtest/gtest.h>

#include <algorithm>

#include "core/tuning/engine.h"
#include "core/tuning/pool_levels.h"
#include "tests/core/tuning/truth.h"

namespace pilotlight::tuning {
namespace {

using test::Truth;

const Timestamp kBegin7 = test::kBegin + hours(7 * 24);

struct Asked {
    std::shared_ptr<const Engine> engine;
    Engine::SearchResult search;
    [[nodiscard]] const Recommendation& r() const { return search.recommendation; }
    [[nodiscard]] std::string after(const std::string& setting) const {
        for (const auto& c : r().changes)
            if (c.setting == setting) return c.after;
        return "";
    }
};
Asked ask(const Evidence& evidence, const Slo& slo = {}) {
    InlineExecutor executor;
    auto engine = Engine::build(evidence, executor, {});
    EXPECT_TRUE(engine.has_value()) << (engine ? "" : engine.error().text());
    if (!engine) return {};
    auto search = (*engine)->search(slo, {});
    EXPECT_TRUE(search.has_value());
    return {*engine, *search};
}
Evidence withTrials(Evidence e, const Truth& t, std::initializer_list<std::int32_t> sizes) {
    for (const auto size : sizes)
        if (size != t.memory) e.observations.push_back(test::observed(t, size, 300));
    return e;
}

// The saving under the recommended settings, by the truth.
double realised(const Truth& t, const Asked& a) {
    auto other = t;
    if (a.r().settings.memory) other.memory = a.r().settings.memory->value;
    if (a.r().settings.warm_pool) other.pool = *a.r().settings.warm_pool;
    if (a.r().settings.instance_limit) other.limit = a.r().settings.instance_limit->value;
    return test::runTruth(t).cost_month - test::runTruth(other).cost_month;
}

// What it says would change its mind is so: with that target it recommends something else, and with that duration nothing is saved.
TEST(Recommend, SaysWhatWouldChangeIt) {
    Truth t;
    t.memory = 1769;
    t.rate = 0.15;
    t.serial_ms = 400;
    t.cpu_ms = 300;
    auto run = test::runTruth(t);
    const auto evidence = withTrials(test::evidenceOf(t, run, 14), t, {512, 1024, 3008});
    Slo slo;
    slo.p95_ms = 1.02 * run.p95();
    const auto a = ask(evidence, slo);
    const auto& reasons = a.r().reasons;
    const auto said = std::find_if(reasons.begin(), reasons.end(), [](const auto& r) { return r.starts_with("What would change it: a p95 of "); });
    ASSERT_NE(said, reasons.end());
    std::string digits;
    for (const char c : said->substr(31, said->find(" ms", 31) - 31))
        if (c != ',') digits += c;
    slo.p95_ms = std::stod(digits) * 1.1;
    EXPECT_NE(ask(evidence, slo).r().id, a.r().id) << *said;
    slo.p95_ms = 3 * run.p95();
    const auto b = ask(evidence, slo);
    ASSERT_EQ(b.r().status, RecommendationStatus::recommended);
    EXPECT_TRUE(std::any_of(b.r().reasons.begin(), b.r().reasons.end(), [](const auto& r) { return r.find("would undo the saving") != r.npos; }));
}

TEST(Recommend, TooMuchMemoryIsCutToTheKneeAndTheSavingComesTrue) {
    int held = 0;
    for (std::uint64_t seed = 1; seed <= 4; ++seed) {
        Truth t;
        t.seed = seed;
        t.memory = 3008;
        t.rate = 0.15;
        auto run = test::runTruth(t);
        const auto a = ask(withTrials(test::evidenceOf(t, run, 14), t, {512, 1769}));
        ASSERT_EQ(a.r().status, RecommendationStatus::recommended);
        ASSERT_TRUE(a.r().settings.memory.has_value());
        EXPECT_GE(a.r().settings.memory->value, 1536);
        EXPECT_LE(a.r().settings.memory->value, 2048);
        EXPECT_TRUE(a.r().needs.empty());
        EXPECT_FALSE(a.r().reasons.empty());
        const double saved = realised(t, a);
        EXPECT_GT(saved, 0.02 * run.cost_month);
        EXPECT_NEAR(a.r().saving_month->value.toDouble() / saved, 1, 0.1);
        held += a.r().saving_month->lo.toDouble() <= saved && saved <= a.r().saving_month->hi.toDouble();
    }
    EXPECT_GE(held, 3);
}

TEST(Recommend, OneMeasuredSizeIsNotEnoughToBeSure) {
    Truth t;
    t.memory = 5308;
    t.rate = 0.15;
    auto run = test::runTruth(t);
    const auto a = ask(test::evidenceOf(t, run, 14));
    if (a.r().status == RecommendationStatus::recommended) {
        // Then it must be true.
        EXPECT_GT(realised(t, a), 0);
        EXPECT_NE(a.r().risk, "low");
    } else {
        EXPECT_EQ(a.r().status, RecommendationStatus::inconclusive);
        EXPECT_NE(a.r().needs.find("measurement at"), std::string::npos) << a.r().needs;
    }
}

TEST(Recommend, IdlePoolIsRemovedOnItsQualifier) {
    Truth t;
    t.pool = 4;
    t.rate = 0.02;
    auto run = test::runTruth(t);
    const auto a = ask(test::evidenceOf(t, run, 14));
    ASSERT_EQ(a.r().status, RecommendationStatus::recommended);
    EXPECT_EQ(a.after("warm_pool@live"), "0");
    EXPECT_EQ(a.r().settings.pool_qualifier, "live");
    EXPECT_FALSE(a.r().settings.memory.has_value());  // nothing is known of other sizes
    EXPECT_TRUE(a.r().alias.empty());                 // the pool is set on the alias, nothing is published
    const double saved = realised(t, a);
    EXPECT_LE(a.r().saving_month->lo.toDouble(), saved * 1.001);
    EXPECT_GE(a.r().saving_month->hi.toDouble(), saved * 0.999);
}

TEST(Recommend, PoolOfAFunctionThatIsNeverInvoked) {
    Truth t;
    t.pool = 3;
    const auto a = ask(test::evidenceOf(t, {}, 14));
    ASSERT_EQ(a.r().status, RecommendationStatus::recommended);
    EXPECT_EQ(a.after("warm_pool@live"), "0");
    EXPECT_NEAR(a.r().saving_month->value.toDouble(), 3 * 0.5 * 30 * 86400 * 4.1667e-6, 0.01);
}

TEST(Recommend, PoolThatSomethingElseScalesIsLeftAlone) {
    Truth t;
    t.pool = 4;
    t.rate = 0.02;
    auto run = test::runTruth(t);
    auto evidence = test::evidenceOf(t, run, 14);
    evidence.function.qualifiers[0].scaling = PoolScaling{1, 5, true, {}, {}};
    const auto a = ask(evidence);
    EXPECT_TRUE(a.after("warm_pool@live").empty());
}

TEST(Recommend, BusyPoolPays) {
    Truth t;
    t.rate = 8;
    t.daily_swing = 0.1;
    t.memory = 1769;
    t.days = 0.5;
    t.pool = 1;
    auto run = test::runTruth(t);
    const auto a = ask(withTrials(test::evidenceOf(t, run, 0.5), t, {512, 1024, 3008}));
    // Load is 8: some seven slots are busy more than 60 % of the time.
    ASSERT_EQ(a.r().status, RecommendationStatus::recommended);
    auto chosen = t;
    if (a.r().settings.warm_pool) chosen.pool = *a.r().settings.warm_pool;
    if (a.r().settings.memory) chosen.memory = a.r().settings.memory->value;
    EXPECT_LT(test::runTruth(chosen).cost_month, run.cost_month);
}

// Busy by day and idle by night, with requests that take a minute: slots that pay by day only.
Truth dayAndNight() {
    Truth t;
    t.rate = 0.12;
    t.daily_swing = 0.98;
    t.serial_ms = 60000;
    t.cpu_ms = 100;
    t.memory = 1769;
    t.pool = 1;
    return t;
}

TEST(Recommend, ScheduleThatRepeatsIsRecommendedAndWasTriedOutOfSample) {
    const auto t = dayAndNight();
    auto run = test::runTruth(t);
    const auto a = ask(test::evidenceOf(t, run, 14));
    ASSERT_EQ(a.r().status, RecommendationStatus::recommended);
    ASSERT_TRUE(a.r().settings.warm_schedule.has_value());
    bool said = false;
    for (const auto& reason : a.r().reasons) said = said || reason.find("tried on them") != std::string::npos;
    EXPECT_TRUE(said);
}

TEST(Recommend, ScheduleThatFitsOnlyThePastIsNot) {
    const auto t = dayAndNight();
    auto run = test::runTruth(t);
    // In the second week night is day.
    for (auto& i : run.log)
        if (i.time >= kBegin7) i.time = kBegin7 + (i.time - kBegin7 + hours(12)) % milliseconds(hours(7 * 24));
    std::stable_sort(run.log.begin(), run.log.end(), [](const auto& x, const auto& y) { return x.time < y.time; });
    const auto a = ask(test::evidenceOf(t, run, 14));
    EXPECT_FALSE(a.r().settings.warm_schedule.has_value());
}

TEST(Recommend, ThrottledFunctionGetsAHigherLimit) {
    Truth t;
    t.limit = 5;
    t.rate = 2;
    t.days = 1;
    t.memory = 1769;
    auto run = test::runTruth(t);
    ASSERT_GT(run.throttled / run.requests, 0.02);
    const auto a = ask(test::evidenceOf(t, run, 1));
    ASSERT_EQ(a.r().status, RecommendationStatus::recommended);
    ASSERT_TRUE(a.r().settings.instance_limit.has_value());
    auto raised = t;
    raised.limit = a.r().settings.instance_limit->value;
    const auto truth = test::runTruth(raised);
    EXPECT_LT(truth.throttled / truth.requests, 0.002) << raised.limit;
    EXPECT_LE(raised.limit, 30);
}

// Less memory is cheaper and slower, so more requests are in service at once than today's limit lets in: both are changed together, and
// where the account has nothing to give, no setting is recommended that refuses requests.
TEST(Recommend, SmallerSizeTakesAHigherLimitWithIt) {
    Truth t;
    t.memory = 1769;
    t.serial_ms = 700;
    t.cpu_ms = 300;
    t.rate = 2;
    t.days = 1;
    t.limit = 11;
    auto run = test::runTruth(t);
    ASSERT_LT(run.throttled / run.requests, 1e-3);
    auto small = t;
    small.memory = 512;
    const auto narrow = test::runTruth(small);
    ASSERT_GT(narrow.throttled / narrow.requests, 2e-3);
    ASSERT_LT(narrow.cost_month, 0.7 * run.cost_month);
    Slo slo;
    slo.p95_ms = 3 * run.p95();
    auto evidence = withTrials(test::evidenceOf(t, run, 1), t, {512, 1024});
    evidence.limits.emplace();
    evidence.limits->concurrent_executions = 1000;
    evidence.limits->unreserved_concurrent_executions = 900;
    const auto a = ask(evidence, slo);
    ASSERT_EQ(a.r().status, RecommendationStatus::recommended);
    ASSERT_TRUE(a.r().settings.memory && a.r().settings.instance_limit);
    EXPECT_LE(a.r().settings.memory->value, 768);
    EXPECT_EQ(a.after("instance_limit"), std::to_string(a.r().settings.instance_limit->value));
    EXPECT_TRUE(std::any_of(a.r().reasons.begin(), a.r().reasons.end(), [](const auto& r) { return r.find("the limit of 11 would refuse") != r.npos; }));
    auto chosen = t;
    chosen.memory = a.r().settings.memory->value;
    chosen.limit = a.r().settings.instance_limit->value;
    const auto truth = test::runTruth(chosen);
    EXPECT_LT(truth.throttled / truth.requests, 2e-3);
    EXPECT_GT(realised(t, a), 0.2 * run.cost_month);
    const auto& c = a.search.candidates;
    EXPECT_TRUE(std::any_of(c.begin(), c.end(), [](const auto& x) { return x.feasible && x.settings.instance_limit; }));

    evidence.limits->unreserved_concurrent_executions = 100;  // must stay unreserved
    const auto b = ask(evidence, slo);
    EXPECT_FALSE(b.r().settings.instance_limit.has_value());
    if (b.r().status == RecommendationStatus::recommended) {
        chosen = t;
        chosen.memory = b.r().settings.memory.value_or(Megabytes{t.memory}).value;
        const auto kept = test::runTruth(chosen);
        EXPECT_LT(kept.throttled / kept.requests, 3e-3);
    }
}

// Said only where the account's other functions are short of capacity, and never changed.
TEST(Recommend, SpareReservationIsSaidWhereTheAccountIsShort) {
    Truth t;
    t.limit = 700;
    t.rate = 0.2;
    const auto run = test::runTruth(t);
    const auto reasonsWith = [&](std::int32_t unreserved) {
        auto evidence = test::evidenceOf(t, run, 14);
        evidence.limits.emplace();
        evidence.limits->concurrent_executions = 1000;
        evidence.limits->unreserved_concurrent_executions = unreserved;
        const auto a = ask(evidence);
        EXPECT_FALSE(a.r().settings.instance_limit.has_value());
        return std::count_if(a.r().reasons.begin(), a.r().reasons.end(),
                             [](const auto& r) { return r.find("Of 700 reserved instances") != r.npos; });
    };
    EXPECT_EQ(reasonsWith(150), 1);
    EXPECT_EQ(reasonsWith(900), 0);
}

// What another program scales is not changed; that it wastes money is said, with what to do, and all is not called well.
TEST(Recommend, IdlePoolThatAnAutoscalerKeepsIsNamed) {
    Truth t;
    t.rate = 0.01;
    t.pool = 3;
    const auto run = test::runTruth(t);
    auto evidence = test::evidenceOf(t, run, 14);
    const auto said = [&](const PoolScaling& scaling) {
        evidence.function.qualifiers.front().scaling = scaling;
        evidence.history = {inForce(evidence.function, evidence.range.begin)};
        const auto a = ask(evidence);
        EXPECT_FALSE(a.r().settings.warm_pool || a.r().settings.warm_schedule);
        EXPECT_NE(a.r().status, RecommendationStatus::optimal);
        const auto reason = std::ranges::find_if(a.r().reasons, [](const auto& r) { return r.starts_with("The warm pool keeps "); });
        return reason == a.r().reasons.end() ? std::string() : *reason;
    };
    const auto bare = said({3, 5, false, {}, {}});
    EXPECT_NE(bare.find("3.0 instances on average and 1 would do"), std::string::npos) << bare;
    EXPECT_NE(said({3, 5, true, {}, {}}).find("lower its minimum"), std::string::npos);
    const PoolScaling by_day{0, 5, false, {{"on", "cron(0 6 * * ? *)", "", 3, 3, {}, {}}, {"off", "cron(0 18 * * ? *)", "", 0, 0, {}, {}}}, {}};
    const auto clock = said(by_day);
    EXPECT_NE(clock.find("1.5 instances on average and 0 would do"), std::string::npos) << clock;
    EXPECT_NE(clock.find("scheduled actions"), std::string::npos) << clock;
}

TEST(Recommend, MissedTargetIsMetAtTheLeastCost) {
    Truth t;
    t.rate = 0.1;
    auto run = test::runTruth(t);
    Slo slo;
    slo.p95_ms = 2600;  // today 4.8 s at 512 MB
    const auto a = ask(withTrials(test::evidenceOf(t, run, 14), t, {256, 1024, 1769}), slo);
    ASSERT_EQ(a.r().status, RecommendationStatus::recommended);
    ASSERT_TRUE(a.r().settings.memory.has_value());
    auto other = t;
    other.memory = a.r().settings.memory->value;
    EXPECT_LT(test::runTruth(other).p95(), 2600 * 1.02);
    EXPECT_LE(other.memory, 1769);
}

TEST(Recommend, GoodSettingsAreOptimal) {
    Truth t;
    t.memory = 512;
    t.rate = 0.2;
    t.serial_ms = 5;
    auto run = test::runTruth(t);
    const auto a = ask(withTrials(test::evidenceOf(t, run, 14), t, {256, 1024, 1769}));
    // Proportional to memory: no size is cheaper; a slower one would miss p95 + 5 %.
    EXPECT_EQ(a.r().status, RecommendationStatus::optimal) << (a.r().reasons.empty() ? "" : a.r().reasons.front());
    EXPECT_TRUE(a.r().changes.empty());
}

TEST(Recommend, TooFewInvocationsSaysHowManyAndWhen) {
    Truth t;
    t.rate = 50.0 / (14 * 86400);
    t.daily_swing = 0;
    auto run = test::runTruth(t);
    const auto a = ask(test::evidenceOf(t, run, 14));
    EXPECT_EQ(a.r().status, RecommendationStatus::inconclusive);
    EXPECT_NE(a.r().needs.find("more invocations, about 20"), std::string::npos) << a.r().needs;
}

TEST(Recommend, NothingBelowTheMemoryFloor) {
    Truth t;
    t.memory = 1024;
    t.used = 700;  // floor 805 MB
    t.cpu_ms = 20;
    t.serial_ms = 900;  // flat: less memory is always cheaper
    t.rate = 0.2;
    auto run = test::runTruth(t);
    auto evidence = test::evidenceOf(t, run, 14);
    for (const auto size : {768, 1769, 3008}) evidence.observations.push_back(test::observed(t, size, 300));
    const auto a = ask(evidence);
    ASSERT_TRUE(a.engine->memoryFloor().has_value());
    EXPECT_GE(a.engine->memoryFloor()->value, 805);
    for (const auto& c : a.search.candidates)
        if (c.settings.memory) EXPECT_GE(c.settings.memory->value, 805);
}

TEST(Recommend, IdIsStableAndTellsSettingsApart) {
    Truth t;
    t.pool = 4;
    t.rate = 0.02;
    auto run = test::runTruth(t);
    const auto evidence = test::evidenceOf(t, run, 14);
    const auto a = ask(evidence), b = ask(evidence);
    EXPECT_EQ(a.r().id, b.r().id);
    auto elsewhere = evidence;
    elsewhere.function.id += "2";
    EXPECT_NE(ask(elsewhere).r().id, a.r().id);
}

TEST(Recommend, ChangeOfMemoryGoesThroughTheAlias) {
    Truth t;
    t.memory = 3008;
    t.rate = 0.1;
    t.pool = 1;
    auto run = test::runTruth(t);
    const auto a = ask(withTrials(test::evidenceOf(t, run, 14), t, {512, 1769}));
    ASSERT_EQ(a.r().status, RecommendationStatus::recommended);
    ASSERT_TRUE(a.r().settings.memory.has_value());
    EXPECT_EQ(a.r().alias, "live");
}

TEST(Recommend, FrontIsAFront) {
    Truth t;
    t.memory = 1024;
    t.pool = 1;
    t.rate = 0.1;
    auto run = test::runTruth(t);
    const auto a = ask(withTrials(test::evidenceOf(t, run, 14), t, {256, 1769}));
    ASSERT_FALSE(a.search.candidates.empty());
    EXPECT_LT(a.search.candidates.size(), 4000U);
    for (const auto& x : a.search.candidates) {
        if (!x.on_front) continue;
        for (const auto& y : a.search.candidates) EXPECT_FALSE(y.cost_month_usd < x.cost_month_usd - 1e-12 && y.p95_ms < x.p95_ms - 1e-9);
    }
}

}  // namespace
}  // namespace pilotlight::tuning
