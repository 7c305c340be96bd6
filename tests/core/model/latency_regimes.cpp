#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "core/model/slowdown_observed.h"
#include "tests/core/model/latency_support.h"

namespace pilotlight::model {
namespace {

using test::fitted;
using test::kneeMs;
using test::observe;
using test::observed;
using testing::Contains;
using testing::HasSubstr;

TEST(LatencyRegimes, ProportionalThenSaturated) {
    const auto model = fitted(observe({128, 512, 1024, 1769, 3008}, [](double m) { return kneeMs(m, 2, 500); }));
    EXPECT_THAT(model.regime(), HasSubstr("proportional to memory up to"));
    EXPECT_THAT(model.regime(), HasSubstr("saturated above"));
    const auto estimate = model.at(Megabytes{768});
    EXPECT_NEAR(estimate.mean_ms.value / kneeMs(768, 2, 500), 1, 0.02);
    EXPECT_FALSE(estimate.measured);
}

TEST(LatencyRegimes, MoreRequestsAtOnceAreAFigureOfTheirOwn) {
    std::vector<Observation> seen;
    for (const std::int32_t memory : {512, 2048})
        for (const std::int32_t at_once : {1, 4, 16}) {
            Observation o = observe({memory}, [](double m) { return kneeMs(m, 2, 500); }).front();
            o.concurrency = at_once;
            seen.push_back(o);
        }
    for (auto& o : seen) o.mean_ms *= 1 + 0.2 * (o.concurrency - 1);
    const auto slower = observedSlowdown(seen);
    ASSERT_TRUE(slower);
    EXPECT_NEAR(slower->alpha, 0.2, 1e-9);
    EXPECT_EQ(slower->pairs, 4);
    const auto model = fitted(seen);
    EXPECT_NEAR(model.at(Megabytes{512}).mean_ms.value / kneeMs(512, 2, 500), 1, 0.02) << "the curve is of one request at once";
    EXPECT_THAT(model.cautions(), Contains(HasSubstr("each other request made one 20 % slower")));
    std::erase_if(seen, [](const Observation& o) { return o.concurrency > 1; });
    EXPECT_FALSE(observedSlowdown(seen));
}

TEST(LatencyRegimes, Flat) {
    const auto model = fitted(observe({128, 512, 2048}, [](double) { return 80.0; }));
    EXPECT_THAT(model.regime(), HasSubstr("flat"));
    EXPECT_NEAR(model.at(Megabytes{1024}).mean_ms.value, 80, 2.5);
}

TEST(LatencyRegimes, SeveralVcpus) {
    const auto curve = [](double m) {
        const double vcpu = m / 1769;
        return vcpu <= 1 ? 900 / vcpu : 900 * (0.1 + 0.9 / std::min(vcpu, 6.0));
    };
    const auto model = fitted(observe({1024, 1769, 3538, 7076, 10240}, curve));
    EXPECT_THAT(model.regime(), HasSubstr("multi-vCPU"));
    EXPECT_NEAR(model.at(Megabytes{5308}).mean_ms.value / curve(5308), 1, 0.04);
}

TEST(LatencyRegimes, QuotaStepsOfAShortBurst) {
    // A 30 ms burst, 20 ms periods: whole periods, then a remainder.
    const auto curve = [](double m) {
        const double periods = std::ceil(30.0 / (20 * m / 1769));
        return m >= 1769 ? 30.0 : std::max(30.0, 20 * (periods - 1) + 1.4);
    };
    const auto model = fitted(observe({128, 256, 400, 600, 850, 1100, 1400, 1769, 2048}, curve));
    EXPECT_THAT(model.regime(), HasSubstr("quota"));
    EXPECT_NEAR(model.at(Megabytes{950}).mean_ms.value / curve(950), 1, 0.06) << "a proportional curve would be 30 % off";
}

TEST(LatencyRegimes, SlopeOnlyDoesNotPretendToKnowTheKnee) {
    const auto model = fitted(observe({128, 256, 512}, [](double m) { return kneeMs(m, 0, 300); }));
    EXPECT_THAT(model.regime(), HasSubstr("was not measured"));
    EXPECT_THAT(model.cautions(), Contains(HasSubstr("nothing was measured at or above one vCPU")));
    const auto far = model.at(Megabytes{3008});
    EXPECT_TRUE(far.beyond_evidence);
    EXPECT_GT(far.mean_ms.hi / far.mean_ms.lo, 1.45);
    EXPECT_FALSE(model.at(Megabytes{384}).beyond_evidence);
}

TEST(LatencyRegimes, SqueezedSizesAreLeftOutAndMarkTheFloor) {
    auto observations = observe({512, 1024, 2048}, [](double m) { return kneeMs(m, 0, 300); });
    for (auto& observation : observations) observation.max_memory_used_mb = 200;
    auto squeezed = observed(192, 60'000);
    squeezed.max_memory_used_mb = 190;
    observations.push_back(squeezed);
    const auto model = fitted(observations);
    EXPECT_THAT(model.regime(), HasSubstr("memory pressure up to 192 MB"));
    EXPECT_EQ(model.floor().value().value, 230);  // 200 x 1.15
    EXPECT_NEAR(model.at(Megabytes{768}).mean_ms.value / kneeMs(768, 0, 300), 1, 0.03);
    EXPECT_EQ(model.measured().size(), 4U);
    EXPECT_TRUE(model.measured().front().pressured);
}

TEST(LatencyRegimes, AKilledSizeRaisesTheFloor) {
    auto observations = observe({512, 1024}, [](double m) { return kneeMs(m, 0, 300); });
    Observation killed;
    killed.memory = Megabytes{256};
    killed.out_of_memory = true;
    observations.push_back(killed);
    EXPECT_EQ(fitted(observations).floor().value().value, 257);
}

TEST(LatencyRegimes, FloorIsUnknownWithoutEvidence) {
    EXPECT_FALSE(fitted(observe({512, 1024}, [](double) { return 5.0; })).floor());
}

TEST(LatencyRegimes, ColdRowsOnlyWhereNothingElse) {
    auto warm = observe({512, 1024, 2048}, [](double m) { return kneeMs(m, 0, 300); });
    auto with_cold = warm;
    auto cold = observed(512, 9'000);
    cold.cold = true;
    with_cold.push_back(cold);
    EXPECT_EQ(fitted(warm).at(Megabytes{768}).mean_ms, fitted(with_cold).at(Megabytes{768}).mean_ms);
    EXPECT_THAT(fitted({cold}).cautions(), Contains(HasSubstr("only cold")));
}

TEST(LatencyRegimes, GoogleCpuShareIsTheAxis) {
    FitOptions google;
    google.platform = PlatformKind::gcp;
    std::vector<Observation> observations;
    for (const double vcpu : {0.333, 0.583, 1.0, 2.0}) {
        auto point = observed(2048, 1000 / std::min(1.0, vcpu));
        point.vcpu = vcpu;
        observations.push_back(point);
    }
    const auto model = fitted(observations, google);
    EXPECT_NEAR(model.at(Megabytes{2048}, 0.45).mean_ms.value, 1000 / 0.45, 120);
    EXPECT_TRUE(model.at(Megabytes{2048}, 1.0).measured);
}

}  // namespace
}  // namespace pilotlight::model
