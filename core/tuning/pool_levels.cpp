#include "core/tuning/pool_levels.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <map>
#include <optional>

#include "core/tuning/action_times.h"

namespace pilotlight::tuning {
namespace {

// Before the range: the last action that fired still counts. A month, for actions of one day of the month.
constexpr hours kLookBack{32 * 24};

using Steps = std::vector<PoolLevels::Step>;

// A pool that something moves: a target alone only holds it between its limits.
bool moves(const PoolScaling& scaling) {
    const bool by_clock = !scaling.actions.empty() && std::ranges::find(scaling.suspended, "ScheduledScalingSuspended") == scaling.suspended.end();
    return scaling.target_tracking || by_clock;
}

// By the clock; nullopt where an action is not understood.
std::optional<Steps> byActions(const MovingPool& pool, TimeRange range) {
    std::vector<std::pair<Timestamp, const ScheduledAction*>> fired;
    for (const auto& action : pool.scaling.actions) {
        const auto times = ActionTimes::of(action);
        if (!times) return std::nullopt;
        for (const auto t : times->within({range.begin - kLookBack, range.end})) fired.emplace_back(t, &action);
    }
    std::ranges::stable_sort(fired, {}, [](const auto& firing) { return firing.first; });
    Steps steps{{range.begin, static_cast<double>(pool.level_seen)}};
    double level = pool.level_seen;
    for (const auto& [t, action] : fired) {
        if (action->max_capacity) level = std::min<double>(level, *action->max_capacity);
        if (action->min_capacity) level = std::max<double>(level, *action->min_capacity);
        if (t <= range.begin)
            steps.front().level = level;
        else if (steps.back().level != level)
            steps.push_back({t, level});
    }
    return steps;
}

// By what the platform measured; nullopt where nothing was.
std::optional<Steps> byUse(const Evidence& evidence, const MovingPool& pool, TimeRange range) {
    const auto use = evidence.pool_use.find(pool.qualifier);
    if (use == evidence.pool_use.end()) return std::nullopt;
    Steps steps;
    std::size_t u = 0;
    const auto& share = use->second.utilization.points;
    for (const auto& point : use->second.in_use.points) {
        while (u < share.size() && share[u].time < point.time) ++u;
        if (u == share.size() || share[u].time != point.time || share[u].value <= 0.005 || !range.contains(point.time)) continue;
        const double level = std::round(point.value / share[u].value);
        if (steps.empty())
            steps.push_back({range.begin, level});
        else if (steps.back().level != level)
            steps.push_back({point.time, level});
    }
    return steps.empty() ? std::nullopt : std::optional(std::move(steps));
}

void addTo(Steps& all, const Steps& more) {
    std::map<Timestamp, double> change;
    for (const Steps* steps : {static_cast<const Steps*>(&all), &more}) {
        double was = 0;
        for (const auto& step : *steps) {
            change[step.since] += step.level - was;
            was = step.level;
        }
    }
    all.clear();
    double level = 0;
    for (const auto& [t, by] : change) all.push_back({t, level += by});
}

}  // namespace

SettingsInForce inForce(const Function& function, Timestamp since) {
    SettingsInForce out{since, function.memory, function.warmPool(), function.instance_limit, function.vcpu, function.concurrency};
    for (const auto& q : function.qualifiers)
        if (q.scaling && moves(*q.scaling)) out.moving_pools.push_back({q.name, q.warm_pool.value_or(0), *q.scaling});
    return out;
}

double PoolLevels::instanceSeconds(const RangeSet& parts) const {
    double sum = 0;
    for (std::size_t i = 0; i < steps.size(); ++i) {
        if (steps[i].level == 0) continue;
        const TimeRange held{steps[i].since, i + 1 < steps.size() ? steps[i + 1].since : Timestamp::max()};
        sum += steps[i].level * std::chrono::duration<double>(parts.intersectedWith(held).length()).count();
    }
    return sum;
}

PoolLevels poolLevels(const Evidence& evidence, const SettingsInForce& settings, TimeRange range) {
    PoolLevels out;
    if (!settings.warm_pool) return out;
    std::int32_t fixed = *settings.warm_pool;
    for (const auto& pool : settings.moving_pools) fixed -= pool.level_seen;
    out.steps = {{range.begin, static_cast<double>(std::max(0, fixed))}};
    for (const auto& pool : settings.moving_pools) {
        auto steps = pool.scaling.target_tracking ? byUse(evidence, pool, range) : byActions(pool, range);
        if (!steps) {
            out.doubt += fmt::format("{}the pool of {} is scaled between {} and {} by {}", out.doubt.empty() ? "" : "; ", pool.qualifier,
                                     pool.scaling.min_capacity, pool.scaling.max_capacity,
                                     pool.scaling.target_tracking ? "its load, and its use was not measured" : "a schedule that is not understood");
            out.seen += pool.level_seen;
            out.least += pool.scaling.min_capacity;
            out.most += std::max(pool.scaling.max_capacity, pool.level_seen);
            steps = Steps{{range.begin, static_cast<double>(pool.level_seen)}};
        }
        addTo(out.steps, *steps);
    }
    return out;
}

WarmSchedule poolScheduleToday(const Evidence& evidence, Timestamp end) {
    WarmSchedule out;
    end = floorTo(end, minutes(1));
    const TimeRange week{end - hours(7 * 24), end};
    const auto levels = poolLevels(evidence, inForce(evidence.function, week.begin), week);
    if (!levels.doubt.empty() || levels.steps.size() < 2) return out;
    for (const auto& step : levels.steps) {
        // 1970-01-01 was a Thursday: three days after a Monday.
        const auto minute = std::chrono::floor<minutes>(step.since).time_since_epoch().count() + 3 * 1440;
        out.entries.push_back({static_cast<std::uint8_t>(1U << (minute / 1440 % 7)), static_cast<std::int32_t>(minute % 1440),
                               static_cast<std::int32_t>(std::lround(step.level))});
    }
    return out;
}

}  // namespace pilotlight::tuning
