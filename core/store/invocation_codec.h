// Invocations of one function and one hour as bytes, column by column. Lossless.
//
//   varint      number of rows; then columns, each packed (packing.h):
//   time        milliseconds since the hour, ascending
//   request     8 bytes each: hashes do not compress
//   instance    index into the hour's list of instances, which stands before it
//   duration, max memory   floats: byte mode 0..3 = integers after scaling by 10^mode, 7 = bits of the float
//   billed      mode 0: difference to the duration rounded up to 1 ms; else as a float column
//   memory      MB
//   flags       bit 0 failed, 1 timed out, 2 provisioned, 3 cold
//   init        float column of the cold rows only (warm rows read back as -1)
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "core/base/result.h"
#include "core/base/time.h"
#include "core/domain/metrics.h"
#include "core/store/packing.h"

namespace pilotlight::store {

// The order of rows in a chunk, and what makes two rows the same one: time and request; rows whose request is unknown (0) are the
// same when instance and duration are.
[[nodiscard]] bool invocationBefore(const Invocation& a, const Invocation& b);

// Sorted, without doubles; of equal rows the last one of `newer`, else of `older`, stays. `older` is sorted already.
[[nodiscard]] std::vector<Invocation> mergeInvocations(std::span<const Invocation> older, std::vector<Invocation> newer);

// `rows` sorted by invocationBefore, all within the hour that starts at `start`, at least one.
void encodeInvocations(std::span<const Invocation> rows, Timestamp start, Bytes& out);
// Appends to `rows`. storage: the bytes are not a chunk.
[[nodiscard]] Status decodeInvocations(std::span<const std::uint8_t> bytes, Timestamp start, std::vector<Invocation>& rows);

}  // namespace pilotlight::store
