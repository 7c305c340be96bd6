// Percentiles of measured samples, with honest intervals.
#pragma once

#include <cstddef>
#include <optional>
#include <span>
#include <vector>

namespace pilotlight::bench {

struct Percentile {
    double value = 0;                    // the order statistic at ceil(p n)
    double lo = 0, hi = 0;               // distribution-free interval between two order statistics, confidence at least 95 %
};

// The p-th quantile (0 < p < 1) of samples in any order. nullopt: not enough samples, i.e. fewer than neededSamples(p), or no order
// statistic bounds it on both sides at 95 %. Source: the number of samples below a quantile is binomial(n, p); David and Nagaraja,
// Order Statistics, 7.1. Assumes independent samples.
[[nodiscard]] std::optional<Percentile> percentile(std::span<const double> samples, double p);

// Samples below which a percentile is not shown: 64 for p90 and 662 for p99, as MLPerf LoadGen's early stopping; p50 from 6; p95 from 130
// (the same rule). Other p: the smallest n with a 95 % interval.
[[nodiscard]] std::size_t neededSamples(double p);

[[nodiscard]] double mean(std::span<const double> samples);           // 0 for none
[[nodiscard]] double median(std::span<const double> samples);         // 0 for none
[[nodiscard]] double medianDeviation(std::span<const double> samples);// median absolute deviation from the median

// True when the last three windows of a fifth of the samples each have means within 10 % of each other (Triton perf_analyzer's rule); false
// for fewer than 15 samples.
[[nodiscard]] bool isStable(std::span<const double> samples);

}  // namespace pilotlight::bench
