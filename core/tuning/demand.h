// What the next week is expected to ask, in words, with the back-test of the forecast. Internal to core/tuning.
#pragma once

#include <string>

#include "core/tuning/evidence.h"

namespace pilotlight::tuning {

// "next 7 days: 10,934 requests (9,800 to 12,100), 0.97 times the last 7; half yesterday, half a week ago: off by 18 % an hour over 6 days
// tried". Empty where fewer than nine whole days of counts are known. The factor is what to give as a what-if's traffic.
[[nodiscard]] std::string demandAheadText(const Evidence& evidence, TimeRange period);

}  // namespace pilotlight::tuning
