// The exact weighted mixture behind the latency model. Internal.
#pragma once

#include <cstdint>
#include <memory>
#include <vector>

#include "core/model/latency_points.h"
#include "core/model/latency_shapes.h"

namespace pilotlight::model {

// Posterior of ln(mean duration) over shape, scale, smooth deviation, nugget and outlier state.
class Posterior {
public:
    Posterior(const PointSet& points, const FitOptions& options, const NoisePrior& noise);
    ~Posterior();
    Posterior(const Posterior&) = delete;
    Posterior& operator=(const Posterior&) = delete;

    struct Quantiles {
        double lo = 0, median = 0, hi = 0;  // 5 %, 50 %, 95 % of ln(mean duration in ms)
        bool measured = false;
    };
    // What another measurement at this axis position would show.
    [[nodiscard]] Quantiles at(double axis) const;

    // Joint draws of ln(mean duration): the measured value where measured, the smooth curve elsewhere. Row-major.
    [[nodiscard]] std::vector<double> draws(const std::vector<double>& axes, std::size_t count, std::uint64_t seed) const;
    // Typical sd of what one more measurement there adds to the drawn value.
    [[nodiscard]] double measurementSd(double axis) const;
    // The part of it that is the size's own and lasts; 0 where it was measured.
    [[nodiscard]] double ownSd(double axis) const;

    struct Summary {
        double knee = 0, soft = 0, pressure = 0, amdahl = 0, power = 0, exponential = 0, quota = 0;  // posterior shares
        double knee_mb = 0, knee_lo = 0, knee_hi = 0;  // axis; among knee shapes: median and 90 % interval
        double serial = 0;                             // median share of the saturated time that CPU does not shorten
        double nugget = 0;                             // mean
    };
    [[nodiscard]] Summary summary() const;
    // Posterior mean of ln(shape + smooth deviation).
    [[nodiscard]] double smooth(double axis) const;

private:
    struct Impl;
    std::unique_ptr<Impl> impl_;
};

}  // namespace pilotlight::model
