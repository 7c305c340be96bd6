#include "core/model/latency_percentiles.h"

#include <algorithm>
#include <cmath>

namespace pilotlight::model {
namespace {

constexpr double kScore[] = {0.0, 1.2815515655446004, 1.6448536269514722, 2.3263478740408408};
constexpr double kAssumedSd[] = {0.05, 0.08, 0.12, 0.25};  // of the ratio where nothing tells
constexpr double kBetweenSizes[] = {0.02, 0.03, 0.04, 0.08};
constexpr double kPriorSizes = 3;
constexpr double kLength = 0.8;  // in ln(MB), over which ratios resemble each other

double ratioOf(const std::vector<double>& residuals, double p) {
    const double at = p * static_cast<double>(residuals.size() - 1);
    const auto i = static_cast<std::size_t>(at);
    if (i + 1 >= residuals.size()) return residuals.back();
    return residuals[i] + (at - static_cast<double>(i)) * (residuals[i + 1] - residuals[i]);
}

}  // namespace

PercentileRatios::PercentileRatios(const PointSet& points) {
    constexpr double kProbability[] = {0.5, 0.9, 0.95, 0.99};
    for (std::size_t w = 0; w < pools_.size(); ++w) {
        Pool& pool = pools_[w];
        for (const auto& point : points.points) {
            const std::optional<double> ratios[] = {point.log_p50, point.log_p90, point.log_p95, point.log_p99};
            if (!ratios[w]) continue;
            // Sampling error of an estimated percentile of a normal sample: sd^2 (1 + z^2/2) / n, near enough for the tails in use.
            const double calls = std::max<double>(1, static_cast<double>(point.count));
            const double var = points.spread.sd * points.spread.sd * (1 + kScore[w] * kScore[w]) / calls;
            pool.known.push_back({std::log(point.axis), *ratios[w], var});
        }
        pool.between_sd = kBetweenSizes[w];
        if (!pool.known.empty()) {
            const auto n = static_cast<double>(pool.known.size());
            for (const auto& known : pool.known) pool.mean += known.log_ratio / n;
            double squares = kPriorSizes * pool.between_sd * pool.between_sd;
            for (const auto& known : pool.known) squares += std::pow(known.log_ratio - pool.mean, 2);
            pool.between_sd = std::sqrt(squares / (kPriorSizes + n - 1));
            pool.mean_sd = pool.between_sd / std::sqrt(n);
        } else if (points.spread.residuals.size() >= 8) {  // too few calls at each size: pool them over the sizes
            pool.mean = ratioOf(points.spread.residuals, kProbability[w]);
            const auto calls = static_cast<double>(points.spread.residuals.size());
            pool.mean_sd = points.spread.sd * std::sqrt((1 + kScore[w] * kScore[w]) / calls) + 0.25 * points.spread.sd * kScore[w];
        } else {  // log-normal with the spread that is known or assumed
            const double sd = points.spread.sd;
            pool.mean = kScore[w] * sd - 0.5 * sd * sd;
            pool.mean_sd = kAssumedSd[w] * (points.spread.observed ? 0.5 : 1.0);
        }
    }
}

RatioEstimate PercentileRatios::at(Which which, double axis) const {
    const Pool& pool = pools_[which];
    const double x = std::log(axis);
    double weight = 0, sum = 0, nearest = 0, nearest_var = 0;
    for (const auto& known : pool.known) {
        const double d = (known.x - x) / kLength;
        const double resemblance = std::exp(-0.5 * d * d);
        const double w = resemblance / (0.05 + known.var / std::max(1e-8, pool.between_sd * pool.between_sd));
        weight += w;
        sum += w * known.log_ratio;
        if (resemblance > nearest) {
            nearest = resemblance;
            nearest_var = known.var;
        }
    }
    // The pooled mean counts as one far neighbour.
    constexpr double kPoolWeight = 0.5;
    RatioEstimate out;
    out.log_ratio = (sum + kPoolWeight * pool.mean) / (weight + kPoolWeight);
    const double own = pool.between_sd * std::sqrt(1 - 0.8 * nearest);
    out.sd = pool.known.empty() ? std::hypot(pool.mean_sd, pool.between_sd)
                                : std::sqrt(own * own + pool.mean_sd * pool.mean_sd * (1 - nearest) + nearest_var);
    return out;
}

}  // namespace pilotlight::model
