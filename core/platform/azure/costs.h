// Cost Management queries and Retail Prices.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "core/domain/cost.h"

namespace pilotlight::platform::azure {

struct CostPage {
    std::vector<CostLine> lines;
    std::string next_link;
};
// An answer grouped by ResourceId and Meter, with CostUSD and UsageQuantity. protocol where a column is missing.
[[nodiscard]] Result<CostPage> parseCostPage(std::string_view body, const std::string& profile, CostKind kind);
// Meter of core from the name of a bill's meter.
[[nodiscard]] std::string meterOf(std::string_view name);

struct PricePage {
    std::vector<std::pair<std::string, Price>> prices;  // by region
    std::string effective, next_link;
};
// Consumption prices of Functions in USD; free tiers (price 0 below the paid one) are left out. protocol where the text is no such answer.
[[nodiscard]] Result<PricePage> parsePricePage(std::string_view body);

}  // namespace pilotlight::platform::azure
