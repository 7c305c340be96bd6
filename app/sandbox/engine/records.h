// What the engine leaves behind: one compact row an invocation, and peaks by the minute. Logs and metrics are made from these.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <vector>

#include "app/sandbox/engine/arrivals.h"

namespace pilotlight::sandbox {

// Milliseconds as the records hold them.
[[nodiscard]] inline std::uint32_t hundredths(double ms) {
    return static_cast<std::uint32_t>(std::clamp(std::round(ms * 100.0), 1.0, 4.0e9));
}

struct Invocation {
    enum Flag : std::uint8_t { failed = 1, timed_out = 2, out_of_memory = 4, pooled = 8, spilled = 16 };
    std::int64_t start_ms = 0;       // arrival
    std::uint32_t duration_cms = 0;  // handler, hundredths of a millisecond, as the REPORT line prints it
    std::uint32_t init_cms = 0;      // 0 = warm
    std::uint32_t instance = 0;
    std::uint16_t memory_mb = 0;  // configured
    std::uint16_t used_mb = 0;
    std::uint16_t version = 0;  // 0 = $LATEST
    std::uint8_t route = 0;
    std::uint8_t flags = 0;
    [[nodiscard]] bool is(Flag flag) const { return (flags & flag) != 0; }
    // The handler's start and the end of everything.
    [[nodiscard]] std::int64_t handlerMs() const { return start_ms + (init_cms + 50) / 100; }
    [[nodiscard]] std::int64_t endMs() const { return start_ms + (static_cast<std::int64_t>(init_cms) + duration_cms + 99) / 100; }
    // INIT included, rounded up to the millisecond (prices since 2025-08-01).
    [[nodiscard]] std::int64_t billedMs() const { return (static_cast<std::int64_t>(init_cms) + duration_cms + 99) / 100; }
};

struct Throttle {
    std::int64_t at_ms = 0;
    std::uint8_t route = 0;
};

// The highest level of something in each minute, and the level now.
class PeakTrack {
public:
    explicit PeakTrack(Micros start) : first_(start / kMinute) {}
    void change(Micros t, int level) {
        fill(t);
        level_ = level;
        peaks_.back() = std::max(peaks_.back(), clipped(level));
    }
    // Peak in the minute that begins at `minute` x 60 s; the level holds on after the last change.
    [[nodiscard]] int peak(std::int64_t minute) const {
        if (minute < first_) return 0;
        const auto i = static_cast<std::size_t>(minute - first_);
        return i < peaks_.size() ? peaks_[i] : level_;
    }
    [[nodiscard]] int level() const { return level_; }

private:
    static std::uint16_t clipped(int level) { return static_cast<std::uint16_t>(std::clamp(level, 0, 65535)); }
    void fill(Micros t) {
        const auto needed = static_cast<std::size_t>(std::max<std::int64_t>(0, t / kMinute - first_) + 1);
        if (peaks_.size() < needed) peaks_.resize(needed, clipped(level_));
    }
    std::int64_t first_;
    int level_ = 0;
    std::vector<std::uint16_t> peaks_;
};

}  // namespace pilotlight::sandbox
