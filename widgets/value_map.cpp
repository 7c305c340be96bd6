#include "widgets/value_map.h"

#include <algorithm>
#include <cmath>

namespace pilotlight::widgets {
namespace {

double logPosition(double value, double lo, double hi) {
    const double shift = lo <= 0 ? 1 - lo : 0;
    return std::log((value + shift) / (lo + shift)) / std::log((hi + shift) / (lo + shift));
}

double logValue(double position, double lo, double hi) {
    const double shift = lo <= 0 ? 1 - lo : 0;
    return (lo + shift) * std::pow((hi + shift) / (lo + shift), position) - shift;
}

bool near(double a, double b) { return std::abs(a - b) <= 1e-9 * std::max({1.0, std::abs(a), std::abs(b)}); }

}  // namespace

ValueMap ValueMap::linear(double lo, double hi, double step) {
    ValueMap map;
    map.step_ = step > 0 ? step : 1;
    map.lo_ = lo;
    map.hi_ = std::max(hi, lo + map.step_);
    return map;
}

ValueMap ValueMap::logarithmic(double lo, double hi, double step) {
    ValueMap map = linear(lo, hi, step);
    map.kind_ = Kind::logarithmic;
    return map;
}

ValueMap ValueMap::list(std::vector<double> values, bool log_positions) {
    std::sort(values.begin(), values.end());
    values.erase(std::unique(values.begin(), values.end()), values.end());
    if (values.empty()) values.push_back(0);
    ValueMap map;
    map.kind_ = Kind::list;
    map.lo_ = values.front();
    map.hi_ = values.back();
    map.log_positions_ = log_positions;
    map.values_ = std::move(values);
    return map;
}

double ValueMap::position(double value) const {
    value = std::clamp(value, lo_, hi_);
    if (hi_ <= lo_) return 0;
    switch (kind_) {
        case Kind::linear:
            return (value - lo_) / (hi_ - lo_);
        case Kind::logarithmic:
            return logPosition(value, lo_, hi_);
        case Kind::list:
            break;
    }
    if (log_positions_) return logPosition(value, lo_, hi_);
    // Between two listed values the position is interpolated, so that a tick for an invalid "today" still stands in order.
    const auto above = std::lower_bound(values_.begin(), values_.end(), value);
    const auto index = static_cast<double>(above - values_.begin());
    const double last = static_cast<double>(values_.size() - 1);
    if (above == values_.begin() || near(*above, value)) return index / last;
    const double below = *(above - 1);
    return (index - 1 + (value - below) / (*above - below)) / last;
}

double ValueMap::valueAt(double position) const {
    position = std::clamp(position, 0.0, 1.0);
    if (kind_ == Kind::list && !log_positions_)
        return values_[static_cast<std::size_t>(std::lround(position * static_cast<double>(values_.size() - 1)))];
    if (hi_ <= lo_) return lo_;
    return snapped(kind_ == Kind::linear ? lo_ + position * (hi_ - lo_) : logValue(position, lo_, hi_));
}

double ValueMap::snapped(double value) const {
    value = std::clamp(value, lo_, hi_);
    if (kind_ == Kind::list) {
        const auto above = std::lower_bound(values_.begin(), values_.end(), value);
        if (above == values_.begin()) return *above;
        if (above == values_.end()) return values_.back();
        return *above - value < value - *(above - 1) ? *above : *(above - 1);
    }
    const double steps = std::round((value - lo_) / step_);
    const double result = lo_ + steps * step_;
    // The top end is valid even where the step does not divide the range (10,240 MB from 128 by 1,000).
    if (value >= hi_ || result > hi_ || (hi_ - value < std::abs(value - result))) return hi_;
    return std::max(result, lo_);
}

bool ValueMap::isValid(double value) const { return near(snapped(value), value); }

double ValueMap::stepped(double value, int count) const {
    if (count == 0) return snapped(value);
    if (kind_ == Kind::list) {
        const auto size = static_cast<std::ptrdiff_t>(values_.size());
        std::ptrdiff_t index;
        if (count > 0) {
            index = std::upper_bound(values_.begin(), values_.end(), value + 1e-9 * std::max(1.0, std::abs(value))) - values_.begin() - 1 +
                    count;
        } else {
            index =
                std::lower_bound(values_.begin(), values_.end(), value - 1e-9 * std::max(1.0, std::abs(value))) - values_.begin() + count;
        }
        return values_[static_cast<std::size_t>(std::clamp<std::ptrdiff_t>(index, 0, size - 1))];
    }
    if (kind_ == Kind::logarithmic) {
        const double there = valueAt(position(value) + count / 200.0);
        const double by_step = snapped(std::clamp(value + count * step_, lo_, hi_));
        return count > 0 ? std::max(there, by_step) : std::min(there, by_step);
    }
    const double steps = (value - lo_) / step_;
    const double from = count > 0 ? std::floor(steps + 1e-9) : std::ceil(steps - 1e-9);
    const double target = lo_ + (from + count) * step_;
    if (target >= hi_) return hi_;
    return std::clamp(target, lo_, hi_);
}

}  // namespace pilotlight::widgets
