// Where axes put their ticks; tested as numbers.
#pragma once

#include <QString>
#include <QTimeZone>
#include <vector>

namespace pilotlight::widgets {

struct Tick {
    double at = 0;
    QString label;  // times only; numbers are labelled by the chart's value format
};

// Drops decimals that say nothing: "1.00 s" -> "1 s"; amounts of money keep their cents unless all are zero.
void tidyLabels(std::vector<Tick>& ticks);
// Multiples of 1, 2, 2.5 or 5 x 10^k inside [lo, hi], at most `most`.
[[nodiscard]] std::vector<double> niceTicks(double lo, double hi, int most);
// The least "nice" step count top: upper end so that [0, top] has round ticks and `value` fits.
[[nodiscard]] double niceCeiling(double value, int most = 5);
// Decades, with 3s or 2s and 5s between where they fit; lo > 0.
[[nodiscard]] std::vector<double> logTicks(double lo, double hi, int most);
// lo and hi widened to 1, 2 or 5 x 10^k.
[[nodiscard]] std::pair<double, double> logBounds(double lo, double hi);
// Ticks on round local times: "12:00"; "21 Nov" at midnight; "Nov" on firsts of months; "2026" on New Year's days.
[[nodiscard]] std::vector<Tick> timeTicks(double from_s, double to_s, int most, const QTimeZone& zone);

}  // namespace pilotlight::widgets
