// Numbers on the command line.
#pragma once

#include <functional>
#include <string>

namespace pilotlight::ctl {

// A check for CLI11: finite and within the range. CLI11's own ones let "nan" through.
[[nodiscard]] std::function<std::string(const std::string&)> finite(double least, double most);

}  // namespace pilotlight::ctl
