// Application Insights: what it tells of apps that are linked to it: percentiles of durations, failures, cold starts.
#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "core/domain/function.h"
#include "core/domain/metrics.h"

namespace pilotlight::platform::azure {

// Key of Function::untuned: resource id (lower case) of the Application Insights component that the app is linked to, from its hidden-link
// tag. Absent: not linked, or linked by app settings alone, which are never read.
inline constexpr const char* kInsights = "insights";
[[nodiscard]] std::string_view insightsOf(const Function& function);

// One row of resources/queries/azure_insights_requests.kql.
struct InsightsRow {
    std::string app;  // lower case
    Timestamp period{};
    double requests = 0, failed = 0, mean_ms = 0;
    double p50_ms = 0, p90_ms = 0, p95_ms = 0, p99_ms = 0;
    std::optional<double> cold, start_ms;
};
// protocol where the text is no such answer, or a partial one (then nothing of it is used: sums would be too low).
[[nodiscard]] Result<std::vector<InsightsRow>> parseInsights(std::string_view body);

// The published query with its parameters. Names that could not be those of an app are left out.
[[nodiscard]] std::string insightsQuery(std::span<const std::string> apps, TimeRange range, seconds step);

// Series of one app: in periods of `step` where everything before `settled` is known, or (one_period) percentiles over `range` as one.
[[nodiscard]] std::vector<MetricSeries> insightsSeries(const Function& function, std::span<const InsightsRow> rows, TimeRange range, seconds step,
                                                       Timestamp settled, bool one_period);

}  // namespace pilotlight::platform::azure
