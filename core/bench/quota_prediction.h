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
// assumed (CPUs of one platform alone differ by 15 %). A cloud point counts with 3 % of noise.
class QuotaPrediction {
public:
    QuotaPrediction(PlatformKind platform, CpuNeed need);
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
    double period_ms_;
    std::vector<double> k_, weight_;
};

}  // namespace pilotlight::bench
