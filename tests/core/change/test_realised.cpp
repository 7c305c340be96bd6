// What a change to instances that are billed for their whole life came to, from an hour of measurement.
#include <gtest/gtest.h>

#include "core/change/realised.h"
#include "core/pricing/price_book.h"
#include "tests/support/data.h"

namespace pilotlight::change {
namespace {

const Timestamp kChange = parseIso8601("2026-11-24T02:00:00Z").value();  // at night
constexpr seconds kPeriod{300};

class InstancesBilled : public ::testing::Test {
protected:
    InstancesBilled() {
        auto opened = store::Store::open(workspace.path().string(), {.access = store::Access::write, .holder = "test"});
        if (!opened) abort();
        store.emplace(std::move(*opened));
        profile.name = "cloud";
        profile.platform = PlatformKind::azure;
        (void)store->putProfile(profile);
        before.id = "/subscriptions/s/resourcegroups/g/providers/microsoft.web/sites/review";
        before.name = "review";
        before.profile = profile.name;
        before.platform = PlatformKind::azure;
        before.region = "eastus";
        before.memory = Megabytes{3584};
        before.vcpu = 1;
        before.concurrency = 8;
        before.untuned = {{untuned_key::kKind, "premium"}, {untuned_key::kBilling, "instance"}};
        before.qualifiers = {Qualifier{.kind = "plan", .warm_pool = 2}};
        before.last_modified = kChange - hours(24 * 20);
        now = before;
        now.qualifiers.front().warm_pool = 1;
        (void)store->putFunctions(profile.name, std::vector{now}, std::vector<std::string>{"eastus"});
    }

    // Two instances, of which the minimum is two; three between 9 and 15 h.
    static double instancesBefore(Timestamp time) {
        const auto hour = (time.time_since_epoch() % hours(24)) / hours(1);
        return hour >= 9 && hour < 15 ? 3 : 2;
    }
    template <typename F>
    void fill(TimeRange range, F&& instances) {
        std::vector<MetricSeries> all;
        for (const auto& [metric, statistic] : {std::pair{Metric::invocations, Statistic::sum}, {Metric::billable_time, Statistic::sum}}) {
            MetricSeries series{{before.id, "", metric, statistic, kPeriod}, {}, RangeSet({range})};
            for (Timestamp t = range.begin; t < range.end; t += kPeriod)
                series.points.push_back({t, metric == Metric::invocations ? 40.0 : instances(t) * static_cast<double>(kPeriod.count())});
            all.push_back(std::move(series));
        }
        ASSERT_TRUE(store->putSeries(all));
    }
    Realised measure(Timestamp until) {
        Change change;
        change.function_id = before.id;
        change.started = change.applied = kChange;
        Plan plan;
        plan.before = before;
        auto measured = measureRealised(*store, profile, change, plan, now, until);
        EXPECT_TRUE(measured) << measured.error().text();
        return *measured;
    }
    // One instance for 30 days, USD.
    [[nodiscard]] double instanceMonth() const {
        const auto book = pricing::bundledBook("azure", "eastus", "x86_64");
        pricing::Usage usage;
        usage.instance_seconds = 30 * 86'400;
        return pricing::sum(pricing::functionCost(usage, pricing::shapeOf(now, now.memory), book.value(), {}).value()).toDouble();
    }

    test::TemporaryDirectory workspace;
    std::optional<store::Store> store;
    Profile profile;
    Function before, now;
};

TEST_F(InstancesBilled, ANightHourIsNotTheMonth) {
    fill({kChange - hours(24 * 14), kChange}, instancesBefore);
    fill({kChange, kChange + hours(1)}, [](Timestamp) { return 1.0; });
    const Realised realised = measure(kChange + hours(1));
    ASSERT_TRUE(realised.saving_month);
    // An instance less in 18 of 24 hours. In the other six three were needed, and will be.
    EXPECT_NEAR(realised.saving_month->value.toDouble(), instanceMonth() * 18 / 24, 0.01);
    EXPECT_LT(realised.saving_month->lo.toDouble(), instanceMonth() * 0.1) << "nothing was measured of those hours";
    EXPECT_LT(realised.saving_month->hi.toDouble(), instanceMonth() * 0.85);
    ASSERT_TRUE(realised.effect.cost_usd_month);
    EXPECT_NEAR(realised.effect.cost_usd_month->before, instanceMonth() * 2.25, 0.01);
    EXPECT_NEAR(realised.effect.cost_usd_month->after, instanceMonth() * 1.5, 0.01);
}

TEST_F(InstancesBilled, AWholeDayHoldsEveryHour) {
    fill({kChange - hours(24 * 14), kChange}, instancesBefore);
    fill({kChange, kChange + hours(24)}, [](Timestamp t) { return instancesBefore(t) == 3 ? 3.0 : 1.25; });
    const Realised realised = measure(kChange + hours(24));
    ASSERT_TRUE(realised.saving_month);
    EXPECT_NEAR(realised.saving_month->value.toDouble(), instanceMonth() * 18 / 24 * 0.75, 0.01);
}

TEST_F(InstancesBilled, WithoutCountsNothingIsSaid) {
    EXPECT_FALSE(measure(kChange + hours(1)).saving_month);
}

}  // namespace
}  // namespace pilotlight::change
