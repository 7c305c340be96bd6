// What would be asked and sent: metric batches, log windows, schedules, steps of a change, policies.
#include <gtest/gtest.h>
#include <rapidcheck.h>

#include <nlohmann/json.hpp>
#include <set>

#include "core/platform/aws/apply_steps.h"
#include "core/platform/aws/log_windows.h"
#include "core/platform/aws/metric_plan.h"
#include "core/platform/aws/operations.h"
#include "core/platform/aws/policy.h"
#include "core/platform/aws/warm_schedule_cron.h"

namespace pilotlight::platform::aws {
namespace {

using nlohmann::json;

Timestamp at(const char* text) { return parseIso8601(text).value(); }
const Timestamp kNow = at("2026-11-24T12:00:00Z");

Function function(const std::string& name = "chat") {
    Function f;
    f.name = name;
    f.region = "us-east-1";
    f.id = "arn:aws:lambda:us-east-1:123456789012:function:" + name;
    f.memory = Megabytes{1024};
    f.timeout = seconds{30};
    f.revision = "r-1";
    f.code_sha256 = "abc=";
    f.instance_limit = InstanceLimit::unlimited();
    f.settings_as_of = at("2026-11-24T09:30:00Z");  // a Tuesday
    return f;
}
Function aliased() {
    Function f = function();
    Qualifier live;
    live.name = "live";
    live.kind = "alias";
    live.version = "7";
    live.revision = "a-1";
    live.warm_pool = 3;
    live.memory = Megabytes{1024};
    live.untuned["timeout_s"] = "30";
    f.qualifiers.push_back(live);
    return f;
}

TEST(MetricPlan, AFunctionCostsSixMetricsWhateverTheRange) {
    const Function f = function();
    const MetricRequest request{&f, {kNow - hours(48), kNow}, {}, false};
    const auto batches = planMetrics(std::span(&request, 1), kNow);
    ASSERT_EQ(batches.size(), 1u);
    EXPECT_EQ(batches[0].period, seconds{300});
    EXPECT_EQ(batches[0].metrics, 6);
    EXPECT_EQ(priceOf(batches[0]), Money::parse("0.00006").value());
    std::set<std::string> ids;
    const json body = json::parse(metricDataBody(batches[0], "tok"));
    for (const auto& query : body["MetricDataQueries"]) {
        EXPECT_TRUE(ids.insert(query["Id"]).second);
        EXPECT_EQ(query["MetricStat"]["Metric"]["Dimensions"][0]["Value"], "chat");
    }
    EXPECT_EQ(ids.size(), batches[0].queries.size());
    EXPECT_EQ(body["ScanBy"], "TimestampAscending");
    EXPECT_EQ(body["NextToken"], "tok");
    EXPECT_EQ(body["StartTime"], std::chrono::duration_cast<seconds>((kNow - hours(48)).time_since_epoch()).count());
}

TEST(MetricPlan, PeriodFollowsAge) {
    const Function f = function();
    const MetricRequest request{&f, {kNow - hours(24 * 500), kNow}, {}, false};
    const auto batches = planMetrics(std::span(&request, 1), kNow);
    ASSERT_EQ(batches.size(), 2u);
    EXPECT_EQ(batches[0].period, seconds{3600});
    EXPECT_GT(batches[0].range.begin, kNow - hours(24 * 455));  // nothing is kept for longer
    EXPECT_EQ(batches[0].range.end, batches[1].range.begin);
    EXPECT_EQ(batches[1].period, seconds{300});
    EXPECT_GE(batches[1].range.begin, kNow - hours(24 * 63));
}

TEST(MetricPlan, NeverMoreThan500QueriesAndNoMetricSplit) {
    std::vector<Function> functions;
    for (int i = 0; i < 200; ++i) functions.push_back(function("f" + std::to_string(i)));
    std::vector<MetricRequest> requests;
    for (const auto& f : functions) requests.push_back({&f, {kNow - hours(1), kNow}, {"live"}, false});
    std::set<std::tuple<std::string, std::string, Metric, Statistic>> seen;
    std::size_t metrics = 0;
    for (const auto& batch : planMetrics(requests, kNow)) {
        EXPECT_LE(batch.queries.size(), kMaxQueries);
        metrics += static_cast<std::size_t>(batch.metrics);
        std::map<std::tuple<std::string, std::string, std::string>, int> statistics;
        for (const auto& query : batch.queries) {
            EXPECT_TRUE(seen.insert({query.key.function_id, query.key.qualifier, query.key.metric, query.key.statistic}).second);
            if (query.key.qualifier == "live") {
                EXPECT_EQ(query.resource, query.function_name + ":live");
            }
        }
    }
    EXPECT_EQ(metrics, 200u * 11u);
}

TEST(MetricPlan, OnePeriodSpansTheRange) {
    const Function f = function();
    const MetricRequest request{&f, {kNow - hours(24 * 14), kNow}, {}, true};
    const auto batches = planMetrics(std::span(&request, 1), kNow);
    ASSERT_EQ(batches.size(), 1u);
    EXPECT_EQ(batches[0].period, seconds{14 * 86'400});
    EXPECT_EQ(batches[0].metrics, 1);
    EXPECT_TRUE(batches[0].hasPercentiles());
    EXPECT_TRUE(batches[0].withoutPercentiles().queries.empty());
}

RangeSet days(int n) { return RangeSet({{kNow - hours(24 * n), kNow}}); }

TEST(LogWindows, EverythingWhereItFits) {
    const LogPlan plan = planLogWindows(days(14), 15'000, 200'000, 1);
    EXPECT_TRUE(plan.whole);
    EXPECT_EQ(plan.windows, days(14).ranges());
    const LogPlan parts = planLogWindows(days(14), 150'000, 200'000, 1);
    EXPECT_TRUE(parts.whole);
    EXPECT_GT(parts.windows.size(), 5u);
    EXPECT_EQ(RangeSet(parts.windows), days(14));
}

TEST(LogWindows, AStratifiedSampleOtherwise) {
    const LogPlan plan = planLogWindows(days(14), 2'000'000, 200'000, 42);
    EXPECT_FALSE(plan.whole);
    EXPECT_NEAR(static_cast<double>(plan.windows.size()), 403, 1);  // a tenth of 4,032 windows
    auto sorted = plan.windows;
    std::sort(sorted.begin(), sorted.end());
    for (std::size_t i = 0; i < sorted.size(); ++i) {
        EXPECT_EQ(sorted[i].length(), milliseconds(kLogWindow));
        if (i > 0) {
            EXPECT_LE(sorted[i - 1].end, sorted[i].begin);
        }
        if (i > 0) {
            EXPECT_LE(sorted[i].begin - sorted[i - 1].begin, minutes(100));  // one of every stratum of ten windows
        }
    }
    EXPECT_NE(plan.windows, sorted);  // read in random order
    EXPECT_EQ(plan.windows, planLogWindows(days(14), 2'000'000, 200'000, 42).windows);
    EXPECT_NE(plan.windows, planLogWindows(days(14), 2'000'000, 200'000, 43).windows);
    EXPECT_TRUE(planLogWindows(days(14), 1000, 0, 1).windows.empty());
    EXPECT_TRUE(planLogWindows(RangeSet{}, 1000, 1000, 1).windows.empty());
}

TEST(LogWindows, ASmallBudgetCostsNoMoreCallsThanTheWhole) {
    for (const std::int64_t lines : {2'500, 5'000, 12'000, 60'000, 400'000}) {
        for (const std::int64_t budget : {500, 2'000, 10'000, 50'000}) {
            if (budget >= lines) continue;
            const LogPlan plan = planLogWindows(days(14), lines, budget, 3);
            const auto windows = static_cast<std::int64_t>(plan.windows.size());
            EXPECT_LE(windows + budget / kLinesPerPage, std::max<std::int64_t>(1, lines / kLinesPerPage) + 1) << lines << " " << budget;
            EXPECT_GE(windows, 1);
            EXPECT_NEAR(static_cast<double>(RangeSet(plan.windows).length().count()) / static_cast<double>(days(14).length().count()), static_cast<double>(budget) / static_cast<double>(lines), 0.25 * static_cast<double>(budget) / static_cast<double>(lines) + 0.001);
        }
    }
}

TEST(LogWindows, StayInsideWhatIsMissing) {
    EXPECT_TRUE(rc::check("windows are disjoint and inside", [] {
        std::vector<TimeRange> ranges;
        for (int i = 0, n = *rc::gen::inRange(1, 5); i < n; ++i) {
            const auto begin = kNow - minutes(*rc::gen::inRange(1, 3000));
            ranges.push_back({begin, begin + minutes(*rc::gen::inRange(1, 500))});
        }
        const RangeSet missing(ranges);
        const LogPlan plan = planLogWindows(missing, *rc::gen::inRange(0, 100'000), *rc::gen::inRange(1, 50'000), 7);
        RangeSet all;
        milliseconds total{0};
        for (const auto& window : plan.windows) {
            all.add(window);
            total += window.length();
            RC_ASSERT(missing.covers(window));
        }
        RC_ASSERT(all.length() == total);
        RC_ASSERT(!plan.windows.empty());
    }));
}

TEST(WarmScheduleCron, WritesSixFields) {
    WarmSchedule schedule;
    schedule.entries = {{0b0011111, 8 * 60, 5}, {0b0011111, 18 * 60 + 30, 1}, {0b1100000, 0, 0}, {0b0010101, 7, 2}, {0b1111111, 600, 3}};
    const auto actions = cronActions(schedule).value();
    EXPECT_EQ(actions[0], (CronAction{"pilotlight-0800-MON-FRI", "cron(0 8 ? * MON-FRI *)", 5}));
    EXPECT_EQ(actions[1].schedule, "cron(30 18 ? * MON-FRI *)");
    EXPECT_EQ(actions[2].schedule, "cron(0 0 ? * SAT,SUN *)");
    EXPECT_EQ(actions[2].name, "pilotlight-0000-SAT-SUN");
    EXPECT_EQ(actions[3].schedule, "cron(7 0 ? * MON,WED,FRI *)");
    EXPECT_EQ(actions[4].schedule, "cron(0 10 * * ? *)");
    schedule.entries = {{0b1, 60, 1}, {0b11, 60, 2}};
    EXPECT_EQ(cronActions(schedule).error().code, ErrorCode::invalid_argument);
    schedule.entries = {{0, 60, 1}};
    EXPECT_FALSE(cronActions(schedule));
}

TEST(WarmScheduleCron, LevelNow) {
    WarmSchedule schedule;
    schedule.entries = {{0b0011111, 8 * 60, 5}, {0b0011111, 18 * 60, 1}};
    EXPECT_EQ(levelAt(schedule, at("2026-11-24T09:30:00Z")), 5);  // Tuesday
    EXPECT_EQ(levelAt(schedule, at("2026-11-24T07:59:00Z")), 1);
    EXPECT_EQ(levelAt(schedule, at("2026-11-22T12:00:00Z")), 1);  // Sunday
}

std::vector<std::string> names(const std::vector<ApplyStep>& steps) {
    std::vector<std::string> list;
    for (const auto& each : steps) list.push_back(each.operation);
    return list;
}
using Names = std::vector<std::string>;

TEST(Steps, MemoryAndTimeoutAreOneCallWithTheRevision) {
    DesiredSettings desired;
    desired.memory = Megabytes{2048};
    desired.timeout = seconds{60};
    const auto steps = planSteps(function(), desired, "").value();
    ASSERT_EQ(names(steps), Names{step::kUpdate});
    EXPECT_EQ(steps[0].describe, "UpdateFunctionConfiguration MemorySize=2048 Timeout=60 RevisionId=r-1");
    const json arguments = json::parse(steps[0].arguments);
    EXPECT_EQ(arguments["memory_mb"], 2048);
    EXPECT_EQ(arguments["revision"], "r-1");
}

TEST(Steps, NothingWhereNothingChanges) {
    DesiredSettings desired;
    desired.memory = Megabytes{1024};
    desired.instance_limit = InstanceLimit::unlimited();
    EXPECT_TRUE(planSteps(function(), desired, "").value().empty());
    desired = {};
    desired.warm_pool = 3;
    EXPECT_TRUE(planSteps(aliased(), desired, "live").value().empty());
}

TEST(Steps, AliasRoadPublishesMovesAndRecreatesThePool) {
    DesiredSettings desired;
    desired.memory = Megabytes{2048};
    const auto steps = planSteps(aliased(), desired, "live").value();
    EXPECT_EQ(names(steps),
              (Names{step::kUpdate, step::kWaitUpdate, step::kPublish, step::kWaitVersion, step::kMoveAlias, step::kPutPool}));
    EXPECT_EQ(json::parse(steps[4].arguments)["revision"], "a-1");
    EXPECT_EQ(json::parse(steps[5].arguments)["value"], 3);
    desired.warm_pool = 5;
    EXPECT_EQ(json::parse(planSteps(aliased(), desired, "live").value().back().arguments)["value"], 5);
    desired.warm_pool = 0;
    EXPECT_EQ(planSteps(aliased(), desired, "live").value().back().operation, step::kDeletePool);
    // $LATEST has the size already: only a version is missing.
    Function f = aliased();
    f.memory = Megabytes{2048};
    desired = {};
    desired.memory = Megabytes{2048};
    EXPECT_EQ(names(planSteps(f, desired, "live").value()), (Names{step::kPublish, step::kWaitVersion, step::kMoveAlias, step::kPutPool}));
    f.qualifiers[0].untuned["routing"] = "8=0.1 ";
    EXPECT_EQ(planSteps(f, desired, "live").error().code, ErrorCode::unsupported);
    EXPECT_EQ(planSteps(f, desired, "other").error().code, ErrorCode::invalid_argument);
}

TEST(Steps, LimitIsRaisedBeforeAndLoweredAfterThePool) {
    Function f = aliased();
    f.instance_limit = InstanceLimit::of(10);
    DesiredSettings desired;
    desired.instance_limit = InstanceLimit::of(20);
    desired.warm_pool = 15;
    EXPECT_EQ(names(planSteps(f, desired, "").value()), (Names{step::kPutLimit, step::kPutPool}));
    desired.instance_limit = InstanceLimit::of(2);
    desired.warm_pool = 1;
    EXPECT_EQ(names(planSteps(f, desired, "").value()), (Names{step::kPutPool, step::kPutLimit}));
    desired.instance_limit = InstanceLimit::unlimited();
    EXPECT_EQ(names(planSteps(f, desired, "").value()), (Names{step::kDeleteLimit, step::kPutPool}));
}

TEST(Steps, AScheduleStartsFromAPoolAndReplacesOurOldActions) {
    Function f = aliased();
    f.qualifiers[0].warm_pool = 0;
    DesiredSettings desired;
    desired.warm_schedule = WarmSchedule{{{0b0011111, 8 * 60, 5}, {0b0011111, 18 * 60, 0}}, "UTC"};
    const auto steps = planSteps(f, desired, "").value();
    EXPECT_EQ(names(steps), (Names{step::kPutPool, step::kRegister, step::kPutAction, step::kPutAction}));
    EXPECT_EQ(json::parse(steps[0].arguments)["value"], 5);  // Tuesday, 09:30
    EXPECT_EQ(json::parse(steps[1].arguments)["min"], 0);
    EXPECT_EQ(json::parse(steps[1].arguments)["max"], 5);
    f.qualifiers[0].warm_pool = 5;
    f.qualifiers[0].scaling = PoolScaling{0, 5, false, {{"pilotlight-0900-MON", "cron(0 9 ? * MON *)", "UTC", 2, 2, {}, {}}}, {}};
    const auto again = planSteps(f, desired, "").value();
    EXPECT_EQ(names(again), (Names{step::kRegister, step::kPutAction, step::kPutAction, step::kDeleteAction}));
    EXPECT_EQ(json::parse(again[3].arguments)["name"], "pilotlight-0900-MON");
    // Back to a constant level: our target goes, with its actions.
    DesiredSettings constant;
    constant.warm_pool = 2;
    EXPECT_EQ(names(planSteps(f, constant, "").value()), (Names{step::kDeregister, step::kPutPool}));
}

TEST(Steps, WhatScalesAPoolIsEndedAndPutBackWhole) {
    Function f = aliased();
    f.qualifiers[0].warm_pool = 5;
    const PoolScaling theirs{0, 5, false, {{"theirs", "cron(0 1 * * ? *)", "Europe/Paris", 1, std::nullopt, {}, {}}}, {"ScheduledScalingSuspended"}};
    f.qualifiers[0].scaling = theirs;
    DesiredSettings constant;
    constant.warm_pool = 2;
    const auto ended = planSteps(f, constant, "").value();
    EXPECT_EQ(names(ended), (Names{step::kDeregister, step::kPutPool}));
    EXPECT_NE(ended[0].describe.find("theirs"), std::string::npos);
    DesiredSettings schedule;
    schedule.warm_schedule = WarmSchedule{{{0b0011111, 8 * 60, 5}, {0b0011111, 18 * 60, 0}}, "UTC"};
    EXPECT_EQ(names(planSteps(f, schedule, "").value()), (Names{step::kDeregister, step::kRegister, step::kPutAction, step::kPutAction}));
    // And back.
    Function now = f;
    now.qualifiers[0].warm_pool = 2;
    now.qualifiers[0].scaling.reset();
    DesiredSettings back;
    back.warm_pool = 5;
    back.pool_scaling = theirs;
    const auto put_back = planSteps(now, back, "").value();
    EXPECT_EQ(names(put_back), (Names{step::kPutPool, step::kRegister, step::kPutAction}));
    EXPECT_EQ(json::parse(put_back[1].arguments)["suspended"], json::array({"ScheduledScalingSuspended"}));
    EXPECT_EQ(json::parse(put_back[2].arguments), json::parse(R"x({"qualifier":"live","name":"theirs","schedule":"cron(0 1 * * ? *)","time_zone":"Europe/Paris","min":1})x"));
    // What cannot be put back is not ended.
    f.qualifiers[0].scaling->target_tracking = true;
    EXPECT_EQ(planSteps(f, constant, "").error().code, ErrorCode::unsupported);
}

TEST(Steps, RefuseWhatLambdaCannotDo) {
    DesiredSettings desired;
    desired.memory = Megabytes{64};
    EXPECT_EQ(planSteps(function(), desired, "").error().code, ErrorCode::invalid_argument);
    desired = {};
    desired.concurrency = 4;
    EXPECT_EQ(planSteps(function(), desired, "").error().code, ErrorCode::unsupported);
    desired = {};
    desired.warm_pool = 1;
    EXPECT_EQ(planSteps(function(), desired, "").error().code, ErrorCode::unsupported);  // no alias, no version
    Function f = aliased();
    f.qualifiers.push_back(f.qualifiers[0]);
    f.qualifiers[1].name = "beta";
    const auto error = planSteps(f, desired, "").error();
    EXPECT_EQ(error.code, ErrorCode::invalid_argument);
    EXPECT_NE(error.what.find("live, beta"), std::string::npos);
    f.qualifiers[0].version = "$LATEST";
    desired.pool_qualifier = "live";
    EXPECT_EQ(planSteps(f, desired, "").error().code, ErrorCode::unsupported);
}

TEST(Policy, NamesWhatTheTableCallsAndNothingElse) {
    std::set<std::string> read, apply;
    const auto collect = [](const std::string& text, std::set<std::string>& into) {
        const json policy = json::parse(text);
        EXPECT_EQ(policy["Version"], "2012-10-17");
        for (const auto& statement : policy["Statement"]) {
            EXPECT_EQ(statement["Effect"], "Allow");
            for (const auto& action : statement["Action"]) into.insert(action.get<std::string>());
        }
    };
    collect(readPolicy(), read);
    collect(applyPolicy("123456789012", "eu-west-1"), apply);
    for (const auto& operation : operations()) {
        for (const char* action : operation.actions) EXPECT_TRUE((operation.write ? apply : read).contains(action)) << action;
        EXPECT_EQ(&info(operation.operation), &operation);  // the table is in the order of the enumeration
    }
    for (const auto& action : read) EXPECT_EQ(action.find("Put"), std::string::npos) << action;
    EXPECT_TRUE(read.contains("lambda:ListTags"));
    EXPECT_TRUE(apply.contains("iam:CreateServiceLinkedRole"));
    EXPECT_FALSE(apply.contains("lambda:UpdateFunctionCode"));
    EXPECT_NE(applyPolicy("123456789012", "eu-west-1").find("arn:aws:lambda:eu-west-1:123456789012:function:*"), std::string::npos);
    EXPECT_NE(applyPolicy("1", "cn-north-1").find("arn:aws-cn:lambda:"), std::string::npos);
    EXPECT_NE(policyFor(Operation::filter_log_events).find("logs:FilterLogEvents"), std::string::npos);
    EXPECT_TRUE(policyFor(Operation::get_caller_identity).empty());
}

}  // namespace
}  // namespace pilotlight::platform::aws
