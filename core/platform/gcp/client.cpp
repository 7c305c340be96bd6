#include "core/platform/gcp/client.h"

#include "core/net/google_errors.h"
#include "core/net/url.h"
#include "core/platform/gcp/policy.h"

namespace pilotlight::platform::gcp {

namespace {

net::GoogleCredentialOptions credentialOptions(const Profile& profile, const Dependencies& dependencies,
                                               net::EnvironmentReader environment) {
    net::GoogleCredentialOptions options;
    options.endpoint_url = profile.endpoint_url;
    options.environment = std::move(environment);
    options.http = dependencies.http;
    return options;
}

}  // namespace

GcpClient::GcpClient(const Profile& profile, const Dependencies& dependencies, net::EnvironmentReader environment)
    : profile_(profile),
      clock_(dependencies.wall_clock ? dependencies.wall_clock : std::make_shared<RealClock>()),
      credentials_(std::make_shared<net::GoogleCredentialSource>(credentialOptions(profile, dependencies, environment))),
      session_(dependencies.http, clock_, dependencies.meter, net::classifyGoogle) {
    session_.onCredentialsExpired([source = credentials_] { source->invalidate(); });
    // Monitoring allows 6,000 queries a minute and project; other programs share that, so we stay at 300 a minute. Cloud Run: 1,000 reads
    // in 100 s. An endpoint of the user's own has no such quota that we know of; PILOTLIGHT_KEEP_RATES keeps ours there.
    const bool custom = customEndpoint() && !(environment ? environment : net::processEnvironment())("PILOTLIGHT_KEEP_RATES");
    session_.limitRate("monitoring.", custom ? 200 : 5);
    session_.limitRate("run.", custom ? 200 : 8);
    session_.limitRate("cloudfunctions.", custom ? 200 : 5);
    session_.limitRate("bigquery.", custom ? 50 : 2);
    session_.limitRate("cloudbilling.", custom ? 50 : 2);
}

Result<net::GoogleToken> GcpClient::token(const JobContext& job) { return credentials_->get(clock_->now(), job.stopToken()); }

Result<std::vector<std::string>> GcpClient::projects() const {
    if (!profile_.projects.empty()) return profile_.projects;
    if (auto own = credentials_->defaultProject(); !own.empty()) return std::vector<std::string>{std::move(own)};
    return fail(ErrorCode::invalid_argument, "Profile " + profile_.name + " has no project", "Nothing can be read.",
                "Add it again with --project PROJECT, or set GOOGLE_CLOUD_PROJECT.");
}

net::ApiCall GcpClient::prepared(const GcpRequest& request) {
    const OperationInfo& about = info(request.operation);
    net::ApiCall call;
    call.name = about.name;
    call.price = request.price;
    call.idempotent = about.idempotent;
    net::HttpRequest http;
    http.method = request.method;
    http.url = (customEndpoint() ? profile_.endpoint_url : std::string("https://") + info(about.service).host) + request.path;
    if (!request.query.empty()) http.url += "?" + net::formEncode(request.query);
    http.body = request.body;
    http.idempotent = about.idempotent;
    http.deadline = milliseconds{60'000};
    if (!request.body.empty()) http.headers.emplace_back("Content-Type", "application/json");
    std::string agent = "pilotlight/" PILOTLIGHT_VERSION;
    if (!request.plan_id.empty()) agent += " plan/" + request.plan_id;
    http.headers.emplace_back("User-Agent", std::move(agent));
    call.prepare = [http = std::move(http), source = credentials_](Timestamp now) -> Result<net::HttpRequest> {
        PILOTLIGHT_ASSIGN(const net::GoogleToken token, source->get(now));
        net::HttpRequest with_token = http;
        with_token.headers.emplace_back("Authorization", "Bearer " + token.value);
        if (!token.quota_project.empty()) with_token.headers.emplace_back("x-goog-user-project", token.quota_project);
        return with_token;
    };
    return call;
}

Result<net::HttpResponse> GcpClient::call(const GcpRequest& request, const JobContext& job) {
    return session_.call(prepared(request), job);
}

std::vector<Result<net::HttpResponse>> GcpClient::callAll(std::span<const GcpRequest> requests, std::size_t parallel,
                                                          const JobContext& job) {
    std::vector<net::ApiCall> calls;
    calls.reserve(requests.size());
    for (const auto& request : requests) calls.push_back(prepared(request));
    return session_.callAll(calls, parallel, job);
}

Problem problem(std::string scope, Operation operation, Error error, const std::string& project) {
    Problem made{std::move(scope), info(operation).name, std::move(error), {}};
    if (made.error.code == ErrorCode::permission_denied) made.policy = policyFor(operation, project);
    return made;
}

bool endsAll(ErrorCode code) {
    return code == ErrorCode::cancelled || code == ErrorCode::budget_exceeded || code == ErrorCode::unauthenticated ||
           code == ErrorCode::credentials_expired || code == ErrorCode::storage || code == ErrorCode::locked;
}

}  // namespace pilotlight::platform::gcp
