// One Lambda log line -> Invocation: REPORT lines (text logs) and platform.report records (JSON logs).
#pragma once

#include <optional>
#include <string_view>

#include "core/domain/metrics.h"

namespace pilotlight::platform::aws {

enum class LineKind {
    other,  // not a report at all
    report,
    unreadable,  // says it is a report, but has no duration or request id
};
struct ReportLine {
    LineKind kind = LineKind::other;
    Invocation invocation;  // instance = 0; set by the caller, who knows the log stream
};

// `logged` is the time of the log event: the end of the invocation. Its start is reckoned back by the duration (JSON logs: from the
// record's own time). Fields are found by name: order, unknown fields, missing ones and kind of white space do not matter.
[[nodiscard]] ReportLine parseReportLine(std::string_view line, Timestamp logged);

// FNV-1a, 64 bits: request ids and log streams.
[[nodiscard]] std::uint64_t hashOf(std::string_view text);

}  // namespace pilotlight::platform::aws
