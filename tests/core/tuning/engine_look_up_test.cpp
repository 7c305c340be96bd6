// Look-ups against replays: what a slider shows at once and what replaces it a moment later.
#include <fmt/format.h>
#include <gtest/gtest.h>

#include <cmath>

#include "core/tuning/engine.h"
#include "tests/core/tuning/truth.h"

namespace pilotlight::tuning {
namespace {

using test::Truth;

struct Case {
    const char* name;
    Truth truth;
};

// Like the functions of the sandbox's fleet: a chat model with bursts and a long INIT, a steady one, one of few requests, a busy one.
std::vector<Case> cases() {
    Truth chat;
    chat.rate = 0.045;
    chat.serial_ms = 25;
    chat.cpu_ms = 800;
    chat.memory = 1024;
    chat.used = 640;
    chat.init_ms = 8600;
    chat.keep_alive_s = 320;
    chat.spread = 0.38;
    chat.bursts_per_day = 55;
    chat.burst_size = 22;
    Truth speech = chat;
    speech.seed = 2;
    speech.rate = 0.02;
    speech.serial_ms = 2000;
    speech.cpu_ms = 1500;
    speech.bursts_per_day = 34;
    speech.burst_size = 11;
    speech.burst_spacing_s = 0.42;
    Truth steady;
    steady.seed = 3;
    steady.rate = 0.1;
    steady.init_ms = 2500;
    Truth rare = steady;
    rare.seed = 4;
    rare.rate = 0.004;
    rare.init_ms = 4200;
    return {{"chat", chat}, {"speech", speech}, {"steady", steady}, {"rare", rare}};
}

TEST(LookUp, ColdStartsAndPercentilesAreThoseOfTheReplay) {
    for (const auto& each : cases()) {
        auto evidence = test::evidenceOf(each.truth, test::runTruth(each.truth), 14);
        for (const std::int32_t size : {512, 1769, 3008})
            if (size != each.truth.memory) evidence.observations.push_back(test::observed(each.truth, size, 300));
        Qualifier live;
        live.name = "live";
        live.kind = "alias";
        live.version = "1";
        evidence.function.qualifiers.push_back(live);  // somewhere to put a pool
        InlineExecutor executor;
        const auto engine = Engine::build(evidence, executor, {});
        ASSERT_TRUE(engine) << engine.error().text();
        for (const std::int32_t memory : {768, 1024, 1280, 2048, 3008})
            for (const std::int32_t pool : {0, 1, 2, 4, 8, 12}) {
                WhatIf what;
                what.settings.memory = Megabytes{memory};
                what.settings.warm_pool = pool;
                const auto look = (*engine)->quick(what).whatif, exact = (*engine)->exact(what, {})->whatif;
                const double share = exact.cold_start_share->value;
                EXPECT_NEAR(look.cold_start_share->value, share, 0.06 * share + 0.0005)
                    << each.name << " " << memory << " MB, pool " << pool;
                EXPECT_NEAR(look.p95_ms->value / exact.p95_ms->value, 1, 0.05) << each.name << " " << memory << " MB, pool " << pool;
                EXPECT_NEAR(look.cost_month->value.toDouble() / exact.cost_month->value.toDouble(), 1, 0.02)
                    << each.name << " " << memory << " MB, pool " << pool;
            }
    }
}

// A slider for traffic shows at once what the replay of scaled arrivals says a moment later.
TEST(LookUp, FollowsTraffic) {
    for (const auto& each : cases()) {
        auto evidence = test::evidenceOf(each.truth, test::runTruth(each.truth), 14);
        Qualifier live;
        live.name = "live";
        live.kind = "alias";
        live.version = "1";
        evidence.function.qualifiers.push_back(live);
        InlineExecutor executor;
        const auto engine = Engine::build(evidence, executor, {});
        ASSERT_TRUE(engine) << engine.error().text();
        for (const double traffic : {0.5, 0.7, 1.5, 2.0, 3.0})
            for (const std::int32_t pool : {0, 2, 6}) {
                WhatIf what;
                what.settings.warm_pool = pool;
                what.traffic = traffic;
                const auto look = (*engine)->quick(what).whatif, exact = (*engine)->exact(what, {})->whatif;
                const double share = exact.cold_start_share->value;
                const auto where = fmt::format("{} traffic {}, pool {}", each.name, traffic, pool);
                EXPECT_NEAR(look.cold_start_share->value, share, 0.1 * share + 0.0015) << where;
                EXPECT_NEAR(look.cost_month->value.toDouble() / exact.cost_month->value.toDouble(), 1, 0.02) << where;
                // Where the share of cold starts is about that of the percentile, the percentile hangs on single requests.
                if (std::abs(share - 0.05) > 0.01) EXPECT_NEAR(look.p95_ms->value / exact.p95_ms->value, 1, 0.05) << where;
            }
    }
}

}  // namespace
}  // namespace pilotlight::tuning
