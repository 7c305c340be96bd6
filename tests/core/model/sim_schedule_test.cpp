// Pool schedules, demand and keep-alive laws.
#include "core/model/sim_schedule.h"

#include <gtest/gtest.h>

#include <cmath>

#include "core/model/sim_demand.h"
#include "core/model/sim_keep_alive.h"
#include "core/model/sim_random.h"

namespace pilotlight::model {
namespace {

double worth(const std::vector<double>& gains, const std::vector<char>& on, double cost) {
    double sum = 0;
    for (std::size_t t = 0; t < gains.size(); ++t) {
        if (on[t] != 0) sum += gains[t];
        if (on[t] != on[(t + gains.size() - 1) % gains.size()]) sum -= cost;
    }
    return sum;
}

TEST(SimSchedule, BeatsNothingThatTryingAllPlansFinds) {
    Random random(4);
    for (int round = 0; round < 200; ++round) {
        const std::size_t bins = 2 + random.below(10);
        const double cost = random.uniform();
        std::vector<double> gains;
        for (std::size_t t = 0; t < bins; ++t) gains.push_back(random.normal());
        double best = -1e9;
        for (std::uint32_t plan = 0; plan < (1U << bins); ++plan) {
            std::vector<char> on(bins);
            for (std::size_t t = 0; t < bins; ++t) on[t] = static_cast<char>((plan >> t) & 1U);
            best = std::max(best, worth(gains, on, cost));
        }
        const auto kept = bestSchedule(gains, bins, 1, cost);
        EXPECT_NEAR(worth(gains, {kept.begin(), kept.end()}, cost), best, 1e-9);
    }
}

TEST(SimSchedule, LevelsAddUp) {
    // Two levels over four bins: the first pays all day, the second only in the middle.
    const std::vector<double> gains{1, -1, 1, 2, 1, 2, 1, -1};
    EXPECT_EQ(bestSchedule(gains, 4, 2, 0.1), (std::vector<std::int32_t>{1, 2, 2, 1}));
    EXPECT_EQ(bestSchedule(gains, 4, 2, 100), (std::vector<std::int32_t>{2, 2, 2, 2}));  // too dear to switch: on all day is worth 2
}

TEST(SimDemand, BlendFollowsDayAndWeek) {
    std::vector<double> history;
    for (int h = 0; h < 24 * 21; ++h) history.push_back(100 + 50 * std::sin(h * 2 * 3.14159265 / 24) + ((h / 24) % 7 >= 5 ? -60 : 0));
    const auto f = demandAhead(history, 24, 24);
    ASSERT_EQ(f.value.size(), 24U);
    EXPECT_EQ(f.scores.size(), 4U);
    EXPECT_EQ(f.method, DemandMethod::week_ago);  // purely weekly: it wins the back-test outright
    for (std::size_t i = 0; i < 24; ++i) {
        EXPECT_NEAR(f.value[i], history[history.size() - 168 + i], 1e-9);
        EXPECT_LE(f.lo[i], f.value[i]);
        EXPECT_GE(f.hi[i], f.value[i]);
    }
}

TEST(SimDemand, LittleHistoryFallsBack) {
    EXPECT_EQ(forecastDemand({}, 24, 2, DemandMethod::blend), (std::vector<double>{0, 0}));
    const std::vector<double> hours{2, 4};
    EXPECT_EQ(forecastDemand(hours, 24, 2, DemandMethod::blend), (std::vector<double>{3, 3}));
    EXPECT_TRUE(demandAhead(hours, 24, 2).scores.empty());
}

TEST(SimKeepAlive, LawsAreConsistent) {
    KeepAlive fixed, uniform, empirical;
    fixed.seconds = 300;
    uniform.kind = KeepAlive::Kind::uniform;
    uniform.from_s = 200;
    uniform.to_s = 400;
    empirical.kind = KeepAlive::Kind::empirical;
    empirical.cdf = {{0, 0}, {200, 0}, {400, 1}};
    for (const auto* law : {&fixed, &uniform, &empirical}) {
        // Mean alive time is the integral of the survival.
        for (const double gap : {50.0, 250.0, 299.0, 380.0, 1000.0}) {
            double integral = 0;
            for (int i = 0; i < 20000; ++i) integral += (1 - law->goneAfter((i + 0.5) * gap / 20000)) * gap / 20000;
            EXPECT_NEAR(law->meanAlive(gap), integral, 0.1) << gap;
        }
    }
    EXPECT_NEAR(empirical.quantile(0.25), 250, 1e-9);
    EXPECT_NEAR(uniform.quantile(0.25), 250, 1e-9);
}

TEST(SimKeepAlive, TurnbullFindsTheLawBehindCensoredPeriods) {
    // Truth: uniform 400..500 s. Each idle period is looked at once, at a random time: there or gone.
    Random random(9);
    std::vector<IdlePeriod> periods;
    for (int i = 0; i < 4000; ++i) {
        const double life = 400 + 100 * random.uniform(), look = 1000 * random.uniform();
        periods.push_back(look < life ? IdlePeriod{look, std::numeric_limits<double>::infinity()} : IdlePeriod{0, look});
    }
    const auto fit = fitKeepAlive(periods, lambdaKeepAlivePrior());
    EXPECT_NEAR(fit.median_s, 450, 25);
    EXPECT_LT(fit.law.goneAfter(370), 0.1);
    EXPECT_GT(fit.law.goneAfter(530), 0.9);
    EXPECT_GT(fit.informative, 1000U);
    const auto nothing = fitKeepAlive({}, lambdaKeepAlivePrior());
    EXPECT_NEAR(nothing.median_s, 480, 20);  // the prior's
    EXPECT_EQ(nothing.informative, 0U);
}

TEST(SimKeepAlive, ReplayChoosesTheLawThatMadeTheLog) {
    // One instance used every 250, 350 or 500 s; kept for 400 s.
    Random random(2);
    std::vector<InstanceUse> uses;
    double t = 0;
    std::uint64_t instance = 0;
    double idle_since = -1e9;
    for (int i = 0; i < 300; ++i) {
        t += random.below(3) == 0 ? 500 : random.below(2) == 0 ? 250 : 350;
        const bool cold = t - idle_since > 400;
        instance += cold;
        uses.push_back({t, t + 1, instance, cold});
        idle_since = t + 1;
        t += 1;
    }
    const std::vector<std::vector<InstanceUse>> stretches{uses};
    const auto candidates = keepAliveCandidates();
    const auto choice = chooseKeepAlive(stretches, candidates);
    EXPECT_EQ(choice.cold_predicted, choice.cold_actual);
    const auto& law = candidates[choice.index];
    const double keep = law.kind == KeepAlive::Kind::fixed ? law.seconds : law.period_s;
    EXPECT_GT(keep, 350);
    EXPECT_LT(keep, 500);
}

}  // namespace
}  // namespace pilotlight::model
