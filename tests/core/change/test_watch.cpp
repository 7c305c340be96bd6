#include <cmath>
#include <random>

#include "core/change/harm.h"
#include "core/change/journal_state.h"
#include "core/change/statistics.h"
#include "core/pricing/price_book.h"
#include "tests/core/change/rig.h"

namespace pilotlight::change {
namespace {

using test::memory;
using test::Rig;

// Traffic into the store: `per_minute` invocations of about `mean_ms`, errors with probability `error_share`.
struct Traffic {
    double per_minute = 20, mean_ms = 100, error_share = 0.01, cold_share = 0.01;
    int memory_mb = 1024;
};

void fill(Rig& rig, const std::string& name, TimeRange range, const Traffic& traffic, std::uint64_t seed, bool logs = true) {
    std::mt19937_64 random(seed);
    std::lognormal_distribution<double> duration(std::log(traffic.mean_ms) - 0.02, 0.2);
    std::uniform_real_distribution<double> uniform(0, 1);
    InvocationLog log;
    std::map<Timestamp, std::vector<double>> durations;
    std::map<Timestamp, double> errors;
    const double gap = 60'000 / traffic.per_minute;
    for (double at = gap * uniform(random); at < static_cast<double>(range.length().count()); at += gap) {
        Invocation invocation;
        invocation.time = range.begin + milliseconds(static_cast<std::int64_t>(at));
        invocation.duration_ms = static_cast<float>(duration(random));
        invocation.billed_ms = std::ceil(invocation.duration_ms);
        invocation.memory_mb = traffic.memory_mb;
        invocation.max_memory_used_mb = 200;
        invocation.request = random();
        invocation.instance = 1;
        if (uniform(random) < traffic.cold_share) {
            invocation.init_ms = 300;
            invocation.billed_ms = std::ceil(invocation.duration_ms + 300);
        }
        invocation.failed = uniform(random) < traffic.error_share;
        const auto bin = floorTo(invocation.time, minutes(1));
        durations[bin].push_back(invocation.duration_ms);
        errors[bin] += invocation.failed ? 1 : 0;
        log.invocations.push_back(invocation);
    }
    log.complete.add(range);
    log.cold_only.add(range);
    const auto id = Rig::id(name);
    const auto key = [&](Metric metric, Statistic statistic) { return SeriesKey{id, "", metric, statistic, seconds(60)}; };
    MetricSeries invocations{key(Metric::invocations, Statistic::sum), {}, {}}, failed{key(Metric::errors, Statistic::sum), {}, {}},
        throttles{key(Metric::throttles, Statistic::sum), {}, {}}, average{key(Metric::duration, Statistic::average), {}, {}},
        p95{key(Metric::duration, Statistic::p95), {}, {}};
    for (auto& [bin, values] : durations) {
        std::sort(values.begin(), values.end());
        double sum = 0;
        for (const double value : values) sum += value;
        invocations.points.push_back({bin, static_cast<double>(values.size())});
        failed.points.push_back({bin, errors[bin]});
        throttles.points.push_back({bin, 0});
        average.points.push_back({bin, sum / static_cast<double>(values.size())});
        p95.points.push_back({bin, values[static_cast<std::size_t>(0.95 * static_cast<double>(values.size() - 1))]});
    }
    std::vector<MetricSeries> all{invocations, failed, throttles, average, p95};
    for (auto& series : all) series.coverage.add(range);
    ASSERT_TRUE(rig.store->putSeries(all));
    if (logs) {
        ASSERT_TRUE(rig.store->putInvocations(id, log));
    }
}

class Watch : public ::testing::Test {
protected:
    // Two days of history, then the change at 12:00, then `after` for the whole window.
    Change run(const Traffic& before, const Traffic& after, minutes until = minutes(60), Effect effect = {}, bool logs = true) {
        const auto read = rig.platform->readFunction(Rig::id("chat"), rig.job);
        EXPECT_TRUE(rig.store->putFunction(*read));
        const Timestamp now = rig.clock->now();
        fill(rig, "chat", {now - hours(48), now}, before, 1, logs);
        PlanRequest request{.function_id = Rig::id("chat"), .desired = memory(512), .effect = effect};
        const auto plan = rig.service->plan(request, rig.job);
        const auto applied = rig.apply(*plan);
        EXPECT_EQ(applied->status, ChangeStatus::applied) << applied->detail;
        id = applied->change_id;
        const Change change = rig.store->change(id).value();
        rig.clock->set(change.applied + until);
        if (after.per_minute > 0) fill(rig, "chat", {change.applied, change.applied + until}, after, 2, logs);
        EXPECT_TRUE(rig.service->watch(rig.job));
        return rig.store->change(id).value();
    }
    Rig rig;
    std::string id;
};

TEST_F(Watch, KeepsWhatDoesNoHarmAndMeasuresTheSaving) {
    Traffic after;
    after.memory_mb = 512;
    const Change change = run({}, after);
    EXPECT_EQ(change.status, ChangeStatus::kept) << change.detail;
    ASSERT_TRUE(change.realised_saving_month);
    // 20 a minute x 30 days x about 100 ms: half of 1 GB costs half of it.
    const auto book = pricing::bundledBook("aws", "us-east-1", "x86_64");
    ASSERT_TRUE(book);
    const double gb_second = book->find(meter::kDuration)->tiers.front().price.toDouble();
    const double requests = 20.0 * 60 * 24 * 30;
    const double expected = requests * 0.1005 * 0.5 * gb_second + requests * 0.01 * 0.3 * 0.5 * gb_second;
    EXPECT_NEAR(change.realised_saving_month->value.toDouble(), expected, expected * 0.1);
    EXPECT_LT(change.realised_saving_month->lo, change.realised_saving_month->value);
    EXPECT_GT(change.realised_saving_month->hi, change.realised_saving_month->value);
    ASSERT_TRUE(change.realised);
    ASSERT_TRUE(change.realised->p95_ms);
    EXPECT_NEAR(change.realised->p95_ms->after, change.realised->p95_ms->before, 5);
}

TEST_F(Watch, HarmfulErrorsAreRevertedBeforeTheWindowEnds) {
    Traffic after;
    after.error_share = 0.08;
    const Change change = run({}, after, minutes(30));
    EXPECT_EQ(change.status, ChangeStatus::reverted) << change.detail;
    EXPECT_EQ(change.reverted_by, "watch");
    EXPECT_NE(change.detail.find("errors rose"), std::string::npos);
    EXPECT_EQ(rig.lambda->functions["chat"].latest.memory, 1024);
    EXPECT_EQ(rig.store->changes()->size(), 2u);
}

TEST_F(Watch, HarmfulLatencyIsRevertedUnlessItWasToBeExpected) {
    Traffic after;
    after.mean_ms = 160;
    EXPECT_EQ(run({}, after).status, ChangeStatus::reverted);
}

TEST_F(Watch, LatencyThatThePlanPromisedIsNoHarm) {
    Traffic after;
    after.mean_ms = 160;
    Effect effect;
    effect.p95_ms = EffectValue{140, 225, 200, 250};
    EXPECT_EQ(run({}, after, minutes(60), effect).status, ChangeStatus::kept);
}

TEST_F(Watch, LatencyWithinTheTargetIsNoHarm) {
    Slo slo;
    slo.function_id = Rig::id("chat");
    slo.p95_ms = 400;
    ASSERT_TRUE(rig.store->putSlo(slo));
    Traffic after;
    after.mean_ms = 160;
    EXPECT_EQ(run({}, after).status, ChangeStatus::kept);
}

TEST_F(Watch, FromMetricsAloneToo) {
    Traffic after;
    after.mean_ms = 200;
    EXPECT_EQ(run({}, after, minutes(60), {}, false).status, ChangeStatus::reverted);
}

TEST_F(Watch, ColdStartsAreWatched) {
    Traffic after;
    after.cold_share = 0.2;
    const Change change = run({}, after);
    EXPECT_EQ(change.status, ChangeStatus::reverted);
    EXPECT_NE(change.detail.find("cold starts"), std::string::npos);
}

TEST_F(Watch, AQuietFunctionIsWatchedOn) {
    Traffic after;
    after.per_minute = 0.5;
    const Change quiet = run({}, after);
    EXPECT_EQ(quiet.status, ChangeStatus::watching);
    EXPECT_GT(quiet.watch_until - quiet.applied, minutes(90));
    EXPECT_LE(quiet.watch_until - quiet.applied, hours(6));
    EXPECT_NE(quiet.detail.find("watched on until"), std::string::npos) << quiet.detail;
    fill(rig, "chat", {quiet.applied + minutes(60), quiet.watch_until}, after, 5);
    rig.clock->set(quiet.watch_until);
    ASSERT_TRUE(rig.service->watch(rig.job));
    EXPECT_EQ(rig.store->change(id)->status, ChangeStatus::kept) << rig.store->change(id)->detail;
}

TEST_F(Watch, TooLittleIsInconclusiveAndNeverKept) {
    Traffic before, after;
    after.per_minute = 0.1;
    const Change change = run(before, after);
    EXPECT_EQ(change.status, ChangeStatus::inconclusive) << change.detail;
    EXPECT_NE(change.detail.find("at least 50"), std::string::npos);
    EXPECT_EQ(rig.lambda->functions["chat"].latest.memory, 512) << "left as it is";
}

TEST_F(Watch, WithoutAnyDataItWaitsThenGivesUp) {
    Traffic none;
    none.per_minute = 0;
    EXPECT_EQ(run({}, none).status, ChangeStatus::watching);
    rig.clock->advance(hours(3));
    ASSERT_TRUE(rig.service->watch(rig.job));
    EXPECT_EQ(rig.store->change(id)->status, ChangeStatus::inconclusive);
}

TEST_F(Watch, WatchesOnWhileTheWindowIsOpen) {
    Traffic after;
    EXPECT_EQ(run({}, after, minutes(30)).status, ChangeStatus::watching);
    const auto looks = [&] { return readJournal(rig.store->journal(id).value()).looks; };
    EXPECT_EQ(looks(), 1);
    ASSERT_TRUE(rig.service->watch(rig.job));  // nothing new
    EXPECT_EQ(looks(), 1);
}

TEST_F(Watch, ASavingIsMeasuredAgainLater) {
    Traffic after;
    after.memory_mb = 512;
    Change change = run({}, after);
    ASSERT_EQ(change.status, ChangeStatus::kept);
    const Money first = change.realised_saving_month->value;
    Traffic slower = after;
    slower.mean_ms = 150;
    fill(rig, "chat", {change.watch_until, change.watch_until + hours(10)}, slower, 5);
    rig.clock->set(change.watch_until + hours(10));
    ASSERT_TRUE(rig.service->watch(rig.job));
    change = rig.store->change(id).value();
    EXPECT_EQ(change.status, ChangeStatus::kept);
    EXPECT_LT(change.realised_saving_month->value, first);
}

// Errors come in bursts and the time of day matters; looks go on: the road must not be reverted by chance.
TEST(WatchStatistics, FalseAlarmsStayBelowTheLevel) {
    std::mt19937_64 random(11);
    int alarms = 0;
    constexpr int kRuns = 400;
    for (int run = 0; run < kRuns; ++run) {
        std::lognormal_distribution<double> duration(4.6, 0.3);
        std::poisson_distribution<int> errors(0.02 * 25);
        Behaviour before, after;
        before.counted = after.counted = true;
        const auto extend = [&](Behaviour& each) {
            const double bad = errors(random);
            each.invocations += 25;
            each.errors = each.errors.value_or(0) + bad;
            each.throttles = 0;
            each.error_parts.push_back(bad);
            each.invocation_parts.push_back(25);
            for (int i = 0; i < 25; ++i) each.durations.push_back(static_cast<float>(duration(random)));
            std::sort(each.durations.begin(), each.durations.end());
        };
        bool alarm = false;
        for (int look = 1; look <= 12 && !alarm; ++look) {
            for (int part = 0; part < 4; ++part) {
                extend(before);
                extend(after);
            }
            alarm = !judgeHarm({before, nullptr, after, {}, std::nullopt, levelOfLook(0.05, look)}).harms.empty();
        }
        alarms += alarm ? 1 : 0;
    }
    EXPECT_LE(alarms, kRuns * 5 / 100);
}

// A pool that is given up costs cold starts, more of them in quiet hours: what was predicted for these hours is no harm, more than that is.
TEST(WatchStatistics, ColdStartsThatWerePredictedForTheHourAreNoHarm) {
    const auto seen = [](double invocations, double cold) {
        Behaviour out;
        out.counted = true;
        out.invocations = invocations;
        out.cold_of = invocations;
        out.cold = cold;
        out.errors = 0;
        out.throttles = 0;
        for (int i = 0; i < 200; ++i) out.durations.push_back(100);
        return out;
    };
    Effect predicted;
    predicted.cold_start_share = EffectValue{0, 0.02, 0.015, 0.03};
    predicted.cold_share_by_hour.assign(24, 0.01);
    predicted.cold_share_by_hour[3] = 0.12;
    const auto harmed = [&](const char* begin, double cold) {
        const auto t = *parseIso8601(begin);
        const auto before = seen(100, 0), after = seen(100, cold);
        return !judgeHarm({before, nullptr, after, predicted, std::nullopt, 0.05, {t, t + minutes(60)}}).harms.empty();
    };
    EXPECT_FALSE(harmed("2026-11-24T03:00:00Z", 17));
    EXPECT_TRUE(harmed("2026-11-24T03:00:00Z", 40));
    EXPECT_TRUE(harmed("2026-11-24T15:00:00Z", 17));
    EXPECT_FALSE(harmed("2026-11-24T15:00:00Z", 5));
    predicted.cold_share_by_hour.clear();  // a plan of an older version
    EXPECT_TRUE(harmed("2026-11-24T03:00:00Z", 17));
}

TEST(WatchStatistics, Binomial) {
    EXPECT_NEAR(binomialTail(10, 5, 0.5), 0.623046875, 1e-12);
    EXPECT_NEAR(binomialTail(10, 10, 0.5), std::pow(0.5, 10), 1e-15);
    EXPECT_EQ(binomialTail(10, 0, 0.5), 1);
    EXPECT_EQ(binomialTail(10, 11, 0.5), 0);
    EXPECT_NEAR(binomialTail(100'000, 5'000, 0.05), 0.5, 0.01);
    EXPECT_LT(binomialTail(100'000, 6'000, 0.05), 1e-30);
    double sum = 0;  // against the definition
    for (int i = 3; i <= 20; ++i)
        sum += std::exp(std::lgamma(21) - std::lgamma(i + 1) - std::lgamma(21 - i)) * std::pow(0.3, i) * std::pow(0.7, 20 - i);
    EXPECT_NEAR(binomialTail(20, 3, 0.3), sum, 1e-12);
}

TEST(WatchStatistics, DispersionRanksAndLooks) {
    const std::vector<double> trials(10, 100);
    EXPECT_EQ(dispersionOf(std::vector<double>(10, 5), trials), 1);
    EXPECT_GT(dispersionOf(std::vector<double>{0, 0, 0, 0, 50, 0, 0, 0, 0, 0}, trials), 10);
    std::vector<double> low, high;
    for (int i = 0; i < 12; ++i) {
        low.push_back(100 + i);
        high.push_back(130 + i);
    }
    EXPECT_LT(rankIncreaseP(low, high, 1.1), 1e-4);
    EXPECT_GT(rankIncreaseP(low, high, 1.4), 0.9);
    double all = 0;
    for (int k = 1; k < 10'000; ++k) all += levelOfLook(0.05, k);
    EXPECT_LE(all, 0.05);
}

}  // namespace
}  // namespace pilotlight::change
