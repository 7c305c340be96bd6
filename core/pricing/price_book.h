// Price books: bundled and read ones, and usage x price -> cost lines.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "core/base/money.h"
#include "core/domain/cost.h"
#include "core/domain/function.h"

namespace pilotlight::pricing {

// Books that ship with the program: only rows with a source (resources/prices). Other regions: price unknown.
[[nodiscard]] const std::vector<PriceBook>& bundledBooks();
[[nodiscard]] std::optional<PriceBook> bundledBook(const std::string& platform, const std::string& region, const std::string& architecture);
// "us-east-1 prices of 2026-09-19 (bundled)"
[[nodiscard]] std::string describe(const PriceBook& book);

// What one function used in a period, before pricing. Quantities are totals over the period.
struct Usage {
    double requests = 0;                 // on demand and on the pool
    double duration_ms_billed = 0;       // on demand, each invocation rounded up to 1 ms, without INIT
    double init_ms_billed = 0;           // on demand
    double pool_duration_ms_billed = 0;  // run on the pool
    double pool_instance_seconds = 0;    // instances kept warm x time, each enablement rounded up to 5 min
    double instance_seconds = 0;         // all instances, from start to end; 0 = unknown. Platforms that bill their whole life
    double total_gb_seconds_before = 0;  // already used this month by the account and architecture: picks the tier
};

// List-price cost of that usage by meter, before free grants, times the profile's factors. not_found names the missing price.
[[nodiscard]] Result<std::map<std::string, Money>> lambdaCost(const Usage& usage, Megabytes memory, Megabytes ephemeral_storage,
                                                              const PriceBook& book, const std::map<std::string, double>& factors);

// The instance whose time is billed.
struct InstanceShape {
    Megabytes memory;
    double vcpu = 0;  // platforms that bill it apart from memory
    Megabytes ephemeral_storage{512};
    bool instance_based = false;    // Cloud Run: billed for the whole life of an instance
    bool first_generation = false;  // Cloud Functions, 1st generation
    std::string accelerator;        // "nvidia-l4"; empty = no GPU
    bool accelerator_redundant = true;  // a GPU in another zone is held ready (the platform's default)
    std::string plan;               // Azure: "flex", "premium", "consumption"
};
// `memory`, `vcpu`: those that were in force, where they are not today's.
[[nodiscard]] InstanceShape shapeOf(const Function& function, Megabytes memory, std::optional<double> vcpu = {});
// The cost by the rules of the book's platform.
[[nodiscard]] Result<std::map<std::string, Money>> functionCost(const Usage& usage, const InstanceShape& shape, const PriceBook& book,
                                                                const std::map<std::string, double>& factors);
// The same line by line, each with quantity, unit price and the source of the price. A unit price over several tiers is their mean.
[[nodiscard]] Result<std::vector<CostLine>> functionLines(const Usage& usage, const InstanceShape& shape, const PriceBook& book,
                                                          const std::map<std::string, double>& factors);
[[nodiscard]] Money sum(const std::map<std::string, Money>& by_meter);
// Whether a meter of functionCost is paid for keeping instances, whatever is served.
[[nodiscard]] bool isKept(const std::string& meter_name);

// Tiered price of `quantity` units that begin after `before` units.
[[nodiscard]] Money tieredCost(const Price& price, double quantity, double before);

}  // namespace pilotlight::pricing
