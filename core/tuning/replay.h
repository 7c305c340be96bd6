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

struct ReplaySettings {
    double duration_ratio = 1;  // handler duration at this size over today's
    double init_ratio = 1;
    std::optional<std::int32_t> limit;                  // requests at once; nullopt = none
    std::vector<std::pair<double, std::int32_t>> pool;  // (seconds from the period's begin, level)
    model::KeepAlive keep_alive;
    double traffic = 1, surge = 1;
    double surge_begin_s = 0;  // second of the day at which the busiest quarter hour begins
};

// Totals over the workload's span, before scaling to a month.
struct ReplayTotals {
    double demand = 0, served = 0, cold = 0, throttled = 0, pooled = 0;
    double on_demand_ms = 0, init_ms = 0, pool_ms = 0;  // billed: each request rounded up to 1 ms, INIT apart
    std::vector<double> demand_by_day, cold_by_day, busy_ms_by_day, throttled_by_day;
    model::DurationHistogram latency;  // seconds, INIT included
};

[[nodiscard]] ReplayTotals replayWorkload(const Workload& work, const ReplaySettings& settings);

}  // namespace pilotlight::tuning
