#include <gtest/gtest.h>

#include <cmath>
#include <map>
#include <set>

#include <nlohmann/json.hpp>

#include "app/sandbox/billing.h"
#include "fleet.h"
#include "signed_client.h"

namespace pilotlight::sandbox::test {
namespace {

json metricQuery(const std::string& id, const std::string& function, const std::string& metric, const std::string& stat, int period) {
    return {{"Id", id},
            {"MetricStat",
             {{"Metric",
               {{"Namespace", "AWS/Lambda"}, {"MetricName", metric}, {"Dimensions", {{{"Name", "FunctionName"}, {"Value", function}}}}}},
              {"Period", period},
              {"Stat", stat}}}};
}

class Telemetry : public ::testing::Test {
protected:
    Sandbox sandbox{kFleet, 2, 1};
    std::int64_t now_s = SandboxClock::realNow() / kSecond;
    // An hour-aligned day that is over.
    std::int64_t to_s = now_s / 3600 * 3600 - 3600, from_s = to_s - 86400;
    Sandbox::Reply data(json queries, json more = json::object()) {
        if (!queries.is_array()) queries = json::array({queries});  // {query}: an array to g++, a copy to clang
        json body{{"MetricDataQueries", std::move(queries)}, {"StartTime", from_s}, {"EndTime", to_s}, {"ScanBy", "TimestampAscending"}};
        body.update(more);
        return sandbox.call("monitoring", "GraniteServiceVersion20100801.GetMetricData", body, "1.0");
    }
    const std::vector<Invocation>& rows(const char* name) { return sandbox.world().find("us-east-1", name)->engine->invocations(); }
};

TEST_F(Telemetry, MetricsAreWhatTheEngineRecorded) {
    const auto reply = data({metricQuery("n", "alpha", "Invocations", "Sum", 300), metricQuery("d", "alpha", "Duration", "p99", 86400),
                             metricQuery("s", "alpha", "Duration", "Sum", 3600), metricQuery("e", "alpha", "Errors", "Sum", 86400)});
    ASSERT_EQ(reply.status, 200) << reply.body;
    const json results = reply.parsed()["MetricDataResults"];
    double count = 0, seen = 0, duration = 0, summed = 0, failed = 0;
    std::vector<double> values;
    for (const auto& r : rows("alpha"))
        if (r.start_ms >= from_s * 1000 && r.start_ms < to_s * 1000) {
            ++count;
            duration += r.duration_cms / 100.0;
            failed += r.is(Invocation::failed);
            values.push_back(r.duration_cms / 100.0);
        }
    for (const auto& v : results[0]["Values"]) seen += v.get<double>();
    for (const auto& v : results[2]["Values"]) summed += v.get<double>();
    EXPECT_EQ(seen, count);
    EXPECT_NEAR(summed, duration, 1e-3);
    std::sort(values.begin(), values.end());
    ASSERT_EQ(results[1]["Values"].size(), 1U);
    EXPECT_GE(results[1]["Values"][0].get<double>(), values[static_cast<std::size_t>(std::floor(0.99 * (count - 1)))] - 0.01);
    EXPECT_LE(results[1]["Values"][0].get<double>(), values[static_cast<std::size_t>(std::ceil(0.99 * (count - 1)))] + 0.01);
    EXPECT_EQ(results[3]["Values"][0].get<double>(), failed);
    EXPECT_GT(failed, 0);
    for (const auto& t : results[0]["Timestamps"]) EXPECT_EQ(t.get<std::int64_t>() % 300, 0);
}

TEST_F(Telemetry, PagesJoinToTheWhole) {
    const json queries{metricQuery("a", "alpha", "Invocations", "Sum", 60), metricQuery("b", "beta", "Duration", "Average", 300)};
    const json whole = data(queries).parsed()["MetricDataResults"];
    std::map<std::string, json> joined;
    json token;
    int pages = 0;
    do {
        json more{{"MaxDatapoints", 500}};
        if (!token.is_null()) more["NextToken"] = token;
        const json page = data(queries, more).parsed();
        ASSERT_TRUE(page.contains("MetricDataResults")) << page.dump();
        std::size_t points = 0;
        for (const auto& result : page["MetricDataResults"]) {
            points += result["Values"].size();
            for (const auto& v : result["Values"]) joined[result["Id"]].push_back(v);
        }
        EXPECT_LE(points, 500U);
        token = page.contains("NextToken") ? page["NextToken"] : json();
    } while (!token.is_null() && ++pages < 20);
    EXPECT_GT(pages, 1);
    EXPECT_EQ(joined["a"], whole[0]["Values"]);
    EXPECT_EQ(joined["b"], whole[1]["Values"]);
    EXPECT_EQ(data(queries, {{"NextToken", "1-00000000000000000000000000000000"}}).status, 400);
}

TEST_F(Telemetry, QueryProtocolAgreesWithJson) {
    const std::string form =
        "Action=GetMetricData&Version=2010-08-01&StartTime=" + percentEncode(isoSeconds(from_s * kSecond)) +
        "&EndTime=" + percentEncode(isoSeconds(to_s * kSecond)) +
        "&ScanBy=TimestampAscending&MetricDataQueries.member.1.Id=m1&MetricDataQueries.member.1.MetricStat.Metric.Namespace=AWS%2FLambda"
        "&MetricDataQueries.member.1.MetricStat.Metric.MetricName=Duration&MetricDataQueries.member.1.MetricStat.Metric.Dimensions.member."
        "1.Name=FunctionName"
        "&MetricDataQueries.member.1.MetricStat.Metric.Dimensions.member.1.Value=alpha&MetricDataQueries.member.1.MetricStat.Period=86400"
        "&MetricDataQueries.member.1.MetricStat.Stat=p95&MetricDataQueries.member.1.ReturnData=true";
    const auto reply = sandbox.form("monitoring", form);
    ASSERT_EQ(reply.status, 200) << reply.body;
    const double json_value = data({metricQuery("m1", "alpha", "Duration", "p95", 86400)}).parsed()["MetricDataResults"][0]["Values"][0];
    const auto at = reply.body.find("<Values><member>");
    ASSERT_NE(at, std::string::npos) << reply.body;
    EXPECT_NEAR(std::stod(reply.body.substr(at + 16)), json_value, 1e-9);
    EXPECT_NE(reply.body.find("<Timestamps><member>" + isoSeconds(from_s * kSecond) + "</member></Timestamps>"), std::string::npos)
        << reply.body;
    EXPECT_EQ(sandbox.form("monitoring", form + "&Wish=1").status, 400);
    const auto unknown = sandbox.form("monitoring", "Action=GetEverything&Version=2010-08-01");
    EXPECT_NE(unknown.body.find("<Code>InvalidAction</Code>"), std::string::npos);
}

TEST_F(Telemetry, MetricRequestsAreChecked) {
    EXPECT_EQ(data({metricQuery("Upper", "alpha", "Duration", "p95", 60)}).status, 400);
    EXPECT_EQ(data({metricQuery("a", "alpha", "Duration", "p95", 61)}).status, 400);
    EXPECT_EQ(data({metricQuery("a", "alpha", "Duration", "median", 60)}).status, 400);
    EXPECT_EQ(data({metricQuery("a", "alpha", "Duration", "Sum", 60), metricQuery("a", "beta", "Duration", "Sum", 60)}).status, 400);
    EXPECT_EQ(data({metricQuery("a", "alpha", "Duration", "Sum", 60)}, {{"EndTime", from_s}}).status, 400);
    EXPECT_EQ(data({metricQuery("a", "alpha", "Duration", "Sum", 60)}, {{"Filter", 1}}).status, 400);
    json many = json::array();
    for (int i = 0; i < 501; ++i) many.push_back(metricQuery("m" + std::to_string(i), "alpha", "Duration", "Sum", 3600));
    EXPECT_EQ(data(many).status, 400);
    EXPECT_EQ(data({metricQuery("a", "nobody", "Duration", "Sum", 60)}).parsed()["MetricDataResults"][0]["Values"].size(), 0U);
    // Minutes are kept for 15 days: a range that begins earlier has no data at that period.
    EXPECT_EQ(data({metricQuery("a", "alpha", "Invocations", "Sum", 60)}, {{"StartTime", now_s - 20 * 86400}})
                  .parsed()["MetricDataResults"][0]["Values"]
                  .size(),
              0U);
    EXPECT_GT(data({metricQuery("a", "alpha", "Invocations", "Sum", 300)}, {{"StartTime", now_s - 20 * 86400}})
                  .parsed()["MetricDataResults"][0]["Values"]
                  .size(),
              0U);
}

TEST_F(Telemetry, PoolMetricsBelongToTheAlias) {
    json query = metricQuery("p", "alpha", "ProvisionedConcurrencyInvocations", "Sum", 86400);
    query["MetricStat"]["Metric"]["Dimensions"].push_back({{"Name", "Resource"}, {"Value", "alpha:live"}});
    json share = query, spill = query;
    share["Id"] = "u";
    share["MetricStat"]["Metric"]["MetricName"] = "ProvisionedConcurrencyUtilization";
    share["MetricStat"]["Stat"] = "Maximum";
    spill["Id"] = "s";
    spill["MetricStat"]["Metric"]["MetricName"] = "ProvisionedConcurrencySpilloverInvocations";
    const json results = data({query, share, spill}).parsed()["MetricDataResults"];
    double served = 0;
    for (const auto& r : rows("alpha"))
        if (r.start_ms >= from_s * 1000 && r.start_ms < to_s * 1000 && r.is(Invocation::pooled)) ++served;
    EXPECT_EQ(results[0]["Values"][0].get<double>(), served);
    EXPECT_LE(results[1]["Values"][0].get<double>(), 1.0);
    EXPECT_GE(results[1]["Values"][0].get<double>(), 0.5);
}

TEST_F(Telemetry, LogsHoldEveryInvocationOnce) {
    json body{{"logGroupName", "/aws/lambda/alpha"},
              {"startTime", from_s * 1000},
              {"endTime", to_s * 1000 - 1},
              {"filterPattern", "\"REPORT RequestId\""},
              {"limit", 700}};
    std::set<std::string> ids;
    std::size_t events = 0;
    int pages = 0;
    do {
        const auto reply = sandbox.call("logs", "Logs_20140328.FilterLogEvents", body);
        ASSERT_EQ(reply.status, 200) << reply.body;
        const json page = reply.parsed();
        for (const auto& e : page["events"]) {
            ++events;
            ids.insert(e["message"].get<std::string>().substr(18, 36));
            EXPECT_NE(e["logStreamName"].get<std::string>().find("[2]"), std::string::npos);
        }
        body["nextToken"] = page.contains("nextToken") ? page["nextToken"] : json();
        if (body["nextToken"].is_null()) break;
    } while (++pages < 30);
    EXPECT_GT(pages, 2);
    std::size_t expected = 0;
    for (const auto& r : rows("alpha")) expected += r.endMs() >= from_s * 1000 && r.endMs() < to_s * 1000;
    EXPECT_EQ(events, expected);
    EXPECT_EQ(ids.size(), expected);
}

TEST_F(Telemetry, ColdStartsFromLogsAreTheEngines) {
    const auto reply = sandbox.call("logs", "Logs_20140328.FilterLogEvents",
                                    {{"logGroupName", "/aws/lambda/beta"},
                                     {"startTime", from_s * 1000},
                                     {"endTime", to_s * 1000 - 1},
                                     {"filterPattern", "\"Init Duration\""}});
    std::size_t expected = 0;
    for (const auto& r : rows("beta")) expected += r.init_cms > 0 && r.endMs() >= from_s * 1000 && r.endMs() < to_s * 1000;
    const json events = reply.parsed()["events"];
    EXPECT_EQ(events.size(), expected);
    ASSERT_GT(expected, 0U);
    const std::string line = events[0]["message"];
    double duration = 0, init = 0;
    long long billed = 0;
    unsigned memory = 0, used = 0;
    ASSERT_EQ(std::sscanf(line.c_str() + 55,
                          "Duration: %lf ms\tBilled Duration: %lld ms\tMemory Size: %u MB\tMax Memory Used: %u MB\tInit Duration: %lf ms",
                          &duration, &billed, &memory, &used, &init),
              5)
        << line;
    EXPECT_EQ(billed, static_cast<long long>(std::ceil(duration + init - 1e-6)));
    EXPECT_EQ(memory, 512U);
}

TEST_F(Telemetry, JsonLogsAndSelectors) {
    const auto ask = [&](const std::string& pattern) {
        return sandbox
            .call("logs", "Logs_20140328.FilterLogEvents",
                  {{"logGroupName", "/aws/lambda/gamma"},
                   {"startTime", from_s * 1000},
                   {"endTime", to_s * 1000 - 1},
                   {"filterPattern", pattern}})
            .parsed();
    };
    const json reports = ask(R"({ $.type = "platform.report" })");
    std::size_t expected = 0, cold = 0;
    for (const auto& r : rows("gamma"))
        if (r.endMs() >= from_s * 1000 && r.endMs() < to_s * 1000) {
            ++expected;
            cold += r.init_cms > 0;
        }
    ASSERT_EQ(reports["events"].size(), expected);
    const json record = json::parse(reports["events"][0]["message"].get<std::string>())["record"];
    EXPECT_EQ(record["metrics"]["memorySizeMB"], 2048);
    EXPECT_EQ(ask(R"({ ($.type = "platform.report") && ($.record.metrics.initDurationMs > 0) })")["events"].size(), cold);
    EXPECT_EQ(ask(R"({ $.type = "platform.rep*" && $.record.metrics.initDurationMs NOT EXISTS })")["events"].size(), expected - cold);
    EXPECT_EQ(ask("\"platform.report\"")["events"].size(), expected) << "terms work on JSON lines too";
    EXPECT_EQ(ask("\"initDurationMs\"")["events"].size(), cold);
    EXPECT_FALSE(ask("{ $.type = }").contains("events"));
    EXPECT_FALSE(ask("\"unclosed").contains("events"));
}

TEST_F(Telemetry, LogGroupsAndUnknownQueries) {
    const json groups =
        sandbox.call("logs", "Logs_20140328.DescribeLogGroups", {{"logGroupNamePrefix", "/aws/lambda/"}, {"limit", 2}}).parsed();
    ASSERT_EQ(groups["logGroups"].size(), 2U);
    EXPECT_TRUE(groups.contains("nextToken"));
    EXPECT_EQ(sandbox.call("logs", "Logs_20140328.FilterLogEvents", {{"logGroupName", "/aws/lambda/nobody"}}).parsed()["__type"],
              "ResourceNotFoundException");
    EXPECT_EQ(
        sandbox.call("logs", "Logs_20140328.FilterLogEvents", {{"logGroupName", "/aws/lambda/beta"}, {"tail", true}}).parsed()["__type"],
        "InvalidParameterException");
    EXPECT_EQ(sandbox.call("logs", "Logs_20140328.StartQuery", {{"queryString", "drop table"}}).parsed()["__type"],
              "MalformedQueryException");
}

TEST_F(Telemetry, TheBillAddsUp) {
    const std::string start = isoDate((now_s - 2 * 86400) * kSecond), end = isoDate((now_s + 86400) * kSecond);
    const json body{{"TimePeriod", {{"Start", start}, {"End", end}}},
                    {"Granularity", "DAILY"},
                    {"Metrics", {"UnblendedCost", "UsageQuantity"}},
                    {"GroupBy", {{{"Type", "DIMENSION"}, {"Key", "USAGE_TYPE"}}}},
                    {"Filter", {{"Dimensions", {{"Key", "SERVICE"}, {"Values", {"AWS Lambda"}}}}}}};
    const auto reply = sandbox.call("ce", "AWSInsightsIndexService.GetCostAndUsage", body);
    ASSERT_EQ(reply.status, 200) << reply.body;
    const json days = reply.parsed()["ResultsByTime"];
    EXPECT_EQ(days.size(), 3U);
    EXPECT_TRUE(days.back()["Estimated"].get<bool>());
    double requests = 0;
    std::set<std::string> types;
    for (const auto& day : days)
        for (const auto& group : day["Groups"]) {
            types.insert(group["Keys"][0].get<std::string>());
            if (group["Keys"][0] == "Request") {
                requests += std::stod(group["Metrics"]["UsageQuantity"]["Amount"].get<std::string>());
                EXPECT_NEAR(std::stod(group["Metrics"]["UnblendedCost"]["Amount"].get<std::string>()),
                            std::stod(group["Metrics"]["UsageQuantity"]["Amount"].get<std::string>()) * 2e-7, 1e-12);
            }
        }
    EXPECT_TRUE(types.contains("Lambda-GB-Second") && types.contains("Lambda-GB-Second-ARM") &&
                types.contains("Lambda-Provisioned-Concurrency") && types.contains("Request-ARM") && types.contains("EU-Request"));
    EXPECT_NEAR(requests, static_cast<double>(rows("alpha").size() + rows("beta").size()), 60);
    json by_tag = body;
    by_tag["GroupBy"] = json::array({{{"Type", "TAG"}, {"Key", "team"}}});
    EXPECT_EQ(sandbox.call("ce", "AWSInsightsIndexService.GetCostAndUsage", by_tag).parsed()["ResultsByTime"][1]["Groups"][1]["Keys"][0],
              "team$a");
    by_tag["Whatever"] = 1;
    EXPECT_EQ(sandbox.call("ce", "AWSInsightsIndexService.GetCostAndUsage", by_tag).status, 400);
}

TEST_F(Telemetry, ScalingTargetsAndSchedules) {
    const json base{{"ServiceNamespace", "lambda"},
                    {"ResourceId", "function:alpha:live"},
                    {"ScalableDimension", "lambda:function:ProvisionedConcurrency"}};
    const auto call = [&](const char* operation, json more) {
        json body = base;
        body.update(more);
        return sandbox.call("application-autoscaling", std::string("AnyScaleFrontendService.") + operation, body);
    };
    EXPECT_EQ(call("PutScheduledAction",
                   {{"ScheduledActionName", "x"}, {"Schedule", "rate(1 hour)"}, {"ScalableTargetAction", {{"MinCapacity", 1}}}})
                  .parsed()["__type"],
              "ObjectNotFoundException");
    EXPECT_EQ(call("RegisterScalableTarget", {{"MinCapacity", 4}, {"MaxCapacity", 6}}).status, 200);
    EXPECT_EQ(sandbox.rest("GET", "/2019-09-30/functions/alpha/provisioned-concurrency?Qualifier=live")
                  .parsed()["RequestedProvisionedConcurrentExecutions"],
              4)
        << "clamped at once";
    EXPECT_EQ(call("PutScheduledAction",
                   {{"ScheduledActionName", "x"}, {"Schedule", "cron(0 8 * * MON *)"}, {"ScalableTargetAction", {{"MinCapacity", 1}}}})
                  .status,
              400);
    EXPECT_EQ(call("PutScheduledAction", {{"ScheduledActionName", "x"},
                                          {"Schedule", "cron(0 8 ? * MON *)"},
                                          {"ScalableTargetAction", {{"MinCapacity", 1}, {"MaxCapacity", 1}}}})
                  .status,
              200);
    const auto ask = [&](const char* operation) {
        return sandbox
            .call("application-autoscaling", std::string("AnyScaleFrontendService.") + operation, {{"ServiceNamespace", "lambda"}})
            .parsed();
    };
    EXPECT_EQ(ask("DescribeScalableTargets")["ScalableTargets"][0]["MinCapacity"], 4);
    EXPECT_EQ(ask("DescribeScheduledActions")["ScheduledActions"][0]["ScheduledActionName"], "x");
    EXPECT_EQ(ask("DescribeScalingPolicies")["ScalingPolicies"].size(), 0U);
    EXPECT_EQ(call("DeleteScheduledAction", {{"ScheduledActionName", "x"}}).status, 200);
    EXPECT_EQ(call("DeregisterScalableTarget", json::object()).status, 200);
    EXPECT_EQ(ask("DescribeScalableTargets")["ScalableTargets"].size(), 0U);
}

}  // namespace
}  // namespace pilotlight::sandbox::test
