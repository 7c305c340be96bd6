#include "app/sandbox/gcp/token.h"

#include <openssl/bio.h>
#include <openssl/pem.h>
#include <openssl/rand.h>
#include <openssl/rsa.h>

#include <nlohmann/json.hpp>

namespace pilotlight::sandbox::gcp {

using nlohmann::json;

namespace {

constexpr std::int64_t kLifetime = 3'600'000'000, kSkew = 300'000'000;  // microseconds

std::string randomHex(std::size_t bytes) {
    static constexpr char digits[] = "0123456789abcdef";
    std::string raw(bytes, '\0'), out;
    RAND_bytes(reinterpret_cast<unsigned char*>(raw.data()), static_cast<int>(bytes));
    for (const char c : raw) {
        out += digits[static_cast<unsigned char>(c) >> 4];
        out += digits[static_cast<unsigned char>(c) & 15];
    }
    return out;
}

std::string fromBase64Url(std::string_view text) {
    std::string out;
    std::uint32_t buffer = 0;
    int bits = 0;
    for (const char c : text) {
        int value = -1;
        if (c >= 'A' && c <= 'Z') value = c - 'A';
        if (c >= 'a' && c <= 'z') value = c - 'a' + 26;
        if (c >= '0' && c <= '9') value = c - '0' + 52;
        if (c == '-') value = 62;
        if (c == '_') value = 63;
        if (value < 0) return {};
        buffer = (buffer << 6) | static_cast<std::uint32_t>(value);
        bits += 6;
        if (bits >= 8) {
            bits -= 8;
            out.push_back(static_cast<char>((buffer >> bits) & 255));
        }
    }
    return out;
}

HttpResponse oauth(int status, const json& body) {
    HttpResponse response;
    response.status = status;
    response.body = body.dump();
    return response;
}

HttpResponse oauthError(const char* error, const std::string& description) {
    return oauth(400, {{"error", error}, {"error_description", description}});
}

}  // namespace

Result<std::unique_ptr<TokenIssuer>> TokenIssuer::make(const std::string& project) {
    std::unique_ptr<TokenIssuer> issuer(new TokenIssuer);
    issuer->key_.reset(EVP_RSA_gen(2048));
    if (!issuer->key_) return fail(ErrorCode::internal, "No key could be made.", "The sandbox does not start.", {});
    issuer->project_ = project;
    issuer->email_ = "pilotlight@" + project + ".iam.gserviceaccount.com";
    issuer->key_id_ = randomHex(20);
    return issuer;
}

std::string TokenIssuer::credentialsFile(const std::string& origin) {
    audience_ = origin + "/token";
    const std::unique_ptr<BIO, void (*)(BIO*)> bio(BIO_new(BIO_s_mem()), BIO_free_all);
    PEM_write_bio_PKCS8PrivateKey(bio.get(), key_.get(), nullptr, nullptr, 0, nullptr, nullptr);
    char* data = nullptr;
    const long size = BIO_get_mem_data(bio.get(), &data);
    return json{{"type", "service_account"}, {"project_id", project_},
                {"private_key_id", key_id_}, {"private_key", std::string(data, static_cast<std::size_t>(size))},
                {"client_email", email_},    {"client_id", "109876543210987654321"},
                {"token_uri", audience_},    {"universe_domain", "googleapis.com"}}
        .dump(2);
}

bool TokenIssuer::verified(const std::string& signed_part, const std::string& signature) const {
    const std::unique_ptr<EVP_MD_CTX, void (*)(EVP_MD_CTX*)> context(EVP_MD_CTX_new(), EVP_MD_CTX_free);
    return EVP_DigestVerifyInit(context.get(), nullptr, EVP_sha256(), nullptr, key_.get()) == 1 &&
           EVP_DigestVerify(context.get(), reinterpret_cast<const unsigned char*>(signature.data()), signature.size(),
                            reinterpret_cast<const unsigned char*>(signed_part.data()), signed_part.size()) == 1;
}

HttpResponse TokenIssuer::handle(const HttpRequest& request, std::int64_t real_now) {
    HttpRequest form;
    form.raw_query = request.body;
    std::map<std::string, std::string> fields;
    for (const auto& [name, value] : form.query()) fields[name] = value;
    if (fields["grant_type"] != "urn:ietf:params:oauth:grant-type:jwt-bearer")
        return oauthError("unsupported_grant_type", "Invalid grant_type: " + fields["grant_type"]);
    const std::string& assertion = fields["assertion"];
    const auto dot = assertion.find('.'), last = assertion.rfind('.');
    if (dot == std::string::npos || dot == last) return oauthError("invalid_request", "Bad Request");
    const json header = json::parse(fromBase64Url(assertion.substr(0, dot)), nullptr, false);
    const json claims = json::parse(fromBase64Url(assertion.substr(dot + 1, last - dot - 1)), nullptr, false);
    if (!header.is_object() || !claims.is_object() || header.value("alg", "") != "RS256") return oauthError("invalid_grant", "Invalid JWT");
    if (claims.value("iss", "") != email_) return oauthError("invalid_grant", "Invalid grant: account not found");
    if (!verified(assertion.substr(0, last), fromBase64Url(assertion.substr(last + 1))))
        return oauthError("invalid_grant", "Invalid JWT Signature.");
    if (claims.value("aud", "") != audience_) return oauthError("invalid_grant", "Invalid JWT: the audience is not this service.");
    const std::int64_t issued = claims.value("iat", std::int64_t{0}) * 1'000'000, ends = claims.value("exp", std::int64_t{0}) * 1'000'000;
    if (issued > real_now + kSkew || ends < real_now - kSkew || ends - issued > kLifetime)
        return oauthError("invalid_grant",
                          "Invalid JWT: Token must be a short-lived token (60 minutes) and in a reasonable timeframe. Check your iat and "
                          "exp values in the JWT claim.");
    if (claims.value("scope", "").empty()) return oauthError("invalid_scope", "Empty or missing scope not allowed.");
    const std::string token = "ya29.sandbox-" + randomHex(24);
    const std::lock_guard lock(mutex_);
    std::erase_if(tokens_, [&](const auto& each) { return each.second < real_now; });
    tokens_[token] = real_now + kLifetime;
    return oauth(200, {{"access_token", token}, {"expires_in", 3599}, {"token_type", "Bearer"}});
}

Answer<void> TokenIssuer::check(const HttpRequest& request, std::int64_t real_now) const {
    const std::string header = request.header("authorization");
    const std::lock_guard lock(mutex_);
    const auto found = header.starts_with("Bearer ") ? tokens_.find(header.substr(7)) : tokens_.end();
    if (found != tokens_.end() && found->second > real_now) return {};
    return tl::unexpected(ServiceError{401,
                                       "UNAUTHENTICATED",
                                       "Request had invalid authentication credentials. Expected OAuth 2 access token, login cookie or "
                                       "other valid authentication credential. See "
                                       "https://developers.google.com/identity/sign-in/web/devconsole-project.",
                                       {},
                                       header.empty() ? "CREDENTIALS_MISSING" : "ACCESS_TOKEN_EXPIRED"});
}

}  // namespace pilotlight::sandbox::gcp
