#include "app/ctl/numbers.h"

#include <fmt/format.h>

#include <cmath>
#include <cstdlib>

namespace pilotlight::ctl {

std::function<std::string(const std::string&)> finite(double least, double most) {
    return [least, most](const std::string& text) {
        char* end = nullptr;
        const double value = std::strtod(text.c_str(), &end);
        const bool fits = end != text.c_str() && *end == 0 && std::isfinite(value) && value >= least && value <= most;
        return fits ? std::string() : fmt::format("{} is not a number from {:g} to {:g}", text, least, most);
    };
}

}  // namespace pilotlight::ctl
