// The same work on other platforms: cost and latency on Lambda, Cloud Run and Azure's Flex Consumption side by side, at this function's traffic.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "core/domain/cost.h"
#include "core/domain/tuning.h"

namespace pilotlight::tuning {

// One platform's answer. Costs are per 30 days at list price, before free grants; data transfer and other services are not in them.
struct Placement {
    PlatformKind platform = PlatformKind::aws;
    std::string service;            // "AWS Lambda", "Cloud Run", "Azure Flex Consumption", "Azure Consumption"
    std::string region;             // empty: no region near this one is known
    Megabytes memory;
    double vcpu = 0;
    std::int32_t concurrency = 1, warm_pool = 0;
    bool today = false;             // where it runs now, by today's settings: measured; others are predicted
    bool meets_target = false;      // p95 within the target (its own, else 5 % above today's); false where p95 is unknown
    Outcome outcome;                // cost_month null where a price is unknown; percentiles null where none was measured
    std::vector<CostLine> lines;    // sum to the cost: quantity x unit price, each with the source and date of its price
    std::string prices;             // the price book with its date, or why the cost is unknown
};

struct Elsewhere {
    std::vector<Placement> placements;  // today's first, then one for each platform, its cheapest size that meets the target, else its fastest
    std::optional<double> target_p95_ms;
    std::vector<std::string> cautions;
};

// Prices of a platform in a region, of x86; nullopt where no price list is known.
using BookSource = std::function<std::optional<PriceBook>(PlatformKind, const std::string& region)>;

}  // namespace pilotlight::tuning
