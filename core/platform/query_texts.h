// The texts of resources/queries, compiled in.
#pragma once

#include <string_view>

namespace pilotlight::platform {

[[nodiscard]] std::string_view billingExportQuery();  // BigQuery; {table} is to be replaced
[[nodiscard]] std::string_view insightsRequestsQuery();  // Application Insights; {from}, {to}, {step}, {apps}

}  // namespace pilotlight::platform
