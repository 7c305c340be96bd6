#include "core/net/google_credentials.h"

#include <fmt/format.h>

#include <fstream>
#include <mutex>
#include <nlohmann/json.hpp>
#include <sstream>

#include "core/base/log.h"
#include "core/net/google_errors.h"
#include "core/net/jwt.h"
#include "core/net/url.h"

namespace pilotlight::net {
namespace {

using nlohmann::json;

constexpr const char* kScope = "https://www.googleapis.com/auth/cloud-platform";
constexpr const char* kLogin = "gcloud auth application-default login";
constexpr minutes kEarly{5};         // refresh this long before expiry
constexpr seconds kAssertion{3600};  // the most that the token service takes

std::string textAt(const json& object, const char* name) {
    const auto at = object.find(name);
    return at != object.end() && at->is_string() ? at->get<std::string>() : std::string();
}

Result<json> readJson(const std::string& path, const std::string& what) {
    std::ifstream file(path, std::ios::binary);
    if (!file) {
        return fail(ErrorCode::unauthenticated, what + " cannot be read: " + path, "There are no Google credentials.",
                    "Check the path and its permissions.");
    }
    std::ostringstream text;
    text << file.rdbuf();
    json read = json::parse(text.str(), nullptr, false);
    if (!read.is_object()) {
        return fail(ErrorCode::invalid_argument, what + " is no JSON object: " + path, "There are no Google credentials.",
                    "Download the key again, or run " + std::string(kLogin) + ".");
    }
    return read;
}

bool isLoopback(const std::string& host) { return host == "localhost" || host == "127.0.0.1" || host == "::1"; }

// A credentials file names the addresses that secrets are sent to: only Google's, and this machine's own, are taken.
Status checkHost(const std::string& url) {
    const UrlParts parts = splitUrl(url);
    const std::string host = hostOf(parts);
    const bool google = parts.scheme == "https" && (host == "googleapis.com" || host.ends_with(".googleapis.com"));
    if (google || isLoopback(host)) return {};
    return fail(ErrorCode::invalid_argument, "The credentials file names a login address that is not Google's: " + originOf(url),
                "Nothing was sent there.", "Check where the file comes from.");
}

// Resolves one file (or the metadata server) to a token.
class Resolver {
public:
    Resolver(const GoogleCredentialOptions& options, const EnvironmentReader& environment, Timestamp now, std::stop_token stop)
        : options_(options), environment_(environment), now_(now), stop_(std::move(stop)) {}

    Result<GoogleToken> fromFile(const json& file, int depth = 0) {
        const std::string type = textAt(file, "type");
        if (depth > 2) return fail(ErrorCode::invalid_argument, "The credentials file nests credentials too deeply", {}, kLogin);
        auto token = type == "service_account"                                                 ? serviceAccount(file)
                     : type == "authorized_user" || type == "external_account_authorized_user" ? refresh(file, type)
                     : type == "external_account"                                              ? external(file)
                     : type == "impersonated_service_account"                                  ? impersonated(file, depth)
                                                                                               : unknown(type);
        if (token && token->quota_project.empty()) token->quota_project = textAt(file, "quota_project_id");
        return token;
    }

    // nullopt: there is no metadata server here.
    Result<std::optional<GoogleToken>> fromMetadata() {
        auto host = environment_("GCE_METADATA_HOST");
        if (!host || host->empty()) host = "169.254.169.254";
        const std::string base = "http://" + *host + "/computeMetadata/v1";
        PILOTLIGHT_ASSIGN(const auto answer, metadata(base + "/instance/service-accounts/default/token"));
        if (!answer) return std::nullopt;
        GoogleToken token;
        PILOTLIGHT_TRY(take(*answer, "the metadata server", token));
        token.source = "metadata server";
        if (auto project = metadata(base + "/project/project-id"); project && *project) token.project = **project;
        if (auto email = metadata(base + "/instance/service-accounts/default/email"); email && *email) token.principal = **email;
        return token;
    }

private:
    static Result<GoogleToken> unknown(const std::string& type) {
        return fail(ErrorCode::unsupported, fmt::format("Credentials of the type \"{}\" are not supported", type),
                    "There are no Google credentials.", kLogin);
    }

    [[nodiscard]] std::string placed(const std::string& url) const {
        if (options_.endpoint_url.empty()) return url;
        const UrlParts parts = splitUrl(url);
        return options_.endpoint_url + parts.path + (parts.query.empty() ? "" : "?" + parts.query);
    }

    Result<HttpResponse> send(HttpRequest request) const {
        request.headers.emplace_back("User-Agent", "pilotlight/" PILOTLIGHT_VERSION);
        return options_.http->send(request, stop_);
    }

    Result<std::optional<std::string>> metadata(const std::string& url) const {
        HttpRequest request;
        request.url = url;
        request.headers = {{"Metadata-Flavor", "Google"}};
        request.deadline = options_.metadata_timeout;
        request.direct = true;
        const auto answer = options_.http->send(request, stop_);
        if (!answer) {
            if (answer.error().code == ErrorCode::cancelled) return fail(answer.error());
            return std::nullopt;
        }
        if (answer->header("metadata-flavor") != "Google" || answer->status != 200) return std::nullopt;
        return answer->body;
    }

    Result<std::string> post(const std::string& url, const std::string& content_type, const std::string& body, const std::string& bearer,
                             const char* what, const char* renew) const {
        HttpRequest request;
        request.method = "POST";
        request.url = url;
        request.headers = {{"Content-Type", content_type}};
        if (!bearer.empty()) request.headers.emplace_back("Authorization", "Bearer " + bearer);
        request.body = body;
        PILOTLIGHT_ASSIGN(const HttpResponse response, send(request));
        ApiCall call;
        call.name = what;
        if (auto failure = classifyGoogle(call, response)) {
            const GoogleErrorBody said = parseGoogleError(response);
            Error error = failure->error;
            error.meaning = "There is no access token.";
            if (said.status == "invalid_grant" || said.status == "invalid_rapt") {
                error.code = *renew != '\0' ? ErrorCode::credentials_expired : ErrorCode::unauthenticated;
                error.action = *renew != '\0' ? renew : "Check that the key still exists, and this machine's clock.";
            } else if (error.code == ErrorCode::invalid_argument || error.code == ErrorCode::credentials_expired) {
                error.code = ErrorCode::unauthenticated;
                error.action = "Check the credentials file.";
            }
            return fail(std::move(error));
        }
        return response.body;
    }

    // {access_token, expires_in}
    Status take(const std::string& body, const std::string& from, GoogleToken& token) const {
        const json reply = json::parse(body, nullptr, false);
        if (reply.is_object()) token.value = textAt(reply, "access_token");
        if (token.value.empty())
            return fail(ErrorCode::protocol, "The answer of " + from + " holds no access token", "There is no access token.", {});
        addSecret(token.value);
        const auto life = reply.find("expires_in");
        const std::int64_t lasts = life != reply.end() && life->is_number() ? life->get<std::int64_t>() : 3600;
        token.expires = now_ + seconds(std::clamp<std::int64_t>(lasts, 0, 86'400));
        return {};
    }

    Result<GoogleToken> serviceAccount(const json& file) const {
        GoogleToken token;
        token.principal = textAt(file, "client_email");
        token.project = textAt(file, "project_id");
        const std::string key = textAt(file, "private_key"), key_id = textAt(file, "private_key_id");
        addSecret(key);
        std::string address = textAt(file, "token_uri");
        if (address.empty()) address = "https://oauth2.googleapis.com/token";
        PILOTLIGHT_TRY(checkHost(address));
        if (token.principal.empty() || key.empty())
            return fail(ErrorCode::invalid_argument, "The service account key lacks client_email or private_key",
                        "There are no Google credentials.", "Download the key again.");
        const auto issued = std::chrono::duration_cast<seconds>(now_.time_since_epoch()).count();
        json header = {{"alg", "RS256"}, {"typ", "JWT"}};
        if (!key_id.empty()) header["kid"] = key_id;
        const json claims = {
            {"iss", token.principal}, {"scope", kScope}, {"aud", address}, {"iat", issued}, {"exp", issued + kAssertion.count()}};
        PILOTLIGHT_ASSIGN(const std::string assertion, signRs256(header.dump(), claims.dump(), key));
        PILOTLIGHT_ASSIGN(const std::string body,
                          post(address, "application/x-www-form-urlencoded",
                               formEncode({{"grant_type", "urn:ietf:params:oauth:grant-type:jwt-bearer"}, {"assertion", assertion}}), {},
                               "Google's token service", ""));
        PILOTLIGHT_TRY(take(body, "Google's token service", token));
        token.source = "service account key";
        return token;
    }

    Result<GoogleToken> refresh(const json& file, const std::string& type) const {
        GoogleToken token;
        std::string address = textAt(file, type == "authorized_user" ? "token_uri" : "token_url");
        if (address.empty()) address = "https://oauth2.googleapis.com/token";
        PILOTLIGHT_TRY(checkHost(address));
        const std::string secret = textAt(file, "client_secret"), refresh_token = textAt(file, "refresh_token");
        addSecret(secret);
        addSecret(refresh_token);
        PILOTLIGHT_ASSIGN(const std::string body, post(placed(address), "application/x-www-form-urlencoded",
                                                       formEncode({{"client_id", textAt(file, "client_id")},
                                                                   {"client_secret", secret},
                                                                   {"refresh_token", refresh_token},
                                                                   {"grant_type", "refresh_token"}}),
                                                       {}, "Google's token service", kLogin));
        PILOTLIGHT_TRY(take(body, "Google's token service", token));
        token.principal = textAt(file, "account");
        token.source = "gcloud application default login";
        return token;
    }

    // The token that an identity provider of the user's own has issued.
    Result<std::string> subjectToken(const json& file) const {
        const auto source = file.find("credential_source");
        if (source == file.end() || !source->is_object())
            return fail(ErrorCode::invalid_argument, "The external account file has no credential_source", {}, "Make it again.");
        std::string text;
        if (const std::string path = textAt(*source, "file"); !path.empty()) {
            std::ifstream in(path, std::ios::binary);
            if (!in)
                return fail(ErrorCode::unauthenticated, "The token file of the external account cannot be read: " + path,
                            "There is no access token.", "Check that whoever writes it has done so.");
            std::ostringstream all;
            all << in.rdbuf();
            text = all.str();
        } else if (const std::string url = textAt(*source, "url"); !url.empty()) {
            if (!isLoopback(hostOf(splitUrl(url))) && hostOf(splitUrl(url)) != "169.254.169.254")
                return fail(ErrorCode::unsupported, "The external account takes its token from " + originOf(url),
                            "Pilotlight asks this machine only.", "Use a source of the kind file.");
            HttpRequest request;
            request.url = url;
            request.direct = true;
            request.deadline = milliseconds{5'000};
            if (const auto headers = source->find("headers"); headers != source->end() && headers->is_object()) {
                for (const auto& [name, value] : headers->items())
                    if (value.is_string()) request.headers.emplace_back(name, value.get<std::string>());
            }
            PILOTLIGHT_ASSIGN(const auto answer, send(request));
            if (answer.status != 200)
                return fail(ErrorCode::unauthenticated, fmt::format("The token source of the external account answered {}", answer.status),
                            "There is no access token.", {});
            text = answer.body;
        } else {
            return fail(ErrorCode::unsupported, "The external account takes its token from a program, AWS or a certificate",
                        "Pilotlight does not run what a credentials file names.", "Use a source of the kind file, or a service account.");
        }
        if (const auto format = source->find("format");
            format != source->end() && format->is_object() && textAt(*format, "type") == "json") {
            const json object = json::parse(text, nullptr, false);
            text = object.is_object() ? textAt(object, textAt(*format, "subject_token_field_name").c_str()) : std::string{};
        }
        while (!text.empty() && (text.back() == '\n' || text.back() == '\r' || text.back() == ' ')) text.pop_back();
        if (text.empty())
            return fail(ErrorCode::unauthenticated, "The token source of the external account is empty", "There is no access token.", {});
        addSecret(text);
        return text;
    }

    Result<GoogleToken> external(const json& file) const {
        std::string address = textAt(file, "token_url");
        if (address.empty()) address = "https://sts.googleapis.com/v1/token";
        PILOTLIGHT_TRY(checkHost(address));
        PILOTLIGHT_ASSIGN(const std::string subject, subjectToken(file));
        PILOTLIGHT_ASSIGN(const std::string body,
                          post(placed(address), "application/x-www-form-urlencoded",
                               formEncode({{"grant_type", "urn:ietf:params:oauth:grant-type:token-exchange"},
                                           {"audience", textAt(file, "audience")},
                                           {"scope", kScope},
                                           {"requested_token_type", "urn:ietf:params:oauth:token-type:access_token"},
                                           {"subject_token", subject},
                                           {"subject_token_type", textAt(file, "subject_token_type")}}),
                               {}, "Google's token exchange", "Renew the token of the identity provider that the credentials file names."));
        GoogleToken token;
        PILOTLIGHT_TRY(take(body, "Google's token exchange", token));
        token.source = "external account";
        if (const std::string url = textAt(file, "service_account_impersonation_url"); !url.empty()) return impersonate(url, token, {});
        return token;
    }

    Result<GoogleToken> impersonated(const json& file, int depth) {
        const auto source = file.find("source_credentials");
        if (source == file.end() || !source->is_object())
            return fail(ErrorCode::invalid_argument, "The impersonation file has no source_credentials", {}, kLogin);
        PILOTLIGHT_ASSIGN(const GoogleToken base, fromFile(*source, depth + 1));
        return impersonate(textAt(file, "service_account_impersonation_url"), base, file.value("delegates", json::array()));
    }

    Result<GoogleToken> impersonate(const std::string& url, const GoogleToken& base, const json& delegates) const {
        PILOTLIGHT_TRY(checkHost(url));
        const json body = {{"delegates", delegates.is_array() ? delegates : json::array()}, {"scope", {kScope}}, {"lifetime", "3600s"}};
        auto answer = post(placed(url), "application/json", body.dump(), base.value, "iamcredentials.generateAccessToken", kLogin);
        if (!answer) {
            Error error = answer.error();
            if (error.code == ErrorCode::permission_denied)
                error.action = "Grant roles/iam.serviceAccountTokenCreator on the service account to who asks.";
            return fail(std::move(error));
        }
        const json reply = json::parse(*answer, nullptr, false);
        GoogleToken token;
        if (reply.is_object()) token.value = textAt(reply, "accessToken");
        if (token.value.empty())
            return fail(ErrorCode::protocol, "The answer of iamcredentials.generateAccessToken holds no token", {}, {});
        addSecret(token.value);
        token.expires = parseIso8601(textAt(reply, "expireTime")).value_or(now_ + hours{1});
        const auto from = url.find("serviceAccounts/");
        if (from != std::string::npos) token.principal = percentDecode(url.substr(from + 16, url.find(':', from) - from - 16));
        token.source = base.source + ", impersonating a service account";
        token.quota_project = base.quota_project;
        token.project = base.project;
        return token;
    }

    const GoogleCredentialOptions& options_;
    const EnvironmentReader& environment_;
    Timestamp now_;
    std::stop_token stop_;
};

}  // namespace

struct GoogleCredentialSource::Impl {
    GoogleCredentialOptions options;
    EnvironmentReader environment;
    std::mutex mutex;
    std::optional<GoogleToken> held;

    [[nodiscard]] std::string variable(const char* name) const { return environment(name).value_or(std::string{}); }

    [[nodiscard]] std::string wellKnown() const {
        std::string folder = variable("CLOUDSDK_CONFIG");
        if (folder.empty()) folder = variable("HOME") + "/.config/gcloud";
        return folder + "/application_default_credentials.json";
    }

    [[nodiscard]] Result<std::optional<json>> file() const {
        if (const std::string named = variable("GOOGLE_APPLICATION_CREDENTIALS"); !named.empty()) {
            PILOTLIGHT_ASSIGN(json read, readJson(named, "The file that GOOGLE_APPLICATION_CREDENTIALS names"));
            return read;
        }
        if (!std::ifstream(wellKnown())) return std::nullopt;
        PILOTLIGHT_ASSIGN(json read, readJson(wellKnown(), "gcloud's application default credentials"));
        return read;
    }

    Result<GoogleToken> fresh(Timestamp now, std::stop_token stop) const {
        PILOTLIGHT_ASSIGN(const auto from, file());
        Resolver resolver(options, environment, now, std::move(stop));
        std::optional<GoogleToken> token;
        if (from) {
            PILOTLIGHT_ASSIGN(token, resolver.fromFile(*from));
        } else {
            PILOTLIGHT_ASSIGN(token, resolver.fromMetadata());
        }
        if (!token) {
            return fail(ErrorCode::unauthenticated,
                        "No Google credentials were found (GOOGLE_APPLICATION_CREDENTIALS, " + wellKnown() + ", metadata server)",
                        "Nothing can be read.", kLogin);
        }
        if (const std::string quota = variable("GOOGLE_CLOUD_QUOTA_PROJECT"); !quota.empty()) token->quota_project = quota;
        return std::move(*token);
    }
};

GoogleCredentialSource::GoogleCredentialSource(GoogleCredentialOptions options) : impl_(std::make_unique<Impl>()) {
    impl_->options = std::move(options);
    impl_->environment = impl_->options.environment ? impl_->options.environment : processEnvironment();
}
GoogleCredentialSource::~GoogleCredentialSource() = default;

Result<GoogleToken> GoogleCredentialSource::get(Timestamp now, std::stop_token stop) {
    const std::lock_guard lock(impl_->mutex);
    if (impl_->held && now + kEarly < impl_->held->expires) return *impl_->held;
    PILOTLIGHT_ASSIGN(GoogleToken token, impl_->fresh(now, std::move(stop)));
    impl_->held = token;
    return token;
}

void GoogleCredentialSource::invalidate() {
    const std::lock_guard lock(impl_->mutex);
    impl_->held.reset();
}

std::string GoogleCredentialSource::defaultProject() const {
    if (auto named = impl_->variable("GOOGLE_CLOUD_PROJECT"); !named.empty()) return named;
    const auto from = impl_->file();
    return from && *from ? textAt(**from, "project_id") : std::string{};
}

}  // namespace pilotlight::net
