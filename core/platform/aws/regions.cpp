#include "core/platform/aws/regions.h"

#include <fmt/format.h>

#include <vector>

namespace pilotlight::platform::aws {

std::span<const Region> knownRegions() {
    // AWS regional services list (botocore endpoints.json, partition aws).
    static constexpr Region table[] = {
        {"us-east-1", false},      {"us-east-2", false},      {"us-west-1", false},      {"us-west-2", false},
        {"ca-central-1", false},   {"sa-east-1", false},      {"eu-west-1", false},      {"eu-west-2", false},
        {"eu-west-3", false},      {"eu-central-1", false},   {"eu-north-1", false},     {"ap-south-1", false},
        {"ap-northeast-1", false}, {"ap-northeast-2", false}, {"ap-northeast-3", false}, {"ap-southeast-1", false},
        {"ap-southeast-2", false}, {"af-south-1", true},      {"ap-east-1", true},       {"ap-east-2", true},
        {"ap-south-2", true},      {"ap-southeast-3", true},  {"ap-southeast-4", true},  {"ap-southeast-5", true},
        {"ap-southeast-6", true},  {"ap-southeast-7", true},  {"ca-west-1", true},       {"eu-central-2", true},
        {"eu-south-1", true},      {"eu-south-2", true},      {"il-central-1", true},    {"me-central-1", true},
        {"me-south-1", true},      {"mx-central-1", true},
    };
    return table;
}

bool isOptIn(std::string_view region) {
    for (const Region& known : knownRegions()) {
        if (region == known.code) return known.opt_in;
    }
    return false;
}

std::string dnsSuffix(std::string_view region) {
    if (region.starts_with("cn-")) return "amazonaws.com.cn";
    if (region.starts_with("eusc-")) return "amazonaws.eu";
    return "amazonaws.com";
}

std::string FunctionArn::unqualified() const { return fmt::format("arn:{}:lambda:{}:{}:function:{}", partition, region, account, name); }

std::optional<FunctionArn> parseFunctionArn(std::string_view arn) {
    std::vector<std::string_view> parts;
    while (parts.size() < 8) {
        const auto colon = arn.find(':');
        parts.push_back(arn.substr(0, colon));
        if (colon == std::string_view::npos) {
            arn = {};
            break;
        }
        arn.remove_prefix(colon + 1);
    }
    if (!arn.empty() || (parts.size() != 7 && parts.size() != 8)) return std::nullopt;
    if (parts[0] != "arn" || parts[2] != "lambda" || parts[5] != "function" || parts[6].empty() || parts[3].empty()) return std::nullopt;
    return FunctionArn{std::string(parts[1]), std::string(parts[3]), std::string(parts[4]), std::string(parts[6]),
                       parts.size() == 8 ? std::string(parts[7]) : std::string{}};
}

}  // namespace pilotlight::platform::aws
