// Azure access tokens from where the ecosystem keeps them, in the order of the SDKs: a service principal of the environment (secret,
// certificate, federated token), managed identity (App Service, then the VM's), the Azure CLI. Nothing is ever written; secrets are
// registered with addSecret().
#pragma once

#include <memory>
#include <stop_token>
#include <string>

#include "core/net/environment.h"
#include "core/net/http_client.h"

namespace pilotlight::net {

// Audiences of tokens.
inline constexpr const char* kResourceManager = "https://management.azure.com";
inline constexpr const char* kApplicationInsights = "https://api.applicationinsights.io";

struct AzureToken {
    std::string value;      // bearer
    std::string principal;  // client id, or "Azure CLI"
    std::string tenant;     // empty = unknown
    std::string source;     // "service principal (secret)", "Azure CLI", ...
    Timestamp expires{};
};

struct AzureCredentialOptions {
    std::string authority;      // base, to which /{tenant}/oauth2/v2.0/token is appended; empty = AZURE_AUTHORITY_HOST, else Microsoft's
    std::string subscription;   // for the Azure CLI
    bool own_endpoint = false;  // an endpoint of the user's own: machine and CLI logins are left out, they belong to Azure
    EnvironmentReader environment;
    std::shared_ptr<HttpClient> http;
    milliseconds metadata_timeout{1'000}, cli_timeout{10'000};
};

class AzureCredentialSource {
public:
    explicit AzureCredentialSource(AzureCredentialOptions options);
    ~AzureCredentialSource();

    // Thread-safe. Held in memory until 5 minutes before it expires. Errors: unauthenticated (none found, or refused),
    // credentials_expired (`action` renews them), invalid_argument (half a service principal, a key that cannot be read), network.
    [[nodiscard]] Result<AzureToken> get(Timestamp now, std::stop_token stop = {}, const std::string& audience = kResourceManager);
    void invalidate();

private:
    struct Impl;
    std::unique_ptr<Impl> impl_;
};

}  // namespace pilotlight::net
