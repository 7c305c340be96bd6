// AWS credentials from where the ecosystem keeps them, in the order of the AWS SDKs: environment (not when a profile was chosen),
// assume-role profile, web identity, SSO, shared credentials file, credential_process, config file, container, EC2 metadata (IMDSv2).
// Nothing is ever written or copied; secrets are registered with addSecret(), so that no log can show them.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <stop_token>
#include <string>
#include <string_view>

#include "core/net/aws_config.h"
#include "core/net/aws_sign.h"
#include "core/net/http_client.h"

namespace pilotlight::net {

struct AwsCredentialOptions {
    std::string profile;            // chosen by the user; empty = AWS_PROFILE, AWS_DEFAULT_PROFILE, then "default"
    std::string region;             // for STS; empty = from environment and files, else us-east-1
    std::string endpoint_url;       // chosen by the user: replaces scheme://host[:port] of STS and the SSO services too
    EnvironmentReader environment;  // empty = the process's
    std::shared_ptr<HttpClient> http;
    // Asked for the six digits of a profile with mfa_serial; absent = such a profile fails with what to do.
    std::function<Result<std::string>(const std::string& mfa_serial)> mfa_code;
    milliseconds metadata_timeout{1'000};  // EC2 and container endpoints
    milliseconds process_timeout{60'000};  // credential_process
};

class AwsCredentialSource {
public:
    explicit AwsCredentialSource(AwsCredentialOptions options);
    ~AwsCredentialSource();

    // Thread-safe. Held in memory until 15 minutes before they expire (those without expiry: for a minute).
    // Errors: unauthenticated (none found, or refused: what was tried), credentials_expired (`action` is the command that renews
    // them), invalid_argument (a profile that contradicts itself), network.
    [[nodiscard]] Result<AwsCredentials> get(Timestamp now, std::stop_token stop = {});
    // Forgets what is held: after the platform called it expired.
    void invalidate();

    // The profile in use ("default", "prod").
    [[nodiscard]] std::string profileName() const;
    // Explicit > AWS_REGION > AWS_DEFAULT_REGION > the profile's; nullopt: ask the user.
    [[nodiscard]] std::optional<std::string> region() const;
    // Override for a service id ("LAMBDA", "CLOUDWATCH", "CLOUDWATCH_LOGS", "APPLICATION_AUTO_SCALING", "STS", "COST_EXPLORER",
    // "PRICING"); nullopt: the real service. Honours AWS_IGNORE_CONFIGURED_ENDPOINT_URLS. No trailing slash.
    [[nodiscard]] std::optional<std::string> endpoint(std::string_view service_id) const;

private:
    struct Impl;
    std::unique_ptr<Impl> impl_;
};

}  // namespace pilotlight::net
