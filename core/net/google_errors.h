// What a failed Google answer means: the envelope of google.rpc.Status over JSON, OAuth errors of the token services, and pages that are
// neither.
#pragma once

#include <optional>
#include <string>

#include "core/net/api_session.h"

namespace pilotlight::net {

struct GoogleErrorBody {
    int code = 0;          // of the envelope; 0 where there is none
    std::string status;    // "PERMISSION_DENIED"; "invalid_grant" of OAuth; empty where the answer is shaped otherwise
    std::string message;   // one line, shortened, redacted
    std::string reason;    // of google.rpc.ErrorInfo: "SERVICE_DISABLED"
    std::string service;   // its metadata: "run.googleapis.com"
    std::string consumer;  // its metadata: "projects/123"
    std::string permission;
    milliseconds retry_after{0};  // google.rpc.RetryInfo
};
[[nodiscard]] GoogleErrorBody parseGoogleError(const HttpResponse& response);

// nullopt for status < 300. 409 ABORTED and 412 are `stale`; other 409 and FAILED_PRECONDITION `conflict`. permission_denied carries the
// permission that the answer names, else call.name.
[[nodiscard]] std::optional<Failure> classifyGoogle(const ApiCall& call, const HttpResponse& response);

}  // namespace pilotlight::net
