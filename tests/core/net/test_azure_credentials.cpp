// Azure credentials of the environment and the machine, over the HttpClient seam; Azure's errors.
#include <gtest/gtest.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509.h>

#include <fstream>

#include "core/net/azure_credentials.h"
#include "core/net/azure_errors.h"
#include "core/net/jwt.h"
#include "core/net/url.h"
#include "tests/core/net/fake_http.h"
#include "tests/support/data.h"

namespace pilotlight::net {
namespace {

using test::response;

const Timestamp kNow = Timestamp(milliseconds(1'800'000'000'000));

class AzureCredentials : public testing::Test {
protected:
    AzureCredentialSource source(std::map<std::string, std::string> variables, test::FakeHttp::Handler handler,
                                 AzureCredentialOptions options = {}) {
        http_ = std::make_shared<test::FakeHttp>(std::move(handler));
        options.http = http_;
        options.environment = [variables](const char* name) -> std::optional<std::string> {
            const auto at = variables.find(name);
            return at == variables.end() ? std::nullopt : std::optional(at->second);
        };
        return AzureCredentialSource(std::move(options));
    }
    std::map<std::string, std::string> form() const {
        std::map<std::string, std::string> fields;
        for (const auto& [name, value] : splitQuery(http_->sent.at(0).body)) fields[name] = value;
        return fields;
    }
    static Result<HttpResponse> granted(const HttpRequest&) {
        return response(200, R"({"token_type":"Bearer","expires_in":3599,"access_token":"eyJ-token"})");
    }
    test::TemporaryDirectory directory_;
    std::shared_ptr<test::FakeHttp> http_;
};

TEST_F(AzureCredentials, ASecretIsSentToTheAuthorityOfTheTenant) {
    auto credentials = source({{"AZURE_TENANT_ID", "ten"}, {"AZURE_CLIENT_ID", "cli"}, {"AZURE_CLIENT_SECRET", "secret~12345"}}, granted);
    const auto token = credentials.get(kNow);
    ASSERT_TRUE(token) << token.error().text();
    EXPECT_EQ(token->expires, kNow + seconds(3599));
    EXPECT_EQ(http_->sent[0].url, "https://login.microsoftonline.com/ten/oauth2/v2.0/token");
    EXPECT_EQ(form()["scope"], "https://management.azure.com/.default");
    EXPECT_EQ(form()["client_secret"], "secret~12345");
    ASSERT_TRUE(credentials.get(kNow + minutes(50)));
    EXPECT_EQ(http_->sent.size(), 1u);
    credentials.invalidate();
    ASSERT_TRUE(credentials.get(kNow));
    EXPECT_EQ(http_->sent.size(), 2u);
}

TEST_F(AzureCredentials, TheAuthorityCanBeReplaced) {
    AzureCredentialOptions options;
    options.authority = "http://127.0.0.1:9/";
    auto credentials = source({{"AZURE_TENANT_ID", "t"},
                               {"AZURE_CLIENT_ID", "c"},
                               {"AZURE_CLIENT_SECRET", "s-12345678"},
                               {"AZURE_AUTHORITY_HOST", "https://login.microsoftonline.us"}},
                              granted, options);
    ASSERT_TRUE(credentials.get(kNow));
    EXPECT_EQ(http_->sent[0].url, "http://127.0.0.1:9/t/oauth2/v2.0/token");
}

TEST_F(AzureCredentials, ACertificateSignsAnAssertion) {
    EVP_PKEY* key = EVP_RSA_gen(2048);
    X509* certificate = X509_new();
    X509_gmtime_adj(X509_getm_notBefore(certificate), 0);
    X509_gmtime_adj(X509_getm_notAfter(certificate), 3600);
    X509_set_pubkey(certificate, key);
    X509_sign(certificate, key, EVP_sha256());
    const std::string path = (directory_.path() / "sp.pem").string();
    FILE* file = std::fopen(path.c_str(), "w");
    PEM_write_PrivateKey(file, key, nullptr, nullptr, 0, nullptr, nullptr);
    PEM_write_X509(file, certificate);
    std::fclose(file);
    X509_free(certificate);
    EVP_PKEY_free(key);
    auto credentials = source({{"AZURE_TENANT_ID", "t"}, {"AZURE_CLIENT_ID", "c"}, {"AZURE_CLIENT_CERTIFICATE_PATH", path}}, granted);
    const auto token = credentials.get(kNow);
    ASSERT_TRUE(token) << token.error().text();
    EXPECT_EQ(form()["client_assertion_type"], "urn:ietf:params:oauth:client-assertion-type:jwt-bearer");
    const std::string assertion = form()["client_assertion"];
    EXPECT_EQ(std::count(assertion.begin(), assertion.end(), '.'), 2);
    EXPECT_FALSE(form().contains("client_secret"));
}

TEST_F(AzureCredentials, AFederatedTokenIsPassedOn) {
    std::ofstream(directory_.path() / "token") << "federated-token\n";
    auto credentials =
        source({{"AZURE_TENANT_ID", "t"}, {"AZURE_CLIENT_ID", "c"}, {"AZURE_FEDERATED_TOKEN_FILE", (directory_.path() / "token").string()}},
               granted);
    ASSERT_TRUE(credentials.get(kNow));
    EXPECT_EQ(form()["client_assertion"], "federated-token");
}

TEST_F(AzureCredentials, ManagedIdentityTellsItsTimesAsText) {
    auto credentials =
        source({{"IDENTITY_ENDPOINT", "http://127.0.0.1:8081/msi/token"}, {"IDENTITY_HEADER", "header-12345"}},
               [](const HttpRequest&) { return response(200, R"({"access_token":"m","expires_in":"600","expires_on":"1800000600"})"); });
    const auto token = credentials.get(kNow);
    ASSERT_TRUE(token) << token.error().text();
    EXPECT_EQ(token->expires, kNow + seconds(600));
    EXPECT_TRUE(http_->sent[0].direct);
    EXPECT_EQ(http_->sent[0].headers[0].first, "X-IDENTITY-HEADER");
}

TEST_F(AzureCredentials, RefusalsSayWhatToDo) {
    auto wrong =
        source({{"AZURE_TENANT_ID", "t"}, {"AZURE_CLIENT_ID", "c"}, {"AZURE_CLIENT_SECRET", "hush-hush-1"}}, [](const HttpRequest&) {
            return response(401, R"({"error":"invalid_client","error_description":"AADSTS7000215: Invalid client secret provided."})");
        });
    const auto refused = wrong.get(kNow);
    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error().code, ErrorCode::unauthenticated);
    EXPECT_EQ(refused.error().text().find("hush-hush"), std::string::npos);
    EXPECT_EQ(source({{"AZURE_CLIENT_SECRET", "alone-123"}}, granted).get(kNow).error().code, ErrorCode::invalid_argument);
    AzureCredentialOptions own;
    own.own_endpoint = true;
    auto nothing = source({}, granted, own);
    EXPECT_EQ(nothing.get(kNow).error().action, "az login");
    EXPECT_TRUE(http_->sent.empty()) << "an endpoint of the user's own gets no token of the machine";
}

TEST(AzureErrors, EachKindSaysWhatToDo) {
    const auto failure = [](int status, const std::string& code, Headers headers = {}) {
        ApiCall call;
        call.name = "Microsoft.Web/sites/read";
        return *classifyAzure(call, response(status, R"({"error":{"code":")" + code + R"(","message":"m."}})", std::move(headers)));
    };
    EXPECT_EQ(failure(403, "AuthorizationFailed").error.permission, "Microsoft.Web/sites/read");
    EXPECT_EQ(failure(401, "ExpiredAuthenticationToken").error.code, ErrorCode::credentials_expired);
    EXPECT_EQ(failure(404, "SubscriptionNotFound").error.code, ErrorCode::not_found);
    EXPECT_EQ(failure(409, "ScopeLocked").error.code, ErrorCode::refused);
    EXPECT_EQ(failure(409, "Conflict").error.code, ErrorCode::conflict);
    EXPECT_EQ(failure(400, "InvalidApiVersionParameter").error.code, ErrorCode::unsupported);
    EXPECT_EQ(failure(400, "BadRequest").error.code, ErrorCode::invalid_argument);
    EXPECT_TRUE(failure(503, "ServerBusy").retryable);
    const auto throttled = failure(429, "TooManyRequests",
                                   {{"retry-after", "2"},
                                    {"x-ms-ratelimit-microsoft.costmanagement-entity-retry-after", "17"},
                                    {"x-ms-ratelimit-remaining-subscription-reads", "99"}});
    EXPECT_TRUE(throttled.throttled);
    EXPECT_EQ(throttled.retry_after, seconds(17)) << "the longest of them";
    ApiCall call;
    EXPECT_FALSE(classifyAzure(call, response(202, "")));
}

}  // namespace
}  // namespace pilotlight::net
