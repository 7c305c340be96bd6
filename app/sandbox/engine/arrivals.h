// When requests come: a Poisson stream whose rate follows the hour, the weekday and an hourly mood, plus bursts and nightly batches.
#pragma once

#include <cstdint>
#include <queue>
#include <vector>

#include "app/sandbox/engine/random.h"
#include "app/sandbox/engine/scenario.h"

namespace pilotlight::sandbox {

using Micros = std::int64_t;  // since 1970, or a length of time
inline constexpr Micros kSecond = 1'000'000;
inline constexpr Micros kMinute = 60 * kSecond;
inline constexpr Micros kHour = 3600 * kSecond;
inline constexpr Micros kDay = 24 * kHour;
[[nodiscard]] inline Micros fromMs(double ms) { return static_cast<Micros>(ms * 1000.0); }

class Arrivals {
public:
    Arrivals(const ArrivalSpec& spec, Random random, Micros start);
    // The next request; later than the one before or equal. INT64_MAX where nothing ever comes.
    [[nodiscard]] Micros peek() const { return queue_.empty() ? INT64_MAX : queue_.top(); }
    void pop();

private:
    // Plans one more hour of arrivals.
    void planHour();
    [[nodiscard]] double factor(Micros hour_start);

    ArrivalSpec spec_;
    Random random_;
    Micros start_;
    Micros planned_;
    bool silent_;
    std::priority_queue<Micros, std::vector<Micros>, std::greater<>> queue_;
};

}  // namespace pilotlight::sandbox
