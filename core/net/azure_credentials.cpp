#include "core/net/azure_credentials.h"

#include <fmt/format.h>

#include <fstream>
#include <map>
#include <mutex>
#include <nlohmann/json.hpp>
#include <random>
#include <sstream>

#include "core/base/log.h"
#include "core/net/azure_errors.h"
#include "core/net/jwt.h"
#include "core/net/subprocess.h"
#include "core/net/url.h"

namespace pilotlight::net {
namespace {

using nlohmann::json;

constexpr minutes kEarly{5};

std::string textAt(const json& object, const char* name) {
    const auto at = object.find(name);
    return at != object.end() && at->is_string() ? at->get<std::string>() : std::string();
}

Result<std::string> readFile(const std::string& path, const char* what) {
    std::ifstream file(path, std::ios::binary);
    if (!file)
        return fail(ErrorCode::unauthenticated, fmt::format("{} cannot be read: {}", what, path), "There is no access token.",
                    "Check the path and its permissions.");
    std::ostringstream text;
    text << file.rdbuf();
    std::string read = text.str();
    while (!read.empty() && (read.back() == '\n' || read.back() == '\r')) read.pop_back();
    return read;
}

// Seconds as a number, or as text (managed identity).
std::optional<std::int64_t> secondsAt(const json& object, const char* name) {
    const auto at = object.find(name);
    if (at == object.end()) return std::nullopt;
    if (at->is_number()) return at->get<std::int64_t>();
    if (at->is_string() && !at->get<std::string>().empty()) return std::atoll(at->get<std::string>().c_str());
    return std::nullopt;
}

}  // namespace

struct AzureCredentialSource::Impl {
    AzureCredentialOptions options;
    EnvironmentReader environment;
    std::mutex mutex;
    std::map<std::string, AzureToken> held;  // by audience

    [[nodiscard]] std::string variable(const char* name) const { return environment(name).value_or(std::string{}); }

    // {access_token, expires_in | expires_on}
    Status take(const std::string& body, Timestamp now, AzureToken& token) const {
        const json reply = json::parse(body, nullptr, false);
        if (reply.is_object()) token.value = textAt(reply, "access_token");
        if (token.value.empty())
            return fail(ErrorCode::protocol, "The answer of the token service holds no access token", "There is no access token.", {});
        addSecret(token.value);
        const std::int64_t lasts = std::clamp<std::int64_t>(secondsAt(reply, "expires_in").value_or(3600), 0, 86'400);
        token.expires = now + seconds(lasts);
        return {};
    }

    Result<std::string> assertionOf(const std::string& client, const std::string& address, Timestamp now) const {
        PILOTLIGHT_ASSIGN(const std::string pem,
                          readFile(variable("AZURE_CLIENT_CERTIFICATE_PATH"), "The certificate of the service principal"));
        addSecret(pem);
        PILOTLIGHT_ASSIGN(const CertificateThumbprints prints, thumbprintsOf(pem));
        const auto issued = std::chrono::duration_cast<seconds>(now.time_since_epoch()).count();
        std::random_device device;
        const json header = {{"alg", "RS256"}, {"typ", "JWT"}, {"x5t", prints.sha1}, {"x5t#S256", prints.sha256}};
        const json claims = {{"aud", address}, {"iss", client},
                             {"sub", client},  {"jti", fmt::format("{:08x}{:08x}{:08x}{:08x}", device(), device(), device(), device())},
                             {"nbf", issued},  {"exp", issued + 600}};
        return signRs256(header.dump(), claims.dump(), pem);
    }

    // nullopt: the environment names no service principal.
    Result<std::optional<AzureToken>> servicePrincipal(const std::string& audience, Timestamp now, std::stop_token stop) const {
        const std::string tenant = variable("AZURE_TENANT_ID"), client = variable("AZURE_CLIENT_ID"),
                          secret = variable("AZURE_CLIENT_SECRET");
        const std::string certificate = variable("AZURE_CLIENT_CERTIFICATE_PATH"), federated = variable("AZURE_FEDERATED_TOKEN_FILE");
        if (secret.empty() && certificate.empty() && federated.empty()) return std::nullopt;
        if (tenant.empty() || client.empty())
            return fail(ErrorCode::invalid_argument, "A service principal needs AZURE_TENANT_ID and AZURE_CLIENT_ID, too",
                        "There is no access token.", "Set both.");
        std::string authority = options.authority.empty() ? variable("AZURE_AUTHORITY_HOST") : options.authority;
        if (authority.empty()) authority = "https://login.microsoftonline.com";
        while (authority.ends_with('/')) authority.pop_back();
        const std::string address = fmt::format("{}/{}/oauth2/v2.0/token", authority, percentEncode(tenant));
        std::vector<std::pair<std::string, std::string>> form{
            {"grant_type", "client_credentials"}, {"client_id", client}, {"scope", audience + "/.default"}};
        AzureToken token;
        token.tenant = tenant;
        token.principal = client;
        if (!secret.empty()) {
            addSecret(secret);
            form.emplace_back("client_secret", secret);
            token.source = "service principal (secret)";
        } else {
            std::string assertion;
            if (!certificate.empty()) {
                PILOTLIGHT_ASSIGN(assertion, assertionOf(client, address, now));
                token.source = "service principal (certificate)";
            } else {
                PILOTLIGHT_ASSIGN(assertion, readFile(federated, "The federated token"));
                addSecret(assertion);
                token.source = "service principal (federated token)";
            }
            form.emplace_back("client_assertion_type", "urn:ietf:params:oauth:client-assertion-type:jwt-bearer");
            form.emplace_back("client_assertion", assertion);
        }
        HttpRequest request;
        request.method = "POST";
        request.url = address;
        request.headers = {{"Content-Type", "application/x-www-form-urlencoded"}, {"User-Agent", "pilotlight/" PILOTLIGHT_VERSION}};
        request.body = formEncode(form);
        PILOTLIGHT_ASSIGN(const HttpResponse response, options.http->send(request, stop));
        ApiCall call;
        call.name = "Entra's token service";
        if (auto failure = classifyAzure(call, response)) {
            Error error = failure->error;
            if (error.code != ErrorCode::network && error.code != ErrorCode::throttled) error.code = ErrorCode::unauthenticated;
            error.meaning = "There is no access token.";
            error.action = "Check tenant, client id and the secret or certificate (it may have expired).";
            return fail(std::move(error));
        }
        PILOTLIGHT_TRY(take(response.body, now, token));
        return token;
    }

    Result<std::optional<AzureToken>> managedIdentity(const std::string& audience, Timestamp now, std::stop_token stop) const {
        HttpRequest request;
        request.direct = true;
        request.deadline = options.metadata_timeout;
        const std::string endpoint = variable("IDENTITY_ENDPOINT"), header = variable("IDENTITY_HEADER"),
                          client = variable("AZURE_CLIENT_ID");
        const std::string resource = percentEncode(audience);
        if (!endpoint.empty() && !header.empty()) {
            addSecret(header);
            request.url = endpoint + "?api-version=2019-08-01&resource=" + resource;
            request.headers = {{"X-IDENTITY-HEADER", header}};
        } else {
            request.url = "http://169.254.169.254/metadata/identity/oauth2/token?api-version=2018-02-01&resource=" + resource;
            request.headers = {{"Metadata", "true"}};
        }
        if (!client.empty()) request.url += "&client_id=" + percentEncode(client);
        const auto answer = options.http->send(request, stop);
        if (!answer) {
            if (answer.error().code == ErrorCode::cancelled) return fail(answer.error());
            return std::nullopt;
        }
        if (answer->status != 200) return std::nullopt;
        AzureToken token;
        token.source = "managed identity";
        token.principal = client;
        PILOTLIGHT_TRY(take(answer->body, now, token));
        return token;
    }

    Result<std::optional<AzureToken>> commandLine(const std::string& audience, std::stop_token stop) const {
        std::vector<std::string> words{"az", "account", "get-access-token", "--output", "json", "--resource", audience};
        if (!options.subscription.empty()) words.insert(words.end(), {"--subscription", options.subscription});
        const auto output = runProcess(words, options.cli_timeout, stop);
        if (!output) {
            if (output.error().code == ErrorCode::not_found) return std::nullopt;
            return fail(output.error());
        }
        if (output->exit_code != 0)
            return fail(ErrorCode::credentials_expired,
                        "The Azure CLI gave no token: " + redacted(output->error.substr(0, output->error.find('\n')).substr(0, 200)),
                        "There is no access token.", "az login");
        const json reply = json::parse(output->out, nullptr, false);
        AzureToken token;
        if (reply.is_object()) token.value = textAt(reply, "accessToken");
        if (token.value.empty())
            return fail(ErrorCode::protocol, "What az account get-access-token printed holds no token", {}, "az login");
        addSecret(token.value);
        token.tenant = textAt(reply, "tenant");
        token.source = token.principal = "Azure CLI";
        // `expiresOn` is local time without a zone: only the epoch of newer versions is read; else the token is held for five minutes.
        const auto epoch = secondsAt(reply, "expires_on");
        token.expires = epoch ? Timestamp(seconds(*epoch)) : Timestamp{};
        return token;
    }

    Result<AzureToken> fresh(const std::string& audience, Timestamp now, std::stop_token stop) const {
        PILOTLIGHT_ASSIGN(auto found, servicePrincipal(audience, now, stop));
        if (!found && !options.own_endpoint) {
            PILOTLIGHT_ASSIGN(found, managedIdentity(audience, now, stop));
            if (!found) {
                PILOTLIGHT_ASSIGN(found, commandLine(audience, stop));
                if (found && found->expires == Timestamp{}) found->expires = now + 2 * kEarly;
            }
        }
        if (found) return std::move(*found);
        return fail(
            ErrorCode::unauthenticated,
            "No Azure credentials were found (AZURE_CLIENT_ID and its secret, certificate or federated token; managed identity; Azure CLI)",
            "Nothing can be read.", "az login");
    }
};

AzureCredentialSource::AzureCredentialSource(AzureCredentialOptions options) : impl_(std::make_unique<Impl>()) {
    impl_->options = std::move(options);
    impl_->environment = impl_->options.environment ? impl_->options.environment : processEnvironment();
}
AzureCredentialSource::~AzureCredentialSource() = default;

Result<AzureToken> AzureCredentialSource::get(Timestamp now, std::stop_token stop, const std::string& audience) {
    const std::lock_guard lock(impl_->mutex);
    AzureToken& held = impl_->held[audience];
    if (!held.value.empty() && now + kEarly < held.expires) return held;
    PILOTLIGHT_ASSIGN(held, impl_->fresh(audience, now, std::move(stop)));
    return held;
}

void AzureCredentialSource::invalidate() {
    const std::lock_guard lock(impl_->mutex);
    impl_->held.clear();
}

}  // namespace pilotlight::net
