// The tests behind a verdict. One-sided, conservative, without assumptions on the shape of latency.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

namespace pilotlight::change {

// P(X >= k) for X ~ Binomial(n, p).
[[nodiscard]] double binomialTail(std::int64_t n, std::int64_t k, double p);

// Whether the rate of `after` is higher than `ratio` times that of `before`: conditional test of two Poisson rates (Przyborowski and
// Wilenski 1940). Counts are divided by `dispersion` (>= 1) first: errors come in bursts.
[[nodiscard]] double rateIncreaseP(double events_before, double trials_before, double events_after, double trials_after, double ratio,
                                   double dispersion);

// Variance of counts over what independent events would show, from equal parts of the baseline; at least 1.
[[nodiscard]] double dispersionOf(std::span<const double> events, std::span<const double> trials);

// Whether more than a share 1 - q of `after` lies above `factor` times an upper bound of the q quantile of `before` (order statistics).
// Both sorted ascending.
[[nodiscard]] double quantileIncreaseP(std::span<const float> before, std::span<const float> after, double q, double factor);

// Whether values of `after` tend to be larger than `factor` times those of `before`: Mann-Whitney U, normal approximation, ties corrected.
[[nodiscard]] double rankIncreaseP(std::span<const double> before, std::span<const double> after, double factor);

// Level for the k-th look (k from 1) when looks go on without a bound: alpha x 6 / (pi k)^2, so that all looks together stay below alpha.
[[nodiscard]] double levelOfLook(double alpha, int look);

}  // namespace pilotlight::change
