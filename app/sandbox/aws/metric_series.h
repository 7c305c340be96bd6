// AWS/Lambda metrics, made from what the engine recorded (names and meanings: AWS Lambda developer guide, monitoring-metrics-types).
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "app/sandbox/engine/world.h"

namespace pilotlight::sandbox {

struct MetricId {
    std::string name;                               // "Duration"
    std::map<std::string, std::string> dimensions;  // FunctionName, Resource, ExecutedVersion
    friend auto operator<=>(const MetricId&, const MetricId&) = default;
};

struct Bucket {
    std::int64_t start_s = 0;
    std::vector<double> values;  // sorted
    double sum = 0;
    // Sum, Average, Minimum, Maximum, SampleCount, pNN. nullopt = not a statistic.
    [[nodiscard]] std::optional<double> statistic(const std::string& name) const;
};

[[nodiscard]] bool knownStatistic(const std::string& name);
[[nodiscard]] bool knownMetric(const std::string& name);
[[nodiscard]] const char* unitOf(const std::string& metric);

// Buckets of `period_s` from `from_s` on, those with data only, up to what had been published at `now`.
// Unknown dimensions give an empty series, as CloudWatch does.
[[nodiscard]] std::vector<Bucket> computeSeries(World& world, const std::string& region, const MetricId& metric, std::int64_t from_s,
                                                std::int64_t to_s, std::int64_t period_s, Micros now);

// Every metric of a region that had data since `since`.
[[nodiscard]] std::vector<MetricId> listMetrics(World& world, const std::string& region, Micros since);

}  // namespace pilotlight::sandbox
