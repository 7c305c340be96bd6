// Log text of one invocation, made on demand: the same row gives the same lines.
// Layout: AWS Lambda developer guide, lambda-runtime-environment and telemetry-schema-reference.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "app/sandbox/engine/world.h"

namespace pilotlight::sandbox {

struct LogLine {
    std::int64_t at_ms = 0;
    std::string message;
};

[[nodiscard]] std::string requestId(const FunctionState& function, std::uint64_t index);
[[nodiscard]] std::string logStream(const FunctionState& function, const Invocation& row);
// INIT_START (cold), START, what the runtime says of failures, END, REPORT; or their JSON forms.
[[nodiscard]] std::vector<LogLine> logLines(const FunctionState& function, const Invocation& row, std::uint64_t index, bool report_only);

}  // namespace pilotlight::sandbox
