#include "core/store/qualifier_series.h"

#include <map>

namespace pilotlight::store {

Result<MetricSeries> sumOverQualifiers(const Store& store, const std::vector<SeriesKey>& keys, Metric metric, TimeRange range) {
    std::map<std::string, const SeriesKey*> shortest;
    for (const auto& key : keys) {
        if (key.metric != metric || key.statistic != Statistic::sum) continue;
        const SeriesKey*& best = shortest[key.qualifier];
        if (best == nullptr || key.period < best->period) best = &key;
    }
    if (const auto own = shortest.find(""); own != shortest.end()) return store.series(*own->second, range);
    MetricSeries out;
    std::map<Timestamp, double> sums;
    for (const auto& [qualifier, key] : shortest) {
        PILOTLIGHT_ASSIGN(const auto series, store.series(*key, range));
        if (out.key.function_id.empty() || key->period < out.key.period) out.key = *key;
        for (const auto& point : series.points) sums[point.time] += point.value;
        for (const auto& part : series.coverage.ranges()) out.coverage.add(part);
    }
    out.key.qualifier.clear();
    for (const auto& [time, value] : sums) out.points.push_back({time, value});
    return out;
}

}  // namespace pilotlight::store
