#include "core/tuning/shared_usage.h"

#include <algorithm>
#include <cmath>

namespace pilotlight::tuning {
namespace {

constexpr double kRoundingMs = 50;  // half of the 100 ms step

double sumIn(const MetricSeries& series, TimeRange range) {
    double sum = 0;
    for (const auto& point : series.points)
        if (range.contains(point.time)) sum += point.value;
    return sum;
}

const MetricPoint* pointAt(const MetricSeries& series, Timestamp time) {
    const auto at =
        std::lower_bound(series.points.begin(), series.points.end(), time, [](const MetricPoint& p, Timestamp t) { return p.time < t; });
    return at != series.points.end() && at->time == time ? &*at : nullptr;
}

}  // namespace

double meanBusyOf(double mean, std::int32_t k) {
    if (!(mean > 0) || k <= 0) return 0;
    if (mean > 50.0 + 4.0 * k) return k;
    // sum over j = 1..k of P(N >= j)
    double probability = std::exp(-mean), below = probability, busy = 0;
    for (std::int32_t j = 1; j <= k; ++j) {
        busy += std::max(0.0, 1 - below);
        probability *= mean / j;
        below += probability;
    }
    return std::min(busy, mean);
}

pricing::Usage sharedUsage(const Evidence& evidence, TimeRange range, std::int32_t pool) {
    pricing::Usage usage;
    usage.requests = sumIn(evidence.invocations, range);
    // Kept instances cost something also where nothing was measured, but nobody knows since when they were kept.
    const double span_s = std::chrono::duration<double>(evidence.invocations.coverage.intersectedWith(range).length()).count();
    usage.pool_instance_seconds = pool * span_s;
    const bool whole_life = evidence.function.untunedText(untuned_key::kBilling) == "instance";
    const bool measured = !evidence.billable_time.coverage.intersectedWith(range).ranges().empty();
    if (whole_life && measured) {
        for (const auto& point : evidence.billable_time.points) {
            if (!range.contains(point.time)) continue;
            const auto* own = pointAt(evidence.plan_part, point.time);
            usage.instance_seconds += point.value * (own != nullptr ? own->value : 1);
        }
        usage.pool_instance_seconds = 0;
        return usage;
    }
    const auto add = [&](double active_s, double on_pool) {
        usage.pool_duration_ms_billed += on_pool * 1000;
        usage.duration_ms_billed += (active_s - on_pool) * 1000;
    };
    const auto estimated = [&](double active_s, double period_s) {
        return pool > 0 && period_s > 0 ? meanBusyOf(active_s / period_s, pool) * period_s : 0;
    };
    if (measured) {
        const auto period = evidence.billable_time.key.period;
        const MetricSeries& kept = evidence.pool_billable_time;
        for (const auto& point : evidence.billable_time.points) {
            if (!range.contains(point.time)) continue;
            if (kept.key.period == period && kept.coverage.covers({point.time, point.time + period})) {
                const auto* told = pointAt(kept, point.time);
                add(point.value, told != nullptr ? std::min(told->value, point.value) : 0);
            } else {
                add(point.value, estimated(point.value, static_cast<double>(period.count())));
            }
        }
        return usage;
    }
    for (const auto& point : evidence.duration_average.points) {
        if (!range.contains(point.time)) continue;
        const auto* samples = pointAt(evidence.duration_samples, point.time);
        if (samples == nullptr) continue;
        const auto* starts = pointAt(evidence.cold_starts, point.time);
        const auto* init = pointAt(evidence.init_average, point.time);
        const double start_ms = starts != nullptr && init != nullptr ? starts->value * init->value : 0;
        const double active_s = ((point.value + kRoundingMs) * samples->value + start_ms) / 1000;
        add(active_s, estimated(active_s, static_cast<double>(evidence.duration_average.key.period.count())));
    }
    return usage;
}

void measureShared(const Evidence& evidence, Measured& measured) {
    for (const auto& point : evidence.memory_used.points)
        if (measured.period.contains(point.time))
            measured.max_memory_used_mb = std::max(measured.max_memory_used_mb.value_or(0), point.value);
    const bool known = !evidence.cold_starts.coverage.intersectedWith(measured.period).ranges().empty();
    if (!known || measured.invocations.value_or(0) < 1) return;
    // Instances started over requests: an instance may start without a request (minimum, deployment), so this is at most too high.
    measured.cold_start_share = std::min(1.0, sumIn(evidence.cold_starts, measured.period) / static_cast<double>(*measured.invocations));
}

}  // namespace pilotlight::tuning
