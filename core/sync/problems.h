// Problems as the import record keeps them.
#pragma once

#include <string>

#include "core/platform/platform.h"

namespace pilotlight::sync {

// JSON object {scope, operation, code, what, meaning, action, permission, policy}.
[[nodiscard]] std::string toJson(const platform::Problem& problem);
// Nothing more can be read: no credentials, the store is of no use, cancelled.
[[nodiscard]] bool stopsEverything(const Error& error);

}  // namespace pilotlight::sync
