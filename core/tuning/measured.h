// What a function did and cost in a period, from what was measured: no model, no guess. Missing stays missing.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "core/base/money.h"
#include "core/pricing/price_book.h"
#include "core/tuning/evidence.h"

namespace pilotlight::tuning {

// Linear interpolation between order statistics ((n-1)q); `sorted` ascending and not empty.
[[nodiscard]] double quantile(std::span<const float> sorted, double q);

struct Measured {
    TimeRange period;                      // what was read of the evidence's range, from the first instant to the last (coverage.h)
    milliseconds covered{0};               // time within it that was read: what counts and cost are of
    std::optional<std::int64_t> invocations, errors, throttles;
    // Handler duration (INIT excluded, as the platform reports it): from complete logs, else one metric period that spans the range.
    std::optional<double> p50_ms, p95_ms, p99_ms;
    std::optional<double> mean_ms;
    // Cold starts / invocations over the time in which every cold start was read.
    std::optional<double> cold_start_share;
    std::optional<double> max_memory_used_mb;
    // List price x usage, before grants, times the profile's factors. Unknown without a price book, memory or invocations.
    std::optional<Money> cost;
    std::map<std::string, Money> cost_by_meter;
    std::string cost_note;                 // price book used, or why the cost is unknown
};

[[nodiscard]] Measured measure(const Evidence& evidence);

// What was used while one memory size was in force.
struct UsageSegment {
    TimeRange period;
    Megabytes memory;
    pricing::Usage usage;
    std::optional<double> vcpu = {};
    std::string pool_doubt = {};           // why the time that instances were kept is not known; empty where it is
};
// Cuts the period at every change of memory or pool; of a pool only the time that was read counts. Durations are exact where logs are complete, else mean x count plus half a
// millisecond an invocation (each is rounded up to 1 ms).
[[nodiscard]] std::vector<UsageSegment> usageSegments(const Evidence& evidence, TimeRange period);

} // namespace pilotlight::tuning
