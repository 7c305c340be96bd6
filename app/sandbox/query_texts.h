// The queries of resources/queries that the sandbox answers, compiled in.
#pragma once

#include <string_view>

namespace pilotlight::sandbox {

[[nodiscard]] std::string_view billingExportQuery();
[[nodiscard]] std::string_view insightsRequestsQuery();

}  // namespace pilotlight::sandbox
