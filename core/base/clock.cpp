#include "core/base/clock.h"

namespace pilotlight {
namespace {

bool waitReal(std::chrono::nanoseconds duration, const std::stop_token& stop) {
    if (duration.count() <= 0) return !stop.stop_requested();
    std::mutex mutex;
    std::condition_variable_any wake;
    std::unique_lock lock(mutex);
    wake.wait_for(lock, stop, duration, [] { return false; });
    return !stop.stop_requested();
}

} // namespace

Timestamp RealClock::now() const { return std::chrono::time_point_cast<milliseconds>(std::chrono::system_clock::now()); }
bool RealClock::sleepFor(milliseconds duration, std::stop_token stop) const { return waitReal(duration, stop); }

ScaledClock::ScaledClock(Timestamp anchor, double speed)
    : anchor_(anchor), started_(std::chrono::steady_clock::now()), speed_(speed > 0 ? speed : 1) {}

Timestamp ScaledClock::now() const {
    const std::chrono::duration<double, std::milli> passed = std::chrono::steady_clock::now() - started_;
    return anchor_ + milliseconds(static_cast<std::int64_t>(passed.count() * speed_));
}

bool ScaledClock::sleepFor(milliseconds duration, std::stop_token stop) const {
    return waitReal(std::chrono::nanoseconds(static_cast<std::int64_t>(static_cast<double>(duration.count()) * 1e6 / speed_)), stop);
}

bool FakeClock::sleepFor(milliseconds duration, std::stop_token stop) const {
    if (stop.stop_requested()) return false;
    now_ms_ += duration.count();
    return true;
}

} // namespace pilotlight
