#include "core/tuning/anchors.h"

#include <algorithm>
#include <cmath>

#include "core/model/sim_formula.h"
#include "core/tuning/engine_core.h"
#include "core/tuning/search.h"

namespace pilotlight::tuning {
namespace {

constexpr double kLeastLoad = 0.003;                    // cold starts that add less than this share of the load are left as they are
constexpr double kColdLeft[] = {0.85, 0.5, 0.2, 0.05};  // a pool is tried where the surface leaves these shares of the cold starts
constexpr double kMostReplayed = 12 * 100'000.0;        // requests in all replays; a busier function gets fewer of them
constexpr double kLeastFactor = 0.2, kMostFactor = 10;
constexpr double kLittleMs = 1000;  // billed time too small to compare

double surfaceColds(const EngineCore& core, std::size_t size, std::int32_t pool, std::optional<std::int32_t> limit) {
    return core.surfaces[size].coldStarts(core.keep_alive, static_cast<std::size_t>(pool),
                                          limit ? static_cast<std::size_t>(*limit) : model::Surface::kNoLimit);
}

struct LookUpBilled {
    double on_demand_ms = 0, init_ms = 0, pool_ms = 0;
};
// As lookUpPoint has them before any factor, for this number of cold starts.
LookUpBilled lookUpBilled(const EngineCore& core, std::size_t size, std::int32_t pool, double colds) {
    const auto& surface = core.surfaces[size];
    LookUpBilled out;
    out.pool_ms = surface.poolBilledMs(static_cast<std::size_t>(pool));
    out.on_demand_ms = std::max(0.0, surface.billed_ms - out.pool_ms + colds * 1000 * core.ratio[size] * (core.cold_mean_s - core.warm_mean_s));
    out.init_ms = colds * (1000 * core.init_mean_s * core.initRatioAt(core.grid[size]) + 0.5);
    return out;
}

// Smallest allowed, today's and the first that has a whole vCPU (above it little changes); a middle one where today's is one of those.
std::vector<std::size_t> anchorSizes(const EngineCore& core) {
    std::size_t low = 0;
    while (low + 1 < core.grid.size() && !allowed(core, core.grid[low])) ++low;
    const std::size_t high = std::max(low, core.gridIndex(Megabytes{static_cast<std::int32_t>(kLambdaMegabytesPerVcpu)}));
    std::vector<std::size_t> sizes{core.today_index, low, high};
    if (core.today_index == low || core.today_index == high) sizes.push_back((low + high) / 2);
    std::sort(sizes.begin() + 1, sizes.end());
    std::vector<std::size_t> out;  // today's first
    for (const auto size : sizes)
        if (std::find(out.begin(), out.end(), size) == out.end()) out.push_back(size);
    return out;
}

std::vector<std::int32_t> anchorPools(const EngineCore& core, std::size_t size, std::optional<std::int32_t> limit) {
    std::vector<std::int32_t> pools{core.pool_today};
    if (core.pool_qualifier.empty()) return pools;  // nowhere to put one
    pools.push_back(0);
    const double all = surfaceColds(core, size, 0, limit);
    const auto levels = static_cast<std::int32_t>(core.surfaces[size].levels.size());
    std::int32_t pool = 0;
    for (const double left : kColdLeft) {
        while (pool < levels && surfaceColds(core, size, pool, limit) > left * all) ++pool;
        pools.push_back(pool);
    }
    std::sort(pools.begin(), pools.end());
    pools.erase(std::unique(pools.begin(), pools.end()), pools.end());
    return pools;
}

}  // namespace

double ReplayAnchors::Size::at(double pool, double Anchor::* field) const {
    if (pool <= by_pool.front().pool) return by_pool.front().*field;
    for (std::size_t i = 1; i < by_pool.size(); ++i) {
        const auto &below = by_pool[i - 1], &above = by_pool[i];
        if (pool > above.pool) continue;
        return below.*field + (above.*field - below.*field) * (pool - below.pool) / (above.pool - below.pool);
    }
    return by_pool.back().*field;
}

double ReplayAnchors::at(Megabytes memory, double pool, double Anchor::* field) const {
    const double place = std::log(std::max(1.0, static_cast<double>(memory.value)));
    std::size_t high = 0;
    while (high < sizes_.size() && sizes_[high].log_memory < place) ++high;
    if (high == sizes_.size()) return sizes_.back().at(pool, field);
    if (high == 0) return sizes_.front().at(pool, field);
    const auto &a = sizes_[high - 1], &b = sizes_[high];
    const double share = (place - a.log_memory) / (b.log_memory - a.log_memory);
    return (1 - share) * a.at(pool, field) + share * b.at(pool, field);
}

double ReplayAnchors::coldFactor(Megabytes memory, double pool) const {
    return sizes_.empty() ? 1 : std::exp(at(memory, pool, &Anchor::log_factor));
}

ReplayAnchors::Billed ReplayAnchors::billedFactors(Megabytes memory, double pool) const {
    if (sizes_.empty()) return {};
    const auto factor = [&](double Anchor::* field) { return std::exp(at(memory, pool, field)); };
    return {factor(&Anchor::log_on_demand), factor(&Anchor::log_init), factor(&Anchor::log_pool)};
}

std::optional<double> ReplayAnchors::throttledShare(Megabytes memory, double pool) const {
    return sizes_.empty() ? std::nullopt : std::optional(at(memory, pool, &Anchor::throttled));
}

void ReplayAnchors::measure(const EngineCore& core, Executor& executor, const JobContext& job) {
    sizes_.clear();
    const auto n = static_cast<double>(core.work.arrivals.size());
    if (core.surfaces.empty() || n <= 0) return;
    const auto limit = core.limit_today;
    const bool tight = limit && static_cast<std::size_t>(*limit) < core.surfaces[core.today_index].levels.size();
    const auto addedLoad = [&](std::size_t size) {
        const double longer = core.initRatioAt(core.grid[size]) * core.init_mean_s + core.ratio[size] * (core.cold_mean_s - core.warm_mean_s);
        return surfaceColds(core, size, 0, limit) * std::abs(longer) / std::max(1e-9, core.surfaces[size].busy_s);
    };
    struct Trial {
        std::size_t size;
        Anchor found;
    };
    std::vector<Trial> trials;
    const auto most = static_cast<std::size_t>(std::max(1.0, kMostReplayed / n));
    for (const auto size : anchorSizes(core)) {
        // Halving culls instances in company, which the surface, that sees one at a time, cannot.
        if (core.keep_alive.kind != model::KeepAlive::Kind::halving && addedLoad(size) < kLeastLoad && !tight) continue;
        const auto pools = anchorPools(core, size, limit);
        if (!trials.empty() && trials.size() + pools.size() > most) break;
        for (const auto pool : pools) trials.push_back({size, {.pool = static_cast<double>(pool)}});
    }
    parallelFor(executor, trials.size(), [&](std::size_t i) {
        if (job.stopRequested()) return;
        auto& [size, found] = trials[i];
        const auto pool = static_cast<std::int32_t>(found.pool);
        ReplaySettings settings;
        settings.duration_ratio = core.ratio[size];
        settings.init_ratio = core.initRatioAt(core.grid[size]);
        settings.keep_alive = core.keep_alive;
        if (pool > 0) settings.pool = {{0.0, pool}};
        settings.limit = limit;
        const auto totals = replayWorkload(core.work, settings);
        found.throttled = totals.throttled / totals.demand;
        found.log_factor = std::log(std::clamp((totals.cold + 1) / (surfaceColds(core, size, pool, limit) + 1), kLeastFactor, kMostFactor));
        const auto expected = lookUpBilled(core, size, pool, totals.cold);
        const double served = totals.served / totals.demand;
        const auto billed = [&](double replayed, double looked_up) {
            return std::log(std::clamp((replayed + kLittleMs) / (looked_up + kLittleMs), 0.5, 2.0));
        };
        found.log_on_demand = billed(totals.on_demand_ms, expected.on_demand_ms * served);
        found.log_init = billed(totals.init_ms, expected.init_ms);
        found.log_pool = billed(totals.pool_ms, expected.pool_ms * served);
    });
    if (job.stopRequested()) return;
    std::sort(trials.begin(), trials.end(), [](const Trial& a, const Trial& b) {
        return a.size != b.size ? a.size < b.size : a.found.pool < b.found.pool;
    });
    for (const auto& trial : trials) {
        const double place = std::log(static_cast<double>(core.grid[trial.size].value));
        if (sizes_.empty() || sizes_.back().log_memory != place) sizes_.push_back({place, {}});
        sizes_.back().by_pool.push_back(trial.found);
    }
}

void EngineCore::groupLoads() {
    constexpr std::size_t kCells = 256;
    load_cells.assign(bin_load.size(), {});
    for (std::size_t size = 0; size < bin_load.size(); ++size) {
        const double most = *std::max_element(bin_load[size].begin(), bin_load[size].end());
        std::vector<LoadCell> cells(kCells);
        for (const float load : bin_load[size]) {
            auto& cell = cells[most > 0 ? std::min(kCells - 1, static_cast<std::size_t>(load / most * kCells)) : 0];
            cell.load += load;
            cell.bins += 1;
        }
        for (auto& cell : cells) {
            if (cell.bins <= 0) continue;
            cell.load /= cell.bins;
            load_cells[size].push_back(cell);
        }
    }
    refused_today.assign(load_cells.size(), 0.0);
    for (std::size_t size = 0; size < load_cells.size() && limit_today; ++size) refused_today[size] = erlangShare(size, *limit_today, 1);
}

double EngineCore::erlangShare(std::size_t size, std::int32_t limit, double traffic) const {
    if (load_cells.empty()) return 0;
    double refused = 0, all = 0;
    for (const auto& cell : load_cells[size]) {
        const double load = cell.load * traffic;
        all += load * cell.bins;
        if (load > 0 && load + 8 * std::sqrt(load) + 8 > limit) refused += load * cell.bins * model::erlangB(load, limit);  // else none is
    }
    return all > 0 ? refused / all : 0;
}

double EngineCore::throttledShare(Megabytes memory, double pool, std::int32_t limit, double traffic, std::optional<double> refused) const {
    const auto size = gridIndex(memory);
    const auto replayed = anchors.throttledShare(memory, pool);
    if (replayed && limit == limit_today && traffic == 1) return *replayed;
    const double share = refused ? *refused : erlangShare(size, limit, traffic);
    if (!replayed) return share;
    constexpr double kLittle = 1e-4;
    return std::min(1.0, share * (*replayed + kLittle) / (refused_today[size] + kLittle));
}

}  // namespace pilotlight::tuning
