// Joint search over memory, warm pool (constant and weekly), by look-up; the choice is replayed before it is recommended (recommend.cpp).
#include "core/tuning/search.h"

#include <algorithm>
#include <cmath>

#include "core/model/sim_schedule.h"

namespace pilotlight::tuning {
namespace {

constexpr std::size_t kScheduleBins = 336;  // half hours of a week

double unitPrice(const EngineCore& core, const char* meter) {
    if (!core.evidence.prices) return 0;
    const auto* price = core.evidence.prices->find(meter);
    return price != nullptr && !price->tiers.empty() ? price->tiers.front().price.toDouble() : 0;
}

// Levels of half hours as entries: equal switches of several days in one.
WarmSchedule toSchedule(const std::vector<std::int32_t>& levels) {
    WarmSchedule schedule;
    std::map<std::pair<std::int32_t, std::int32_t>, std::uint8_t> entries;
    for (std::size_t b = 0; b < levels.size(); ++b) {
        if (levels[b] == levels[(b + levels.size() - 1) % levels.size()]) continue;
        const auto minute = static_cast<std::int32_t>(b % 48) * 30;
        entries[{minute, levels[b]}] |= static_cast<std::uint8_t>(1U << (b / 48));
    }
    for (const auto& [key, days] : entries) schedule.entries.push_back({days, key.first, key.second});
    return schedule;
}

// Best weekly schedules at one size, for some values of an avoided cold start.
void addSchedules(const EngineCore& core, std::size_t size, double weekly_cost, std::vector<Trial>& trials) {
    const auto& surface = core.surfaces[size];
    if (surface.bins != kWeekBins || core.work.span_s < 13 * 86400.0) return;  // every half hour has to be seen twice
    const double gb = core.grid[size].gigabytes();
    const double on_demand = unitPrice(core, meter::kDuration), kept = unitPrice(core, meter::kPoolKept),
                 run = unitPrice(core, meter::kPoolDuration);
    if (on_demand <= 0 || kept <= 0) return;
    double init_s = 0;
    for (const float i : core.work.init_s) init_s += i;
    init_s = init_s / static_cast<double>(core.work.init_s.size()) * core.initRatioAt(core.grid[size]);
    const double weeks = std::max(1.0, core.work.span_s / (7 * 86400.0));
    const std::size_t depth = std::min<std::size_t>(surface.depth, surface.slots.size());
    if (depth == 0) return;
    for (const double value : {0.0, 1e-4, 1e-3, 1e-2}) {
        std::vector<double> gains(kScheduleBins * depth);
        for (std::size_t b = 0; b < kWeekBins; ++b)
            for (std::size_t k = 0; k < depth; ++k) {
                const double busy = surface.slot_busy[b * surface.depth + k] / weeks,
                             cold = surface.level_cold[b * surface.depth + k] * core.cold_anchor / weeks;
                gains[(b / 6) * depth + k] += gb * (busy * (on_demand - run) - 300 * kept + cold * init_s * on_demand) + cold * value;
            }
        const auto levels = model::bestSchedule(gains, kScheduleBins, depth, 0.002 * weekly_cost);
        if (std::all_of(levels.begin(), levels.end(), [&](auto l) { return l == levels.front(); })) continue;
        Trial trial;
        trial.size = size;
        trial.settings.memory = core.grid[size];
        trial.settings.schedule = toSchedule(levels);
        trials.push_back(std::move(trial));
    }
}

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

std::vector<Trial> searchTrials(const EngineCore& core, const Limits& limits, std::optional<std::int32_t> limit) {
    // Look-ups differ a little from replays: they are shifted so that both agree on today.
    Resolved now = resolve(core, {});
    const Point today_look = lookUpPoint(core, now, false);
    const double f50 = today_look.p95_s > 0 ? core.today_point.p95_s / today_look.p95_s : 1,
                 f99 = today_look.p99_s > 0 ? core.today_point.p99_s / today_look.p99_s : 1;
    const double shift = costOf(core, core.today_point).value_or(0) - costOf(core, today_look).value_or(0);
    if (limit) now.limit = limit;

    std::size_t most = 0;
    const bool pool = poolCanChange(core);
    if (pool && !core.surfaces.empty()) {
        // Slots used less than a thousandth of the time are never worth it.
        const auto& surface = core.surfaces[core.today_index];
        while (most < std::min<std::size_t>(50, surface.slots.size()) && surface.utilisation(most) > 1e-3) ++most;
        most = std::max<std::size_t>(most, 1);
    }
    std::vector<Trial> trials;
    for (std::size_t i = 0; i < core.grid.size(); ++i) {
        if (!allowed(core, core.grid[i])) continue;
        std::vector<std::int32_t> levels;
        if (pool)
            for (std::size_t p = 0; p <= most; ++p) levels.push_back(static_cast<std::int32_t>(p));
        if (std::find(levels.begin(), levels.end(), core.pool_today) == levels.end()) levels.push_back(core.pool_today);
        for (const auto level : levels) {
            Trial trial;
            trial.size = i;
            trial.settings = now;
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
            trials[t].settings.limit = now.limit;
        }
    }
    for (auto& trial : trials) {
        trial.point = lookUpPoint(core, trial.settings, false);
        trial.point.p50_s *= f50;
        trial.point.p95_s *= f50;
        trial.point.p99_s *= f99;
        const auto cost = costOf(core, trial.point);
        trial.cost = cost ? *cost + shift : 0;
        trial.feasible = meets(limits, trial.point);
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
