// AssumeRole and AssumeRoleWithWebIdentity (AWS STS API reference, 2011-06-15, query protocol).
#include <fstream>
#include <sstream>

#include "core/base/log.h"
#include "core/net/aws_credential_steps.h"
#include "core/net/aws_errors.h"
#include "core/net/url.h"

namespace pilotlight::net {
namespace {

std::string element(std::string_view xml, const std::string& name) {
    const auto from = xml.find("<" + name + ">");
    if (from == std::string_view::npos) return {};
    xml.remove_prefix(from + name.size() + 2);
    const auto to = xml.find("</" + name + ">");
    return to == std::string_view::npos ? std::string() : std::string(xml.substr(0, to));
}

Result<AwsCredentials> fromXml(const std::string& xml, const std::string& source, const std::string& operation) {
    AwsCredentials out;
    out.access_key_id = element(xml, "AccessKeyId");
    out.secret_access_key = element(xml, "SecretAccessKey");
    out.session_token = element(xml, "SessionToken");
    out.source = source;
    if (out.access_key_id.empty() || out.secret_access_key.empty()) {
        return fail(ErrorCode::protocol, operation + " answered without credentials", "No role could be assumed.",
                    "Check the STS endpoint.");
    }
    if (auto expires = parseIso8601(element(xml, "Expiration"))) out.expires = *expires;
    return guarded(std::move(out));
}

HttpRequest queryRequest(const CredentialContext& context, const std::string& region,
                         const std::vector<std::pair<std::string, std::string>>& fields) {
    HttpRequest request;
    request.method = "POST";
    request.url = context.origin("STS", "sts." + region + "." + awsDnsSuffix(region)) + "/";
    request.headers = {{"Content-Type", "application/x-www-form-urlencoded; charset=utf-8"}};
    request.body = formEncode(fields);
    return request;
}

Result<AwsCredentials> finish(const CredentialContext& context, const HttpRequest& request, const std::string& operation,
                              const RoleRequest& role, const std::string& source) {
    PILOTLIGHT_ASSIGN(const HttpResponse response, context.send(request));
    ApiCall call;
    call.name = operation;
    if (const auto failure = classifyAws(call, response)) {
        Error error = failure->error;
        error.meaning = "The role " + role.role_arn + " could not be assumed.";
        if (error.code == ErrorCode::permission_denied) {
            error.action = "Allow sts:AssumeRole on it, and let its trust policy name who asks.";
        }
        return fail(error);
    }
    return fromXml(response.body, source, operation);
}

std::string sessionName(const RoleRequest& role, Timestamp now) {
    if (!role.session_name.empty()) return role.session_name;
    return "pilotlight-" + std::to_string(std::chrono::duration_cast<seconds>(now.time_since_epoch()).count());
}

}  // namespace

Result<AwsCredentials> assumeRole(const CredentialContext& context, const AwsCredentials& base, const RoleRequest& role) {
    std::vector<std::pair<std::string, std::string>> fields{{"Action", "AssumeRole"},
                                                            {"Version", "2011-06-15"},
                                                            {"RoleArn", role.role_arn},
                                                            {"RoleSessionName", sessionName(role, context.now)},
                                                            {"DurationSeconds", std::to_string(role.duration_seconds)}};
    if (!role.external_id.empty()) fields.emplace_back("ExternalId", role.external_id);
    if (!role.mfa_serial.empty()) {
        if (!context.options.mfa_code) {
            return fail(ErrorCode::unauthenticated, "The profile " + role.profile + " needs a code of the device " + role.mfa_serial,
                        "It cannot be asked for here.",
                        "aws sts get-session-token --serial-number " + role.mfa_serial + " --token-code CODE");
        }
        PILOTLIGHT_ASSIGN(std::string code, context.options.mfa_code(role.mfa_serial));
        fields.emplace_back("SerialNumber", role.mfa_serial);
        fields.emplace_back("TokenCode", code);
    }
    const std::string region = context.stsRegion();
    HttpRequest request = queryRequest(context, region, fields);
    signAws(request, base, {.region = region, .service = "sts"}, context.now);
    return finish(context, request, "sts:AssumeRole", role, "profile " + role.profile + " (role " + role.role_arn + ")");
}

Result<AwsCredentials> assumeRoleWithWebIdentity(const CredentialContext& context, const RoleRequest& role, const std::string& token_file) {
    std::ifstream file(token_file, std::ios::binary);
    if (!file) {
        return fail(ErrorCode::unauthenticated, "The web identity token " + token_file + " cannot be read",
                    "The role " + role.role_arn + " could not be assumed.", "Check AWS_WEB_IDENTITY_TOKEN_FILE.");
    }
    std::stringstream text;
    text << file.rdbuf();
    std::string token = text.str();
    while (!token.empty() && (token.back() == '\n' || token.back() == '\r' || token.back() == ' ')) token.pop_back();
    addSecret(token);
    const HttpRequest request = queryRequest(context, context.stsRegion(),
                                             {{"Action", "AssumeRoleWithWebIdentity"},
                                              {"Version", "2011-06-15"},
                                              {"RoleArn", role.role_arn},
                                              {"RoleSessionName", sessionName(role, context.now)},
                                              {"WebIdentityToken", token},
                                              {"DurationSeconds", std::to_string(role.duration_seconds)}});
    return finish(context, request, "sts:AssumeRoleWithWebIdentity", role, "web identity (role " + role.role_arn + ")");
}

}  // namespace pilotlight::net
