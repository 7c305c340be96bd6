// Cloud Run prices: the official worked example that matches list price, and each tier x billing mode x warm pool cell.
#include <gtest/gtest.h>

#include "core/pricing/cloud_run_cost.h"
#include "core/pricing/free_grants.h"

namespace pilotlight::pricing {
namespace {

PriceBook bookOf(const char* region) { return bundledBook("gcp", region, "x86_64").value(); }

double total(const Result<std::map<std::string, Money>>& cost) {
    EXPECT_TRUE(cost) << cost.error().text();
    return cost ? sum(*cost).toDouble() : -1;
}

InstanceShape shape(double vcpu, std::int32_t memory) {
    InstanceShape out;
    out.vcpu = vcpu;
    out.memory = Megabytes{memory};
    return out;
}

// cloud.google.com/run/pricing, example in europe-west1: 10 M requests of 200 ms a month, 0.167 vCPU, 256 MiB, concurrency 1.
TEST(CloudRunPrice, WorkedExampleOfThePricingPage) {
    Usage usage;
    usage.requests = 10e6;
    usage.duration_ms_billed = 10e6 * 200;
    const auto size = shape(0.167, 256);
    const auto units = cloudRunUnits(usage, size);
    EXPECT_NEAR(units.at(meter::kVcpu), 334'000, 1e-6);
    EXPECT_NEAR(units.at(meter::kMemory), 500'000, 1e-6);
    auto list = functionLines(usage, size, bookOf("europe-west1"), {});
    ASSERT_TRUE(list);
    Function service;
    service.platform = PlatformKind::gcp;
    for (auto& line : *list) line.period = {parseIso8601("2026-09-01").value(), parseIso8601("2026-10-01").value()};
    double without = 0, with = 0;
    for (const auto& line : *list) without += line.amount.toDouble();
    with = without;
    for (const auto& grant : freeGrants(*list, [&](const std::string&) { return &service; })) {
        with += grant.amount.toDouble();
        if (grant.meter == meter::kRequests) without += grant.amount.toDouble();
    }
    EXPECT_NEAR(without, 12.47, 0.005) << "only free requests taken off";
    EXPECT_NEAR(with, 7.25, 0.005);
}

TEST(CloudRunPrice, GoldenCells) {
    Usage busy;  // one hour of active time, ten requests
    busy.requests = 10;
    busy.duration_ms_billed = 3'600'000;
    Usage pooled = busy;  // two instances kept for that hour, of which half an hour is used
    pooled.duration_ms_billed = 1'800'000;
    pooled.pool_duration_ms_billed = 1'800'000;
    pooled.pool_instance_seconds = 7'200;
    Usage whole;  // two hours of instances alive
    whole.instance_seconds = 7'200;
    auto always = shape(2, 4096);
    always.instance_based = true;
    const auto size = shape(2, 4096);
    // us-central1: 3600 s x (2 x 0.000024 + 4 x 0.0000025) + 10 x 4e-7
    EXPECT_NEAR(total(cloudRunCost(busy, size, bookOf("us-central1"), {})), 0.208804, 1e-9);
    // the same and 5400 s idle x (2 + 4) x 0.0000025
    EXPECT_NEAR(total(cloudRunCost(pooled, size, bookOf("us-central1"), {})), 0.289804, 1e-9);
    // 7200 s x (2 x 0.000018 + 4 x 0.000002), no request fee
    EXPECT_NEAR(total(cloudRunCost(whole, always, bookOf("us-central1"), {})), 0.3168, 1e-9);
    // Tier 2, us-west2: 3600 x (2 x 0.0000336 + 4 x 0.0000035) + 0.000004; idle 5400 x 6 x 0.0000035
    EXPECT_NEAR(total(cloudRunCost(busy, size, bookOf("us-west2"), {})), 0.292324, 1e-9);
    EXPECT_NEAR(total(cloudRunCost(pooled, size, bookOf("us-west2"), {})), 0.405724, 1e-9);
    // Instance-based memory of Tier 2 has no sourced price: unknown, never a guess.
    const auto unknown = cloudRunCost(whole, always, bookOf("us-west2"), {});
    ASSERT_FALSE(unknown);
    EXPECT_EQ(unknown.error().code, ErrorCode::not_found);
    // 1st generation, 1,024 MB = 1.4 GHz: 3600 x (1.4 x 0.00001 + 1 x 0.0000025) + 10 x 4e-7
    auto first = shape(0.5833, 1024);
    first.first_generation = true;
    EXPECT_NEAR(total(cloudRunCost(busy, first, bookOf("us-central1"), {})), 0.059404, 1e-9);
    auto gpu = size;
    gpu.accelerator = "1 x nvidia-l4";
    EXPECT_EQ(cloudRunCost(busy, gpu, bookOf("us-central1"), {}).error().code, ErrorCode::unsupported);
}

TEST(CloudRunPrice, TheBookGoesWithItsRules) {
    Usage usage;
    usage.requests = 1e6;
    EXPECT_NEAR(total(functionCost(usage, shape(1, 512), bookOf("us-central1"), {})), 0.4, 1e-9);
    EXPECT_NEAR(total(functionCost(usage, shape(1, 512), bundledBook("aws", "us-east-1", "x86_64").value(), {})), 0.2, 1e-9);
    auto flex = shape(1, 2048);
    flex.plan = "flex";
    EXPECT_NEAR(total(functionCost(usage, flex, bundledBook("azure", "eastus", "x86_64").value(), {})), 0.4, 1e-9);
}

}  // namespace
}  // namespace pilotlight::pricing
