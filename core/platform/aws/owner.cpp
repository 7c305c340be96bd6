#include "core/platform/aws/owner.h"

#include <algorithm>
#include <cctype>
#include <string_view>

namespace pilotlight::platform::aws {
namespace {

std::string lower(std::string_view text) {
    std::string out(text);
    std::transform(out.begin(), out.end(), out.begin(), [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
    return out;
}

// "ManagedBy", "managed-by", "managed_by", "CreatedBy", "provisioner", "IaC", ...: tags by which people say it.
bool saysOwner(std::string_view key) {
    std::string plain;
    for (const char c : lower(key)) {
        if (c != '-' && c != '_' && c != ' ' && c != ':') plain.push_back(c);
    }
    static constexpr std::string_view names[] = {"managedby", "createdby", "deployedby", "provisionedby", "provisioner", "iac", "iactool"};
    return std::find(std::begin(names), std::end(names), plain) != std::end(names);
}

}  // namespace

std::optional<std::string> ownerFromTags(const std::map<std::string, std::string>& tags) {
    const auto has = [&](const char* key) { return tags.contains(key); };
    // AWS SAM tags every function it deploys; it deploys through CloudFormation, and so do serverless and CDK.
    if (const auto created = tags.find("lambda:createdBy"); created != tags.end() && lower(created->second) == "sam") return "sam";
    for (const auto& [key, value] : tags) {
        const std::string name = lower(key), said = lower(value);
        const bool owner_tag = saysOwner(key);
        for (const char* tool : {"terraform", "opentofu", "pulumi", "serverless", "cdk", "cloudformation"}) {
            if (owner_tag && said.find(tool) != std::string::npos) return tool;
        }
        const bool on = said != "false" && said != "no" && said != "0";
        if (on &&
            (name == "terraform" || name.starts_with("terraform:") || name.starts_with("terraform-") || name.starts_with("terraform_"))) {
            return "terraform";
        }
        if (on && name == "opentofu") return "opentofu";
        if (name.starts_with("pulumi:")) return "pulumi";
        if (name.starts_with("aws-cdk:") || name.starts_with("aws:cdk:")) return "cdk";
    }
    if (has("aws:cloudformation:stack-name") || has("aws:cloudformation:stack-id") || has("aws:cloudformation:logical-id")) {
        return has("STAGE") ? "serverless" : "cloudformation";  // the serverless framework tags its stacks with STAGE
    }
    return std::nullopt;
}

}  // namespace pilotlight::platform::aws
