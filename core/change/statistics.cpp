#include "core/change/statistics.h"

#include <algorithm>
#include <cmath>
#include <numbers>

namespace pilotlight::change {
namespace {

constexpr double kUpperNormal95 = 1.6448536269514722;  // standard normal, 95 %

double normalTail(double z) { return 0.5 * std::erfc(z / std::numbers::sqrt2); }

}  // namespace

double binomialTail(std::int64_t n, std::int64_t k, double p) {
    if (k <= 0) return 1;
    if (k > n || p <= 0) return 0;
    if (p >= 1) return 1;
    const double mean = static_cast<double>(n) * p;
    const bool upper = static_cast<double>(k) > mean;  // sum the side whose terms fall
    const double log_odds = std::log(p) - std::log1p(-p);
    const auto log_term = [&](std::int64_t i) {
        return std::lgamma(static_cast<double>(n) + 1) - std::lgamma(static_cast<double>(i) + 1) -
               std::lgamma(static_cast<double>(n - i) + 1) + static_cast<double>(i) * log_odds + static_cast<double>(n) * std::log1p(-p);
    };
    double sum = 0;
    if (upper) {
        double term = std::exp(log_term(k));
        for (std::int64_t i = k; i <= n; ++i) {
            sum += term;
            if (term < sum * 1e-16) break;
            term *= static_cast<double>(n - i) / static_cast<double>(i + 1) * (p / (1 - p));
        }
        return std::min(sum, 1.0);
    }
    double term = std::exp(log_term(k - 1));
    for (std::int64_t i = k - 1; i >= 0; --i) {
        sum += term;
        if (term < sum * 1e-16) break;
        term *= static_cast<double>(i) / static_cast<double>(n - i + 1) * ((1 - p) / p);
    }
    return std::clamp(1 - sum, 0.0, 1.0);
}

double rateIncreaseP(double events_before, double trials_before, double events_after, double trials_after, double ratio,
                     double dispersion) {
    if (trials_after <= 0 || trials_before <= 0 || events_after <= 0) return 1;
    const double scale = std::max(1.0, dispersion);
    const auto before = static_cast<std::int64_t>(std::ceil(events_before / scale));
    const auto after = static_cast<std::int64_t>(std::floor(events_after / scale));
    const double weight = trials_after * ratio;
    return binomialTail(before + after, after, weight / (weight + trials_before));
}

double dispersionOf(std::span<const double> events, std::span<const double> trials) {
    double all_events = 0, all_trials = 0;
    std::size_t parts = 0;
    for (std::size_t i = 0; i < events.size(); ++i) {
        if (trials[i] <= 0) continue;
        all_events += events[i];
        all_trials += trials[i];
        ++parts;
    }
    if (parts < 3 || all_events <= 0) return 1;
    double chi_square = 0;
    for (std::size_t i = 0; i < events.size(); ++i) {
        if (trials[i] <= 0) continue;
        const double expected = all_events * trials[i] / all_trials;
        chi_square += (events[i] - expected) * (events[i] - expected) / expected;
    }
    return std::max(1.0, chi_square / static_cast<double>(parts - 1));
}

double quantileIncreaseP(std::span<const float> before, std::span<const float> after, double q, double factor) {
    if (before.empty() || after.empty()) return 1;
    const auto n = static_cast<double>(before.size());
    const double rank = q * n + kUpperNormal95 * std::sqrt(n * q * (1 - q));
    const auto index = std::min(before.size() - 1, static_cast<std::size_t>(std::ceil(rank)));
    const auto threshold = static_cast<float>(static_cast<double>(before[index]) * factor);
    const auto above = after.end() - std::upper_bound(after.begin(), after.end(), threshold);
    return binomialTail(static_cast<std::int64_t>(after.size()), above, 1 - q);
}

double rankIncreaseP(std::span<const double> before, std::span<const double> after, double factor) {
    const std::size_t n0 = before.size(), n1 = after.size();
    if (n0 < 4 || n1 < 4) return 1;
    std::vector<std::pair<double, int>> all;
    for (const double value : before) all.emplace_back(value * factor, 0);
    for (const double value : after) all.emplace_back(value, 1);
    std::sort(all.begin(), all.end());
    double rank_sum = 0, ties = 0;
    for (std::size_t i = 0; i < all.size();) {
        std::size_t j = i;
        while (j < all.size() && all[j].first == all[i].first) ++j;
        const double rank = (static_cast<double>(i + 1) + static_cast<double>(j)) / 2;
        for (std::size_t k = i; k < j; ++k) {
            if (all[k].second == 1) rank_sum += rank;
        }
        const auto t = static_cast<double>(j - i);
        ties += t * t * t - t;
        i = j;
    }
    const auto m = static_cast<double>(n0), n = static_cast<double>(n1), total = m + n;
    const double u = rank_sum - n * (n + 1) / 2;
    const double variance = m * n / 12 * (total + 1 - ties / (total * (total - 1)));
    if (variance <= 0) return 1;
    return normalTail((u - m * n / 2 - 0.5) / std::sqrt(variance));
}

double levelOfLook(double alpha, int look) {
    const auto k = static_cast<double>(std::max(look, 1));
    return alpha * 6 / (std::numbers::pi * std::numbers::pi * k * k);
}

}  // namespace pilotlight::change
