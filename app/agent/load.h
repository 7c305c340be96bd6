// How requests are sent: isolated, saturated, and at planned instants. What was measured before an error or a cancel stays in `out`.
#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <vector>

#include "core/base/result.h"

namespace pilotlight::agent {

// One request, from its start to its answer; ms as the target itself timed it, or as the caller did.
using Request = std::function<Result<double>()>;
// Told after every request; false stops the run (cancelled).
using KeepGoing = std::function<bool(int done)>;

// Where requests go: one lane for each that may be under way at once. With more than one, each lane is used by a thread of its own while the
// calling thread asks `watch` every few ms; an error from it, or of a lane, raises `stop`, on which every lane must soon return.
struct Lanes {
    std::vector<Request> requests;
    std::function<Status()> watch = [] { return Status(); };
    std::atomic<bool> stop{false};
};

// A pause before each request, uniform in 50 to 150 % of `pause_ms`: the platform's quota is refilled and its phase is random.
[[nodiscard]] Status sendIsolated(int count, double pause_ms, std::uint32_t seed, const Request& request, const KeepGoing& going, std::vector<double>& out);

struct Saturated {
    std::vector<double> ms;
    double wall_ms = 0;
};
[[nodiscard]] Status sendSaturated(int count, Lanes& lanes, const KeepGoing& going, Saturated& out);

struct OpenLoop {
    std::vector<double> response_ms;  // from the planned arrival: waiting included, whatever the target was doing (no coordinated omission)
    std::vector<double> service_ms;   // the request alone
};
// Poisson arrivals at `rate_per_s`, drawn before the first request is sent; first come first served by the lanes.
[[nodiscard]] Status sendOpenLoop(int count, double rate_per_s, std::uint32_t seed, Lanes& lanes, const KeepGoing& going, OpenLoop& out);
// The planned instants in ms from the start, ascending.
[[nodiscard]] std::vector<double> plannedArrivals(int count, double rate_per_s, std::uint32_t seed);

}  // namespace pilotlight::agent
