// Joint search over memory, warm pool (constant and weekly) and instance limit, by look-up; the choice is replayed before it is recommended (recommend.cpp).
#include "core/tuning/search.h"

#include <algorithm>
#include <cmath>

#include "core/tuning/instance_limits.h"
#include "core/tuning/schedules.h"

namespace pilotlight::tuning {
namespace {

// Share of the draws in which the size keeps the limit on p95.
double chanceOfP95(const EngineCore& core, const Trial& trial, const Limits& limits) {
    if (!std::isfinite(limits.p95_s) || core.ratio[trial.size] <= 0) return 1;
    if (trial.size == core.today_index) return trial.point.p95_s <= limits.p95_s ? 1 : 0;
    double kept = 0;
    for (const auto& draw : core.ratio_draws) kept += trial.point.p95_s * draw[trial.size] / core.ratio[trial.size] <= limits.p95_s ? 1 : 0;
    return core.ratio_draws.empty() ? 1 : kept / static_cast<double>(core.ratio_draws.size());
}

}  // namespace

bool poolCanChange(const EngineCore& core) {
    if (core.pool_qualifier.empty()) return false;
    int pools = 0;
    for (const auto& q : core.evidence.function.qualifiers) {
        if (q.scaling) return false;  // something else scales it already
        pools += q.warm_pool.value_or(0) > 0 ? 1 : 0;
    }
    return pools <= 1 && core.evidence.function.platform == PlatformKind::aws && !core.evidence.function.snap_start;
}

Limits limitsOf(const EngineCore& core, const Slo& slo) {
    Limits limits;
    if (slo.any()) {
        limits.explicit_slo = true;
        limits.p95_s = slo.p95_ms ? *slo.p95_ms / 1000 : INFINITY;
        limits.p99_s = slo.p99_ms ? *slo.p99_ms / 1000 : INFINITY;
        limits.cold_share = slo.cold_share.value_or(INFINITY);
    } else {
        limits.p95_s = core.today_point.p95_s * 1.05;
    }
    limits.throttled_share = throttledAllowed(core);
    return limits;
}

double coldShareOf(const Point& p) { return p.requests > p.throttled ? std::clamp(p.cold / (p.requests - p.throttled), 0.0, 1.0) : 0; }

bool meets(const Limits& limits, const Point& p) {
    return p.p95_s <= limits.p95_s * (1 + 1e-9) && p.p99_s <= limits.p99_s * (1 + 1e-9) && coldShareOf(p) <= limits.cold_share * (1 + 1e-9);
}

bool allowed(const EngineCore& core, Megabytes memory) {
    if (core.floor && memory < *core.floor) return memory == core.evidence.function.memory;
    return memory.value >= 128 && memory.value <= 10240;
}

std::vector<Trial> searchTrials(const EngineCore& core, const Limits& limits) {
    // Look-ups differ a little from replays: they are shifted so that both agree on today.
    const Resolved now = resolve(core, {});
    const Point today_look = lookUpPoint(core, now, false);
    const double f50 = today_look.p95_s > 0 ? core.today_point.p95_s / today_look.p95_s : 1,
                 f99 = today_look.p99_s > 0 ? core.today_point.p99_s / today_look.p99_s : 1;
    const double shift = costOf(core, core.today_point).value_or(0) - costOf(core, today_look).value_or(0);

    std::size_t most = 0;
    const bool pool = poolCanChange(core);
    if (pool && !core.surfaces.empty()) {
        // Slots used less than a thousandth of the time are never worth it.
        const auto& surface = core.surfaces[core.today_index];
        while (most < std::min<std::size_t>(50, surface.slots.size()) && surface.utilisation(most) > 1e-3) ++most;
        most = std::max<std::size_t>(most, 1);
    }
    // The limit that each size needs, and the share that Erlang's formula refuses under it: neither depends on the pool.
    std::vector<std::optional<std::int32_t>> limits_of(core.grid.size(), core.limit_today);
    std::vector<double> refused(core.grid.size(), 0.0);
    for (std::size_t i = 0; i < core.grid.size() && !core.surfaces.empty(); ++i) {
        limits_of[i] = limitToTry(core, i, limits.throttled_share);
        if (limits_of[i]) refused[i] = core.erlangShare(i, *limits_of[i], 1);
    }
    std::vector<Trial> trials;
    for (std::size_t i = 0; i < core.grid.size(); ++i) {
        if (!allowed(core, core.grid[i])) continue;
        std::vector<std::int32_t> levels;
        if (pool)
            for (std::size_t p = 0; p <= most; ++p) levels.push_back(static_cast<std::int32_t>(p));
        if (std::find(levels.begin(), levels.end(), core.pool_today) == levels.end()) levels.push_back(core.pool_today);
        const auto limit = limits_of[i];
        for (const auto level : levels) {
            Trial trial;
            trial.size = i;
            trial.settings = now;
            trial.settings.limit = limit;
            trial.settings.memory = core.grid[i];
            trial.settings.pool = level;
            trials.push_back(trial);
        }
    }
    if (pool && !core.surfaces.empty()) {
        const double weekly = core.today_point.usage.requests > 0 ? costOf(core, core.today_point).value_or(0) * 7 / 30 : 0;
        const std::size_t before = trials.size();
        for (std::size_t i = 0; i < core.grid.size(); ++i)
            if (allowed(core, core.grid[i]) && core.grid[i].value <= 2 * core.evidence.function.memory.value)
                addSchedules(core, i, weekly, trials);
        for (std::size_t t = before; t < trials.size(); ++t) {
            trials[t].settings.limit = limits_of[trials[t].size];
        }
    }
    for (auto& trial : trials) {
        trial.settings.refused = refused[trial.size];
        trial.point = lookUpPoint(core, trial.settings, false);
        trial.point.p50_s *= f50;
        trial.point.p95_s *= f50;
        trial.point.p99_s *= f99;
        const auto cost = costOf(core, trial.point);
        trial.cost = cost ? *cost + shift : 0;
        trial.throttles = throttledShareOf(trial.point) > limits.throttled_share * (1 + 1e-9);
        trial.feasible = meets(limits, trial.point) && !trial.throttles;
        trial.chance_p95 = chanceOfP95(core, trial, limits);
        if (trial.size != core.today_index && trial.chance_p95 < 0.8) trial.feasible = false;
        const double timeout = static_cast<double>(core.evidence.function.timeout.count());
        if (timeout > 0 && trial.point.p99_s > 0.9 * timeout && core.ratio[trial.size] > 1) trial.feasible = false;
    }
    // Pareto front of cost against the 95th percentile.
    std::vector<std::size_t> order(trials.size());
    for (std::size_t i = 0; i < order.size(); ++i) order[i] = i;
    std::stable_sort(order.begin(), order.end(), [&](std::size_t a, std::size_t b) {
        return trials[a].cost != trials[b].cost ? trials[a].cost < trials[b].cost : trials[a].point.p95_s < trials[b].point.p95_s;
    });
    double fastest = INFINITY;
    for (const auto i : order) {
        if (trials[i].point.p95_s < fastest) {
            trials[i].on_front = true;
            fastest = trials[i].point.p95_s;
        }
    }
    return trials;
}

}  // namespace pilotlight::tuning
