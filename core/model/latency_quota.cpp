#include "core/model/latency_quota.h"

#include <algorithm>
#include <cmath>

namespace pilotlight::model {
namespace {

// One burst whose first refill comes after `refill` ms; the accounting tick first after `tick_offset` ms.
double burst(double cpu_ms, double quota, double period, double tick, double refill, double tick_offset) {
    constexpr double kSliceMs = 5.0;
    double pool = quota, local = 0, now = 0, left = cpu_ms, next_refill = refill, next_tick = tick_offset;
    const auto take = [&] {
        const double amount = std::min(pool, kSliceMs - local);
        if (amount > 0) {
            pool -= amount;
            local += amount;
        }
    };
    take();
    bool throttled = false;
    for (int guard = 0; guard < 100'000 && left > 1e-9; ++guard) {
        if (throttled) {  // until a refill covers the debt
            now = next_refill;
            next_refill += period;
            pool = quota;
            take();
            next_tick = now + tick;
            throttled = local <= 0;
            continue;
        }
        const double until = std::min({left, next_tick - now, next_refill - now});
        now += until;
        left -= until;
        local -= until;
        if (now >= next_refill - 1e-12) {
            pool = quota;
            next_refill += period;
        }
        if (now >= next_tick - 1e-12) {
            next_tick += tick;
            if (local <= 0) take();
            throttled = local <= 0;
        }
    }
    return now;
}

// `slower`: by how much a burst within its quota is; `rest_ms`: what follows the last whole period.
double deferredDebt(double cpu_ms, double share, double period_ms, double slower, double rest_ms) {
    if (share >= 1) return cpu_ms;
    // CPU time differs a little from call to call, which rounds the steps.
    constexpr double kWeights[] = {0.1, 0.2, 0.4, 0.2, 0.1};
    constexpr double kFactors[] = {0.97, 0.985, 1.0, 1.015, 1.03};
    const double quota = share * period_ms;
    double sum = 0;
    for (int i = 0; i < 5; ++i) {
        const double cpu = cpu_ms * kFactors[i];
        const double periods = std::ceil(cpu / quota);
        sum += kWeights[i] * (periods <= 1 ? cpu * (1 + slower) : std::max(cpu, period_ms * (periods - 1) + rest_ms));
    }
    return sum;
}

}  // namespace

double quotaRandomPhaseMs(double cpu_ms, double share, double period_ms, double tick_ms) {
    if (share >= 1) return cpu_ms;
    constexpr int kPhases = 24;
    double sum = 0;
    for (int i = 0; i < kPhases; ++i) {
        const double phase = (i + 0.5) / kPhases;
        const double tick_phase = std::fmod(phase * 7.0 + 0.13, 1.0);  // spread, not in step with the refill
        sum += burst(cpu_ms, share * period_ms, period_ms, tick_ms, phase * period_ms, tick_phase * tick_ms);
    }
    return sum / kPhases;
}

double quotaDeferredDebtMs(double cpu_ms, double share, double period_ms) {
    return deferredDebt(cpu_ms, share, period_ms, 0.075 * (1 - share), 0.07 * period_ms);
}

double quotaWholePeriodsMs(double cpu_ms, double share, double period_ms) { return deferredDebt(cpu_ms, share, period_ms, 0, 0); }

}  // namespace pilotlight::model
