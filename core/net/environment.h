// Where environment variables come from; tests hand in their own.
#pragma once

#include <functional>
#include <optional>
#include <string>

namespace pilotlight::net {

using EnvironmentReader = std::function<std::optional<std::string>(const char*)>;
[[nodiscard]] EnvironmentReader processEnvironment();

}  // namespace pilotlight::net
