// Every cell of price tier x billing mode x warm pool, worked out by hand from the published rates. An hour of work: 3,600 s of active time and a
// million requests; with a pool, half of the work runs on two instances that are kept for that hour. The traps of published price tools are
// named where a cell would fall into them.
#include <gtest/gtest.h>

#include "core/pricing/azure_cost.h"
#include "core/pricing/cloud_run_cost.h"
#include "core/pricing/price_book.h"

namespace pilotlight::pricing {
namespace {

struct Cell {
    const char *name, *platform, *region, *architecture;
    InstanceShape shape;
    bool pool;
    const char* usd;      // nullptr: unknown,
    const char* missing;  // and the rate that is
};

InstanceShape run(bool instance_based, double vcpu = 1, int memory = 1024) {
    InstanceShape shape;
    shape.memory = Megabytes{memory};
    shape.vcpu = vcpu;
    shape.instance_based = instance_based;
    return shape;
}
InstanceShape gpu(bool redundant) {
    auto shape = run(true, 4, 16384);
    shape.accelerator = "1 x nvidia-l4";
    shape.accelerator_redundant = redundant;
    return shape;
}
InstanceShape otherGpu() {
    auto shape = gpu(true);
    shape.accelerator = "1 x nvidia-h100";
    return shape;
}
InstanceShape gen1() {
    auto shape = run(false, 0, 512);
    shape.first_generation = true;
    return shape;
}
InstanceShape azure(const char* plan, int memory, double vcpu) {
    auto shape = run(false, vcpu, memory);
    shape.plan = plan;
    return shape;
}

Usage usageOf(const Cell& cell) {
    Usage usage;
    usage.requests = 1e6;
    usage.duration_ms_billed = cell.pool ? 1'800'000 : 3'600'000;
    if (cell.pool) {
        usage.pool_duration_ms_billed = 1'800'000;
        usage.pool_instance_seconds = 7'200;
    }
    // What lives by the instance is measured as such where there is no pool; else it follows from work and pool.
    if (!cell.pool && (cell.shape.instance_based || cell.shape.plan == "premium")) usage.instance_seconds = 7'200;
    return usage;
}

class PriceCell : public testing::TestWithParam<Cell> {};

TEST_P(PriceCell, IsWorkedOutByHand) {
    const Cell& cell = GetParam();
    const auto book = bundledBook(cell.platform, cell.region, cell.architecture);
    ASSERT_TRUE(book);
    const auto lines = functionLines(usageOf(cell), cell.shape, *book, {});
    if (cell.usd == nullptr) {
        ASSERT_FALSE(lines) << "what no source tells is unknown, never zero";
        EXPECT_NE(lines.error().what.find(cell.missing), std::string::npos) << lines.error().what;
        return;
    }
    ASSERT_TRUE(lines) << lines.error().text();
    Money total;
    for (const auto& line : *lines) {
        total += line.amount;
        EXPECT_NE(line.source.find("prices of 2026-"), std::string::npos) << "each dollar leads to a dated source: " << line.source;
        EXPECT_NEAR(line.unit_price.toDouble() * line.quantity, line.amount.toDouble(), 1e-6) << line.meter;
    }
    EXPECT_NEAR(total.toDouble(), Money::parse(cell.usd)->toDouble(), 1e-6);
    EXPECT_EQ(sum(*functionCost(usageOf(cell), cell.shape, *book, {})), total);
}

INSTANTIATE_TEST_SUITE_P(
    CloudRun, PriceCell,
    testing::Values(
        // 3,600 x 0.000024 + 3,600 x 0.0000025 + 1e6 x 0.0000004 (trap 31: not at the instance rate of 0.000018, and no half instance)
        Cell{"t1_request", "gcp", "us-central1", "x86_64", run(false), false, "0.4954", ""},
        // and 5,400 idle seconds x 2 x 0.0000025 (trap 31: kept instances are not free)
        Cell{"t1_request_pool", "gcp", "us-central1", "x86_64", run(false), true, "0.5224", ""},
        // 7,200 x (0.000018 + 0.000002), no request fee
        Cell{"t1_instance", "gcp", "us-central1", "x86_64", run(true), false, "0.144", ""},
        // 9,000 x 0.00002
        Cell{"t1_instance_pool", "gcp", "us-central1", "x86_64", run(true), true, "0.18", ""},
        // 3,600 x (0.0000336 + 0.0000035) + 0.4 (trap 9: the second tier of regions)
        Cell{"t2_request", "gcp", "europe-west2", "x86_64", run(false), false, "0.53356", ""},
        // and 5,400 x 2 x 0.0000035
        Cell{"t2_request_pool", "gcp", "europe-west2", "x86_64", run(false), true, "0.57136", ""},
        Cell{"t2_instance", "gcp", "europe-west2", "x86_64", run(true), false, nullptr, "instance_memory"},
        Cell{"t2_instance_pool", "gcp", "europe-west2", "x86_64", run(true), true, nullptr, "instance_memory"},
        // 7,200 x (4 x 0.000018 + 16 x 0.000002 + 0.0001867)
        Cell{"t1_l4", "gcp", "us-central1", "x86_64", gpu(false), false, "2.09304", ""},
        // 7,200 x (4 x 0.000018 + 16 x 0.000002 + 0.0002909)
        Cell{"t1_l4_redundant", "gcp", "us-central1", "x86_64", gpu(true), false, "2.84328", ""},
        // 9,000 x (4 x 0.000018 + 16 x 0.000002 + 0.0001867): an instance that is kept keeps its GPU
        Cell{"t1_l4_pool", "gcp", "us-central1", "x86_64", gpu(false), true, "2.6163", ""},
        // 9,000 x (4 x 0.000018 + 16 x 0.000002 + 0.0002909)
        Cell{"t1_l4_redundant_pool", "gcp", "us-central1", "x86_64", gpu(true), true, "3.5541", ""},
        Cell{"l4_elsewhere", "gcp", "europe-west4", "x86_64", gpu(true), false, nullptr, "gpu_l4_redundant"},
        Cell{"other_gpu", "gcp", "us-central1", "x86_64", otherGpu(), false, nullptr, "gpu_other"}),
    [](const auto& each) { return each.param.name; });

INSTANTIATE_TEST_SUITE_P(FirstGeneration, PriceCell,
                         testing::Values(
                             // 512 MB are 0.8 GHz: 2,880 x 0.00001 + 1,800 x 0.0000025 + 0.4
                             Cell{"t1", "gcp", "us-central1", "x86_64", gen1(), false, "0.4333", ""},
                             // and 4,320 x 0.000001 + 2,700 x 0.0000025
                             Cell{"t1_pool", "gcp", "us-central1", "x86_64", gen1(), true, "0.44437", ""},
                             // 2,880 x 0.000014 + 1,800 x 0.0000035 + 0.4
                             Cell{"t2", "gcp", "us-west1", "x86_64", gen1(), false, "0.44662", ""},
                             // and 4,320 x 0.00000145 + 2,700 x 0.0000035
                             Cell{"t2_pool", "gcp", "us-west1", "x86_64", gen1(), true, "0.462334", ""}),
                         [](const auto& each) { return each.param.name; });

INSTANTIATE_TEST_SUITE_P(AzureFunctions, PriceCell,
                         testing::Values(
                             // 7,200 GB-s x 0.000026 + 1e6 x 0.0000004 (trap 7: 0.000004 is the price of ten)
                             Cell{"flex", "azure", "eastus", "x86_64", azure("flex", 2048, 1), false, "0.5872", ""},
                             // 3,600 x 0.000026 + 3,600 x 0.000016 + 14,400 x 0.000004 + 0.4
                             Cell{"flex_pool", "azure", "eastus", "x86_64", azure("flex", 2048, 1), true, "0.6088", ""},
                             // 5,400 GB-s x 0.000016 + 1e6 x 0.0000002
                             Cell{"consumption", "azure", "eastus", "x86_64", azure("consumption", 1536, 1), false, "0.2864", ""},
                             // two hours of 1 vCPU at 0.173 and 3.5 GiB at 0.0123 (trap 2: an hour is no month), whatever runs on it
                             Cell{"premium", "azure", "eastus", "x86_64", azure("premium", 3584, 1), false, "0.432101", ""},
                             Cell{"premium_pool", "azure", "eastus", "x86_64", azure("premium", 3584, 1), true, "0.432101", ""},
                             // EP2 and EP3: twice and four times that
                             Cell{"premium_ep2", "azure", "eastus", "x86_64", azure("premium", 7168, 2), false, "0.864202", ""},
                             Cell{"premium_ep3_pool", "azure", "eastus", "x86_64", azure("premium", 14336, 4), true, "1.728405", ""},
                             // 512 MB are half a GB: 1,800 GB-s x 0.000026 + 0.4; kept: 900 x 0.000026 + 900 x 0.000016 + 3,600 x 0.000004 + 0.4
                             Cell{"flex_512", "azure", "eastus", "x86_64", azure("flex", 512, 0.25), false, "0.4468", ""},
                             Cell{"flex_512_pool", "azure", "eastus", "x86_64", azure("flex", 512, 0.25), true, "0.4522", ""}),
                         [](const auto& each) { return each.param.name; });

INSTANTIATE_TEST_SUITE_P(Lambda, PriceCell,
                         testing::Values(
                             // 3,600 GB-s x 0.0000166667 + 1e6 x 0.0000002
                             Cell{"x86", "aws", "us-east-1", "x86_64", run(false), false, "0.2600001", ""},
                             // 1,800 x 0.0000166667 + 1,800 x 0.0000097222 + 7,200 x 0.0000041667 + 0.2
                             Cell{"x86_pool", "aws", "us-east-1", "x86_64", run(false), true, "0.2775003", ""},
                             // trap 9: two architectures, two prices
                             Cell{"arm", "aws", "us-east-1", "arm64", run(false), false, "0.2480002", ""},
                             Cell{"arm_pool", "aws", "us-east-1", "arm64", run(false), true, "0.2620005", ""}),
                         [](const auto& each) { return each.param.name; });

TEST(BundledBooks, EveryFigureHasASourceAndADateInIt) {
    for (const auto& book : bundledBooks()) {
        // The date is the book's: some sources bear none of their own, and say so.
        EXPECT_TRUE(parseIso8601(book.publication)) << book.region << " " << book.publication;
        EXPECT_GE(book.valid_from, parseIso8601("2024-01-01").value());
        for (const auto& price : book.prices) {
            EXPECT_GT(price.source.size(), 20u) << book.platform << " " << book.region << " " << price.meter << ": " << price.source;
            EXPECT_FALSE(price.source_id.empty()) << book.platform << " " << book.region << " " << price.meter;
            EXPECT_FALSE(price.unit.empty());
            for (const auto& tier : price.tiers) EXPECT_GT(tier.price, Money{}) << "free grants are no prices";
        }
    }
}

}  // namespace
}  // namespace pilotlight::pricing
