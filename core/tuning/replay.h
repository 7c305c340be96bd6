// One replay of a workload under given settings: what is used, what is cold, throttled, how long requests take.
#pragma once

#include <optional>
#include <vector>

#include "core/base/job_context.h"
#include "core/domain/function.h"
#include "core/model/sim_histogram.h"
#include "core/model/sim_types.h"
#include "core/tuning/workload.h"

namespace pilotlight::tuning {

// A change is judged by what it did in this time first (core/change watches that long), so a prediction has to hold there.
inline constexpr minutes kVerificationWindow{60};

struct ReplaySettings {
    double duration_ratio = 1;  // handler duration at this size over today's
    double init_ratio = 1;
    std::optional<std::int32_t> limit;                  // requests at once; nullopt = none
    std::vector<std::pair<double, std::int32_t>> pool;  // (seconds from the period's begin, level)
    model::KeepAlive keep_alive;
    double traffic = 1, surge = 1;
    double surge_begin_s = 0;  // second of the day at which the busiest quarter hour begins
};

// What was used in one part of the span.
struct ReplayWindow {
    double requests = 0;  // served
    double cold = 0;
    double on_demand_ms = 0, init_ms = 0, pool_ms = 0;
};

// Totals over the workload's span, before scaling to a month.
struct ReplayTotals {
    double demand = 0, served = 0, cold = 0, throttled = 0, pooled = 0;
    double on_demand_ms = 0, init_ms = 0, pool_ms = 0;  // billed: each request rounded up to 1 ms, INIT apart
    std::vector<ReplayWindow> windows;                  // of kVerificationWindow each, from the span's begin
    model::DurationHistogram warm_latency, cold_latency;  // seconds, INIT included
    // Of all served, where cold starts are `cold_factor` times as many as were replayed; those are taken from (or given to) warm ones.
    [[nodiscard]] model::DurationHistogram latency(double cold_factor) const;
};

// The workload's requests at `settings.traffic` and `surge`: whole copies and a share of one more, moved by up to half a minute so that they
// do not come hand in hand; less traffic leaves requests out at random. The busiest quarter hour of each day gets `surge` times as much.
struct ScaledRequests {
    std::vector<double> arrivals;  // seconds from the period's begin, ascending
    std::vector<float> warm_s;
};
[[nodiscard]] ScaledRequests scaledRequests(const Workload& work, const std::vector<float>& durations_s, const ReplaySettings& settings);
// Second of the day (UTC) at which the quarter hour with most requests begins.
[[nodiscard]] double busiestQuarter(const Workload& work);
// Replays these requests (traffic and surge are in them already), the rest as in the workload.
[[nodiscard]] ReplayTotals replayRequests(const Workload& work, const ReplaySettings& settings, const std::vector<double>& arrivals,
                                          const std::vector<float>& warm_s);
[[nodiscard]] ReplayTotals replayWorkload(const Workload& work, const ReplaySettings& settings);

}  // namespace pilotlight::tuning
