// How a slider's track maps to values: linear, logarithmic, or a list of the only valid ones.
#pragma once

#include <vector>

namespace pilotlight::widgets {

class ValueMap {
public:
    ValueMap() = default;  // 0..1 by 0.01
    // Values lo, lo + step, ... hi. step > 0, lo < hi.
    [[nodiscard]] static ValueMap linear(double lo, double hi, double step);
    // Positions go with log(value) (log1p where lo == 0); values still lie on lo + k step, so nothing invalid is reached.
    [[nodiscard]] static ValueMap logarithmic(double lo, double hi, double step);
    // Only these values (sorted here, duplicates dropped; never empty). Evenly spaced positions, or by log(value).
    [[nodiscard]] static ValueMap list(std::vector<double> values, bool log_positions = false);

    [[nodiscard]] double lo() const { return lo_; }
    [[nodiscard]] double hi() const { return hi_; }
    [[nodiscard]] double position(double value) const;    // 0..1, clamped
    [[nodiscard]] double valueAt(double position) const;  // snapped
    [[nodiscard]] double snapped(double value) const;     // nearest valid value, clamped
    [[nodiscard]] bool isValid(double value) const;       // within 1e-9 relative of a valid value
    // The valid value `count` steps away (negative = down), clamped at the ends. From between two values, the first step snaps.
    // On a logarithmic map a step is at least 1/200 of the track, so that the far end can be reached by keys.
    [[nodiscard]] double stepped(double value, int count) const;

private:
    enum class Kind { linear, logarithmic, list };
    Kind kind_ = Kind::linear;
    double lo_ = 0, hi_ = 1, step_ = 0.01;
    bool log_positions_ = false;
    std::vector<double> values_;
};

}  // namespace pilotlight::widgets
