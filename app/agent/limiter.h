// Holds a child and what it starts to a CPU share and a memory size.
#pragma once

#include <sys/types.h>

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "app/agent/guardian.h"
#include "core/bench/protocol.h"

namespace pilotlight::agent {

class Limiter {
public:
    virtual ~Limiter() = default;  // kills what is left inside and removes what was made
    [[nodiscard]] virtual std::string name() const = 0;
    [[nodiscard]] virtual bool limitsMemory() const = 0;
    // Files into which the child writes "0" between fork and exec.
    [[nodiscard]] virtual std::vector<std::string> joinFiles() const { return {}; }
    // Called once the child runs. Errors end the trial.
    [[nodiscard]] virtual Status started(pid_t) { return {}; }
    // From now on `vcpu` CPUs.
    [[nodiscard]] virtual Status setCpu(double vcpu) = 0;
    // CPU time of everything inside since the start, where it is accounted.
    [[nodiscard]] virtual std::optional<double> cpuMs() const = 0;
    [[nodiscard]] virtual std::optional<double> peakMb() const { return std::nullopt; }
    // The kernel killed something inside for want of memory.
    [[nodiscard]] virtual bool ranOutOfMemory() const { return false; }
};

// In the order in which "auto" tries them; each was tried on this machine.
[[nodiscard]] std::vector<bench::Hello::Limiter> probeLimiters(Guardian& guardian);

// Limits memory at once; CPU starts at size.init_vcpu where that is set, else size.vcpu. unsupported: this limiter does not work here.
[[nodiscard]] Result<std::unique_ptr<Limiter>> makeLimiter(const std::string& name, const bench::EmulatedSize& size, Guardian& guardian);

// One implementation each.
[[nodiscard]] Result<std::unique_ptr<Limiter>> makeScopeLimiter(const bench::EmulatedSize& size, Guardian& guardian);
[[nodiscard]] Result<std::unique_ptr<Limiter>> makeGroupV2Limiter(const bench::EmulatedSize& size, Guardian& guardian);
[[nodiscard]] Result<std::unique_ptr<Limiter>> makeGroupV1Limiter(const bench::EmulatedSize& size, Guardian& guardian);
[[nodiscard]] Result<std::unique_ptr<Limiter>> makeDutyCycleLimiter(const bench::EmulatedSize& size, Guardian& guardian);
[[nodiscard]] Result<std::unique_ptr<Limiter>> makeNoLimiter();

}  // namespace pilotlight::agent
