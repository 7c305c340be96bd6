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
        EXPECT_EQ(statusOf(change["change_id"]), "watching");
        EXPECT_EQ(function(name)["memory_mb"], memory / 2);
        const auto reverted = sandbox_->ctl({"revert", change["change_id"], "--yes", "--json"});
        ASSERT_EQ(reverted.exit_code, 0) << reverted.err << reverted.out;
        EXPECT_EQ(function(name)["memory_mb"], memory);
        EXPECT_EQ(statusOf(change["change_id"]), "reverted");
    }
}

TEST_F(GcpFlow, AServiceWithAGpuHasItsPriceItsMetricsAndItsBoostKept) {
    const auto settings = [&] { return json::parse(sandbox_->ctl({"settings", "caption-model", "--json"}).out); };
    const auto shown = settings();
    EXPECT_EQ(shown["shown_only"]["accelerator"], "1 x nvidia-l4");
    EXPECT_EQ(shown["shown_only"]["gpu_zonal_redundancy"], "off");
    EXPECT_EQ(shown["shown_only"]["startup_cpu_boost"], "on");
    for (const auto& each : shown["settings"]) {
        EXPECT_FALSE(each["why"].get<std::string>().empty()) << each.dump();
        if (each["setting"] == "memory_mb" || each["setting"] == "vcpu") EXPECT_FALSE(each["settable"].get<bool>()) << each.dump();
    }
    EXPECT_GT(costs("computed").at("gpu"), 1);
    for (const auto& [metric, statistic, least, most] : {std::tuple{"gpu_utilization", "average", 0.0, 1.0}, std::tuple{"gpu_memory_used", "maximum", 10'000.0, 24'576.0}}) {
        const auto series = json::parse(sandbox_->ctl({"metrics", "caption-model", "--metric", metric, "--stat", statistic, "--from", "now-6h", "--json"}).out);
        ASSERT_GT(series["points"].size(), 10u) << metric;
        double highest = 0;  // at night there are periods without a request
        for (const auto& point : series["points"]) {
            EXPECT_GE(point["value"].get<double>(), 0) << metric;
            EXPECT_LE(point["value"].get<double>(), most) << metric;
            highest = std::max(highest, point["value"].get<double>());
        }
        EXPECT_GT(highest, least) << metric;
    }
    EXPECT_NE(sandbox_->ctl({"metrics", "rerank-service", "--metric", "gpu_utilization", "--stat", "average"}).exit_code, 0) << "it has none: unknown, not zero";
    const auto waited = json::parse(sandbox_->ctl({"metrics", "vision-tagger", "--metric", "pending_latency", "--stat", "p95", "--from", "now-1d", "--json"}).out);
    EXPECT_EQ(waited["unit"], "ms");
    EXPECT_GT(waited["points"].size(), 3u);
    // A change of something else leaves GPU and boost as they are.
    const auto plan = json::parse(sandbox_->ctl({"plan", "caption-model", "--concurrency", "6", "--json"}).out);
    const auto applied = sandbox_->ctl({"apply", plan["plan_id"], "--yes", "--json"});
    ASSERT_EQ(applied.exit_code, 0) << applied.err << applied.out;
    EXPECT_EQ(function("caption-model")["concurrency"], 6);
    EXPECT_EQ(settings()["shown_only"], shown["shown_only"]);
    EXPECT_EQ(sandbox_->ctl({"revert", json::parse(applied.out)["change_id"], "--yes"}).exit_code, 0);
    // So does a change of the resources that the boost is among.
    const auto resources = json::parse(sandbox_->ctl({"plan", "rerank-service", "--memory", "4096", "--json"}).out);
    const auto bigger = sandbox_->ctl({"apply", resources["plan_id"], "--yes", "--json"});
    ASSERT_EQ(bigger.exit_code, 0) << bigger.err << bigger.out;
    EXPECT_EQ(json::parse(sandbox_->ctl({"settings", "rerank-service", "--json"}).out)["shown_only"]["startup_cpu_boost"], "on");
    EXPECT_EQ(sandbox_->ctl({"revert", json::parse(bigger.out)["change_id"], "--yes"}).exit_code, 0);
}

TEST_F(GcpFlow, FreeGrantsAreTakenOffOnceAndAreNoPartOfAFunctionsCost) {
    const auto rows = [&](std::vector<std::string> more) {
        std::vector<std::string> arguments{"costs", "--by", "function,meter", "--from", "now-2d/d", "--to", "now/d", "--json"};
        arguments.insert(arguments.end(), more.begin(), more.end());
        return json::parse(sandbox_->ctl(arguments).out);
    };
    std::map<std::string, double> before, after, grants;  // by meter
    for (const auto& row : rows({})) before[row["meter"]] += row["cost_usd"].get<double>();
    for (const auto& row : rows({"--after-grants"})) {
        after[row["meter"]] += row["cost_usd"].get<double>();
        if (row["function"].is_null()) grants[row["meter"]] += row["cost_usd"].get<double>();
    }
    ASSERT_FALSE(grants.empty());
    for (const auto& [meter, off] : grants) {
        EXPECT_LT(off, 0) << meter;
        EXPECT_NEAR(after[meter], before[meter] + off, 1e-9) << meter;
        EXPECT_GE(after[meter], -1e-9) << meter << ": never more than was to be paid";
    }
    // 180,000 vCPU-s request-based, 240,000 instance-based, 200,000 GHz-s of the 1st generation, whatever the number of services; two months at most.
    EXPECT_GE(grants["vcpu"], -2 * (4.32 + 4.32 + 2.0));
    EXPECT_FALSE(grants.contains("gpu"));
    EXPECT_NE(sandbox_->ctl({"costs"}).err.find("before free grants"), std::string::npos);
    EXPECT_EQ(sandbox_->ctl({"costs", "--metric", "billed", "--after-grants"}).exit_code, 2);
}

TEST_F(GcpFlow, LinesThatTheBillAttributesToNoServiceAreInItsCheck) {
    // The standard export names no service: billed are the meters, computed the services.
    const auto by_function = json::parse(sandbox_->ctl({"bill", "--by", "function", "--from", "now-3d", "--json"}).out);
    double unattributed = 0;
    for (const auto& row : by_function) {
        if (row["function"].is_null()) {
            unattributed += row["billed_usd"].get<double>();
            EXPECT_GT(row["usage_types"].size(), 3u);
        } else {
            EXPECT_TRUE(row["billed_usd"].is_null() && row["difference_usd"].is_null()) << "not told, not zero: " << row.dump();
        }
    }
    double billed = 0;
    for (const auto& row : json::parse(sandbox_->ctl({"bill", "--from", "now-3d", "--json"}).out)) {
        billed += row["billed_usd"].get<double>();
        EXPECT_NEAR(row["difference_usd"].get<double>(), 0, 0.03 * row["billed_usd"].get<double>() + 0.01) << row.dump();
    }
    EXPECT_GT(billed, 0.1);
    EXPECT_NEAR(unattributed, billed, 1e-6) << "nothing is dropped";
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
    ASSERT_EQ(all.size(), 5u);
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
