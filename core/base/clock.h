// Where the time comes from. One of the three seams that tests may fake.
#pragma once

#include <atomic>
#include <condition_variable>
#include <memory>
#include <mutex>
#include <stop_token>

#include "core/base/time.h"

namespace pilotlight {

class Clock {
public:
    virtual ~Clock() = default;
    [[nodiscard]] virtual Timestamp now() const = 0;
    // Sleeps for a duration of this clock's time; returns false at once when stop is requested.
    virtual bool sleepFor(milliseconds duration, std::stop_token stop) const = 0;
    // Seconds of this clock in a real second.
    [[nodiscard]] virtual double speed() const { return 1; }
};

// Wall-clock time.
class RealClock final : public Clock {
public:
    [[nodiscard]] Timestamp now() const override;
    bool sleepFor(milliseconds duration, std::stop_token stop) const override;
};

// The time of a sandbox: `anchor` at the moment of construction, then `speed` times real time (contracts.md, x-pilotlight-time).
class ScaledClock final : public Clock {
public:
    ScaledClock(Timestamp anchor, double speed);
    [[nodiscard]] Timestamp now() const override;
    bool sleepFor(milliseconds duration, std::stop_token stop) const override;
    [[nodiscard]] double speed() const override { return speed_; }

private:
    Timestamp anchor_;
    std::chrono::steady_clock::time_point started_;
    double speed_;
};

// Moves only when told to; sleepFor advances it and returns at once.
class FakeClock final : public Clock {
public:
    explicit FakeClock(Timestamp start) : now_ms_(start.time_since_epoch().count()) {}
    [[nodiscard]] Timestamp now() const override { return Timestamp(milliseconds(now_ms_.load())); }
    bool sleepFor(milliseconds duration, std::stop_token stop) const override;
    void advance(milliseconds duration) { now_ms_ += duration.count(); }
    void set(Timestamp t) { now_ms_ = t.time_since_epoch().count(); }

private:
    mutable std::atomic<std::int64_t> now_ms_;
};

} // namespace pilotlight
