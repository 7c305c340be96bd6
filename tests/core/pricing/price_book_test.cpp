// Every cell of the bundled book, tiers, and the traps of published price tools (hour as month, 1,000-fold units, free grants).
#include "core/pricing/price_book.h"

#include <gtest/gtest.h>
#include <rapidcheck.h>

#include <set>

namespace pilotlight::pricing {
namespace {

Money usd(const char* text) { return Money::parse(text).value(); }

PriceBook book(const char* architecture = "x86_64", const char* region = "us-east-1") {
    return bundledBook("aws", region, architecture).value();
}

struct Cell {
    const char *region, *architecture, *meter;
    std::size_t tier;
    double from;
    const char* usd;
};

class GoldenCell : public testing::TestWithParam<Cell> {};

TEST_P(GoldenCell, IsTheSourcedNumber) {
    const Cell& cell = GetParam();
    const auto found = bundledBook("aws", cell.region, cell.architecture);
    ASSERT_TRUE(found);
    const Price* price = found->find(cell.meter);
    ASSERT_NE(price, nullptr);
    ASSERT_GT(price->tiers.size(), cell.tier);
    EXPECT_EQ(price->tiers[cell.tier].from, cell.from);
    EXPECT_EQ(price->tiers[cell.tier].price, usd(cell.usd));
    EXPECT_FALSE(price->source.empty());
    EXPECT_FALSE(price->source_id.empty());
}

INSTANTIATE_TEST_SUITE_P(UsEast1, GoldenCell,
                         testing::Values(Cell{"us-east-1", "x86_64", "requests", 0, 0, "0.0000002"},
                                         Cell{"us-east-1", "arm64", "requests", 0, 0, "0.0000002"},
                                         Cell{"us-east-1", "x86_64", "duration", 0, 0, "0.0000166667"},
                                         Cell{"us-east-1", "x86_64", "duration", 1, 6e9, "0.000015"},
                                         Cell{"us-east-1", "x86_64", "duration", 2, 15e9, "0.0000133334"},
                                         Cell{"us-east-1", "arm64", "duration", 0, 0, "0.0000133334"},
                                         Cell{"us-east-1", "arm64", "duration", 1, 7.5e9, "0.0000120001"},
                                         Cell{"us-east-1", "arm64", "duration", 2, 18.75e9, "0.0000106667"},
                                         Cell{"us-east-1", "x86_64", "warm_pool", 0, 0, "0.0000041667"},
                                         Cell{"us-east-1", "arm64", "warm_pool", 0, 0, "0.0000033334"},
                                         Cell{"us-east-1", "x86_64", "warm_pool_duration", 0, 0, "0.0000097222"},
                                         Cell{"us-east-1", "arm64", "warm_pool_duration", 0, 0, "0.0000077778"},
                                         Cell{"us-east-1", "x86_64", "ephemeral_storage", 0, 0, "0.0000000309"},
                                         Cell{"us-east-1", "arm64", "ephemeral_storage", 0, 0, "0.0000000309"}));
INSTANTIATE_TEST_SUITE_P(Elsewhere, GoldenCell,
                         testing::Values(Cell{"eu-west-1", "x86_64", "duration", 0, 0, "0.0000166667"},
                                         Cell{"ap-southeast-1", "arm64", "duration", 0, 0, "0.0000133334"},
                                         Cell{"af-south-1", "x86_64", "duration", 0, 0, "0.0000221"},
                                         Cell{"ap-east-1", "x86_64", "duration", 0, 0, "0.00002292"},
                                         Cell{"ap-east-1", "x86_64", "requests", 0, 0, "0.00000028"},
                                         Cell{"eu-south-1", "x86_64", "duration", 0, 0, "0.0000195172"},
                                         Cell{"me-south-1", "x86_64", "duration", 0, 0, "0.0000206667"},
                                         Cell{"eu-west-2", "x86_64", "ephemeral_storage", 0, 0, "0.0000000358"}));

TEST(BundledBooks, HaveNoRowWithoutSourceAndNoBookTwice) {
    std::set<std::string> seen;
    for (const auto& each : bundledBooks()) {
        EXPECT_TRUE(seen.insert(each.platform + "/" + each.region + "/" + each.architecture).second) << each.region;
        EXPECT_TRUE(each.bundled);
        EXPECT_FALSE(each.publication.empty());
        EXPECT_GT(each.valid_from.time_since_epoch().count(), 0);
        for (const auto& price : each.prices) {
            EXPECT_FALSE(price.source.empty());
            EXPECT_EQ(price.tiers.front().from, 0.0);
            for (std::size_t i = 1; i < price.tiers.size(); ++i) EXPECT_LT(price.tiers[i - 1].from, price.tiers[i].from);
        }
    }
    // AWS: us-east-1 and eight equal regions, two architectures each; five exceptions. Google: 20 regions of Tier 1, 23 of Tier 2. Azure: 3.
    EXPECT_EQ(bundledBooks().size(), 23u + 43u + 3u);
    EXPECT_FALSE(bundledBook("aws", "sa-east-1", "x86_64"));
    EXPECT_EQ(describe(book()), "us-east-1 prices of 2026-09-19 (bundled)");
}

TEST(LambdaCost, PricesAMonthByHand) {
    Usage usage;
    usage.requests = 3'000'000;
    usage.duration_ms_billed = 3'000'000 * 120.0;  // 360,000 s
    usage.init_ms_billed = 10'000 * 800.0;         // 8,000 s
    const auto cost = lambdaCost(usage, Megabytes{1536}, Megabytes{512}, book(), {}).value();
    EXPECT_EQ(cost.at("requests"), usd("0.6"));
    EXPECT_EQ(cost.at("duration"), usd("9.000018"));  // 540,000 GB-s
    EXPECT_EQ(cost.at("init"), usd("0.2000004"));     // 12,000 GB-s
    EXPECT_EQ(cost.size(), 3u);                       // no storage charge for the 512 MB that are included
    EXPECT_EQ(sum(cost), usd("9.8000184"));
}

TEST(LambdaCost, MegabytesAreDividedBy1024) {  // trap 3
    Usage usage;
    usage.duration_ms_billed = 1000;
    EXPECT_EQ(lambdaCost(usage, Megabytes{1024}, Megabytes{512}, book(), {}).value().at("duration"), usd("0.0000166667"));
    EXPECT_EQ(lambdaCost(usage, Megabytes{128}, Megabytes{512}, book(), {}).value().at("duration"), usd("0.0000020833"));
}

TEST(LambdaCost,
     AMonthIsNotAnHour) {  // traps 2 and 4: quantities are totals of the period, prices are per unit, nothing is multiplied by 730
    Usage usage;
    usage.pool_instance_seconds = 2 * 2'592'000.0;
    EXPECT_EQ(lambdaCost(usage, Megabytes{1024}, Megabytes{512}, book(), {}).value().at("warm_pool"), usd("21.6001728"));
}

TEST(LambdaCost, NoFreeGrantIsTakenOff) {  // trap 2: it belongs to the account, not to a function
    Usage usage;
    usage.requests = 1000;
    EXPECT_EQ(lambdaCost(usage, Megabytes{128}, Megabytes{512}, book(), {}).value().at("requests"), usd("0.0002"));
}

TEST(LambdaCost, OneMillisecondIsTheUnit) {  // trap 6
    Usage usage;
    usage.duration_ms_billed = 1;
    EXPECT_EQ(lambdaCost(usage, Megabytes{10240}, Megabytes{512}, book(), {}).value().at("duration"), usd("0.0000001667"));
}

TEST(LambdaCost, MemoryTimesDurationIsSummedNotAveraged) {  // trap 1: two sizes are two usages
    Usage small, large;
    small.duration_ms_billed = 1'000'000;
    large.duration_ms_billed = 10'000;
    const Money exact = sum(lambdaCost(small, Megabytes{128}, Megabytes{512}, book(), {}).value()) +
                        sum(lambdaCost(large, Megabytes{10240}, Megabytes{512}, book(), {}).value());
    EXPECT_EQ(exact, usd("0.0037500075"));
}

TEST(LambdaCost, AMissingPriceIsNamedNotZero) {  // trap 5
    Usage usage;
    usage.requests = 1;
    usage.duration_ms_billed = 1;
    const auto cost = lambdaCost(usage, Megabytes{128}, Megabytes{512}, book("x86_64", "af-south-1"), {});
    ASSERT_FALSE(cost);
    EXPECT_EQ(cost.error().code, ErrorCode::not_found);
    EXPECT_NE(cost.error().what.find("requests"), std::string::npos);
    EXPECT_NE(cost.error().what.find("af-south-1"), std::string::npos);
}

TEST(LambdaCost, PoolStorageAndFactors) {
    Usage usage;
    usage.pool_instance_seconds = 3600;
    usage.pool_duration_ms_billed = 1'800'000;
    const auto cost = lambdaCost(usage, Megabytes{2048}, Megabytes{1536}, book("arm64"), {{"*", 0.5}, {"warm_pool", 0.9}}).value();
    EXPECT_EQ(cost.at("warm_pool"), usd("0.0216004320"));         // 7,200 GB-s x 0.0000033334 x 0.9
    EXPECT_EQ(cost.at("warm_pool_duration"), usd("0.01400004"));  // 3,600 GB-s x 0.0000077778 x 0.5
    EXPECT_EQ(cost.at("ephemeral_storage"), usd("0.00002781"));   // 1,800 s x 1 GB x 0.0000000309 x 0.5
}

TEST(LambdaCost, PoolBreaksEvenAtSixtyPercent) {  // 4.1667 + u 9.7222 = u 16.6667
    for (const char* architecture : {"x86_64", "arm64"}) {
        const PriceBook prices = book(architecture);
        const double kept = prices.find(meter::kPoolKept)->tiers[0].price.toDouble();
        const double run = prices.find(meter::kPoolDuration)->tiers[0].price.toDouble();
        EXPECT_NEAR(kept / (prices.find(meter::kDuration)->tiers[0].price.toDouble() - run), 0.60, 0.0005) << architecture;
    }
}

TEST(LambdaCost, RefusesNonsense) {
    Usage usage;
    usage.requests = -1;
    EXPECT_EQ(lambdaCost(usage, Megabytes{128}, Megabytes{512}, book(), {}).error().code, ErrorCode::invalid_argument);
    usage.requests = NAN;
    EXPECT_EQ(lambdaCost(usage, Megabytes{128}, Megabytes{512}, book(), {}).error().code, ErrorCode::invalid_argument);
}

TEST(TieredCost, CrossesTiersByHand) {
    const PriceBook prices = book();
    const Price& duration = *prices.find(meter::kDuration);
    EXPECT_EQ(tieredCost(duration, 6e9, 0), usd("100000.2"));
    EXPECT_EQ(tieredCost(duration, 20e9, 0), usd("100000.2") + usd("135000") + usd("66667"));
    EXPECT_EQ(tieredCost(duration, 2, 6e9 - 1), usd("0.0000316667"));
    EXPECT_EQ(tieredCost(duration, 1, 15e9), usd("0.0000133334"));
    EXPECT_EQ(tieredCost(duration, 0, 5), Money{});
}

TEST(TieredCost, IsAdditive) {
    const PriceBook prices = book();
    const Price duration = *prices.find(meter::kDuration);
    EXPECT_TRUE(rc::check("cost(a) then cost(b) after a = cost(a + b), within one rounding a tier", [&] {
        const double before = *rc::gen::inRange<std::int64_t>(0, 20'000'000'000);
        const double a = *rc::gen::inRange<std::int64_t>(0, 20'000'000'000);
        const double b = *rc::gen::inRange<std::int64_t>(0, 20'000'000'000);
        const Money parts = tieredCost(duration, a, before) + tieredCost(duration, b, before + a);
        const Money whole = tieredCost(duration, a + b, before);
        RC_ASSERT(std::abs((parts - whole).units()) <= 4);
    }));
    EXPECT_TRUE(rc::check("more costs no less", [&] {
        const double before = *rc::gen::inRange<std::int64_t>(0, 20'000'000'000);
        const double a = *rc::gen::inRange<std::int64_t>(0, 20'000'000'000);
        const double b = *rc::gen::inRange<std::int64_t>(0, 20'000'000'000);
        RC_ASSERT(tieredCost(duration, a + b, before) >= tieredCost(duration, a, before));
    }));
}

}  // namespace
}  // namespace pilotlight::pricing
