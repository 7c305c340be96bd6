// The rules of what is read, as numbers.
#include "core/sync/planning.h"

#include <gtest/gtest.h>

#include <rapidcheck/gtest.h>

#include "tests/core/store/store_support.h"

namespace pilotlight::sync {
namespace {

using store::at;
using store::days;
using store::range;

RC_GTEST_PROP(Marks, ComeBack, ()) {
    RangeSet ranges;
    for (const auto begin : *rc::gen::container<std::vector<std::int64_t>>(rc::gen::inRange<std::int64_t>(-1'000, 100'000))) {
        ranges.add(range(begin, begin + *rc::gen::inRange<std::int64_t>(1, 500)));
    }
    RC_ASSERT(parseRanges(formatRanges(ranges)) == ranges);
}

TEST(Marks, WhatCannotBeReadIsLeftOut) {
    EXPECT_TRUE(parseRanges("").ranges().empty());
    EXPECT_TRUE(parseRanges("x 7 8-y 9-").ranges().empty());
    EXPECT_EQ(parseRanges("junk 100-200 5").ranges().size(), 1u);
    EXPECT_TRUE(parseRanges("200-100").ranges().empty());
}

TEST(Marks, TheNewestPartIsNeverSettled) {
    const RangeSet read({range(0, 100)});
    EXPECT_EQ(settledPart(read, at(100), minutes(15)), RangeSet({range(0, 85)}));
    EXPECT_EQ(settledPart(read, at(500), minutes(15)), read);
    EXPECT_TRUE(settledPart(RangeSet({range(90, 100)}), at(100), minutes(15)).ranges().empty());
}

TEST(Plans, AskForGapsAndTheNewestPart) {
    store::Workspace workspace;
    auto store = workspace.writer();
    Function function = store::makeFunction("arn:f", "f");
    auto plan = planMetrics(store, function, range(0, 1000), minutes(15)).value();
    EXPECT_EQ(plan.missing, RangeSet({range(0, 1000)}));
    EXPECT_TRUE(plan.one_period);
    ASSERT_OK(store.putNote(metricsMark("arn:f"), formatRanges(RangeSet({range(100, 300), range(400, 985)}))));
    plan = planMetrics(store, function, range(0, 1000), minutes(15)).value();
    EXPECT_EQ(plan.missing, RangeSet({range(0, 100), range(300, 400), range(985, 1000)}));
    const auto requests = metricRequests(std::vector{plan}, range(0, 1000));
    ASSERT_EQ(requests.size(), 4u);
    EXPECT_EQ(requests[1].range, range(300, 400));
    EXPECT_EQ(requests[0].qualifiers, std::vector<std::string>{"live"});
    EXPECT_TRUE(requests[3].one_period);
    EXPECT_EQ(requests[3].range, range(0, 1000));
}

TEST(Plans, APeriodThatSpansTheRangeIsGoodForAWhile) {
    store::Workspace workspace;
    auto store = workspace.writer();
    const Function function = store::makeFunction("arn:f", "f");
    ASSERT_OK(store.putNote(spanningMark("arn:f"), formatRanges(RangeSet({days(14)}))));
    const auto needed = [&](TimeRange range) { return planMetrics(store, function, range, minutes(15)).value().one_period; };
    EXPECT_FALSE(needed(days(14)));
    EXPECT_FALSE(needed({at(60), at(60) + days(14).length()})) << "0.5 % of 14 days is 100 minutes";
    EXPECT_TRUE(needed({at(200), at(200) + days(14).length()}));
    EXPECT_TRUE(needed(days(2)));
}

TEST(Plans, ProblemsTouchWhatTheyName) {
    const auto problem = [](std::string scope, ErrorCode code) {
        return platform::Problem{std::move(scope), "x", Error{code, "", "", ""}, {}};
    };
    Function function = store::makeFunction("arn:f", "chat", "us-east-1");
    EXPECT_TRUE(touches(problem("us-east-1", ErrorCode::throttled), function));
    EXPECT_TRUE(touches(problem("us-east-1/chat", ErrorCode::throttled), function));
    EXPECT_FALSE(touches(problem("us-east-1/ocr", ErrorCode::throttled), function));
    EXPECT_FALSE(touches(problem("eu-west-1", ErrorCode::throttled), function));
    EXPECT_TRUE(touches(problem("CloudWatch", ErrorCode::network), function));
    EXPECT_FALSE(touches(problem("us-east-1", ErrorCode::unsupported), function)) << "asking again gives no more";
}

TEST(Plans, InvocationsAreCountedFromTheFinestSeries) {
    store::Workspace workspace;
    auto store = workspace.writer();
    const auto fine = store::key(Metric::invocations, Statistic::sum),
               coarse = store::key(Metric::invocations, Statistic::sum, "arn:f", seconds(3600));
    const std::vector<MetricSeries> series{{fine, {{at(60), 5}, {at(65), 7}}, RangeSet({range(60, 120)})},
                                           {coarse, {{at(0), 100}, {at(60), 999}}, RangeSet({range(0, 120)})}};
    ASSERT_OK(store.putSeries(series));
    EXPECT_EQ(countInvocations(store, "arn:f", RangeSet({range(0, 120)})).value(), 112);
    EXPECT_EQ(countInvocations(store, "arn:f", RangeSet({range(30, 65)})).value(), 55) << "half of the hour, and one period";
    EXPECT_EQ(countInvocations(store, "arn:f", RangeSet({range(100, 130)})).value(), std::nullopt) << "part of it was never read";
    EXPECT_EQ(countInvocations(store, "arn:f", RangeSet()).value(), 0);
}

TEST(Plans, LogLinesWithinWhatIsLeftOfTheBudget) {
    store::Workspace workspace;
    auto store = workspace.writer();
    const Function function = store::makeFunction("arn:f", "f");
    auto plan = planLogs(store, function, range(0, 1000), 500, at(1000), minutes(15)).value();
    EXPECT_TRUE(plan.ask);
    EXPECT_EQ(plan.request.expected_invocations, 0) << "unknown";
    EXPECT_EQ(plan.request.line_budget, 500);

    MetricSeries invocations{store::key(Metric::invocations, Statistic::sum), {}, RangeSet({range(0, 1000)})};
    for (int minute = 0; minute < 500; minute += 5) invocations.points.push_back({at(minute), 10});
    ASSERT_OK(store.putSeries(std::vector{invocations}));
    ASSERT_OK(store.putInvocations("arn:f", InvocationLog{{}, RangeSet({range(0, 100)}), {}}));
    plan = planLogs(store, function, range(0, 1000), 500, at(1000), minutes(15)).value();
    EXPECT_EQ(plan.request.line_budget, 300) << "200 are known in full";
    EXPECT_EQ(plan.request.expected_invocations, 800);
    EXPECT_TRUE(plan.request.known_complete.covers(range(0, 100)));

    ASSERT_OK(store.putInvocations("arn:f", InvocationLog{{}, RangeSet({range(0, 500)}), {}}));
    plan = planLogs(store, function, range(0, 1000), 500, at(1000), minutes(15)).value();
    EXPECT_EQ(plan.idle, RangeSet({range(500, 985)})) << "nothing ran; the newest part may still show something";
    EXPECT_TRUE(plan.ask);
    EXPECT_EQ(plan.request.line_budget, 0);
}

}  // namespace
}  // namespace pilotlight::sync
