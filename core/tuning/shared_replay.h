// One replay on instances that serve several requests at once (or one). Internal to core/tuning.
#pragma once

#include <cstddef>
#include <vector>

#include "core/model/sim_shared.h"
#include "core/tuning/shared_core.h"

namespace pilotlight::tuning {

inline constexpr double kHalfStep = 0.05;         // s: active stretches are billed in steps of 100 ms
inline constexpr double kLeastFlexStretch = 1;    // s, Azure Flex Consumption (docs: flex-consumption-plan)
inline constexpr double kLongestQueue = 10;       // s a request waits at the maximum (Cloud Run, about concurrency)

// The start of an instance at another CPU: between "bound by CPU" and "bound by anything else".
[[nodiscard]] double startAt(double start_s, double vcpu_today, double vcpu);

struct ReplayOf {
    std::size_t begin = 0;        // first arrival that is replayed
    double ratio = 1;             // of durations to those given
    double traffic = 1;           // more: the same requests in less time
    double half_step_s = kHalfStep;  // what rounding up adds to a stretch on average
    double least_s = 0;           // that an active stretch is billed for
};
// Fills `totals`, whose span_s is set. `service_s`: of each arrival. Sets what of `options` follows from the arrivals.
void replayShared(const std::vector<double>& arrivals, const std::vector<float>& service_s, const ReplayOf& what, model::SharedOptions options,
                  SharedTotals& totals);

}  // namespace pilotlight::tuning
