// Points: what a setting uses and how long requests take, by replay or by look-up.
#include <algorithm>
#include <cmath>

#include "core/tuning/engine_core.h"
#include "core/tuning/schedules.h"

namespace pilotlight::tuning {
namespace {

// Pool levels over the span of the workload.
std::vector<std::pair<double, std::int32_t>> poolSteps(const EngineCore& core, const Resolved& s) {
    if (!s.schedule)
        return s.pool > 0 ? std::vector<std::pair<double, std::int32_t>>{{0.0, s.pool}} : std::vector<std::pair<double, std::int32_t>>{};
    const auto levels = s.schedule->levels(kWeekBins);
    std::vector<std::pair<double, std::int32_t>> steps;
    if (levels.empty()) return steps;
    const double bin_s = 7 * 86400.0 / static_cast<double>(levels.size());
    auto bin = static_cast<std::size_t>(core.work.week_offset_s / bin_s) % levels.size();
    double at = 0, next = (std::floor(core.work.week_offset_s / bin_s) + 1) * bin_s - core.work.week_offset_s;
    while (at < core.work.span_s) {
        if (steps.empty() || steps.back().second != levels[bin]) steps.emplace_back(at, levels[bin]);
        at = next;
        next += bin_s;
        bin = (bin + 1) % levels.size();
    }
    return steps;
}

double quantileOf(const std::vector<float>& q, double p) {
    const double place = p * static_cast<double>(q.size() - 1);
    const auto below = static_cast<std::size_t>(place);
    const auto above = std::min(below + 1, q.size() - 1);
    return q[below] + (place - static_cast<double>(below)) * (q[above] - q[below]);
}

// Share of values at or below x, from equidistant quantiles.
double shareBelow(const std::vector<float>& q, double x) {
    const auto it = std::upper_bound(q.begin(), q.end(), x);
    if (it == q.begin()) return 0;
    if (it == q.end()) return 1;
    const double low = *(it - 1), high = *it;
    const double part = high > low ? (x - low) / (high - low) : 0;
    return (static_cast<double>(it - q.begin() - 1) + part) / static_cast<double>(q.size() - 1);
}

// Windows of the time of day at which a change made now is judged, with as many requests as a verdict takes (50); where there are fewer
// than six of those, of any time of day, and at last all that saw a request. Cold starts as they were logged where the setting leaves
// them as they are: the platform recycles instances more evenly than keep-alive alone would.
std::vector<WindowShare> windowShares(const EngineCore& core, const ReplayTotals& totals, bool same_cold_starts, bool scheduled) {
    std::vector<WindowShare> shares;
    if (totals.served <= 0) return shares;
    const auto per_request = [&](double window, double n, double total) {
        return total > 0 ? static_cast<float>(window / n / (total / totals.served)) : 1.0F;
    };
    const auto whole = std::min(totals.windows.size(),  // the last one may be cut short
                                static_cast<std::size_t>(core.work.span_s / std::chrono::duration<double>(kVerificationWindow).count()));
    const auto share = [&](std::size_t w) {
        const auto& part = totals.windows[w];
        const float drift = w < core.drift.size() ? core.drift[w] : 1.0F;
        WindowShare out{drift * per_request(part.on_demand_ms, part.requests, totals.on_demand_ms),
                        per_request(part.init_ms, part.requests, totals.init_ms),
                        drift * per_request(part.pool_ms, part.requests, totals.pool_ms), static_cast<float>(part.requests),
                        static_cast<std::uint8_t>(w % 24)};
        if (same_cold_starts && w < core.mean_seen.size()) {
            if (core.mean_seen[w] > 0 && totals.pooled <= 0) out.on_demand = core.mean_seen[w];
            if (core.init_seen[w] >= 0) out.init = core.init_seen[w];
        }
        return out;
    };
    struct Kind {
        double least_requests;
        bool this_hour;
    };
    for (const Kind kind : {Kind{50, true}, Kind{50, false}, Kind{1, false}}) {
        if (kind.this_hour && scheduled) continue;  // what a schedule does shows over the day only
        shares.clear();
        for (std::size_t w = 0; w < whole; ++w)
            if (totals.windows[w].requests >= kind.least_requests && (!kind.this_hour || w % 24 == whole % 24)) shares.push_back(share(w));
        if (shares.size() >= 6) break;
    }
    return shares;
}

std::vector<double> coldByHour(const EngineCore& core, const ReplayTotals& totals) {
    const double window_s = std::chrono::duration<double>(kVerificationWindow).count();
    std::vector<double> served(24, 0.0), cold(24, 0.0);
    for (std::size_t w = 0; w < totals.windows.size(); ++w) {
        const double middle = core.work.week_offset_s + (static_cast<double>(w) + 0.5) * window_s;
        const auto hour = static_cast<std::size_t>(middle / 3600) % 24;
        served[hour] += totals.windows[w].requests;
        cold[hour] += totals.windows[w].cold * core.cold_anchor;
    }
    const double all = totals.served > 0 ? totals.cold * core.cold_anchor / totals.served : 0;
    for (std::size_t h = 0; h < cold.size(); ++h) cold[h] = std::min(1.0, served[h] > 0 ? cold[h] / served[h] : all);
    return cold;
}

}  // namespace

double Resolved::meanPool() const {
    if (!schedule) return pool;
    const auto levels = schedule->levels(kWeekBins);
    double sum = 0;
    for (const auto level : levels) sum += level;
    return levels.empty() ? 0 : sum / static_cast<double>(levels.size());
}

double EngineCore::ratioAt(Megabytes memory) const {
    for (std::size_t i = 0; i < grid.size(); ++i)
        if (grid[i] == memory) return ratio[i];
    if (!latency) return 1;
    const double now = latency->at(evidence.function.memory).mean_ms.value;
    return now > 0 ? latency->at(memory).mean_ms.value / now : 1;
}

double EngineCore::initRatioAt(Megabytes memory) const {
    const auto share = [](Megabytes m) { return std::min<double>(std::max(1, m.value), kLambdaMegabytesPerVcpu); };
    return std::pow(share(memory) / share(evidence.function.memory), -work.init_exponent);
}

std::size_t EngineCore::gridIndex(Megabytes memory) const {
    std::size_t best = 0;
    for (std::size_t i = 1; i < grid.size(); ++i)
        if (std::abs(grid[i].value - memory.value) < std::abs(grid[best].value - memory.value)) best = i;
    return best;
}

bool poolAsToday(const EngineCore& core, const Resolved& s) {
    return s.schedule == core.schedule_today && (s.schedule || s.pool == core.pool_today);
}

Resolved resolve(const EngineCore& core, const WhatIf& what) {
    Resolved s;
    const auto& function = core.evidence.function;
    s.memory = what.settings.memory.value_or(function.memory);
    s.pool = core.pool_today;
    if (!what.settings.warm_pool) s.schedule = core.schedule_today;
    if (what.settings.warm_pool) s.pool = std::max(0, *what.settings.warm_pool);
    if (what.settings.warm_schedule) s.schedule = inUtc(*what.settings.warm_schedule, core.evidence.range.end);
    const auto limit = what.settings.instance_limit.value_or(function.instance_limit);
    if (limit.kind == InstanceLimit::Kind::limited) s.limit = limit.value;
    if (!s.limit && core.evidence.limits && core.evidence.limits->concurrent_executions > 0)
        s.limit = core.evidence.limits->concurrent_executions;
    s.traffic = std::clamp(what.traffic, 0.0, 100.0);
    s.surge = std::clamp(what.surge, 0.0, 100.0);
    return s;
}

Point replayPoint(const EngineCore& core, const Resolved& s) {
    ReplaySettings settings;
    settings.duration_ratio = core.ratioAt(s.memory);
    settings.init_ratio = core.initRatioAt(s.memory);
    settings.limit = s.limit;
    settings.pool = poolSteps(core, s);
    settings.keep_alive = core.keep_alive;
    settings.traffic = s.traffic;
    settings.surge = s.surge;
    settings.surge_begin_s = core.surge_begin_s;
    const auto totals = replayWorkload(core.work, settings);
    const double month = core.work.scale * kMonthSeconds / core.work.read_s;
    Point p;
    p.memory = s.memory;
    p.requests = totals.demand * month;
    p.throttled = std::min(p.requests, totals.throttled * month * core.throttle_anchor);
    p.cold = std::min(totals.served, totals.cold * core.cold_anchor) * month;
    p.usage.requests = (totals.demand - totals.throttled) * month;
    p.usage.duration_ms_billed = totals.on_demand_ms * month * core.duration_anchor;
    p.usage.init_ms_billed = core.evidence.function.init_billed ? totals.init_ms * core.cold_anchor * month : 0;
    p.usage.pool_duration_ms_billed = totals.pool_ms * month * core.duration_anchor;
    p.usage.pool_instance_seconds = s.meanPool() * kMonthSeconds;
    const auto latency = totals.latency(core.cold_anchor);
    p.p50_s = latency.quantile(0.50);
    p.p95_s = latency.quantile(0.95);
    p.p99_s = latency.quantile(0.99);
    p.pool_as_today = poolAsToday(core, s);
    p.same_cold_starts = p.pool_as_today && s.traffic == 1 && s.surge == 1;
    p.cold_by_hour = coldByHour(core, totals);
    p.windows = windowShares(core, totals, p.same_cold_starts, s.schedule.has_value());
    for (const auto& [seconds, share] : latency.cdf()) p.cdf.emplace_back(seconds * 1000, share);
    return p;
}

Point lookUpPoint(const EngineCore& core, const Resolved& s, bool with_cdf) {
    Point p;
    p.memory = s.memory;
    p.pool_as_today = poolAsToday(core, s);
    const double month = core.work.scale * kMonthSeconds / core.work.read_s;
    const auto n = static_cast<double>(core.work.arrivals.size());
    if (n <= 0 || core.surfaces.empty()) {
        p.usage.pool_instance_seconds = s.meanPool() * kMonthSeconds;
        return p;
    }
    // The two sizes of the grid around this one, weighted in log memory.
    std::size_t low = 0;
    while (low + 1 < core.grid.size() && core.grid[low + 1] <= s.memory) ++low;
    const std::size_t high = s.memory <= core.grid[low] ? low : std::min(low + 1, core.grid.size() - 1);
    const double w = high == low ? 0
                                 : std::log(static_cast<double>(s.memory.value) / core.grid[low].value) /
                                       std::log(static_cast<double>(core.grid[high].value) / core.grid[low].value);
    const auto mix = [&](auto&& f) {
        return high == low ? f(core.surfaces[low]) : (1 - w) * f(core.surfaces[low]) + w * f(core.surfaces[high]);
    };

    double colds = 0, pool_ms = 0, throttled = 0;
    const double all_ms = mix([](const model::Surface& f) { return f.billed_ms; }) * core.duration_anchor;
    if (s.schedule) {
        // By week bin; the surfaces of one size keep the tables.
        const auto levels = s.schedule->levels(kWeekBins);
        const auto& surface = core.surfaces[w < 0.5 ? low : high];
        double busy = 0, all_busy = std::max(1e-9, surface.busy_s), factor = 1;
        for (std::size_t b = 0; b < surface.bins && b < levels.size(); ++b) {
            if (b == 0 || levels[b] != levels[b - 1]) factor = core.anchors.coldFactor(s.memory, levels[b]);
            double cold = 0;
            for (std::size_t k = 0; k < surface.depth; ++k) {
                if (static_cast<std::int32_t>(k) < levels[b])
                    busy += surface.slot_busy[b * surface.depth + k];
                else
                    cold += surface.level_cold[b * surface.depth + k];
            }
            colds += factor * cold;
        }
        pool_ms = busy / all_busy * all_ms;
    } else {
        const auto pool = static_cast<std::size_t>(s.pool);
        const auto most = s.limit ? static_cast<std::size_t>(std::max(0, *s.limit)) : model::Surface::kNoLimit;
        colds = mix([&](const model::Surface& f) { return f.coldStarts(core.keep_alive, pool, most); }) * core.anchors.coldFactor(s.memory, s.pool);
        pool_ms = mix([&](const model::Surface& f) { return f.poolBilledMs(pool); }) * core.duration_anchor;
    }
    if (s.limit) throttled = n * core.throttledShare(s.memory, s.pool, *s.limit, s.traffic, s.refused);
    const double surged = 1 + (s.surge - 1) / 96, traffic = s.traffic * surged;
    if (s.traffic != 1) {
        const auto level = static_cast<std::int32_t>(std::lround(s.meanPool()));
        colds = core.traffic.coldStarts(core, colds, level, s.limit, s.traffic);
        pool_ms = std::min(all_ms, pool_ms * core.traffic.poolShareFactor(core, level, s.traffic));
    }
    // A surge: cold starts grow more slowly than requests (square root, as deeper levels are reached more rarely).
    colds *= std::sqrt(surged) * core.cold_anchor;
    colds = std::min(colds, n * traffic);
    const double served_share = 1 - std::min(1.0, throttled / n);
    const double factor = month * traffic * served_share;
    p.requests = n * month * traffic;
    p.throttled = std::min(p.requests, throttled * month * traffic * core.throttle_anchor);
    p.cold = colds * month;
    p.usage.requests = n * factor;
    const auto billed = core.anchors.billedFactors(s.memory, s.meanPool());
    p.usage.pool_duration_ms_billed = pool_ms * factor * billed.pool;
    const double r = core.ratioAt(s.memory), ri = core.initRatioAt(s.memory);
    const double first_ms = 1000 * r * (core.cold_mean_s - core.warm_mean_s) * core.duration_anchor;  // by which a first call takes longer
    // As in the replay, handler time is anchored as a whole, whatever the anchor of the number of cold starts.
    p.usage.duration_ms_billed = std::max(0.0, (all_ms - pool_ms) * factor + p.cold / core.cold_anchor * first_ms) * billed.on_demand;
    p.usage.init_ms_billed = core.evidence.function.init_billed ? p.cold * (core.init_mean_s * ri * 1000 + 0.5) * billed.init : 0;
    p.usage.pool_instance_seconds = s.meanPool() * kMonthSeconds;

    // Percentiles of the mixture of warm and cold requests, by bisection.
    const double c = std::clamp(p.cold / std::max(1e-9, p.requests - p.throttled), 0.0, 1.0);
    // INIT and handler scale apart; their mean by length is good enough for a look-up.
    const double cold_factor = (core.init_mean_s * ri + core.cold_mean_s * r) / std::max(1e-9, core.init_mean_s + core.cold_mean_s);
    const auto cdf = [&](double x) {
        return (1 - c) * shareBelow(core.warm_quantiles, x / r) + c * shareBelow(core.cold_quantiles, x / cold_factor);
    };
    const double top = std::max(core.warm_quantiles.back() * r, core.cold_quantiles.back() * cold_factor);
    const auto find = [&](double q) {
        double a = 0, b = top;
        // A start near the answer: the warm quantile bounds it from one side in almost all cases.
        for (int i = 0; i < 26; ++i) {
            const double m = 0.5 * (a + b);
            (cdf(m) < q ? a : b) = m;
        }
        return 0.5 * (a + b);
    };
    p.p50_s = find(0.50);
    p.p95_s = find(0.95);
    p.p99_s = find(0.99);
    if (with_cdf) {
        for (int i = 0; i <= 100; ++i) {
            const double x = quantileOf(core.warm_quantiles, i / 100.0) * r;
            p.cdf.emplace_back(x * 1000, cdf(x));
        }
        for (const double q : {0.99, 0.995, 0.999, 1.0}) {
            const double x = find(q);
            if (x * 1000 > p.cdf.back().first) p.cdf.emplace_back(x * 1000, cdf(x));
        }
    }
    return p;
}

}  // namespace pilotlight::tuning
