// Targets, what-ifs, outcomes and recommendations, as plain data.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "core/base/money.h"
#include "core/base/time.h"
#include "core/domain/function.h"

namespace pilotlight {

// A value with its 90 % interval.
struct Estimate {
    double value = 0, lo = 0, hi = 0;
    friend bool operator==(const Estimate&, const Estimate&) = default;
};
struct MoneyEstimate {
    Money value, lo, hi;
    friend bool operator==(const MoneyEstimate&, const MoneyEstimate&) = default;
};

// Service-level objective. Unset fields do not bind. All unset: cheapest within +5 % of today's p95.
struct Slo {
    std::string function_id;               // or empty where `tag_key` is set
    std::string tag_key, tag_value;
    std::optional<double> p95_ms, p99_ms, cold_share;
    [[nodiscard]] bool any() const { return p95_ms || p99_ms || cold_share; }
};

// What a user wants changed. Unset = as today.
struct DesiredSettings {
    std::optional<Megabytes> memory;
    std::optional<double> vcpu;
    std::optional<std::int32_t> concurrency;
    std::optional<InstanceLimit> instance_limit;
    std::optional<std::int32_t> warm_pool;       // constant level
    std::optional<WarmSchedule> warm_schedule;   // weekly; excludes warm_pool
    std::string pool_qualifier;                  // alias or version that holds the pool; empty = the only one there is
    std::optional<seconds> timeout;
    std::optional<PoolScaling> pool_scaling;     // what scaled the pool before, as it was, beside warm_pool: reverts and restores only
    [[nodiscard]] bool empty() const;
    friend bool operator==(const DesiredSettings&, const DesiredSettings&) = default;
};

struct WhatIf {
    DesiredSettings settings;
    double traffic = 1.0;                  // multiplier of arrivals
    double surge = 1.0;                    // multiplier during one 15-minute burst a day at the busiest quarter hour
};

// What the model expects, per 30 days at the traffic of the evidence. Unknown is nullopt.
struct Outcome {
    std::optional<MoneyEstimate> cost_month;
    // The same at the traffic that was read, where days of the range were not: what compares with another setting. Else not set.
    std::optional<MoneyEstimate> cost_month_as_read;
    std::optional<Estimate> p50_ms, p95_ms, p99_ms;  // of requests as the caller sees them: INIT included for cold ones
    std::optional<Estimate> cold_start_share, throttled_share; // 0..1
    std::vector<double> cold_share_by_hour;  // of the UTC day, 24 values; empty where nothing was replayed
    std::map<std::string, MoneyEstimate> breakdown;  // by meter, sums to cost_month
    std::vector<std::pair<double, double>> latency_cdf; // (ms, share of requests faster), ascending; for the chart
    bool exact = true;                     // false: surface look-up, about to be replaced
};

// Where a number comes from; shown beside it.
struct Basis {
    std::string evidence;                  // "replaying 14 days, 1,204,118 requests (logs of 3 %)"
    std::string model;                     // "4 observed sizes, knee at 1,790 MB"
    std::string prices;                    // "us-east-1 prices of 2026-11-20 (bundled)"
    std::string demand;                    // what the next week is expected to ask, with its back-test; empty where too few days are known
    std::vector<std::string> cautions;     // "one observed size: wide intervals"
};

struct WhatIfResult {
    Outcome today;
    Outcome whatif;
    Basis basis;
};

struct SettingChange {
    std::string setting;                   // memory_mb, vcpu, concurrency, warm_pool[@q], warm_schedule[@q], instance_limit, timeout_s
    std::string before, after;             // "1024", "none", "unknown"; schedules as their one-line text
    friend bool operator==(const SettingChange&, const SettingChange&) = default;
};

// Before and after with the interval of `after`.
struct EffectValue {
    double before = 0, after = 0, lo = 0, hi = 0;
};
struct Effect {
    std::optional<EffectValue> cost_usd_month, p95_ms, cold_start_share;
    std::vector<double> cold_share_by_hour;  // after, as Outcome: a quiet hour has more cold starts than the month
};

enum class RecommendationStatus { recommended, optimal, inconclusive };
[[nodiscard]] const char* name(RecommendationStatus status);

struct Recommendation {
    std::string id;                        // stable for the same function and settings
    std::string function_id;
    RecommendationStatus status = RecommendationStatus::inconclusive;
    DesiredSettings settings;
    std::string alias;                     // where the change goes through an alias
    std::vector<SettingChange> changes;
    std::optional<MoneyEstimate> saving_month; // positive = saves
    Effect effect;
    std::vector<std::string> reasons;
    std::string needs;                     // where inconclusive: "312 more invocations, about 26 Nov"; else empty
    std::string effort, risk;              // "low" | "medium" | "high"
    Timestamp made_at{};
};

} // namespace pilotlight
