#include "core/sync/planning.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <cmath>

namespace pilotlight::sync {
namespace {

std::int64_t toMs(Timestamp time) { return time.time_since_epoch().count(); }

// Percentiles over one period that spans the range are good for a while: until the range has moved by 0.5 %, at least by `settle`.
bool spans(const RangeSet& read, TimeRange range, seconds settle) {
    const milliseconds slack = std::max<milliseconds>(settle, range.length() / 200);
    const auto near = [&](Timestamp a, Timestamp b) { return std::chrono::abs(a - b) <= slack; };
    const auto& ranges = read.ranges();
    return std::any_of(ranges.begin(), ranges.end(),
                       [&](const TimeRange& each) { return near(each.begin, range.begin) && near(each.end, range.end); });
}

RangeSet without(const RangeSet& all, const RangeSet& taken) {
    RangeSet rest;
    for (const TimeRange& range : all.ranges()) {
        for (const TimeRange& gap : taken.missingIn(range).ranges()) rest.add(gap);
    }
    return rest;
}

}  // namespace

std::string formatRanges(const RangeSet& ranges) {
    std::string text;
    for (const TimeRange& range : ranges.ranges())
        text += fmt::format("{}{}-{}", text.empty() ? "" : " ", toMs(range.begin), toMs(range.end));
    return text;
}

RangeSet parseRanges(std::string_view text) {
    RangeSet ranges;
    while (!text.empty()) {
        const std::string_view part = text.substr(0, text.find(' '));
        text.remove_prefix(std::min(text.size(), part.size() + 1));
        std::int64_t begin = 0, end = 0;
        const char* const last = part.data() + part.size();
        const auto first = std::from_chars(part.data(), last, begin);
        if (first.ec != std::errc() || first.ptr == last || *first.ptr != '-') continue;
        const auto second = std::from_chars(first.ptr + 1, last, end);
        if (second.ec != std::errc() || second.ptr != last || begin >= end) continue;
        ranges.add({Timestamp(milliseconds(begin)), Timestamp(milliseconds(end))});
    }
    return ranges;
}

std::string metricsMark(const std::string& function_id) { return "sync.metrics/" + function_id; }
std::string spanningMark(const std::string& function_id) { return "sync.spanning/" + function_id; }

Result<RangeSet> readMark(const store::Store& store, const std::string& key) {
    PILOTLIGHT_ASSIGN(const auto note, store.note(key));
    return note ? parseRanges(*note) : RangeSet();
}

RangeSet settledPart(const RangeSet& read, Timestamp now, seconds settle) {
    return read.intersectedWith({Timestamp(milliseconds(0)), now - settle});
}

std::vector<std::string> pooledQualifiers(const Function& function) {
    std::vector<std::string> names;
    for (const Qualifier& qualifier : function.qualifiers) {
        if (qualifier.warm_pool.value_or(0) > 0 || !qualifier.warm_pool_status.empty() || qualifier.scaling)
            names.push_back(qualifier.name);
    }
    return names;
}

Result<FunctionPlan> planMetrics(const store::Store& store, const Function& function, TimeRange range, seconds settle) {
    FunctionPlan plan;
    plan.function = function;
    PILOTLIGHT_ASSIGN(const RangeSet settled, readMark(store, metricsMark(function.id)));
    plan.missing = settled.missingIn(range);
    PILOTLIGHT_ASSIGN(const RangeSet spanning, readMark(store, spanningMark(function.id)));
    plan.one_period = !range.empty() && !spans(spanning, range, settle);
    return plan;
}

std::vector<platform::MetricRequest> metricRequests(std::span<const FunctionPlan> plans, TimeRange range) {
    std::vector<platform::MetricRequest> requests;
    for (const FunctionPlan& plan : plans) {
        for (const TimeRange& part : plan.missing.ranges()) {
            requests.push_back({.function = &plan.function, .range = part, .qualifiers = pooledQualifiers(plan.function)});
        }
        if (plan.one_period) requests.push_back({.function = &plan.function, .range = range, .qualifiers = {}, .one_period = true});
    }
    return requests;
}

bool touches(const platform::Problem& problem, const Function& function) {
    if (problem.error.code == ErrorCode::unsupported) return false;
    const std::string& scope = problem.scope;
    // "us-east-1/chat" is one function's; anything else is taken for its whole region, or for everything where it names none.
    if (const auto slash = scope.find('/'); slash != std::string::npos && scope.substr(0, slash) == function.region) {
        return scope.substr(slash + 1) == function.name;
    }
    const bool another_region = scope.size() > 4 && scope.find(' ') == std::string::npos && scope.find('-') != std::string::npos &&
                                scope.substr(0, scope.find('/')) != function.region;
    return !another_region;
}

Result<std::optional<double>> countInvocations(const store::Store& store, const std::string& function_id, const RangeSet& ranges) {
    PILOTLIGHT_ASSIGN(auto keys, store.seriesKeys(function_id));
    std::erase_if(keys, [](const SeriesKey& key) {
        return key.metric != Metric::invocations || key.statistic != Statistic::sum || !key.qualifier.empty() ||
               key.period > kLongestStoredPeriod;
    });
    std::sort(keys.begin(), keys.end(), [](const SeriesKey& a, const SeriesKey& b) { return a.period < b.period; });
    double count = 0;
    RangeSet open = ranges;
    for (const SeriesKey& key : keys) {
        if (open.ranges().empty()) break;
        RangeSet taken;
        for (const TimeRange& range : open.ranges()) {
            PILOTLIGHT_ASSIGN(const MetricSeries series, store.series(key, {floorTo(range.begin, key.period), range.end}));
            for (const MetricPoint& point : series.points) {
                // A period that lies in the range only in part counts by that part.
                const TimeRange inside = TimeRange{point.time, point.time + key.period}.clippedTo(range);
                if (inside.empty() || !std::isfinite(point.value)) continue;
                if (!series.coverage.covers(inside)) continue;
                count += point.value * static_cast<double>(inside.length().count()) / static_cast<double>(milliseconds(key.period).count());
            }
            for (const TimeRange& covered : series.coverage.intersectedWith(range).ranges()) taken.add(covered);
        }
        open = without(open, taken);
    }
    if (!open.ranges().empty()) return std::optional<double>();
    return std::optional<double>(count);
}

Result<LogPlan> planLogs(const store::Store& store, const Function& function, TimeRange range, std::int64_t lines, Timestamp now,
                         seconds settle) {
    LogPlan plan;
    PILOTLIGHT_ASSIGN(const InvocationLog known, store.invocationCoverage(function.id, range));
    const RangeSet missing = known.complete.missingIn(range);
    const RangeSet missing_cold = known.cold_only.missingIn(range);
    if (missing.ranges().empty() && missing_cold.ranges().empty()) return plan;
    plan.request.range = range;
    plan.request.known_complete = known.complete;
    plan.request.known_cold = known.cold_only;
    PILOTLIGHT_ASSIGN(const auto have, countInvocations(store, function.id, known.complete));
    PILOTLIGHT_ASSIGN(const auto keys, store.seriesKeys(function.id));
    for (const SeriesKey& key : keys) {
        if (plan.counted || key.metric != Metric::invocations || key.statistic != Statistic::sum || !key.qualifier.empty()) continue;
        PILOTLIGHT_ASSIGN(const RangeSet covered, store.coverage(key, range));
        plan.counted = !covered.ranges().empty();
    }
    plan.request.line_budget = std::max<std::int64_t>(0, lines - static_cast<std::int64_t>(std::llround(have.value_or(0))));

    // Where nothing ran there are no lines. The newest part is asked for all the same: its points may still come.
    for (const TimeRange& part : missing.ranges()) {
        const TimeRange old = part.clippedTo({part.begin, now - settle});
        if (old.empty()) continue;
        PILOTLIGHT_ASSIGN(const auto ran, countInvocations(store, function.id, RangeSet({old})));
        if (ran && *ran == 0) plan.idle.add(old);
    }
    for (const TimeRange& part : plan.idle.ranges()) {
        plan.request.known_complete.add(part);
        plan.request.known_cold.add(part);
    }
    const RangeSet open = plan.request.known_complete.missingIn(range);
    PILOTLIGHT_ASSIGN(const auto expected, countInvocations(store, function.id, open));
    double known_part = expected.value_or(0);
    if (!expected) {
        // The running period is never covered yet: what is known scales up to the rest.
        const RangeSet earlier = settledPart(open, now, settle);
        PILOTLIGHT_ASSIGN(const auto most, countInvocations(store, function.id, earlier));
        if (most && earlier.length().count() > 0) {
            known_part = *most * static_cast<double>(open.length().count()) / static_cast<double>(earlier.length().count());
        }
    }
    plan.request.expected_invocations = static_cast<std::int64_t>(std::ceil(known_part));
    plan.ask = !open.ranges().empty() || !plan.request.known_cold.missingIn(range).ranges().empty();
    return plan;
}

}  // namespace pilotlight::sync
