// The shapes that a duration curve may have, with their prior. Internal to the latency model.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "core/domain/function.h"

namespace pilotlight::model {

// The axis of all shapes: memory for which AWS Lambda gives the same CPU share (1,769 MB = 1 vCPU).
struct Shape {
    enum class Family : std::uint8_t { knee, soft_knee, pressure, amdahl, power, exponential, quota_debt, quota_phase };
    Family family = Family::knee;
    float knee = 1769;      // where it saturates, MB; exponential: its scale; quota: CPU time in ms
    float serial = 0;       // share of the saturated time that does not shrink with CPU; exponential: rise at 0
    float exponent = 1;     // of the slope; soft knee: its sharpness; pressure: its strength; power: p; quota: period in ms
    float cap = 1;          // amdahl: most vCPUs used
    float parallel = 0;     // amdahl: share above one vCPU that runs in parallel
    float pressure_at = 0;  // pressure: the size where it is `exponent` times the rest
    double log_prior = 0;
    // Quota shapes are durations in ms; all others have a free scale.
    [[nodiscard]] bool absolute() const { return family == Family::quota_debt || family == Family::quota_phase; }
};

// Natural logarithm of the shape at `size` (axis above).
[[nodiscard]] double logShape(const Shape& shape, double size);

// All shapes; priors sum to one. `fastest_ms` decides whether CPU-quota steps come into question.
[[nodiscard]] std::vector<Shape> shapeGrid(PlatformKind platform, double smallest, double fastest_ms);

// Axis position of a setting: memory, and vCPU where the platform sets it apart.
[[nodiscard]] double axisOf(PlatformKind platform, Megabytes memory, std::optional<double> vcpu);

}  // namespace pilotlight::model
