// Exact stationary answers for Poisson arrivals, exponential service (cold as long as warm), most-recently-used reuse and a fixed
// keep-alive (simulation.md, section 3): an arrival that raises concurrency from k-1 to k is cold exactly when the first passage
// k-1 -> k took longer than the keep-alive.
#pragma once

#include <cstdint>
#include <optional>

#include "core/model/sim_types.h"

namespace pilotlight::model {

struct Stationary {
    double rate = 1;       // arrivals a second
    double service_s = 1;  // mean
    double keep_alive_s = 600;
    std::int32_t pool = 0;              // slots kept warm (levels up to it are never cold)
    std::int32_t concurrency = 1;       // requests an instance serves at once; packed
    std::optional<std::int32_t> limit;  // concurrency cap; beyond it requests are refused
};
struct StationaryResult {
    double cold_probability = 0;  // over all arrivals, refused ones included
    double refused_probability = 0;
    double mean_instances = 0;  // alive, busy or idle; the pool counts in full
    double mean_busy = 0;       // requests in service
};
[[nodiscard]] StationaryResult stationary(const Stationary& system);

// The same where the keep-alive is drawn anew for each idle period: the mean over its law (halving by its marginal law, without maximum
// life). system.keep_alive_s is not looked at.
[[nodiscard]] StationaryResult stationary(Stationary system, const KeepAlive& law);

// Erlang B: share of arrivals that find `servers` busy at offered load `load`. Insensitive to the service law.
[[nodiscard]] double erlangB(double load, std::int32_t servers);

// Busy share of slot k (1 = hunted first) with Poisson arrivals: load x (B(load, k-1) - B(load, k)).
[[nodiscard]] double slotUtilisation(double load, std::int32_t slot);

}  // namespace pilotlight::model
