// Metered amounts. Every dollar on screen traces to some cost line.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/money.h"
#include "core/base/time.h"

namespace pilotlight {

// Names of meters, the same on every platform where the meaning is the same. Used as keys in JSON breakdowns.
namespace meter {
inline constexpr const char* kRequests = "requests";
inline constexpr const char* kDuration = "duration";                       // GB-s on demand (without INIT)
inline constexpr const char* kInit = "init";                               // GB-s of billed INIT
inline constexpr const char* kPoolKept = "warm_pool";                      // GB-s kept warm
inline constexpr const char* kPoolDuration = "warm_pool_duration";         // GB-s run on the pool
inline constexpr const char* kStorage = "ephemeral_storage";
inline constexpr const char* kVcpu = "vcpu";
inline constexpr const char* kMemory = "memory";
inline constexpr const char* kIdleVcpu = "idle_vcpu";
inline constexpr const char* kIdleMemory = "idle_memory";
inline constexpr const char* kGpu = "gpu";
inline constexpr const char* kOther = "other";
} // namespace meter

enum class CostKind { computed, billed, effective };
[[nodiscard]] const char* name(CostKind kind);
[[nodiscard]] Result<CostKind> parseCostKind(std::string_view text);

struct CostLine {
    std::string function_id;               // empty = not attributable to one function; billed lines as stored: also the id of an Azure plan
    std::string profile;
    std::string service;                   // "AWS Lambda"
    std::string usage_type;                // the platform's own: "EU-Lambda-GB-Second"
    std::string meter;                     // one of meter::k*
    std::string region;
    TimeRange period;
    double quantity = 0;
    std::string unit;                      // "GB-s", "requests"
    Money unit_price;                      // zero where the bill does not say
    Money amount;
    CostKind kind = CostKind::billed;
    bool estimated = false;                // the bill is not closed
    std::string source;                    // "Cost Explorer", "us-east-1 prices of 2026-11-20 (bundled)"
};

// One reading of a price: tiers in ascending order of `from`.
struct PriceTier {
    double from = 0;                       // quantity a month and account at which it begins
    Money price;                           // USD a unit
};
struct Price {
    std::string meter;
    std::string unit;                      // "GB-s", "request"
    std::vector<PriceTier> tiers;
    std::string source;                    // "AWS Price List, AWSLambda, us-east-1"
    std::string source_id;                 // SKU or group
};

// Prices for one platform, region and architecture, with validity and source.
struct PriceBook {
    std::string platform;                  // "aws"
    std::string region;
    std::string architecture;              // "x86_64"
    Timestamp valid_from{};
    Timestamp read_at{};
    std::string publication;               // publication date or version of the source
    bool bundled = false;                  // shipped with the program, may be out of date
    std::vector<Price> prices;
    [[nodiscard]] const Price* find(std::string_view meter) const;
};

} // namespace pilotlight
