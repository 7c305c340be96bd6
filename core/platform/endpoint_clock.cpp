#include "core/platform/endpoint_clock.h"

#include <cmath>

namespace pilotlight::platform {

std::shared_ptr<Clock> EndpointClock::get(net::ApiSession& session, const std::shared_ptr<Clock>& wall, bool custom_endpoint,
                                          const std::function<void()>& probe) {
    auto seen = session.sandboxTime();
    {
        const std::lock_guard lock(mutex_);
        if (!seen && clock_) return clock_;
    }
    if (!seen) {
        if (!custom_endpoint) {
            const std::lock_guard lock(mutex_);
            return clock_ = wall;
        }
        probe();
        seen = session.sandboxTime();
        if (!seen) return wall;  // not settled: maybe it did not answer
    }
    const auto elapsed = static_cast<double>((wall->now() - seen->seen_at).count()) * seen->speed;
    const Timestamp there = seen->time + milliseconds(std::llround(elapsed));
    const std::lock_guard lock(mutex_);
    const auto* scaled = dynamic_cast<const ScaledClock*>(clock_.get());
    // One clock for as long as it agrees with the endpoint, so that time does not jump between two readings.
    const double tolerance = 2000.0 * std::max(1.0, seen->speed);
    if (scaled == nullptr || scaled->speed() != seen->speed || std::abs(static_cast<double>((scaled->now() - there).count())) > tolerance) {
        clock_ = std::make_shared<ScaledClock>(there, seen->speed);
    }
    return clock_;
}

}  // namespace pilotlight::platform
