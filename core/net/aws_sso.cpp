// IAM Identity Center: the token that `aws sso login` cached -> credentials of the profile's role. Refreshed in memory only.
#include <openssl/evp.h>

#include <fstream>
#include <nlohmann/json.hpp>
#include <sstream>

#include "core/base/log.h"
#include "core/net/aws_credential_steps.h"
#include "core/net/aws_errors.h"
#include "core/net/url.h"

namespace pilotlight::net {
namespace {

using nlohmann::json;

struct Session {
    std::string profile, cache_key, start_url, region, account_id, role_name;
};

std::string sha1Hex(std::string_view text) {
    unsigned char digest[20];
    unsigned length = 0;
    EVP_Digest(text.data(), text.size(), digest, &length, EVP_sha1(), nullptr);
    static constexpr char kDigits[] = "0123456789abcdef";
    std::string out;
    for (const unsigned char byte : digest) {
        out += kDigits[byte >> 4];
        out += kDigits[byte & 15];
    }
    return out;
}

Error loginNeeded(const std::string& profile, const std::string& what) {
    return {ErrorCode::credentials_expired, what, "Nothing of this account can be read until then.", "aws sso login --profile " + profile};
}

Result<Session> sessionOf(const CredentialContext& context, const std::string& profile) {
    const auto value = [&](const char* key) { return context.config.value(profile, key).value_or(""); };
    Session session{profile, "", value("sso_start_url"), value("sso_region"), value("sso_account_id"), value("sso_role_name")};
    session.cache_key = session.start_url;
    if (const auto name = value("sso_session"); !name.empty()) {
        const auto* section = context.config.ssoSession(name);
        if (section == nullptr) {
            return fail(ErrorCode::invalid_argument,
                        "The profile " + profile + " names the sso-session " + name + ", which is not in " + context.config.config_path, "",
                        "aws configure sso --profile " + profile);
        }
        const auto of = [&](const char* key) {
            const auto at = section->values.find(key);
            return at == section->values.end() ? std::string() : at->second;
        };
        session.cache_key = name;
        session.start_url = of("sso_start_url");
        session.region = of("sso_region");
    }
    if (session.region.empty() || session.start_url.empty() || session.account_id.empty() || session.role_name.empty()) {
        return fail(ErrorCode::invalid_argument, "The SSO settings of the profile " + profile + " are not complete",
                    "sso_start_url, sso_region, sso_account_id and sso_role_name are needed.", "aws configure sso --profile " + profile);
    }
    return session;
}

std::string stringAt(const json& object, const char* name) {
    const auto at = object.find(name);
    return at != object.end() && at->is_string() ? at->get<std::string>() : std::string();
}

std::optional<Timestamp> timeAt(const json& object, const char* name) {
    std::string text = stringAt(object, name);
    if (text.ends_with("UTC")) text = text.substr(0, text.size() - 3) + "Z";  // as old versions of the CLI wrote it
    const auto time = parseIso8601(text);
    return time ? std::optional(*time) : std::nullopt;
}

// The access token, fresh. A refresh token is used only when the access token has run out: the CLI's cache is not ours to write.
Result<std::string> accessToken(const CredentialContext& context, const Session& session) {
    const std::string path = context.environment("HOME").value_or("") + "/.aws/sso/cache/" + sha1Hex(session.cache_key) + ".json";
    std::ifstream file(path, std::ios::binary);
    if (!file) return fail(loginNeeded(session.profile, "The profile " + session.profile + " is not signed in"));
    std::stringstream text;
    text << file.rdbuf();
    const json token = json::parse(text.str(), nullptr, false);
    if (!token.is_object() || stringAt(token, "accessToken").empty()) {
        return fail(loginNeeded(session.profile, "The SSO token of the profile " + session.profile + " cannot be read"));
    }
    for (const char* key : {"accessToken", "refreshToken", "clientSecret"}) addSecret(stringAt(token, key));
    const auto expires = timeAt(token, "expiresAt");
    if (expires && *expires > context.now + seconds(30)) return stringAt(token, "accessToken");

    const Error expired = loginNeeded(session.profile, "The SSO session of the profile " + session.profile + " has expired");
    const auto client_expires = timeAt(token, "registrationExpiresAt");
    if (stringAt(token, "refreshToken").empty() || stringAt(token, "clientId").empty() ||
        (client_expires && *client_expires <= context.now)) {
        return fail(expired);
    }
    HttpRequest request;
    request.method = "POST";
    request.url = context.origin("SSO_OIDC", "oidc." + session.region + "." + awsDnsSuffix(session.region)) + "/token";
    request.headers = {{"Content-Type", "application/json"}};
    request.body = json{{"grantType", "refresh_token"},
                        {"clientId", stringAt(token, "clientId")},
                        {"clientSecret", stringAt(token, "clientSecret")},
                        {"refreshToken", stringAt(token, "refreshToken")}}
                       .dump(-1, ' ', false, json::error_handler_t::replace);
    PILOTLIGHT_ASSIGN(const HttpResponse response, context.send(request));
    const json answer = json::parse(response.body, nullptr, false);
    const std::string fresh = answer.is_object() ? stringAt(answer, "accessToken") : std::string();
    if (response.status >= 500)
        return fail(ErrorCode::network, "The SSO service failed (" + std::to_string(response.status) + ")", "", "Try again.");
    if (response.status != 200 || fresh.empty()) return fail(expired);
    addSecret(fresh);
    addSecret(stringAt(answer, "refreshToken"));
    return fresh;
}

}  // namespace

Result<AwsCredentials> ssoCredentials(const CredentialContext& context, const std::string& profile) {
    PILOTLIGHT_ASSIGN(const Session session, sessionOf(context, profile));
    PILOTLIGHT_ASSIGN(const std::string token, accessToken(context, session));
    HttpRequest request;
    request.url = context.origin("SSO", "portal.sso." + session.region + "." + awsDnsSuffix(session.region)) + "/federation/credentials?" +
                  formEncode({{"role_name", session.role_name}, {"account_id", session.account_id}});
    request.headers = {{"x-amz-sso_bearer_token", token}};
    PILOTLIGHT_ASSIGN(const HttpResponse response, context.send(request));
    if (response.status == 401) return fail(loginNeeded(profile, "The SSO session of the profile " + profile + " has expired"));
    ApiCall call;
    call.name = "sso:GetRoleCredentials";
    if (const auto failure = classifyAws(call, response)) {
        Error error = failure->error;
        if (error.code == ErrorCode::permission_denied || error.code == ErrorCode::not_found) {
            error.code = ErrorCode::permission_denied;
            error.meaning = "The role " + session.role_name + " of account " + session.account_id + " is not assigned to you.";
            error.action = "Ask for it, or choose another with: aws configure sso --profile " + profile;
        }
        return fail(error);
    }
    const json answer = json::parse(response.body, nullptr, false);
    const auto role = answer.is_object() ? answer.find("roleCredentials") : answer.end();
    if (!answer.is_object() || role == answer.end() || !role->is_object()) {
        return fail(ErrorCode::protocol, "The SSO portal answered without credentials", "", "Check the SSO endpoint.");
    }
    AwsCredentials out;
    out.access_key_id = stringAt(*role, "accessKeyId");
    out.secret_access_key = stringAt(*role, "secretAccessKey");
    out.session_token = stringAt(*role, "sessionToken");
    out.source = "profile " + profile + " (SSO)";
    const auto expiration = role->find("expiration");  // ms since 1970
    if (expiration != role->end() && expiration->is_number_integer())
        out.expires = Timestamp(milliseconds(expiration->get<std::int64_t>()));
    if (out.access_key_id.empty() || out.secret_access_key.empty()) {
        return fail(ErrorCode::protocol, "The SSO portal answered without credentials", "", "Check the SSO endpoint.");
    }
    return guarded(std::move(out));
}

}  // namespace pilotlight::net
