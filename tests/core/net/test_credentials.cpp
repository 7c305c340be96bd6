#include <gtest/gtest.h>

#include <fstream>
#include <mutex>

#include "core/base/log.h"
#include "core/net/aws_credentials.h"
#include "core/net/curl_http_client.h"
#include "core/net/url.h"
#include "tests/core/net/loopback.h"
#include "tests/support/data.h"

namespace pilotlight::net {
namespace {

using test::LoopbackServer;
using test::ServerRequest;

const Timestamp kNow = parseIso8601("2026-11-24T12:00:00Z").value();

std::string stsAnswer(const std::string& id, const std::string& expiration = "2026-11-24T13:00:00Z") {
    return "<AssumeRoleResponse><AssumeRoleResult><Credentials><AccessKeyId>" + id + "</AccessKeyId><SecretAccessKey>secret-of-" + id +
           "</SecretAccessKey><SessionToken>token-of-" + id + "</SessionToken><Expiration>" + expiration +
           "</Expiration></Credentials></AssumeRoleResult></AssumeRoleResponse>";
}

class Credentials : public ::testing::Test {
protected:
    Credentials()
        : server_([this](LoopbackServer::Connection& connection, const ServerRequest& request) {
              std::string answer;
              {
                  const std::lock_guard lock(mutex_);
                  requests_.push_back(request);
                  answer = handle_ ? handle_(request) : LoopbackServer::answer(404, "");
              }
              connection.write(answer);
          }) {
        std::filesystem::create_directories(home_.path() / ".aws" / "sso" / "cache");
        environment_["HOME"] = home_.path().string();
        environment_["AWS_EC2_METADATA_DISABLED"] = "true";
        environment_["AWS_ENDPOINT_URL"] = server_.url("");
    }
    void config(const std::string& text) { std::ofstream(home_.path() / ".aws" / "config") << text; }
    void credentials(const std::string& text) { std::ofstream(home_.path() / ".aws" / "credentials") << text; }
    void ssoCache(const std::string& name, const std::string& text) {
        std::ofstream(home_.path() / ".aws" / "sso" / "cache" / (name + ".json")) << text;
    }

    AwsCredentialOptions options(const std::string& profile = "") {
        AwsCredentialOptions out;
        out.profile = profile;
        out.environment = [this](const char* name) -> std::optional<std::string> {
            const auto at = environment_.find(name);
            return at == environment_.end() ? std::nullopt : std::optional(at->second);
        };
        out.http = makeCurlClient();
        return out;
    }
    Result<AwsCredentials> get(const std::string& profile = "") { return AwsCredentialSource(options(profile)).get(kNow); }

    test::TemporaryDirectory home_;
    std::map<std::string, std::string> environment_;
    std::mutex mutex_;
    std::function<std::string(const ServerRequest&)> handle_;
    std::vector<ServerRequest> requests_;
    LoopbackServer server_;
};

TEST_F(Credentials, EnvironmentComesFirstUnlessAProfileWasChosen) {
    environment_["AWS_ACCESS_KEY_ID"] = "ENVKEY";
    environment_["AWS_SECRET_ACCESS_KEY"] = "env-secret-value";
    environment_["AWS_SESSION_TOKEN"] = "env-token-value";
    credentials(
        "[default]\naws_access_key_id=FILEKEY\naws_secret_access_key=file-secret\n[prod]\naws_access_key_id=PRODKEY\naws_secret_access_key="
        "prod-secret\n");
    auto found = get();
    ASSERT_TRUE(found);
    EXPECT_EQ(found->access_key_id, "ENVKEY");
    EXPECT_EQ(found->session_token, "env-token-value");
    EXPECT_EQ(found->source, "environment");
    EXPECT_EQ(get("prod")->access_key_id, "PRODKEY");
    environment_["AWS_PROFILE"] = "prod";  // named by the environment: keys of the environment still win
    EXPECT_EQ(get()->access_key_id, "ENVKEY");
    environment_.erase("AWS_ACCESS_KEY_ID");
    EXPECT_EQ(get()->access_key_id, "PRODKEY");
    environment_["AWS_ACCESS_KEY_ID"] = "ALONE";
    environment_.erase("AWS_SECRET_ACCESS_KEY");
    EXPECT_EQ(get().error().code, ErrorCode::unauthenticated);
}

TEST_F(Credentials, NothingFoundSaysWhereItLooked) {
    const auto none = get();
    ASSERT_FALSE(none);
    EXPECT_EQ(none.error().code, ErrorCode::unauthenticated);
    EXPECT_NE(none.error().meaning.find("the environment"), std::string::npos);
    EXPECT_NE(none.error().meaning.find("profile default"), std::string::npos);
    const auto missing = get("nobody");
    EXPECT_NE(missing.error().what.find("\"nobody\""), std::string::npos);
}

TEST_F(Credentials, FileOrder) {
    const std::string process = home_.path() / "helper.sh";
    std::ofstream(process) << "#!/bin/sh\necho '{\"Version\":1,\"AccessKeyId\":\"PROCESS\",\"SecretAccessKey\":\"process-secret\"}'\n";
    std::filesystem::permissions(process, std::filesystem::perms::owner_all);
    const std::string keys = "[profile p]\naws_access_key_id=CONFIG\naws_secret_access_key=config-secret\n";
    config(keys);
    EXPECT_EQ(get("p")->access_key_id, "CONFIG");
    config(keys + "credential_process = " + process + "\n");
    EXPECT_EQ(get("p")->access_key_id, "PROCESS");
    credentials("[p]\naws_access_key_id=SHARED\naws_secret_access_key=shared-secret\n");
    EXPECT_EQ(get("p")->access_key_id, "SHARED");
}

TEST_F(Credentials, AssumesARoleThroughAChain) {
    config(
        "[profile base]\naws_access_key_id=BASE\naws_secret_access_key=base-secret\n"
        "[profile middle]\nrole_arn=arn:aws:iam::1:role/middle\nsource_profile=base\nregion=eu-west-1\n"
        "[profile "
        "top]\nrole_arn=arn:aws:iam::1:role/top\nsource_profile=middle\nexternal_id=ext\nrole_session_name=me\nduration_seconds=1800\n");
    handle_ = [](const ServerRequest& r) {
        return LoopbackServer::answer(200, stsAnswer(r.body.find("role%2Ftop") != std::string::npos ? "TOPKEY" : "MIDKEY"));
    };
    const auto found = get("top");
    ASSERT_TRUE(found) << found.error().text();
    EXPECT_EQ(found->access_key_id, "TOPKEY");
    EXPECT_EQ(found->secret_access_key, "secret-of-TOPKEY");
    EXPECT_EQ(found->expires, parseIso8601("2026-11-24T13:00:00Z").value());
    ASSERT_EQ(requests_.size(), 2u);
    EXPECT_NE(requests_[0].header("authorization").find("Credential=BASE/20261124/us-east-1/sts/"), std::string::npos);
    EXPECT_NE(requests_[1].header("authorization").find("Credential=MIDKEY/"), std::string::npos);
    EXPECT_EQ(requests_[1].header("x-amz-security-token"), "token-of-MIDKEY");
    const auto fields = splitQuery(requests_[1].body);
    const std::map<std::string, std::string> form(fields.begin(), fields.end());
    EXPECT_EQ(form.at("ExternalId"), "ext");
    EXPECT_EQ(form.at("RoleSessionName"), "me");
    EXPECT_EQ(form.at("DurationSeconds"), "1800");
    EXPECT_EQ(redacted("x secret-of-TOPKEY token-of-MIDKEY x").find("of-"), std::string::npos);
}

TEST_F(Credentials, CirclesAndContradictionsAreErrors) {
    config(
        "[profile a]\nrole_arn=arn:a\nsource_profile=b\n[profile b]\nrole_arn=arn:b\nsource_profile=a\n"
        "[profile self]\nrole_arn=arn:s\nsource_profile=self\naws_access_key_id=SELF\naws_secret_access_key=self-secret\n"
        "[profile both]\nrole_arn=arn:x\nsource_profile=a\ncredential_source=Environment\n"
        "[profile neither]\nrole_arn=arn:x\n[profile dangling]\nrole_arn=arn:x\nsource_profile=gone\n[profile "
        "odd]\nrole_arn=arn:x\ncredential_source=Moon\n"
        "[profile mfa]\nrole_arn=arn:x\nsource_profile=self2\nmfa_serial=arn:aws:iam::1:mfa/me\n[profile "
        "self2]\naws_access_key_id=S\naws_secret_access_key=s2-secret\n");
    const auto circle = get("a");
    ASSERT_FALSE(circle);
    EXPECT_EQ(circle.error().code, ErrorCode::invalid_argument);
    EXPECT_NE(circle.error().what.find("a -> b -> a"), std::string::npos);
    for (const char* profile : {"both", "neither", "dangling", "odd"})
        EXPECT_EQ(get(profile).error().code, ErrorCode::invalid_argument) << profile;
    EXPECT_EQ(get("mfa").error().code, ErrorCode::unauthenticated);
    handle_ = [](const ServerRequest&) { return LoopbackServer::answer(200, stsAnswer("ROLE")); };
    EXPECT_EQ(get("self")->access_key_id, "ROLE");
    auto with_mfa = options("mfa");
    with_mfa.mfa_code = [](const std::string&) -> Result<std::string> { return std::string("123456"); };
    EXPECT_EQ(AwsCredentialSource(with_mfa).get(kNow)->access_key_id, "ROLE");
    EXPECT_NE(requests_.back().body.find("TokenCode=123456"), std::string::npos);
}

TEST_F(Credentials, ARefusedRoleSaysWhich) {
    config("[profile r]\nrole_arn=arn:aws:iam::1:role/r\ncredential_source=Environment\n");
    environment_["AWS_ACCESS_KEY_ID"] = "ENVKEY";
    environment_["AWS_SECRET_ACCESS_KEY"] = "env-secret-value";
    handle_ = [](const ServerRequest&) {
        return LoopbackServer::answer(
            403, "<ErrorResponse><Error><Code>AccessDenied</Code><Message>not authorized</Message></Error></ErrorResponse>");
    };
    const auto refused = get("r");
    EXPECT_EQ(refused.error().code, ErrorCode::permission_denied);
    EXPECT_NE(refused.error().meaning.find("role/r"), std::string::npos);
}

TEST_F(Credentials, WebIdentity) {
    std::ofstream(home_.path() / "token") << "jwt.token.value\n";
    environment_["AWS_WEB_IDENTITY_TOKEN_FILE"] = (home_.path() / "token").string();
    environment_["AWS_ROLE_ARN"] = "arn:aws:iam::1:role/web";
    environment_["AWS_ROLE_SESSION_NAME"] = "pod";
    credentials("[default]\naws_access_key_id=FILEKEY\naws_secret_access_key=file-secret\n");
    handle_ = [](const ServerRequest&) { return LoopbackServer::answer(200, stsAnswer("WEBKEY")); };
    const auto found = get();
    ASSERT_TRUE(found) << found.error().text();
    EXPECT_EQ(found->access_key_id, "WEBKEY");
    ASSERT_EQ(requests_.size(), 1u);
    EXPECT_EQ(requests_[0].header("authorization"), "") << "not signed";
    EXPECT_NE(requests_[0].body.find("WebIdentityToken=jwt.token.value&"), std::string::npos);
    EXPECT_NE(requests_[0].body.find("RoleSessionName=pod"), std::string::npos);
}

constexpr const char* kSsoConfig =
    "[profile s]\nsso_session=my-sso\nsso_account_id=123456789012\nsso_role_name=Reader\n"
    "[sso-session my-sso]\nsso_region=eu-west-1\nsso_start_url=https://start.example/\nsso_registration_scopes=sso:account:access\n"
    "[profile old]\nsso_start_url=https://start.example/\nsso_region=eu-west-1\nsso_account_id=1\nsso_role_name=R\n";

std::string roleAnswer() {
    return R"({"roleCredentials":{"accessKeyId":"SSOKEY","secretAccessKey":"sso-secret-value","sessionToken":"sso-token-value","expiration":1795525200000}})";
}

class SsoCredentials : public Credentials {
protected:
    SsoCredentials() {
        config(kSsoConfig);
        FILE* pipe = popen("printf my-sso | sha1sum", "r");
        char digest[41] = {};
        if (pipe != nullptr && fgets(digest, sizeof digest, pipe) != nullptr) cache_name_ = digest;
        if (pipe != nullptr) pclose(pipe);
    }
    std::string cache_name_;
};

TEST_F(SsoCredentials, TokenOfTheCacheGivesTheRole) {
    ssoCache(
        cache_name_,
        R"({"startUrl":"https://start.example/","region":"eu-west-1","accessToken":"access-token-value","expiresAt":"2026-11-24T18:00:00Z"})");
    handle_ = [](const ServerRequest&) { return LoopbackServer::answer(200, roleAnswer()); };
    const auto found = get("s");
    ASSERT_TRUE(found) << found.error().text();
    EXPECT_EQ(found->access_key_id, "SSOKEY");
    EXPECT_EQ(found->source, "profile s (SSO)");
    EXPECT_EQ(found->expires, Timestamp(milliseconds(1795525200000)));
    ASSERT_EQ(requests_.size(), 1u);
    EXPECT_EQ(requests_[0].target, "/federation/credentials?role_name=Reader&account_id=123456789012");
    EXPECT_EQ(requests_[0].header("x-amz-sso_bearer_token"), "access-token-value");
    EXPECT_EQ(redacted("access-token-value sso-secret-value").find("value"), std::string::npos);
}

TEST_F(SsoCredentials, ExpiredOrMissingNamesTheCommand) {
    auto missing = get("s");
    EXPECT_EQ(missing.error().code, ErrorCode::credentials_expired);
    EXPECT_EQ(missing.error().action, "aws sso login --profile s");
    ssoCache(cache_name_, R"({"accessToken":"access-token-value","expiresAt":"2026-11-24T11:00:00UTC"})");
    auto expired = get("s");
    EXPECT_EQ(expired.error().code, ErrorCode::credentials_expired);
    EXPECT_EQ(expired.error().action, "aws sso login --profile s");
    ssoCache(cache_name_, R"({"accessToken":"access-token-value","expiresAt":"2026-11-24T18:00:00Z"})");
    handle_ = [](const ServerRequest&) { return LoopbackServer::answer(401, R"({"message":"Session token not found or invalid"})"); };
    EXPECT_EQ(get("s").error().action, "aws sso login --profile s");
    ssoCache(cache_name_, "{broken");
    EXPECT_EQ(get("s").error().code, ErrorCode::credentials_expired);
    EXPECT_EQ(get("old").error().action, "aws sso login --profile old");
}

TEST_F(SsoCredentials, RefreshesInMemoryAndWritesNothing) {
    const std::string cached =
        R"({"accessToken":"old-access-token","expiresAt":"2026-11-24T11:00:00Z","clientId":"cid","clientSecret":"client-secret-value",)"
        R"("registrationExpiresAt":"2026-12-24T11:00:00Z","refreshToken":"refresh-token-value"})";
    ssoCache(cache_name_, cached);
    handle_ = [](const ServerRequest& r) {
        return r.target == "/token"
                   ? LoopbackServer::answer(200,
                                            R"({"accessToken":"new-access-token","expiresIn":28800,"refreshToken":"next-refresh-token"})")
                   : LoopbackServer::answer(200, roleAnswer());
    };
    ASSERT_TRUE(get("s"));
    ASSERT_EQ(requests_.size(), 2u);
    EXPECT_NE(requests_[0].body.find("refresh_token"), std::string::npos);
    EXPECT_EQ(requests_[1].header("x-amz-sso_bearer_token"), "new-access-token");
    std::ifstream file(home_.path() / ".aws" / "sso" / "cache" / (cache_name_ + ".json"));
    const std::string now((std::istreambuf_iterator<char>(file)), {});
    EXPECT_EQ(now, cached);
    handle_ = [](const ServerRequest&) { return LoopbackServer::answer(400, R"({"error":"invalid_grant"})"); };
    EXPECT_EQ(get("s").error().code, ErrorCode::credentials_expired);
}

TEST_F(Credentials, CredentialProcess) {
    const auto script = home_.path() / "my helper.sh";
    std::ofstream(script) << "#!/bin/sh\nif [ \"$1\" = fail ]; then echo 'sign in first' >&2; exit 2; fi\n"
                             "echo "
                             "'{\"Version\":1,\"AccessKeyId\":\"PROCKEY\",\"SecretAccessKey\":\"proc-secret-value\",\"SessionToken\":\"t-o-"
                             "k-e-n\",\"Expiration\":\"2026-11-24T13:00:00Z\"}'\n";
    std::filesystem::permissions(script, std::filesystem::perms::owner_all);
    config("[profile p]\ncredential_process = \"" + script.string() + "\" good\n[profile f]\ncredential_process = \"" + script.string() +
           "\" fail\n[profile j]\ncredential_process = echo hello\n[profile g]\ncredential_process = /nowhere/tool\n");
    const auto found = get("p");
    ASSERT_TRUE(found) << found.error().text();
    EXPECT_EQ(found->access_key_id, "PROCKEY");
    EXPECT_EQ(found->session_token, "t-o-k-e-n");
    const auto failed = get("f");
    EXPECT_EQ(failed.error().code, ErrorCode::unauthenticated);
    EXPECT_NE(failed.error().what.find("sign in first"), std::string::npos);
    EXPECT_EQ(get("j").error().code, ErrorCode::unauthenticated);
    EXPECT_EQ(get("g").error().code, ErrorCode::unauthenticated);
    EXPECT_EQ(AwsCredentialSource(options("p")).get(parseIso8601("2027-01-01T00:00:00Z").value()).error().code,
              ErrorCode::credentials_expired);
}

TEST_F(Credentials, Container) {
    environment_["AWS_CONTAINER_CREDENTIALS_FULL_URI"] = server_.url("/creds");
    environment_["AWS_CONTAINER_AUTHORIZATION_TOKEN"] = "Basic container-auth";
    handle_ = [](const ServerRequest& r) {
        return r.header("authorization") == "Basic container-auth"
                   ? LoopbackServer::answer(
                         200,
                         R"({"AccessKeyId":"CONKEY","SecretAccessKey":"con-secret-value","Token":"con-token","Expiration":"2026-11-24T13:00:00Z"})")
                   : LoopbackServer::answer(401, "");
    };
    EXPECT_EQ(get()->access_key_id, "CONKEY");
    environment_["AWS_CONTAINER_CREDENTIALS_FULL_URI"] = "http://example.com/creds";
    EXPECT_EQ(get().error().code, ErrorCode::invalid_argument);
}

TEST_F(Credentials, InstanceMetadataIsVersionTwo) {
    environment_.erase("AWS_EC2_METADATA_DISABLED");
    environment_["AWS_EC2_METADATA_SERVICE_ENDPOINT"] = server_.url("/");
    handle_ = [](const ServerRequest& r) {
        if (r.method == "PUT") return LoopbackServer::answer(200, "imds-token-value");
        if (r.header("x-aws-ec2-metadata-token") != "imds-token-value") return LoopbackServer::answer(401, "");
        if (r.target.ends_with("/")) return LoopbackServer::answer(200, "my-role\n");
        return LoopbackServer::answer(
            200,
            R"({"AccessKeyId":"EC2KEY","SecretAccessKey":"ec2-secret-value","Token":"ec2-token","Expiration":"2026-11-24T18:00:00Z"})");
    };
    const auto found = get();
    ASSERT_TRUE(found) << found.error().text();
    EXPECT_EQ(found->access_key_id, "EC2KEY");
    EXPECT_EQ(requests_.front().header("x-aws-ec2-metadata-token-ttl-seconds"), "21600");
    handle_ = [](const ServerRequest&) { return LoopbackServer::answer(404, ""); };
    EXPECT_EQ(get().error().code, ErrorCode::unauthenticated);
}

TEST_F(Credentials, HeldUntilNearExpiryAndKeptWhileTheSourceIsAway) {
    config(
        "[profile r]\nrole_arn=arn:aws:iam::1:role/r\nsource_profile=b\n[profile "
        "b]\naws_access_key_id=BASE\naws_secret_access_key=base-secret\n");
    int n = 0;
    handle_ = [&](const ServerRequest&) { return LoopbackServer::answer(200, stsAnswer("KEY" + std::to_string(++n))); };
    AwsCredentialSource source(options("r"));
    EXPECT_EQ(source.get(kNow)->access_key_id, "KEY1");
    EXPECT_EQ(source.get(kNow + minutes(44))->access_key_id, "KEY1");
    handle_ = [](const ServerRequest&) { return LoopbackServer::answer(503, ""); };
    EXPECT_EQ(source.get(kNow + minutes(46))->access_key_id, "KEY1") << "14 minutes left: advisory";
    EXPECT_FALSE(source.get(kNow + minutes(51)));
    handle_ = [&](const ServerRequest&) { return LoopbackServer::answer(200, stsAnswer("KEY" + std::to_string(++n))); };
    EXPECT_EQ(source.get(kNow + minutes(46))->access_key_id, "KEY2");
    source.invalidate();
    EXPECT_EQ(source.get(kNow)->access_key_id, "KEY3");
}

TEST_F(Credentials, RegionAndEndpoint) {
    config("[profile p]\nregion = eu-west-3\n");
    AwsCredentialSource source(options("p"));
    EXPECT_EQ(source.profileName(), "p");
    EXPECT_EQ(source.region(), "eu-west-3");
    EXPECT_EQ(source.endpoint("LAMBDA"), server_.url(""));
    auto chosen = options("p");
    chosen.region = "us-east-1";
    chosen.endpoint_url = "http://127.0.0.1:9/base/";
    EXPECT_EQ(AwsCredentialSource(chosen).region(), "us-east-1");
    EXPECT_EQ(AwsCredentialSource(chosen).endpoint("LAMBDA"), "http://127.0.0.1:9");
}

TEST_F(Credentials, LoginSessionsAreNamed) {
    config("[profile l]\nlogin_session = arn:aws:iam::1:user/me\n");
    EXPECT_EQ(get("l").error().code, ErrorCode::unauthenticated);
    EXPECT_NE(get("l").error().action.find("export-credentials --profile l"), std::string::npos);
}

}  // namespace
}  // namespace pilotlight::net
