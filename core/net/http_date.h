// Dates of HTTP headers.
#pragma once

#include <optional>
#include <string_view>

#include "core/base/time.h"

namespace pilotlight::net {

// "Sun, 06 Nov 1994 08:49:37 GMT" (RFC 9110, 5.6.7; the obsolete forms are not read). nullopt where it is none.
[[nodiscard]] std::optional<Timestamp> parseHttpDate(std::string_view text);

}  // namespace pilotlight::net
