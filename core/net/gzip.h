// gzip and zlib bodies, whole or not at all.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "core/base/result.h"

namespace pilotlight::net {

// Errors: network (cut or damaged; longer than `max_bytes` once decoded). Accepts several gzip members one after the other.
[[nodiscard]] Result<std::string> gunzip(std::string_view data, std::uint64_t max_bytes);

}  // namespace pilotlight::net
