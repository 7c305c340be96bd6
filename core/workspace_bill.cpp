// Workspace: the bill beside what was computed from usage and list prices.
#include <algorithm>
#include <set>
#include <tuple>

#include "core/workspace_impl.h"

namespace pilotlight {
namespace {

const std::string kDurationMeter = meter::kDuration;  // no bill has lines of INIT: it is billed as duration

}  // namespace

Result<BillCheck> Workspace::billCheck(TimeRange range) {
    BillCheck check;
    const TimeRange whole{ceilTo(range.begin, hours(24)), floorTo(range.end, hours(24))};
    if (whole.empty()) return check;
    PILOTLIGHT_ASSIGN(const auto billed, costs(whole, CostKind::billed));
    for (const auto& line : billed) {
        if (!line.estimated && whole.contains(line.period.begin)) check.days[line.profile].insert(floorTo(line.period.begin, hours(24)));
    }
    if (check.days.empty()) return check;
    PILOTLIGHT_ASSIGN(const auto computed, costs(whole, CostKind::computed));
    // Days whose usage was read to their end; where none was priced at all, the bill stands alone.
    std::map<std::string, std::set<Timestamp>> read, cut;
    for (const auto& line : computed) (line.period.length() < hours(24) ? cut : read)[line.profile].insert(floorTo(line.period.begin, hours(24)));
    for (auto& [profile, days] : check.days) {
        if (!read.contains(profile) && !cut.contains(profile)) continue;
        std::erase_if(days, [&](Timestamp day) { return cut[profile].contains(day) || !read[profile].contains(day); });
    }
    std::erase_if(check.days, [](const auto& profile) { return profile.second.empty(); });
    std::map<std::tuple<std::string, std::string, std::string>, std::pair<BilledAndComputed, std::set<std::string>>> sums;
    const auto take = [&](const std::vector<CostLine>& lines, std::optional<Money> BilledAndComputed::*target) {
        for (const auto& line : lines) {
            const auto days = check.days.find(line.profile);
            if (days == check.days.end() || !days->second.contains(floorTo(line.period.begin, hours(24)))) continue;
            const std::string& meter = line.meter == meter::kInit ? kDurationMeter : line.meter;
            auto& [row, usage_types] = sums[{line.profile, line.function_id, meter}];
            auto& sum = row.*target;
            sum = sum.value_or(Money{}) + line.amount;
            if (line.kind == CostKind::billed && !line.usage_type.empty()) usage_types.insert(line.usage_type);
        }
    };
    take(billed, &BilledAndComputed::billed);
    take(computed, &BilledAndComputed::computed);
    for (auto& [key, sum] : sums) {
        auto& [row, usage_types] = sum;
        std::tie(row.profile, row.function_id, row.meter) = key;
        row.usage_types.assign(usage_types.begin(), usage_types.end());
        check.rows.push_back(std::move(row));
    }
    return check;
}

std::vector<BilledAndComputed> grouped(const std::vector<BilledAndComputed>& rows, bool by_function, bool by_meter) {
    std::map<std::tuple<std::string, std::string, std::string>, std::pair<BilledAndComputed, std::set<std::string>>> sums;
    for (const auto& row : rows) {
        auto& [sum, usage_types] = sums[{row.profile, by_function ? row.function_id : "", by_meter ? row.meter : ""}];
        for (const auto& part : {&BilledAndComputed::billed, &BilledAndComputed::computed})
            if (row.*part) sum.*part = (sum.*part).value_or(Money{}) + *(row.*part);
        usage_types.insert(row.usage_types.begin(), row.usage_types.end());
    }
    std::vector<BilledAndComputed> out;
    for (auto& [key, sum] : sums) {
        std::tie(sum.first.profile, sum.first.function_id, sum.first.meter) = key;
        sum.first.usage_types.assign(sum.second.begin(), sum.second.end());
        out.push_back(std::move(sum.first));
    }
    return out;
}

}  // namespace pilotlight
