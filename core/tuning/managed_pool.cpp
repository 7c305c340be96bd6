// A pool that an autoscaler manages is not changed; that it wastes money is said.
#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "core/tuning/search.h"
#include "core/tuning/words.h"

namespace pilotlight::tuning {

void sayWhoKeepsThePool(const EngineCore& core, const Limits& limits, Recommendation& r) {
    const Qualifier* managed = nullptr;
    for (const auto& q : core.evidence.function.qualifiers)
        if (q.scaling && (managed == nullptr || q.warm_pool.value_or(0) > managed->warm_pool.value_or(0))) managed = &q;
    const auto now = resolve(core, {});
    const double kept = now.meanPool();
    const auto today_cost = costOf(core, core.today_point);
    if (managed == nullptr || kept <= 0 || !today_cost) return;

    // The cheapest constant level at today's size that keeps the target; look-ups are shifted so that both agree on today.
    const Point look = lookUpPoint(core, now, false);
    const double f95 = look.p95_s > 0 ? core.today_point.p95_s / look.p95_s : 1, f99 = look.p99_s > 0 ? core.today_point.p99_s / look.p99_s : 1;
    const auto look_cost = costOf(core, look);
    if (!look_cost) return;
    double saves = 0;
    std::int32_t enough = 0;
    for (std::int32_t level = 0; level <= std::min(50, static_cast<std::int32_t>(std::ceil(kept))); ++level) {
        auto settings = now;
        settings.schedule.reset();
        settings.pool = level;
        Point p = lookUpPoint(core, settings, false);
        p.p50_s *= f95;
        p.p95_s *= f95;
        p.p99_s *= f99;
        if (!core.work.arrivals.empty() && !meets(limits, p)) continue;
        if (const auto cost = costOf(core, p); cost && *look_cost - *cost > saves) {
            saves = *look_cost - *cost;
            enough = level;
        }
    }
    if (saves < std::max(kLeastUsd, kLeastShare * *today_cost)) return;

    const auto& scaling = *managed->scaling;
    const bool by_load = scaling.target_tracking, by_clock = !scaling.actions.empty();
    const std::string who = fmt::format("the scaling target of {} (minimum {}, maximum {}{})", managed->name, scaling.min_capacity,
                                        scaling.max_capacity, by_load ? ", by load" : by_clock ? ", by schedule" : "");
    const std::string todo = by_load    ? "lower its minimum, or end the target"
                             : by_clock ? "lower the levels of its scheduled actions, or set a pool here with --override pool-scaling, which ends the target"
                                        : "set a pool here with --override pool-scaling, which ends the target (it has no policy and no schedule: a lower minimum would not lower the pool)";
    r.reasons.insert(r.reasons.begin(),
                     fmt::format("The warm pool keeps {:.1f} instances on average and {} would do: {} a month too much. It is managed by {}, so "
                                 "it is left alone here: {}.",
                                 kept, enough, dollars(saves), who, todo));
    if (r.status != RecommendationStatus::optimal) return;
    r.status = RecommendationStatus::inconclusive;
    r.needs = "a decision about " + who + ": " + todo;
    std::erase_if(r.reasons, [](const std::string& reason) { return reason.starts_with("No setting that keeps the target"); });
    r.risk = "medium";
}

}  // namespace pilotlight::tuning
