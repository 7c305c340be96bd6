// Which series are read, at which period, and how they are packed into GetMetricData calls.
#pragma once

#include <span>
#include <string>
#include <vector>

#include "core/base/money.h"
#include "core/platform/platform.h"

namespace pilotlight::platform::aws {

// CloudWatch: at most 500 queries a call; 100,800 points a page (further pages by NextToken).
inline constexpr std::size_t kMaxQueries = 500;
inline constexpr std::size_t kMaxPagePoints = 100'800;

// One statistic of one metric.
struct MetricQuery {
    SeriesKey key;
    std::string function_name, resource;  // dimensions; resource empty = the whole function
    const char* metric_name = "";
    const char* stat = "";
};

// Queries that share a range and a period. `metrics` of them are charged (up to 5 statistics of a metric count as one).
struct MetricBatch {
    std::string region;
    TimeRange range;  // aligned to the period
    seconds period{300};
    bool one_period = false;
    std::vector<MetricQuery> queries;
    std::int64_t metrics = 0;
    [[nodiscard]] bool hasPercentiles() const;
    // The same without percentiles; for endpoints that know none.
    [[nodiscard]] MetricBatch withoutPercentiles() const;
};

// CloudWatch keeps points of 5 minutes for 63 days and of an hour for 455 days; periods follow the age of what is asked for.
[[nodiscard]] std::vector<MetricBatch> planMetrics(std::span<const MetricRequest> requests, Timestamp now);
// Body of GetMetricData; ids are "q<index>".
[[nodiscard]] std::string metricDataBody(const MetricBatch& batch, const std::string& next_token);
[[nodiscard]] Money priceOf(const MetricBatch& batch);

}  // namespace pilotlight::platform::aws
