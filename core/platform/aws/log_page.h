// One page of FilterLogEvents.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "core/base/result.h"
#include "core/base/time.h"

namespace pilotlight::platform::aws {

struct LogEvent {
    Timestamp time{};
    std::string stream;
    std::string message;
};
struct LogPage {
    std::vector<LogEvent> events;
    std::string next_token;  // pages may be empty and still have one
};
// protocol where the text is not such a page.
[[nodiscard]] Result<LogPage> parseLogPage(std::string_view body);

}  // namespace pilotlight::platform::aws
