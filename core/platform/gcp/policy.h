// What reading and applying need, as a custom role and as predefined roles; generated from the table of operations.
#pragma once

#include <string>

#include "core/platform/gcp/operations.h"

namespace pilotlight::platform::gcp {

// A custom role for `gcloud iam roles create --file` (YAML), with the predefined roles that would do as comments.
[[nodiscard]] std::string readPolicy();
// What applying needs besides. iam.serviceAccounts.actAs is needed on the runtime service account only, and the text says so.
[[nodiscard]] std::string applyPolicy();
// The one command that would allow this operation; empty where none is needed.
[[nodiscard]] std::string policyFor(Operation operation, const std::string& project);

}  // namespace pilotlight::platform::gcp
