// Figures and ids of recommendations, worded alike for all platforms. Internal to core/tuning.
#pragma once

#include <string>

#include "core/domain/tuning.h"

namespace pilotlight::tuning {

inline constexpr double kLeastShare = 0.02, kLeastUsd = 0.05;  // what a change must save to be worth making
inline constexpr std::size_t kMostReplays = 40;  // to find a setting that reaches a target: bounds the wait

// The same for the same function and settings.
[[nodiscard]] std::string stableId(const Recommendation& recommendation);
[[nodiscard]] std::string dollars(double usd);            // "$12.34", "$1,204"
[[nodiscard]] std::string percent(double share);          // "12 %", "0.3 %"
[[nodiscard]] std::string milliseconds3(double seconds);  // "1,204 ms"

}  // namespace pilotlight::tuning
