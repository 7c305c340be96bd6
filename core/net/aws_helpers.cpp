// credential_process, the container endpoint and EC2 metadata (AWS SDKs and tools reference guide).
#include <fstream>
#include <nlohmann/json.hpp>
#include <sstream>

#include "core/base/log.h"
#include "core/net/aws_credential_steps.h"
#include "core/net/subprocess.h"
#include "core/net/url.h"

namespace pilotlight::net {
namespace {

using nlohmann::json;

std::string stringAt(const json& object, const char* name) {
    const auto at = object.find(name);
    return at != object.end() && at->is_string() ? at->get<std::string>() : std::string();
}

// http is allowed only where the wire does not leave the host (container credential provider of the SDKs).
bool mayBePlain(const std::string& host) {
    return host == "localhost" || host == "127.0.0.1" || host == "::1" || host == "169.254.170.2" || host == "169.254.170.23" ||
           host == "fd00:ec2::23";
}

}  // namespace

Result<AwsCredentials> credentialsFromJson(const std::string& text, const std::string& source) {
    const json object = json::parse(text, nullptr, false);
    if (!object.is_object()) return fail(ErrorCode::protocol, "What " + source + " printed is not JSON");
    AwsCredentials out;
    out.access_key_id = stringAt(object, "AccessKeyId");
    out.secret_access_key = stringAt(object, "SecretAccessKey");
    out.session_token = stringAt(object, "SessionToken");
    if (out.session_token.empty()) out.session_token = stringAt(object, "Token");
    out.source = source;
    if (out.access_key_id.empty() || out.secret_access_key.empty())
        return fail(ErrorCode::protocol, "There are no credentials in what " + source + " gave");
    if (const auto expiration = stringAt(object, "Expiration"); !expiration.empty()) {
        const auto time = parseIso8601(expiration);
        if (!time) return fail(ErrorCode::protocol, "The expiry that " + source + " gave is not a date");
        out.expires = *time;
    }
    return guarded(std::move(out));
}

Result<AwsCredentials> processCredentials(const CredentialContext& context, const std::string& profile, const std::string& command) {
    const std::string source = "profile " + profile + " (credential_process)";
    PILOTLIGHT_ASSIGN(const auto words, splitCommand(command));
    auto output = runProcess(words, context.options.process_timeout, context.stop);
    if (!output) {
        Error error = output.error();
        if (error.code != ErrorCode::cancelled) {
            error.code = ErrorCode::unauthenticated;
            error.meaning = "The credential_process of the profile " + profile + " gave no credentials.";
            error.action = "Check it in " + context.config.config_path + ".";
        }
        return fail(error);
    }
    if (output->exit_code != 0) {
        std::string reason = output->error.substr(0, output->error.find('\n')).substr(0, 200);
        return fail(ErrorCode::unauthenticated,
                    "The credential_process of the profile " + profile + " failed (exit " + std::to_string(output->exit_code) + ")" +
                        (reason.empty() ? "" : ": " + redacted(reason)),
                    "There are no credentials without it.", "Run it in a terminal to see what it needs.");
    }
    auto credentials = credentialsFromJson(output->out, source);
    if (!credentials) {
        return fail(ErrorCode::unauthenticated, credentials.error().what, "There are no credentials without it.",
                    "It must print JSON with Version 1, AccessKeyId and SecretAccessKey.");
    }
    if (credentials->expires && *credentials->expires <= context.now) {
        return fail(ErrorCode::credentials_expired, "The credential_process of the profile " + profile + " gave expired credentials", "",
                    "Sign in to what it asks, then try again.");
    }
    return credentials;
}

Result<std::optional<AwsCredentials>> containerCredentials(const CredentialContext& context) {
    std::string url;
    if (const auto relative = context.environment("AWS_CONTAINER_CREDENTIALS_RELATIVE_URI")) {
        url = "http://169.254.170.2" + *relative;
    } else if (const auto full = context.environment("AWS_CONTAINER_CREDENTIALS_FULL_URI")) {
        url = *full;
        const auto parts = splitUrl(url);
        if (parts.scheme != "https" && !(parts.scheme == "http" && mayBePlain(hostOf(parts)))) {
            return fail(ErrorCode::invalid_argument, "AWS_CONTAINER_CREDENTIALS_FULL_URI points at " + originOf(url),
                        "Credentials are only read over https, or from this host.", "Correct the variable.");
        }
    } else {
        return std::nullopt;
    }
    HttpRequest request;
    request.url = url;
    request.deadline = context.options.metadata_timeout * 2;
    request.direct = true;
    request.max_body = 1u << 20;
    std::string authorization = context.environment("AWS_CONTAINER_AUTHORIZATION_TOKEN").value_or("");
    if (const auto path = context.environment("AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE")) {
        std::ifstream file(*path, std::ios::binary);
        if (!file) return fail(ErrorCode::unauthenticated, "The file of AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE cannot be read");
        std::stringstream text;
        text << file.rdbuf();
        authorization = text.str();
        while (!authorization.empty() && (authorization.back() == '\n' || authorization.back() == '\r')) authorization.pop_back();
    }
    if (authorization.find_first_of("\r\n") != std::string::npos) {
        return fail(ErrorCode::invalid_argument, "The container's authorization token holds a line break");
    }
    if (!authorization.empty()) {
        addSecret(authorization);
        request.headers.emplace_back("Authorization", authorization);
    }
    Result<HttpResponse> response = fail(ErrorCode::network, "");
    for (int attempt = 0; attempt < 3; ++attempt) {
        response = context.send(request);
        if (response ? response->status < 500 : response.error().code != ErrorCode::network) break;
    }
    if (!response) return fail(response.error());
    if (response->status != 200) {
        return fail(ErrorCode::unauthenticated, "The container's credential endpoint refused (" + std::to_string(response->status) + ")",
                    "", "Check the task's role.");
    }
    PILOTLIGHT_ASSIGN(auto credentials, credentialsFromJson(response->body, "container"));
    return credentials;
}

Result<std::optional<AwsCredentials>> instanceCredentials(const CredentialContext& context) {
    std::string disabled = context.environment("AWS_EC2_METADATA_DISABLED").value_or("");
    for (char& c : disabled) c = static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
    if (disabled == "true") return std::nullopt;
    std::string base = context.environment("AWS_EC2_METADATA_SERVICE_ENDPOINT").value_or("http://169.254.169.254");
    while (base.ends_with('/')) base.pop_back();
    HttpRequest request;
    request.method = "PUT";
    request.url = base + "/latest/api/token";
    request.headers = {{"X-aws-ec2-metadata-token-ttl-seconds", "21600"}};
    request.deadline = context.options.metadata_timeout;
    request.direct = true;
    request.max_body = 1u << 20;
    auto token = context.send(request);
    if (!token && token.error().code == ErrorCode::cancelled) return fail(token.error());
    if (!token || token->status != 200) return std::nullopt;  // not on EC2
    addSecret(token->body);
    const std::string list = base + "/latest/meta-data/iam/security-credentials/";
    request.method = "GET";
    request.url = list;
    request.headers = {{"X-aws-ec2-metadata-token", token->body}};
    PILOTLIGHT_ASSIGN(const HttpResponse roles, context.send(request));
    const std::string role = roles.body.substr(0, roles.body.find_first_of("\r\n"));
    if (roles.status != 200 || role.empty()) return std::nullopt;  // an instance without a role
    request.url = list + percentEncode(role);
    PILOTLIGHT_ASSIGN(const HttpResponse answer, context.send(request));
    if (answer.status != 200) {
        return fail(ErrorCode::unauthenticated,
                    "EC2 metadata refused the credentials of the role " + role + " (" + std::to_string(answer.status) + ")");
    }
    PILOTLIGHT_ASSIGN(auto credentials, credentialsFromJson(answer.body, "EC2 instance role " + role));
    return credentials;
}

}  // namespace pilotlight::net
