// Prices of Azure Functions: Consumption, Flex Consumption, Premium. Source of rates: Retail Prices reads of 2026-09; of rules: azure-docs
// flex-consumption-plan, functions-consumption-costs, functions-premium-plan.
#pragma once

#include <map>
#include <string>

#include "core/pricing/price_book.h"

namespace pilotlight::pricing {

// Rows of an Azure price book.
namespace azure_rate {
inline constexpr const char* kConsumptionTime = "consumption_time";              // GB-s
inline constexpr const char* kConsumptionExecutions = "consumption_executions";  // each
inline constexpr const char* kFlexTime = "flex_time";                            // GB-s on demand
inline constexpr const char* kFlexExecutions = "flex_executions";                // each, on demand or always ready
inline constexpr const char* kFlexBaseline = "flex_baseline";                    // GB-s kept ready
inline constexpr const char* kFlexReadyTime = "flex_ready_time";                 // GB-s run on always-ready instances
inline constexpr const char* kPremiumVcpu = "premium_vcpu";                      // vCPU-s
inline constexpr const char* kPremiumMemory = "premium_memory";                  // GiB-s
}  // namespace azure_rate

// List price by meter, before free grants (400,000 GB-s and 1 M executions a month on Consumption; 100,000 GB-s and 250,000 on Flex on
// demand). usage.duration_ms_billed: instance time with at least one execution (Flex: at least 1 s a stretch, in steps of 100 ms), or
// GB-s over the shape's memory (Consumption, whose memory is sampled). Premium: instance_seconds. not_found names the missing price.
[[nodiscard]] Result<std::map<std::string, Money>> azureCost(const Usage& usage, const InstanceShape& shape, const PriceBook& book,
                                                             const std::map<std::string, double>& factors);

}  // namespace pilotlight::pricing
