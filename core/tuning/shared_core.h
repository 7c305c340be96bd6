// What a SharedModel holds after build. Internal to core/tuning.
#pragma once

#include <algorithm>

#include "core/model/latency_model.h"
#include "core/model/sim_histogram.h"
#include "core/pricing/price_book.h"
#include "core/tuning/measured.h"
#include "core/tuning/projection.h"
#include "core/tuning/shared_model.h"
#include "core/tuning/workload.h"

namespace pilotlight::tuning {

// Settings of a what-if, made whole by today's.
struct SharedSettings {
    Megabytes memory;
    double vcpu = 1;
    std::int32_t concurrency = 1, pool = 0;
    std::optional<std::int32_t> limit;
    double traffic = 1, surge = 1;
    friend bool operator==(const SharedSettings&, const SharedSettings&) = default;
};

inline constexpr double kMeasurementNoise = 0.02;  // relative, of a mean over the evidence

// Elastic Premium keeps one instance at least.
[[nodiscard]] inline std::int32_t leastPool(const Function& f) { return f.untunedText(untuned_key::kKind) == "premium" ? 1 : 0; }

// Five minutes of a replay. Seconds of instances.
struct SharedBin {
    float requests = 0;
    float busy_s = 0, active_s = 0, idle_min_s = 0, alive_s = 0;  // as in SharedTotals
    float warm_s = 0, warm = 0;                                   // durations of warm requests, and their number
};
inline constexpr double kBinSeconds = 300;
inline constexpr std::size_t kBinsAnHour = 12, kBinsADay = 288;

// Totals of one replay. Times in seconds.
struct SharedTotals {
    double requests = 0, cold = 0, throttled = 0, starts = 0;
    std::int32_t peak = 0;  // instances alive at once
    double busy_s = 0;      // starting or serving
    double active_s = 0;    // the same as it is billed: each stretch rounded up
    double idle_min_s = 0;  // kept idle by the minimum
    double alive_s = 0;
    double span_s = 1;
    double warm_sum_s = 0;  // durations of warm requests, and their number
    double warm = 0;
    model::DurationHistogram latency;  // waiting included
    std::vector<SharedBin> bins;       // from the start of the replay on
};

// A setting for a month.
struct SharedPoint {
    SharedSettings settings;
    pricing::Usage usage;
    double requests = 0, cold_share = 0, throttled_share = 0;
    std::int32_t peak = 0;  // instances alive at once
    double p50_s = 0, p95_s = 0, p99_s = 0;
    double speed_lo = 1, speed_hi = 1;  // 90 % interval of duration, relative to its value
    std::vector<std::pair<double, double>> cdf;
    std::vector<SharedBin> bins;  // of the replay
    bool beyond = false;  // another CPU than was ever measured
};

// What is billed of a replay or a part of it, of which the minimum keeps `pool_s` instance-seconds. What the minimum serves is the time in
// which it is not idle; rounding up falls on it as on the others. Anchors: measured over replayed.
template <typename Replayed>
[[nodiscard]] pricing::Usage sharedUsageOf(double pool_s, const Replayed& replayed, double scale, double active_anchor, double alive_anchor) {
    pricing::Usage usage;
    const double active = replayed.active_s * scale * active_anchor, busy = replayed.busy_s * scale;
    const double on_pool = busy > 0 ? std::min(1.0, std::max(0.0, pool_s - replayed.idle_min_s * scale) / busy) : 0;
    usage.requests = replayed.requests * scale;
    usage.pool_instance_seconds = pool_s;
    usage.pool_duration_ms_billed = active * on_pool * 1000;
    usage.duration_ms_billed = active * (1 - on_pool) * 1000;
    usage.instance_seconds = std::max(pool_s, replayed.alive_s * scale * alive_anchor);
    return usage;
}

struct SharedModel::Impl {
    Evidence evidence;
    Measured measured;
    std::optional<model::LatencyModel> latency;
    Workload work;
    std::vector<float> service_s;  // base duration of each arrival: alone in its instance, today's size
    bool percentiles = false;      // of durations were measured; else none is predicted
    // Where the platform does not tell how many requests an instance serves at once, today.concurrency is the most that agrees with the
    // instances that were counted; this is the least that does.
    std::optional<std::int32_t> least_concurrency;
    double start_s = 0;            // until a new instance serves
    bool start_assumed = false;
    double alpha = 0, alpha_lo = 0, alpha_hi = 0;  // how much longer for each other request in the instance, and its 90 % interval
    int alpha_hours = 0, alpha_pairs = 0;          // hours, or pairs of bench observations, that it was fitted to; without, CPU use bounds it
    model::KeepAlive keep_alive;
    SharedSettings today;
    double active_anchor = 1, alive_anchor = 1, cold_anchor = 1;
    SharedPoint today_point, today_quick;  // replays of kExactArrivals and of kQuickArrivals
    WhatIfResult today_result;
    Basis basis;
    std::optional<Megabytes> floor;
    Engine::Week week;

    [[nodiscard]] SharedSettings resolve(const WhatIf& what) const;
    // The newest `most` arrivals. `alpha_used`: slowdown; `scale`: of all durations.
    [[nodiscard]] SharedTotals replay(const SharedSettings& settings, std::size_t most, double alpha_used,
                                      const model::KeepAlive& law, double scale = 1) const;
    void fitAlpha();
    void fitConcurrency();
    [[nodiscard]] SharedPoint pointOf(const SharedSettings& settings, std::size_t most) const;
    [[nodiscard]] std::optional<double> costOf(const SharedPoint& point) const;
    // Of `replayed` (times `scale`), which took `seconds` (scaled too).
    template <typename Replayed>
    [[nodiscard]] pricing::Usage usageOf(const SharedSettings& settings, double seconds, const Replayed& replayed, double scale) const {
        return sharedUsageOf(settings.pool * seconds, replayed, scale, active_anchor, alive_anchor);
    }
    // Cost with all durations times `speed` and so many times the requests.
    [[nodiscard]] std::optional<std::map<std::string, Money>> pricedAt(const SharedPoint& point, double speed, double traffic = 1) const;
    // USD a month.
    struct CostRange {
        double value = 0;
        double lo = 0, hi = 0;              // 90 % interval of the month itself
        double shown_lo = 0, shown_hi = 0;  // and of what an hour of it shows, projected as core/change does
    };
    [[nodiscard]] std::optional<CostRange> costRange(const SharedPoint& point) const;
    [[nodiscard]] std::pair<double, double> speedsOf(const SharedPoint& point) const;
    [[nodiscard]] std::vector<double> instancesOf(const SharedPoint& point) const;  // alive, by bin
    [[nodiscard]] std::vector<TimeCost> hoursOf(const SharedPoint& point) const;
    [[nodiscard]] double hourlySpread() const;
    [[nodiscard]] std::vector<double> shownBy(const SharedPoint& point) const;
    [[nodiscard]] Outcome outcomeOf(const SharedPoint& point, bool exact) const;
    [[nodiscard]] double ratioAt(const SharedSettings& settings) const;
};

inline constexpr std::size_t kQuickArrivals = 30'000, kExactArrivals = 150'000;

}  // namespace pilotlight::tuning
