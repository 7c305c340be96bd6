#include <algorithm>

#include "core/tuning/engine.h"

namespace pilotlight::tuning {

std::optional<Slo> sloFor(const Function& function, const std::vector<Slo>& slos) {
    for (const auto& slo : slos)
        if (!slo.function_id.empty() && slo.function_id == function.id && slo.any()) return slo;
    for (const auto& slo : slos) {
        if (slo.tag_key.empty() || !slo.any()) continue;
        const auto tag = function.tags.find(slo.tag_key);
        if (tag != function.tags.end() && tag->second == slo.tag_value) return slo;
    }
    return std::nullopt;
}

Effect effectOf(const WhatIfResult& result) {
    Effect effect;
    const auto value = [](const std::optional<Estimate>& before, const std::optional<Estimate>& after) -> std::optional<EffectValue> {
        if (!before || !after) return std::nullopt;
        return EffectValue{before->value, after->value, after->lo, after->hi};
    };
    const auto& after = result.whatif.cost_month_as_read ? result.whatif.cost_month_as_read : result.whatif.cost_month;
    if (result.today.cost_month && after)
        effect.cost_usd_month = EffectValue{result.today.cost_month->value.toDouble(), after->value.toDouble(), after->lo.toDouble(),
                                            after->hi.toDouble()};
    effect.p95_ms = value(result.today.p95_ms, result.whatif.p95_ms);
    effect.cold_start_share = value(result.today.cold_start_share, result.whatif.cold_start_share);
    effect.cold_share_by_hour = result.whatif.cold_share_by_hour;
    return effect;
}

}  // namespace pilotlight::tuning
