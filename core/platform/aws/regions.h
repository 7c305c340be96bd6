// The regions that AWS Lambda has, and what an ARN says.
#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>

namespace pilotlight::platform::aws {

struct Region {
    const char* code;
    bool opt_in;  // off in an account until somebody enables it
};
// Of the standard partition ("aws").
[[nodiscard]] std::span<const Region> knownRegions();
[[nodiscard]] bool isOptIn(std::string_view region);
// "amazonaws.com", "amazonaws.com.cn", "amazonaws.eu"
[[nodiscard]] std::string dnsSuffix(std::string_view region);

struct FunctionArn {
    std::string partition, region, account, name, qualifier;
    [[nodiscard]] std::string unqualified() const;
};
// arn:aws:lambda:us-east-1:123456789012:function:name[:qualifier]
[[nodiscard]] std::optional<FunctionArn> parseFunctionArn(std::string_view arn);

}  // namespace pilotlight::platform::aws
