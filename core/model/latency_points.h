// Observations put together to points of the curve. Internal to the latency model.
#pragma once

#include <span>
#include <string>
#include <vector>

#include "core/model/latency_model.h"
#include "core/model/slowdown_observed.h"

namespace pilotlight::model {

struct Point {
    Megabytes memory;
    std::optional<double> vcpu;
    double axis = 0;          // axisOf()
    double log_mean = 0;      // of the count-weighted mean duration, ms
    double sampling_var = 0;  // of log_mean, from the finite number of calls
    double campaigns = 1;     // independent ones
    std::int64_t count = 0;
    bool bench = false;
    std::optional<double> log_p50, log_p90, log_p95, log_p99;  // of percentile / mean
};

// How percentiles relate to the mean, over all sizes: ln(percentile / mean).
struct SpreadSummary {
    double sd = 0.08;               // of ln(duration) around its size's mean
    bool observed = false;          // false: nothing in the evidence says so, the value is assumed
    std::vector<double> residuals;  // ln(call / mean of its size), sorted, where single calls were given
};

struct PointSet {
    std::vector<Point> points;  // ascending axis, bench after cloud at the same size
    std::vector<MeasuredSize> measured;
    SpreadSummary spread;
    double repeat_sd = 0;                                        // between campaigns
    std::optional<Megabytes> floor;                              // from memory used and from killed sizes
    std::optional<Megabytes> pressured;                          // largest size left out for memory pressure
    bool cold_only = false, bench_only = false, loaded = false;  // loaded: lowest concurrency is above 1
    std::optional<ObservedSlowdown> slowdown;  // from observations at more requests at once, which the curve leaves out
    std::int32_t concurrency = 1;
};

// Errors: invalid_argument when no observation has a duration.
[[nodiscard]] Result<PointSet> pointsOf(std::span<const Observation> observations, const FitOptions& options, const NoisePrior& noise);

}  // namespace pilotlight::model
