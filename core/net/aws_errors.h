// What a failed AWS answer means. Understands rest-json, awsJson 1.0/1.1 and query (XML) errors, `x-amzn-ErrorType`,
// `x-amzn-query-error`, and pages that are none of these (HTML, empty). Never dispatches on the Content-Type.
#pragma once

#include <optional>
#include <string>

#include "core/net/api_session.h"

namespace pilotlight::net {

struct AwsErrorBody {
    std::string code;             // "ResourceNotFoundException"; empty where the answer is not shaped as AWS errors are
    std::string message;          // one line, shortened, redacted
    milliseconds retry_after{0};  // retryAfterSeconds, x-amz-retry-after
};
[[nodiscard]] AwsErrorBody parseAwsError(const HttpResponse& response);

// nullopt for status < 300. permission_denied carries Error.permission = call.name. Codes: reference, AWS general error types.
[[nodiscard]] std::optional<Failure> classifyAws(const ApiCall& call, const HttpResponse& response);

}  // namespace pilotlight::net
