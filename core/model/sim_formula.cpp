#include "core/model/sim_formula.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <complex>
#include <numbers>
#include <vector>

namespace pilotlight::model {

double erlangB(double load, std::int32_t servers) {
    if (load <= 0) return servers == 0 ? 1 : 0;
    double inverse = 1;  // 1 / B, which does not underflow
    for (std::int32_t k = 1; k <= servers; ++k) {
        inverse = 1 + inverse * k / load;
        if (!std::isfinite(inverse)) return 0;
    }
    return 1 / inverse;
}

double slotUtilisation(double load, std::int32_t slot) { return load * (erlangB(load, slot - 1) - erlangB(load, slot)); }

// First passage T_k from k-1 to k in the birth-death chain (birth rate a, death rate j b in state j). With g_k(s) = 1 - E exp(-s T_k):
//   g_k = (s + (k-1) b g_{k-1}) / (s + a + (k-1) b g_{k-1}),   g_1 = s / (s + a),
// which has no cancellation. P(T_k > tau) is the inverse transform of g_k / s at tau, E min(T_k, tau) that of g_k / s^2, by the fixed
// Talbot contour (Abate, Valko 2004); 24 points give about 1e-12 absolute. All levels cost one sweep for each point.
StationaryResult stationary(const Stationary& system) {
    StationaryResult result;
    const double rate = system.rate, death = 1 / system.service_s, tau = system.keep_alive_s;
    const double load = rate * system.service_s;
    if (!(load > 0)) {
        result.mean_instances = system.pool;
        return result;
    }
    const std::int32_t step = std::max(1, system.concurrency);
    std::int32_t top = static_cast<std::int32_t>(std::ceil(load + 8 * std::sqrt(load) + 30));
    if (system.limit) top = std::min(top, *system.limit);

    // Occupancy, Poisson cut at the limit, by ratios from the mode.
    std::vector<double> share(static_cast<std::size_t>(top) + 1);
    const auto mode = static_cast<std::size_t>(std::min<double>(std::floor(load), top));
    share[mode] = 1;
    for (std::size_t k = mode; k > 0; --k) share[k - 1] = share[k] * static_cast<double>(k) / load;
    for (std::size_t k = mode; k < static_cast<std::size_t>(top); ++k) share[k + 1] = share[k] * load / static_cast<double>(k + 1);
    double total = 0;
    for (const double s : share) total += s;
    for (double& s : share) s /= total;
    std::vector<double> at_least(share.size() + 1, 0.0);
    for (std::size_t k = share.size(); k-- > 0;) at_least[k] = at_least[k + 1] + share[k];

    std::vector<double> survive(share.size(), 0.0), alive(share.size(), 0.0);  // P(T_k > tau), E min(T_k, tau)
    if (tau > 0 && std::isfinite(tau)) {
        constexpr int points = 24;
        const double r = 2.0 * points / (5.0 * tau);
        for (int m = 0; m < points; ++m) {
            std::complex<double> s, weight;
            if (m == 0) {
                s = r;
                weight = 0.5 * std::exp(r * tau);
            } else {
                const double theta = m * std::numbers::pi / points;
                const double cot = std::cos(theta) / std::sin(theta);
                s = {r * theta * cot, r * theta};
                const double sigma = theta + (theta * cot - 1) * cot;
                weight = std::exp(s * tau) * std::complex<double>(1, sigma);
            }
            weight *= r / points;
            std::complex<double> g = s / (s + rate);
            const auto w1 = weight / s, w2 = weight / (s * s);
            for (std::int32_t k = 1; k <= top; ++k) {
                if (k > 1) {
                    const auto up = s + (k - 1) * death * g;
                    g = up / (up + rate);
                }
                survive[static_cast<std::size_t>(k)] += (w1 * g).real();
                alive[static_cast<std::size_t>(k)] += (w2 * g).real();
            }
        }
    } else if (tau <= 0) {
        std::fill(survive.begin(), survive.end(), 1.0);
    }

    result.refused_probability = system.limit && *system.limit <= top ? share.back() : 0;
    double colds = 0, instances = 0;
    for (std::int32_t k = 1; k <= top; ++k) {
        if ((k - 1) % step != 0) continue;
        const auto i = static_cast<std::size_t>(k);
        const std::int32_t instance = (k - 1) / step + 1;
        if (instance <= system.pool) continue;
        colds += share[i - 1] * std::clamp(survive[i], 0.0, 1.0);
        instances += std::isfinite(tau) ? std::min(1.0, at_least[i] + rate * share[i - 1] * std::max(0.0, alive[i])) : 1.0;
    }
    result.cold_probability = colds;
    result.mean_instances = instances + system.pool;
    result.mean_busy = load * (1 - result.refused_probability);
    return result;
}

StationaryResult stationary(Stationary system, const KeepAlive& law) {
    if (law.kind == KeepAlive::Kind::fixed) {
        system.keep_alive_s = law.seconds;
        return stationary(system);
    }
    constexpr int kParts = 32;  // equally likely parts of the law, each at its middle
    StationaryResult mean;
    for (int i = 0; i < kParts; ++i) {
        system.keep_alive_s = law.quantile((i + 0.5) / kParts);
        const auto one = stationary(system);
        mean.cold_probability += one.cold_probability / kParts;
        mean.mean_instances += one.mean_instances / kParts;
        mean.refused_probability = one.refused_probability;
        mean.mean_busy = one.mean_busy;
    }
    return mean;
}

}  // namespace pilotlight::model
