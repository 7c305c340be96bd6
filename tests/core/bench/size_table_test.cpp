#include "core/bench/size_table.h"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

namespace pilotlight::bench {
namespace {

TEST(BenchSizes, LambdaFollowsItsMemory) {
    const auto one = emulate(PlatformKind::aws, 1769);
    ASSERT_TRUE(one);
    EXPECT_DOUBLE_EQ(one->size.vcpu, 1);
    EXPECT_EQ(one->size.period_ms, 20);
    EXPECT_EQ(one->size.init_vcpu, 2);
    EXPECT_EQ(one->size.visible_cores, 2);
    const auto most = emulate(PlatformKind::aws, 10240);
    ASSERT_TRUE(most);
    EXPECT_NEAR(most->size.vcpu, 10240 / 1769.0, 1e-9);
    EXPECT_EQ(most->size.visible_cores, 6);
    EXPECT_NEAR(emulate(PlatformKind::aws, 128)->size.vcpu, 128 / 1769.0, 1e-9);
    EXPECT_FALSE(emulate(PlatformKind::aws, 64));
    EXPECT_FALSE(emulate(PlatformKind::aws, 20000));
    EXPECT_FALSE(emulate(PlatformKind::aws, 512, 2));  // Lambda's CPU cannot be chosen
}

TEST(BenchSizes, GoogleStepsAndChosenCpu) {
    // Documented defaults of Cloud Run functions.
    for (const auto& [memory, vcpu] : {std::pair{128, 0.083}, {256, 0.167}, {512, 0.333}, {1024, 0.583}, {2048, 1.0}, {4096, 2.0}, {8192, 2.0}, {16384, 4.0}, {32768, 8.0}})
        EXPECT_DOUBLE_EQ(emulate(PlatformKind::gcp, memory)->size.vcpu, vcpu) << memory;
    EXPECT_DOUBLE_EQ(emulate(PlatformKind::gcp, 512, 0.5)->size.vcpu, 0.5);
    EXPECT_EQ(emulate(PlatformKind::gcp, 4096)->size.visible_cores, 2);
}

TEST(BenchSizes, WhatIsNotDocumentedIsSaid) {
    for (const auto platform : {PlatformKind::aws, PlatformKind::gcp, PlatformKind::azure}) {
        const auto rule = emulate(platform, 2048);
        ASSERT_TRUE(rule);
        EXPECT_FALSE(rule->assumed.empty());
        for (const auto& sentence : rule->assumed) EXPECT_GT(sentence.size(), 20U);
    }
    // Azure documents no CPU for Flex.
    bool cpu = false;
    const auto azure = emulate(PlatformKind::azure, 2048);
    for (const auto& sentence : azure->assumed) cpu = cpu || sentence.find("1 vCPU is assumed") != std::string::npos;
    EXPECT_TRUE(cpu);
}

// Every rule of the table says where it is from, and every default size exists.
TEST(BenchSizes, EveryRuleHasASourceOrIsMarkedAssumed) {
    const auto table = nlohmann::json::parse(sizeTableJson());
    for (const auto& [platform, rules] : table.items()) {
        for (const char* rule : {"vcpu", "period_ms", "init_vcpu", "visible_cores"})
            EXPECT_TRUE(rules.at(rule).contains("source") || rules.at(rule).contains("assumed")) << platform << " " << rule;
    }
    for (const auto platform : {PlatformKind::aws, PlatformKind::gcp, PlatformKind::azure})
        for (const bool quick : {false, true}) {
            EXPECT_GE(defaultSizes(platform, quick).size(), 2U);
            for (const auto memory : defaultSizes(platform, quick)) EXPECT_TRUE(emulate(platform, memory)) << memory;
        }
}

}  // namespace
}  // namespace pilotlight::bench
