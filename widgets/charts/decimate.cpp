#include "widgets/charts/decimate.h"

#include <algorithm>
#include <cmath>
#include <limits>

namespace pilotlight::widgets {

std::vector<std::size_t> decimatedIndices(std::span<const double> x, std::span<const double> y, double x0, double x1, int columns) {
    std::vector<std::size_t> kept;
    const std::size_t size = std::min(x.size(), y.size());
    if (size == 0 || columns <= 0 || !(x1 > x0)) return kept;
    auto first = static_cast<std::size_t>(std::lower_bound(x.begin(), x.begin() + static_cast<std::ptrdiff_t>(size), x0) - x.begin());
    auto last = static_cast<std::size_t>(std::upper_bound(x.begin(), x.begin() + static_cast<std::ptrdiff_t>(size), x1) - x.begin());
    if (last - first <= 2 * static_cast<std::size_t>(columns)) {
        const std::size_t from = first > 0 ? first - 1 : 0, to = std::min(last + 1, size);
        kept.reserve(to - from);
        for (std::size_t i = from; i < to; ++i) kept.push_back(i);
        return kept;
    }
    kept.reserve(2 * static_cast<std::size_t>(columns) + 4);
    if (first > 0) kept.push_back(first - 1);
    const double scale = columns / (x1 - x0);
    std::size_t i = first;
    while (i < last) {
        const int column = std::min(columns - 1, static_cast<int>((x[i] - x0) * scale));
        std::size_t low = kNoIndex, high = kNoIndex, gap = kNoIndex;
        for (; i < last && std::min(columns - 1, static_cast<int>((x[i] - x0) * scale)) == column; ++i) {
            if (std::isnan(y[i])) {
                if (gap == kNoIndex) gap = i;
                continue;
            }
            if (low == kNoIndex || y[i] < y[low]) low = i;
            if (high == kNoIndex || y[i] > y[high]) high = i;
        }
        if (low == kNoIndex) {
            kept.push_back(gap);
        } else {
            kept.push_back(std::min(low, high));
            if (low != high) kept.push_back(std::max(low, high));
        }
    }
    if (last < size) kept.push_back(last);
    return kept;
}

GappedSeries withGaps(std::span<const double> x, std::span<const double> y, double period) {
    GappedSeries out;
    const std::size_t size = std::min(x.size(), y.size());
    out.x.reserve(size);
    out.y.reserve(size);
    for (std::size_t i = 0; i < size; ++i) {
        out.x.push_back(x[i]);
        out.y.push_back(y[i]);
        if (period > 0 && i + 1 < size && x[i + 1] - x[i] > 1.5 * period) {
            out.x.push_back(x[i] + period);
            out.y.push_back(std::numeric_limits<double>::quiet_NaN());
        }
    }
    return out;
}

std::size_t lastAtOrBefore(std::span<const double> x, double at) {
    const auto above = std::upper_bound(x.begin(), x.end(), at);
    return above == x.begin() ? kNoIndex : static_cast<std::size_t>(above - x.begin()) - 1;
}

SeriesStatistics statisticsOf(std::span<const double> x, std::span<const double> y, double x0, double x1) {
    constexpr double nan = std::numeric_limits<double>::quiet_NaN();
    SeriesStatistics result{0, nan, nan, nan, nan, nan, nan};
    const std::size_t size = std::min(x.size(), y.size());
    std::vector<double> finite;
    for (std::size_t i =
             static_cast<std::size_t>(std::lower_bound(x.begin(), x.begin() + static_cast<std::ptrdiff_t>(size), x0) - x.begin());
         i < size && x[i] <= x1; ++i) {
        if (std::isfinite(y[i])) finite.push_back(y[i]);
    }
    if (finite.empty()) return result;
    result.count = finite.size();
    result.last = finite.back();
    result.sum = 0;
    for (const double v : finite) result.sum += v;
    result.mean = result.sum / static_cast<double>(finite.size());
    const auto [low, high] = std::minmax_element(finite.begin(), finite.end());
    result.min = *low;
    result.max = *high;
    const auto rank = static_cast<std::ptrdiff_t>(std::ceil(0.95 * static_cast<double>(finite.size()))) - 1;
    std::nth_element(finite.begin(), finite.begin() + std::max<std::ptrdiff_t>(rank, 0), finite.end());
    result.p95 = finite[static_cast<std::size_t>(std::max<std::ptrdiff_t>(rank, 0))];
    return result;
}

}  // namespace pilotlight::widgets
