// Google credentials from files and the metadata server, over the HttpClient seam.
#include <gtest/gtest.h>
#include <openssl/evp.h>
#include <openssl/pem.h>

#include <fstream>
#include <nlohmann/json.hpp>

#include "core/net/google_credentials.h"
#include "core/net/google_errors.h"
#include "core/net/jwt.h"
#include "core/net/url.h"
#include "tests/core/net/fake_http.h"
#include "tests/support/data.h"

namespace pilotlight::net {
namespace {

using nlohmann::json;
using test::response;

const Timestamp kNow = Timestamp(milliseconds(1'800'000'000'000));

std::string privateKey() {
    EVP_PKEY* key = EVP_RSA_gen(2048);
    BIO* bio = BIO_new(BIO_s_mem());
    PEM_write_bio_PKCS8PrivateKey(bio, key, nullptr, nullptr, 0, nullptr, nullptr);
    char* data = nullptr;
    const long size = BIO_get_mem_data(bio, &data);
    std::string text(data, static_cast<std::size_t>(size));
    BIO_free_all(bio);
    EVP_PKEY_free(key);
    return text;
}

class GoogleCredentials : public testing::Test {
protected:
    std::string write(const json& content, const char* name = "key.json") {
        const auto path = directory_.path() / name;
        std::ofstream(path) << content.dump();
        return path.string();
    }
    GoogleCredentialSource source(std::map<std::string, std::string> variables, test::FakeHttp::Handler handler,
                                  std::string endpoint = {}) {
        http_ = std::make_shared<test::FakeHttp>(std::move(handler));
        variables.try_emplace("HOME", directory_.path().string());
        GoogleCredentialOptions options;
        options.http = http_;
        options.endpoint_url = std::move(endpoint);
        options.environment = [variables](const char* name) -> std::optional<std::string> {
            const auto at = variables.find(name);
            return at == variables.end() ? std::nullopt : std::optional(at->second);
        };
        return GoogleCredentialSource(std::move(options));
    }
    static std::map<std::string, std::string> form(const HttpRequest& request) {
        std::map<std::string, std::string> fields;
        for (const auto& [name, value] : splitQuery(request.body)) fields[name] = value;
        return fields;
    }
    test::TemporaryDirectory directory_;
    std::shared_ptr<test::FakeHttp> http_;
};

TEST_F(GoogleCredentials, ServiceAccountSignsAnAssertionForItsTokenAddress) {
    const auto path = write({{"type", "service_account"},
                             {"client_email", "a@p.iam.gserviceaccount.com"},
                             {"private_key", privateKey()},
                             {"private_key_id", "k1"},
                             {"project_id", "p"},
                             {"token_uri", "https://oauth2.googleapis.com/token"},
                             {"quota_project_id", "q"}});
    auto credentials = source({{"GOOGLE_APPLICATION_CREDENTIALS", path}}, [](const HttpRequest&) {
        return response(200, R"({"access_token":"ya29.token","expires_in":3599,"token_type":"Bearer"})");
    });
    const auto token = credentials.get(kNow);
    ASSERT_TRUE(token) << token.error().text();
    EXPECT_EQ(token->value, "ya29.token");
    EXPECT_EQ(token->quota_project, "q");
    EXPECT_EQ(token->project, "p");
    EXPECT_EQ(token->expires, kNow + seconds(3599));
    ASSERT_EQ(http_->sent.size(), 1u);
    EXPECT_EQ(http_->sent[0].url, "https://oauth2.googleapis.com/token");
    auto fields = form(http_->sent[0]);
    EXPECT_EQ(fields["grant_type"], "urn:ietf:params:oauth:grant-type:jwt-bearer");
    EXPECT_EQ(std::count(fields["assertion"].begin(), fields["assertion"].end(), '.'), 2);
    EXPECT_TRUE(fields["assertion"].starts_with(base64Url(R"({"alg":"RS256","kid":"k1","typ":"JWT"})") + "."));
    ASSERT_TRUE(credentials.get(kNow + minutes(50)));
    EXPECT_EQ(http_->sent.size(), 1u) << "held until five minutes before it expires";
    ASSERT_TRUE(credentials.get(kNow + minutes(56)));
    EXPECT_EQ(http_->sent.size(), 2u);
    credentials.invalidate();
    ASSERT_TRUE(credentials.get(kNow + minutes(57)));
    EXPECT_EQ(http_->sent.size(), 3u);
}

TEST_F(GoogleCredentials, AnExpiredLoginSaysHowToRenewIt) {
    const auto path =
        write({{"type", "authorized_user"}, {"client_id", "c"}, {"client_secret", "secret-1234"}, {"refresh_token", "1//refresh"}});
    auto credentials = source({{"GOOGLE_APPLICATION_CREDENTIALS", path}}, [](const HttpRequest&) {
        return response(400, R"({"error":"invalid_grant","error_description":"Token has been expired or revoked."})");
    });
    const auto token = credentials.get(kNow);
    ASSERT_FALSE(token);
    EXPECT_EQ(token.error().code, ErrorCode::credentials_expired);
    EXPECT_EQ(token.error().action, "gcloud auth application-default login");
    EXPECT_EQ(token.error().text().find("refresh"), std::string::npos);
}

TEST_F(GoogleCredentials, EndpointReplacesTheLoginOfAPerson) {
    const auto path =
        write({{"type", "authorized_user"}, {"client_id", "c"}, {"client_secret", "secret-1234"}, {"refresh_token", "1//refresh"}});
    auto credentials = source(
        {{"GOOGLE_APPLICATION_CREDENTIALS", path}, {"GOOGLE_CLOUD_QUOTA_PROJECT", "other"}},
        [](const HttpRequest&) { return response(200, R"({"access_token":"t-12345678"})"); }, "http://127.0.0.1:9");
    const auto token = credentials.get(kNow);
    ASSERT_TRUE(token) << token.error().text();
    EXPECT_EQ(http_->sent[0].url, "http://127.0.0.1:9/token");
    EXPECT_EQ(token->quota_project, "other");
}

TEST_F(GoogleCredentials, ImpersonationAsksForATokenOfTheOtherAccount) {
    const auto path =
        write({{"type", "impersonated_service_account"},
               {"service_account_impersonation_url",
                "https://iamcredentials.googleapis.com/v1/projects/-/serviceAccounts/b@p.iam.gserviceaccount.com:generateAccessToken"},
               {"source_credentials",
                {{"type", "authorized_user"}, {"client_id", "c"}, {"client_secret", "secret-1234"}, {"refresh_token", "1//refresh"}}}});
    auto credentials = source({{"GOOGLE_APPLICATION_CREDENTIALS", path}}, [](const HttpRequest& request) {
        if (request.url.find("generateAccessToken") == std::string::npos) return response(200, R"({"access_token":"base-token"})");
        return response(200, R"({"accessToken":"other-token","expireTime":"2027-01-15T09:00:00Z"})");
    });
    const auto token = credentials.get(kNow);
    ASSERT_TRUE(token) << token.error().text();
    EXPECT_EQ(token->value, "other-token");
    EXPECT_EQ(token->principal, "b@p.iam.gserviceaccount.com");
    ASSERT_EQ(http_->sent.size(), 2u);
    const auto& headers = http_->sent[1].headers;
    EXPECT_NE(std::find(headers.begin(), headers.end(), std::pair<std::string, std::string>("Authorization", "Bearer base-token")),
              headers.end());
}

TEST_F(GoogleCredentials, ExternalAccountExchangesTheTokenOfAFile) {
    std::ofstream(directory_.path() / "oidc.json") << R"({"id":"the-subject-token"})";
    const auto path = write(
        {{"type", "external_account"},
         {"audience", "//iam.googleapis.com/x"},
         {"subject_token_type", "urn:ietf:params:oauth:token-type:jwt"},
         {"token_url", "https://sts.googleapis.com/v1/token"},
         {"credential_source",
          {{"file", (directory_.path() / "oidc.json").string()}, {"format", {{"type", "json"}, {"subject_token_field_name", "id"}}}}}});
    auto credentials = source({{"GOOGLE_APPLICATION_CREDENTIALS", path}},
                              [](const HttpRequest&) { return response(200, R"({"access_token":"exchanged"})"); });
    ASSERT_TRUE(credentials.get(kNow));
    EXPECT_EQ(form(http_->sent[0])["subject_token"], "the-subject-token");
    EXPECT_EQ(form(http_->sent[0])["audience"], "//iam.googleapis.com/x");
}

TEST_F(GoogleCredentials, ProgramsAndForeignHostsAreRefusedUnasked) {
    for (const json& file :
         {json{{"type", "external_account"},
               {"token_url", "https://sts.googleapis.com/v1/token"},
               {"credential_source", {{"executable", {{"command", "/bin/true"}}}}}},
          json{{"type", "external_account"}, {"token_url", "https://evil.example/token"}, {"credential_source", {{"file", "/dev/null"}}}},
          json{{"type", "service_account"},
               {"client_email", "a"},
               {"private_key", privateKey()},
               {"token_uri", "https://googleapis.com.evil.example/token"}}}) {
        auto credentials = source({{"GOOGLE_APPLICATION_CREDENTIALS", write(file)}},
                                  [](const HttpRequest&) { return response(200, R"({"access_token":"x"})"); });
        EXPECT_FALSE(credentials.get(kNow)) << file.dump();
        EXPECT_TRUE(http_->sent.empty()) << "nothing may be sent: " << file.dump();
    }
}

TEST_F(GoogleCredentials, MetadataServerIsTheLastResort) {
    auto credentials = source({{"GCE_METADATA_HOST", "127.0.0.1:1"}}, [](const HttpRequest& request) {
        const Headers flavor{{"metadata-flavor", "Google"}};
        if (request.url.ends_with("/token")) return response(200, R"({"access_token":"machine","expires_in":600})", flavor);
        return response(200, request.url.ends_with("project-id") ? "proj" : "vm@proj", flavor);
    });
    const auto token = credentials.get(kNow);
    ASSERT_TRUE(token) << token.error().text();
    EXPECT_EQ(token->project, "proj");
    EXPECT_TRUE(http_->sent[0].direct) << "never through a proxy";
    auto none = source({}, [](const HttpRequest&) -> Result<HttpResponse> { return fail(ErrorCode::network, "no route"); });
    EXPECT_EQ(none.get(kNow).error().code, ErrorCode::unauthenticated);
}

TEST(Jwt, Base64UrlHasNoPadding) {
    EXPECT_EQ(base64Url(""), "");
    EXPECT_EQ(base64Url("f"), "Zg");
    EXPECT_EQ(base64Url("fo"), "Zm8");
    EXPECT_EQ(base64Url("\xfb\xff"), "-_8");
    EXPECT_EQ(signRs256("{}", "{}", "no key").error().code, ErrorCode::invalid_argument);
}

TEST(GoogleErrors, EachKindSaysWhatToDo) {
    const auto failure = [](int status, const std::string& name, const std::string& details = "[]") {
        ApiCall call;
        call.name = "run.services.list";
        return *classifyGoogle(call, response(status, R"({"error":{"code":)" + std::to_string(status) + R"(,"message":"m.","status":")" +
                                                          name + R"(","details":)" + details + "}}"));
    };
    const auto info = [](const std::string& reason, const std::string& metadata = "{}") {
        return R"([{"@type":"type.googleapis.com/google.rpc.ErrorInfo","reason":")" + reason +
               R"(","domain":"googleapis.com","metadata":)" + metadata + "}]";
    };
    EXPECT_EQ(failure(403, "PERMISSION_DENIED").error.permission, "run.services.list");
    EXPECT_EQ(failure(403, "PERMISSION_DENIED", info("IAM_PERMISSION_DENIED", R"({"permission":"run.services.update"})")).error.permission,
              "run.services.update");
    const auto disabled =
        failure(403, "PERMISSION_DENIED", info("SERVICE_DISABLED", R"({"service":"run.googleapis.com","consumer":"projects/123"})"));
    EXPECT_EQ(disabled.error.code, ErrorCode::unsupported);
    EXPECT_EQ(disabled.error.action, "gcloud services enable run.googleapis.com --project 123");
    const auto quota = failure(429, "RESOURCE_EXHAUSTED", R"([{"@type":"type.googleapis.com/google.rpc.RetryInfo","retryDelay":"7s"}])");
    EXPECT_TRUE(quota.retryable && quota.throttled);
    EXPECT_EQ(quota.retry_after, seconds(7));
    EXPECT_EQ(failure(401, "UNAUTHENTICATED").error.code, ErrorCode::credentials_expired);
    EXPECT_EQ(failure(409, "ABORTED").error.code, ErrorCode::stale);
    EXPECT_EQ(failure(409, "ALREADY_EXISTS").error.code, ErrorCode::conflict);
    EXPECT_EQ(failure(400, "INVALID_ARGUMENT").error.code, ErrorCode::invalid_argument);
    EXPECT_EQ(failure(404, "NOT_FOUND").error.code, ErrorCode::not_found);
    EXPECT_TRUE(failure(503, "UNAVAILABLE").retryable);
    ApiCall call;
    EXPECT_EQ(classifyGoogle(call, response(404, "<html>"))->error.code, ErrorCode::unsupported);
    EXPECT_FALSE(classifyGoogle(call, response(200, "{}")));
}

}  // namespace
}  // namespace pilotlight::net
