// Which metrics are read, and how they are packed into timeSeries.list calls: one metric, one range, many functions.
#pragma once

#include <span>
#include <string>
#include <utility>
#include <vector>

#include "core/platform/platform.h"

namespace pilotlight::platform::gcp {

// How the points of a metric become stored series.
enum class MetricReading {
    requests,      // count by class: invocations and errors
    duration,      // distribution: average, percentiles, sample count; scaled to ms
    starts,        // distribution: cold starts and INIT duration
    instances,     // gauge by state: instances alive and busy
    billable,      // seconds
    cpu,           // distribution of shares
    memory_share,  // distribution of shares of the configured memory
    memory_bytes,  // distribution of bytes
    pending,       // distribution: how long requests waited for an instance
    gpu,           // distribution of shares
    gpu_memory,    // distribution of bytes
};

struct MetricDefinition {
    const char* type;       // "run.googleapis.com/request_count"
    bool first_generation;  // resource cloud_function; else cloud_run_revision
    const char* aligner;
    const char* reducer;
    const char* group_label;  // of the metric, kept beside the function's name; nullptr = none
    MetricReading reading;
    double to_unit;  // factor to the stored unit
    bool spanning;   // read over the whole range as one period, too
    bool with_gpu = false;  // of services with a GPU only
};
[[nodiscard]] std::span<const MetricDefinition> metricDefinitions();

struct MetricCall {
    const MetricDefinition* metric = nullptr;
    std::string project;
    TimeRange range;  // whole periods, ending at a period's end
    seconds period{300};
    bool one_period = false;
    std::vector<const Function*> functions;
    std::size_t names = 0;  // characters
};

// Full resolution is kept for six weeks; what is older is left out (and stays "not covered").
inline constexpr hours kMetricRetention{42 * 24};
inline constexpr std::size_t kFunctionsACall = 120, kNamesACall = 5'000;  // characters of their names: they stand in the address

// Points a page holds at most.
[[nodiscard]] std::size_t pageSize(const MetricDefinition& metric);
[[nodiscard]] std::vector<MetricCall> planMetrics(std::span<const MetricRequest> requests, Timestamp now);
[[nodiscard]] std::vector<std::pair<std::string, std::string>> queryOf(const MetricCall& call, const std::string& page_token);
// Label that holds the function's name in answers, and the one of its location.
[[nodiscard]] const char* nameLabel(const MetricDefinition& metric);
[[nodiscard]] const char* locationLabel(const MetricDefinition& metric);

}  // namespace pilotlight::platform::gcp
