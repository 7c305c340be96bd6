// AwsPlatform on a running sandbox: real HTTP, real signatures, a strict server.
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "core/net/curl_http_client.h"
#include "core/platform/aws/aws_platform.h"
#include "tests/support/sandbox.h"

namespace pilotlight::platform::aws {
namespace {

using nlohmann::json;

class AwsSandbox : public testing::Test {
protected:
    static void SetUpTestSuite() {
        session_ = new test::SandboxSession({"--days", "2", "--speed", "60", "--seed", "1"});
        if (!session_->ready()) return;
        Profile profile;
        profile.name = "box";
        profile.regions = {"us-east-1"};
        profile.endpoint_url = session_->endpoint();
        profile.write = true;
        const Dependencies dependencies{net::makeCurlClient(), std::make_shared<RealClock>(),
                                        std::make_shared<net::ApiMeter>(100'000, Money::dollars(5)), nullptr};
        platform_ = new AwsPlatform(profile, dependencies, [](const char* name) -> std::optional<std::string> {
            const auto at = session_->environment().find(name);
            return at == session_->environment().end() ? std::nullopt : std::optional(at->second);
        });
    }
    static void TearDownTestSuite() {
        delete platform_;
        delete session_;
        platform_ = nullptr;
        session_ = nullptr;
    }
    void SetUp() override { ASSERT_TRUE(session_->ready()); }

    static Function named(const std::string& name) {
        auto inventory = platform_->listFunctions({});
        EXPECT_TRUE(inventory) << inventory.error().text();
        for (auto& each : inventory->functions) {
            if (each.name == name) return each;
        }
        ADD_FAILURE() << "the sandbox has no " << name;
        return {};
    }

    static test::SandboxSession* session_;
    static AwsPlatform* platform_;
};
test::SandboxSession* AwsSandbox::session_ = nullptr;
AwsPlatform* AwsSandbox::platform_ = nullptr;

TEST_F(AwsSandbox, TestFindsTheAccountAndNothingMissing) {
    const auto report = platform_->test({});
    ASSERT_TRUE(report) << report.error().text();
    EXPECT_EQ(report->account.size(), 12u);
    EXPECT_EQ(report->sandbox_speed, 60.0);
    for (const auto& each : report->missing) ADD_FAILURE() << each.error.text();
}

TEST_F(AwsSandbox, InventoryHasNoProblemAndTheFleetsVariety) {
    const auto inventory = platform_->listFunctions({});
    ASSERT_TRUE(inventory) << inventory.error().text();
    for (const auto& each : inventory->problems) ADD_FAILURE() << each.error.text();
    EXPECT_GE(inventory->functions.size(), 6u);
    ASSERT_EQ(inventory->limits.size(), 1u);
    EXPECT_GT(inventory->limits[0].concurrent_executions, 0);
    std::size_t owned = 0, pools = 0;
    for (const auto& each : inventory->functions) {
        owned += each.owner == "cloudformation" ? 1 : 0;
        pools += each.warmPool().value_or(0) > 0 ? 1 : 0;
        EXPECT_FALSE(each.revision.empty()) << each.name;
        EXPECT_TRUE(each.warmPool().has_value()) << each.name;
    }
    EXPECT_GE(owned, 1u);
    EXPECT_GE(pools, 1u);
}

TEST_F(AwsSandbox, LogsAndMetricsTellTheSameStory) {
    const Function f = named("fraud-score");
    const Timestamp now = platform_->clock()->now();
    const TimeRange range{floorTo(now - hours(8), hours(1)), floorTo(now - hours(2), hours(1))};
    MetricRequest metrics{&f, range, {}, false};
    std::map<SeriesKey, MetricSeries> series;
    const auto problems = platform_->readMetrics(std::span(&metrics, 1),
                                                 [&](MetricPage&& page) -> Status {
                                                     for (auto& each : page.series) {
                                                         auto& to = series[each.key];
                                                         to.points.insert(to.points.end(), each.points.begin(), each.points.end());
                                                         for (const auto& part : each.coverage.ranges()) to.coverage.add(part);
                                                     }
                                                     return {};
                                                 },
                                                 {});
    ASSERT_TRUE(problems) << problems.error().text();
    EXPECT_TRUE(problems->empty());
    const auto total = [&](Statistic statistic, Metric metric) {
        double sum = 0;
        const auto& each = series[{f.id, "", metric, statistic, seconds{300}}];
        EXPECT_TRUE(each.coverage.covers(range));
        for (const auto& point : each.points) sum += point.value;
        return sum;
    };
    const double invocations = total(Statistic::sum, Metric::invocations);
    ASSERT_GT(invocations, 100);

    LogRequest logs;
    logs.function = &f;
    logs.range = range;
    logs.expected_invocations = static_cast<std::int64_t>(invocations);
    std::map<std::uint64_t, Invocation> lines;
    RangeSet complete;
    const auto log_problems = platform_->readInvocations(std::span(&logs, 1),
                                                         [&](InvocationPage&& page) -> Status {
                                                             EXPECT_EQ(page.unreadable, 0);
                                                             for (const auto& each : page.log.invocations) lines[each.request] = each;
                                                             for (const auto& part : page.log.complete.ranges()) complete.add(part);
                                                             return {};
                                                         },
                                                         {});
    ASSERT_TRUE(log_problems) << log_problems.error().text();
    EXPECT_TRUE(log_problems->empty());
    EXPECT_TRUE(complete.covers(range));
    double duration = 0;
    for (const auto& [id, each] : lines) duration += each.duration_ms;
    // Both say by the start of the invocation; a line's start is known to a millisecond, so one at the edge may fall to either side.
    EXPECT_NEAR(static_cast<double>(lines.size()), invocations, 2);
    EXPECT_NEAR(duration, total(Statistic::sum, Metric::duration), 0.001 * duration + 2000);
}

TEST_F(AwsSandbox, OnePeriodSpansTheRange) {
    const Function f = named("fraud-score");
    const Timestamp now = platform_->clock()->now();
    MetricRequest request{&f, {floorTo(now - hours(25), hours(1)), floorTo(now - hours(1), hours(1))}, {}, true};
    std::size_t series = 0;
    ASSERT_TRUE(platform_->readMetrics(std::span(&request, 1),
                                       [&](MetricPage&& page) -> Status {
                                           for (const auto& each : page.series) {
                                               EXPECT_EQ(each.key.period, seconds{86'400});
                                               EXPECT_EQ(each.points.size(), 1u);
                                               ++series;
                                           }
                                           return {};
                                       },
                                       {}));
    // An endpoint may cut the range at its own days, and then says nothing that could be used.
    EXPECT_TRUE(series == 4 || series == 0) << series;
}

TEST_F(AwsSandbox, CostsAndPricesAreReadable) {
    const Timestamp now = platform_->clock()->now();
    const auto costs = platform_->readCosts({now - hours(48), now}, {});
    ASSERT_TRUE(costs) << costs.error().text();
    EXPECT_FALSE(costs->empty());
    Money billed;
    for (const auto& line : *costs) {
        EXPECT_NE(line.meter, meter::kOther) << line.usage_type;
        if (line.kind == CostKind::billed) billed += line.amount;
    }
    EXPECT_GT(billed, Money{});
    const auto books = platform_->readPrices({"us-east-1"}, {});
    ASSERT_TRUE(books) << books.error().text();
    ASSERT_EQ(books->size(), 2u);
    for (const auto& book : *books) EXPECT_EQ(book.prices.size(), 5u) << book.architecture;
}

TEST_F(AwsSandbox, AChangeIsMadeReadBackAndAStaleOneRefused) {
    const auto before = platform_->readFunction(named("ocr-page").id, {});
    ASSERT_TRUE(before) << before.error().text();
    DesiredSettings desired;
    desired.memory = Megabytes{before->memory.value + 64};
    const auto steps = platform_->steps(*before, desired, "");
    ASSERT_TRUE(steps);
    EXPECT_EQ(platform_->hasHappened(*before, steps->front(), "", {}).value(), false);
    const auto sent = platform_->send(*before, steps->front(), "{}", "0badcafe", {});
    ASSERT_TRUE(sent) << sent.error().text();
    for (int i = 0; i < 100; ++i) {
        const auto report = platform_->convergence(before->id, {});
        ASSERT_TRUE(report) << report.error().text();
        ASSERT_NE(report->state, Convergence::failed) << report->detail;
        if (report->state == Convergence::done) break;
        RealClock().sleepFor(milliseconds(100), {});
    }
    EXPECT_EQ(platform_->hasHappened(*before, steps->front(), "", {}).value(), true);
    const auto after = platform_->readFunction(before->id, {});
    ASSERT_TRUE(after);
    EXPECT_EQ(after->memory, *desired.memory);
    EXPECT_NE(after->revision, before->revision);
    const auto again = platform_->send(*before, steps->front(), "{}", "0badcafe", {});
    ASSERT_FALSE(again);
    EXPECT_EQ(again.error().code, ErrorCode::stale);
}

TEST_F(AwsSandbox, TheAliasRoadEndsWithTheAliasOnTheNewVersionAndItsPoolBack) {
    Function before;
    const auto inventory = platform_->listFunctions({});
    ASSERT_TRUE(inventory);
    for (auto& each : inventory->functions) {
        for (const auto& qualifier : each.qualifiers) {
            if (qualifier.kind == "alias" && qualifier.warm_pool.value_or(0) > 0) before = platform_->readFunction(each.id, {}).value();
        }
    }
    ASSERT_FALSE(before.id.empty()) << "no alias with a pool";
    const Qualifier alias = before.qualifiers.front();
    DesiredSettings desired;
    desired.memory = Megabytes{before.memory.value + 128};
    const auto steps = platform_->steps(before, desired, alias.name);
    ASSERT_TRUE(steps) << steps.error().text();
    EXPECT_EQ(steps->size(), 6u);
    json context = json::object();
    for (const auto& step : *steps) {
        const auto result = platform_->send(before, step, context.dump(), "0badcafe", {});
        ASSERT_TRUE(result) << step.operation << ": " << result.error().text();
        context.update(json::parse(result->output));
        EXPECT_EQ(platform_->hasHappened(before, step, context.dump(), {}).value(), true) << step.operation;
    }
    const Function after = platform_->readFunction(before.id, {}).value();
    const auto moved =
        std::find_if(after.qualifiers.begin(), after.qualifiers.end(), [&](const Qualifier& each) { return each.name == alias.name; });
    ASSERT_NE(moved, after.qualifiers.end());
    EXPECT_NE(moved->version, alias.version);
    EXPECT_EQ(moved->memory, *desired.memory);
    EXPECT_EQ(moved->warm_pool, alias.warm_pool);
    // A schedule on that pool, and away again.
    DesiredSettings schedule;
    schedule.warm_schedule = WarmSchedule{{{0b0011111, 8 * 60, 3}, {0b0011111, 18 * 60, 1}}, "UTC"};
    schedule.pool_qualifier = alias.name;
    const auto scheduled = platform_->steps(after, schedule, "");
    ASSERT_TRUE(scheduled) << scheduled.error().text();
    for (const auto& step : *scheduled) {
        const auto result = platform_->send(after, step, "{}", "0badcafe", {});
        ASSERT_TRUE(result) << step.operation << ": " << result.error().text();
        EXPECT_EQ(platform_->hasHappened(after, step, "{}", {}).value(), true) << step.operation;
    }
    const Function timed = platform_->readFunction(before.id, {}).value();
    const auto pool =
        std::find_if(timed.qualifiers.begin(), timed.qualifiers.end(), [&](const Qualifier& each) { return each.name == alias.name; });
    ASSERT_TRUE(pool->scaling);
    EXPECT_EQ(pool->scaling->actions.size(), 2u);
    DesiredSettings constant;
    constant.warm_pool = 2;
    constant.pool_qualifier = alias.name;
    const auto back = platform_->steps(timed, constant, "").value();
    for (const auto& step : back) {
        const auto result = platform_->send(timed, step, "{}", "0badcafe", {});
        ASSERT_TRUE(result) << step.operation << ": " << result.error().text();
    }
    const Function last = platform_->readFunction(before.id, {}).value();
    const auto plain =
        std::find_if(last.qualifiers.begin(), last.qualifiers.end(), [&](const Qualifier& each) { return each.name == alias.name; });
    EXPECT_FALSE(plain->scaling);
    EXPECT_EQ(plain->warm_pool, 2);
}

}  // namespace
}  // namespace pilotlight::platform::aws
