// GET .../sites/{app}/functions -> names and triggers. Keys and test data that come along are not kept.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "core/domain/function.h"

namespace pilotlight::platform::azure {

struct AppFunctionPage {
    std::vector<AppFunction> functions;
    std::string next_link;  // empty = the last page
};
// Errors: protocol.
[[nodiscard]] Result<AppFunctionPage> parseAppFunctions(std::string_view body);

}  // namespace pilotlight::platform::azure
