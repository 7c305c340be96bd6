// How requests that share an instance slow each other down, S(n) = S(1) (1 + alpha (n - 1)), from durations measured at one size with several
// numbers of requests at once.
#pragma once

#include <optional>
#include <span>

#include "core/domain/metrics.h"

namespace pilotlight::model {

struct ObservedSlowdown {
    double alpha = 0, lo = 0, hi = 0;  // how much longer for each other request; from the least to the most of the pairs, 15 % wider
    int pairs = 0;                     // of numbers at once at one size
};

// Warm observations only; nullopt where no size was measured with two numbers of requests at once. `concurrency` is taken for the requests that
// were under way all the time (a closed loop), which a setting of a platform is not.
[[nodiscard]] std::optional<ObservedSlowdown> observedSlowdown(std::span<const Observation> observations);

}  // namespace pilotlight::model
