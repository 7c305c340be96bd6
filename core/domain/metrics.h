// Measured series, log-derived invocations and observations.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/result.h"
#include "core/base/time.h"
#include "core/base/units.h"

namespace pilotlight {

enum class Metric : std::uint8_t {
    invocations,          // count; excludes throttles
    errors,               // count
    throttles,            // count
    duration,             // ms; handler time, excludes INIT
    concurrency,          // instances busy at once
    pool_concurrency,     // provisioned instances in use
    pool_utilization,     // 0..1; absent when idle
    pool_invocations,     // count served by the pool
    pool_spillover,       // count that found the pool full
    cold_starts,          // count; from logs
    init_duration,        // ms; from logs
    memory_used,          // MB; from logs
    instances,            // instances alive
    cpu_utilization,      // 0..1
    cost,                 // USD per period, computed
    billable_time,        // s of instance time that is billed, where the platform measures it
    pending_latency,      // ms; waited for a slot or a new instance, its start included; of requests that waited
    gpu_utilization,      // 0..1
    gpu_memory_used,      // MB
    pool_billable_time,   // s; part of billable_time that ran on kept instances, where the platform tells it
};
[[nodiscard]] const char* name(Metric metric);   // "invocations"
[[nodiscard]] const char* unit(Metric metric);   // "ms", "MB", "" for counts
[[nodiscard]] Result<Metric> parseMetric(std::string_view text);

enum class Statistic : std::uint8_t { sum, average, minimum, maximum, sample_count, p50, p90, p95, p99 };
[[nodiscard]] const char* name(Statistic statistic); // "sum", "p95"
[[nodiscard]] Result<Statistic> parseStatistic(std::string_view text);

struct SeriesKey {
    std::string function_id;
    std::string qualifier;                 // empty = the whole function
    Metric metric = Metric::invocations;
    Statistic statistic = Statistic::sum;
    seconds period{300};
    friend auto operator<=>(const SeriesKey&, const SeriesKey&) = default;
};

struct MetricPoint {
    Timestamp time{};                      // start of the period
    double value = 0;
    friend bool operator==(const MetricPoint&, const MetricPoint&) = default;
};

// Points in time order. A period inside `coverage` without a point had no data (0 for sums, unknown for the rest);
// a period outside `coverage` was never read.
struct MetricSeries {
    SeriesKey key;
    std::vector<MetricPoint> points;
    RangeSet coverage;
};

// One log line's worth of truth (Lambda REPORT).
struct Invocation {
    Timestamp time{};                      // start of the handler
    float duration_ms = 0;                 // handler
    float billed_ms = 0;
    float init_ms = -1;                    // < 0: warm
    float max_memory_used_mb = 0;
    std::int32_t memory_mb = 0;            // configured then
    std::uint64_t instance = 0;            // hash of the log stream
    std::uint64_t request = 0;             // hash of the request id: makes re-import idempotent
    bool failed = false;
    bool timed_out = false;
    bool provisioned = false;              // served by the warm pool, where the log says so
    [[nodiscard]] bool cold() const { return init_ms >= 0; }
};

// Which parts of the time are known how well.
struct InvocationLog {
    std::vector<Invocation> invocations;   // in time order
    RangeSet complete;                     // every invocation read
    RangeSet cold_only;                    // every cold start read (includes `complete`)
};

// One measured point: settings -> duration distribution. From the cloud or the local bench.
struct Observation {
    enum class Source { cloud, bench };
    Megabytes memory;
    std::optional<double> vcpu;
    std::int32_t concurrency = 1;
    double mean_ms = 0;                    // handler duration
    std::optional<double> p50_ms, p90_ms, p95_ms, p99_ms;
    std::int64_t count = 1;                // invocations behind it
    std::optional<double> max_memory_used_mb;
    bool cold = false;                     // duration of first invocations
    bool out_of_memory = false;            // this size was killed
    Source source = Source::cloud;
    std::string provenance;                // "prod-eu, 2026-11-10..24" or a campaign id
};

} // namespace pilotlight
