// Messages of services, made fit to be shown.
#pragma once

#include <string>
#include <string_view>

namespace pilotlight::net {

// First line, redacted, at most 300 bytes, without a full stop at its end. (AWS's SignatureDoesNotMatch goes on with the canonical
// request, token and all.)
[[nodiscard]] std::string tidyMessage(std::string_view message);

}  // namespace pilotlight::net
