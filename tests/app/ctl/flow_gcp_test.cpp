// Google Cloud over the command line on a running sandbox: sync, functions, what-if, recommend, plan, apply, verify, revert, for a Cloud
// Run service, a 2nd and a 1st generation function.
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>
#include <set>

#include "tests/app/ctl/cloud_flow.h"

namespace pilotlight {
namespace {

using nlohmann::json;

class GcpFlow : public test::CloudFlow {
protected:
    static void SetUpTestSuite() { connect({"--platform", "gcp", "--region", "all"}); }
};

TEST_F(GcpFlow, EveryKindHasItsFigures) {
    for (const char* name : {"rerank-service", "vision-tagger", "invoice-parser", "intent-api"}) {
        const auto row = function(name);
        ASSERT_TRUE(row.is_object()) << name;
        EXPECT_EQ(row["platform"], "gcp");
        EXPECT_GT(row["invocations"].get<double>(), 100) << name;
        EXPECT_TRUE(row["p95_ms"].is_number()) << name;
        EXPECT_TRUE(row["cost_usd"].is_number()) << name;
        EXPECT_TRUE(row["max_memory_used_mb"].is_number()) << name;
        EXPECT_TRUE(row["throttles"].is_null()) << "not measured there: unknown, not zero";
    }
    EXPECT_EQ(function("vision-tagger")["id"], "projects/pilotlight-demo/locations/us-central1/services/vision-tagger");
    EXPECT_EQ(function("invoice-parser")["id"], "projects/pilotlight-demo/locations/us-central1/functions/invoice-parser");
}

TEST_F(GcpFlow, ComputedCostsAreThoseOfTheBill) {
    const auto billed = costs("billed"), computed = costs("computed");
    ASSERT_FALSE(billed.empty());
    for (const auto& [meter, usd] : billed) {
        ASSERT_TRUE(computed.contains(meter)) << meter;
        EXPECT_NEAR(computed.at(meter), usd, usd * 0.03 + 0.005) << meter;
    }
}

TEST_F(GcpFlow, PlanApplyVerifyRevertForEachKind) {
    for (const char* name : {"rerank-service", "vision-tagger", "invoice-parser"}) {
        SCOPED_TRACE(name);
        const int memory = function(name)["memory_mb"].get<int>();
        const auto what_if = sandbox_->ctl({"whatif", name, "--memory", std::to_string(memory / 2), "--json"});
        ASSERT_EQ(what_if.exit_code, 0) << what_if.err;
        const auto outcome = json::parse(what_if.out);
        EXPECT_LT(outcome["whatif"]["cost_usd_month"]["value"].get<double>(), outcome["today"]["cost_usd_month"]["value"].get<double>());
        std::vector<std::string> arguments{"plan", name, "--memory", std::to_string(memory / 2), "--json"};
        const auto planned = sandbox_->ctl(arguments);
        ASSERT_EQ(planned.exit_code, 0) << planned.err;
        const auto plan = json::parse(planned.out);
        EXPECT_EQ(plan["changes"].size(), 1u);
        const auto applied = sandbox_->ctl({"apply", plan["plan_id"], "--yes", "--json"});
        ASSERT_EQ(applied.exit_code, 0) << applied.err << applied.out;
        const auto change = json::parse(applied.out);
        EXPECT_EQ(change["status"], "applied") << applied.out;
        EXPECT_EQ(function(name)["memory_mb"], memory / 2);
        const auto reverted = sandbox_->ctl({"revert", change["change_id"], "--yes", "--json"});
        ASSERT_EQ(reverted.exit_code, 0) << reverted.err << reverted.out;
        EXPECT_EQ(function(name)["memory_mb"], memory);
    }
}

TEST_F(GcpFlow, APoolIsTakenBackToWhatItWas) {
    const auto before = function("rerank-service")["warm_pool"];
    const auto plan = json::parse(sandbox_->ctl({"plan", "rerank-service", "--warm-pool", "3", "--json"}).out);
    EXPECT_EQ(plan["changes"][0]["setting"], "warm_pool");
    const auto change = json::parse(sandbox_->ctl({"apply", plan["plan_id"], "--yes", "--json"}).out);
    EXPECT_EQ(function("rerank-service")["warm_pool"], 3);
    EXPECT_EQ(sandbox_->ctl({"revert", change["change_id"], "--yes"}).exit_code, 0);
    EXPECT_EQ(function("rerank-service")["warm_pool"], before);
}

TEST_F(GcpFlow, AStaleChangeIsRefusedOnEachKind) {
    for (const char* name : {"rerank-service", "vision-tagger", "invoice-parser"}) {
        SCOPED_TRACE(name);
        const auto first = json::parse(sandbox_->ctl({"plan", name, "--warm-pool", "4", "--json"}).out);
        const auto second = json::parse(sandbox_->ctl({"plan", name, "--warm-pool", "5", "--json"}).out);
        ASSERT_EQ(sandbox_->ctl({"apply", second["plan_id"], "--yes"}).exit_code, 0);
        const auto stale = sandbox_->ctl({"apply", first["plan_id"], "--yes", "--json"});
        EXPECT_EQ(stale.exit_code, 3) << stale.out;
        EXPECT_EQ(json::parse(stale.out)["status"], "refused");
        EXPECT_EQ(function(name)["warm_pool"], 5);
    }
}

TEST_F(GcpFlow, RecommendationsAreReachableAndInfrastructureCodeVetoes) {
    const auto all = json::parse(sandbox_->ctl({"recommend", "--json"}).out);
    ASSERT_EQ(all.size(), 4u);
    std::set<std::string> recommended;
    for (const auto& each : all)
        if (each["status"] == "recommended") recommended.insert(each["id"].get<std::string>());
    ASSERT_GE(recommended.size(), 2u);
    for (const auto& id : recommended) {
        const auto planned = sandbox_->ctl({"plan", "--recommendation", id, "--json"});
        ASSERT_EQ(planned.exit_code, 0) << planned.err;
        const auto plan = json::parse(planned.out);
        const bool owned = plan["function_id"].get<std::string>().ends_with("intent-api");
        bool vetoed = false;
        for (const auto& guardrail : plan["guardrails"]) vetoed = vetoed || guardrail["verdict"] == "veto";
        EXPECT_EQ(vetoed, owned) << planned.out;
    }
}

}  // namespace
}  // namespace pilotlight
