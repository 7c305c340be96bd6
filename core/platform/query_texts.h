// The texts of resources/queries, compiled in.
#pragma once

#include <string_view>

namespace pilotlight::platform {

[[nodiscard]] std::string_view billingExportQuery();  // BigQuery; {table} is to be replaced

}  // namespace pilotlight::platform
