// One pass over a trace that answers every keep-alive and every warm-pool level afterwards.
#pragma once

#include <array>
#include <cstdint>
#include <span>
#include <vector>

#include "core/model/sim_types.h"

namespace pilotlight::model {

// Level: how many requests are in service once this one has begun (1 = alone). Gap: how long concurrency had stayed below that level.
// Cold starts for a keep-alive are sums over gaps (exact for a fixed keep-alive at the bin edges, and without a pool; cold and warm starts
// take equally long). Slots are hunted in order (lowest free first), so slot k's use is the same for every pool of k or more: pool
// utilisation and spill are exact.
struct Surface {
    static constexpr std::size_t kGapBins = 128;
    struct Level {
        std::array<std::uint32_t, kGapBins + 1> colds_by_gap{};  // last bin: never reached before
        double idle_s = 0;                                       // sum of gaps
    };
    struct Slot {
        std::uint64_t requests = 0;
        double busy_s = 0;
        double billed_ms = 0;  // each request rounded up to a whole millisecond
    };
    std::vector<Level> levels;  // [0] = level 1
    std::vector<Slot> slots;    // [0] = first slot hunted
    std::uint64_t requests = 0;
    double busy_s = 0, billed_ms = 0;
    double span_s = 0;

    // Per part of the time line, where asked for: busy seconds of slot k and cold starts of level k under the keep-alive given to the
    // build.
    std::size_t bins = 0, depth = 0;
    std::vector<float> slot_busy;   // [bin * depth + slot]
    std::vector<float> level_cold;  // [bin * depth + level - 1]

    static constexpr std::size_t kNoLimit = static_cast<std::size_t>(-1);
    // Expected cold starts with `pool` instances kept warm; `limit`: levels above it are left out.
    [[nodiscard]] double coldStarts(const KeepAlive& keep_alive, std::size_t pool = 0, std::size_t limit = kNoLimit) const;
    // Requests that found the pool full, and the milliseconds billed on and off the pool.
    [[nodiscard]] double spilled(std::size_t pool) const;
    [[nodiscard]] double poolBusy(std::size_t pool) const;
    [[nodiscard]] double poolBilledMs(std::size_t pool) const;
    // Mean instances alive outside the pool.
    [[nodiscard]] double meanInstances(const KeepAlive& keep_alive, std::size_t pool = 0) const;
    // Busy seconds a second of slot k (0-based).
    [[nodiscard]] double utilisation(std::size_t slot) const;

    // Edge i: bin i holds gaps in (edge(i), edge(i + 1)]. edge(0) = 0.
    [[nodiscard]] static double edge(std::size_t i);
    [[nodiscard]] static std::size_t binOf(double gap_s);
};

struct SurfaceBins {
    double bin_s = 0;        // 0 = none
    double offset_s = 0;     // of the first arrival's time line within the cycle
    std::size_t bins = 0;    // per cycle; bin = floor((t + offset) / bin_s) mod bins
    std::size_t depth = 64;  // levels and slots kept per bin
    KeepAlive keep_alive;
};

// arrivals ascending, seconds; services seconds, same length.
[[nodiscard]] Surface buildSurface(std::span<const double> arrivals, std::span<const float> services, double span_s,
                                   const SurfaceBins& bins = {});

}  // namespace pilotlight::model
