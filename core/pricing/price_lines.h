// Quantities times the prices of a book. Internal to core/pricing.
#pragma once

#include <map>
#include <span>
#include <string>
#include <vector>

#include "core/pricing/price_book.h"

namespace pilotlight::pricing {

struct PricedLine {
    const char* meter;
    const char* priced_as;  // the price it has: INIT is billed at the rate of duration, in the same tiers
    double quantity;
    double before;  // units before, which pick the tier
};
// Lines without a quantity are left out. not_found names the missing price; invalid_argument: a quantity is negative or no number.
[[nodiscard]] Result<std::vector<CostLine>> priceLines(std::span<const PricedLine> lines, const PriceBook& book,
                                                              const std::map<std::string, double>& factors);

[[nodiscard]] Result<std::map<std::string, Money>> byMeter(Result<std::vector<CostLine>> lines);

// The rules of each platform.
[[nodiscard]] Result<std::vector<CostLine>> lambdaLines(const Usage& usage, Megabytes memory, Megabytes ephemeral_storage, const PriceBook& book,
                                                        const std::map<std::string, double>& factors);
[[nodiscard]] Result<std::vector<CostLine>> cloudRunLines(const Usage& usage, const InstanceShape& shape, const PriceBook& book,
                                                          const std::map<std::string, double>& factors);
[[nodiscard]] Result<std::vector<CostLine>> azureLines(const Usage& usage, const InstanceShape& shape, const PriceBook& book,
                                                       const std::map<std::string, double>& factors);

}  // namespace pilotlight::pricing
