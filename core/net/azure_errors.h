// What a failed Azure answer means: Resource Manager's {"error":{"code","message"}}, Entra's OAuth errors, and pages that are neither.
#pragma once

#include <optional>
#include <string>

#include "core/net/api_session.h"

namespace pilotlight::net {

struct AzureErrorBody {
    std::string code;     // "AuthorizationFailed", "invalid_client"; empty where the answer is shaped otherwise
    std::string message;  // one line, shortened, redacted
};
[[nodiscard]] AzureErrorBody parseAzureError(const HttpResponse& response);
// The longest of Retry-After and the x-ms-ratelimit-...-retry-after headers (Cost Management sends several).
[[nodiscard]] milliseconds azureRetryAfter(const HttpResponse& response);

// nullopt for status < 300. permission_denied carries Error.permission = call.name.
[[nodiscard]] std::optional<Failure> classifyAzure(const ApiCall& call, const HttpResponse& response);

}  // namespace pilotlight::net
