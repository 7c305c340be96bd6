#include "app/sandbox/service.h"

#include <chrono>
#include <cstdio>
#include <map>

#include "app/sandbox/aws/call.h"
#include "app/sandbox/gcp/google.h"

namespace pilotlight::sandbox {
namespace {

struct ServiceEntry {
    const char* target_prefix;  // of X-Amz-Target; "" = not a JSON service
    bool json, query, rest;
};

const std::map<std::string, ServiceEntry>& services() {
    static const std::map<std::string, ServiceEntry> all{
        {"lambda", {"", false, false, true}},
        {"monitoring", {"GraniteServiceVersion20100801", true, true, false}},
        {"logs", {"Logs_20140328", true, false, false}},
        {"application-autoscaling", {"AnyScaleFrontendService", true, false, false}},
        {"sts", {"", false, true, false}},
        {"ce", {"AWSInsightsIndexService", true, false, false}},
    };
    return all;
}

std::string actionOf(const HttpRequest& request) {
    HttpRequest form;
    form.raw_query = request.method == "GET" ? request.raw_query : request.body;
    for (const auto& [key, value] : form.query())
        if (key == "Action") return value;
    return {};
}

ServiceError throttled(const std::string& service) {
    if (service == "lambda") return {429, "TooManyRequestsException", "Rate exceeded", {}, "CallerRateLimitExceeded"};
    return {400, "ThrottlingException", "Rate exceeded", "Throttling", {}};
}

// As IAM words it; the action has the prefix of the service's policies, not of its signature.
ServiceError denied(const std::string& account, const std::string& service, const std::string& operation) {
    const std::string action = (service == "monitoring" ? "cloudwatch" : service) + ":" + operation;
    return {service == "lambda" ? 403 : 400, "AccessDeniedException",
            "User: arn:aws:iam::" + account + ":user/sandbox is not authorized to perform: " + action +
                " because no identity-based policy allows the " + action + " action",
            "AccessDenied", {}};
}

// Faults of the way home.
void spoilDelivery(const std::vector<Fault>& faults, HttpResponse& response) {
    for (const auto& fault : faults) {
        if (fault.kind == Fault::Kind::lost_reply) response.delivery = HttpResponse::Delivery::dropped;
        if (fault.kind == Fault::Kind::truncate) response.delivery = HttpResponse::Delivery::truncated;
        if (fault.kind == Fault::Kind::delay) response.delay_ms += fault.delay_ms;
    }
}

}  // namespace

Micros SandboxClock::realNow() {
    return std::chrono::duration_cast<std::chrono::microseconds>(std::chrono::system_clock::now().time_since_epoch()).count();
}

std::string lambdaOperation(const HttpRequest& request) {
    std::vector<std::string> s;
    std::size_t i = 1;
    while (i < request.path.size()) {
        const auto end = std::min(request.path.find('/', i), request.path.size());
        if (end > i) s.push_back(request.path.substr(i, end - i));
        i = end + 1;
    }
    const std::string& m = request.method;
    if (s.size() < 2) return "Unknown";
    if (s[1] == "account-settings") return "GetAccountSettings";
    if (s[1] == "event-source-mappings")
        return s.size() == 2 ? "ListEventSourceMappings" : m == "GET" ? "GetEventSourceMapping" : "UpdateEventSourceMapping";
    if (s[1] == "tags") return "ListTags";
    if (s.size() == 2) return "ListFunctions";
    if (s.size() == 3) return "GetFunction";
    if (s[3] == "configuration") return m == "PUT" ? "UpdateFunctionConfiguration" : "GetFunctionConfiguration";
    if (s[3] == "versions") return m == "POST" ? "PublishVersion" : "ListVersionsByFunction";
    if (s[3] == "aliases") return s.size() == 4 ? (m == "POST" ? "CreateAlias" : "ListAliases") : m == "PUT" ? "UpdateAlias" : "GetAlias";
    if (s[3] == "concurrency")
        return m == "PUT" ? "PutFunctionConcurrency" : m == "DELETE" ? "DeleteFunctionConcurrency" : "GetFunctionConcurrency";
    if (s[3] == "provisioned-concurrency") {
        if (m == "PUT") return "PutProvisionedConcurrencyConfig";
        if (m == "DELETE") return "DeleteProvisionedConcurrencyConfig";
        return request.raw_query.find("List=ALL") != std::string::npos ? "ListProvisionedConcurrencyConfigs"
                                                                       : "GetProvisionedConcurrencyConfig";
    }
    return "Unknown";
}

void Service::tick() {
    const std::lock_guard lock(mutex_);
    world_.advance(clock_.now());
    if (project_ != nullptr) project_->advance(clock_.now());
    if (subscription_ != nullptr) subscription_->advance(clock_.now());
}

HttpResponse Service::handle(const HttpRequest& request) {
    const std::uint64_t number = ++requests_;
    const std::string id = uuidOf(mix(number + 77), mix(static_cast<std::uint64_t>(SandboxClock::realNow())));
    HttpResponse response = answer(request, id);
    response.headers.emplace_back("x-amzn-RequestId", id);
    response.headers.emplace_back("Date", httpDate(SandboxClock::realNow()));
    char speed[32];
    std::snprintf(speed, sizeof speed, ";speed=%g", clock_.speed());
    response.headers.emplace_back("x-pilotlight-time", isoMillis(clock_.now()) + speed);
    return response;
}

HttpResponse Service::answerGoogle(const HttpRequest& request, const std::string& operation) {
    const std::lock_guard lock(mutex_);
    project_->advance(clock_.now());
    project_->convergence_factor = 1;
    project_->next_change_fails = false;
    const auto faults = faults_.befall(operation);
    for (const auto& fault : faults) {
        if (fault.kind == Fault::Kind::throttle)
            return gcp::errorResponse({429, "RESOURCE_EXHAUSTED", "Quota exceeded for quota metric 'Requests' of this service.", {}, "RATE_LIMIT_EXCEEDED"});
        if (auto refused = gcp::refusalOf(fault.kind, operation, *project_)) return std::move(*refused);
        if (fault.kind == Fault::Kind::error)
            return gcp::errorResponse({fault.status, fault.status == 503 ? "UNAVAILABLE" : "INTERNAL", "The service has failed.", {}, {}});
        if (fault.kind == Fault::Kind::slow) project_->convergence_factor = fault.factor;
        if (fault.kind == Fault::Kind::partial) project_->next_change_fails = true;
    }
    HttpResponse response = gcp::answer(request, *project_, *tokens_, SandboxClock::realNow());
    spoilDelivery(faults, response);
    return response;
}

HttpResponse Service::answerAzure(const HttpRequest& request, const std::string& operation) {
    const std::lock_guard lock(mutex_);
    subscription_->advance(clock_.now());
    subscription_->convergence_factor = 1;
    subscription_->next_change_fails = false;
    const auto faults = faults_.befall(operation);
    for (const auto& fault : faults) {
        if (fault.kind == Fault::Kind::throttle) {
            HttpResponse response = azure::errorResponse({429, "TooManyRequests", "The request is being throttled.", {}, {}});
            // Cost Management tells by which of its budgets.
            response.headers.emplace_back(operation == "costmanagement.Query" ? "x-ms-ratelimit-microsoft.costmanagement-qpu-retry-after" : "Retry-After", "1");
            return response;
        }
        if (auto refused = azure::refusalOf(fault.kind, operation)) return std::move(*refused);
        if (fault.kind == Fault::Kind::error) return azure::errorResponse({fault.status, "InternalServerError", "The service has failed.", {}, {}});
        if (fault.kind == Fault::Kind::slow) subscription_->convergence_factor = fault.factor;
        if (fault.kind == Fault::Kind::partial) subscription_->next_change_fails = true;
    }
    HttpResponse response = azure::answer(request, *subscription_, *azure_tokens_, SandboxClock::realNow());
    spoilDelivery(faults, response);
    return response;
}

HttpResponse Service::answer(const HttpRequest& request, const std::string& id) {
    if (subscription_ != nullptr)
        if (const std::string operation = azure::operationOf(request); !operation.empty()) return answerAzure(request, operation);
    if (project_ != nullptr)
        if (const std::string operation = gcp::operationOf(request); !operation.empty()) return answerGoogle(request, operation);
    if (request.path.starts_with("/offers/v1.0/aws/") && request.method == "GET") {
        std::vector<Fault> faults;
        {
            const std::lock_guard lock(mutex_);
            faults = faults_.befall("pricing.GetFile");
        }
        HttpResponse file = handlePriceFile(request, clock_.now());
        spoilDelivery(faults, file);
        for (const auto& fault : faults)
            if (fault.kind == Fault::Kind::error) file.status = fault.status;
        return file;
    }
    // The protocol in which a refusal is worded, as far as it can be told before the signature is known.
    const std::string target = request.header("x-amz-target"), content = request.header("content-type");
    Protocol protocol = !target.empty()                                            ? Protocol::json
                        : content.starts_with("application/x-www-form-urlencoded") ? Protocol::query
                                                                                   : Protocol::rest_json;
    const auto credential = checkSignature(request, keys_, SandboxClock::realNow());
    if (!credential) return errorResponse(protocol, credential.error(), id);
    const auto entry = services().find(credential->service);
    if (entry == services().end())
        return errorResponse(protocol,
                             {403,
                              "InvalidSignatureException",
                              "Credential should be scoped to correct service: '" + credential->service + "' is not offered here.",
                              "SignatureDoesNotMatch",
                              {}},
                             id);
    std::string operation;
    if (entry->second.rest) {
        protocol = Protocol::rest_json;
        operation = lambdaOperation(request);
    } else if (entry->second.json && !target.empty()) {
        protocol = Protocol::json;
        const auto dot = target.find('.');
        if (target.substr(0, dot) != entry->second.target_prefix || dot == std::string::npos)
            return errorResponse(
                protocol,
                {400, "UnknownOperationException", "The target " + target + " is not known to " + credential->service + ".", {}, {}}, id);
        operation = target.substr(dot + 1);
        if (!content.starts_with("application/x-amz-json-1."))
            return errorResponse(
                protocol,
                {400, "SerializationException", "The content type " + content + " is not application/x-amz-json-1.0 or 1.1.", {}, {}}, id);
    } else if (entry->second.query) {
        protocol = Protocol::query;
        operation = actionOf(request);
    } else {
        return errorResponse(Protocol::json, {400, "UnknownOperationException", "X-Amz-Target is missing.", {}, {}}, id);
    }
    if (protocol != Protocol::rest_json && request.path != "/")
        return errorResponse(protocol, {404, "UnknownOperationException", "Nothing is served at " + request.path + ".", {}, {}}, id);

    const std::lock_guard lock(mutex_);
    world_.advance(clock_.now());
    world_.convergence_factor = 1;
    world_.next_change_fails = false;
    const auto faults = faults_.befall(credential->service + "." + operation);
    for (const auto& fault : faults) {
        if (fault.kind == Fault::Kind::throttle) return errorResponse(protocol, throttled(credential->service), id);
        if (fault.kind == Fault::Kind::denied) return errorResponse(protocol, denied(world_.account(), credential->service, operation), id);
        if (fault.kind == Fault::Kind::error)
            return errorResponse(protocol,
                                 {fault.status,
                                  fault.status == 503 ? "ServiceUnavailableException" : "InternalFailure",
                                  "The service has failed.",
                                  fault.status == 503 ? "ServiceUnavailable" : "InternalFailure",
                                  {}},
                                 id);
        if (fault.kind == Fault::Kind::slow) world_.convergence_factor = fault.factor;
        if (fault.kind == Fault::Kind::partial) world_.next_change_fails = true;
    }
    Call call{request, world_, credential->region, credential->service, id, operation};
    Answer<HttpResponse> result = refuse(500, "InternalFailure", "No handler.");
    if (credential->service == "lambda") result = handleLambda(call);
    if (credential->service == "monitoring") result = handleCloudWatch(call, protocol);
    if (credential->service == "logs") result = handleLogs(call);
    if (credential->service == "application-autoscaling") result = handleScaling(call);
    if (credential->service == "sts") result = handleSts(call);
    if (credential->service == "ce") result = handleCostExplorer(call);
    HttpResponse response = result ? std::move(*result) : errorResponse(protocol, result.error(), id);
    spoilDelivery(faults, response);
    return response;
}

}  // namespace pilotlight::sandbox
