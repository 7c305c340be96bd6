// JSON of Microsoft.Web sites, plans and config/web -> Function. App settings are never asked for.
#pragma once

#include <nlohmann/json_fwd.hpp>
#include <string>

#include "core/domain/function.h"

namespace pilotlight::platform::azure {

// "/subscriptions/S/resourceGroups/G/providers/Microsoft.Web/sites/N", in any case.
struct SiteId {
    std::string subscription, group, name;
    [[nodiscard]] std::string text() const;  // lower case
};
[[nodiscard]] std::optional<SiteId> parseSiteId(std::string_view text);
// "East US" -> "eastus"
[[nodiscard]] std::string lowered(std::string_view text);  // ASCII
[[nodiscard]] std::string regionOf(std::string_view location);
// Function apps proper: not web apps, not Logic Apps workflows.
[[nodiscard]] bool isFunctionApp(const nlohmann::json& site);

// untuned["kind"]: "flex" | "premium" | "consumption" | "dedicated", by the plan, or by the site's own word where the plan is null. `config`
// (config/web) may be null where it is not needed (Flex) or was refused: its settings are then unknown. protocol where the id cannot be read.
[[nodiscard]] Result<Function> parseSite(const nlohmann::json& site, const nlohmann::json& plan, const nlohmann::json& config,
                                         const std::string& profile, Timestamp now);
[[nodiscard]] std::string planKind(const nlohmann::json& plan, const nlohmann::json& site);
// The instances' size is that of a plan that could not be read: nothing can be computed, and no size is made up.
[[nodiscard]] bool sizeUnknown(const Function& function);

}  // namespace pilotlight::platform::azure
