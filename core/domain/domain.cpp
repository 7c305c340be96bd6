#include <algorithm>

#include "core/domain/change.h"
#include "core/domain/cost.h"
#include "core/domain/function.h"
#include "core/domain/tuning.h"

namespace pilotlight {

std::vector<std::int32_t> WarmSchedule::levels(std::size_t bins) const {
    std::vector<std::int32_t> out(bins, 0);
    if (entries.empty() || bins == 0) return out;
    // (minute of week, level), ascending; the last one before a bin holds in it, wrapping over Sunday night.
    std::vector<std::pair<int, std::int32_t>> steps;
    for (const auto& entry : entries) {
        for (int day = 0; day < 7; ++day) {
            if ((entry.weekdays >> day) & 1) steps.emplace_back(day * 1440 + entry.minute_of_day, entry.level);
        }
    }
    if (steps.empty()) return out;
    std::stable_sort(steps.begin(), steps.end(), [](const auto& a, const auto& b) { return a.first < b.first; });
    for (std::size_t bin = 0; bin < bins; ++bin) {
        const auto minute = static_cast<int>(bin * 10080 / bins);
        const auto after = std::upper_bound(steps.begin(), steps.end(), minute, [](int m, const auto& step) { return m < step.first; });
        out[bin] = after == steps.begin() ? steps.back().second : std::prev(after)->second;
    }
    return out;
}

std::optional<std::int32_t> Function::warmPool() const {
    std::int32_t sum = 0;
    for (const auto& qualifier : qualifiers) {
        if (!qualifier.warm_pool) return std::nullopt;
        sum += *qualifier.warm_pool;
    }
    return sum;
}

double Function::vcpuShare() const {
    if (vcpu) return *vcpu;
    return platform == PlatformKind::aws ? lambdaVcpu(memory) : 1.0;
}

bool Function::concurrencyKnown() const { return platform != PlatformKind::azure || untunedText(untuned_key::kKind) == "flex"; }

std::string_view Function::untunedText(const char* key) const {
    const auto at = untuned.find(key);
    return at == untuned.end() ? std::string_view{} : std::string_view(at->second);
}

const SettingRange* Capabilities::find(std::string_view setting) const {
    const auto found = std::find_if(settings.begin(), settings.end(), [&](const SettingRange& range) { return range.setting == setting; });
    return found == settings.end() ? nullptr : &*found;
}

const Price* PriceBook::find(std::string_view meter) const {
    const auto found = std::find_if(prices.begin(), prices.end(), [&](const Price& price) { return price.meter == meter; });
    return found == prices.end() ? nullptr : &*found;
}

std::string ScheduledAction::text() const {
    const auto bound = [](const std::optional<std::int32_t>& value) { return value ? std::to_string(*value) : std::string("as it is"); };
    std::string out = name + " " + schedule + " " + (time_zone.empty() ? "UTC" : time_zone) + " " + bound(min_capacity) + ".." + bound(max_capacity);
    if (begins) out += " from " + toIso8601(*begins);
    if (ends) out += " until " + toIso8601(*ends);
    return out;
}

bool DesiredSettings::empty() const { return *this == DesiredSettings{.pool_qualifier = pool_qualifier}; }

bool Plan::vetoed() const {
    return std::any_of(guardrails.begin(), guardrails.end(), [](const Guardrail& g) { return g.verdict == Verdict::veto; });
}

} // namespace pilotlight
