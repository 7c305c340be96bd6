// Figures that are kept for tables against figures computed now.
#include <gtest/gtest.h>

#include "app/common/thread_pool.h"
#include "core/store/store.h"
#include "core/workspace.h"
#include "tests/support/big_store.h"
#include "tests/support/data.h"

namespace pilotlight {
namespace {

constexpr hours kFortnight{24 * 14};

class Summaries : public ::testing::Test {
protected:
    void SetUp() override {
        const auto made = test::makeBigStore(path(), {.functions = 70, .points = 140'000, .lines = 400}, pool_);
        ASSERT_TRUE(made) << made.error().text();
        auto opened = Workspace::open({.directory = path(), .program = "test"}, pool_);
        ASSERT_TRUE(opened) << opened.error().text();
        workspace_.emplace(std::move(*opened));
    }
    std::string path() const { return directory_.path().string(); }
    store::Store writer() const { return std::move(*store::Store::open(path(), {.access = store::Access::write, .holder = "test"})); }
    TimeRange lately(milliseconds length = kFortnight) {
        const auto now = workspace_->now();
        return {now - length, now};
    }
    // The range that was kept: all lengths end together, and the fortnight's begin was read.
    TimeRange kept(milliseconds length = kFortnight) {
        const auto end = workspace_->functions(lately(), Figures::kept).value().front().period.begin + kFortnight;
        return {end - length, end};
    }
    static void expectSame(const FunctionRow& a, const FunctionRow& b) {
        EXPECT_EQ(a.function.id, b.function.id);
        EXPECT_EQ(a.period, b.period);
        EXPECT_EQ(a.covered, b.covered);
        EXPECT_EQ(a.invocations, b.invocations);
        EXPECT_EQ(a.errors, b.errors);
        EXPECT_EQ(a.throttles, b.throttles);
        EXPECT_EQ(a.p50_ms, b.p50_ms);
        EXPECT_EQ(a.p95_ms, b.p95_ms);
        EXPECT_EQ(a.p99_ms, b.p99_ms);
        EXPECT_EQ(a.cold_start_share, b.cold_start_share);
        EXPECT_EQ(a.max_memory_used_mb, b.max_memory_used_mb);
        EXPECT_EQ(a.cost, b.cost);
        EXPECT_EQ(a.cost_note, b.cost_note);
        EXPECT_EQ(a.cost_by_meter, b.cost_by_meter);
        EXPECT_EQ(a.sparkline, b.sparkline);
    }

    test::TemporaryDirectory directory_;
    common::ThreadPool pool_{3};
    std::optional<Workspace> workspace_;
};

TEST_F(Summaries, KeptRowsAreTheComputedOnes) {
    for (const milliseconds length : {milliseconds(hours(24)), milliseconds(hours(24 * 7)), milliseconds(kFortnight), milliseconds(hours(24 * 30))}) {
        const auto range = kept(length);
        const auto stored = workspace_->functions(lately(length), Figures::kept).value();
        const auto computed = workspace_->functions(range).value();
        ASSERT_EQ(stored.size(), 70u);
        ASSERT_EQ(computed.size(), 70u);
        for (std::size_t i = 0; i < stored.size(); ++i) expectSame(stored[i], computed[i]);
        EXPECT_LT(range.end, lately(length).end) << "kept since the store was made";
    }
    const auto rows = workspace_->functions(lately(), Figures::kept).value();
    for (const auto& row : rows) {
        EXPECT_NEAR(static_cast<double>(row.invocations.value_or(0)), 400, 1);
        EXPECT_TRUE(row.p95_ms);
        EXPECT_TRUE(row.cold_start_share);
        EXPECT_TRUE(row.cost) << row.cost_note;
    }
}

TEST_F(Summaries, KeptCostsAreTheComputedOnes) {
    const auto range = kept();
    const auto stored = workspace_->costs(lately(), CostKind::computed, Figures::kept).value();
    const auto computed = workspace_->costs(range, CostKind::computed).value();
    ASSERT_GT(computed.size(), 70u);
    ASSERT_EQ(stored.size(), computed.size());
    for (std::size_t i = 0; i < stored.size(); ++i) {
        EXPECT_EQ(stored[i].function_id, computed[i].function_id);
        EXPECT_EQ(stored[i].meter, computed[i].meter);
        EXPECT_EQ(stored[i].period, computed[i].period);
        EXPECT_EQ(stored[i].amount, computed[i].amount);
        EXPECT_EQ(stored[i].estimated, computed[i].estimated);
        EXPECT_EQ(stored[i].source, computed[i].source);
    }
}

// A day whose usage was read to noon would make the bill look twice too high.
TEST_F(Summaries, TheBillIsComparedOnDaysThatWereReadWhole) {
    const auto today = floorTo(workspace_->now(), hours(24));
    const TimeRange range{today - hours(24 * 5), today + hours(24)};
    std::vector<CostLine> bill;
    for (auto day = range.begin; day < range.end; day += hours(24))
        bill.push_back({.profile = "fleet", .meter = meter::kDuration, .period = {day, day + hours(24)}, .amount = Money::fromDouble(1), .kind = CostKind::billed});
    ASSERT_TRUE(writer().putCosts("fleet", range, bill));
    const auto check = workspace_->billCheck(range).value();
    ASSERT_TRUE(check.days.contains("fleet"));
    EXPECT_FALSE(check.days.at("fleet").contains(today)) << "it is not over";
    EXPECT_TRUE(check.days.at("fleet").contains(today - hours(48)));
    Money billed;
    for (const auto& row : check.rows) billed += row.billed.value_or(Money{});
    EXPECT_EQ(billed, Money::fromDouble(static_cast<double>(check.days.at("fleet").size())));
}

// Days before the first look at the settings cost what was seen first, whatever was changed since.
TEST_F(Summaries, DaysBeforeTheFirstLookAreNotThoseOfALaterChange) {
    const auto now = workspace_->now();
    const TimeRange before{floorTo(now, hours(24)) - hours(24 * 4), floorTo(now, hours(24)) - hours(24)};
    const auto sum = [&] {
        std::map<std::string, Money> meters;
        const auto lines = workspace_->costs(before, CostKind::computed).value();
        for (const auto& line : lines) meters[line.meter] += line.amount;
        return meters;
    };
    const auto first = sum();
    ASSERT_FALSE(first.empty());
    auto store = writer();
    auto changed = store.functions().value().front();
    changed.settings_as_of = now + hours(1);
    changed.qualifiers = {Qualifier{.name = "live", .kind = "alias", .version = "1", .warm_pool = 40}};
    const auto put = store.putFunction(changed);
    ASSERT_TRUE(put) << put.error().text();
    EXPECT_EQ(sum(), first);
}

TEST_F(Summaries, OtherRangesAreComputedNow) {
    const auto far = TimeRange{lately().begin - hours(8), lately().end - hours(8)};  // moved by more than 2 %
    for (const TimeRange range : {far, lately(hours(24 * 3))}) {
        const auto rows = workspace_->functions(range, Figures::kept).value();
        const auto& row = rows.front();
        EXPECT_EQ(range.length() > hours(24 * 3) ? row.period.end : row.period.begin, range.length() > hours(24 * 3) ? range.end : range.begin);
        EXPECT_EQ(row.covered, row.period.length());
    }
}

TEST_F(Summaries, AWriteOutdatesItsFunctionOnly) {
    const auto before = workspace_->functions(lately(), Figures::kept).value();
    const auto& changed = before[3].function;
    const auto other = before[5].function.id;
    {
        auto store = writer();
        EXPECT_TRUE(store.outdatedSummaries("fleet").value().empty());
        auto log = store.invocations(changed.id, lately()).value();
        log.invocations.resize(1);
        log.invocations[0].time = lately().end - hours(2);
        log.invocations[0].max_memory_used_mb = 7777;
        log.invocations[0].request = 4711;
        ASSERT_TRUE(store.putInvocations(changed.id, log));
        EXPECT_EQ(store.outdatedSummaries("fleet").value(), std::vector{changed.id});
        MetricSeries nothing_new{{other, "", Metric::errors, Statistic::sum, seconds(300)}, {}, {}};
        nothing_new.coverage.add(lately(hours(1)));
        ASSERT_TRUE(store.putSeries(std::vector{nothing_new}));
        EXPECT_EQ(store.outdatedSummaries("fleet").value().size(), 2u);
    }
    EXPECT_EQ(workspace_->functions(lately(), Figures::kept).value()[3].max_memory_used_mb, before[3].max_memory_used_mb) << "kept until computed anew";
    ASSERT_TRUE(workspace_->summarise({}));
    EXPECT_EQ(workspace_->functions(lately(), Figures::kept).value()[3].max_memory_used_mb, 7777);
    EXPECT_TRUE(writer().outdatedSummaries("fleet").value().empty());
    // Prices of a region and factors of a profile are part of the figures.
    {
        auto store = writer();
        PriceBook book;
        book.platform = "aws";
        book.region = "eu-west-1";
        book.architecture = "x86_64";
        ASSERT_TRUE(store.putPriceBook(book));
        const auto outdated = store.outdatedSummaries("fleet").value();
        EXPECT_GT(outdated.size(), 10u);
        for (const auto& id : outdated) EXPECT_NE(id.find(":eu-west-1:"), std::string::npos);
        auto profile = store.profile("fleet").value();
        profile.price_factors["duration"] = 0.5;
        ASSERT_TRUE(store.putProfile(profile));
        EXPECT_EQ(store.outdatedSummaries("fleet").value().size(), 70u);
    }
}

TEST_F(Summaries, WhatCannotBeReadIsComputedNow) {
    const auto before = workspace_->functions(lately(), Figures::kept).value();
    {
        auto store = writer();
        std::vector<store::Store::Summary> damaged;
        for (const char* kind : {"row/1209600", "cost/1209600"}) {
            const auto all = store.summaries(kind).value();
            ASSERT_EQ(all.size(), 70u);
            for (const char* body : {"", "{", "[]", R"({"period":[1]})"}) {
                damaged.push_back(all[damaged.size()]);
                damaged.back().body = body;
            }
        }
        ASSERT_TRUE(store.putSummaries(damaged));
    }
    const auto after = workspace_->functions(lately(), Figures::kept).value();
    for (std::size_t i = 0; i < after.size(); ++i) EXPECT_EQ(after[i].invocations, before[i].invocations);
    EXPECT_TRUE(workspace_->costs(lately(), CostKind::computed, Figures::kept));
}

TEST_F(Summaries, GoWithTheirProfile) {
    auto store = writer();
    ASSERT_TRUE(store.removeProfile("fleet"));
    EXPECT_TRUE(store.summaries("row/1209600").value().empty());
}

}  // namespace
}  // namespace pilotlight
