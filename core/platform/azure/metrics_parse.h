// Azure Monitor's metrics of one app -> stored series.
#pragma once

#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "core/domain/function.h"
#include "core/domain/metrics.h"

namespace pilotlight::platform::azure {

// Names to ask for, by the plan. Two calls' worth at most: 20 names a call.
[[nodiscard]] std::vector<const char*> metricNames(const Function& function);

// Points by metric name and start of period; a period without a value has no point. protocol where the text is no such answer.
struct MetricValues {
    std::map<std::string, std::map<Timestamp, double>> total, average;
};
[[nodiscard]] Result<MetricValues> parseMetrics(std::string_view body);

// Series of the app over `range`, of which everything before `settled` is known. Durations are averages only, and left to
// Application Insights where the app is linked to it.
[[nodiscard]] std::vector<MetricSeries> seriesOf(const Function& function, const MetricValues& values, TimeRange range, Timestamp settled);

}  // namespace pilotlight::platform::azure
