#include "core/tuning/demand.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <numeric>

#include "core/model/sim_demand.h"
#include "core/tuning/workload.h"

namespace pilotlight::tuning {

std::string demandAheadText(const Evidence& evidence, TimeRange period) {
    constexpr std::size_t kDay = 24, kWeek = 7 * kDay;
    const auto known = evidence.invocations.coverage.intersectedWith(period);
    if (known.ranges().empty()) return {};
    period = known.ranges().back();  // without a gap, up to what was read last
    // What was before the first request says nothing about a new function.
    for (const auto& point : evidence.invocations.points)
        if (point.value > 0 && period.contains(point.time)) {
            period.begin = point.time;
            break;
        }
    const Timestamp end = floorTo(period.end, hours(1));
    const auto whole = static_cast<std::size_t>(std::max<std::int64_t>(0, (end - period.begin) / milliseconds(hours(1))));
    if (whole < 9 * kDay) return {};
    const Timestamp begin = end - hours(static_cast<std::int64_t>(whole));
    std::vector<double> counts(whole, 0.0);
    for (const auto& point : evidence.invocations.points) {
        if (point.time < begin || point.time >= end) continue;
        counts[static_cast<std::size_t>((point.time - begin) / milliseconds(hours(1)))] += point.value;
    }
    const auto ahead = model::demandAhead(counts, kDay, kWeek);
    if (ahead.scores.empty()) return {};
    const double past = std::accumulate(counts.end() - static_cast<std::ptrdiff_t>(kWeek), counts.end(), 0.0);
    const double expected = std::accumulate(ahead.value.begin(), ahead.value.end(), 0.0);
    if (past <= 0) return {};
    // Weeks that were forecast from what lay before them, day by day: how far the day's sum was off.
    double squares = 0;
    std::size_t days = 0;
    for (std::size_t d = ahead.days_tested; d > 0; --d, ++days) {
        const std::size_t at = counts.size() - d * kDay;
        const auto guess = model::forecastDemand(std::span(counts).first(at), kDay, kDay, ahead.method);
        const double sum = std::accumulate(guess.begin(), guess.end(), 0.0),
                     actual = std::accumulate(counts.begin() + static_cast<std::ptrdiff_t>(at),
                                              counts.begin() + static_cast<std::ptrdiff_t>(at + kDay), 0.0);
        squares += (sum - actual) * (sum - actual);
    }
    // Days err together, if at all: seven times a day's error is the careful sum.
    const double spread = 1.645 * 7 * std::sqrt(squares / static_cast<double>(std::max<std::size_t>(1, days)));
    double wape = 0;
    for (const auto& score : ahead.scores)
        if (score.method == ahead.method) wape = score.wape;
    return fmt::format("next 7 days: {} requests ({} to {}), {:.2f} times the last 7; {}: off by {:.0f} % an hour over {} days tried",
                       grouped(expected), grouped(std::max(0.0, expected - spread)), grouped(expected + spread), expected / past,
                       model::name(ahead.method), 100 * wape, ahead.days_tested);
}

}  // namespace pilotlight::tuning
