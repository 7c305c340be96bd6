#include <gtest/gtest.h>

#include "core/net/api_session.h"
#include "core/net/aws_errors.h"
#include "core/net/aws_sign.h"
#include "tests/core/net/fake_http.h"

namespace pilotlight::net {
namespace {

using test::FakeHttp;
using test::response;

struct Rig {
    explicit Rig(FakeHttp::Handler handler, RetryPolicy policy = {}, std::int64_t call_cap = 1'000'000,
                 Money money_cap = Money::dollars(100))
        : http(std::make_shared<FakeHttp>(std::move(handler))),
          clock(std::make_shared<FakeClock>(parseIso8601("2026-11-24T12:00:00Z").value())),
          meter(std::make_shared<ApiMeter>(call_cap, money_cap)),
          session(http, clock, meter, classifyAws, policy, 7) {}
    std::shared_ptr<FakeHttp> http;
    std::shared_ptr<FakeClock> clock;
    std::shared_ptr<ApiMeter> meter;
    ApiSession session;
    JobContext job;
};

ApiCall call(const std::string& name = "lambda:ListFunctions", bool idempotent = true, Money price = {}) {
    ApiCall out;
    out.name = name;
    out.idempotent = idempotent;
    out.price = price;
    out.prepare = [](Timestamp now) -> Result<HttpRequest> {
        HttpRequest request;
        request.url = "https://lambda.us-east-1.amazonaws.com/";
        request.headers.emplace_back("X-Time", toIso8601(now));
        return request;
    };
    return out;
}

TEST(ApiSession, RetriesServerErrorsAndCountsEveryAttempt) {
    int n = 0;
    Rig rig([&](const HttpRequest&) -> Result<HttpResponse> { return ++n < 3 ? response(503) : response(200, "ok"); });
    const auto result = rig.session.call(call("cloudwatch:GetMetricData", true, Money::parse("0.01").value()), rig.job);
    ASSERT_TRUE(result);
    EXPECT_EQ(result->body, "ok");
    const auto reading = rig.meter->reading();
    EXPECT_EQ(reading.calls, 3);
    EXPECT_EQ(reading.retries, 2);
    EXPECT_EQ(reading.throttled, 0);
    EXPECT_EQ(reading.money, Money::parse("0.03").value());
}

TEST(ApiSession, GivesUpAfterTheAttemptsOfThePolicy) {
    Rig rig([](const HttpRequest&) -> Result<HttpResponse> { return response(429); }, {.attempts = 4});
    const auto result = rig.session.call(call(), rig.job);
    ASSERT_FALSE(result);
    EXPECT_EQ(result.error().code, ErrorCode::throttled);
    EXPECT_EQ(rig.http->sent.size(), 4u);
    EXPECT_EQ(rig.meter->reading().throttled, 3);
}

TEST(ApiSession, FullJitterStaysBelowTheExponentialCeiling) {
    std::vector<Timestamp> times;
    std::shared_ptr<FakeClock> clock;
    Rig rig(
        [&](const HttpRequest&) -> Result<HttpResponse> {
            times.push_back(clock->now());
            return response(500, R"({"__type":"InternalFailure"})");
        },
        {.attempts = 6, .base = milliseconds(200), .cap = milliseconds(1000)});
    clock = rig.clock;
    ASSERT_FALSE(rig.session.call(call(), rig.job));
    ASSERT_EQ(times.size(), 6u);
    const std::vector<int> ceilings{200, 400, 800, 1000, 1000};
    bool any_wait = false;
    for (std::size_t i = 0; i + 1 < times.size(); ++i) {
        EXPECT_LE((times[i + 1] - times[i]).count(), ceilings[i]);
        any_wait |= times[i + 1] > times[i];
    }
    EXPECT_TRUE(any_wait);
}

TEST(ApiSession, HonoursRetryAfterInSecondsAndAsDate) {
    for (const std::string& value : {std::string("7"), std::string("Tue, 24 Nov 2026 12:00:07 GMT")}) {
        SCOPED_TRACE(value);
        int n = 0;
        Rig rig([&](const HttpRequest&) -> Result<HttpResponse> {
            return ++n == 1 ? response(429, "", {{"retry-after", value}}) : response(200);
        });
        const auto started = rig.clock->now();
        ASSERT_TRUE(rig.session.call(call(), rig.job));
        EXPECT_GE(rig.clock->now() - started, seconds(7));
        EXPECT_LT(rig.clock->now() - started, seconds(9));
    }
}

TEST(ApiSession, GivesUpAtOnceWhenRetryAfterPassesTheDeadline) {
    Rig rig([](const HttpRequest&) -> Result<HttpResponse> { return response(429, "", {{"retry-after", "600"}}); });
    const auto started = rig.clock->now();
    const auto result = rig.session.call(call(), rig.job);
    ASSERT_FALSE(result);
    EXPECT_EQ(rig.http->sent.size(), 1u);
    EXPECT_EQ(rig.clock->now(), started);
    EXPECT_NE(result.error().action.find("600 s"), std::string::npos);
}

TEST(ApiSession, RetryBudgetBoundsRetriesOfTheWholeSession) {
    Rig rig([](const HttpRequest&) -> Result<HttpResponse> { return response(503); });
    for (int i = 0; i < 50; ++i) ASSERT_FALSE(rig.session.call(call(), rig.job));
    EXPECT_LE(rig.meter->reading().retries, 10 + 50 / 5);
    EXPECT_GE(rig.meter->reading().retries, 10);
}

TEST(ApiSession, NotIdempotentIsNotResentOnceItMayHaveArrived) {
    const Error lost{ErrorCode::network, "closed without an answer", "", ""};
    const Error not_sent{ErrorCode::network, "no connection", kNothingSent, ""};
    {
        Rig rig([&](const HttpRequest&) -> Result<HttpResponse> { return fail(lost); });
        EXPECT_EQ(rig.session.call(call("lambda:PublishVersion", false), rig.job).error().code, ErrorCode::network);
        EXPECT_EQ(rig.http->sent.size(), 1u);
        EXPECT_FALSE(rig.http->sent[0].idempotent);
    }
    {
        Rig rig([&](const HttpRequest&) -> Result<HttpResponse> { return response(500, R"({"__type":"ServiceException"})"); });
        EXPECT_FALSE(rig.session.call(call("lambda:PublishVersion", false), rig.job));
        EXPECT_EQ(rig.http->sent.size(), 1u);
    }
    {
        int n = 0;
        Rig rig(
            [&](const HttpRequest&) -> Result<HttpResponse> { return ++n == 1 ? Result<HttpResponse>(fail(not_sent)) : response(200); });
        EXPECT_TRUE(rig.session.call(call("lambda:PublishVersion", false), rig.job));
        EXPECT_EQ(rig.http->sent.size(), 2u);
    }
    {
        int n = 0;  // throttled = rejected, so it did not happen
        Rig rig([&](const HttpRequest&) -> Result<HttpResponse> { return ++n == 1 ? response(429) : response(200); });
        EXPECT_TRUE(rig.session.call(call("lambda:PublishVersion", false), rig.job));
    }
    {
        int n = 0;
        Rig rig([&](const HttpRequest&) -> Result<HttpResponse> { return ++n == 1 ? Result<HttpResponse>(fail(lost)) : response(200); });
        EXPECT_TRUE(rig.session.call(call("lambda:ListFunctions", true), rig.job));
        EXPECT_EQ(rig.http->sent.size(), 2u);
    }
}

TEST(ApiSession, CorrectsASkewedClockOnce) {
    const auto server = parseIso8601("2026-11-24T14:30:00Z").value();
    Rig rig([&](const HttpRequest& request) -> Result<HttpResponse> {
        const auto sent_at = parseIso8601(request.headers.at(0).second).value();
        if (std::chrono::abs(sent_at - server) < minutes(5)) return response(200);
        return response(403, R"({"message":"Signature expired: 20261124T120000Z is now earlier than 20261124T142500Z"})",
                        {{"x-amzn-errortype", "InvalidSignatureException"}, {"date", "Tue, 24 Nov 2026 14:30:00 GMT"}});
    });
    ASSERT_TRUE(rig.session.call(call(), rig.job));
    EXPECT_EQ(rig.http->sent.size(), 2u);
    ASSERT_TRUE(rig.session.call(call(), rig.job));  // the correction stays
    EXPECT_EQ(rig.http->sent.size(), 3u);
}

TEST(ApiSession, AWrongSignatureWithARightClockIsNotRetried) {
    Rig rig([](const HttpRequest&) -> Result<HttpResponse> {
        return response(403, R"({"message":"x"})",
                        {{"x-amzn-errortype", "SignatureDoesNotMatch"}, {"date", "Tue, 24 Nov 2026 12:01:00 GMT"}});
    });
    EXPECT_EQ(rig.session.call(call(), rig.job).error().code, ErrorCode::unauthenticated);
    EXPECT_EQ(rig.http->sent.size(), 1u);
}

TEST(ApiSession, ASkewThatStaysIsAnErrorAndNotALoop) {
    int n = 0;
    Rig rig([&](const HttpRequest&) -> Result<HttpResponse> {
        return response(403, R"({"message":"x"})",
                        {{"x-amzn-errortype", "InvalidSignatureException"},
                         {"date", ++n % 2 == 1 ? "Tue, 24 Nov 2026 16:00:00 GMT" : "Tue, 24 Nov 2026 08:00:00 GMT"}});
    });
    EXPECT_FALSE(rig.session.call(call(), rig.job));
    EXPECT_EQ(rig.http->sent.size(), 2u);
}

TEST(ApiSession, ExpiredCredentialsAreReadAgainOnce) {
    bool renewed = false;
    int forgotten = 0;
    Rig rig([&](const HttpRequest&) -> Result<HttpResponse> {
        return renewed ? response(200) : response(403, R"({"message":"expired"})", {{"x-amzn-errortype", "ExpiredTokenException"}});
    });
    rig.session.onCredentialsExpired([&] { ++forgotten; });
    EXPECT_EQ(rig.session.call(call(), rig.job).error().code, ErrorCode::credentials_expired);
    EXPECT_EQ(forgotten, 1);
    rig.session.onCredentialsExpired([&] { renewed = true; });
    EXPECT_TRUE(rig.session.call(call(), rig.job));
}

TEST(ApiSession, CapsOnCallsAndMoney) {
    Rig rig([](const HttpRequest&) -> Result<HttpResponse> { return response(200); }, {}, 3, Money::parse("0.02").value());
    rig.meter->restore({.calls = 1});
    EXPECT_TRUE(rig.session.call(call("ce:GetCostAndUsage", true, Money::parse("0.01").value()), rig.job));
    EXPECT_EQ(rig.session.call(call("ce:GetCostAndUsage", true, Money::parse("0.011").value()), rig.job).error().code,
              ErrorCode::budget_exceeded);
    EXPECT_TRUE(rig.session.call(call(), rig.job));
    EXPECT_EQ(rig.session.call(call(), rig.job).error().code, ErrorCode::budget_exceeded);
    EXPECT_EQ(rig.http->sent.size(), 2u);
}

TEST(ApiSession, RateOfTheLongestPrefix) {
    Rig rig([](const HttpRequest&) -> Result<HttpResponse> { return response(200); });
    rig.session.limitRate("cloudwatch:", 100);
    rig.session.limitRate("cloudwatch:GetMetricData", 5);
    const std::vector<ApiCall> calls(26, call("cloudwatch:GetMetricData"));
    const auto started = rig.clock->now();
    for (const auto& result : rig.session.callAll(calls, 8, rig.job)) EXPECT_TRUE(result);
    const auto slow = rig.clock->now() - started;  // burst 5, then 21 at 5/s
    EXPECT_GE(slow, milliseconds(4'100));
    EXPECT_LE(slow, milliseconds(4'700));
    const std::vector<ApiCall> others(26, call("cloudwatch:ListMetrics"));
    const auto again = rig.clock->now();
    for (const auto& result : rig.session.callAll(others, 8, rig.job)) EXPECT_TRUE(result);
    EXPECT_EQ(rig.clock->now(), again);
}

TEST(ApiSession, RatesHoldAtEachPlaceApart) {
    Rig rig([](const HttpRequest&) -> Result<HttpResponse> { return response(200); });
    rig.session.limitRate("logs:", 10);
    rig.session.limitRate("logs:", 2, "eu-central-1");
    const auto took = [&](const std::vector<std::pair<std::string, int>>& wanted) {
        std::vector<ApiCall> calls;
        for (const auto& [place, count] : wanted) {
            calls.insert(calls.end(), static_cast<std::size_t>(count), call("logs:FilterLogEvents"));
            for (auto each = calls.end() - count; each != calls.end(); ++each) each->place = place;
        }
        const auto started = rig.clock->now();
        for (const auto& result : rig.session.callAll(calls, 8, rig.job)) EXPECT_TRUE(result);
        return rig.clock->now() - started;
    };
    const auto one = took({{"us-east-1", 40}});  // burst 10, then 30 at 10/s
    EXPECT_GE(one, milliseconds(2'900));
    EXPECT_LE(one, milliseconds(3'300));
    rig.clock->advance(seconds(5));
    const auto three = took({{"us-east-1", 40}, {"eu-west-1", 40}, {"ap-south-1", 40}});
    EXPECT_LE(three, milliseconds(3'300)) << "at the same time";
    rig.clock->advance(seconds(5));
    const auto slow = took({{"us-east-1", 40}, {"eu-central-1", 10}});  // burst 2, then 8 at 2/s
    EXPECT_GE(slow, milliseconds(3'900));
    EXPECT_LE(slow, milliseconds(4'300));
}

TEST(ApiSession, WhatNeverLeftIsNotCharged) {
    const Error not_sent{ErrorCode::network, "no connection", kNothingSent, ""};
    const Error lost{ErrorCode::network, "closed without an answer", "", ""};
    for (const Error& error : {not_sent, lost}) {
        Rig rig([&](const HttpRequest&) -> Result<HttpResponse> { return fail(error); }, {.attempts = 3});
        EXPECT_FALSE(rig.session.call(call("ce:GetCostAndUsage", true, Money::parse("0.01").value()), rig.job));
        EXPECT_EQ(rig.http->sent.size(), 3u);
        const bool charged = error.meaning.empty();
        EXPECT_EQ(rig.meter->reading().calls, charged ? 3 : 0);
        EXPECT_EQ(rig.meter->reading().money, Money::parse(charged ? "0.03" : "0").value());
    }
}

TEST(ApiSession, CallAllKeepsOrderAndOneFailingDoesNotStopTheRest) {
    int n = 0;
    Rig rig([&](const HttpRequest& request) -> Result<HttpResponse> {
        ++n;
        if (request.url.ends_with("/13")) return response(404, R"({"__type":"ResourceNotFoundException"})");
        if (request.url.ends_with("/14") && n < 60) return response(503);
        return response(200, request.url);
    });
    std::vector<ApiCall> calls;
    for (int i = 0; i < 60; ++i) {
        calls.push_back(call());
        calls.back().prepare = [i](Timestamp) -> Result<HttpRequest> {
            HttpRequest request;
            request.url = "https://x/" + std::to_string(i);
            return request;
        };
    }
    calls[20].prepare = [](Timestamp) -> Result<HttpRequest> { return fail(ErrorCode::credentials_expired, "no credentials"); };
    const auto results = rig.session.callAll(calls, 4, rig.job);
    ASSERT_EQ(results.size(), 60u);
    for (std::size_t i = 0; i < results.size(); ++i) {
        if (i == 13 || i == 20) {
            ASSERT_FALSE(results[i]);
            EXPECT_EQ(results[i].error().code, i == 13 ? ErrorCode::not_found : ErrorCode::credentials_expired);
        } else {
            ASSERT_TRUE(results[i]) << i;
            EXPECT_EQ(results[i]->body, "https://x/" + std::to_string(i));
        }
    }
    EXPECT_EQ(rig.http->largest_parallel, 4u);
}

TEST(ApiSession, SandboxTimeIsReadFromTheHeader) {
    Rig rig([](const HttpRequest&) -> Result<HttpResponse> {
        return response(200, "", {{"x-pilotlight-time", "2026-11-25T01:02:03.500Z;speed=60"}});
    });
    EXPECT_FALSE(rig.session.sandboxTime());
    ASSERT_TRUE(rig.session.call(call(), rig.job));
    const auto seen = rig.session.sandboxTime();
    ASSERT_TRUE(seen);
    EXPECT_EQ(seen->time, parseIso8601("2026-11-25T01:02:03.500Z").value());
    EXPECT_EQ(seen->speed, 60);
    EXPECT_EQ(seen->seen_at, rig.clock->now());
}

TEST(ApiSession, CancelledBeforeAndBetweenAttempts) {
    std::stop_source stop;
    Rig rig([&](const HttpRequest&) -> Result<HttpResponse> {
        stop.request_stop();
        return response(503);
    });
    const JobContext job(stop.get_token());
    EXPECT_EQ(rig.session.call(call(), job).error().code, ErrorCode::cancelled);
    EXPECT_EQ(rig.http->sent.size(), 1u);
    EXPECT_EQ(rig.session.call(call(), job).error().code, ErrorCode::cancelled);
    EXPECT_EQ(rig.http->sent.size(), 1u);
}

}  // namespace
}  // namespace pilotlight::net
