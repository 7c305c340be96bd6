#include "app/agent/limiter.h"

#include "app/agent/control_group.h"

namespace pilotlight::agent {
namespace {

struct Kind {
    const char* name;
    Result<std::unique_ptr<Limiter>> (*make)(const bench::EmulatedSize&, Guardian&);
};
constexpr Kind kKinds[] = {{"systemd-scope", makeScopeLimiter}, {"cgroup-v2", makeGroupV2Limiter}, {"cgroup-v1", makeGroupV1Limiter}, {"duty-cycle", makeDutyCycleLimiter}};

// Nothing is held; for a machine as it is.
class NoLimiter final : public Limiter {
public:
    [[nodiscard]] std::string name() const override { return "none"; }
    [[nodiscard]] bool limitsMemory() const override { return false; }
    Status setCpu(double) override { return {}; }
    [[nodiscard]] std::optional<double> cpuMs() const override { return std::nullopt; }
};

}  // namespace

Result<std::unique_ptr<Limiter>> makeNoLimiter() { return std::unique_ptr<Limiter>(std::make_unique<NoLimiter>()); }

std::vector<bench::Hello::Limiter> probeLimiters(Guardian& guardian) {
    for (const char* controller : {"", "cpu", "cpuacct", "memory"}) {
        if (const auto own = ownControlGroup(controller); !own.empty()) sweepControlGroups(own);
    }
    std::vector<bench::Hello::Limiter> out;
    for (const auto& kind : kKinds) {
        const auto made = kind.make({.memory_mb = 128, .vcpu = 0.5}, guardian);
        out.push_back({kind.name, made.has_value(), made ? "" : made.error().what});
    }
    return out;
}

Result<std::unique_ptr<Limiter>> makeLimiter(const std::string& name, const bench::EmulatedSize& size, Guardian& guardian) {
    if (name == "none") return makeNoLimiter();
    std::string reasons;
    for (const auto& kind : kKinds) {
        if (name != "auto" && name != kind.name) continue;
        auto made = kind.make(size, guardian);
        if (made) return made;
        reasons += (reasons.empty() ? "" : "; ") + std::string(kind.name) + ": " + made.error().what;
    }
    return fail(ErrorCode::unsupported, "No limiter works here (" + reasons + ")");
}

}  // namespace pilotlight::agent
