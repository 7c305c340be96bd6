#include "core/bench/quantiles.h"

#include <gtest/gtest.h>

#include <cmath>
#include <numeric>
#include <random>

namespace pilotlight::bench {
namespace {

std::vector<double> oneTo(int n) {
    std::vector<double> out(static_cast<std::size_t>(n));
    std::iota(out.begin(), out.end(), 1.0);
    return out;
}

TEST(BenchQuantiles, RanksOfTheIntervalAreThoseOfTheBinomialTable) {
    // n = 100, p = 0.5: the known 95 % interval is (x_40, x_61); David and Nagaraja, 7.1.
    const auto half = percentile(oneTo(100), 0.5);
    ASSERT_TRUE(half);
    EXPECT_EQ(half->value, 50);
    EXPECT_EQ(half->lo, 40);
    EXPECT_EQ(half->hi, 61);
}

TEST(BenchQuantiles, TooFewSamplesAreSaidNotGuessed) {
    EXPECT_FALSE(percentile(oneTo(5), 0.5));
    EXPECT_TRUE(percentile(oneTo(6), 0.5));
    EXPECT_FALSE(percentile(oneTo(63), 0.9));
    EXPECT_TRUE(percentile(oneTo(64), 0.9));
    EXPECT_FALSE(percentile(oneTo(129), 0.95));
    EXPECT_TRUE(percentile(oneTo(130), 0.95));
    EXPECT_FALSE(percentile(oneTo(661), 0.99));
    EXPECT_TRUE(percentile(oneTo(662), 0.99));
    EXPECT_FALSE(percentile({}, 0.5));
}

TEST(BenchQuantiles, IntervalsHoldTheTruthAsOftenAsTheySay) {
    std::mt19937 random(7);
    std::exponential_distribution<double> draw(1);
    for (const auto& [p, n] : {std::pair{0.5, 20}, {0.9, 80}, {0.95, 150}, {0.99, 700}}) {
        const double truth = -std::log(1 - p);
        int held = 0;
        constexpr int kRuns = 1500;
        for (int run = 0; run < kRuns; ++run) {
            std::vector<double> sample(static_cast<std::size_t>(n));
            for (double& x : sample) x = draw(random);
            const auto q = percentile(sample, p);
            ASSERT_TRUE(q);
            ASSERT_LE(q->lo, q->value);
            ASSERT_LE(q->value, q->hi);
            held += q->lo <= truth && truth <= q->hi;
        }
        // At least 95 %, less three standard errors of 1,500 runs.
        EXPECT_GE(held, kRuns * 0.95 - 3 * std::sqrt(kRuns * 0.95 * 0.05)) << "p " << p;
    }
}

TEST(BenchQuantiles, MedianDeviationIgnoresOneOutlier) {
    const std::vector<double> sample{10, 11, 9, 10, 1000};
    EXPECT_EQ(median(sample), 10);
    EXPECT_EQ(medianDeviation(sample), 1);
    EXPECT_EQ(mean(std::vector<double>{1, 2, 6}), 3);
    EXPECT_EQ(median({}), 0);
}

TEST(BenchQuantiles, StableMeansTheLastThreeWindowsAgree) {
    std::vector<double> sample(50, 10);
    EXPECT_TRUE(isStable(sample));
    for (std::size_t i = 0; i < 10; ++i) sample[i] = 100;  // warming up, and over
    EXPECT_TRUE(isStable(sample));
    for (std::size_t i = 40; i < 50; ++i) sample[i] = 11.5;
    EXPECT_FALSE(isStable(sample));
    EXPECT_FALSE(isStable(std::vector<double>(14, 10)));
}

}  // namespace
}  // namespace pilotlight::bench
