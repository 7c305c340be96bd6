// Signs and sends what the table of operations names. The only place that touches credentials and endpoints.
#pragma once

#include <memory>
#include <span>
#include <string>
#include <vector>

#include "core/net/api_session.h"
#include "core/net/aws_credentials.h"
#include "core/platform/aws/operations.h"
#include "core/platform/make_platform.h"

namespace pilotlight::platform::aws {

struct AwsRequest {
    Operation operation = Operation::list_functions;
    std::string region;  // where it is sent and signed for (services with one region ignore it)
    std::string method = "POST";
    std::string path = "/";    // percent-encoded
    std::string query;         // percent-encoded, without '?'
    std::string content_type;  // empty = none
    std::string body;
    Money price;          // beside the price of the operation
    std::string plan_id;  // writes: goes into the user agent, so that CloudTrail tells our changes apart
    std::uint64_t max_body = 256u << 20;
    milliseconds deadline{30'000};  // of one attempt
    int attempts = 0;               // as in net::ApiCall
};

// RFC 3986 unreserved characters stay; everything else is encoded.
[[nodiscard]] std::string percentEncoded(std::string_view text);
// awsJson 1.0 (CloudWatch) or 1.1 (the others).
[[nodiscard]] AwsRequest jsonRequest(Operation operation, const std::string& region, std::string body);
[[nodiscard]] AwsRequest restRequest(Operation operation, const std::string& region, std::string method, std::string path,
                                     std::string query = {}, std::string body = {});
// "/2015-03-31/functions/<name>" and what follows.
[[nodiscard]] std::string functionPath(const char* api_date, std::string_view name, std::string_view rest);

class AwsClient {
public:
    AwsClient(const Profile& profile, const Dependencies& dependencies, net::EnvironmentReader environment);

    [[nodiscard]] Result<net::HttpResponse> call(const AwsRequest& request, const JobContext& job);
    [[nodiscard]] std::vector<Result<net::HttpResponse>> callAll(std::span<const AwsRequest> requests, std::size_t parallel,
                                                                 const JobContext& job);
    // Origin (and path prefix) of a service, without a trailing slash.
    [[nodiscard]] std::string origin(Service service, const std::string& region) const;
    [[nodiscard]] Result<net::AwsCredentials> credentials(const JobContext& job);
    // The profile's regions, "all" spelled out. Empty list: ask for a region.
    [[nodiscard]] Result<std::vector<std::string>> regions() const;
    [[nodiscard]] bool customEndpoint() const;
    [[nodiscard]] net::ApiSession& session() { return session_; }
    [[nodiscard]] std::shared_ptr<Clock> wallClock() const { return clock_; }

private:
    [[nodiscard]] net::ApiCall prepared(const AwsRequest& request);

    Profile profile_;
    std::shared_ptr<Clock> clock_;
    std::shared_ptr<net::AwsCredentialSource> credentials_;
    net::ApiSession session_;
};

// A Problem for a part that failed; permission errors carry the policy text.
[[nodiscard]] Problem problem(std::string scope, Operation operation, Error error);

}  // namespace pilotlight::platform::aws
