// What a SharedModel holds after build. Internal to core/tuning.
#pragma once

#include "core/model/latency_model.h"
#include "core/model/sim_histogram.h"
#include "core/pricing/price_book.h"
#include "core/tuning/measured.h"
#include "core/tuning/shared_model.h"
#include "core/tuning/workload.h"

namespace pilotlight::tuning {

// Settings of a what-if, made whole by today's.
struct SharedSettings {
    Megabytes memory;
    double vcpu = 1;
    std::int32_t concurrency = 1, pool = 0;
    std::optional<std::int32_t> limit;
    double traffic = 1;
    friend bool operator==(const SharedSettings&, const SharedSettings&) = default;
};

// Elastic Premium keeps one instance at least.
[[nodiscard]] inline std::int32_t leastPool(const Function& f) { return f.untunedText(untuned_key::kKind) == "premium" ? 1 : 0; }

// Totals of one replay. Times in seconds.
struct SharedTotals {
    double requests = 0, cold = 0, throttled = 0, starts = 0;
    double active_s = 0;    // starting or serving, each stretch rounded up to 100 ms on average
    double idle_min_s = 0;  // kept idle by the minimum
    double alive_s = 0;
    double span_s = 1;
    double warm_sum_s = 0;  // durations of warm requests, and their number
    double warm = 0;
    model::DurationHistogram latency;  // waiting included
};

// A setting for a month.
struct SharedPoint {
    SharedSettings settings;
    pricing::Usage usage;
    double requests = 0, cold_share = 0, throttled_share = 0;
    double p50_s = 0, p95_s = 0, p99_s = 0;
    double speed_lo = 1, speed_hi = 1;  // 90 % interval of duration, relative to its value
    std::vector<std::pair<double, double>> cdf;
    bool beyond = false;  // another CPU than was ever measured
};

struct SharedModel::Impl {
    Evidence evidence;
    Measured measured;
    std::optional<model::LatencyModel> latency;
    Workload work;
    std::vector<float> service_s;  // base duration of each arrival: alone in its instance, today's size
    bool percentiles = false;      // of durations were measured; else none is predicted
    double start_s = 0;            // until a new instance serves
    bool start_assumed = false;
    double alpha = 0, alpha_hi = 0;  // how much longer for each other request in the instance
    model::KeepAlive keep_alive;
    SharedSettings today;
    double active_anchor = 1, alive_anchor = 1, cold_anchor = 1;
    SharedPoint today_point;
    WhatIfResult today_result;
    Basis basis;
    std::optional<Megabytes> floor;
    Engine::Week week;

    [[nodiscard]] SharedSettings resolve(const WhatIf& what) const;
    // The newest `most` arrivals. `alpha_used`: slowdown.
    [[nodiscard]] SharedTotals replay(const SharedSettings& settings, std::size_t most, double alpha_used,
                                      const model::KeepAlive& law) const;
    [[nodiscard]] SharedPoint pointOf(const SharedSettings& settings, std::size_t most) const;
    [[nodiscard]] std::optional<double> costOf(const SharedPoint& point) const;
    // Cost with all durations times `speed`.
    [[nodiscard]] std::optional<std::map<std::string, Money>> pricedAt(const SharedPoint& point, double speed) const;
    [[nodiscard]] Outcome outcomeOf(const SharedPoint& point, bool exact) const;
    [[nodiscard]] double ratioAt(const SharedSettings& settings) const;
};

inline constexpr std::size_t kQuickArrivals = 30'000, kExactArrivals = 150'000;

}  // namespace pilotlight::tuning
