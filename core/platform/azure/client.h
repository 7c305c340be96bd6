// Sends what the table of operations names, with a bearer token. The only place that touches credentials and endpoints.
#pragma once

#include <memory>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "core/net/api_session.h"
#include "core/net/azure_credentials.h"
#include "core/platform/azure/operations.h"
#include "core/platform/make_platform.h"

namespace pilotlight::platform::azure {

struct AzureRequest {
    Operation operation = Operation::get_site;
    std::string method = "GET";
    std::string path;                                        // percent-encoded
    std::vector<std::pair<std::string, std::string>> query;  // plain text; api-version is added
    std::string body;                                        // JSON; empty = none
    std::string plan_id;                                     // writes: goes into the user agent
};

class AzureClient {
public:
    AzureClient(const Profile& profile, const Dependencies& dependencies, net::EnvironmentReader environment);

    [[nodiscard]] Result<net::HttpResponse> call(const AzureRequest& request, const JobContext& job);
    [[nodiscard]] std::vector<Result<net::HttpResponse>> callAll(std::span<const AzureRequest> requests, std::size_t parallel,
                                                                 const JobContext& job);
    // The request for the page that `link` names. protocol where it leads to another host than the service's: a token is sent along.
    [[nodiscard]] Result<AzureRequest> followed(const AzureRequest& first, const std::string& link) const;
    [[nodiscard]] Result<net::AzureToken> token(const JobContext& job);
    // The profile's subscription, else AZURE_SUBSCRIPTION_ID; empty: all that the credentials see.
    [[nodiscard]] std::string subscription() const;
    [[nodiscard]] bool customEndpoint() const { return !profile_.endpoint_url.empty(); }
    [[nodiscard]] net::ApiSession& session() { return session_; }
    [[nodiscard]] std::shared_ptr<Clock> wallClock() const { return clock_; }

private:
    [[nodiscard]] std::string origin(Operation operation) const;
    [[nodiscard]] net::ApiCall prepared(const AzureRequest& request);

    Profile profile_;
    std::shared_ptr<Clock> clock_;
    net::EnvironmentReader environment_;
    std::shared_ptr<net::AzureCredentialSource> credentials_;
    net::ApiSession session_;
};

[[nodiscard]] Problem problem(std::string scope, Operation operation, Error error, const std::string& subscription);
// Failures after which nothing else would succeed either.
[[nodiscard]] bool endsAll(ErrorCode code);

}  // namespace pilotlight::platform::azure
