// The machine's fingerprint, and how busy it was with other things.
#pragma once

#include <chrono>
#include <optional>

#include "core/bench/machine.h"

namespace pilotlight::agent {

[[nodiscard]] bench::Machine lookAtMachine();  // takes some 50 ms: calibration

// What else used the CPUs between its construction and now.
class Disturbance {
public:
    Disturbance();
    // Share 0..1 of the machine's capacity that neither idled nor was `own_cpu_ms`. Resolution: one clock tick (10 ms) a CPU.
    [[nodiscard]] double otherShare(double own_cpu_ms) const;
    [[nodiscard]] std::optional<double> pressureMs() const;  // PSI cpu "some"; nullopt where the kernel has none

private:
    std::chrono::steady_clock::time_point begin_;
    double busy_ms_;
    std::optional<double> pressure_ms_;
};

}  // namespace pilotlight::agent
