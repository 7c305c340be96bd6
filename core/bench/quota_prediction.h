// From CPU time measured here to the duration of an isolated request under the cloud's CPU quota. For functions of some quota periods the
// quota's steps make "duration = CPU time / vCPU" wrong; the CPU time, not the duration, is what scales from one machine to another.
#pragma once

#include <optional>
#include <utility>
#include <vector>

#include "core/bench/campaign.h"
#include "core/domain/tuning.h"

namespace pilotlight::bench {

struct CpuNeed {
    double cpu_ms = 0;    // CPU time of one request here
    double other_ms = 0;  // waiting that no CPU shortens
};
// From the point with the largest share. Errors: unsupported with threads that spin or several threads (their CPU time depends on the
// share), invalid_argument without a usable point.
[[nodiscard]] Result<CpuNeed> cpuNeedOf(const Campaign& campaign);

// Posterior over k, the CPU time there over the CPU time here. Before a cloud point: log-normal around 1 with a standard deviation of 0.2,
// assumed (CPUs of one platform alone differ by 15 %). A cloud point counts with 2 % of noise. A point with 1 vCPU or more fixes k: no quota
// hides the CPU time there. Below that a point may lie on a step of the quota, which many k reach: then the intervals stay wide.
class QuotaPrediction {
public:
    // `kind`: what was measured here. A lambda target's CPU time holds the Runtime API's protocol; for the others the platform's own part of
    // its reported duration (resources/bench/sizes.json) comes on top.
    QuotaPrediction(PlatformKind platform, CpuNeed need, Target::Kind kind);
    // A mean measured in the cloud at `vcpu` (warm, one request at a time).
    void calibrate(double vcpu, double mean_ms);
    // Mean duration at `vcpu`: posterior mean, 90 % interval.
    [[nodiscard]] Estimate meanAt(double vcpu) const;
    [[nodiscard]] Estimate k() const;

private:
    [[nodiscard]] double meanOf(double k, double vcpu) const;
    [[nodiscard]] Estimate estimate(const std::vector<double>& values) const;
    PlatformKind platform_;
    CpuNeed need_;
    double period_ms_ = 100, overhead_ms_ = 0;
    std::vector<double> k_, weight_;
};

// Durations on this machine at sizes that were not measured: the CPU time of one request at the measured sizes, linear in between over
// ln vCPU, under the quota of this machine's kernel (tick 4 ms, as Debian's and Ubuntu's). What no CPU shortens is added.
class LocalPrediction {
public:
    // Errors: unsupported with threads that spin, several threads, another device than the CPU, or where no control group held the share;
    // invalid_argument without usable points at two sizes.
    [[nodiscard]] static Result<LocalPrediction> of(const Campaign& campaign, const std::vector<BenchPoint>& points);
    // Mean of isolated requests and of requests back to back at `vcpu`; `period_ms`: the size's quota period.
    [[nodiscard]] double isolatedMs(double vcpu, double period_ms) const;
    [[nodiscard]] double saturatedMs(double vcpu) const;

private:
    struct At {
        double vcpu = 0, cpu_ms = 0;
    };
    [[nodiscard]] double cpuMsAt(double vcpu) const;
    std::vector<At> measured_;            // ascending
    double other_ms_ = 0;
};

}  // namespace pilotlight::bench
