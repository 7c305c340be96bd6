// Metric points of one series and one stretch of time as bytes. Lossless for every double, also NaN payloads, infinities and -0.
//
//   byte 0      bits 0-1 times: 0 = consecutive slots, 1 = bitmap of slots, 2 = milliseconds; bits 2-4 values: 0..5 = integers after
//               scaling by 10^(0,1,2,3,4,6), 7 = the double's own bits
//   varint      number of points
//   times       varint first slot | 36 bytes | packed differences
//   values      packed (packing.h): integers from their smallest; bits mapped so that their order is that of the numbers, without the
//               low bits that all of them share
//
// Why: counts and decimals of cloud metrics are small integers in disguise (1-2 bytes); averages have full mantissas and no codec
// gets below about 6.7 bytes for them.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "core/base/result.h"
#include "core/base/time.h"
#include "core/domain/metrics.h"
#include "core/store/packing.h"

namespace pilotlight::store {

// A chunk spans so many periods from an aligned start: one UTC day of a 5-minute series.
inline constexpr std::int64_t kChunkSlots = 288;
[[nodiscard]] constexpr std::int64_t chunkSpanSeconds(seconds period) { return period.count() * kChunkSlots; }
[[nodiscard]] constexpr std::int64_t chunkStartSeconds(Timestamp time, seconds period) {
    const std::int64_t span = chunkSpanSeconds(period) * 1000;
    return time.time_since_epoch().count() / span * chunkSpanSeconds(period);  // times before 1970 are refused earlier
}

// `points` in strictly ascending time, all within the chunk that starts at `start`, at least one.
void encodeChunk(std::span<const MetricPoint> points, Timestamp start, seconds period, Bytes& out);
// Appends to `points`. storage: the bytes are not a chunk.
[[nodiscard]] Status decodeChunk(std::span<const std::uint8_t> bytes, Timestamp start, seconds period, std::vector<MetricPoint>& points);

// What the day level needs. Sums are plain sums; NaN points count but do not add.
struct ChunkSummary {
    std::int64_t points = 0;
    double total = 0, low = 0, high = 0;
};
[[nodiscard]] ChunkSummary summarise(std::span<const MetricPoint> points);

// Both in ascending time; where both hold an instant, `newer` wins.
[[nodiscard]] std::vector<MetricPoint> mergePoints(std::span<const MetricPoint> older, std::span<const MetricPoint> newer);

}  // namespace pilotlight::store
