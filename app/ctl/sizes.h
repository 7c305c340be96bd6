// Memory sizes on the command line, and what they cost at list price.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "core/domain/function.h"
#include "core/model/memory_choice.h"

namespace pilotlight::ctl {

// "128,256,512" in MB; empty = none. invalid_argument names the part that is no size.
[[nodiscard]] Result<std::vector<Megabytes>> parseSizes(const std::string& text);

// List prices of the bundled book: Lambda in us-east-1, Cloud Run (request-based) in us-central1, Azure Flex Consumption in eastus.
// nullopt: none for that platform and architecture.
[[nodiscard]] std::optional<model::PricePlan> pricePlan(PlatformKind platform, Architecture architecture);

}  // namespace pilotlight::ctl
