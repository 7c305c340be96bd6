// The report as one HTML file: no scripts, no outside files, charts as inline SVG. The console prints the same to PDF.
#pragma once

#include <string>

#include "core/workspace.h"

namespace pilotlight::common {

// Everything the workspace knows of the range: totals, functions, costs by day, recommendations, changes with predicted against
// realised, what could not be read, and where each figure comes from.
[[nodiscard]] Result<std::string> htmlReport(Workspace& workspace, TimeRange range, const JobContext& job);

} // namespace pilotlight::common
