#include "core/change/journal_state.h"
#include "tests/core/change/rig.h"

namespace pilotlight::change {
namespace {

using test::FakeLambda;
using test::memory;
using test::Rig;

std::vector<std::string> steps(Rig& rig, const std::string& change_id) {
    std::vector<std::string> out;
    const auto journal = rig.store->journal(change_id).value();
    for (const auto& entry : journal) out.push_back(entry.step);
    return out;
}

TEST(Apply, SendsReadsBackAndWatches) {
    Rig rig;
    const Plan plan = rig.planned("chat", memory(2048));
    const auto result = rig.apply(plan);
    ASSERT_TRUE(result) << result.error().text();
    EXPECT_EQ(result->status, ChangeStatus::applied);
    EXPECT_EQ(rig.lambda->functions["chat"].latest.memory, 2048);
    EXPECT_EQ(rig.lambda->writes, std::vector<std::string>{"UpdateFunctionConfiguration MemorySize=2048"});
    const Change change = rig.store->change(result->change_id).value();
    EXPECT_EQ(change.status, ChangeStatus::watching);
    EXPECT_EQ(change.watch_until - change.applied, minutes(60));
    EXPECT_EQ(steps(rig, change.id), (std::vector<std::string>{"started", "send UpdateFunctionConfiguration",
                                                               "done UpdateFunctionConfiguration", "read back", "applied"}));
    EXPECT_EQ(rig.store->function(Rig::id("chat"))->memory, Megabytes{2048});
    EXPECT_EQ(rig.apply(plan)->status, ChangeStatus::refused) << "a plan is applied once";
    EXPECT_EQ(rig.lambda->writes.size(), 1u);
}

TEST(Apply, RefusalsComeBeforeAnythingIsSent) {
    Rig rig(true, Environment::production);
    const Plan plan = rig.planned("chat", memory(2048));
    EXPECT_EQ(rig.service->apply({plan.id, false, "chat"}, rig.job)->status, ChangeStatus::refused);
    EXPECT_EQ(rig.service->apply({plan.id, true, ""}, rig.job)->status, ChangeStatus::refused);
    EXPECT_EQ(rig.service->apply({plan.id, true, "ocr"}, rig.job)->status, ChangeStatus::refused);
    EXPECT_EQ(rig.service->apply({"00000000", true, "chat"}, rig.job).error().code, ErrorCode::not_found);
    rig.clock->advance(minutes(15));
    const auto expired = rig.service->apply({plan.id, true, "chat"}, rig.job);
    EXPECT_EQ(expired->status, ChangeStatus::refused);
    EXPECT_NE(expired->detail.find("expired"), std::string::npos);
    EXPECT_TRUE(rig.lambda->writes.empty());
    EXPECT_TRUE(rig.store->changes()->empty());
}

TEST(Apply, StaleIsRefusedWithWhatHasChanged) {
    Rig rig;
    const Plan plan = rig.planned("chat", memory(2048));
    rig.lambda->functions["chat"].latest.memory = 1536;
    rig.lambda->functions["chat"].revision = 9;
    const auto result = rig.apply(plan);
    ASSERT_TRUE(result);
    EXPECT_EQ(result->status, ChangeStatus::refused);
    ASSERT_EQ(result->drift.size(), 2u);
    EXPECT_EQ(result->drift[0], (SettingChange{"memory_mb", "1024", "1536"}));
    EXPECT_EQ(result->drift[1].setting, "revision");
    EXPECT_TRUE(rig.lambda->writes.empty());
}

TEST(Apply, ARevisionThatChangesAtTheLastMomentIsStaleToo) {
    Rig rig;
    const Plan plan = rig.planned("chat", memory(2048));
    bool meddled = false;
    rig.lambda->fate = [&](const std::string& operation, bool write) {
        if (write && operation == "PUT configuration" && !meddled) {
            meddled = true;
            rig.lambda->functions["chat"].latest.timeout = 99;
            rig.lambda->functions["chat"].revision = 5;
        }
        return FakeLambda::Fate{};
    };
    const auto result = rig.apply(plan);
    ASSERT_TRUE(result);
    EXPECT_EQ(result->status, ChangeStatus::refused);
    EXPECT_FALSE(result->drift.empty());
    EXPECT_TRUE(rig.lambda->writes.empty());
    EXPECT_EQ(rig.store->change(result->change_id)->status, ChangeStatus::refused);
}

TEST(Apply, AliasRoad) {
    Rig rig;
    const auto result = rig.apply(rig.planned("ocr", memory(1024), "live"));
    ASSERT_TRUE(result) << result.error().text();
    EXPECT_EQ(result->status, ChangeStatus::applied) << result->detail;
    const auto& ocr = rig.lambda->functions["ocr"];
    EXPECT_EQ(ocr.aliases.at("live").version, "2");
    EXPECT_EQ(ocr.versions.at("2").memory, 1024);
    EXPECT_EQ(rig.lambda->writes, (std::vector<std::string>{"UpdateFunctionConfiguration MemorySize=1024", "PublishVersion 2",
                                                            "UpdateAlias live=2", "PutProvisionedConcurrencyConfig live=3"}));
}

TEST(Apply, ALostReplyIsLookedIntoBeforeAnyRetry) {
    for (const bool happened : {true, false}) {
        SCOPED_TRACE(happened);
        Rig rig;
        int puts = 0;
        rig.lambda->fate = [&](const std::string& operation, bool write) {
            if (!write || operation != "PUT configuration" || ++puts > 1) return FakeLambda::Fate{};
            return FakeLambda::Fate{.effect = happened, .reply = false};
        };
        const auto result = rig.apply(rig.planned("chat", memory(2048)));
        ASSERT_TRUE(result) << result.error().text();
        EXPECT_EQ(result->status, ChangeStatus::applied);
        EXPECT_EQ(puts, happened ? 1 : 2);
        EXPECT_EQ(rig.lambda->writes.size(), 1u);
    }
}

TEST(Apply, ALostReplyOfPublishVersionMakesNoSecondVersion) {
    Rig rig;
    int posts = 0;
    rig.lambda->fate = [&](const std::string& operation, bool) {
        return operation == "POST versions" && ++posts == 1 ? FakeLambda::Fate{.effect = true, .reply = false} : FakeLambda::Fate{};
    };
    const auto result = rig.apply(rig.planned("ocr", memory(1024), "live"));
    ASSERT_TRUE(result);
    EXPECT_EQ(result->status, ChangeStatus::applied) << result->detail;
    EXPECT_EQ(posts, 1);
    EXPECT_EQ(rig.lambda->functions["ocr"].versions.size(), 2u);
    EXPECT_EQ(rig.lambda->functions["ocr"].aliases.at("live").version, "2");
}

TEST(Apply, AFailureHalfWayIsRestored) {
    Rig rig;
    rig.lambda->fate = [](const std::string& operation, bool) {
        return operation == "POST versions" ? FakeLambda::Fate{.status = 403, .code = "AccessDeniedException"} : FakeLambda::Fate{};
    };
    const auto result = rig.apply(rig.planned("ocr", memory(1024), "live"));
    ASSERT_TRUE(result);
    EXPECT_EQ(result->status, ChangeStatus::failed);
    EXPECT_EQ(rig.lambda->functions["ocr"].latest.memory, 2048);
    EXPECT_EQ(rig.lambda->functions["ocr"].aliases.at("live").version, "1");
    EXPECT_NE(result->detail.find("restored"), std::string::npos);
    const auto journal = steps(rig, result->change_id);
    EXPECT_NE(std::find(journal.begin(), journal.end(), "restoring"), journal.end());
    EXPECT_EQ(journal.back(), "failed");
}

TEST(Apply, AFailureAfterTheAliasMovedBringsTheOldSizeBack) {
    Rig rig;
    int pools = 0;
    rig.lambda->fate = [&](const std::string& operation, bool write) {
        if (!write || operation != "PUT provisioned-concurrency" || ++pools > 1) return FakeLambda::Fate{};
        return FakeLambda::Fate{.status = 400, .code = "InvalidParameterValueException"};
    };
    const auto result = rig.apply(rig.planned("ocr", memory(1024), "live"));
    ASSERT_TRUE(result);
    EXPECT_EQ(result->status, ChangeStatus::failed) << result->detail;
    const auto& ocr = rig.lambda->functions["ocr"];
    EXPECT_EQ(ocr.versions.at(ocr.aliases.at("live").version).memory, 2048);
    EXPECT_EQ(ocr.latest.memory, 2048);
    EXPECT_EQ(ocr.pools.at("live"), 3);
}

TEST(Apply, SlowConvergenceIsWaitedForAndFailedOneRestored) {
    {
        Rig rig;
        rig.lambda->functions["chat"].in_progress = 5;
        const auto started = rig.clock->now();
        const auto result = rig.apply(rig.planned("chat", memory(2048)));
        ASSERT_TRUE(result);
        EXPECT_EQ(result->status, ChangeStatus::applied);
        EXPECT_GT(rig.clock->now(), started);
    }
    {
        Rig rig;
        const Plan plan = rig.planned("chat", memory(2048));
        rig.lambda->functions["chat"].update_fails = true;
        bool once = true;
        rig.lambda->fate = [&](const std::string& operation, bool write) {
            if (write && operation == "PUT configuration" && !once) rig.lambda->functions["chat"].update_fails = false;
            if (write && operation == "PUT configuration") once = false;
            return FakeLambda::Fate{};
        };
        const auto result = rig.apply(plan);
        ASSERT_TRUE(result);
        EXPECT_EQ(result->status, ChangeStatus::failed) << result->detail;
        EXPECT_EQ(rig.lambda->functions["chat"].latest.memory, 1024);
    }
}

class Pending : public ::testing::TestWithParam<bool> {};
INSTANTIATE_TEST_SUITE_P(Ways, Pending, ::testing::Bool());

TEST_P(Pending, WhenThePlatformIsAwayTheChangeRecoversLater) {
    const bool by_applying_again = GetParam();
    Rig rig;
    const Plan plan = rig.planned("chat", memory(2048));
    bool away = false;
    rig.lambda->fate = [&](const std::string& operation, bool write) {
        if (away) return FakeLambda::Fate{.effect = false};
        if (write && operation == "PUT configuration") {
            away = true;
            return FakeLambda::Fate{.effect = true, .reply = false};
        }
        return FakeLambda::Fate{};
    };
    const auto result = rig.apply(plan);
    ASSERT_TRUE(result) << result.error().text();
    EXPECT_EQ(result->status, ChangeStatus::pending);
    rig.connect();
    EXPECT_EQ(rig.apply(rig.store->plan(plan.id).value())->status, ChangeStatus::pending) << "still away";
    rig.lambda->fate = {};
    const Plan other = rig.planned("chat", memory(512));
    EXPECT_EQ(rig.apply(other)->status, ChangeStatus::refused) << "one change in flight per function";
    if (by_applying_again) {
        const auto again = rig.apply(plan);
        ASSERT_TRUE(again);
        EXPECT_EQ(again->status, ChangeStatus::applied) << again->detail;
        EXPECT_EQ(again->change_id, result->change_id);
        EXPECT_EQ(rig.apply(plan)->status, ChangeStatus::refused) << "used";
    } else {
        const auto recovered = rig.service->recover(rig.job);
        ASSERT_TRUE(recovered);
        ASSERT_EQ(recovered->size(), 1u);
        EXPECT_EQ(recovered->front().status, ChangeStatus::watching);
    }
    EXPECT_EQ(rig.lambda->writes.size(), 1u);
    EXPECT_TRUE(rig.service->recover(rig.job)->empty());
}

TEST(Revert, BringsBackWhatWasThereBefore) {
    Rig rig;
    const auto applied = rig.apply(rig.planned("chat", memory(2048)));
    ASSERT_EQ(applied->status, ChangeStatus::applied);
    EXPECT_EQ(rig.service->revert(applied->change_id, false, "", rig.job)->status, ChangeStatus::refused);
    const auto back = rig.service->revert(applied->change_id, true, "", rig.job);
    ASSERT_TRUE(back) << back.error().text();
    EXPECT_EQ(back->status, ChangeStatus::applied) << back->detail;
    EXPECT_EQ(rig.lambda->functions["chat"].latest.memory, 1024);
    const Change parent = rig.store->change(applied->change_id).value();
    EXPECT_EQ(parent.status, ChangeStatus::reverted);
    EXPECT_EQ(parent.reverted_by, back->change_id);
    EXPECT_EQ(rig.store->change(back->change_id)->status, ChangeStatus::applied);
    EXPECT_EQ(rig.service->revert(applied->change_id, true, "", rig.job)->status, ChangeStatus::refused);
}

TEST(Revert, IsRefusedWhereTheSettingsAreNoLongerThoseOfTheChange) {
    Rig rig;
    const auto applied = rig.apply(rig.planned("chat", memory(2048)));
    rig.lambda->functions["chat"].latest.memory = 3008;
    const auto back = rig.service->revert(applied->change_id, true, "", rig.job);
    ASSERT_TRUE(back);
    EXPECT_EQ(back->status, ChangeStatus::refused);
    ASSERT_EQ(back->drift.size(), 1u);
    EXPECT_EQ(back->drift[0], (SettingChange{"memory_mb", "2048", "3008"}));
    EXPECT_EQ(rig.lambda->functions["chat"].latest.memory, 3008);
}

TEST(Revert, OfAPoolAndALimit) {
    Rig rig;
    DesiredSettings desired;
    desired.warm_pool = 0;
    desired.instance_limit = InstanceLimit::of(10);
    const auto applied = rig.apply(rig.planned("ocr", desired));
    ASSERT_EQ(applied->status, ChangeStatus::applied) << applied->detail;
    EXPECT_TRUE(rig.lambda->functions["ocr"].pools.empty());
    const auto back = rig.service->revert(applied->change_id, true, "", rig.job);
    EXPECT_EQ(back->status, ChangeStatus::applied) << back->detail;
    EXPECT_EQ(rig.lambda->functions["ocr"].pools.at("live"), 3);
    EXPECT_FALSE(rig.lambda->functions["ocr"].reserved);
}

TEST(Apply, ALaterChangeEndsTheWatchOfTheEarlierOne) {
    Rig rig;
    const auto first = rig.apply(rig.planned("chat", memory(2048)));
    const auto second = rig.apply(rig.planned("chat", memory(3008)));
    ASSERT_EQ(second->status, ChangeStatus::applied) << second->detail;
    EXPECT_EQ(rig.store->change(first->change_id)->status, ChangeStatus::inconclusive);
    EXPECT_EQ(rig.store->change(second->change_id)->status, ChangeStatus::watching);
}

// A pool under somebody's schedule, taken over with --override pool-scaling.
struct ScheduledPool {
    Rig rig;
    DesiredSettings one;
    ScheduledPool() {
        auto& target = rig.lambda->targets["function:ocr:live"];
        target.low = target.high = 3;
        for (const char* name : {"morning", "night"}) {
            target.actions[name] = {{"ResourceId", "function:ocr:live"},
                                    {"ScheduledActionName", name},
                                    {"Schedule", "cron(0 8 ? * MON-FRI *)"},
                                    {"Timezone", "Europe/Paris"},
                                    {"ScalableTargetAction", {{"MinCapacity", 3}, {"MaxCapacity", 3}}}};
        }
        one.warm_pool = 1;
    }
    Plan plan() { return rig.plan("ocr", one, "", {"pool-scaling"}).value(); }
    void expectAsBefore() const {
        ASSERT_TRUE(rig.lambda->targets.contains("function:ocr:live"));
        const auto& target = rig.lambda->targets.at("function:ocr:live");
        EXPECT_EQ(target.low, 3);
        EXPECT_EQ(target.high, 3);
        ASSERT_EQ(target.actions.size(), 2u);
        EXPECT_EQ(target.actions.at("night")["Schedule"], "cron(0 8 ? * MON-FRI *)");
        EXPECT_EQ(target.actions.at("night")["Timezone"], "Europe/Paris");
        EXPECT_EQ(target.actions.at("night")["ScalableTargetAction"]["MinCapacity"], 3);
        EXPECT_EQ(rig.lambda->functions.at("ocr").pools.at("live"), 3);
    }
};

TEST(PoolScaling, OverriddenItIsEndedAndComesBackWithTheRevert) {
    ScheduledPool pool;
    const Plan plan = pool.plan();
    ASSERT_FALSE(plan.vetoed());
    ASSERT_EQ(plan.calls.size(), 2u);
    EXPECT_NE(plan.calls[0].find("DeregisterScalableTarget"), std::string::npos);
    EXPECT_NE(plan.revert.find("Brings back what scales the pool"), std::string::npos) << plan.revert;
    const auto applied = pool.rig.apply(plan);
    ASSERT_TRUE(applied) << applied.error().text();
    ASSERT_EQ(applied->status, ChangeStatus::applied) << applied->detail;
    EXPECT_TRUE(pool.rig.lambda->targets.empty());
    EXPECT_EQ(pool.rig.lambda->functions["ocr"].pools["live"], 1);
    const auto back = pool.rig.service->revert(applied->change_id, true, "ocr", pool.rig.job);
    ASSERT_TRUE(back) << back.error().text();
    EXPECT_EQ(back->status, ChangeStatus::applied) << back->detail;
    pool.expectAsBefore();
}

TEST(PoolScaling, ComesBackWhereTheChangeFailsHalfWay) {
    ScheduledPool pool;
    const Plan plan = pool.plan();
    bool refused = false;
    pool.rig.lambda->fate = [&](const std::string& operation, bool write) {
        FakeLambda::Fate fate;
        if (write && !refused && operation == "PUT provisioned-concurrency") {
            refused = true;
            fate.status = 400;
            fate.code = "InvalidParameterValueException";
        }
        return fate;
    };
    const auto applied = pool.rig.apply(plan);
    ASSERT_TRUE(applied) << applied.error().text();
    EXPECT_TRUE(refused);
    EXPECT_EQ(applied->status, ChangeStatus::failed) << applied->detail;
    EXPECT_NE(applied->detail.find("restored"), std::string::npos) << applied->detail;
    pool.expectAsBefore();
}

TEST(PoolScaling, ALostReplyOfTheEndIsSettledByLooking) {
    ScheduledPool pool;
    const Plan plan = pool.plan();
    bool lost = false;
    pool.rig.lambda->fate = [&](const std::string& operation, bool) {
        FakeLambda::Fate fate;
        if (!lost && operation == "DeregisterScalableTarget") {
            lost = true;
            fate.reply = false;
        }
        return fate;
    };
    const auto applied = pool.rig.apply(plan);
    ASSERT_TRUE(applied) << applied.error().text();
    EXPECT_EQ(applied->status, ChangeStatus::applied) << applied->detail;
    EXPECT_EQ(pool.rig.lambda->writes, (std::vector<std::string>{"DeregisterScalableTarget function:ocr:live", "PutProvisionedConcurrencyConfig live=1"}));
}

TEST(Apply, ARefusalSaysWhatHasChanged) {
    Rig rig;
    const Plan plan = rig.planned("chat", memory(2048));
    rig.lambda->functions["chat"].latest.memory = 512;
    const auto refused = rig.apply(plan);
    ASSERT_TRUE(refused);
    EXPECT_EQ(refused->status, ChangeStatus::refused);
    EXPECT_NE(refused->detail.find("memory_mb 1024 -> 512"), std::string::npos) << refused->detail;
    EXPECT_FALSE(refused->drift.empty());
}

TEST(Revert, ItsRefusalSaysWhatHasChangedAndItsOwnSavingHasAnInterval) {
    Rig rig;
    PlanRequest request{.function_id = Rig::id("chat"), .desired = memory(2048)};
    request.effect.cost_usd_month = EffectValue{10, 6, 5, 8};
    const auto plan = rig.service->plan(request, rig.job);
    ASSERT_TRUE(plan);
    const auto applied = rig.apply(*plan);
    ASSERT_EQ(applied->status, ChangeStatus::applied);
    rig.lambda->functions["chat"].latest.memory = 512;
    auto back = rig.service->revert(applied->change_id, true, "chat", rig.job);
    EXPECT_EQ(back->status, ChangeStatus::refused);
    EXPECT_NE(back->detail.find("memory_mb 2048 -> 512"), std::string::npos) << back->detail;
    rig.lambda->functions["chat"].latest.memory = 2048;
    back = rig.service->revert(applied->change_id, true, "chat", rig.job);
    ASSERT_EQ(back->status, ChangeStatus::applied) << back->detail;
    const auto saving = rig.store->change(back->change_id)->predicted_saving_month;
    ASSERT_TRUE(saving);
    EXPECT_NEAR(saving->value.toDouble(), -4, 1e-9);
    EXPECT_NEAR(saving->lo.toDouble(), -5, 1e-9) << "the change saved 2 to 5";
    EXPECT_NEAR(saving->hi.toDouble(), -2, 1e-9);
}

}  // namespace
}  // namespace pilotlight::change
