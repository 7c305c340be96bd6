#include "core/tuning/coverage.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <vector>

namespace pilotlight::tuning {
namespace {

double daysOf(milliseconds length) { return static_cast<double>(length.count()) / 86'400'000.0; }

// When the function's life begins within the range.
Timestamp bornAt(const Evidence& evidence, TimeRange range) {
    const auto& f = evidence.function;
    if (!evidence.history.empty() && evidence.history.front().since < range.begin) return range.begin;  // it was seen before
    if (f.last_modified != Timestamp{} && f.last_modified < range.begin) return range.begin;
    Timestamp first = range.end, last = range.begin;
    milliseconds longest{0};
    for (const auto& point : evidence.invocations.points) {
        if (point.value <= 0 || !range.contains(point.time)) continue;
        if (first == range.end)
            first = point.time;
        else
            longest = std::max(longest, point.time - last);
        last = point.time;
    }
    if (first == range.end) return range.begin;
    longest = std::max(longest, range.end - last);
    const auto silence = first - range.begin;
    if (silence <= hours(24) || silence <= 3 * longest) return range.begin;
    return std::min(first, range.end - hours(24));
}

}  // namespace

std::string Coverage::caution() const {
    if (!incomplete()) return {};
    if (born)
        return fmt::format("no invocation before {}: taken for a new function, so a month is worked out from the {:.1f} days since",
                           toIso8601(period.begin).substr(0, 10), daysOf(length()));
    return fmt::format("{:.1f} of {:.1f} days were read: a month is worked out from those, and its interval allows for the rest",
                       daysOf(length()), daysOf(asked));
}

Coverage coverageOf(const Evidence& evidence) {
    Coverage out;
    auto range = evidence.range;
    out.parts = evidence.invocations.coverage.intersectedWith(range);
    if (out.parts.ranges().empty()) out.parts = evidence.log.complete.intersectedWith(range);
    if (out.parts.ranges().empty()) {
        out.period = range;
        out.asked = range.length();
        return out;
    }
    range.end = out.parts.ranges().back().end;
    out.asked = range.length();
    // A silence that was not read says nothing.
    const auto begin = bornAt(evidence, {out.parts.ranges().front().begin, range.end});
    out.born = begin > out.parts.ranges().front().begin;
    out.parts = out.parts.intersectedWith({begin, range.end});
    out.period = {out.parts.ranges().front().begin, out.parts.ranges().back().end};
    return out;
}

double demandSpread(const Evidence& evidence, const Coverage& coverage) {
    constexpr double kAssumed = 0.3, kWeight = 3;
    const double n = daysOf(coverage.length()), all = daysOf(coverage.asked);
    if (!coverage.incomplete() || n <= 0) return 0;
    std::vector<double> days;
    for (auto end = coverage.period.end; end - hours(24) >= coverage.period.begin; end -= hours(24)) {
        const TimeRange day{end - hours(24), end};
        if (!coverage.parts.covers(day)) continue;
        double sum = 0;
        for (const auto& point : evidence.invocations.points)
            if (day.contains(point.time)) sum += point.value;
        days.push_back(sum);
    }
    double mean = 0, squares = 0;
    for (const double d : days) mean += d / static_cast<double>(days.size());
    for (const double d : days)
        if (mean > 0) squares += (d / mean - 1) * (d / mean - 1);
    const double free = days.empty() ? 0 : static_cast<double>(days.size() - 1);
    const double variance = (kWeight * kAssumed * kAssumed + squares) / (kWeight + free);
    return std::min(2.0, std::sqrt(variance * (1 / n - 1 / all)));
}

}  // namespace pilotlight::tuning
