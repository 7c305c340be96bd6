// At most two points a pixel column, extremes kept (min/max). Pure numbers, no Qt.
#pragma once

#include <cstddef>
#include <span>
#include <vector>

namespace pilotlight::widgets {

// Indices, ascending, of the points worth drawing of (x, y) in [x0, x1] over `columns` pixel columns. x ascending and finite; y may be NaN
// (gap). At most two indices a column: its minimum and its maximum in order of x; a column that holds only gaps gives one index of a gap.
// One neighbour on each side of the range is kept, so that lines run on to the edge. Few points (<= 2 a column) are all kept.
[[nodiscard]] std::vector<std::size_t> decimatedIndices(std::span<const double> x, std::span<const double> y, double x0, double x1,
                                                        int columns);

// Inserts a NaN after each point whose successor is more than 1.5 periods away. period <= 0 changes nothing.
struct GappedSeries {
    std::vector<double> x, y;
};
[[nodiscard]] GappedSeries withGaps(std::span<const double> x, std::span<const double> y, double period);

// Index of the last x <= at; npos where there is none.
inline constexpr std::size_t kNoIndex = static_cast<std::size_t>(-1);
[[nodiscard]] std::size_t lastAtOrBefore(std::span<const double> x, double at);

// Of the finite values only. `quantile` by nearest rank. NaN where there is none.
struct SeriesStatistics {
    std::size_t count = 0;
    double last, min, max, mean, p95, sum;
};
[[nodiscard]] SeriesStatistics statisticsOf(std::span<const double> x, std::span<const double> y, double x0, double x1);

}  // namespace pilotlight::widgets
