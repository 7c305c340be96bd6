#include "core/platform/azure/client.h"

#include "core/net/azure_errors.h"
#include "core/net/url.h"

namespace pilotlight::platform::azure {

namespace {

net::AzureCredentialOptions credentialOptions(const Profile& profile, const Dependencies& dependencies,
                                              net::EnvironmentReader environment) {
    net::AzureCredentialOptions options;
    options.authority = profile.token_endpoint.empty() ? profile.endpoint_url : profile.token_endpoint;
    options.own_endpoint = !profile.endpoint_url.empty();
    options.subscription = profile.subscription;
    options.environment = std::move(environment);
    options.http = dependencies.http;
    return options;
}

}  // namespace

AzureClient::AzureClient(const Profile& profile, const Dependencies& dependencies, net::EnvironmentReader environment)
    : profile_(profile),
      clock_(dependencies.wall_clock ? dependencies.wall_clock : std::make_shared<RealClock>()),
      environment_(environment ? environment : net::processEnvironment()),
      credentials_(std::make_shared<net::AzureCredentialSource>(credentialOptions(profile, dependencies, environment_))),
      session_(dependencies.http, clock_, dependencies.meter, net::classifyAzure) {
    session_.onCredentialsExpired([source = credentials_] { source->invalidate(); });
    // Resource Manager refills 25 reads and 10 writes a second for a subscription and principal; we stay below. Cost Management allows few.
    // An endpoint of the user's own has no such quota that we know of; PILOTLIGHT_KEEP_RATES keeps ours there.
    const bool custom = customEndpoint() && !environment_("PILOTLIGHT_KEEP_RATES");
    session_.limitRate("Microsoft.", custom ? 200 : 20);
    session_.limitRate("api.applicationinsights.io/", custom ? 50 : 6);  // 200 in 30 s for a user
    session_.limitRate("Microsoft.CostManagement/", custom ? 50 : 0.5);
    session_.limitRate("prices.", custom ? 50 : 2);
}

Result<net::AzureToken> AzureClient::token(const JobContext& job) { return credentials_->get(clock_->now(), job.stopToken()); }

std::string AzureClient::subscription() const {
    return !profile_.subscription.empty() ? profile_.subscription : environment_("AZURE_SUBSCRIPTION_ID").value_or(std::string{});
}

std::string AzureClient::origin(Operation operation) const {
    if (customEndpoint()) return profile_.endpoint_url;
    if (operation == Operation::query_insights) return net::kApplicationInsights;
    return operation == Operation::read_prices ? "https://prices.azure.com" : net::kResourceManager;
}

Result<AzureRequest> AzureClient::followed(const AzureRequest& first, const std::string& link) const {
    const auto parts = net::splitUrl(link), own = net::splitUrl(origin(first.operation));
    // NextPageLink of the price list names port 443. The sandbox behind TLS answers with the address that it was asked at.
    if (net::hostOf(parts) != net::hostOf(own))
        return fail(ErrorCode::protocol, std::string(info(first.operation).name) + " leads to another host: " + net::originOf(link),
                    "Reading was stopped.", {});
    AzureRequest next = first;
    next.path = parts.path;
    next.query = net::splitQuery(parts.query);
    std::erase_if(next.query, [](const auto& each) { return each.first == "api-version"; });
    return next;
}

net::ApiCall AzureClient::prepared(const AzureRequest& request) {
    const OperationInfo& about = info(request.operation);
    net::ApiCall call;
    call.name = about.name;
    call.idempotent = about.idempotent;
    net::HttpRequest http;
    http.method = request.method;
    auto query = request.query;
    if (about.api_version != nullptr) query.emplace_back("api-version", about.api_version);
    http.url = origin(request.operation) + request.path + (query.empty() ? "" : "?" + net::formEncode(query));
    http.body = request.body;
    http.idempotent = about.idempotent;
    http.deadline = milliseconds{60'000};
    if (!request.body.empty()) http.headers.emplace_back("Content-Type", "application/json");
    if (request.operation == Operation::query_costs) http.headers.emplace_back("ClientType", "Pilotlight");
    std::string agent = "pilotlight/" PILOTLIGHT_VERSION;
    if (!request.plan_id.empty()) agent += " plan/" + request.plan_id;
    http.headers.emplace_back("User-Agent", std::move(agent));
    if (request.operation == Operation::read_prices) {  // public: no token
        call.prepare = [http = std::move(http)](Timestamp) -> Result<net::HttpRequest> { return http; };
        return call;
    }
    const char* audience = request.operation == Operation::query_insights ? net::kApplicationInsights : net::kResourceManager;
    call.prepare = [http = std::move(http), source = credentials_, audience](Timestamp now) -> Result<net::HttpRequest> {
        PILOTLIGHT_ASSIGN(const net::AzureToken token, source->get(now, {}, audience));
        net::HttpRequest with_token = http;
        with_token.headers.emplace_back("Authorization", "Bearer " + token.value);
        return with_token;
    };
    return call;
}

Result<net::HttpResponse> AzureClient::call(const AzureRequest& request, const JobContext& job) {
    return session_.call(prepared(request), job);
}

std::vector<Result<net::HttpResponse>> AzureClient::callAll(std::span<const AzureRequest> requests, std::size_t parallel,
                                                            const JobContext& job) {
    std::vector<net::ApiCall> calls;
    calls.reserve(requests.size());
    for (const auto& request : requests) calls.push_back(prepared(request));
    return session_.callAll(calls, parallel, job);
}

Problem problem(std::string scope, Operation operation, Error error, const std::string& subscription) {
    Problem made{std::move(scope), info(operation).name, std::move(error), {}};
    if (made.error.code == ErrorCode::permission_denied) made.policy = policyFor(operation, subscription);
    return made;
}

bool endsAll(ErrorCode code) {
    return code == ErrorCode::cancelled || code == ErrorCode::budget_exceeded || code == ErrorCode::unauthenticated ||
           code == ErrorCode::credentials_expired || code == ErrorCode::storage || code == ErrorCode::locked;
}

}  // namespace pilotlight::platform::azure
