// The texts of resources/prices, compiled in.
#pragma once

#include <span>
#include <string_view>

namespace pilotlight::pricing {

[[nodiscard]] std::span<const std::string_view> bundledJson();

}  // namespace pilotlight::pricing
