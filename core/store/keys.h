// How chunks are keyed: one 63-bit integer, so that the table's own tree is the only index.
#pragma once

#include <cstdint>

#include "core/base/time.h"

namespace pilotlight::store {

// Metric chunks: start of the chunk in seconds since 1970 (33 bits, to the year 2242), then the series (30 bits).
inline constexpr int kSeriesBits = 30;
[[nodiscard]] constexpr std::int64_t chunkKey(std::int64_t start_s, std::int64_t series) { return (start_s << kSeriesBits) | series; }
[[nodiscard]] constexpr std::int64_t seriesOfKey(std::int64_t key) { return key & ((std::int64_t{1} << kSeriesBits) - 1); }
[[nodiscard]] constexpr Timestamp startOfKey(std::int64_t key) { return Timestamp(seconds(key >> kSeriesBits)); }

// Invocation chunks: the function, then the hour since 1970 (24 bits, to the year 3883).
inline constexpr int kHourBits = 24;
inline constexpr std::int64_t kHourMilliseconds = 3'600'000;
[[nodiscard]] constexpr std::int64_t hourKey(std::int64_t function, std::int64_t hour) { return (function << kHourBits) | hour; }
[[nodiscard]] constexpr std::int64_t hourOfKey(std::int64_t key) { return key & ((std::int64_t{1} << kHourBits) - 1); }

// The instants that a key can hold.
inline constexpr Timestamp kEarliest{milliseconds(0)};
inline constexpr Timestamp kLatest{seconds((std::int64_t{1} << 33) - 1)};

}  // namespace pilotlight::store
