#include "core/tuning/traffic_anchors.h"

#include <algorithm>
#include <cmath>

#include "core/tuning/engine_core.h"

namespace pilotlight::tuning {
namespace {

constexpr double kTraffic[] = {0.5, 2, 3};
constexpr double kMostScaled = 600'000;    // requests of one scaled replay; a busier function does without
constexpr double kMostReplayed = 800'000;  // requests in all corrections of one knot
constexpr double kLeastLoad = 0.003;       // as ReplayAnchors
constexpr double kHalf = 0.5;              // added to counts, so that none has a logarithm

double linear(const std::vector<std::pair<double, double>>& points, double x) {
    if (points.empty()) return 0;
    if (x <= points.front().first) return points.front().second;
    for (std::size_t i = 1; i < points.size(); ++i) {
        const auto &a = points[i - 1], &b = points[i];
        if (x <= b.first) return a.second + (b.second - a.second) * (x - a.first) / (b.first - a.first);
    }
    return points.back().second;
}

std::size_t levelsOf(std::optional<std::int32_t> limit) {
    return limit ? static_cast<std::size_t>(std::max(0, *limit)) : model::Surface::kNoLimit;
}

}  // namespace

void TrafficAnchors::measure(const EngineCore& core, Executor& executor, const JobContext& job) {
    knots_.clear();
    if (core.surfaces.empty()) return;
    const auto n = static_cast<double>(core.work.arrivals.size());
    for (const double traffic : kTraffic)
        if (n * traffic <= kMostScaled) knots_.push_back({traffic, {}, {}});
    parallelFor(executor, knots_.size(), [&](std::size_t i) {
        if (job.stopRequested()) return;
        auto& knot = knots_[i];
        ReplaySettings settings;
        settings.keep_alive = core.keep_alive;
        settings.limit = core.limit_today;
        settings.traffic = knot.traffic;
        const auto requests = scaledRequests(core.work, core.work.warm_s, settings);
        knot.surface = model::buildSurface(requests.arrivals, requests.warm_s, core.work.span_s);
        const auto colds = [&](std::int32_t pool) {
            return knot.surface.coldStarts(core.keep_alive, static_cast<std::size_t>(pool), levelsOf(core.limit_today));
        };
        const double longer = core.init_mean_s + core.cold_mean_s - core.warm_mean_s;
        const bool matters = core.keep_alive.kind == model::KeepAlive::Kind::halving ||
                             colds(0) * std::abs(longer) / std::max(1e-9, knot.surface.busy_s) >= kLeastLoad;
        std::vector<std::int32_t> pools{core.pool_today};
        if (matters && !core.pool_qualifier.empty()) {
            pools.push_back(0);
            std::int32_t pool = 0;
            for (const double left : {0.5, 0.1}) {
                while (pool < static_cast<std::int32_t>(knot.surface.levels.size()) && colds(pool) > left * colds(0)) ++pool;
                pools.push_back(pool);
            }
            std::sort(pools.begin() + 1, pools.end());
        }
        double replayed = 0;
        for (const auto pool : pools) {
            const bool known = std::any_of(knot.log_factor.begin(), knot.log_factor.end(), [&](const auto& p) { return p.first == pool; });
            replayed += n * knot.traffic;
            if (!matters || known || (!knot.log_factor.empty() && replayed > kMostReplayed) || job.stopRequested()) continue;
            settings.pool.clear();
            if (pool > 0) settings.pool = {{0.0, pool}};
            const auto totals = replayRequests(core.work, settings, requests.arrivals, requests.warm_s);
            knot.log_factor.emplace_back(pool, std::log(std::clamp((totals.cold + 1) / (colds(pool) + 1), 0.2, 10.0)));
        }
        std::sort(knot.log_factor.begin(), knot.log_factor.end());
    });
}

template <typename Value>
double TrafficAnchors::between(const EngineCore& core, std::int32_t pool, double traffic, Value&& value) const {
    const auto at = [&](std::size_t i) -> std::pair<double, double> {  // knots in order, today's among them
        const auto below =
            static_cast<std::size_t>(std::count_if(knots_.begin(), knots_.end(), [](const Knot& k) { return k.traffic < 1; }));
        if (i == below)
            return {0.0, value(core.surfaces[core.today_index], std::log(core.anchors.coldFactor(core.grid[core.today_index], pool)))};
        const auto& knot = knots_[i < below ? i : i - 1];
        return {std::log(knot.traffic), value(knot.surface, linear(knot.log_factor, pool))};
    };
    const double x = std::log(std::max(traffic, 1e-3));
    std::size_t high = 1;
    const std::size_t last = knots_.size();
    while (high < last && at(high).first < x) ++high;
    const auto a = at(high - 1), b = at(high);
    return a.second + (b.second - a.second) * (x - a.first) / (b.first - a.first);
}

double TrafficAnchors::coldStarts(const EngineCore& core, double colds, std::int32_t pool, std::optional<std::int32_t> limit,
                                  double traffic) const {
    if (traffic == 1) return colds;
    if (knots_.empty()) return colds * std::sqrt(traffic);  // deeper levels are reached more rarely
    const auto share = [&](const model::Surface& surface, double log_factor) {
        const double found = surface.coldStarts(core.keep_alive, static_cast<std::size_t>(pool), levelsOf(limit)) * std::exp(log_factor);
        return std::log((found + kHalf) / std::max<double>(1, static_cast<double>(surface.requests)));
    };
    const double now = share(core.surfaces[core.today_index], std::log(core.anchors.coldFactor(core.grid[core.today_index], pool)));
    return std::max(0.0, (colds + kHalf) * traffic * std::exp(between(core, pool, traffic, share) - now) - kHalf);
}

double TrafficAnchors::poolShareFactor(const EngineCore& core, std::int32_t pool, double traffic) const {
    if (traffic == 1 || knots_.empty() || pool <= 0) return 1;
    const auto share = [&](const model::Surface& surface, double) {
        return std::log((surface.poolBilledMs(static_cast<std::size_t>(pool)) + 1) / (surface.billed_ms + 1));
    };
    return std::exp(between(core, pool, traffic, share) - share(core.surfaces[core.today_index], 0));
}

}  // namespace pilotlight::tuning
