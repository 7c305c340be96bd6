#include "core/tuning/instance_limits.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

namespace pilotlight::tuning {
namespace {

bool hasOwn(const EngineCore& core) {
    return core.evidence.function.instance_limit.kind == InstanceLimit::Kind::limited && !core.surfaces.empty();
}

double shareUnder(const EngineCore& core, std::size_t size, std::optional<std::int32_t> limit) {
    return limit ? std::min(1.0, core.throttledShare(core.grid[size], core.pool_today, *limit, 1) * core.throttle_anchor) : 0;
}

}  // namespace

double throttledShareOf(const Point& p) { return p.requests > 0 ? p.throttled / p.requests : 0; }

std::int32_t neededLimit(const EngineCore& core, std::size_t size) {
    const auto& surface = core.surfaces[size];
    double over = 0;
    std::size_t level = surface.levels.size();
    const double allowance = 1e-4 * static_cast<double>(surface.requests);
    while (level > 0) {
        double here = 0;
        for (const auto c : surface.levels[level - 1].colds_by_gap) here += c;
        if (over + here > allowance) break;
        over += here;
        --level;
    }
    return static_cast<std::int32_t>(std::ceil(static_cast<double>(level) * 1.2)) + 1;
}

std::optional<std::int32_t> raisedLimit(const EngineCore& core, std::size_t size) {
    if (!hasOwn(core)) return std::nullopt;
    const auto own = core.evidence.function.instance_limit.value;
    auto limit = neededLimit(core, size);
    if (const auto& account = core.evidence.limits; account && account->concurrent_executions > 100)  // 100 must stay unreserved
        limit = std::min(limit, own + std::max(0, account->unreserved_concurrent_executions - 100));
    return limit > own ? std::optional(limit) : std::nullopt;
}

std::optional<std::int32_t> limitAgainstThrottling(const EngineCore& core) {
    if (!hasOwn(core) || throttledShareOf(core.today_point) < kMostThrottled) return std::nullopt;
    return raisedLimit(core, core.today_index);
}

double throttledAllowed(const EngineCore& core) {
    if (core.surfaces.empty()) return 1;
    const auto raised = limitAgainstThrottling(core);
    const double least = raised ? shareUnder(core, core.today_index, raised)
                                : std::max(throttledShareOf(core.today_point), shareUnder(core, core.today_index, core.limit_today));
    return std::max(kMostThrottled, 1.02 * least);
}

std::optional<std::int32_t> limitToTry(const EngineCore& core, std::size_t size, double allowed) {
    const auto now = core.limit_today;
    if (shareUnder(core, size, now) <= allowed) return now;
    const auto raised = raisedLimit(core, size);
    return raised ? raised : now;
}

std::optional<std::string> spareReservation(const EngineCore& core) {
    constexpr double kScarce = 0.3;  // of the account's concurrency left to functions without a reservation
    constexpr std::int32_t kWorthwhile = 50;
    const auto& account = core.evidence.limits;
    if (!hasOwn(core) || !account || account->concurrent_executions <= 0 ||
        account->unreserved_concurrent_executions >= kScarce * account->concurrent_executions)
        return std::nullopt;
    const auto own = core.evidence.function.instance_limit.value;
    const auto needed = std::max(neededLimit(core, core.today_index), core.pool_today);
    const auto spare = own - needed;
    if (spare < needed || spare < kWorthwhile) return std::nullopt;
    return fmt::format("Of {} reserved instances {} would have served this period, a fifth to spare: the other {} are kept from the account's "
                       "functions without a reservation, which share {}. Lower the reservation if those are throttled.",
                       own, needed, spare, account->unreserved_concurrent_executions);
}

}  // namespace pilotlight::tuning
