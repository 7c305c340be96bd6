// Shares and latencies against what was asked for. On a shared machine these depend on who else runs; one retry each.
#include <cmath>

#include "core/bench/quantiles.h"
#include "tests/app/agent/support.h"

namespace pilotlight::test {
namespace {

constexpr const char* kWork = "x = 0\nfor i in range(400000): x += i\nreturn str(x).encode()";

struct Measured {
    double share = 0, mean_ms = 0, cpu_ms = 0, others = 0;
};
Measured at(bench::AgentClient& agent, const std::string& program, const std::string& limiter, double vcpu) {
    auto request = trialOf({.kind = bench::Target::Kind::lambda, .command = {program}}, vcpu);
    request.limiter = limiter;
    request.saturated = 60;
    const auto result = agent.run(request, {});
    if (!result || result->status != bench::TrialStatus::ok) {
        ADD_FAILURE() << (result ? result->detail : result.error().text());
        return {};
    }
    return {result->cpu_share.value_or(0), bench::mean(result->saturated_ms), result->cpu_ms.value_or(0), result->other_cpu_share};
}

void expectShare(const std::string& limiter, double tolerance) {
    const Folder folder;
    auto agent = startAgent();
    if (!hasLimiter(agent, limiter)) GTEST_SKIP() << limiter << " does not work here";
    const auto program = folder.script("bootstrap", bootstrap(kWork));
    for (const double vcpu : {0.25, 0.5}) {
        // The share, and mean = CPU time over share.
        const auto off = [&](const Measured& m) { return std::abs(m.share - vcpu) > tolerance * vcpu || std::abs(m.mean_ms - m.cpu_ms / vcpu) > tolerance * m.cpu_ms / vcpu; };
        Measured got = at(agent, program, limiter, vcpu);
        if (off(got)) got = at(agent, program, limiter, vcpu);
        std::printf("%s %.2f vCPU: share %.3f, mean %.1f ms, CPU %.1f ms, others %.0f %%\n", limiter.c_str(), vcpu, got.share, got.mean_ms, got.cpu_ms, 100 * got.others);
        if (off(got) && got.others > 0.1) GTEST_SKIP() << "skipped: others used " << std::lround(100 * got.others) << " % of this machine, so this says nothing";
        EXPECT_FALSE(off(got)) << limiter << " " << vcpu;
    }
}

TEST(AgentTiming, ControlGroupV1GivesTheShareAskedFor) { expectShare("cgroup-v1", 0.05); }
TEST(AgentTiming, ControlGroupV2GivesTheShareAskedFor) { expectShare("cgroup-v2", 0.05); }
TEST(AgentTiming, DutyCycleGivesTheShareAskedFor) { expectShare("duty-cycle", 0.20); }

}  // namespace
}  // namespace pilotlight::test
