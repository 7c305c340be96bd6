// What is known of one function, gathered once from the store and handed to every what-if.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "core/domain/cost.h"
#include "core/domain/function.h"
#include "core/domain/metrics.h"
#include "core/domain/tuning.h"

namespace pilotlight::tuning {

// A pool that load or the clock scales.
struct MovingPool {
    std::string qualifier;
    std::int32_t level_seen = 0;  // when the settings were read
    PoolScaling scaling;
};

struct SettingsInForce {                   // oldest first; holds until the next one
    Timestamp since{};
    Megabytes memory;
    std::optional<std::int32_t> warm_pool;
    InstanceLimit instance_limit;
    std::optional<double> vcpu = {};              // platforms where it is set apart from memory
    std::optional<std::int32_t> concurrency = {};
    std::vector<MovingPool> moving_pools = {};    // warm_pool holds their levels as they were seen; pool_levels.h says what they were
};

struct PoolUse {
    MetricSeries in_use, utilization;      // maxima: provisioned instances in use, and their share of those that were kept
};

struct Evidence {
    Function function;                     // settings in force now
    TimeRange range;                       // normally the last 14 days
    InvocationLog log;
    // Of the whole function over `range`, at their stored period; empty where never read.
    MetricSeries invocations, errors, throttles;        // sum
    MetricSeries duration_average, duration_p50, duration_p90, duration_p95, duration_p99, duration_samples;
    MetricSeries concurrency;              // maximum
    MetricSeries pool_invocations;         // sum; empty where there is no pool
    std::map<std::string, PoolUse> pool_use;  // by qualifier; of pools that load scales
    // Of platforms whose instances serve several requests at once; empty elsewhere.
    MetricSeries billable_time;            // s of instance time that is billed, sum
    MetricSeries pool_billable_time;       // part of it that ran on kept instances, sum; empty where the platform does not tell it
    MetricSeries cold_starts;              // instances started, sum
    MetricSeries init_average;             // ms from the start of an instance until it can serve
    MetricSeries memory_used;              // MB, maximum
    MetricSeries cpu_utilization;          // 0..1 of the instance's vCPU, average
    // Azure Premium: how many apps share the plan's instances (0 = it has the plan for itself), and which part of those that this app counts
    // is its own, 0..1 by period of billable_time.
    std::size_t plan_apps = 0;
    MetricSeries plan_part;
    std::optional<MetricSeries> whole_p50, whole_p95, whole_p99; // one period spanning `range`, where it was read
    std::vector<SettingsInForce> history;  // within and just before `range`
    std::vector<Observation> observations; // stored ones (bench, earlier cloud sizes); those of `log` are derived
    std::optional<PriceBook> prices;
    std::map<std::string, double> price_factors;
    std::optional<AccountLimits> limits;
    std::optional<Slo> slo;
};

} // namespace pilotlight::tuning
