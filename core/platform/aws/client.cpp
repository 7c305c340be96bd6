#include "core/platform/aws/client.h"

#include <fmt/format.h>

#include "core/net/aws_errors.h"
#include "core/net/aws_sign.h"
#include "core/platform/aws/policy.h"
#include "core/platform/aws/regions.h"

namespace pilotlight::platform::aws {
namespace {

// FilterLogEvents a second (CloudWatch Logs quotas): us-east-1 allows 25, these 5, the rest 10. We stay below.
constexpr const char* kSlowLogRegions[] = {"eu-central-1", "ca-west-1", "ap-northeast-3", "ap-southeast-3", "il-central-1"};

net::AwsCredentialOptions credentialOptions(const Profile& profile, const Dependencies& dependencies, net::EnvironmentReader environment) {
    net::AwsCredentialOptions options;
    options.profile = profile.aws_profile;
    if (!profile.regions.empty() && profile.regions.front() != "all") options.region = profile.regions.front();
    options.endpoint_url = profile.endpoint_url;
    options.environment = std::move(environment);
    options.http = dependencies.http;
    return options;
}

std::string withoutTrailingSlash(std::string url) {
    while (!url.empty() && url.back() == '/') url.pop_back();
    return url;
}

}  // namespace

std::string percentEncoded(std::string_view text) {
    static constexpr char digits[] = "0123456789ABCDEF";
    std::string out;
    out.reserve(text.size());
    for (const char c : text) {
        const auto byte = static_cast<unsigned char>(c);
        if ((byte >= 'A' && byte <= 'Z') || (byte >= 'a' && byte <= 'z') || (byte >= '0' && byte <= '9') || byte == '-' || byte == '_' ||
            byte == '.' || byte == '~') {
            out.push_back(c);
        } else {
            out.push_back('%');
            out.push_back(digits[byte >> 4]);
            out.push_back(digits[byte & 15]);
        }
    }
    return out;
}

AwsRequest jsonRequest(Operation operation, const std::string& region, std::string body) {
    AwsRequest request;
    request.operation = operation;
    request.region = region;
    request.content_type = info(operation).service == Service::cloudwatch ? "application/x-amz-json-1.0" : "application/x-amz-json-1.1";
    request.body = std::move(body);
    return request;
}

AwsRequest restRequest(Operation operation, const std::string& region, std::string method, std::string path, std::string query,
                       std::string body) {
    AwsRequest request;
    request.operation = operation;
    request.region = region;
    if (method == "PUT" || method == "POST") request.content_type = "application/json";
    request.method = std::move(method);
    request.path = std::move(path);
    request.query = std::move(query);
    request.body = std::move(body);
    return request;
}

std::string functionPath(const char* api_date, std::string_view name, std::string_view rest) {
    return fmt::format("/{}/functions/{}{}", api_date, percentEncoded(name), rest);
}

AwsClient::AwsClient(const Profile& profile, const Dependencies& dependencies, net::EnvironmentReader environment)
    : profile_(profile),
      clock_(dependencies.wall_clock ? dependencies.wall_clock : std::make_shared<RealClock>()),
      credentials_(std::make_shared<net::AwsCredentialSource>(credentialOptions(profile, dependencies, std::move(environment)))),
      session_(dependencies.http, clock_, dependencies.meter, net::classifyAws) {
    session_.onCredentialsExpired([source = credentials_] { source->invalidate(); });
    // AWS Lambda quotas: GetFunction 100/s, all other control-plane calls together 15/s an account and region; we stay below.
    // An endpoint of the user's own has no such quota that we know of.
    const bool custom = customEndpoint();
    session_.limitRate("lambda:", custom ? 200 : 10);
    session_.limitRate("lambda:GetFunction", custom ? 400 : 50);
    session_.limitRate("lambda:GetFunctionConfiguration", custom ? 200 : 10);
    session_.limitRate("lambda:GetFunctionConcurrency", custom ? 200 : 10);
    session_.limitRate("application-autoscaling:", custom ? 100 : 5);
    session_.limitRate("cloudwatch:", custom ? 200 : 20);
    session_.limitRate("logs:", custom ? 200 : 8);
    if (!custom) {
        session_.limitRate("logs:", 20, "us-east-1");
        for (const char* region : kSlowLogRegions) session_.limitRate("logs:", 4, region);
    }
    session_.limitRate("ce:", custom ? 50 : 1);
}

bool AwsClient::customEndpoint() const { return !profile_.endpoint_url.empty() || credentials_->endpoint("LAMBDA").has_value(); }

std::string AwsClient::origin(Service service, const std::string& region) const {
    const ServiceInfo& about = info(service);
    if (!profile_.endpoint_url.empty()) return withoutTrailingSlash(profile_.endpoint_url);
    if (auto configured = credentials_->endpoint(about.service_id)) return withoutTrailingSlash(*configured);
    const std::string in = about.fixed_region != nullptr ? about.fixed_region : region;
    return fmt::format("https://{}.{}.{}", about.host_prefix, in, dnsSuffix(in));
}

Result<net::AwsCredentials> AwsClient::credentials(const JobContext& job) { return credentials_->get(clock_->now(), job.stopToken()); }

Result<std::vector<std::string>> AwsClient::regions() const {
    if (!profile_.regions.empty() && profile_.regions.front() != "all") return profile_.regions;
    const auto own = credentials_->region();
    // A server of the user's own is one place; the real service is asked everywhere.
    if (customEndpoint()) return std::vector<std::string>{own.value_or("us-east-1")};
    if (!profile_.regions.empty()) {
        std::vector<std::string> all;
        for (const Region& region : knownRegions()) all.emplace_back(region.code);
        return all;
    }
    if (own) return std::vector<std::string>{*own};
    return fail(ErrorCode::invalid_argument, fmt::format("Profile {} has no region", profile_.name), "Nothing can be read.",
                "Add it again with --region REGION or --region all, or set AWS_REGION.");
}

net::ApiCall AwsClient::prepared(const AwsRequest& request) {
    const OperationInfo& about = info(request.operation);
    const ServiceInfo& service = info(about.service);
    net::ApiCall call;
    call.name = about.name;
    if (service.fixed_region == nullptr) call.place = request.region;
    call.price = about.price + request.price;
    call.idempotent = about.idempotent;
    call.attempts = request.attempts;
    net::HttpRequest http;
    http.method = request.method;
    http.url = origin(about.service, request.region) + request.path;
    if (!request.query.empty()) http.url += "?" + request.query;
    http.body = request.body;
    http.max_body = request.max_body;
    http.deadline = request.deadline;
    http.idempotent = about.idempotent;
    if (!request.content_type.empty()) http.headers.emplace_back("Content-Type", request.content_type);
    if (about.target != nullptr) http.headers.emplace_back("X-Amz-Target", about.target);
    std::string agent = "pilotlight/" PILOTLIGHT_VERSION;
    if (!request.plan_id.empty()) agent += " plan/" + request.plan_id;
    http.headers.emplace_back("User-Agent", std::move(agent));
    if (about.service == Service::price_list) {  // a public file: not signed
        call.prepare = [http = std::move(http)](Timestamp) -> Result<net::HttpRequest> { return http; };
        return call;
    }
    const net::AwsScope scope{service.fixed_region != nullptr ? service.fixed_region : request.region, service.signing_name};
    call.prepare = [http = std::move(http), scope, source = credentials_](Timestamp now) -> Result<net::HttpRequest> {
        PILOTLIGHT_ASSIGN(const net::AwsCredentials credentials, source->get(now));
        net::HttpRequest signed_request = http;
        net::signAws(signed_request, credentials, scope, now);
        return signed_request;
    };
    return call;
}

Result<net::HttpResponse> AwsClient::call(const AwsRequest& request, const JobContext& job) {
    return session_.call(prepared(request), job);
}

std::vector<Result<net::HttpResponse>> AwsClient::callAll(std::span<const AwsRequest> requests, std::size_t parallel,
                                                          const JobContext& job) {
    std::vector<net::ApiCall> calls;
    calls.reserve(requests.size());
    for (const auto& request : requests) calls.push_back(prepared(request));
    return session_.callAll(calls, parallel, job);
}

Problem problem(std::string scope, Operation operation, Error error) {
    Problem made{std::move(scope), info(operation).name, std::move(error), {}};
    if (made.error.code == ErrorCode::permission_denied) {
        made.policy = policyFor(operation);
        if (made.error.permission.empty() && !info(operation).actions.empty()) made.error.permission = info(operation).actions.front();
    }
    return made;
}

}  // namespace pilotlight::platform::aws
