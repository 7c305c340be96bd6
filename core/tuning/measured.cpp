#include "core/tuning/measured.h"

#include "core/tuning/coverage.h"
#include "core/tuning/pool_levels.h"
#include "core/tuning/shared_usage.h"

#include <algorithm>
#include <cmath>

namespace pilotlight::tuning {
namespace {

constexpr milliseconds kPoolBillingStep = minutes(5); // provisioned concurrency is billed in 5-minute steps (AWS Lambda pricing)
constexpr double kMeanRoundingMs = 0.5;

double sumOf(const MetricSeries& series, TimeRange range) {
    double sum = 0;
    for (const auto& point : series.points) {
        if (range.contains(point.time)) sum += point.value;
    }
    return sum;
}

bool anyCoverage(const MetricSeries& series, TimeRange range) { return !series.coverage.intersectedWith(range).ranges().empty(); }

std::optional<std::int64_t> countOf(const MetricSeries& series, TimeRange range) {
    if (!anyCoverage(series, range)) return std::nullopt;
    return std::llround(sumOf(series, range));
}

// Invocations that fall into the given parts of the time.
double countWithin(const MetricSeries& series, const RangeSet& parts, TimeRange range) {
    double sum = 0;
    const auto inside = parts.intersectedWith(range);
    std::size_t at = 0;
    const auto& ranges = inside.ranges();
    for (const auto& point : series.points) {
        const TimeRange bin{point.time, point.time + series.key.period};
        while (at < ranges.size() && ranges[at].end <= bin.begin) ++at;
        for (auto i = at; i < ranges.size() && ranges[i].begin < bin.end; ++i) {
            const auto overlap = bin.clippedTo(ranges[i]).length();
            sum += point.value * static_cast<double>(overlap.count()) / static_cast<double>(bin.length().count());
        }
    }
    return sum;
}

// What was read of `range`; all of it where no counts were read at all and so nothing says that a part is missing.
RangeSet readPartsOf(const Evidence& evidence, TimeRange range) {
    const auto& counts = evidence.invocations.coverage;
    return counts.ranges().empty() ? RangeSet({range}) : counts.intersectedWith(range);
}

// Every invocation in what was read of `range` is in the log.
bool logHolds(const Evidence& evidence, TimeRange range) {
    const auto& counts = evidence.invocations.coverage;
    const auto read = counts.intersectedWith(range);
    if (counts.ranges().empty() || read.ranges().empty()) return evidence.log.complete.covers(range);
    return std::all_of(read.ranges().begin(), read.ranges().end(), [&](TimeRange part) { return evidence.log.complete.covers(part); });
}

struct LogSums {
    double billed_ms = 0, init_ms = 0, count = 0, pool_billed_ms = 0, pool_count = 0;
};

LogSums logSums(const InvocationLog& log, TimeRange range) {
    LogSums sums;
    for (const auto& invocation : log.invocations) {
        if (!range.contains(invocation.time)) continue;
        const double init = invocation.cold() ? invocation.init_ms : 0.0;
        const double total = std::max<double>(invocation.billed_ms, 0);
        if (invocation.provisioned) {
            sums.pool_billed_ms += total;
            sums.pool_count += 1;
        } else {
            // Billed = ceil(duration + INIT) where INIT is billed, ceil(duration) where it is not.
            const double billed_init = total > std::ceil(invocation.duration_ms) ? std::min(std::max(0.0, total - invocation.duration_ms), std::ceil(init)) : 0.0;
            sums.billed_ms += total - billed_init;
            sums.init_ms += billed_init;
        }
        sums.count += 1;
    }
    return sums;
}

// Billed INIT of cold lines only, for the time outside complete windows.
double coldInitMs(const InvocationLog& log, TimeRange range) {
    double sum = 0;
    for (const auto& invocation : log.invocations) {
        if (range.contains(invocation.time) && invocation.cold() && !invocation.provisioned) {
            sum += std::min(std::max(0.0, static_cast<double>(invocation.billed_ms) - invocation.duration_ms), std::ceil(static_cast<double>(invocation.init_ms)));
        }
    }
    return sum;
}

} // namespace

double quantile(std::span<const float> sorted, double q) {
    const double position = q * static_cast<double>(sorted.size() - 1);
    const auto below = static_cast<std::size_t>(position);
    const auto above = std::min(below + 1, sorted.size() - 1);
    return sorted[below] + (position - static_cast<double>(below)) * (static_cast<double>(sorted[above]) - sorted[below]);
}

std::vector<UsageSegment> usageSegments(const Evidence& evidence, TimeRange period) {
    std::vector<SettingsInForce> history = evidence.history;
    if (history.empty()) history.push_back(inForce(evidence.function, period.begin));
    history.front().since = std::min(history.front().since, period.begin);

    std::vector<UsageSegment> out;
    for (std::size_t i = 0; i < history.size(); ++i) {
        const auto end = i + 1 < history.size() ? history[i + 1].since : period.end;
        const auto range = TimeRange{history[i].since, end}.clippedTo(period);
        if (range.empty()) continue;
        UsageSegment segment{range, history[i].memory, {}, history[i].vcpu};
        if (evidence.function.platform != PlatformKind::aws) {
            segment.usage = sharedUsage(evidence, range, history[i].warm_pool.value_or(0));
            out.push_back(segment);
            continue;
        }
        auto& usage = segment.usage;
        usage.requests = sumOf(evidence.invocations, range);

        double on_demand_ms = 0, pool_ms = 0;
        if (logHolds(evidence, range)) {
            const auto sums = logSums(evidence.log, range);
            // The log is exact to the instant; a period's count belongs to its first one, which may lie before the range.
            if (sums.count > 0) usage.requests = sums.count;
            on_demand_ms = sums.billed_ms;
            pool_ms = sums.pool_billed_ms;
            usage.init_ms_billed = sums.init_ms;
        } else {
            double total_ms = 0;
            for (std::size_t p = 0, s = 0; p < evidence.duration_average.points.size(); ++p) {
                const auto& point = evidence.duration_average.points[p];
                if (!range.contains(point.time)) continue;
                while (s < evidence.duration_samples.points.size() && evidence.duration_samples.points[s].time < point.time) ++s;
                const bool match = s < evidence.duration_samples.points.size() && evidence.duration_samples.points[s].time == point.time;
                if (match) total_ms += (point.value + kMeanRoundingMs) * evidence.duration_samples.points[s].value;
            }
            const double pool_share = usage.requests > 0 ? std::min(1.0, sumOf(evidence.pool_invocations, range) / usage.requests) : 0.0;
            pool_ms = total_ms * pool_share;
            on_demand_ms = total_ms - pool_ms;
            const double covered = countWithin(evidence.invocations, evidence.log.cold_only, range);
            if (covered > 0 && evidence.function.init_billed) usage.init_ms_billed = coldInitMs(evidence.log, range) * usage.requests / covered;
        }
        // Where the log does not say who was served by the pool, the metric does.
        const double pool_invocations = sumOf(evidence.pool_invocations, range);
        if (pool_ms == 0 && pool_invocations > 0 && usage.requests > 0) {
            pool_ms = on_demand_ms * std::min(1.0, pool_invocations / usage.requests);
            on_demand_ms -= pool_ms;
        }
        usage.duration_ms_billed = on_demand_ms;
        usage.pool_duration_ms_billed = pool_ms;
        if (!history[i].moving_pools.empty()) {
            const auto levels = poolLevels(evidence, history[i], range);
            usage.pool_instance_seconds = levels.instanceSeconds(readPartsOf(evidence, range));
            segment.pool_doubt = levels.doubt;
        } else if (history[i].warm_pool && *history[i].warm_pool > 0) {
            // Rounded up where the pool was given back; one that is still kept is billed as time goes by.
            const bool ended = i + 1 < history.size() && end < period.end;
            const auto read = readPartsOf(evidence, range).length();
            const auto kept = ended ? ceilTo(Timestamp(read), kPoolBillingStep).time_since_epoch() : read;
            usage.pool_instance_seconds = *history[i].warm_pool * std::chrono::duration<double>(kept).count();
        }
        out.push_back(segment);
    }
    return out;
}

Measured measure(const Evidence& evidence) {
    Measured out;
    const auto read = coverageOf(evidence);
    out.period = read.period;
    out.covered = read.length();
    const auto& period = out.period;
    out.invocations = countOf(evidence.invocations, period);
    out.errors = countOf(evidence.errors, period);
    out.throttles = countOf(evidence.throttles, period);

    const auto& log = evidence.log;
    std::vector<float> durations;
    const bool complete = !period.empty() && logHolds(evidence, period);
    std::int64_t cold = 0;
    for (const auto& invocation : log.invocations) {
        if (!period.contains(invocation.time)) continue;
        if (complete) durations.push_back(invocation.duration_ms);
        cold += invocation.cold() ? 1 : 0;
        if (invocation.max_memory_used_mb > 0)
            out.max_memory_used_mb = std::max<double>(out.max_memory_used_mb.value_or(0), invocation.max_memory_used_mb);
    }
    if (complete && !durations.empty()) {
        std::sort(durations.begin(), durations.end());
        out.p50_ms = quantile(durations, 0.50);
        out.p95_ms = quantile(durations, 0.95);
        out.p99_ms = quantile(durations, 0.99);
        double sum = 0;
        for (const float value : durations) sum += value;
        out.mean_ms = sum / static_cast<double>(durations.size());
        if (!out.invocations) out.invocations = static_cast<std::int64_t>(durations.size());
    } else {
        const auto only = [](const std::optional<MetricSeries>& series) -> std::optional<double> {
            if (!series || series->points.size() != 1) return std::nullopt;
            return series->points.front().value;
        };
        out.p50_ms = only(evidence.whole_p50);
        out.p95_ms = only(evidence.whole_p95);
        out.p99_ms = only(evidence.whole_p99);
        double sum = 0, count = 0;
        for (std::size_t i = 0, s = 0; i < evidence.duration_average.points.size(); ++i) {
            const auto& point = evidence.duration_average.points[i];
            while (s < evidence.duration_samples.points.size() && evidence.duration_samples.points[s].time < point.time) ++s;
            if (s == evidence.duration_samples.points.size() || evidence.duration_samples.points[s].time != point.time || !period.contains(point.time)) continue;
            sum += point.value * evidence.duration_samples.points[s].value;
            count += evidence.duration_samples.points[s].value;
        }
        if (count > 0) out.mean_ms = sum / count;
    }

    const double where_cold_is_known =
        complete ? static_cast<double>(durations.size()) : countWithin(evidence.invocations, log.cold_only, period);
    if (evidence.function.platform != PlatformKind::aws) measureShared(evidence, out);
    if (where_cold_is_known >= 1) out.cold_start_share = std::min(1.0, static_cast<double>(cold) / where_cold_is_known);

    if (!evidence.prices) {
        out.cost_note = "price unknown: no price list of " + evidence.function.region + " has been read";
    } else if (!out.invocations) {
        out.cost_note = "unknown: no metrics were read for this period";
    } else {
        Money total;
        for (const auto& segment : usageSegments(evidence, period)) {
            const auto part = pricing::functionCost(segment.usage, pricing::shapeOf(evidence.function, segment.memory, segment.vcpu), *evidence.prices, evidence.price_factors);
            if (!part || !segment.pool_doubt.empty()) {
                out.cost_by_meter.clear();
                out.cost_note = part ? "unknown: " + segment.pool_doubt : part.error().text();
                return out;
            }
            for (const auto& [meter, amount] : *part) out.cost_by_meter[meter] += amount;
            total += pricing::sum(*part);
        }
        out.cost = total;
        out.cost_note = pricing::describe(*evidence.prices);
        if (evidence.plan_apps > 1) out.cost_note += "; its part of a plan that " + std::to_string(evidence.plan_apps) + " apps share";
    }
    return out;
}

} // namespace pilotlight::tuning
