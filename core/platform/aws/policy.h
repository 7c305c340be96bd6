// Least-privilege IAM policies, generated from the table of operations.
#pragma once

#include <string>

#include "core/platform/aws/operations.h"

namespace pilotlight::platform::aws {

// All that reading needs.
[[nodiscard]] std::string readPolicy();
// What applying needs besides. "*" for an account or region that is not known.
[[nodiscard]] std::string applyPolicy(const std::string& account, const std::string& region);
// The one statement that would allow this operation; empty where none is needed.
[[nodiscard]] std::string policyFor(Operation operation);

}  // namespace pilotlight::platform::aws
