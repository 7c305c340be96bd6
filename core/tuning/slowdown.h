// How much longer a request takes for each other one in its instance, S(n) = S(1) (1 + alpha (n - 1)), from hours of more and of less load.
// Internal to core/tuning.
#pragma once

#include <functional>
#include <vector>

#include "core/tuning/evidence.h"
#include "core/tuning/shared_core.h"
#include "core/tuning/workload.h"

namespace pilotlight::tuning {

struct Slowdown {
    double alpha = 0, lo = 0, hi = 0;  // and its 90 % interval
    int hours = 0;                     // that it was fitted to; 0 = it is the prior's
};

// By how much all durations have to be scaled until ratio(scale), measured over replayed, is 1 within 0.5 % or nearly; 0 where ratio gives none.
[[nodiscard]] double scaleUntil(const std::function<double(double scale)>& ratio);

// `most`: what CPU use allows; every alpha up to it is as likely before the fit. `replay`: of the newest arrivals with that alpha and all
// durations times `scale`; `first_s`: where in `work` (without gaps) its bins begin. Only hours under today's settings and five minutes without
// a cold start are compared. Errors of neighbouring hours are alike, so that hours count for less than their number. The prior comes back where
// less than a day can be compared.
[[nodiscard]] Slowdown fitSlowdown(const Evidence& evidence, const Workload& work, double most, double first_s,
                                   const std::function<SharedTotals(double alpha, double scale)>& replay);

}  // namespace pilotlight::tuning
