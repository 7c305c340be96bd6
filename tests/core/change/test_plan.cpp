#include "core/change/guardrails.h"
#include "core/change/patch.h"
#include "core/change/planner.h"
#include "core/change/settings.h"
#include "tests/core/change/rig.h"

namespace pilotlight::change {
namespace {

using test::find;
using test::memory;
using test::Rig;

TEST(Plan, SaysWhatWillHappenAndIsSaved) {
    Rig rig;
    const Plan plan = rig.planned("chat", memory(2048));
    EXPECT_EQ(plan.id.size(), 8u);
    EXPECT_EQ(plan.id.find_first_not_of("0123456789abcdef"), std::string::npos);
    ASSERT_EQ(plan.changes.size(), 1u);
    EXPECT_EQ(plan.changes[0], (SettingChange{"memory_mb", "1024", "2048"}));
    ASSERT_EQ(plan.calls.size(), 1u);
    EXPECT_NE(plan.calls[0].find("UpdateFunctionConfiguration MemorySize=2048"), std::string::npos);
    EXPECT_EQ(plan.expires - plan.made_at, minutes(15));
    EXPECT_EQ(plan.made_at, rig.clock->now());
    EXPECT_NE(plan.revert.find("memory_mb back to 1024"), std::string::npos);
    EXPECT_EQ(plan.revert_settings.memory, Megabytes{1024});
    EXPECT_FALSE(plan.traffic.empty());
    EXPECT_FALSE(plan.vetoed());
    const auto stored = rig.store->plan(plan.id);
    ASSERT_TRUE(stored);
    EXPECT_EQ(stored->changes, plan.changes);
    EXPECT_TRUE(rig.lambda->writes.empty());
}

TEST(Plan, NothingToChangeAndUnknownThingsAreErrors) {
    Rig rig;
    EXPECT_EQ(rig.plan("chat", memory(1024)).error().code, ErrorCode::invalid_argument);
    EXPECT_EQ(rig.plan("chat", {}).error().code, ErrorCode::invalid_argument);
    EXPECT_EQ(rig.plan("gone", memory(512)).error().code, ErrorCode::not_found);
    EXPECT_EQ(rig.plan("chat", memory(512), "", {"no-such"}).error().code, ErrorCode::invalid_argument);
    EXPECT_EQ(rig.plan("chat", memory(512), "", {"read-only"}).error().code, ErrorCode::invalid_argument);
}

TEST(Plan, AliasRoadAndWhatItMeansForTraffic) {
    Rig rig;
    const Plan plan = rig.planned("ocr", memory(1024), "live");
    std::string calls;
    for (const auto& call : plan.calls) calls += call + "\n";
    const auto order = [&](const char* text) { return calls.find(text); };
    EXPECT_LT(order("UpdateFunctionConfiguration"), order("PublishVersion"));
    EXPECT_LT(order("PublishVersion"), order("UpdateAlias"));
    EXPECT_LT(order("UpdateAlias"), order("PutProvisionedConcurrencyConfig"));
    EXPECT_NE(plan.traffic.find("alias live"), std::string::npos);
    EXPECT_EQ(find(plan, guardrail::kAliasDrift)->verdict, Verdict::pass);
    const Plan latest = rig.planned("ocr", memory(1024));
    EXPECT_NE(latest.traffic.find("live (version 1) keep"), std::string::npos);
}

TEST(Guardrails, AliasDriftCannotBeOverridden) {
    Rig rig;
    rig.lambda->functions["ocr"].latest.code = "code-2";
    Plan plan = rig.planned("ocr", memory(1024), "live");
    EXPECT_EQ(find(plan, guardrail::kAliasDrift)->verdict, Verdict::veto);
    EXPECT_NE(find(plan, guardrail::kAliasDrift)->reason.find("code"), std::string::npos);
    EXPECT_TRUE(plan.vetoed());
    const auto refused = rig.apply(plan);
    ASSERT_TRUE(refused);
    EXPECT_EQ(refused->status, ChangeStatus::refused);
    EXPECT_EQ(refused->change_id, "");
    EXPECT_TRUE(rig.lambda->writes.empty());
    rig.lambda->functions["ocr"].latest.code = "code-1";
    rig.lambda->functions["ocr"].latest.handler = "other.main";
    plan = rig.planned("ocr", memory(1024), "live");
    EXPECT_NE(find(plan, guardrail::kAliasDrift)->reason.find("handler"), std::string::npos);
    rig.lambda->functions["ocr"].latest.handler = "app.main";
    rig.lambda->functions["ocr"].latest.timeout = 60;
    EXPECT_TRUE(rig.planned("ocr", memory(1024), "live").vetoed()) << "would ship a timeout that was not deployed";
}

TEST(Guardrails, RangesAndReadOnly) {
    Rig rig(false);
    const Plan plan = rig.planned("chat", memory(20'480));
    EXPECT_EQ(find(plan, guardrail::kPlatformRange)->verdict, Verdict::veto);
    EXPECT_EQ(find(plan, guardrail::kReadOnly)->verdict, Verdict::veto);
    EXPECT_TRUE(rig.store->plan(plan.id)) << "saved all the same";
    const auto refused = rig.apply(plan);
    ASSERT_TRUE(refused);
    EXPECT_EQ(refused->status, ChangeStatus::refused);
}

TEST(Guardrails, MemoryFloorFromEngineOrLogs) {
    Rig rig;
    PlanRequest request{.function_id = Rig::id("chat"), .desired = memory(512), .memory_floor = Megabytes{600}};
    auto plan = rig.service->plan(request, rig.job);
    ASSERT_TRUE(plan);
    EXPECT_EQ(find(*plan, guardrail::kMemoryFloor)->verdict, Verdict::veto);
    request.overrides = {"memory-floor"};
    plan = rig.service->plan(request, rig.job);
    EXPECT_EQ(find(*plan, guardrail::kMemoryFloor)->verdict, Verdict::overridden);
    EXPECT_FALSE(plan->vetoed());

    InvocationLog log;
    Invocation invocation;
    invocation.time = rig.clock->now() - hours(5);
    invocation.duration_ms = 100;
    invocation.billed_ms = 100;
    invocation.memory_mb = 1024;
    invocation.max_memory_used_mb = 500;
    invocation.request = 7;
    log.invocations = {invocation};
    log.complete.add({invocation.time - hours(1), invocation.time + hours(1)});
    log.cold_only = log.complete;
    ASSERT_TRUE(rig.store->putFunction(plan->before));
    ASSERT_TRUE(rig.store->putInvocations(Rig::id("chat"), log));
    EXPECT_EQ(find(rig.planned("chat", memory(574)), guardrail::kMemoryFloor)->verdict, Verdict::veto);
    EXPECT_EQ(find(rig.planned("chat", memory(575)), guardrail::kMemoryFloor)->verdict, Verdict::pass);
}

TEST(Guardrails, ConcurrencyOfTheAccountAndOfThePool) {
    Rig rig;
    DesiredSettings desired;
    desired.instance_limit = InstanceLimit::of(801);
    EXPECT_EQ(find(rig.planned("chat", desired), guardrail::kUnreserved)->verdict, Verdict::veto);
    desired.instance_limit = InstanceLimit::of(800);
    EXPECT_EQ(find(rig.planned("chat", desired), guardrail::kUnreserved)->verdict, Verdict::pass);
    desired.instance_limit = InstanceLimit::of(2);  // ocr keeps 3 warm
    EXPECT_EQ(find(rig.planned("ocr", desired), guardrail::kPoolWithinLimit)->verdict, Verdict::veto);
    desired.warm_pool = 2;
    EXPECT_EQ(find(rig.planned("ocr", desired), guardrail::kPoolWithinLimit)->verdict, Verdict::pass);
    DesiredSettings pool;
    pool.warm_pool = 801;
    EXPECT_EQ(find(rig.planned("ocr", pool), guardrail::kUnreserved)->verdict, Verdict::veto);
}

TEST(Guardrails, SomebodyElseScalesThePoolOrOwnsTheFunction) {
    Rig rig;
    rig.lambda->targets["function:ocr:live"] = {};
    DesiredSettings pool;
    pool.warm_pool = 1;
    auto plan = rig.planned("ocr", pool);
    EXPECT_EQ(find(plan, guardrail::kPoolScaling)->verdict, Verdict::veto);
    EXPECT_EQ(rig.plan("ocr", pool, "", {"pool-scaling"})->guardrails.size(), plan.guardrails.size());
    EXPECT_FALSE(rig.plan("ocr", pool, "", {"pool-scaling"})->vetoed());
    rig.lambda->functions["chat"].tags = {{"aws:cloudformation:stack-name", "prod"}};
    plan = rig.planned("chat", memory(2048));
    EXPECT_EQ(find(plan, guardrail::kInfrastructureCode)->verdict, Verdict::veto);
    EXPECT_NE(find(plan, guardrail::kInfrastructureCode)->reason.find("cloudformation"), std::string::npos);
}

TEST(Plan, LivesLongEnoughToBeReadWhereTheClockRunsFast) {
    EXPECT_EQ(planLifetime(1), minutes(15));
    EXPECT_EQ(planLifetime(60), minutes(5) * 60);
    EXPECT_EQ(planLifetime(0), minutes(15));
}

TEST(Plan, OfLatestPromisesNothingToCallersOfAnAlias) {
    Rig rig;
    PlanRequest request{.function_id = Rig::id("ocr"), .desired = memory(1024)};
    request.effect.cost_usd_month = EffectValue{10, 6, 5, 8};
    auto plan = rig.service->plan(request, rig.job);
    ASSERT_TRUE(plan);
    EXPECT_FALSE(plan->effect.cost_usd_month);
    EXPECT_NE(plan->traffic.find("effect is unknown"), std::string::npos) << plan->traffic;
    request.alias = "live";
    plan = rig.service->plan(request, rig.job);
    ASSERT_TRUE(plan);
    EXPECT_TRUE(plan->effect.cost_usd_month);
}

TEST(Plan, SaysWhatTakingBackAnAliasReallyDoes) {
    Rig rig;
    const Plan plan = rig.planned("ocr", memory(1024), "live");
    EXPECT_NE(plan.revert.find("memory_mb back to 2048 in $LATEST, publishes that as a new version and moves alias live there"),
              std::string::npos)
        << plan.revert;
    EXPECT_EQ(rig.planned("chat", memory(2048)).revert, "Sets memory_mb back to 1024.");
}

TEST(Settings, TextOfSchedules) {
    WarmSchedule schedule;
    schedule.entries = {{0b0011111, 480, 5}, {0b0011111, 1095, 0}, {0b1100000, 0, 1}, {0b0000101, 60, 2}, {0b1111111, 0, 3}};
    schedule.time_zone = "Europe/Paris";
    EXPECT_EQ(text(schedule), "Mon-Fri 08:00=5, Mon-Fri 18:15=0, Sat,Sun 00:00=1, Mon,Wed 01:00=2, daily 00:00=3 (Europe/Paris)");
}

TEST(Patch, HoldsOnlyWhatChanges) {
    Rig rig;
    DesiredSettings desired = memory(2048);
    desired.instance_limit = InstanceLimit::of(20);
    const Plan plan = rig.planned("chat", desired);
    const std::string terraform = exportPatch(plan, PatchFormat::terraform);
    EXPECT_NE(terraform.find("resource \"aws_lambda_function\" \"chat\""), std::string::npos);
    EXPECT_NE(terraform.find("memory_size = 2048 # was 1024"), std::string::npos);
    EXPECT_NE(terraform.find("reserved_concurrent_executions = 20"), std::string::npos);
    EXPECT_EQ(terraform.find("timeout"), std::string::npos);
    const std::string cloudformation = exportPatch(plan, PatchFormat::cloudformation);
    EXPECT_NE(cloudformation.find("Type: AWS::Lambda::Function"), std::string::npos);
    EXPECT_NE(cloudformation.find("      MemorySize: 2048"), std::string::npos);
    EXPECT_NE(exportPatch(plan, PatchFormat::sam).find("AWS::Serverless::Function"), std::string::npos);
    const std::string shell = exportPatch(plan, PatchFormat::awscli);
    EXPECT_NE(shell.find("aws lambda update-function-configuration --function-name 'chat' --region 'us-east-1' --memory-size 2048 "
                         "--revision-id 'rev-$LATEST-1'"),
              std::string::npos);
    EXPECT_NE(
        shell.find("aws lambda put-function-concurrency --function-name 'chat' --region 'us-east-1' --reserved-concurrent-executions 20"),
        std::string::npos);

    DesiredSettings pool;
    pool.warm_pool = 0;
    const Plan unwarm = rig.planned("ocr", pool);
    EXPECT_NE(exportPatch(unwarm, PatchFormat::awscli).find("delete-provisioned-concurrency-config"), std::string::npos);
    EXPECT_NE(exportPatch(unwarm, PatchFormat::terraform).find("Remove the resource"), std::string::npos);
    const std::string moved = exportPatch(rig.planned("ocr", memory(1024), "live"), PatchFormat::awscli);
    EXPECT_NE(moved.find("publish-version"), std::string::npos);
    EXPECT_NE(moved.find("--provisioned-concurrent-executions 3"), std::string::npos);
    EXPECT_EQ(parsePatchFormat("sam").value(), PatchFormat::sam);
    EXPECT_FALSE(parsePatchFormat("bicep"));
}

}  // namespace
}  // namespace pilotlight::change
