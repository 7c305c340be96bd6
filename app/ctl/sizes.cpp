#include "app/ctl/sizes.h"

#include <cstdlib>
#include <sstream>

namespace pilotlight::ctl {

Result<std::vector<Megabytes>> parseSizes(const std::string& text) {
    std::vector<Megabytes> out;
    std::istringstream parts(text);
    for (std::string part; std::getline(parts, part, ',');) {
        char* end = nullptr;
        const long value = std::strtol(part.c_str(), &end, 10);
        if (end == part.c_str() || *end != 0 || value < 1 || value > 1'000'000)
            return fail(ErrorCode::invalid_argument, "\"" + part + "\" is not a memory size", {}, "Write sizes in MB, separated by commas: 128,256,512");
        out.push_back(Megabytes{static_cast<std::int32_t>(value)});
    }
    return out;
}

}  // namespace pilotlight::ctl
