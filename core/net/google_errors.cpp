#include "core/net/google_errors.h"

#include <nlohmann/json.hpp>

#include "core/net/error_text.h"

namespace pilotlight::net {
namespace {

using nlohmann::json;

std::string stringAt(const json& object, const char* name) {
    const auto at = object.find(name);
    return at != object.end() && at->is_string() ? at->get<std::string>() : std::string();
}

// "3.5s"
milliseconds durationOf(const std::string& text) {
    if (text.empty() || text.back() != 's') return {};
    const double value = std::strtod(text.c_str(), nullptr);
    return value > 0 && value < 86'400 ? milliseconds(static_cast<std::int64_t>(value * 1000)) : milliseconds{};
}

void readDetails(const json& list, GoogleErrorBody& out) {
    for (const auto& detail : list) {
        if (!detail.is_object()) continue;
        const std::string type = stringAt(detail, "@type");
        if (type.ends_with("google.rpc.ErrorInfo")) {
            out.reason = stringAt(detail, "reason");
            if (const auto metadata = detail.find("metadata"); metadata != detail.end() && metadata->is_object()) {
                out.service = stringAt(*metadata, "service");
                out.consumer = stringAt(*metadata, "consumer");
                out.permission = stringAt(*metadata, "permission");
            }
        } else if (type.ends_with("google.rpc.RetryInfo")) {
            out.retry_after = durationOf(stringAt(detail, "retryDelay"));
        }
    }
}

std::string reasonText(const ApiCall& call, const HttpResponse& response, const GoogleErrorBody& body, const char* verb) {
    std::string out = call.name + " " + verb + " (" + std::to_string(response.status);
    if (!body.status.empty()) out += " " + body.status;
    out += ")";
    if (!body.message.empty()) out += ": " + body.message;
    return out;
}

// "projects/123" -> "123"
std::string projectOf(const GoogleErrorBody& body) { return body.consumer.substr(body.consumer.find('/') + 1); }

}  // namespace

GoogleErrorBody parseGoogleError(const HttpResponse& response) {
    GoogleErrorBody out;
    const json object = json::parse(response.body, nullptr, false);
    // List methods with server streaming wrap the envelope in an array.
    const json& root = object.is_array() && object.size() == 1 ? object[0] : object;
    if (!root.is_object()) return out;
    const auto error = root.find("error");
    if (error == root.end()) return out;
    if (error->is_string()) {  // OAuth
        out.status = error->get<std::string>().substr(0, 64);
        out.message = tidyMessage(stringAt(root, "error_description"));
        return out;
    }
    if (!error->is_object()) return out;
    if (const auto code = error->find("code"); code != error->end() && code->is_number_integer()) out.code = code->get<int>();
    out.status = stringAt(*error, "status").substr(0, 64);
    out.message = tidyMessage(stringAt(*error, "message"));
    if (const auto details = error->find("details"); details != error->end() && details->is_array()) readDetails(*details, out);
    // The older list of BigQuery and Cloud Billing: {"errors":[{"reason":"rateLimitExceeded"}]}
    if (const auto errors = error->find("errors");
        out.reason.empty() && errors != error->end() && errors->is_array() && !errors->empty() && errors->front().is_object()) {
        out.reason = stringAt(errors->front(), "reason");
    }
    return out;
}

std::optional<Failure> classifyGoogle(const ApiCall& call, const HttpResponse& response) {
    const int status = response.status;
    if (status >= 200 && status < 300) return std::nullopt;
    const GoogleErrorBody body = parseGoogleError(response);
    Failure failure;
    failure.retry_after = body.retry_after;
    const auto set = [&](ErrorCode kind, const char* verb, std::string meaning, std::string action) {
        failure.error = {kind, reasonText(call, response, body, verb), std::move(meaning), std::move(action)};
    };
    if (status < 400) {
        set(ErrorCode::protocol, "was redirected", "This is not the endpoint of that service.", "Check the endpoint address.");
        return failure;
    }
    const bool rate = body.reason == "rateLimitExceeded" || body.reason == "RATE_LIMIT_EXCEEDED" || body.reason == "userRateLimitExceeded";
    if (status == 429 || body.status == "RESOURCE_EXHAUSTED" || rate) {
        failure.retryable = failure.throttled = true;
        set(ErrorCode::throttled, "was throttled", "A quota of the project is used up for now.",
            "Try again in a minute; other programs share this quota. It can be raised under IAM & Admin, Quotas.");
        return failure;
    }
    if (body.reason == "quotaExceeded") {  // BigQuery: by day, waiting a moment does not help
        set(ErrorCode::throttled, "was refused", "A daily quota of the project is used up.", "Try again tomorrow, or raise the quota.");
        return failure;
    }
    if (body.reason == "SERVICE_DISABLED" || body.reason == "accessNotConfigured") {
        const std::string service = body.service.empty() ? "the API" : body.service;
        set(ErrorCode::unsupported, "is not enabled", service + " is not enabled in the project, so this part is unknown.",
            body.service.empty()
                ? "Enable it in the console under APIs & Services."
                : "gcloud services enable " + body.service + (body.consumer.empty() ? "" : " --project " + projectOf(body)));
        return failure;
    }
    if (body.reason == "USER_PROJECT_DENIED") {
        set(ErrorCode::permission_denied, "was refused", "The quota project of the credentials may not be used.",
            "Allow serviceusage.services.use on it, or choose another: gcloud auth application-default set-quota-project PROJECT");
        failure.error.permission = "serviceusage.services.use";
        return failure;
    }
    if (status == 401 || body.status == "UNAUTHENTICATED") {
        const bool expired = body.reason == "ACCESS_TOKEN_EXPIRED" || body.reason.empty() || body.reason == "authError";
        set(expired ? ErrorCode::credentials_expired : ErrorCode::unauthenticated, "was refused",
            expired ? "The access token has expired or was revoked." : "Google does not accept these credentials.",
            "gcloud auth application-default login");
        return failure;
    }
    if (status == 403 || body.status == "PERMISSION_DENIED") {
        const std::string permission = body.permission.empty() ? call.name : body.permission;
        set(ErrorCode::permission_denied, "was refused", "This part is unknown; nothing else is affected.",
            "Allow " + permission + " (pilotlightctl policy).");
        failure.error.permission = permission;
        return failure;
    }
    if (body.status == "ABORTED" || status == 412) {
        set(ErrorCode::stale, "was refused", "The settings have changed since they were read.", "Read them again and make a new plan.");
        return failure;
    }
    if (status == 409 || body.status == "FAILED_PRECONDITION") {
        set(ErrorCode::conflict, "was refused", "Another update of it is in progress.", "Try again when it has ended.");
        return failure;
    }
    if (status == 501 || body.status == "UNIMPLEMENTED") {
        set(ErrorCode::unsupported, "is not offered here", "This endpoint lacks the operation.", "");
        return failure;
    }
    if (status == 404 && !body.status.empty()) {
        set(ErrorCode::not_found, "found nothing", "", "");
        return failure;
    }
    if (status == 404 || status == 405) {  // a page that no Google API sends
        set(ErrorCode::unsupported, "is not offered here", "This endpoint does not know the operation.", "Check the endpoint address.");
        return failure;
    }
    if (status == 408 || status >= 500) {
        failure.retryable = true;
        set(body.status.empty() && status == 500 ? ErrorCode::protocol : ErrorCode::network, "failed at the service",
            "Whether it took effect is not known.", "Try again.");
        return failure;
    }
    set(ErrorCode::invalid_argument, "was refused", "", "");
    return failure;
}

}  // namespace pilotlight::net
