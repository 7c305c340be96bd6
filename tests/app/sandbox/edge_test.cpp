// Signatures, skew, price files, faults, TLS: the edges of the wire.
#include <gtest/gtest.h>

#include <chrono>
#include <thread>

#include <nlohmann/json.hpp>

#include "app/sandbox/aws/query_protocol.h"
#include "fleet.h"
#include "signed_client.h"

namespace pilotlight::sandbox::test {
namespace {

// Published and computed vectors: key AKIDEXAMPLE, 2015-08-30 12:36 UTC.
struct Vector {
    const char* name;
    HttpRequest request;
    const char *region, *service, *signed_headers, *signature;
};

TEST(Signature, AcceptsVectorsOfOthersAndNothingElse) {
    const Keys keys{"AKIDEXAMPLE", "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY"};
    const std::vector<Vector> vectors{
        {"get-vanilla",
         {"GET", "/", "", {{"host", "example.amazonaws.com"}}, ""},
         "us-east-1",
         "service",
         "host;x-amz-date",
         "5fa00fa31553b73ebf1942676e86291e8372ff2a2260956d9b8aae1d763fbf31"},
        {"path twice encoded",
         {"GET",
          "/2015-03-31/functions/arn%3Aaws%3Alambda%3Aus-east-1%3A123456789012%3Afunction%3Amy-fn/configuration",
          "Qualifier=%24LATEST",
          {{"host", "lambda.us-east-1.amazonaws.com"}},
          ""},
         "us-east-1",
         "lambda",
         "host;x-amz-date",
         "9113f23655bddfd6dc416dfdf96ef0c626157164b784163c30a8108e880887d6"},
        {"form",
         {"POST",
          "/",
          "",
          {{"host", "sts.us-east-1.amazonaws.com"}, {"content-type", "application/x-www-form-urlencoded; charset=utf-8"}},
          "Action=GetCallerIdentity&Version=2011-06-15"},
         "us-east-1",
         "sts",
         "content-type;host;x-amz-date",
         "52a8540fea00e731072179f763577cbe2a45eac2c5d32fb4d785f3eefac88165"},
        {"target",
         {"POST",
          "/",
          "",
          {{"host", "ce.us-east-1.amazonaws.com"},
           {"content-type", "application/x-amz-json-1.1"},
           {"x-amz-target", "AWSInsightsIndexService.GetCostAndUsage"}},
          "{}"},
         "us-east-1",
         "ce",
         "content-type;host;x-amz-date;x-amz-target",
         "7a6b16252d4cb96dcb5108b5377378b050ee7c5f3fce1692bd1d2157bf212af0"},
    };
    const std::int64_t then = *parseInstant("2015-08-30T12:36:00Z");
    for (auto v : vectors) {
        v.request.headers.emplace_back("x-amz-date", "20150830T123600Z");
        v.request.headers.emplace_back("authorization", std::string("AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/20150830/") + v.region + "/" +
                                                            v.service + "/aws4_request, SignedHeaders=" + v.signed_headers +
                                                            ", Signature=" + v.signature);
        const auto good = checkSignature(v.request, keys, then);
        ASSERT_TRUE(good) << v.name << ": " << good.error().message;
        EXPECT_EQ(good->service, v.service);
        EXPECT_TRUE(checkSignature(v.request, keys, then + 299 * kSecond)) << v.name;
        EXPECT_FALSE(checkSignature(v.request, keys, then + 301 * kSecond)) << v.name;
        EXPECT_FALSE(checkSignature(v.request, keys, then - 301 * kSecond)) << v.name;
        auto other = v.request;
        other.body += " ";
        EXPECT_FALSE(checkSignature(other, keys, then)) << v.name;
        other = v.request;
        other.path += "x";
        EXPECT_FALSE(checkSignature(other, keys, then)) << v.name;
        EXPECT_FALSE(checkSignature(v.request, {"AKIDEXAMPLE", "another"}, then)) << v.name;
    }
}

TEST(Signature, RefusalsAreWordedInTheServicesProtocol) {
    Sandbox sandbox(kFleet);
    sandbox.sign_with.secret = "not the secret";
    const auto rest = sandbox.rest("GET", "/2015-03-31/functions");
    EXPECT_EQ(rest.status, 403);
    EXPECT_EQ(rest.header("x-amzn-ErrorType").substr(0, 25), "InvalidSignatureException");
    const auto form = sandbox.form("sts", "Action=GetCallerIdentity&Version=2011-06-15");
    EXPECT_EQ(form.status, 403);
    EXPECT_NE(form.body.find("<Code>SignatureDoesNotMatch</Code>"), std::string::npos);
    const auto target = sandbox.call("logs", "Logs_20140328.DescribeLogGroups", json::object());
    EXPECT_EQ(target.status, 403);
    EXPECT_EQ(target.parsed()["__type"], "InvalidSignatureException");
    sandbox.sign_with = {"AKIASOMEBODYELSE0000", sandbox.keys.secret};
    EXPECT_EQ(sandbox.rest("GET", "/2015-03-31/functions").header("x-amzn-ErrorType").substr(0, 27), "UnrecognizedClientException");
    sandbox.sign_with = {};
    EXPECT_EQ(sandbox.rest("GET", "/2015-03-31/functions").header("x-amzn-ErrorType").substr(0, 35), "MissingAuthenticationTokenException");
    sandbox.sign_with = sandbox.keys;
    sandbox.skew_s = -400;
    const auto late = sandbox.rest("GET", "/2015-03-31/functions");
    EXPECT_EQ(late.status, 403);
    EXPECT_NE(late.body.find("Signature expired"), std::string::npos);
    EXPECT_FALSE(late.header("Date").empty()) << "clients correct their clock by it";
}

TEST(Service, EveryReplyCarriesTheClock) {
    Sandbox sandbox(kFleet, 1, 60);
    const std::string clock = sandbox.rest("GET", "/2015-03-31/functions").header("x-pilotlight-time");
    ASSERT_TRUE(clock.ends_with(";speed=60")) << clock;
    const auto at = parseInstant(clock.substr(0, clock.find(';')));
    ASSERT_TRUE(at);
    EXPECT_LT(std::abs(*at - SandboxClock::realNow()), 3600 * kSecond);
    EXPECT_FALSE(sandbox.rest("GET", "/nowhere/at/all").header("x-pilotlight-time").empty());
}

TEST(Service, CallerIdentityAndWrongAddresses) {
    Sandbox sandbox(kFleet);
    const auto who = sandbox.form("sts", "Action=GetCallerIdentity&Version=2011-06-15");
    EXPECT_NE(who.body.find("<Account>123456789012</Account>"), std::string::npos);
    EXPECT_EQ(sandbox.form("sts", "Action=AssumeRole&Version=2011-06-15").status, 400);
    EXPECT_EQ(sandbox.form("dynamodb", "Action=List").status, 403);
    EXPECT_EQ(sandbox.call("logs", "Logs_19990101.FilterLogEvents", json::object()).parsed()["__type"], "UnknownOperationException");
    EXPECT_EQ(sandbox.call("logs", "Logs_20140328.FilterLogEvents", json::object(), "9.9").status, 400);
}

TEST(Service, PriceFilesLeadToTheRates) {
    Sandbox sandbox(kFleet);
    httplib::Client plain(sandbox.server().url());
    const auto get = [&](const std::string& path) {
        const auto reply = plain.Get(path);
        return reply && reply->status == 200 ? json::parse(reply->body) : json();
    };
    const json regions = get("/offers/v1.0/aws/AWSLambda/current/region_index.json");
    const json file = get(regions["regions"]["us-east-1"]["currentVersionUrl"]);
    EXPECT_EQ(file, get("/offers/v1.0/aws/AWSLambda/current/us-east-1/index.json"));
    int found = 0;
    for (const auto& [sku, product] : file["products"].items()) {
        if (product["attributes"]["group"] != "AWS-Lambda-Duration") continue;
        ++found;
        EXPECT_EQ(product["attributes"]["usagetype"], "Lambda-GB-Second");
        const json dimensions = file["terms"]["OnDemand"][sku].begin().value()["priceDimensions"];
        EXPECT_EQ(dimensions.size(), 3U);
        for (const auto& [code, d] : dimensions.items())
            if (d["beginRange"] == "0") {
                EXPECT_EQ(d["pricePerUnit"]["USD"], "0.0000166667");
            }
    }
    EXPECT_EQ(found, 1);
    EXPECT_TRUE(get("/offers/v1.0/aws/AWSLambda/current/mars-north-1/index.json").is_null());
    EXPECT_TRUE(get("/offers/v1.0/aws/index.json")["offers"].contains("AWSLambda"));
}

TEST(Faults, ThrottleErrorCountAndAfter) {
    Sandbox sandbox(
        kFleet, 1, 600,
        R"({"rules":[{"operation":"lambda\\.List.*","fault":"throttle","count":2,"after":1},{"operation":"logs\\..*","fault":"error","status":500,"count":1}]})");
    std::vector<int> seen;
    for (int i = 0; i < 4; ++i) seen.push_back(sandbox.rest("GET", "/2015-03-31/functions").status);
    EXPECT_EQ(seen, (std::vector<int>{200, 429, 429, 200}));
    EXPECT_EQ(sandbox.call("logs", "Logs_20140328.DescribeLogGroups", json::object()).status, 500);
    EXPECT_EQ(sandbox.call("logs", "Logs_20140328.DescribeLogGroups", json::object()).status, 200);
}

TEST(Faults, ALostReplyHasHappenedAllTheSame) {
    Sandbox sandbox(kFleet, 1, 600, R"({"rules":[{"operation":"lambda\\.PutFunctionConcurrency","fault":"lost_reply","count":1}]})");
    EXPECT_EQ(sandbox.rest("PUT", "/2017-10-31/functions/gamma/concurrency", {{"ReservedConcurrentExecutions", 9}}).status, 0);
    EXPECT_EQ(sandbox.rest("GET", "/2019-09-30/functions/gamma/concurrency").parsed()["ReservedConcurrentExecutions"], 9);
}

TEST(Faults, ATruncatedBodyIsSeenAsAFailure) {
    Sandbox sandbox(kFleet, 1, 600, R"({"rules":[{"operation":"lambda\\.ListFunctions","fault":"truncate","count":1}]})");
    EXPECT_EQ(sandbox.rest("GET", "/2015-03-31/functions").status, 0);
    EXPECT_EQ(sandbox.rest("GET", "/2015-03-31/functions").status, 200);
}

TEST(Faults, SlowAndPartialConvergence) {
    Sandbox sandbox(kFleet, 1, 60,
                    R"({"rules":[{"operation":"lambda\\.UpdateFunctionConfiguration","fault":"slow","factor":10000,"count":1},
        {"operation":"lambda\\.PutProvisionedConcurrencyConfig","fault":"partial","count":1}]})");
    ASSERT_EQ(sandbox.rest("PUT", "/2015-03-31/functions/beta/configuration", {{"MemorySize", 777}}).status, 200);
    std::this_thread::sleep_for(std::chrono::milliseconds(300));
    EXPECT_EQ(sandbox.rest("GET", "/2015-03-31/functions/beta/configuration").parsed()["LastUpdateStatus"], "InProgress");
    ASSERT_EQ(
        sandbox.rest("PUT", "/2019-09-30/functions/alpha/provisioned-concurrency?Qualifier=live", {{"ProvisionedConcurrentExecutions", 8}})
            .status,
        202);
    json state;
    for (int i = 0; i < 600 && state["Status"] != "FAILED"; ++i) {
        std::this_thread::sleep_for(std::chrono::milliseconds(10));
        state = sandbox.rest("GET", "/2019-09-30/functions/alpha/provisioned-concurrency?Qualifier=live").parsed();
    }
    EXPECT_EQ(state["Status"], "FAILED");
    EXPECT_EQ(state["RequestedProvisionedConcurrentExecutions"], 8);
    EXPECT_EQ(state["AvailableProvisionedConcurrentExecutions"], 4);
}

TEST(Faults, AreRefusedWhenMisspelt) {
    for (const char* bad :
         {"", "[]", R"({"rule":[]})", R"({"rules":[{"operation":"x"}]})", R"({"rules":[{"operation":"x","fault":"burn"}]})",
          R"({"rules":[{"operation":"(","fault":"delay"}]})", R"({"rules":[{"operation":"x","fault":"delay","delay":5}]})"})
        EXPECT_FALSE(Faults::parse(bad)) << bad;
}

TEST(Tls, ServesUnderItsOwnAuthority) {
    Sandbox sandbox(kFleet, 0.2, 600, "{}", true);
    EXPECT_TRUE(sandbox.server().url().starts_with("https://"));
    EXPECT_EQ(sandbox.rest("GET", "/2015-03-31/functions").status, 200);
    httplib::SSLClient trusting("127.0.0.1", sandbox.server().port());
    trusting.set_ca_cert_path(sandbox.server().caPath());
    trusting.enable_server_certificate_verification(true);
    const auto reply = trusting.Get("/offers/v1.0/aws/index.json");
    EXPECT_TRUE(reply && reply->status == 200);
    httplib::SSLClient wary("127.0.0.1", sandbox.server().port());
    wary.enable_server_certificate_verification(true);
    EXPECT_FALSE(wary.Get("/offers/v1.0/aws/index.json"));
}

TEST(Wire, InstantsAndForms) {
    EXPECT_EQ(isoMillis(*parseInstant("2026-11-24T14:05:00.250Z")), "2026-11-24T14:05:00.250Z");
    EXPECT_EQ(*parseInstant("2026-11-24T15:05:00+01:00"), *parseInstant("2026-11-24T14:05:00Z"));
    EXPECT_EQ(*parseInstant("2026-11-24"), *parseInstant("2026-11-24T00:00:00Z"));
    for (const char* bad : {"", "yesterday", "2026-13-01", "2026-02-30", "2026-11-24T25", "2026-11-24T14:05:00X"})
        EXPECT_FALSE(parseInstant(bad)) << bad;
    EXPECT_EQ(percentEncode("a b/~é"), "a%20b%2F~%C3%A9");
    EXPECT_EQ((*parametersToJson("A.member.2.B=x&A.member.1.B=y&C=1"))["A"][1]["B"], "x");
    for (const char* bad : {"A=1&A.B=2", "A.member.0=1", "A.member.99999=1", "A..B=1", "=1"}) EXPECT_FALSE(parametersToJson(bad)) << bad;
}

}  // namespace
}  // namespace pilotlight::sandbox::test
