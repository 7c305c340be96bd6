// Candidates of the search. Internal to core/tuning.
#pragma once

#include <cmath>
#include <optional>
#include <vector>

#include "core/tuning/engine_core.h"

namespace pilotlight::tuning {

struct Trial {
    std::size_t size = 0;  // in EngineCore::grid
    Resolved settings;
    Point point;            // by look-up
    double cost = 0;        // USD a month
    double chance_p95 = 1;  // that the limit on p95 holds, over what is uncertain about the duration
    double cold_value = 0;  // of a schedule: what an avoided cold start was taken to be worth, USD
    bool throttles = false;  // refuses more than limits allow
    bool feasible = true, on_front = false;
};

// What has to hold: the SLO's fields, or today's p95 + 5 %; and throttledAllowed() of the candidates.
struct Limits {
    bool explicit_slo = false;
    double throttled_share = INFINITY;
    double p95_s = INFINITY, p99_s = INFINITY, cold_share = INFINITY;
};
[[nodiscard]] Limits limitsOf(const EngineCore& core, const Slo& slo);
[[nodiscard]] bool meets(const Limits& limits, const Point& point);
[[nodiscard]] double coldShareOf(const Point& point);
// What a pool that something else scales wastes a month, who scales it, and what to do: a reason, and where nothing else is recommended the
// verdict is no longer that all is well.
void sayWhoKeepsThePool(const EngineCore& core, const Limits& limits, Recommendation& recommendation);
// There is an alias or version to put a pool on, one at most has one, and nothing else scales it.
[[nodiscard]] bool poolCanChange(const EngineCore& core);
[[nodiscard]] bool allowed(const EngineCore& core, Megabytes memory);
// All combinations, with cost and feasibility; each size under the instance limit that it needs.
[[nodiscard]] std::vector<Trial> searchTrials(const EngineCore& core, const Limits& limits);

}  // namespace pilotlight::tuning
