#include "core/change/harm.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "core/change/statistics.h"

namespace pilotlight::change {
namespace {

constexpr double kShareStep = 0.005;  // half a percentage point
constexpr double kShareFactor = 1.5;
constexpr double kLatencyFactor = 1.10;
constexpr double kPredictionSlack = 1.05;
constexpr double kColdStep = 0.02;
constexpr int kTests = 4;
constexpr int kSeasonDays = 14;

// The finest stored series of that kind which has anything in the ranges.
Result<MetricSeries> finest(const store::Store& store, const std::vector<SeriesKey>& keys, Metric metric, Statistic statistic,
                            TimeRange hull) {
    MetricSeries best;
    best.key.period = seconds(0);
    for (const auto& key : keys) {
        if (!key.qualifier.empty() || key.metric != metric || key.statistic != statistic) continue;
        if (best.key.period.count() != 0 && key.period >= best.key.period) continue;
        PILOTLIGHT_ASSIGN(auto series, store.series(key, hull));
        if (series.coverage.ranges().empty()) continue;
        best = std::move(series);
        best.key = key;
    }
    return best;
}

bool coversAll(const MetricSeries& series, const std::vector<TimeRange>& ranges) {
    return !ranges.empty() && std::all_of(ranges.begin(), ranges.end(), [&](TimeRange range) { return series.coverage.covers(range); });
}

bool inside(const std::vector<TimeRange>& ranges, Timestamp t) {
    return std::any_of(ranges.begin(), ranges.end(), [&](TimeRange range) { return range.contains(t); });
}

// Sum in the ranges; nullopt where they were not read whole.
std::optional<double> total(const MetricSeries& series, const std::vector<TimeRange>& ranges) {
    if (!coversAll(series, ranges)) return std::nullopt;
    double sum = 0;
    for (const auto& point : series.points) {
        if (inside(ranges, point.time)) sum += point.value;
    }
    return sum;
}

double valueAt(const MetricSeries& series, Timestamp t) {
    const auto at = std::lower_bound(series.points.begin(), series.points.end(), t,
                                     [](const MetricPoint& point, Timestamp when) { return point.time < when; });
    return at != series.points.end() && at->time == t ? at->value : 0.0;
}

TimeRange hullOf(const std::vector<TimeRange>& ranges) {
    TimeRange hull = ranges.front();
    for (const auto& range : ranges) {
        hull.begin = std::min(hull.begin, range.begin);
        hull.end = std::max(hull.end, range.end);
    }
    return hull;
}

std::string percent(double share) { return fmt::format("{:.2f} %", share * 100); }

double safeShare(double events, double trials) { return trials > 0 ? events / trials : 0.0; }

}  // namespace

std::optional<double> Behaviour::p95() const {
    if (!durations.empty()) return durations[static_cast<std::size_t>(std::ceil(0.95 * static_cast<double>(durations.size()))) - 1];
    if (period_p95.empty()) return std::nullopt;
    auto sorted = period_p95;
    std::sort(sorted.begin(), sorted.end());
    return sorted[sorted.size() / 2];
}

std::optional<double> Behaviour::coldShare() const {
    if (!cold || !cold_of || *cold_of <= 0) return std::nullopt;
    return std::min(1.0, *cold / *cold_of);
}

Result<Behaviour> readBehaviour(const store::Store& store, const std::string& function_id, const std::vector<TimeRange>& ranges) {
    Behaviour out;
    if (ranges.empty()) return out;
    const TimeRange hull = hullOf(ranges);
    PILOTLIGHT_ASSIGN(const auto keys, store.seriesKeys(function_id));
    PILOTLIGHT_ASSIGN(const MetricSeries invocations, finest(store, keys, Metric::invocations, Statistic::sum, hull));
    PILOTLIGHT_ASSIGN(const MetricSeries errors, finest(store, keys, Metric::errors, Statistic::sum, hull));
    PILOTLIGHT_ASSIGN(const MetricSeries throttles, finest(store, keys, Metric::throttles, Statistic::sum, hull));
    if (const auto sum = total(invocations, ranges)) {
        out.invocations = *sum;
        out.counted = true;
        out.errors = total(errors, ranges);
        out.throttles = total(throttles, ranges);
        for (const auto& point : invocations.points) {
            if (!inside(ranges, point.time)) continue;
            out.invocation_parts.push_back(point.value);
            out.error_parts.push_back(valueAt(errors, point.time));
            out.throttle_parts.push_back(valueAt(throttles, point.time));
        }
    }

    bool complete = true, cold_known = true;
    double cold = 0, lines = 0, failed = 0;
    for (const auto& range : ranges) {
        PILOTLIGHT_ASSIGN(const InvocationLog log, store.invocations(function_id, range));
        complete = complete && log.complete.covers(range);
        cold_known = cold_known && (log.cold_only.covers(range) || log.complete.covers(range));
        for (const auto& invocation : log.invocations) {
            if (!range.contains(invocation.time)) continue;
            cold += invocation.cold() ? 1 : 0;
            failed += invocation.failed || invocation.timed_out ? 1 : 0;
            lines += 1;
            if (complete) out.durations.push_back(invocation.duration_ms);
        }
    }
    if (!complete) out.durations.clear();
    std::sort(out.durations.begin(), out.durations.end());
    if (complete && !out.counted) {
        out.invocations = lines;
        out.counted = true;
        out.errors = failed;
    }
    if (cold_known && out.counted) {
        out.cold = cold;
        out.cold_of = complete ? std::max(lines, 1.0) : out.invocations;
    }
    if (out.durations.empty()) {
        PILOTLIGHT_ASSIGN(const MetricSeries p95, finest(store, keys, Metric::duration, Statistic::p95, hull));
        for (const auto& point : p95.points) {
            if (inside(ranges, point.time)) out.period_p95.push_back(point.value);
        }
    }
    return out;
}

Result<Timestamp> observedUntil(const store::Store& store, const std::string& function_id, Timestamp begin, Timestamp end) {
    PILOTLIGHT_ASSIGN(const auto keys, store.seriesKeys(function_id));
    Timestamp until = begin;
    const TimeRange range{begin, end};
    const auto extend = [&](const RangeSet& covered) {
        for (const auto& each : covered.intersectedWith(range).ranges()) {
            if (each.begin <= begin) until = std::max(until, each.end);
        }
    };
    for (const auto& key : keys) {
        if (!key.qualifier.empty() || key.metric != Metric::invocations || key.statistic != Statistic::sum) continue;
        PILOTLIGHT_ASSIGN(const RangeSet covered, store.coverage(key, range));
        extend(covered);
    }
    PILOTLIGHT_ASSIGN(const InvocationLog log, store.invocationCoverage(function_id, range));
    extend(log.complete);
    return std::min(until, end);
}

Result<std::vector<TimeRange>> seasonalWindows(const store::Store& store, const std::string& function_id, TimeRange window,
                                               Timestamp settings_since) {
    PILOTLIGHT_ASSIGN(const auto keys, store.seriesKeys(function_id));
    std::vector<TimeRange> out;
    for (int day = 1; day <= kSeasonDays; ++day) {
        const TimeRange shifted{window.begin - hours(24 * day), window.end - hours(24 * day)};
        if (shifted.begin < settings_since || shifted.end > window.begin) continue;
        for (const auto& key : keys) {
            if (!key.qualifier.empty() || key.metric != Metric::invocations || key.statistic != Statistic::sum) continue;
            PILOTLIGHT_ASSIGN(const RangeSet covered, store.coverage(key, shifted));
            if (!covered.covers(shifted)) continue;
            out.push_back(shifted);
            break;
        }
    }
    return out;
}

namespace {

// Significant against `baseline` at `level`, and a share that has grown by more than `step` and more than `factor`-fold.
bool shareGrew(double events_before, double trials_before, double events_after, double trials_after, double step, double factor,
               double dispersion, double level) {
    const double before = safeShare(events_before, trials_before);
    const double after = safeShare(events_after, trials_after);
    if (after <= before + step || after < before * factor) return false;
    return rateIncreaseP(events_before, trials_before, events_after, trials_after, 1.0, dispersion) < level;
}

bool latencyGrew(const Behaviour& before, const Behaviour& after, double factor, double level) {
    if (!before.durations.empty() && !after.durations.empty())
        return quantileIncreaseP(before.durations, after.durations, 0.95, factor) < level;
    return rankIncreaseP(before.period_p95, after.period_p95, factor) < level;
}

// The most that the prediction allows in the time watched: of the month, or of the hours of the day that this time has a part of.
double expectedColdShare(const Effect& predicted, TimeRange watched) {
    if (!predicted.cold_start_share) return 0;
    const auto& cold = *predicted.cold_start_share;
    double expected = cold.hi;
    if (predicted.cold_share_by_hour.size() != 24 || watched.end <= watched.begin) return expected;
    const double spread = cold.after > 0 ? std::max(1.0, cold.hi / cold.after) : 1;
    for (auto hour = floorTo(watched.begin, minutes(60)); hour < watched.end && hour < watched.begin + hours(24); hour += minutes(60)) {
        const auto of_day = static_cast<std::size_t>(std::chrono::floor<hours>(hour.time_since_epoch()).count() % 24);
        expected = std::max(expected, std::min(1.0, spread * predicted.cold_share_by_hour[of_day]));
    }
    return expected;
}

}  // namespace

HarmReport judgeHarm(const HarmInput& input) {
    HarmReport out;
    const Behaviour& after = input.after;
    const double level = input.level / kTests;
    std::vector<const Behaviour*> baselines{&input.before};
    if (input.season != nullptr) baselines.push_back(input.season);
    // Against every baseline that knows; false where none does.
    const auto against = [&](const auto& knows, const auto& worse) {
        bool any = false;
        for (const Behaviour* baseline : baselines) {
            if (!baseline->counted || baseline->invocations <= 0 || !knows(*baseline)) continue;
            any = true;
            if (!worse(*baseline)) return false;
        }
        return any;
    };
    const auto known = [&](const auto& knows) {
        return std::any_of(baselines.begin(), baselines.end(),
                           [&](const Behaviour* each) { return each->counted && each->invocations > 0 && knows(*each); });
    };

    const auto knows_errors = [](const Behaviour& each) { return each.errors.has_value(); };
    if (after.errors && known(knows_errors)) {
        if (against(knows_errors, [&](const Behaviour& each) {
                return shareGrew(*each.errors, each.invocations, *after.errors, after.invocations, kShareStep, kShareFactor,
                                 dispersionOf(each.error_parts, each.invocation_parts), level);
            })) {
            out.harms.push_back(fmt::format("errors rose to {} from {}", percent(safeShare(*after.errors, after.invocations)),
                                            percent(safeShare(input.before.errors.value_or(0), input.before.invocations))));
        }
    } else {
        out.known = false;
        out.missing = "errors";
    }

    const auto knows_throttles = [](const Behaviour& each) { return each.throttles.has_value(); };
    if (after.throttles && known(knows_throttles) && against(knows_throttles, [&](const Behaviour& each) {
            return shareGrew(*each.throttles, each.invocations + *each.throttles, *after.throttles, after.invocations + *after.throttles,
                             kShareStep, kShareFactor, dispersionOf(each.throttle_parts, each.invocation_parts), level);
        })) {
        out.harms.push_back(fmt::format(
            "throttled requests rose to {} from {}", percent(safeShare(*after.throttles, after.invocations + *after.throttles)),
            percent(safeShare(input.before.throttles.value_or(0), input.before.invocations + input.before.throttles.value_or(0)))));
    }

    double factor = kLatencyFactor;
    if (const auto& p95 = input.predicted.p95_ms; p95 && p95->before > 0)
        factor = std::max(factor, p95->hi / p95->before * kPredictionSlack);
    const auto knows_latency = [](const Behaviour& each) { return each.p95().has_value(); };
    if (after.p95() && known(knows_latency)) {
        const bool within_target = input.slo_p95_ms && *after.p95() <= *input.slo_p95_ms;
        if (!within_target && against(knows_latency, [&](const Behaviour& each) { return latencyGrew(each, after, factor, level); })) {
            out.harms.push_back(fmt::format("p95 rose to {:.0f} ms from {:.0f} ms (up to {:.0f} ms was to be expected)", *after.p95(),
                                            input.before.p95().value_or(0), input.before.p95().value_or(0) * factor));
        }
    } else {
        out.known = false;
        out.missing += out.missing.empty() ? "latency" : " and latency";
    }

    const double expected = expectedColdShare(input.predicted, input.watched);
    const auto knows_cold = [](const Behaviour& each) { return each.coldShare().has_value(); };
    const auto above_prediction = [&] {
        return binomialTail(std::llround(*after.cold_of), std::llround(*after.cold), std::min(1.0, expected + kColdStep)) < level;
    };
    if (after.coldShare() && known(knows_cold) && above_prediction() && against(knows_cold, [&](const Behaviour& each) {
            return shareGrew(*each.cold, *each.cold_of, *after.cold, *after.cold_of, kColdStep, 1.0, 1.0, level);
        })) {
        out.harms.push_back(
            fmt::format("cold starts rose to {} from {} (up to {} was to be expected)", percent(*after.coldShare()),
                        percent(input.before.coldShare().value_or(0)), percent(expected)));
    }
    return out;
}

}  // namespace pilotlight::change
