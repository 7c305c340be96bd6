// The sources behind AwsCredentialSource, one function each. Internal to core/net.
#pragma once

#include <optional>
#include <string>

#include "core/net/aws_credentials.h"

namespace pilotlight::net {

struct CredentialContext {
    const AwsCredentialOptions& options;
    const AwsConfig& config;
    std::string profile;  // the one in use: endpoints and region come from it
    Timestamp now{};
    std::stop_token stop;

    [[nodiscard]] std::optional<std::string> environment(const char* name) const;  // nullopt where empty
    [[nodiscard]] std::string stsRegion() const;
    // "https://sts.eu-west-1.amazonaws.com", or what replaces it. `host` is the real service's.
    [[nodiscard]] std::string origin(std::string_view service_id, const std::string& host) const;
    [[nodiscard]] Result<HttpResponse> send(const HttpRequest& request) const;
};

// Registers the secrets, so that no log shows them.
AwsCredentials guarded(AwsCredentials credentials);
// Reads {AccessKeyId, SecretAccessKey, SessionToken|Token, Expiration} from a JSON object; protocol where a key is missing.
[[nodiscard]] Result<AwsCredentials> credentialsFromJson(const std::string& text, const std::string& source);

struct RoleRequest {
    std::string role_arn, session_name, external_id, mfa_serial;
    int duration_seconds = 3600;
    std::string profile;  // for messages
};
[[nodiscard]] Result<AwsCredentials> assumeRole(const CredentialContext& context, const AwsCredentials& base, const RoleRequest& role);
[[nodiscard]] Result<AwsCredentials> assumeRoleWithWebIdentity(const CredentialContext& context, const RoleRequest& role,
                                                               const std::string& token_file);
[[nodiscard]] Result<AwsCredentials> ssoCredentials(const CredentialContext& context, const std::string& profile);
[[nodiscard]] Result<AwsCredentials> processCredentials(const CredentialContext& context, const std::string& profile,
                                                        const std::string& command);
// nullopt: there is no such endpoint here.
[[nodiscard]] Result<std::optional<AwsCredentials>> containerCredentials(const CredentialContext& context);
[[nodiscard]] Result<std::optional<AwsCredentials>> instanceCredentials(const CredentialContext& context);

}  // namespace pilotlight::net
