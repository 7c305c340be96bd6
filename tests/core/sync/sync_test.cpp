// Whole runs against an account behind the HttpClient seam: complete, cheap the second time, partial where refused, whole after any death.
#include "core/sync/sync.h"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "core/sync/planning.h"
#include "tests/core/store/process_support.h"
#include "tests/core/store/store_support.h"
#include "tests/core/sync/fake_aws.h"

namespace pilotlight::sync {
namespace {

using store::Access;

struct Account {
    std::shared_ptr<FakeClock> clock = std::make_shared<FakeClock>(parseIso8601("2026-11-20T10:07:30Z").value());
    std::shared_ptr<FakeAws> http = std::make_shared<FakeAws>(clock);
    std::unique_ptr<platform::Platform> platform = makeAws(http, clock);

    SyncOptions options() const { return until(clock->now(), hours(48)); }
    // A stretch that is over: nothing of it depends on when it is read (waiting for the API's rate moves the clock).
    SyncOptions past() const { return until(parseIso8601("2026-11-20T08:00:00Z").value(), hours(12)); }
    static SyncOptions until(Timestamp end, hours length) {
        SyncOptions options;
        options.range = {end - length, end};
        options.prices = false;
        return options;
    }
    Result<SyncReport> sync(store::Store& store, const SyncOptions& options, const JobContext& job = {}) {
        auto report = run(store, *platform, options, job);
        return report;
    }
};

std::string text(const std::vector<platform::Problem>& problems) {
    std::string all;
    for (const auto& each : problems) all += each.scope + " " + each.operation + ": " + each.error.text() + "\n";
    return all;
}

// Everything that a sync leaves behind, as comparable text.
std::string contents(const store::Store& store, TimeRange range, bool marks = true) {
    std::string all;
    const auto functions = store.functions().value();
    for (const Function& function : functions) {
        all += function.id + "\n";
        const auto keys = store.seriesKeys(function.id).value();
        for (const SeriesKey& key : keys) {
            if (key.period > hours(1)) continue;  // single figures over a range: as many as there were runs
            const MetricSeries series = store.series(key, range).value();
            all += std::string(name(key.metric)) + " " + name(key.statistic) + " " + std::to_string(key.period.count()) + " covered " +
                   formatRanges(series.coverage) + "\n";
            for (const MetricPoint& point : series.points)
                all += std::to_string(point.time.time_since_epoch().count()) + "=" + std::to_string(point.value) + " ";
            all += "\n";
        }
        const InvocationLog log = store.invocations(function.id, range).value();
        all += "complete " + formatRanges(log.complete) + " cold " + formatRanges(log.cold_only) + "\n";
        for (const Invocation& row : log.invocations)
            all += std::to_string(row.time.time_since_epoch().count()) + "/" + std::to_string(row.request) + "/" +
                   std::to_string(row.duration_ms) + " ";
        if (marks) all += "\nmark " + store.note(metricsMark(function.id)).value().value_or("none") + "\n";
    }
    const auto costs = store.costs(range).value();
    for (const CostLine& line : costs) all += line.usage_type + line.amount.toDecimal() + name(line.kind) + "\n";
    return all;
}

TEST(Sync, ReadsWhatTheEndpointHolds) {
    store::Workspace workspace;
    auto store = workspace.writer();
    Account account;
    const SyncOptions options = account.past();
    const auto report = account.sync(store, options);
    ASSERT_OK(report);
    EXPECT_EQ(text(report->problems), "");
    EXPECT_EQ(report->functions, 3);
    EXPECT_GT(report->points, 1'000);
    EXPECT_GT(report->cost_lines, 0);
    EXPECT_EQ(store.limits("prod", "us-east-1").value()->unreserved_concurrent_executions, 900);

    for (const std::string function : {"chat", "ocr", "idle"}) {
        const SeriesKey key{idOf(function), "", Metric::invocations, Statistic::sum, seconds(300)};
        const MetricSeries series = store.series(key, options.range).value();
        std::vector<MetricPoint> expected;
        std::int64_t lines = 0;
        for (Timestamp t = ceilTo(options.range.begin, seconds(300)); t < options.range.end; t += seconds(300)) {
            if (const auto v = account.http->value(function, "Invocations", "Sum", t, seconds(300))) expected.push_back({t, *v});
        }
        EXPECT_EQ(series.points, expected) << function;
        EXPECT_TRUE(series.coverage.covers({options.range.begin, floorTo(options.range.end, seconds(300))})) << function;
        const InvocationLog log = store.invocations(idOf(function), options.range).value();
        const TimeRange settled = options.range;
        EXPECT_TRUE(log.complete.covers(settled)) << function << " " << formatRanges(log.complete);
        for (Timestamp slot = floorTo(settled.begin, seconds(300)); slot < settled.end; slot += seconds(300)) {
            for (const Timestamp start : account.http->starts(function, slot)) lines += settled.contains(start);
        }
        const auto stored = std::count_if(log.invocations.begin(), log.invocations.end(),
                                          [&](const Invocation& row) { return settled.contains(row.time); });
        EXPECT_EQ(stored, lines) << function;
    }
    const auto imports = store.imports(5).value();
    ASSERT_EQ(imports.size(), 1u);
    EXPECT_EQ(imports[0].kind, "sync");
    EXPECT_EQ(imports[0].points, report->points);
    EXPECT_EQ(imports[0].invocations, report->invocations);
    EXPECT_TRUE(imports[0].problems.empty());
    EXPECT_EQ(account.http->calls["FilterLogEvents"] > 0, true);
}

TEST(Sync, TheSecondTimeOnlyTheNewestPartIsRead) {
    store::Workspace workspace;
    auto store = workspace.writer();
    Account account;
    ASSERT_OK(account.sync(store, account.options()));
    account.http->calls.clear();
    const auto again = account.sync(store, account.options());
    ASSERT_OK(again);
    EXPECT_EQ(account.http->calls["GetMetricData"], 1) << "the last quarter of an hour of all functions in one call";
    EXPECT_EQ(account.http->calls["GetCostAndUsage"], 0) << "bills are kept for eight hours";
    EXPECT_LT(again->points, 500);

    // Late points come in: after an hour the store holds what one undisturbed run at that time would give.
    const Timestamp first_end = account.clock->now();
    account.clock->advance(hours(1));
    const SyncOptions later = account.options();
    ASSERT_OK(account.sync(store, later));
    store::Workspace fresh;
    auto other = fresh.writer();
    ASSERT_OK(account.sync(other, later));
    const TimeRange settled{later.range.begin + hours(1), first_end + minutes(30)};
    EXPECT_TRUE(contents(store, settled, false) == contents(other, settled, false));
    account.clock->advance(hours(8));
    account.http->calls.clear();
    ASSERT_OK(account.sync(store, account.options()));
    EXPECT_GE(account.http->calls["GetCostAndUsage"], 1);
}

TEST(Sync, ARefusedPartIsAProblemAndNeverZero) {
    store::Workspace workspace;
    auto store = workspace.writer();
    Account account;
    account.http->refused = {"GetMetricData"};
    const SyncOptions options = account.past();
    const auto report = account.sync(store, options);
    ASSERT_OK(report);
    ASSERT_FALSE(report->problems.empty());
    EXPECT_EQ(report->problems[0].error.code, ErrorCode::permission_denied) << text(report->problems);
    EXPECT_EQ(report->functions, 3);
    EXPECT_GT(report->invocations, 0) << "the rest goes on";
    EXPECT_GT(report->cost_lines, 0);
    EXPECT_TRUE(store.seriesKeys(idOf("chat"))->empty());
    EXPECT_FALSE(store.note(metricsMark(idOf("chat"))).value());
    const auto record = store.imports(1).value().at(0);
    ASSERT_FALSE(record.problems.empty());
    const auto problem = nlohmann::json::parse(record.problems[0]);
    for (const char* key : {"scope", "operation", "code", "what", "meaning", "action", "permission", "policy"})
        EXPECT_TRUE(problem.contains(key)) << key;
    EXPECT_EQ(problem["code"], "permission_denied");

    account.http->refused.clear();
    const auto allowed = account.sync(store, options);
    ASSERT_OK(allowed);
    EXPECT_EQ(text(allowed->problems), "");
    EXPECT_TRUE(store.coverage({idOf("chat"), "", Metric::invocations, Statistic::sum, seconds(300)}, options.range)
                    ->covers({options.range.begin, options.range.end - minutes(10)}));
}

TEST(Sync, PartsThatFailOnTheirOwn) {
    for (const char* call : {"FilterLogEvents", "GetCostAndUsage", "GetAccountSettings", "ListAliases"}) {
        store::Workspace workspace;
        auto store = workspace.writer();
        Account account;
        account.http->refused = {call};
        const auto report = account.sync(store, account.past());
        ASSERT_OK(report);
        EXPECT_FALSE(report->problems.empty()) << call;
        EXPECT_GT(report->points, 2'000) << call;
    }
    store::Workspace workspace;  // prices are asked for, and the endpoint has none
    auto store = workspace.writer();
    Account account;
    SyncOptions options = account.past();
    options.prices = true;
    const auto report = account.sync(store, options);
    ASSERT_OK(report);
    ASSERT_EQ(report->problems.size(), 1u) << text(report->problems);
    EXPECT_EQ(report->problems[0].scope, "Prices");
}

TEST(Sync, OnlyTheFunctionsThatWereNamed) {
    store::Workspace workspace;
    auto store = workspace.writer();
    Account account;
    SyncOptions options = account.past();
    options.functions = {idOf("ocr"), "arn:nobody"};
    const auto report = account.sync(store, options);
    ASSERT_OK(report);
    EXPECT_TRUE(store.seriesKeys(idOf("chat"))->empty());
    EXPECT_FALSE(store.seriesKeys(idOf("ocr"))->empty());
    ASSERT_EQ(report->problems.size(), 1u);
    EXPECT_EQ(report->problems[0].error.code, ErrorCode::not_found);
}

TEST(Sync, TheLineBudgetHolds) {
    store::Workspace workspace;
    auto store = workspace.writer();
    Account account;
    account.http->per_slot = 40;  // about 23,000 lines in 48 hours
    SyncOptions options = account.options();
    options.log_lines_per_function = 2'000;
    ASSERT_OK(account.sync(store, options));
    const auto first = store.invocations(idOf("chat"), options.range).value();
    const auto warm = [](const InvocationLog& log) {
        return std::count_if(log.invocations.begin(), log.invocations.end(), [](const Invocation& row) { return !row.cold(); });
    };
    EXPECT_GT(warm(first), 1'000);
    EXPECT_LT(warm(first), 2'600);
    EXPECT_TRUE(first.cold_only.covers({options.range.begin, options.range.end - minutes(5)})) << "cold starts are always read";
    EXPECT_GE(first.complete.ranges().size(), 4u) << "a sample over the whole time, of no more calls than the whole would take";
    ASSERT_OK(account.sync(store, options));
    EXPECT_LT(warm(store.invocations(idOf("chat"), options.range).value()), 2'800) << "the budget is for the range, not for each run";
}

TEST(Sync, CancelledIsAnErrorAndKeepsWhatCame) {
    Account account;
    const SyncOptions options = account.past();
    store::Workspace calm;
    auto undisturbed = calm.writer();
    ASSERT_OK(account.sync(undisturbed, options));
    const int calls = account.http->total();
    store::Workspace workspace;
    auto store = workspace.writer();
    for (int stop_at = 1; stop_at < calls; stop_at += 3) {
        std::stop_source source;
        int seen = 0;
        account.http->before_each = [&] {
            if (++seen == stop_at) source.request_stop();
        };
        const auto report = account.sync(store, options, JobContext(source.get_token()));
        if (report) break;  // less is left to read each time
        EXPECT_EQ(report.error().code, ErrorCode::cancelled) << report.error().text();
        EXPECT_EQ(nlohmann::json::parse(store.imports(1).value().at(0).problems.back())["code"], "cancelled");
    }
    account.http->before_each = {};
    ASSERT_OK(account.sync(store, options));
    EXPECT_TRUE(contents(store, options.range) == contents(undisturbed, options.range));
}

TEST(Sync, WithoutConnectionOrCredentialsNothingIsTouched) {
    store::Workspace workspace;
    auto store = workspace.writer();
    Account account;
    ASSERT_OK(store.putFunctions("prod", std::vector{store::makeFunction(idOf("chat"), "chat")}, {}));
    SyncOptions options = account.past();
    options.range = {account.clock->now() + hours(1), account.clock->now() + hours(2)};
    EXPECT_EQ(account.sync(store, options).error().code, ErrorCode::invalid_argument);
    account.http->refused = {"ListFunctions"};
    const auto report = account.sync(store, account.past());
    ASSERT_OK(report);  // what is known already is refreshed
    EXPECT_FALSE(report->problems.empty());
    EXPECT_GT(report->points, 1'000);
    EXPECT_TRUE(store.function("chat"));
}

TEST(Sync, KilledAtManyPointsItEndsTheSame) {
    Account account;
    const SyncOptions options = account.past();
    store::Workspace calm;
    std::string expected;
    {
        auto undisturbed = calm.writer();
        ASSERT_OK(account.sync(undisturbed, options));
        expected = contents(undisturbed, options.range);
    }
    const int calls = account.http->total();
    ASSERT_GT(calls, 20);

    store::Workspace workspace;
    std::mt19937_64 random(3);
    int kills = 0;
    for (int round = 0; round < 30; ++round) {
        // By turns: at the n-th request, and at any moment (in the middle of a transaction, a commit, a parse).
        const int at_call = round % 2 == 0 ? 1 + static_cast<int>(random() % static_cast<std::uint64_t>(calls)) : 0;
        const pid_t child = store::inChild([&] {
            Account own;
            int seen = 0;
            if (at_call > 0)
                own.http->before_each = [&] {
                    if (++seen == at_call) raise(SIGKILL);
                };
            auto store = workspace.writer();
            return own.sync(store, options) ? 0 : 1;
        });
        if (at_call == 0) {
            usleep(static_cast<useconds_t>(1'000 + random() % 400'000));
            kill(child, SIGKILL);
        }
        const int code = store::waitFor(child);
        kills += code == -SIGKILL;
        ASSERT_TRUE(code == -SIGKILL || code == 0) << code;
        auto reader = workspace.tryOpen(Access::read);
        ASSERT_OK(reader);
        if (code == 0 && round < 20) {  // it came to its end: begin anew, so that the later kills have something to hit
            reader = workspace.tryOpen(Access::read);
            auto writer = workspace.writer();
            if (writer.profile("prod")) ASSERT_OK(writer.removeProfile("prod"));
            Profile profile;
            profile.name = "prod";
            ASSERT_OK(writer.putProfile(profile));
            ASSERT_OK(writer.removeProfile("prod"));
        }
    }
    EXPECT_GT(kills, 8);
    auto store = workspace.tryOpen(Access::write, milliseconds(0));
    ASSERT_OK(store);
    ASSERT_OK(account.sync(*store, options));
    EXPECT_TRUE(contents(*store, options.range) == expected);
    bool told = false;
    const auto imports = store->imports(100).value();
    for (const auto& record : imports) {
        for (const auto& problem : record.problems) told = told || problem.find("interrupted") != std::string::npos;
    }
    EXPECT_TRUE(told) << "an interrupted run is told of";
}

TEST(Estimate, SaysWhatAReadWouldCost) {
    store::Workspace workspace;
    auto store = workspace.writer();
    Account account;
    const SyncOptions options = account.past();
    const std::vector<Function> functions{store::makeFunction(idOf("chat"), "chat")};
    ASSERT_OK(store.putFunctions("prod", functions, {}));
    const int before = account.http->total();
    const auto whole = estimate(store, *account.platform, options, functions, 7).value();
    EXPECT_NE(whole.text.find("at most"), std::string::npos) << whole.text << ": nothing is known of its invocations";
    EXPECT_EQ(whole.calls - estimate(store, *account.platform, options, functions, 0)->calls, 7);
    EXPECT_EQ(account.http->total(), before) << "an estimate asks nobody";
    EXPECT_GT(whole.calls, 1);
    EXPECT_GT(whole.money, Money());
    ASSERT_OK(account.sync(store, options));
    // What a run a little later would find open.
    const auto rest = estimate(store, *account.platform, options, functions, 7).value();
    EXPECT_LT(rest.calls, whole.calls);
}

}  // namespace
}  // namespace pilotlight::sync
