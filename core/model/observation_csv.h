// Reads the observation CSV that `predict memory` and `next-size` take.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "core/base/result.h"
#include "core/domain/metrics.h"

namespace pilotlight::model {

struct ObservationTable {
    std::vector<Observation> observations;  // in file order
    std::vector<std::string> notes;         // what was passed over, one sentence each: "line 7: no duration, passed over"
};

// Header: memory_mb,duration_ms[,count][,p50_ms][,p90_ms][,p95_ms][,p99_ms][,max_memory_used_mb][,cold][,source][,vcpu][,concurrency]
// [,out_of_memory], columns in any order, names in any case. A row is one measurement (count absent or 1) or a summary whose duration_ms
// is the mean of `count` calls. MB as the platform bills it, milliseconds, 0/1/true/false/yes/no for flags, source cloud (default) or
// bench. Tolerates a byte order mark, CRLF, blank lines, lines starting with '#', quoted fields, spaces around values, empty optional
// fields and unknown columns (noted). A row without a duration is passed over with a note, unless it says out_of_memory. Errors:
// invalid_argument naming the line; at most 1,000,000 rows.
[[nodiscard]] Result<ObservationTable> parseObservationCsv(std::string_view text);

}  // namespace pilotlight::model
