#include "core/net/aws_errors.h"

#include <array>
#include <cctype>
#include <nlohmann/json.hpp>

#include "core/net/error_text.h"

namespace pilotlight::net {
namespace {

using nlohmann::json;

// "aws.protocoltests#Name:http://..." -> "Name"
std::string bareCode(std::string_view code) {
    if (const auto hash = code.rfind('#'); hash != std::string_view::npos) code.remove_prefix(hash + 1);
    code = code.substr(0, code.find(':'));
    while (!code.empty() && std::isspace(static_cast<unsigned char>(code.front()))) code.remove_prefix(1);
    while (!code.empty() && std::isspace(static_cast<unsigned char>(code.back()))) code.remove_suffix(1);
    for (const char c : code) {
        if (!std::isalnum(static_cast<unsigned char>(c)) && c != '.' && c != '_' && c != '-') return {};
    }
    return code.size() <= 128 ? std::string(code) : std::string();
}

std::string_view between(std::string_view text, std::string_view open, std::string_view close) {
    const auto from = text.find(open);
    if (from == std::string_view::npos) return {};
    text.remove_prefix(from + open.size());
    const auto to = text.find(close);
    return to == std::string_view::npos ? std::string_view() : text.substr(0, to);
}

std::string unescapeXml(std::string_view text) {
    static constexpr std::array<std::pair<std::string_view, char>, 5> kEntities{
        {{"&lt;", '<'}, {"&gt;", '>'}, {"&quot;", '"'}, {"&apos;", '\''}, {"&amp;", '&'}}};
    std::string out;
    for (std::size_t i = 0; i < text.size();) {
        bool found = false;
        for (const auto& [entity, c] : kEntities) {
            if (text.substr(i, entity.size()) == entity) {
                out += c;
                i += entity.size();
                found = true;
                break;
            }
        }
        if (!found) out += text[i++];
    }
    return out;
}

std::string stringAt(const json& object, std::initializer_list<const char*> names) {
    for (const char* name : names) {
        const auto at = object.find(name);
        if (at != object.end() && at->is_string()) return at->get<std::string>();
    }
    return {};
}

std::optional<double> numberAt(const json& object, const char* name) {
    const auto at = object.find(name);
    if (at == object.end()) return std::nullopt;
    if (at->is_number()) return at->get<double>();
    if (at->is_string()) {
        const auto text = at->get<std::string>();
        char* end = nullptr;
        const double value = std::strtod(text.c_str(), &end);
        if (end != text.c_str()) return value;
    }
    return std::nullopt;
}

template <std::size_t N>
bool oneOf(std::string_view code, const std::array<std::string_view, N>& codes) {
    for (const auto known : codes) {
        if (code == known) return true;
    }
    return false;
}

// Lists: botocore retries/standard.py and _retry.json; IAM user guide, "Troubleshoot Signature Version 4"; the services' own models.
constexpr std::array<std::string_view, 15> kThrottling{"Throttling",
                                                       "ThrottlingException",
                                                       "ThrottledException",
                                                       "RequestThrottled",
                                                       "RequestThrottledException",
                                                       "TooManyRequestsException",
                                                       "TooManyRequests",
                                                       "RequestLimitExceeded",
                                                       "BandwidthLimitExceeded",
                                                       "LimitExceededException",
                                                       "SlowDown",
                                                       "EC2ThrottledException",
                                                       "ProvisionedThroughputExceededException",
                                                       "TransactionInProgressException",
                                                       "LimitExceeded"};
constexpr std::array<std::string_view, 8> kDenied{"AccessDenied",          "AccessDeniedException",       "UnauthorizedOperation",
                                                  "AuthorizationError",    "AuthorizationErrorException", "NotAuthorized",
                                                  "UnauthorizedException", "ForbiddenException"};
constexpr std::array<std::string_view, 5> kExpired{"ExpiredToken", "ExpiredTokenException", "TokenRefreshRequired", "ExpiredCredentials",
                                                   "UnauthorizedSSOTokenError"};
constexpr std::array<std::string_view, 6> kSkewed{"RequestTimeTooSkewed",      "RequestExpired",        "RequestInTheFuture",
                                                  "InvalidSignatureException", "SignatureDoesNotMatch", "AuthFailure"};
constexpr std::array<std::string_view, 8> kBadKey{
    "UnrecognizedClientException",         "InvalidClientTokenId", "InvalidAccessKeyId",           "MissingAuthenticationToken",
    "MissingAuthenticationTokenException", "IncompleteSignature",  "IncompleteSignatureException", "NotAuthorizedException"};
constexpr std::array<std::string_view, 2> kStale{"PreconditionFailed", "PreconditionFailedException"};
constexpr std::array<std::string_view, 7> kConflict{"ResourceConflictException",      "ConcurrentUpdateException", "ConflictException",
                                                    "ResourceInUseException",         "OperationAbortedException", "ResourceConflict",
                                                    "ConcurrentModificationException"};
constexpr std::array<std::string_view, 8> kNotFound{"ResourceNotFoundException",
                                                    "ResourceNotFound",
                                                    "NotFoundException",
                                                    "NotFound",
                                                    "ObjectNotFoundException",
                                                    "NoSuchEntity",
                                                    "ProvisionedConcurrencyConfigNotFoundException",
                                                    "DataUnavailableException"};
constexpr std::array<std::string_view, 10> kUnsupported{"UnknownOperationException",
                                                        "UnknownOperation",
                                                        "InvalidAction",
                                                        "UnsupportedOperation",
                                                        "UnsupportedOperationException",
                                                        "NotImplemented",
                                                        "NotImplementedException",
                                                        "SubscriptionRequiredException",
                                                        "OptInRequired",
                                                        "UnknownAction"};
constexpr std::array<std::string_view, 3> kTransient{"RequestTimeout", "RequestTimeoutException", "PriorRequestNotComplete"};

std::string reasonText(const ApiCall& call, const HttpResponse& response, const AwsErrorBody& body, const char* verb) {
    std::string out = call.name + " " + verb + " (" + std::to_string(response.status);
    if (!body.code.empty()) out += " " + body.code;
    out += ")";
    if (!body.message.empty()) out += ": " + body.message;
    return out;
}

}  // namespace

AwsErrorBody parseAwsError(const HttpResponse& response) {
    AwsErrorBody out;
    const auto query_error = response.header("x-amzn-query-error");
    out.code = bareCode(query_error.substr(0, query_error.find(';')));
    if (out.code.empty()) out.code = bareCode(response.header("x-amzn-errortype"));

    std::string_view body = response.body;
    while (!body.empty() && std::isspace(static_cast<unsigned char>(body.front()))) body.remove_prefix(1);
    if (!body.empty() && body.front() == '{') {
        const json object = json::parse(body, nullptr, false);
        if (object.is_object()) {
            if (out.code.empty()) out.code = bareCode(stringAt(object, {"__type", "code", "Code"}));
            // REST errors of some services nest them: {"Error":{"Code":...,"Message":...}}
            const auto inner = object.find("Error");
            if (inner != object.end() && inner->is_object()) {
                if (out.code.empty()) out.code = bareCode(stringAt(*inner, {"Code", "code"}));
                out.message = tidyMessage(stringAt(*inner, {"Message", "message"}));
            }
            // The token service of SSO speaks OAuth: {"error":"invalid_grant","error_description":...}
            if (out.code.empty()) out.code = bareCode(stringAt(object, {"error"}));
            if (out.message.empty()) out.message = tidyMessage(stringAt(object, {"message", "Message", "errorMessage", "error_description"}));
            if (const auto wait = numberAt(object, "retryAfterSeconds"); wait && *wait > 0 && *wait < 86'400) {
                out.retry_after = milliseconds(static_cast<std::int64_t>(*wait * 1000));
            }
        }
    } else if (body.starts_with("<") && body.find("<Code>") != std::string_view::npos) {
        if (out.code.empty()) out.code = bareCode(between(body, "<Code>", "</Code>"));
        out.message = tidyMessage(unescapeXml(between(body, "<Message>", "</Message>")));
    }
    if (const auto wait = response.header("x-amz-retry-after"); !wait.empty() && out.retry_after.count() == 0) {
        const long long ms = std::strtoll(std::string(wait).c_str(), nullptr, 10);
        if (ms > 0 && ms < 86'400'000) out.retry_after = milliseconds(ms);
    }
    return out;
}

std::optional<Failure> classifyAws(const ApiCall& call, const HttpResponse& response) {
    const int status = response.status;
    if (status >= 200 && status < 300) return std::nullopt;
    const AwsErrorBody body = parseAwsError(response);
    const std::string& code = body.code;
    Failure failure;
    failure.retry_after = body.retry_after;
    const auto set = [&](ErrorCode kind, const char* verb, std::string meaning, std::string action) {
        failure.error = {kind, reasonText(call, response, body, verb), std::move(meaning), std::move(action)};
    };

    if (status < 400) {
        set(ErrorCode::protocol, "was redirected", "This is not the endpoint of that service.",
            "Check the endpoint address and the region.");
        return failure;
    }
    if (oneOf(code, kThrottling) || status == 429 || (code.empty() && status == 503 && !response.header("retry-after").empty())) {
        failure.retryable = failure.throttled = true;
        const bool quota = code.starts_with("LimitExceeded");
        set(ErrorCode::throttled, "was throttled",
            quota ? "Too many calls, or a quota of the account is used up." : "AWS asked for fewer calls.",
            quota ? "Try again later, or raise the quota in Service Quotas."
                  : "Try again in a minute; other programs may share this rate.");
        return failure;
    }
    if (oneOf(code, kExpired) ||
        (status >= 400 && body.message.find("security token included in the request is expired") != std::string::npos)) {
        set(ErrorCode::credentials_expired, "was refused", "The AWS credentials have expired.",
            "Renew them where they come from (for SSO: aws sso login --profile NAME).");
        return failure;
    }
    if (oneOf(code, kSkewed)) {
        set(ErrorCode::unauthenticated, "was refused", "AWS did not accept the signature.",
            "Check the secret access key, the region and this machine's clock.");
        return failure;
    }
    if (oneOf(code, kBadKey) || (status == 401 && !oneOf(code, kDenied))) {
        set(ErrorCode::unauthenticated, "was refused", "AWS does not know these credentials.", "Check the access key and the AWS profile.");
        return failure;
    }
    if (oneOf(code, kUnsupported) || status == 501) {
        set(ErrorCode::unsupported, "is not offered here", "This region, account or endpoint lacks the operation.", "");
        return failure;
    }
    if (oneOf(code, kDenied) || (status == 403 && !oneOf(code, kNotFound))) {
        set(ErrorCode::permission_denied, "was refused", "This part is unknown; nothing else is affected.",
            "Allow " + call.name + " (pilotlightctl policy).");
        failure.error.permission = call.name;
        return failure;
    }
    if (oneOf(code, kStale) || status == 412) {
        set(ErrorCode::stale, "was refused", "The settings have changed since they were read.", "Read them again and make a new plan.");
        return failure;
    }
    if (oneOf(code, kConflict) || status == 409) {
        set(ErrorCode::conflict, "was refused", "Another update of it is in progress.", "Try again when it has ended.");
        return failure;
    }
    if (oneOf(code, kTransient) || status == 408) {
        failure.retryable = true;
        set(ErrorCode::network, "timed out at AWS", "", "Try again.");
        return failure;
    }
    if (oneOf(code, kNotFound) || (status == 404 && !code.empty())) {
        set(ErrorCode::not_found, "found nothing", "", "");
        return failure;
    }
    if (status == 404 || status == 405) {  // a page that no AWS service sends: the endpoint does not know the operation
        set(ErrorCode::unsupported, "is not offered here", "This endpoint does not know the operation.", "Check the endpoint address.");
        return failure;
    }
    if (status >= 500) {
        failure.retryable = true;
        const bool shaped = !code.empty() || status == 502 || status == 503 || status == 504;
        set(shaped ? ErrorCode::network : ErrorCode::protocol, "failed at the service",
            call.idempotent ? "This part is unknown; nothing was changed." : "Whether it took effect is not known.", "Try again.");
        return failure;
    }
    set(ErrorCode::invalid_argument, "was refused", "", "");
    return failure;
}

}  // namespace pilotlight::net
