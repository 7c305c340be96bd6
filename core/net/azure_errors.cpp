#include "core/net/azure_errors.h"

#include <cstdlib>
#include <nlohmann/json.hpp>

#include "core/net/error_text.h"

namespace pilotlight::net {
namespace {

using nlohmann::json;

std::string stringAt(const json& object, const char* name) {
    const auto at = object.find(name);
    return at != object.end() && at->is_string() ? at->get<std::string>() : std::string();
}

}  // namespace

AzureErrorBody parseAzureError(const HttpResponse& response) {
    AzureErrorBody out;
    const json root = json::parse(response.body, nullptr, false);
    if (!root.is_object()) return out;
    const auto error = root.find("error");
    if (error != root.end() && error->is_object()) {
        out.code = stringAt(*error, "code").substr(0, 80);
        out.message = tidyMessage(stringAt(*error, "message"));
    } else if (error != root.end() && error->is_string()) {
        out.code = error->get<std::string>().substr(0, 80);
        out.message = tidyMessage(stringAt(root, "error_description"));
    } else {  // Microsoft.Web: {"Code":..., "Message":...}
        out.code = stringAt(root, "Code").substr(0, 80);
        out.message = tidyMessage(stringAt(root, "Message"));
    }
    return out;
}

milliseconds azureRetryAfter(const HttpResponse& response) {
    milliseconds longest{0};
    for (const auto& [name, value] : response.headers) {
        if (name != "retry-after" && !(name.starts_with("x-ms-ratelimit-") && name.ends_with("-retry-after"))) continue;
        const long s = std::strtol(value.c_str(), nullptr, 10);
        if (s > 0 && s < 86'400) longest = std::max(longest, milliseconds(s * 1000));
    }
    return longest;
}

std::optional<Failure> classifyAzure(const ApiCall& call, const HttpResponse& response) {
    const int status = response.status;
    if (status >= 200 && status < 300) return std::nullopt;
    const AzureErrorBody body = parseAzureError(response);
    Failure failure;
    failure.retry_after = azureRetryAfter(response);
    const auto set = [&](ErrorCode kind, const char* verb, std::string meaning, std::string action) {
        std::string what = call.name + " " + verb + " (" + std::to_string(status) + (body.code.empty() ? "" : " " + body.code) + ")";
        if (!body.message.empty()) what += ": " + body.message;
        failure.error = {kind, std::move(what), std::move(meaning), std::move(action)};
    };
    if (status < 400) {
        set(ErrorCode::protocol, "was redirected", "This is not the endpoint of that service.", "Check the endpoint address.");
    } else if (status == 429) {
        failure.retryable = failure.throttled = true;
        set(ErrorCode::throttled, "was throttled", "A quota of the subscription is used up for now.",
            "Try again in a minute; other programs share this quota.");
    } else if (status == 401) {
        const bool expired = body.code != "InvalidAuthenticationTokenTenant" && body.code != "InvalidAuthenticationToken";
        set(expired ? ErrorCode::credentials_expired : ErrorCode::unauthenticated, "was refused", "Azure does not accept the access token.",
            "az login");
    } else if (body.code == "MissingSubscriptionRegistration" || body.code == "SubscriptionNotRegistered") {
        set(ErrorCode::unsupported, "is not enabled", "The resource provider is not registered in the subscription.",
            "az provider register --namespace " + call.name.substr(0, call.name.find('/')));
    } else if (body.code == "SubscriptionNotFound" || body.code == "InvalidSubscriptionId") {
        set(ErrorCode::not_found, "found nothing", "The subscription does not exist, or is not visible to these credentials.",
            "az account list shows those that are.");
    } else if (body.code == "ScopeLocked") {
        set(ErrorCode::refused, "was refused", "A resource lock forbids changes.", "Remove the lock first.");
    } else if (status == 403) {
        set(ErrorCode::permission_denied, "was refused", "This part is unknown; nothing else is affected.",
            "Allow " + call.name + " (pilotlightctl policy --platform azure).");
        failure.error.permission = call.name;
    } else if (status == 412) {
        set(ErrorCode::stale, "was refused", "The settings have changed since they were read.", "Read them again and make a new plan.");
    } else if (status == 409) {
        set(ErrorCode::conflict, "was refused", "Another update of it is in progress.", "Try again when it has ended.");
    } else if (status == 404 && !body.code.empty()) {
        set(ErrorCode::not_found, "found nothing", "", "");
    } else if (status == 404 || status == 405 || body.code == "InvalidApiVersionParameter" || body.code == "NoRegisteredProviderFound") {
        set(ErrorCode::unsupported, "is not offered here", "This endpoint does not know the operation.", "Check the endpoint address.");
    } else if (status == 408 || status >= 500) {
        failure.retryable = true;
        set(body.code.empty() && status == 500 ? ErrorCode::protocol : ErrorCode::network, "failed at the service",
            "Whether it took effect is not known.", "Try again.");
    } else {
        set(ErrorCode::invalid_argument, "was refused", "", "");
    }
    return failure;
}

}  // namespace pilotlight::net
