// What platforms whose instances serve several requests at once measured and billed (Cloud Run, Cloud Functions, Azure Functions).
#pragma once

#include "core/tuning/measured.h"

namespace pilotlight::tuning {

// Billed time in `range`, with `pool` instances kept. From the billable time that the platform measured; where there is none, each
// request by itself, rounded up to 100 ms (half a step on average), plus starts. How much of it ran on kept instances is what the platform
// measured (pool_billable_time); where it does not tell, it follows from a Poisson number of busy ones around each period's mean.
[[nodiscard]] pricing::Usage sharedUsage(const Evidence& evidence, TimeRange range, std::int32_t pool);

// Cold starts and memory from metrics, where logs do not tell them.
void measureShared(const Evidence& evidence, Measured& measured);

// E[min(N, k)] for N ~ Poisson(mean): how many of k kept instances are busy.
[[nodiscard]] double meanBusyOf(double mean, std::int32_t k);

}  // namespace pilotlight::tuning
