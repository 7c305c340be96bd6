#include <gtest/gtest.h>

#include "core/base/log.h"
#include "core/net/aws_errors.h"
#include "core/net/http_date.h"
#include "tests/core/net/fake_http.h"

namespace pilotlight::net {
namespace {

using test::response;

ApiCall named(const std::string& name) {
    ApiCall call;
    call.name = name;
    return call;
}

struct Case {
    const char* what;
    HttpResponse response;
    ErrorCode code;
    bool retryable, throttled;
};

TEST(AwsErrors, EveryShapeOfError) {
    const std::vector<Case> cases{
        {"rest-json by header",
         response(404, R"({"Type":"User","Message":"Function not found: x"})",
                  {{"x-amzn-errortype", "ResourceNotFoundException:http://x/"}}),
         ErrorCode::not_found, false, false},
        {"rest-json by body", response(409, R"({"__type":"ResourceConflictException","message":"An update is in progress"})"),
         ErrorCode::conflict, false, false},
        {"awsJson with namespace", response(400, R"({"__type":"com.amazonaws.x#ThrottlingException","Message":"Rate exceeded"})"),
         ErrorCode::throttled, true, true},
        {"query xml",
         response(
             400,
             "<ErrorResponse><Error><Type>Sender</Type><Code>Throttling</Code><Message>Rate &amp; more</Message></Error></ErrorResponse>"),
         ErrorCode::throttled, true, true},
        {"query-compatible header",
         response(400, R"({"__type":"com.amazonaws.cloudwatch#InvalidParameterValueException"})",
                  {{"x-amzn-query-error", "Throttling;Sender"}}),
         ErrorCode::throttled, true, true},
        {"precondition",
         response(412, R"({"message":"The RevisionId provided does not match"})", {{"x-amzn-errortype", "PreconditionFailedException"}}),
         ErrorCode::stale, false, false},
        {"access denied", response(403, R"({"Message":"User is not authorized"})", {{"x-amzn-errortype", "AccessDeniedException"}}),
         ErrorCode::permission_denied, false, false},
        {"access denied, json 400", response(400, R"({"__type":"AccessDeniedException","Message":"no"})"), ErrorCode::permission_denied,
         false, false},
        {"expired",
         response(403, R"({"message":"The security token included in the request is expired"})",
                  {{"x-amzn-errortype", "ExpiredTokenException"}}),
         ErrorCode::credentials_expired, false, false},
        {"expired, xml", response(403, "<ErrorResponse><Error><Code>ExpiredToken</Code><Message>gone</Message></Error></ErrorResponse>"),
         ErrorCode::credentials_expired, false, false},
        {"bad signature",
         response(403, R"({"message":"The request signature we calculated does not match"})",
                  {{"x-amzn-errortype", "SignatureDoesNotMatch"}}),
         ErrorCode::unauthenticated, false, false},
        {"unknown key", response(400, R"({"__type":"UnrecognizedClientException","message":"The security token is invalid"})"),
         ErrorCode::unauthenticated, false, false},
        {"html 404", response(404, "<!doctype html><title>404 Not Found</title><h1>Not Found</h1>"), ErrorCode::unsupported, false, false},
        {"empty 404", response(404, ""), ErrorCode::unsupported, false, false},
        {"html 500", response(500, "<!doctype html><title>500</title>"), ErrorCode::protocol, true, false},
        {"service exception", response(500, R"({"Type":"Service","Message":"x"})", {{"x-amzn-errortype", "ServiceException"}}),
         ErrorCode::network, true, false},
        {"503", response(503, ""), ErrorCode::network, true, false},
        {"429", response(429, ""), ErrorCode::throttled, true, true},
        {"unknown operation", response(400, R"({"__type":"UnknownOperationException"})"), ErrorCode::unsupported, false, false},
        {"validation", response(400, R"({"__type":"ValidationException","message":"1 validation error"})"), ErrorCode::invalid_argument,
         false, false},
        {"redirect", response(301, ""), ErrorCode::protocol, false, false},
        {"damaged json", response(400, R"({"__type":"Throt)"), ErrorCode::invalid_argument, false, false},
        {"403 page of a proxy", response(403, "<html>blocked</html>"), ErrorCode::permission_denied, false, false},
    };
    for (const auto& c : cases) {
        SCOPED_TRACE(c.what);
        const auto failure = classifyAws(named("lambda:ListFunctions"), c.response);
        ASSERT_TRUE(failure.has_value());
        EXPECT_STREQ(name(failure->error.code), name(c.code));
        EXPECT_EQ(failure->retryable, c.retryable);
        EXPECT_EQ(failure->throttled, c.throttled);
        EXPECT_NE(failure->error.what.find("lambda:ListFunctions"), std::string::npos);
        EXPECT_EQ(failure->error.permission, c.code == ErrorCode::permission_denied ? "lambda:ListFunctions" : "");
    }
    EXPECT_FALSE(classifyAws(named("x"), response(200, "{}")).has_value());
    EXPECT_FALSE(classifyAws(named("x"), response(202, "")).has_value());
}

TEST(AwsErrors, RetryAfterAndMessage) {
    auto body = parseAwsError(response(429, R"({"retryAfterSeconds":"3","Type":"User","message":"Rate exceeded."})",
                                       {{"x-amzn-errortype", "TooManyRequestsException"}}));
    EXPECT_EQ(body.code, "TooManyRequestsException");
    EXPECT_EQ(body.message, "Rate exceeded");
    EXPECT_EQ(body.retry_after, milliseconds(3000));
    EXPECT_EQ(parseAwsError(response(503, "", {{"x-amz-retry-after", "1500"}})).retry_after, milliseconds(1500));
}

TEST(AwsErrors, MessagesNeverShowSecretsOrCanonicalRequests) {
    addSecret("TOKEN-THAT-IS-SECRET");
    const auto failure = classifyAws(named("lambda:GetFunction"),
                                     response(403,
                                              "{\"message\":\"The signature does not match TOKEN-THAT-IS-SECRET. Check your key.\\n\\nThe "
                                              "Canonical String should have been\\n'GET\\n/x\\nx-amz-security-token:ABC'\"}",
                                              {{"x-amzn-errortype", "InvalidSignatureException"}}));
    ASSERT_TRUE(failure);
    EXPECT_EQ(failure->error.text().find("TOKEN-THAT-IS-SECRET"), std::string::npos);
    EXPECT_EQ(failure->error.text().find("Canonical"), std::string::npos);
    EXPECT_NE(failure->error.text().find("signature does not match"), std::string::npos);
}

TEST(HttpDate, ReadsTheOneFormInUse) {
    EXPECT_EQ(parseHttpDate("Sun, 06 Nov 1994 08:49:37 GMT"), parseIso8601("1994-11-06T08:49:37Z").value());
    EXPECT_FALSE(parseHttpDate(""));
    EXPECT_FALSE(parseHttpDate("Sun, 31 Feb 1994 08:49:37 GMT"));
    EXPECT_FALSE(parseHttpDate("1994-11-06T08:49:37Z         "));
}

TEST(AwsErrors, AFailedReadLeavesNoDoubtAboutAnEffect) {
    ApiCall call = named("cloudwatch:GetMetricData");
    EXPECT_NE(classifyAws(call, response(503, ""))->error.meaning.find("nothing was changed"), std::string::npos);
    call.idempotent = false;
    EXPECT_NE(classifyAws(call, response(503, ""))->error.meaning.find("not known"), std::string::npos);
}

}  // namespace
}  // namespace pilotlight::net
