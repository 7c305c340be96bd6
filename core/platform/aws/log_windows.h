// Which parts of the log are read in full when the whole is more than the budget allows.
#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

#include "core/base/time.h"

namespace pilotlight::platform::aws {

inline constexpr minutes kLogWindow{5};
inline constexpr std::int64_t kLinesPerPage = 4'000;  // 1 MB of report lines with their envelope

struct LogPlan {
    bool whole = false;              // everything fits: `windows` are long consecutive parts
    std::vector<TimeRange> windows;  // in the order in which they are to be read
};

// Stratified sample: the missing time is cut into 5-minute windows, these into as many equal strata as the budget pays for, and of each
// stratum one window is drawn. Every window costs a call however few lines it holds, so where lines are sparse there are fewer and longer ones:
// never more calls than reading the whole would take. Read in random order, so that a budget that ends early leaves an even sample too. Same seed, same windows.
// `expected_lines` of the whole of `missing`; 0 = unknown, then every window is listed, evenly spread first.
[[nodiscard]] LogPlan planLogWindows(const RangeSet& missing, std::int64_t expected_lines, std::int64_t budget, std::uint64_t seed);

}  // namespace pilotlight::platform::aws
