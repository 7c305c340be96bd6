// The sandbox's own bill: integers of picodollars (1e-12 USD) from integer usage, line by line. Shares nothing with core/pricing.
// Rates: AWS Lambda price list of us-east-1 (AWSLambda publications of 2025-10-28 and 2026-09-19 agree).
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "app/sandbox/engine/world.h"

namespace pilotlight::sandbox {

struct Rate {
    const char* group;       // price list group without "-ARM"
    const char* usage_type;  // without region prefix and "-ARM"
    const char* unit;
    std::int64_t x86_pico;  // per unit
    std::int64_t arm_pico;
};
// Requests, duration, pool capacity, duration on the pool, storage: in this order.
inline constexpr Rate kRates[] = {
    {"AWS-Lambda-Requests", "Request", "Requests", 200'000, 200'000},
    {"AWS-Lambda-Duration", "Lambda-GB-Second", "Lambda-GB-Second", 16'666'700, 13'333'400},
    {"AWS-Lambda-Provisioned-Concurrency", "Lambda-Provisioned-Concurrency", "Lambda-GB-Second", 4'166'700, 3'333'400},
    {"AWS-Lambda-Duration-Provisioned", "Lambda-Provisioned-GB-Second", "Lambda-GB-Second", 9'722'200, 7'777'800},
    {"AWS-Lambda-Storage-Duration", "Lambda-Storage-GB-Second", "GB-Seconds", 30'900, 30'900},
};

// "" for us-east-1, "EU-" for eu-west-1, ...
[[nodiscard]] const char* regionPrefix(const std::string& region);

struct BillLine {
    std::int32_t day = 0;  // days since 1970, UTC
    const FunctionState* function = nullptr;
    std::string usage_type;        // as the bill prints it
    std::int64_t milli_units = 0;  // requests x 1000, or GB-ms
    std::int64_t picodollars = 0;
};

// All lines of the days [from, to); no free grant is taken off.
[[nodiscard]] std::vector<BillLine> billOf(const World& world, std::int32_t from, std::int32_t to);

// "12.3456" from 1e-12 units.
[[nodiscard]] std::string decimal(std::int64_t value, int decimals);

}  // namespace pilotlight::sandbox
