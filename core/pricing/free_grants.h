// What the platforms give for nothing every month: once an account, never once a function.
#pragma once

#include <functional>
#include <span>
#include <string>
#include <vector>

#include "core/domain/cost.h"
#include "core/domain/function.h"

namespace pilotlight::pricing {

// The grant that a function's use counts against: "aws", "gcp request", "gcp instance", "gcp 1st gen", "azure consumption", "azure flex";
// empty where there is none (Premium and dedicated plans).
[[nodiscard]] std::string grantOf(const Function& function);

// Most that free grants take off computed lines (with quantities, before grants), as lines of negative amounts that belong to no function:
// one an account, UTC month, grant and meter. "Most", because of a month that the lines hold in part the rest may have used the grant up.
// An account is an AWS account, an Azure subscription, or all of a profile's projects (which billing account pays for them is not known).
// Google takes grants off at Tier 1 prices whatever the region; elsewhere a unit is worth what it costs on average.
// `function`: of an id; nullptr = unknown, left out.
// Sources: aws.amazon.com/lambda/pricing; cloud.google.com/run/pricing (2026-07..09) and firebase-tools 15 for the 1st generation; Azure
// Retail Prices, tierMinimumUnits (2026-09) and azure-docs flex-consumption-plan (none for always-ready instances).
[[nodiscard]] std::vector<CostLine> freeGrants(std::span<const CostLine> computed,
                                               const std::function<const Function*(const std::string& id)>& function);

}  // namespace pilotlight::pricing
