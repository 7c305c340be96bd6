#include "core/bench/quantiles.h"

#include <algorithm>
#include <cmath>
#include <numeric>

namespace pilotlight::bench {
namespace {

// P(X <= k) for X binomial(n, p), k from 0; summed in logs so that large n does not underflow.
std::vector<double> binomialCdf(std::size_t n, double p) {
    std::vector<double> out(n + 1);
    const double log_p = std::log(p), log_q = std::log1p(-p), all = std::lgamma(static_cast<double>(n) + 1);
    double sum = 0;
    for (std::size_t k = 0; k <= n; ++k) {
        const auto x = static_cast<double>(k), rest = static_cast<double>(n - k);
        sum += std::exp(all - std::lgamma(x + 1) - std::lgamma(rest + 1) + x * log_p + rest * log_q);
        out[k] = std::min(1.0, sum);
    }
    return out;
}

struct Ranks {
    std::size_t lo = 0, hi = 0;  // from 1
};

// The narrowest equal-tailed pair of order statistics that bounds the quantile with at least 95 %.
std::optional<Ranks> interval(std::size_t n, double p) {
    const auto cdf = binomialCdf(n, p);
    // P(x_(lo) <= q) = P(X >= lo) = 1 - cdf[lo-1] >= 0.975; P(q <= x_(hi)) = P(X <= hi-1) = cdf[hi-1] >= 0.975.
    Ranks ranks;
    for (std::size_t lo = 1; lo <= n && cdf[lo - 1] <= 0.025; ++lo) ranks.lo = lo;
    for (std::size_t hi = n; hi >= 1 && cdf[hi - 1] >= 0.975; --hi) ranks.hi = hi;
    if (ranks.lo == 0 || ranks.hi == 0) return std::nullopt;
    return ranks;
}

bool near(double a, double b) { return std::abs(a - b) < 1e-12; }

}  // namespace

std::size_t neededSamples(double p) {
    if (near(p, 0.5)) return 6;
    if (near(p, 0.9)) return 64;
    if (near(p, 0.95)) return 130;
    if (near(p, 0.99)) return 662;
    const double tail = std::min(p, 1 - p);
    return static_cast<std::size_t>(std::ceil(std::log(0.025) / std::log1p(-tail)));
}

std::optional<Percentile> percentile(std::span<const double> samples, double p) {
    const std::size_t n = samples.size();
    if (n < neededSamples(p)) return std::nullopt;
    const auto ranks = interval(n, p);
    if (!ranks) return std::nullopt;
    std::vector<double> sorted(samples.begin(), samples.end());
    std::sort(sorted.begin(), sorted.end());
    const auto at = static_cast<std::size_t>(std::ceil(p * static_cast<double>(n)));
    return Percentile{sorted[std::clamp<std::size_t>(at, 1, n) - 1], sorted[ranks->lo - 1], sorted[ranks->hi - 1]};
}

double mean(std::span<const double> samples) {
    return samples.empty() ? 0 : std::accumulate(samples.begin(), samples.end(), 0.0) / static_cast<double>(samples.size());
}

double median(std::span<const double> samples) {
    if (samples.empty()) return 0;
    std::vector<double> sorted(samples.begin(), samples.end());
    std::sort(sorted.begin(), sorted.end());
    const std::size_t half = sorted.size() / 2;
    return sorted.size() % 2 == 1 ? sorted[half] : (sorted[half - 1] + sorted[half]) / 2;
}

double medianDeviation(std::span<const double> samples) {
    const double middle = median(samples);
    std::vector<double> off;
    off.reserve(samples.size());
    for (const double sample : samples) off.push_back(std::abs(sample - middle));
    return median(off);
}

bool isStable(std::span<const double> samples) {
    const std::size_t window = samples.size() / 5;
    if (window < 3) return false;
    double least = INFINITY, most = 0;
    for (std::size_t i = 1; i <= 3; ++i) {
        const double value = mean(samples.subspan(samples.size() - i * window, window));
        least = std::min(least, value);
        most = std::max(most, value);
    }
    return most <= 1.1 * least;
}

}  // namespace pilotlight::bench
