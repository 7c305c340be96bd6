// Warm-pool schedules: which slots to keep warm when.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

namespace pilotlight::model {

// gains[bin * levels + k]: money won by keeping slot k (0-based) warm during a bin instead of not (may be negative). Levels are
// independent, so the best plan with `change_cost` for every switch on or off is a two-state Viterbi for each, cyclic over the bins: O(bins
// x levels). Returns the number of slots kept warm in each bin.
[[nodiscard]] std::vector<std::int32_t> bestSchedule(std::span<const double> gains, std::size_t bins, std::size_t levels,
                                                     double change_cost);

}  // namespace pilotlight::model
