#include <gtest/gtest.h>

#include <fstream>
#include <nlohmann/json.hpp>

#include "core/net/aws_sign.h"
#include "core/net/url.h"
#include "tests/support/data.h"

namespace pilotlight::net {
namespace {

using nlohmann::json;

const AwsCredentials kExample{"AKIDEXAMPLE", "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY", "", std::nullopt, "test"};

Timestamp exampleTime() { return parseIso8601("2015-08-30T12:36:00Z").value(); }

// A raw request of the suites. Folded header lines become repeated headers (classic suite) or stay one value (later suite).
HttpRequest parseRaw(const std::string& text, bool fold_into_repeats) {
    HttpRequest request;
    std::vector<std::string> lines;
    std::size_t at = 0;
    std::size_t body_at = std::string::npos;
    while (at <= text.size()) {
        auto end = text.find('\n', at);
        if (end == std::string::npos) end = text.size();
        std::string line = text.substr(at, end - at);
        if (line.ends_with('\r')) line.pop_back();
        at = end + 1;
        if (line.empty()) {
            body_at = at;
            break;
        }
        lines.push_back(line);
    }
    if (body_at != std::string::npos && body_at < text.size()) request.body = text.substr(body_at);
    const std::string& first = lines.at(0);
    const auto space = first.find(' ');
    request.method = first.substr(0, space);
    const std::string target = first.substr(space + 1, first.rfind(" HTTP/") - space - 1);
    std::string host;
    for (std::size_t i = 1; i < lines.size(); ++i) {
        if (lines[i][0] == ' ') {
            if (fold_into_repeats)
                request.headers.emplace_back(request.headers.back().first, lines[i]);
            else
                request.headers.back().second += "\n" + lines[i];
            continue;
        }
        const auto colon = lines[i].find(':');
        const std::string name = lines[i].substr(0, colon);
        if (name == "Host" || name == "host")
            host = lines[i].substr(colon + 1);
        else
            request.headers.emplace_back(name, lines[i].substr(colon + 1));
    }
    request.url = "https://" + host + target;
    return request;
}

TEST(AwsSign, ClassicSuite) {
    const auto path = test::sharedData("sigv4/aws-sig-v4-test-suite.json");
    if (!path) GTEST_SKIP() << test::kNoData;
    const json suite = json::parse(std::ifstream(*path));
    int cases = 0;
    for (const auto& entry : suite.at("cases")) {
        const std::string name = entry.at("name");
        SCOPED_TRACE(name);
        HttpRequest request = parseRaw(entry.at("req"), true);
        AwsCredentials credentials = kExample;
        std::string token;
        for (const auto& [header, value] : request.headers) {
            if (header == "X-Amz-Security-Token") token = value;
        }
        // "post-sts-header-after": the token is added once all is signed, so it is not part of what is signed.
        const bool after = entry.at("creq").get<std::string>().find("x-amz-security-token") == std::string::npos;
        if (!token.empty() && !after) credentials.session_token = token;
        const auto steps = signAwsSteps(request, credentials, {"us-east-1", "service"}, exampleTime());
        EXPECT_EQ(steps.canonical_request, entry.at("creq").get<std::string>());
        EXPECT_EQ(steps.string_to_sign, entry.at("sts").get<std::string>());
        std::string authorization;
        for (const auto& [header, value] : request.headers) {
            if (header == "Authorization") authorization = value;
        }
        EXPECT_EQ(authorization, entry.at("authz").get<std::string>());
        ++cases;
    }
    EXPECT_GE(cases, 30);
}

TEST(AwsSign, LaterSuite) {
    const auto path = test::sharedData("sigv4/aws-signing-test-suite-v4.json");
    if (!path) GTEST_SKIP() << test::kNoData;
    const json suite = json::parse(std::ifstream(*path));
    int cases = 0;
    for (const auto& entry : suite.at("cases")) {
        if (!entry.contains("header-canonical-request")) continue;  // inputs that must be refused by a query presigner
        const std::string name = entry.at("name");
        SCOPED_TRACE(name);
        const json& context = entry.at("context");
        HttpRequest request = parseRaw(entry.at("request"), false);
        AwsCredentials credentials = kExample;
        const bool token_after = context.value("omit_session_token", false);
        if (context.at("credentials").contains("token") && !token_after) credentials.session_token = context.at("credentials").at("token");
        AwsScope scope{context.at("region"), context.at("service"), context.at("normalize").get<bool>(),
                       context.at("sign_body").get<bool>()};
        const auto steps = signAwsSteps(request, credentials, scope, parseIso8601(context.at("timestamp").get<std::string>()).value());
        EXPECT_EQ(steps.canonical_request, entry.at("header-canonical-request").get<std::string>());
        EXPECT_EQ(steps.string_to_sign, entry.at("header-string-to-sign").get<std::string>());
        EXPECT_EQ(steps.signature, entry.at("header-signature").get<std::string>());
        ++cases;
    }
    EXPECT_GE(cases, 36);
}

struct Vector {
    const char *method, *url, *region, *service, *token, *body, *signature, *signed_headers;
    Headers headers;
};

TEST(AwsSign, OwnVectors) {
    const std::vector<Vector> vectors{
        {"GET",
         "https://example.amazonaws.com/",
         "us-east-1",
         "service",
         "",
         "",
         "5fa00fa31553b73ebf1942676e86291e8372ff2a2260956d9b8aae1d763fbf31",
         "host;x-amz-date",
         {}},
        {"GET",
         "https://lambda.us-east-1.amazonaws.com/2015-03-31/functions/"
         "arn%3Aaws%3Alambda%3Aus-east-1%3A123456789012%3Afunction%3Amy-fn/configuration?Qualifier=%24LATEST",
         "us-east-1",
         "lambda",
         "",
         "",
         "9113f23655bddfd6dc416dfdf96ef0c626157164b784163c30a8108e880887d6",
         "host;x-amz-date",
         {}},
        {"PUT",
         "https://lambda.eu-west-1.amazonaws.com/2017-10-31/functions/my-fn/concurrency",
         "eu-west-1",
         "lambda",
         "TOKENEXAMPLE==",
         R"({"ReservedConcurrentExecutions":50})",
         "2b3bdef61d06ce03b6cf683ca6c304d37c38dde184f15bc72d6e79ba8c5ddd05",
         "content-type;host;x-amz-date;x-amz-security-token",
         {{"Content-Type", "application/json"}}},
        {"POST",
         "https://sts.us-east-1.amazonaws.com/",
         "us-east-1",
         "sts",
         "",
         "Action=GetCallerIdentity&Version=2011-06-15",
         "52a8540fea00e731072179f763577cbe2a45eac2c5d32fb4d785f3eefac88165",
         "content-type;host;x-amz-date",
         {{"Content-Type", "application/x-www-form-urlencoded; charset=utf-8"}}},
        {"POST",
         "https://ce.us-east-1.amazonaws.com/",
         "us-east-1",
         "ce",
         "",
         "{}",
         "7a6b16252d4cb96dcb5108b5377378b050ee7c5f3fce1692bd1d2157bf212af0",
         "content-type;host;x-amz-date;x-amz-target",
         {{"Content-Type", "application/x-amz-json-1.1"}, {"X-Amz-Target", "AWSInsightsIndexService.GetCostAndUsage"}}},
    };
    for (const auto& vector : vectors) {
        SCOPED_TRACE(vector.url);
        HttpRequest request;
        request.method = vector.method;
        request.url = vector.url;
        request.body = vector.body;
        request.headers = vector.headers;
        request.headers.emplace_back("User-Agent", "never signed");
        AwsCredentials credentials = kExample;
        credentials.session_token = vector.token;
        const auto steps = signAwsSteps(request, credentials, {vector.region, vector.service}, exampleTime());
        EXPECT_EQ(steps.signature, vector.signature);
        EXPECT_NE(request.headers.back().second.find(std::string("SignedHeaders=") + vector.signed_headers + ","), std::string::npos);
        // Signing again replaces what the first signature added.
        const std::size_t headers = request.headers.size();
        EXPECT_EQ(signAwsSteps(request, credentials, {vector.region, vector.service}, exampleTime()).signature, vector.signature);
        EXPECT_EQ(request.headers.size(), headers);
    }
}

TEST(AwsSign, HostKeepsAPortThatIsNotTheDefault) {
    HttpRequest request;
    request.url = "http://127.0.0.1:5055/x";
    EXPECT_NE(signAwsSteps(request, kExample, {"us-east-1", "lambda"}, exampleTime()).canonical_request.find("host:127.0.0.1:5055\n"),
              std::string::npos);
    request.url = "https://lambda.us-east-1.amazonaws.com:443/x";
    EXPECT_NE(signAwsSteps(request, kExample, {"us-east-1", "lambda"}, exampleTime())
                  .canonical_request.find("host:lambda.us-east-1.amazonaws.com\n"),
              std::string::npos);
}

TEST(Url, EncodesAndSplits) {
    EXPECT_EQ(percentEncode("a b/$LATEST~é"), "a%20b%2F%24LATEST~%C3%A9");
    EXPECT_EQ(percentEncode("a b/c", true), "a%20b/c");
    EXPECT_EQ(percentDecode("a%20b%2f+%zz%4"), "a b/+%zz%4");
    const auto parts = splitUrl("HTTPS://user:pw@Example.com:8443/a/b?x=1&y#frag");
    EXPECT_EQ(parts.scheme, "https");
    EXPECT_EQ(parts.authority, "Example.com:8443");
    EXPECT_EQ(parts.path, "/a/b");
    EXPECT_EQ(parts.query, "x=1&y");
    EXPECT_EQ(hostOf(parts), "example.com");
    EXPECT_EQ(hostOf(splitUrl("http://[fd00:ec2::23]:80/v1")), "fd00:ec2::23");
    EXPECT_EQ(originOf("https://host:1/secret?token=x"), "https://host:1");
    EXPECT_EQ(splitQuery("a=1&b=&c&&d=%26"),
              (std::vector<std::pair<std::string, std::string>>{{"a", "1"}, {"b", ""}, {"c", ""}, {"d", "&"}}));
}

}  // namespace
}  // namespace pilotlight::net
