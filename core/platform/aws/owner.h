// Who owns a function's settings: infrastructure code that would undo a change at its next deployment.
#pragma once

#include <map>
#include <optional>
#include <string>

namespace pilotlight::platform::aws {

// From tags: "serverless", "sam", "cdk", "cloudformation", "terraform", "opentofu", "pulumi"; nullopt: nobody that we know of.
[[nodiscard]] std::optional<std::string> ownerFromTags(const std::map<std::string, std::string>& tags);

}  // namespace pilotlight::platform::aws
