// Cost Explorer: what AWS billed for Lambda, by day, usage type and region.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "core/domain/cost.h"

namespace pilotlight::platform::aws {

struct CostPage {
    std::vector<CostLine> lines;  // billed (unblended) and effective (amortized) ones
    std::string next_token;
};
// protocol where the text is no such answer or an amount is no number.
[[nodiscard]] Result<CostPage> parseCostPage(std::string_view body, const std::string& profile, bool by_region);

}  // namespace pilotlight::platform::aws
