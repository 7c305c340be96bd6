// AwsPlatform against recorded shapes: paging, partial failures, throttling, coverage.
#include "tests/core/platform/aws_fixture.h"

#include <nlohmann/json.hpp>

namespace pilotlight::platform::aws {
namespace {

TEST_F(Aws, InventoryFollowsMarkersAndReadsEverythingThatHangsOnAFunction) {
    listed({"chat", "ocr"});
    fake->on("GET /2015-03-31/functions", [](const net::HttpRequest& request) {
        const bool second = FakeAws::queryOf(request).find("Marker=m%2F1") != std::string::npos;
        json page = {{"Functions", {configuration(second ? "ocr" : "chat")}}};
        if (!second) page["NextMarker"] = "m/1";
        return answer(200, page.dump());
    });
    fake->on(kTargets, R"({"ScalableTargets":[{"ResourceId":"function:chat:live","MinCapacity":1,"MaxCapacity":9}]})");
    fake->on(
        kActions,
        R"x({"ScheduledActions":[{"ScheduledActionName":"morning","Schedule":"cron(0 8 ? * MON-FRI *)","Timezone":"Europe/Paris","ResourceId":"function:chat:live","ScalableTargetAction":{"MinCapacity":2,"MaxCapacity":2}}]})x");
    fake->on("AnyScaleFrontendService.DescribeScalingPolicies", R"({"ScalingPolicies":[]})");
    fake->on("GET /2015-03-31/event-source-mappings", json{{"EventSourceMappings",
                                                            {{{"UUID", "u"},
                                                              {"FunctionArn", kArn + "chat:live"},
                                                              {"EventSourceArn", "arn:aws:sqs:us-east-1:1:q"},
                                                              {"State", "Enabled"},
                                                              {"ScalingConfig", {{"MaximumConcurrency", 7}}}}}}}
                                                          .dump());
    const auto inventory = platform().listFunctions(job);
    ASSERT_TRUE(inventory) << inventory.error().text();
    for (const auto& each : inventory->problems) ADD_FAILURE() << each.error.text();
    ASSERT_EQ(inventory->functions.size(), 2u);
    const Function& chat = inventory->functions[0];
    EXPECT_EQ(chat.instance_limit, InstanceLimit::of(25));
    EXPECT_EQ(chat.owner, "cloudformation");
    ASSERT_EQ(chat.qualifiers.size(), 1u);
    EXPECT_EQ(chat.qualifiers[0].warm_pool, 4);
    EXPECT_EQ(chat.qualifiers[0].warm_pool_status, "READY");
    EXPECT_EQ(chat.qualifiers[0].memory, Megabytes{512});
    ASSERT_TRUE(chat.qualifiers[0].scaling);
    const auto& actions = chat.qualifiers[0].scaling->actions;
    ASSERT_EQ(actions.size(), 1u);
    EXPECT_EQ(actions[0].text(), "morning cron(0 8 ? * MON-FRI *) Europe/Paris 2..2");
    ASSERT_EQ(chat.event_sources.size(), 1u);
    EXPECT_EQ(chat.event_sources[0].maximum_concurrency, 7);
    EXPECT_EQ(inventory->limits[0].unreserved_concurrent_executions, 900);
    EXPECT_EQ(inventory->regions_read, std::vector<std::string>{"us-east-1"});
    for (const auto& request : fake->requests) {
        EXPECT_NE(FakeAws::headerOf(request, "Authorization").find("AWS4-HMAC-SHA256"), std::string::npos);
        EXPECT_EQ(FakeAws::headerOf(request, "User-Agent").find("plan/"), std::string::npos);
    }
}

TEST_F(Aws, WhatAnEndpointLacksIsUnknownNotZero) {  // an AWS-compatible server without pools and account settings answers with HTML
    listed({"chat", "ocr"});
    fake->on("GET /2019-09-30/functions/chat/provisioned-concurrency", "<html>404</html>", 404);
    fake->on("GET /2016-08-19/account-settings", "<html>404</html>", 404);
    fake->on(kTargets, R"({"__type":"AccessDeniedException","Message":"not authorized"})", 403);
    const auto inventory = platform().listFunctions(job);
    ASSERT_TRUE(inventory) << inventory.error().text();
    ASSERT_EQ(inventory->functions.size(), 2u);
    EXPECT_EQ(inventory->functions[0].qualifiers[0].warm_pool, std::nullopt);
    EXPECT_EQ(inventory->functions[0].warmPool(), std::nullopt);
    EXPECT_TRUE(inventory->limits.empty());
    std::map<std::string, const Problem*> by_operation;
    for (const auto& each : inventory->problems) {
        EXPECT_FALSE(by_operation.contains(each.operation)) << "told twice: " << each.operation;
        by_operation[each.operation] = &each;
    }
    ASSERT_EQ(by_operation.size(), 3u);
    EXPECT_EQ(by_operation["lambda:ListProvisionedConcurrencyConfigs"]->error.code, ErrorCode::unsupported);
    EXPECT_EQ(by_operation["lambda:GetAccountSettings"]->error.code, ErrorCode::unsupported);
    const Problem& denied = *by_operation["application-autoscaling:DescribeScalableTargets"];
    EXPECT_EQ(denied.error.code, ErrorCode::permission_denied);
    EXPECT_EQ(denied.error.permission, "application-autoscaling:DescribeScalableTargets");
    EXPECT_NE(denied.policy.find("DescribeScalableTargets"), std::string::npos);
}

TEST_F(Aws, OneRegionFailingLeavesTheOthers) {
    profile.regions = {"us-east-1", "eu-west-1"};
    addFunction("chat");
    fake->on("GET /2015-03-31/functions", [](const net::HttpRequest& request) {
        if (request.url.find("eu-west-1") != std::string::npos)
            return answer(403, R"({"Message":"denied"})", {{"x-amzn-errortype", "AccessDeniedException"}});
        return answer(200, json{{"Functions", {configuration("chat")}}}.dump());
    });
    const auto inventory = platform().listFunctions(job);
    ASSERT_TRUE(inventory);
    EXPECT_EQ(inventory->functions.size(), 1u);
    EXPECT_EQ(inventory->regions_read, std::vector<std::string>{"us-east-1"});
    ASSERT_EQ(inventory->problems.size(), 1u);
    EXPECT_EQ(inventory->problems[0].scope, "eu-west-1");
    EXPECT_NE(inventory->problems[0].policy.find("lambda:ListFunctions"), std::string::npos);
}

TEST_F(Aws, NothingButANetworkThatIsAwayIsAnError) {
    profile.regions = {"us-east-1", "eu-west-1"};
    fake->on("GET /2015-03-31/functions", [](const net::HttpRequest&) -> Result<net::HttpResponse> {
        return fail(ErrorCode::network, "The name is not known here", net::kNothingSent, "Check the network");
    });
    const auto inventory = platform().listFunctions(job);
    ASSERT_FALSE(inventory);
    EXPECT_EQ(inventory.error().code, ErrorCode::network);
    EXPECT_EQ(meter->reading().calls, 0);
}

// 15 calls a second an account and region, all of them but GetFunction: the regions' waits must not add up.
TEST_F(Aws, RegionsAreReadAtTheSameTime) {
    constexpr int kFunctions = 60;
    std::vector<json> all;
    for (int i = 0; i < kFunctions; ++i) {
        const std::string name = "f" + std::to_string(i);
        all.push_back(configuration(name));
        fake->on("GET /2015-03-31/functions/" + name, [name](const net::HttpRequest& request) {
            auto shown = configuration(name);
            const auto host = request.url.find("lambda.") + 7;
            const auto region = request.url.substr(host, request.url.find('.', host) - host);
            shown["FunctionArn"] = "arn:aws:lambda:" + region + ":123456789012:function:" + name;
            return answer(200, json{{"Configuration", shown}}.dump());
        });
        fake->on("GET /2015-03-31/functions/" + name + "/aliases", R"({"Aliases":[]})");
        fake->on("GET /2019-09-30/functions/" + name + "/provisioned-concurrency", R"({"ProvisionedConcurrencyConfigs":[]})");
    }
    fake->on("GET /2015-03-31/functions", [&](const net::HttpRequest& request) {
        const auto host = request.url.find("lambda.") + 7;
        const auto region = request.url.substr(host, request.url.find('.', host) - host);
        auto listed = all;
        for (auto& each : listed) each["FunctionArn"] = "arn:aws:lambda:" + region + ":123456789012:function:" + each["FunctionName"].get<std::string>();
        return answer(200, json{{"Functions", listed}}.dump());
    });
    fake->on("GET /2015-03-31/event-source-mappings", R"({"EventSourceMappings":[]})");
    fake->on("GET /2016-08-19/account-settings", R"({"AccountLimit":{"ConcurrentExecutions":1000,"UnreservedConcurrentExecutions":900}})");
    fake->on(kTargets, R"({"ScalableTargets":[]})");
    profile.regions = {"us-east-1", "eu-west-1", "ap-south-1", "us-west-2"};
    const auto started = clock->now();
    const auto inventory = platform().listFunctions(job);
    const auto took = std::chrono::duration<double>(clock->now() - started).count();
    ASSERT_TRUE(inventory) << inventory.error().text();
    EXPECT_EQ(inventory->functions.size(), 4u * kFunctions);
    EXPECT_EQ(inventory->regions_read, profile.regions);
    EXPECT_EQ(inventory->limits.size(), 4u);
    EXPECT_TRUE(inventory->problems.empty()) << inventory->problems[0].error.text();
    for (const auto& each : inventory->functions) EXPECT_EQ(each.id, "arn:aws:lambda:" + each.region + ":123456789012:function:" + each.name);
    // 122 calls a region at 10/s, 60 at 50/s: 12 s for one; 49 s if one came after the other.
    EXPECT_GT(took, 10);
    EXPECT_LT(took, 15);
}

TEST_F(Aws, ThrottlingIsWaitedOut) {
    listed({"chat"});
    fake->inTurn("GET /2016-08-19/account-settings",
                 {answer(429, R"({"Type":"User","message":"Rate exceeded"})", {{"x-amzn-errortype", "TooManyRequestsException"}}),
                  answer(200, R"({"AccountLimit":{"ConcurrentExecutions":50}})")});
    const auto inventory = platform().listFunctions(job);
    ASSERT_TRUE(inventory);
    EXPECT_TRUE(inventory->problems.empty());
    EXPECT_EQ(inventory->limits[0].concurrent_executions, 50);
    EXPECT_EQ(meter->reading().throttled, 1);
}

struct Stored {
    std::map<SeriesKey, MetricSeries> series;
    MetricSink sink() {
        return [this](MetricPage&& page) -> Status {
            for (auto& each : page.series) {
                auto& to = series[each.key];
                to.points.insert(to.points.end(), each.points.begin(), each.points.end());
                for (const auto& range : each.coverage.ranges()) to.coverage.add(range);
            }
            return {};
        };
    }
    MetricSeries& of(const Function& f, Metric metric, Statistic statistic) { return series[{f.id, "", metric, statistic, seconds{300}}]; }
};

// Two points for every query, the second on a second page.
net::HttpResponse metricAnswer(const net::HttpRequest& request, bool pages) {
    const json body = json::parse(request.body);
    const bool second = body.contains("NextToken");
    const std::int64_t start = body["StartTime"];
    json results = json::array();
    for (const auto& query : body["MetricDataQueries"]) {
        if (query["MetricStat"]["Metric"]["MetricName"] == "Throttles") continue;  // no data
        json times = json::array(), values = json::array();
        if (!second) times.push_back(start), values.push_back(1.0);
        if (second || !pages) times.push_back(start + 600), values.push_back(3.0);
        results.push_back({{"Id", query["Id"]},
                           {"StatusCode", pages && !second ? "PartialData" : "Complete"},
                           {"Timestamps", times},
                           {"Values", values}});
    }
    json reply = {{"MetricDataResults", results}};
    if (pages && !second) reply["NextToken"] = "more";
    return answer(200, reply.dump());
}

TEST_F(Aws, MetricPagesSettleWhatTheyCover) {
    fake->on(kMetrics, [](const net::HttpRequest& request) { return metricAnswer(request, true); });
    const Function f = function();
    const TimeRange range{at("2026-11-24T10:00:00Z"), at("2026-11-24T12:03:00Z")};  // ends within a period that still runs
    const MetricRequest request{&f, range, {}, false};
    Stored stored;
    const auto problems = platform().readMetrics(std::span(&request, 1), stored.sink(), job);
    ASSERT_TRUE(problems) << problems.error().text();
    EXPECT_TRUE(problems->empty());
    const MetricSeries& sum = stored.of(f, Metric::invocations, Statistic::sum);
    const std::vector<MetricPoint> expected{{range.begin, 1}, {range.begin + minutes(10), 3}};
    EXPECT_EQ(sum.points, expected);
    EXPECT_EQ(sum.coverage, RangeSet({{range.begin, at("2026-11-24T12:00:00Z")}}));
    EXPECT_TRUE(stored.of(f, Metric::throttles, Statistic::sum).points.empty());
    EXPECT_TRUE(
        stored.of(f, Metric::throttles, Statistic::sum).coverage.covers({range.begin, at("2026-11-24T12:00:00Z")}));  // known: nothing
    EXPECT_EQ(stored.of(f, Metric::duration, Statistic::p95).points.size(), 2u);
    EXPECT_EQ(meter->reading().money, Money::parse("0.00006").value());  // 6 metrics, charged once
    EXPECT_EQ(FakeAws::headerOf(*fake->last(kMetrics), "Content-Type"), "application/x-amz-json-1.0");
}

TEST_F(Aws, ACutAnswerStoresNothing) {
    fake->on(kMetrics, R"({"MetricDataResults":[{"Id":"q0","StatusCode":"Complete","Timestamps":[1763)");
    const Function f = function();
    const MetricRequest request{&f, {at("2026-11-24T10:00:00Z"), at("2026-11-24T11:00:00Z")}, {}, false};
    Stored stored;
    const auto problems = platform().readMetrics(std::span(&request, 1), stored.sink(), job);
    ASSERT_TRUE(problems);
    ASSERT_EQ(problems->size(), 1u);
    EXPECT_EQ((*problems)[0].error.code, ErrorCode::protocol);
    EXPECT_TRUE(stored.series.empty());
}

TEST_F(Aws, AnEndpointWithoutPercentilesStillGivesTheRest) {
    fake->on(kMetrics, [](const net::HttpRequest& request) {
        return request.body.find("\"p95\"") != std::string::npos ? answer(500, "<html>Internal Server Error</html>")
                                                                 : metricAnswer(request, false);
    });
    const Function f = function();
    const MetricRequest request{&f, {at("2026-11-24T10:00:00Z"), at("2026-11-24T11:00:00Z")}, {}, false};
    Stored stored;
    const auto problems = platform().readMetrics(std::span(&request, 1), stored.sink(), job);
    ASSERT_TRUE(problems) << problems.error().text();
    ASSERT_EQ(problems->size(), 1u);
    EXPECT_EQ((*problems)[0].error.code, ErrorCode::unsupported);
    EXPECT_EQ(stored.of(f, Metric::invocations, Statistic::sum).points.size(), 2u);
    EXPECT_TRUE(stored.of(f, Metric::duration, Statistic::p95).coverage.ranges().empty());  // never read is not "no data"
}

TEST_F(Aws, AForbiddenSeriesIsAProblemAndNotCovered) {
    fake->on(kMetrics, R"({"MetricDataResults":[{"Id":"q0","StatusCode":"Forbidden"}]})");
    const Function f = function();
    const MetricRequest request{&f, {at("2026-11-24T10:00:00Z"), at("2026-11-24T11:00:00Z")}, {}, false};
    Stored stored;
    const auto problems = platform().readMetrics(std::span(&request, 1), stored.sink(), job);
    ASSERT_EQ(problems->size(), 1u);
    EXPECT_EQ((*problems)[0].error.code, ErrorCode::permission_denied);
    EXPECT_FALSE((*problems)[0].policy.empty());
    EXPECT_TRUE(stored.of(f, Metric::invocations, Statistic::sum).coverage.ranges().empty());
    EXPECT_FALSE(stored.of(f, Metric::errors, Statistic::sum).coverage.ranges().empty());
}

// A log of one invocation a minute, the first of each hour cold; pages of 20 events, every other page empty.
net::HttpResponse logAnswer(const net::HttpRequest& request) {
    const json body = json::parse(request.body);
    const std::int64_t from = body["startTime"], to = body["endTime"];
    const bool cold_only = body["filterPattern"] == "\"Init Duration\"";
    std::int64_t at =
        std::max<std::int64_t>(from, body.contains("nextToken") ? std::stoll(body["nextToken"].get<std::string>().substr(1)) : 0);
    const bool empty = body.contains("nextToken") && body["nextToken"].get<std::string>()[0] == 'e';
    json events = json::array();
    at = (at + 59'999) / 60'000 * 60'000;
    for (; !empty && at <= to && events.size() < 20; at += 60'000) {
        const bool cold = at % 3'600'000 == 0;
        if (cold_only && !cold) continue;
        const std::string init = cold ? "\tInit Duration: 800.00 ms" : "";
        events.push_back(
            {{"logStreamName", "s"},
             {"timestamp", at},
             {"message", "REPORT RequestId: r" + std::to_string(at) +
                             "\tDuration: 100.00 ms\tBilled Duration: 100 ms\tMemory Size: 1024 MB\tMax Memory Used: 200 MB" + init}});
    }
    json reply = {{"events", events}};
    if (at <= to) reply["nextToken"] = (empty ? "f" : "e") + std::to_string(at);
    return answer(200, reply.dump());
}

struct Lines {
    std::map<std::uint64_t, Invocation> by_request;
    RangeSet complete, cold;
    std::int64_t lines = 0;
    InvocationSink sink() {
        return [this](InvocationPage&& page) -> Status {
            for (const auto& each : page.log.invocations) by_request[each.request] = each;
            for (const auto& range : page.log.complete.ranges()) complete.add(range);
            for (const auto& range : page.log.cold_only.ranges()) cold.add(range);
            lines += page.lines;
            return {};
        };
    }
};

TEST_F(Aws, LogsAreReadWholeWhereTheyFit) {
    fake->on(kLogs, logAnswer);
    const Function f = function();
    LogRequest request;
    request.function = &f;
    request.range = {at("2026-11-24T06:00:00Z"), at("2026-11-24T10:00:00Z")};
    for (const std::int64_t expected : {240, 0}) {  // known, and found out by looking
        Lines lines;
        request.expected_invocations = expected;
        const auto problems = platform().readInvocations(std::span(&request, 1), lines.sink(), job);
        ASSERT_TRUE(problems) << problems.error().text();
        EXPECT_TRUE(problems->empty());
        EXPECT_EQ(lines.by_request.size(), 240u);  // began from 06:00 on; the one logged at 10:00 began 100 ms earlier
        EXPECT_TRUE(lines.complete.covers(request.range));
        EXPECT_TRUE(lines.cold.covers(request.range));
    }
}

TEST_F(Aws, LogsBeyondTheBudgetAreSampledButAllColdStartsAreThere) {
    fake->on(kLogs, logAnswer);
    const Function f = function();
    LogRequest request;
    request.function = &f;
    request.range = {at("2026-11-23T00:00:00Z"), at("2026-11-24T00:00:00Z")};
    request.expected_invocations = 1440;
    request.line_budget = 300;
    Lines lines;
    ASSERT_TRUE(platform().readInvocations(std::span(&request, 1), lines.sink(), job));
    std::size_t cold = 0;
    for (const auto& [id, each] : lines.by_request) cold += each.cold() ? 1 : 0;
    EXPECT_EQ(cold, 24u);
    EXPECT_TRUE(lines.cold.covers(request.range));
    const auto read = lines.complete.length();
    EXPECT_GT(read, hours(3));
    EXPECT_LT(read, hours(6));
    EXPECT_LE(lines.by_request.size(), 24u + 300u + 10u);
    // What is complete holds every invocation.
    for (Timestamp t = request.range.begin; t < request.range.end; t += minutes(1)) {
        if (lines.complete.covers({t - milliseconds(100), t})) {
            EXPECT_TRUE(std::any_of(lines.by_request.begin(), lines.by_request.end(), [&](const auto& each) {
                return each.second.time == t - milliseconds(100);
            })) << toIso8601(t);
        }
    }
}

TEST_F(Aws, TheNewestPartOfTheLogIsNotCalledComplete) {
    fake->on(kLogs, logAnswer);
    const Function f = function();
    LogRequest request;
    request.function = &f;
    request.range = {at("2026-11-24T11:00:00Z"), at("2026-11-24T12:00:00Z")};
    request.expected_invocations = 60;
    Lines lines;
    ASSERT_TRUE(platform().readInvocations(std::span(&request, 1), lines.sink(), job));
    EXPECT_EQ(lines.complete.ranges().back().end, at("2026-11-24T11:59:15Z"));  // a time-out of 30 s and 15 s of ingestion may be open
}

TEST_F(Aws, AMissingLogGroupIsNoProblemOfAFunctionThatNeverRan) {
    fake->on(kLogs, R"({"__type":"ResourceNotFoundException","message":"The specified log group does not exist."})", 400);
    const Function f = function();
    LogRequest request;
    request.function = &f;
    request.range = {at("2026-11-24T10:00:00Z"), at("2026-11-24T11:00:00Z")};
    Lines lines;
    EXPECT_TRUE(platform().readInvocations(std::span(&request, 1), lines.sink(), job)->empty());
    request.expected_invocations = 12;
    EXPECT_EQ(platform().readInvocations(std::span(&request, 1), lines.sink(), job)->size(), 1u);
    EXPECT_TRUE(lines.complete.ranges().empty());
}

TEST_F(Aws, CostsPageAndFallBackWithoutRegion) {
    fake->on(kCosts, [](const net::HttpRequest& request) {
        const json body = json::parse(request.body);
        if (body["GroupBy"].size() == 2)
            return answer(400, R"({"__type":"ValidationException","message":"Group Definition dimension is invalid"})");
        json reply = {{"ResultsByTime",
                       {{{"TimePeriod", {{"Start", "2026-11-20"}, {"End", "2026-11-21"}}},
                         {"Groups", {{{"Keys", {"Request"}}, {"Metrics", {{"UnblendedCost", {{"Amount", "0.5"}, {"Unit", "USD"}}}}}}}}}}}};
        if (!body.contains("NextPageToken")) reply["NextPageToken"] = "p2";
        return answer(200, reply.dump());
    });
    const auto lines = platform().readCosts({at("2026-11-20T05:00:00Z"), at("2026-11-22T00:00:00Z")}, job);
    ASSERT_TRUE(lines) << lines.error().text();
    EXPECT_EQ(lines->size(), 2u);
    EXPECT_EQ((*lines)[0].amount, Money::parse("0.5").value());
    EXPECT_EQ(json::parse(fake->last(kCosts)->body)["TimePeriod"]["Start"], "2026-11-20");
    EXPECT_EQ(meter->reading().money, Money::parse("0.03").value());
}

TEST_F(Aws, TestNamesTheAccountAndWhatIsMissing) {
    fake->on("GET /2015-03-31/functions", R"({"Functions":[]})");
    fake->on(kMetrics, R"({"__type":"AccessDeniedException"})", 403);
    fake->on(kLogs, R"({"__type":"ResourceNotFoundException"})", 400);
    const auto report = platform().test(job);
    ASSERT_TRUE(report) << report.error().text();
    EXPECT_EQ(report->account, "123456789012");
    EXPECT_EQ(report->principal, "arn:aws:iam::123456789012:user/me");
    EXPECT_FALSE(report->sandbox_speed);
    ASSERT_EQ(report->missing.size(), 1u);
    EXPECT_EQ(report->missing[0].error.permission, "cloudwatch:GetMetricData");
}

TEST_F(Aws, TheClockFollowsASandbox) {
    profile.endpoint_url = "http://127.0.0.1:4999/";
    fake->on("POST /", [](const net::HttpRequest& request) {
        EXPECT_EQ(request.url, "http://127.0.0.1:4999/");
        return answer(200, "<Account>1</Account><Arn>a</Arn>", {{"x-pilotlight-time", "2026-12-24T00:00:00Z;speed=60"}});
    });
    const auto there = platform().clock();
    EXPECT_LT(std::chrono::abs(there->now() - at("2026-12-24T00:00:00Z")), minutes(5));
    EXPECT_EQ(platform().clock(), there);
}

}  // namespace
}  // namespace pilotlight::platform::aws
