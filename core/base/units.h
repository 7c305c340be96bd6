// Sizes and durations as types. MB is what the platform bills: 2^20 bytes on Lambda, MiB on Google, MB on Azure.
#pragma once

#include <chrono>
#include <compare>
#include <cstdint>

namespace pilotlight {

struct Megabytes {
    std::int32_t value = 0;
    friend constexpr auto operator<=>(Megabytes, Megabytes) = default;
    [[nodiscard]] constexpr double gigabytes() const { return value / 1024.0; }
};

// Real-valued durations for measurements; std::chrono::milliseconds and seconds for clocks and settings.
using Milliseconds = std::chrono::duration<double, std::milli>;
using Seconds = std::chrono::duration<double>;

// Lambda: vCPU = memory / 1,769 MB, at most 6 (AWS Lambda developer guide, configuration-memory).
inline constexpr double kLambdaMegabytesPerVcpu = 1769.0;
inline constexpr double kLambdaMaxVcpu = 6.0;
[[nodiscard]] constexpr double lambdaVcpu(Megabytes memory) {
    const double vcpu = memory.value / kLambdaMegabytesPerVcpu;
    return vcpu < kLambdaMaxVcpu ? vcpu : kLambdaMaxVcpu;
}

} // namespace pilotlight
