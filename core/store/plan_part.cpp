#include "core/store/plan_part.h"

#include <map>

namespace pilotlight::store {
namespace {

// Instance seconds by period, at the shortest one stored.
Result<MetricSeries> instanceTime(const Store& store, const std::string& function_id, TimeRange range) {
    PILOTLIGHT_ASSIGN(const auto keys, store.seriesKeys(function_id));
    const SeriesKey* best = nullptr;
    for (const auto& key : keys) {
        if (key.metric != Metric::billable_time || key.statistic != Statistic::sum || !key.qualifier.empty()) continue;
        if (best == nullptr || key.period < best->period) best = &key;
    }
    if (best == nullptr) return MetricSeries{};
    return store.series(*best, range);
}

}  // namespace

std::map<std::string, std::vector<std::string>> sharedPlans(const std::vector<Function>& functions) {
    std::map<std::string, std::vector<std::string>> plans;
    for (const auto& f : functions) {
        if (f.platform != PlatformKind::azure || f.untunedText(untuned_key::kKind) != "premium") continue;
        if (const std::string plan(f.untunedText(untuned_key::kPlan)); !plan.empty()) plans[plan].push_back(f.id);
    }
    std::erase_if(plans, [](const auto& each) { return each.second.size() < 2; });
    return plans;
}

Result<MetricSeries> planPart(const Store& store, const std::vector<std::string>& apps, const std::string& function_id, TimeRange range) {
    struct Instances {
        double sum = 0, most = 0;
    };
    std::map<Timestamp, Instances> all;
    MetricSeries part;
    for (const auto& id : apps) {
        PILOTLIGHT_ASSIGN(auto series, instanceTime(store, id, range));
        for (const auto& point : series.points) {
            auto& instances = all[point.time];
            instances.sum += point.value;
            instances.most = std::max(instances.most, point.value);
        }
        if (id == function_id) part = std::move(series);
    }
    for (auto& point : part.points) {
        const auto& instances = all[point.time];
        point.value = instances.sum > 0 ? instances.most / instances.sum : 1;
    }
    return part;
}

Result<std::vector<double>> planWeights(const Store& store, const std::vector<std::string>& apps, TimeRange range) {
    std::vector<double> weights;
    for (const auto& id : apps) {
        PILOTLIGHT_ASSIGN(const auto series, instanceTime(store, id, range));
        double sum = 0;
        for (const auto& point : series.points)
            if (range.contains(point.time)) sum += point.value;
        weights.push_back(sum);
    }
    return weights;
}

}  // namespace pilotlight::store
