// Sends what the table of operations names, with a bearer token. The only place that touches credentials and endpoints.
#pragma once

#include <memory>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "core/net/api_session.h"
#include "core/net/google_credentials.h"
#include "core/platform/gcp/operations.h"
#include "core/platform/make_platform.h"

namespace pilotlight::platform::gcp {

struct GcpRequest {
    Operation operation = Operation::list_services;
    std::string method = "GET";
    std::string path;                                        // percent-encoded
    std::vector<std::pair<std::string, std::string>> query;  // plain text
    std::string body;                                        // JSON; empty = none
    Money price;                                             // what the call costs the user
    std::string plan_id;                                     // writes: goes into the user agent, so that audit logs tell our changes apart
};

class GcpClient {
public:
    GcpClient(const Profile& profile, const Dependencies& dependencies, net::EnvironmentReader environment);

    [[nodiscard]] Result<net::HttpResponse> call(const GcpRequest& request, const JobContext& job);
    [[nodiscard]] std::vector<Result<net::HttpResponse>> callAll(std::span<const GcpRequest> requests, std::size_t parallel,
                                                                 const JobContext& job);
    [[nodiscard]] Result<net::GoogleToken> token(const JobContext& job);
    // The profile's projects, else that of the environment or the key. invalid_argument: there is none.
    [[nodiscard]] Result<std::vector<std::string>> projects() const;
    [[nodiscard]] bool customEndpoint() const { return !profile_.endpoint_url.empty(); }
    [[nodiscard]] net::ApiSession& session() { return session_; }
    [[nodiscard]] std::shared_ptr<Clock> wallClock() const { return clock_; }

private:
    [[nodiscard]] net::ApiCall prepared(const GcpRequest& request);

    Profile profile_;
    std::shared_ptr<Clock> clock_;
    std::shared_ptr<net::GoogleCredentialSource> credentials_;
    net::ApiSession session_;
};

// A Problem for a part that failed; permission errors carry the command that would allow it.
[[nodiscard]] Problem problem(std::string scope, Operation operation, Error error, const std::string& project);
// Failures after which nothing else would succeed either.
[[nodiscard]] bool endsAll(ErrorCode code);

}  // namespace pilotlight::platform::gcp
