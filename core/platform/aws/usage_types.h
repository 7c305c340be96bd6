// Lambda's usage types ("EU-Lambda-GB-Second-ARM") -> meters and units.
#pragma once

#include <string>
#include <string_view>

namespace pilotlight::platform::aws {

struct UsageType {
    std::string prefix;  // "EU", "USE2"; empty = us-east-1 or a global item
    std::string meter;   // one of meter::k*
    std::string unit;    // "GB-s", "request", "GB", ""
};
// Names are matched whole, so that "Lambda-GB-Second" does not take in storage, edge or provisioned ones. What is unknown is `other`.
[[nodiscard]] UsageType parseUsageType(std::string_view usage_type);

}  // namespace pilotlight::platform::aws
