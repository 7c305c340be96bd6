#include "app/agent/load.h"

#include <algorithm>
#include <chrono>
#include <random>
#include <thread>

namespace pilotlight::agent {
namespace {

using SteadyClock = std::chrono::steady_clock;
using Ms = std::chrono::duration<double, std::milli>;

SteadyClock::time_point after(SteadyClock::time_point begin, double ms) { return begin + std::chrono::duration_cast<SteadyClock::duration>(Ms(ms)); }

auto cancelled() { return fail(ErrorCode::cancelled, "Cancelled"); }

}  // namespace

Status sendIsolated(int count, double pause_ms, std::uint32_t seed, const Request& request, const KeepGoing& going, std::vector<double>& out) {
    std::mt19937 random(seed);
    std::uniform_real_distribution<double> pause(0.5 * pause_ms, 1.5 * pause_ms);
    for (int i = 0; i < count; ++i) {
        std::this_thread::sleep_for(Ms(pause(random)));
        PILOTLIGHT_ASSIGN(const double took, request());
        out.push_back(took);
        if (!going(i + 1)) return cancelled();
    }
    return {};
}

Status sendSaturated(int count, const Request& request, const KeepGoing& going, Saturated& out) {
    const auto begin = SteadyClock::now();
    for (int i = 0; i < count; ++i) {
        PILOTLIGHT_ASSIGN(const double took, request());
        out.ms.push_back(took);
        out.wall_ms = Ms(SteadyClock::now() - begin).count();
        if (!going(i + 1)) return cancelled();
    }
    return {};
}

std::vector<double> plannedArrivals(int count, double rate_per_s, std::uint32_t seed) {
    std::mt19937 random(seed);
    std::exponential_distribution<double> gap(rate_per_s / 1000);
    std::vector<double> out;
    double at = 0;
    for (int i = 0; i < count; ++i) out.push_back(at += gap(random));
    return out;
}

Status sendOpenLoop(int count, double rate_per_s, std::uint32_t seed, const Request& request, const KeepGoing& going, OpenLoop& out) {
    const auto plan = plannedArrivals(count, rate_per_s, seed);
    const auto begin = SteadyClock::now();
    for (int i = 0; i < count; ++i) {
        const auto planned = after(begin, plan[static_cast<std::size_t>(i)]);
        std::this_thread::sleep_until(planned);
        PILOTLIGHT_ASSIGN(const double took, request());
        out.service_ms.push_back(took);
        // Never below the service itself: a request that times itself may have begun a little before the plan's instant was noticed.
        out.response_ms.push_back(std::max(took, Ms(SteadyClock::now() - planned).count()));
        if (!going(i + 1)) return cancelled();
    }
    return {};
}

}  // namespace pilotlight::agent
