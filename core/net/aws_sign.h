// AWS Signature Version 4, header form (reference: AWS IAM user guide, "Create a signed AWS API request").
#pragma once

#include <string>

#include "core/base/time.h"
#include "core/net/http_client.h"

namespace pilotlight::net {

struct AwsCredentials {
    std::string access_key_id;
    std::string secret_access_key;
    std::string session_token;  // empty = long-lived key
    std::optional<Timestamp> expires;
    std::string source;  // "environment", "profile prod (SSO)": shown to users, holds no secret
};

struct AwsScope {
    std::string region;              // of the real service, also with an endpoint override
    std::string service;             // signing name: "lambda", "monitoring"
    bool double_encode_path = true;  // false only for S3
    bool sign_body_header = false;   // adds x-amz-content-sha256
};

// Adds X-Amz-Date, X-Amz-Security-Token and Authorization (replacing earlier ones). The URL must be what is put on the wire.
void signAws(HttpRequest& request, const AwsCredentials& credentials, const AwsScope& scope, Timestamp now);

// The same, and what was signed: for the published test vectors. Hold a token in them, so never log them.
struct AwsSigningSteps {
    std::string canonical_request, string_to_sign, signature;
};
AwsSigningSteps signAwsSteps(HttpRequest& request, const AwsCredentials& credentials, const AwsScope& scope, Timestamp now);

}  // namespace pilotlight::net
