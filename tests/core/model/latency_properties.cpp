#include <gtest/gtest.h>

#include <array>
#include <numbers>
#include <random>

#include "tests/core/model/latency_support.h"

namespace pilotlight::model {
namespace {

using test::fitted;
using test::kneeMs;
using test::observe;
using test::observed;

double width(const Estimate& estimate) { return std::log(estimate.hi / estimate.lo); }

TEST(LatencyProperties, TimesTwiceAsLongGivePredictionsTwiceAsLong) {
    // Long ones: CPU-quota steps are a matter of milliseconds and may not scale.
    const auto base = observe({128, 640, 3008}, [](double m) { return kneeMs(m, 100, 4000); });
    auto twice = base;
    for (auto& observation : twice) observation.mean_ms *= 2;
    const auto one = fitted(base), two = fitted(twice);
    for (const int size : {128, 200, 512, 1500, 2048, 5000}) {
        const auto a = one.at(Megabytes{size}), b = two.at(Megabytes{size});
        EXPECT_NEAR(b.mean_ms.value / a.mean_ms.value, 2, 1e-6) << size;
        EXPECT_NEAR(b.mean_ms.lo / a.mean_ms.lo, 2, 1e-6) << size;
        EXPECT_NEAR(b.mean_ms.hi / a.mean_ms.hi, 2, 1e-6) << size;
        EXPECT_NEAR(b.p95_ms.value / a.p95_ms.value, 2, 1e-6) << size;
    }
}

TEST(LatencyProperties, OrderOfRowsDoesNotMatter) {
    std::mt19937 random(7);
    std::vector<Observation> rows;
    for (const int size : {128, 640, 1408, 3008})
        for (int i = 0; i < 5; ++i)
            rows.push_back(observed(size, kneeMs(size, 10, 500) * std::exp(0.05 * std::normal_distribution<>()(random)), 1));
    const auto before = fitted(rows);
    for (int round = 0; round < 5; ++round) {
        std::shuffle(rows.begin(), rows.end(), random);
        const auto after = fitted(rows);
        EXPECT_EQ(before.at(Megabytes{900}).mean_ms, after.at(Megabytes{900}).mean_ms);
        EXPECT_EQ(before.at(Megabytes{900}).p99_ms, after.at(Megabytes{900}).p99_ms);
        EXPECT_EQ(before.describe(), after.describe());
    }
}

TEST(LatencyProperties, AnotherCampaignNarrowsTheMeasuredSize) {
    auto rows = observe({256, 1024, 2048}, [](double m) { return kneeMs(m, 10, 500); });
    const double once = width(fitted(rows).at(Megabytes{1024}).mean_ms);
    rows.push_back(observed(1024, kneeMs(1024, 10, 500)));
    EXPECT_LT(width(fitted(rows).at(Megabytes{1024}).mean_ms), once);
}

TEST(LatencyProperties, MoreCallsNarrow) {
    const auto rows = [](int calls) {
        std::vector<Observation> out;
        for (const int size : {256, 1024, 2048})
            for (int i = 0; i < calls; ++i) out.push_back(observed(size, kneeMs(size, 10, 500) * (i % 2 == 0 ? 1.1 : 0.9), 1));
        return out;
    };
    EXPECT_LT(width(fitted(rows(40)).at(Megabytes{512}).mean_ms), width(fitted(rows(4)).at(Megabytes{512}).mean_ms));
}

TEST(LatencyProperties, DisagreeingCampaignsWidenTheMeasuredSize) {
    auto agree = observe({256, 1024, 2048}, [](double m) { return kneeMs(m, 10, 500); });
    auto disagree = agree;
    for (const int size : {256, 1024, 2048}) {
        agree.push_back(observed(size, kneeMs(size, 10, 500)));
        disagree.push_back(observed(size, kneeMs(size, 10, 500) * 1.2));
    }
    EXPECT_GT(width(fitted(disagree).at(Megabytes{1024}).mean_ms), 2 * width(fitted(agree).at(Megabytes{1024}).mean_ms));
}

TEST(LatencyProperties, OnePointAnswersWithHonestWidth) {
    const auto model = fitted({observed(512, 400)});
    EXPECT_NEAR(model.at(Megabytes{512}).mean_ms.value, 400, 4);
    EXPECT_TRUE(model.at(Megabytes{512}).measured);
    double before = width(model.at(Megabytes{512}).mean_ms);
    for (const int size : {640, 1024, 2048, 4096}) {
        const double now = width(model.at(Megabytes{size}).mean_ms);
        EXPECT_GT(now, before) << "the farther, the wider: " << size;
        before = now;
    }
    const auto far = model.at(Megabytes{4096});
    EXPECT_TRUE(far.beyond_evidence);
    // Proportional up to one vCPU and flat are both possible.
    EXPECT_LT(far.mean_ms.lo, 400 * 512 / 1769.0 * 1.1);
    EXPECT_GT(far.mean_ms.hi, 250);
}

TEST(LatencyProperties, PercentilesAreOrderedAndFollowTheMeasured) {
    auto rows = observe({256, 1024, 2048}, [](double m) { return kneeMs(m, 10, 500); });
    for (auto& row : rows) {
        row.p50_ms = row.mean_ms * 0.97;
        row.p95_ms = row.mean_ms * 1.5;
        row.p99_ms = row.mean_ms * 2.1;
    }
    const auto estimate = fitted(rows).at(Megabytes{512});
    EXPECT_NEAR(estimate.p95_ms.value / estimate.mean_ms.value, 1.5, 0.05);
    EXPECT_NEAR(estimate.p99_ms.value / estimate.mean_ms.value, 2.1, 0.1);
    for (const auto& [less, more] :
         {std::pair(estimate.p50_ms, estimate.p90_ms), {estimate.p90_ms, estimate.p95_ms}, {estimate.p95_ms, estimate.p99_ms}}) {
        EXPECT_LE(less.value, more.value);
        EXPECT_LE(less.lo, more.lo);
        EXPECT_LE(less.hi, more.hi);
    }
    EXPECT_GT(width(estimate.p99_ms), width(estimate.mean_ms)) << "a percentile is known less well than the mean";
}

TEST(LatencyProperties, BenchGivesTheShapeAndOneCloudPointTheScale) {
    // This machine is 2.3 times as fast; the knee is far from where functions usually have it.
    const auto curve = [](double m) { return kneeMs(m, 40, 300, 900); };
    auto rows = observe({128, 256, 512, 768, 1024, 1769, 3008}, [&](double m) { return curve(m) / 2.3; });
    for (auto& row : rows) row.source = Observation::Source::bench;
    EXPECT_NEAR(fitted(rows).at(Megabytes{512}).mean_ms.value, curve(512) / 2.3, 0.05 * curve(512));
    rows.push_back(observed(512, curve(512)));
    const auto model = fitted(rows);
    for (const int size : {128, 300, 1024, 3008}) EXPECT_NEAR(model.at(Megabytes{size}).mean_ms.value / curve(size), 1, 0.06) << size;
    const auto cloud_only = fitted({observed(512, curve(512))}).at(Megabytes{3008}).mean_ms;
    EXPECT_LT(width(model.at(Megabytes{3008}).mean_ms), 0.5 * width(cloud_only));
}

TEST(LatencyProperties, SameSeedSameBytesOtherSeedOtherDraws) {
    const auto rows = observe({128, 640, 3008}, [](double m) { return kneeMs(m, 100, 4000); });
    const std::vector<Megabytes> sizes{{128}, {512}, {1769}};
    FitOptions other;
    other.seed = 2;
    EXPECT_EQ(fitted(rows).draws(sizes).mean_ms, fitted(rows).draws(sizes).mean_ms);
    EXPECT_NE(fitted(rows).draws(sizes).mean_ms, fitted(rows, other).draws(sizes).mean_ms);
    EXPECT_EQ(fitted(rows).at(Megabytes{512}).mean_ms, fitted(rows, other).at(Megabytes{512}).mean_ms);
}

TEST(LatencyProperties, DrawsAgreeWithTheIntervals) {
    const auto model = fitted(observe({128, 640, 3008}, [](double m) { return kneeMs(m, 100, 4000); }));
    const std::vector<Megabytes> sizes{{128}, {1300}};
    const auto draws = model.draws(sizes, 256);
    std::vector<double> at;
    for (std::size_t d = 0; d < draws.draws; ++d) {
        at.push_back(draws.at(d, 1));
        EXPECT_NEAR(draws.at(d, 0) / kneeMs(128, 100, 4000), 1, 0.05) << "a measured size carries its measurement";
    }
    std::sort(at.begin(), at.end());
    EXPECT_NEAR(at[128] / model.at(Megabytes{1300}).mean_ms.value, 1, 0.02);
    EXPECT_GT(at[13], model.at(Megabytes{1300}).mean_ms.lo * 0.98) << "draws leave out what one size does on its own";
}

// A curve drawn from the model's own prior (latency_shapes, latency_posterior), so that its intervals must come out calibrated.
class PriorCurve {
public:
    explicit PriorCurve(std::mt19937& random) : random_(random) {
        std::normal_distribution<> normal;
        std::uniform_real_distribution<> uniform;
        knee_ = uniform(random) < 0.7 ? 1950 * std::exp(0.12 * normal(random)) : 200 * std::pow(10'240.0 / 200, uniform(random));
        if (uniform(random) < 0.5) {
            const double a = std::gamma_distribution<>(0.5)(random), b = std::gamma_distribution<>(1.5)(random);
            serial_ = a / (a + b);
        }
        if (uniform(random) < 0.4) sharpness_ = std::vector{4.0, 6.0, 10.0}[static_cast<std::size_t>(3 * uniform(random))];
        slope_ = std::vector{0.99, 1.0, 1.0, 1.0, 1.025, 1.025, 1.025, 1.025, 1.05, 1.05}[static_cast<std::size_t>(10 * uniform(random))];
        nugget_ = 0.01 * std::exp(0.6 * normal(random));
        // Random Fourier features of the squared exponential with length 0.7 in ln(MB).
        const double amplitude = 0.02 * std::exp(0.9 * normal(random));
        for (auto& wave : waves_)
            wave = {amplitude * std::sqrt(2.0 / waves_.size()), normal(random) / 0.7, 2 * std::numbers::pi * uniform(random)};
    }
    double measure(double m) {
        std::normal_distribution<> normal;
        const double ratio = knee_ / m;
        const double work =
            sharpness_ > 0 ? std::pow(1 + std::pow(ratio, sharpness_), 1 / sharpness_) : std::max(1.0, std::pow(ratio, slope_));
        double log = std::log(serial_ + (1 - serial_) * work);
        for (const auto& [amplitude, frequency, phase] : waves_) log += amplitude * std::cos(frequency * std::log(m) + phase);
        const bool odd = std::uniform_real_distribution<>()(random_) < 0.06;
        return 3000 * std::exp(log + (odd ? 8 : 1) * nugget_ * normal(random_));
    }

private:
    std::mt19937& random_;
    double knee_ = 0, serial_ = 0, sharpness_ = 0, slope_ = 1, nugget_ = 0;
    std::array<std::array<double, 3>, 64> waves_{};
};

TEST(LatencyProperties, IntervalsAreCalibratedOnCurvesOfThePrior) {
    std::mt19937 random(20);
    int covered = 0, all = 0;
    for (int i = 0; i < 150; ++i) {
        PriorCurve curve(random);
        const auto model = fitted(observe({128, 640, 3008}, [&](double m) { return curve.measure(m); }));
        for (const int size : {192, 320, 960, 1280, 1600, 1920, 2304}) {
            const auto estimate = model.at(Megabytes{size}).mean_ms;
            const double truth = curve.measure(size);
            covered += truth >= estimate.lo && truth <= estimate.hi ? 1 : 0;
            ++all;
        }
    }
    EXPECT_GE(covered, 0.86 * all) << covered << " of " << all;
    EXPECT_LE(covered, 0.96 * all) << covered << " of " << all << ": intervals far too wide";
}

TEST(LatencyProperties, PlainKneesAreCovered) {
    // The kind of curve in the middle of the prior: intervals also allow for odder ones, so more than 90 % is to be expected.
    std::mt19937 random(20);
    std::normal_distribution<> normal;
    std::uniform_real_distribution<> uniform;
    int covered = 0, all = 0;
    for (int i = 0; i < 40; ++i) {
        const double knee = 1950 * std::exp(0.12 * normal(random)), serial = uniform(random) < 0.5 ? 0 : 0.3 * uniform(random);
        const auto measure = [&](double m) {
            return 3000 * (serial + (1 - serial) * std::max(1.0, knee / m)) * std::exp(0.01 * normal(random));
        };
        const auto model = fitted(observe({128, 640, 3008}, measure));
        for (const int size : {192, 320, 960, 1280, 1600, 1920, 2304}) {
            const auto estimate = model.at(Megabytes{size}).mean_ms;
            const double truth = measure(size);
            covered += truth >= estimate.lo && truth <= estimate.hi ? 1 : 0;
            ++all;
        }
    }
    EXPECT_GE(covered, 0.88 * all) << covered << " of " << all;
}

TEST(LatencyProperties, NothingToGoByIsAnError) {
    EXPECT_EQ(LatencyModel::fit({}, {}).error().code, ErrorCode::invalid_argument);
    Observation killed;
    killed.memory = Megabytes{128};
    killed.out_of_memory = true;
    EXPECT_FALSE(LatencyModel::fit(std::vector{killed}, {}));
    FitOptions bad;
    bad.noise = NoisePrior{0, 1, 0.1, 0.1};
    EXPECT_FALSE(LatencyModel::fit(std::vector{observed(512, 3)}, bad));
}

}  // namespace
}  // namespace pilotlight::model
