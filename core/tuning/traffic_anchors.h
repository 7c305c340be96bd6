// How cold starts and the use of a warm pool change with traffic, for look-ups. Internal to core/tuning.
#pragma once

#include <cstdint>
#include <optional>
#include <utility>
#include <vector>

#include "core/base/executor.h"
#include "core/base/job_context.h"
#include "core/model/sim_surface.h"

namespace pilotlight::tuning {

struct EngineCore;

// The requests scaled as a replay scales them, at half, twice and three times the traffic, each with a surface at today's memory; where
// cold starts add load that a surface does not know, a few replays correct it, as ReplayAnchors do at today's traffic. Between them the
// logarithm of the share of cold starts, and that of the pool's share of the work, is linear in the logarithm of traffic; outside, the
// nearest two are continued. Other sizes of memory change as today's does.
class TrafficAnchors {
public:
    // Needs what ReplayAnchors::measure needs, and `core.anchors`.
    void measure(const EngineCore& core, Executor& executor, const JobContext& job);
    // Cold starts at `traffic` where there are `colds` at today's, under this pool and instance limit.
    [[nodiscard]] double coldStarts(const EngineCore& core, double colds, std::int32_t pool, std::optional<std::int32_t> limit,
                                    double traffic) const;
    // The share of handler time that the pool serves at `traffic` over that at today's.
    [[nodiscard]] double poolShareFactor(const EngineCore& core, std::int32_t pool, double traffic) const;

private:
    struct Knot {
        double traffic = 1;
        model::Surface surface;
        std::vector<std::pair<double, double>> log_factor;  // (pool, cold starts by replay over those by surface), ascending
    };
    // Interpolates `value(surface, log_factor of the pool)` at today's traffic and at the knots; a logarithm.
    template <typename Value>
    [[nodiscard]] double between(const EngineCore& core, std::int32_t pool, double traffic, Value&& value) const;
    std::vector<Knot> knots_;  // ascending; without today's
};

}  // namespace pilotlight::tuning
