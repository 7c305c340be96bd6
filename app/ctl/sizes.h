// Memory sizes on the command line.
#pragma once

#include <string>
#include <vector>

#include "core/domain/function.h"

namespace pilotlight::ctl {

// "128,256,512" in MB; empty = none. invalid_argument names the part that is no size.
[[nodiscard]] Result<std::vector<Megabytes>> parseSizes(const std::string& text);

}  // namespace pilotlight::ctl
