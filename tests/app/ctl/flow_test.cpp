// The main job over the command line on a running sandbox: real HTTP, real store, another client (awscli) beside us.
#include <gtest/gtest.h>

#include <fstream>
#include <nlohmann/json.hpp>
#include <map>
#include <set>

#include "tests/support/sandbox.h"

namespace pilotlight {
namespace {

using nlohmann::json;

class Flow : public ::testing::Test {
protected:
    static void SetUpTestSuite() {
        sandbox_ = new test::SandboxSession({"--days", "2", "--speed", "60", "--seed", "1"});
        if (!sandbox_->ready()) return;
        added_ = sandbox_->ctl({"profile", "add", "box", "--platform", "aws", "--region", "us-east-1", "--endpoint-url", sandbox_->endpoint(), "--write"});
        synced_ = sandbox_->ctl({"sync", "--from", "now-2d", "--json"});
    }
    static void TearDownTestSuite() {
        delete sandbox_;
        sandbox_ = nullptr;
    }
    void SetUp() override {
        ASSERT_TRUE(sandbox_->ready());
        ASSERT_EQ(added_.exit_code, 0) << added_.err;
        ASSERT_EQ(synced_.exit_code, 0) << synced_.err << synced_.out;
    }
    static json functions() {
        const auto out = sandbox_->ctl({"functions", "--from", "now-2d", "--json"});
        return json::parse(out.out);
    }
    static json function(const std::string& name) {
        for (const auto& row : functions()) {
            if (row["name"] == name) return row;
        }
        return nullptr;
    }

    static test::SandboxSession* sandbox_;
    static test::Finished added_, synced_;
};
test::SandboxSession* Flow::sandbox_ = nullptr;
test::Finished Flow::added_, Flow::synced_;

TEST_F(Flow, FunctionsEqualWhatTheEndpointHolds) {
    const auto listed = json::parse(sandbox_->aws({"lambda", "list-functions"}).out)["Functions"];
    ASSERT_GE(listed.size(), 6u);
    const auto rows = functions();
    EXPECT_EQ(rows.size(), listed.size());
    for (const auto& there : listed) {
        const auto here = std::find_if(rows.begin(), rows.end(), [&](const json& row) { return row["id"] == there["FunctionArn"]; });
        ASSERT_NE(here, rows.end()) << there["FunctionArn"];
        EXPECT_EQ((*here)["memory_mb"], there["MemorySize"]);
        EXPECT_EQ((*here)["timeout_s"], there["Timeout"]);
        EXPECT_EQ((*here)["revision"], there["RevisionId"]);
        const auto period = (*here)["period"];
        const auto sum = json::parse(sandbox_->aws({"cloudwatch", "get-metric-statistics", "--namespace", "AWS/Lambda", "--metric-name", "Invocations", "--dimensions",
                                                    "Name=FunctionName,Value=" + there["FunctionName"].get<std::string>(), "--start-time", period["from"], "--end-time", period["to"],
                                                    "--period", "300", "--statistics", "Sum"})
                                         .out);
        double invocations = 0;
        for (const auto& point : sum["Datapoints"]) invocations += point["Sum"].get<double>();
        EXPECT_NEAR((*here)["invocations"].get<double>(), invocations, invocations * 0.01 + 2) << there["FunctionName"];
        if (invocations > 50) {
            EXPECT_TRUE((*here)["p95_ms"].is_number()) << there["FunctionName"];
            EXPECT_TRUE((*here)["cost_usd"].is_number()) << there["FunctionName"];
            EXPECT_TRUE((*here)["cold_start_share"].is_number()) << there["FunctionName"];
        }
    }
}

TEST_F(Flow, AChangeIsVisibleThereAndCanBePutBack) {
    const auto before = function("image-classify");
    ASSERT_TRUE(before.is_object());
    const int memory = before["memory_mb"].get<int>();
    const auto planned = sandbox_->ctl({"plan", "image-classify", "--memory", std::to_string(memory + 256), "--json"});
    ASSERT_EQ(planned.exit_code, 0) << planned.err;
    const auto plan = json::parse(planned.out);
    EXPECT_EQ(plan["changes"], json::parse(R"([{"setting":"memory_mb","before":)" + std::to_string(memory) + R"(,"after":)" + std::to_string(memory + 256) + "}]"));
    const auto unconfirmed = sandbox_->ctl({"apply", plan["plan_id"], "--json"});
    EXPECT_EQ(unconfirmed.exit_code, 3) << "without --yes nothing happens";
    const auto applied = sandbox_->ctl({"apply", plan["plan_id"], "--yes", "--json"});
    ASSERT_EQ(applied.exit_code, 0) << applied.err << applied.out;
    const auto change = json::parse(applied.out);
    EXPECT_EQ(change["status"], "applied") << applied.out;
    const auto there = [&] { return json::parse(sandbox_->aws({"lambda", "get-function-configuration", "--function-name", "image-classify"}).out)["MemorySize"].get<int>(); };
    EXPECT_EQ(there(), memory + 256);
    const auto again = sandbox_->ctl({"apply", plan["plan_id"], "--yes", "--json"});
    EXPECT_EQ(again.exit_code, 3) << "a plan is applied once";
    const auto reverted = sandbox_->ctl({"revert", change["change_id"], "--yes", "--json"});
    ASSERT_EQ(reverted.exit_code, 0) << reverted.err << reverted.out;
    EXPECT_EQ(there(), memory);
}

TEST_F(Flow, AChangeMadeOutsideMeanwhileIsStale) {
    const auto memory = function("embeddings-api")["memory_mb"].get<int>();
    const auto plan = json::parse(sandbox_->ctl({"plan", "embeddings-api", "--memory", std::to_string(memory + 128), "--json"}).out);
    const auto outside = sandbox_->aws({"lambda", "update-function-configuration", "--function-name", "embeddings-api", "--memory-size", std::to_string(memory + 64)});
    ASSERT_EQ(outside.exit_code, 0) << outside.err;
    const auto applied = sandbox_->ctl({"apply", plan["plan_id"], "--yes", "--json"});
    EXPECT_EQ(applied.exit_code, 3) << applied.out;
    const auto result = json::parse(applied.out);
    EXPECT_EQ(result["status"], "refused");
    ASSERT_TRUE(result.contains("drift")) << "shows the new diff";
    EXPECT_EQ(result["drift"][0]["setting"], "memory_mb");
    EXPECT_EQ(result["drift"][0]["after"], memory + 64);
}

TEST_F(Flow, InfrastructureCodeOwnsItsFunctions) {
    std::string owned;
    for (const auto& row : functions()) {
        if (row["owner"] == "cloudformation") owned = row["name"].get<std::string>();
    }
    ASSERT_FALSE(owned.empty());
    const auto memory = function(owned)["memory_mb"].get<int>() + 512;
    const auto planned = sandbox_->ctl({"plan", owned, "--memory", std::to_string(memory), "--json"});
    EXPECT_EQ(planned.exit_code, 0) << "a plan with a veto is saved";
    const auto plan = json::parse(planned.out);
    bool vetoed = false;
    std::string guardrail;
    for (const auto& each : plan["guardrails"]) {
        if (each["verdict"] == "veto") {
            vetoed = true;
            guardrail = each["name"].get<std::string>();
        }
    }
    EXPECT_TRUE(vetoed) << planned.out;
    EXPECT_EQ(sandbox_->ctl({"apply", plan["plan_id"], "--yes"}).exit_code, 3);
    const auto overridden = json::parse(sandbox_->ctl({"plan", owned, "--memory", std::to_string(memory), "--override", guardrail, "--json"}).out);
    EXPECT_EQ(sandbox_->ctl({"apply", overridden["plan_id"], "--yes"}).exit_code, 0);
}

TEST_F(Flow, WhatIfAndRecommendSpeakTheContract) {
    const auto answered = sandbox_->ctl({"whatif", "chat-inference", "--memory", "3008", "--traffic", "1.5", "--json"});
    ASSERT_EQ(answered.exit_code, 0) << answered.err;
    const auto what = json::parse(answered.out);
    for (const char* side : {"today", "whatif"}) {
        for (const char* key : {"cost_usd_month", "p50_ms", "p95_ms", "p99_ms", "cold_start_share"}) {
            ASSERT_TRUE(what[side][key].is_object()) << side << " " << key << answered.out;
            EXPECT_LE(what[side][key]["lo"].get<double>(), what[side][key]["value"].get<double>());
            EXPECT_GE(what[side][key]["hi"].get<double>(), what[side][key]["value"].get<double>());
        }
        EXPECT_TRUE(what[side]["breakdown"].is_object());
    }
    const auto recommended = sandbox_->ctl({"recommend", "--json"});
    ASSERT_EQ(recommended.exit_code, 0) << recommended.err;
    const auto list = json::parse(recommended.out);
    EXPECT_EQ(list.size(), functions().size());
    std::set<std::string> ids;
    for (const auto& each : list) {
        const std::string status = each["status"];
        EXPECT_TRUE(status == "recommended" || status == "optimal" || status == "inconclusive") << status;
        EXPECT_TRUE(status != "inconclusive" || each["needs"].is_string()) << each.dump();
        EXPECT_TRUE(status != "recommended" || !each["changes"].empty()) << each.dump();
        ids.insert(each["id"].get<std::string>());
    }
    EXPECT_EQ(ids.size(), list.size()) << "ids are unique";
}

TEST_F(Flow, AnAmbiguousOrUnknownNameIsSaid) {
    const auto unknown = sandbox_->ctl({"whatif", "no-such-function", "--memory", "512"});
    EXPECT_EQ(unknown.exit_code, 1);
    EXPECT_NE(unknown.err.find("no-such-function"), std::string::npos);
}

TEST_F(Flow, AnEstimateIsNearTheCallsThatFollow) {
    const std::string other = (sandbox_->directory() / "estimated").string();
    const auto ctl = [&](std::vector<std::string> arguments) {
        arguments.insert(arguments.end(), {"--workspace", other});
        return sandbox_->ctl(std::move(arguments));
    };
    ASSERT_EQ(ctl({"profile", "add", "box", "--platform", "aws", "--region", "us-east-1", "--endpoint-url", sandbox_->endpoint()}).exit_code, 0);
    const auto first = ctl({"sync", "--estimate", "--from", "now-2d"});
    EXPECT_NE(first.out.find("at most"), std::string::npos) << first.out << first.err;
    ASSERT_EQ(ctl({"sync", "--no-logs", "--from", "now-2d"}).exit_code, 0);
    const auto estimated = ctl({"sync", "--estimate", "--from", "now-2d", "--json"});
    ASSERT_EQ(estimated.exit_code, 0) << estimated.err;
    const auto done = ctl({"sync", "--from", "now-2d", "--json"});
    ASSERT_EQ(done.exit_code, 0) << done.err;
    const double expected = json::parse(estimated.out)[0]["calls"].get<double>(), made = json::parse(done.out)[0]["calls"].get<double>();
    RecordProperty("estimated", std::to_string(expected));
    RecordProperty("made", std::to_string(made));
    EXPECT_LT(expected, made * 1.5) << made;
    EXPECT_GT(expected, made / 1.5) << made;
}

TEST_F(Flow, APoolUnderAScheduleIsTakenOverAndPutBack) {
    const auto target = [&] {
        return json::parse(sandbox_->aws({"application-autoscaling", "describe-scheduled-actions", "--service-namespace", "lambda"}).out)["ScheduledActions"];
    };
    const auto before = target();
    ASSERT_FALSE(before.empty());
    const std::string resource = before[0]["ResourceId"];
    const auto colon = resource.rfind(':');
    const std::string name = resource.substr(9, colon - 9), qualifier = resource.substr(colon + 1);
    const auto plan = json::parse(sandbox_->ctl({"plan", name, "--warm-pool", "1@" + qualifier, "--override", "pool-scaling", "--json"}).out);
    const auto applied = sandbox_->ctl({"apply", plan["plan_id"], "--yes", "--json"});
    ASSERT_EQ(applied.exit_code, 0) << applied.out << applied.err;
    const auto of = [&](const json& actions) {
        std::map<std::string, json> out;
        for (const auto& each : actions) {
            if (each["ResourceId"] == resource) out[each["ScheduledActionName"]] = json::array({each["Schedule"], each["Timezone"], each["ScalableTargetAction"]});
        }
        return out;
    };
    EXPECT_TRUE(of(target()).empty());
    const auto reverted = sandbox_->ctl({"revert", json::parse(applied.out)["change_id"], "--yes", "--json"});
    ASSERT_EQ(reverted.exit_code, 0) << reverted.out << reverted.err;
    EXPECT_EQ(of(target()), of(before));
}

TEST_F(Flow, ReadOnlyConnectionsAreRefusedWrites) {
    ASSERT_EQ(sandbox_->ctl({"profile", "add", "box", "--platform", "aws", "--region", "us-east-1", "--endpoint-url", sandbox_->endpoint()}).exit_code, 0);
    const auto plan = sandbox_->ctl({"plan", "ocr-page", "--memory", "4096", "--json"});
    ASSERT_EQ(plan.exit_code, 0) << plan.err;
    EXPECT_EQ(sandbox_->ctl({"apply", json::parse(plan.out)["plan_id"], "--yes"}).exit_code, 3);
    ASSERT_EQ(sandbox_->ctl({"profile", "add", "box", "--platform", "aws", "--region", "us-east-1", "--endpoint-url", sandbox_->endpoint(), "--write"}).exit_code, 0);
}

// Sizes measured on this machine become evidence beside the cloud's: the shape from here, the scale from there.
TEST_F(Flow, BenchedSizesAreEvidenceForWhatIfs) {
    const auto before = function("image-classify");
    const int memory = before["memory_mb"];
    const int other = memory < 1500 ? 1769 : 512;
    const auto whatIf = [&] { return json::parse(sandbox_->ctl({"whatif", "image-classify", "--memory", std::to_string(other), "--json"}).out); };
    const auto without = whatIf();
    const std::string sizes = std::to_string(memory) + "," + std::to_string(other);
    const auto run = sandbox_->ctl({"bench", "run", "--handler", "command", "--sizes", sizes, "--colds", "1", "--warm", "20", "--function", "image-classify", "--json", "--", "python3", "-c",
                                    "x = 0\nfor i in range(1500000): x += i"});
    ASSERT_EQ(run.exit_code, 0) << run.err;
    EXPECT_NE(run.err.find("2 sizes of"), std::string::npos) << run.err;
    EXPECT_NE(run.err.find("are now evidence for"), std::string::npos) << run.err;
    const auto with = whatIf();
    // The duration at the other size is now known better than from the cloud's one size alone; today's figures are the cloud's as before.
    const auto width = [](const json& e) { return e["hi"].get<double>() / e["lo"].get<double>(); };
    std::printf("p50 at %d MB: %.1f ms (%.1f to %.1f) without, %.1f ms (%.1f to %.1f) with the bench\n", other, without["whatif"]["p50_ms"]["value"].get<double>(), without["whatif"]["p50_ms"]["lo"].get<double>(),
                without["whatif"]["p50_ms"]["hi"].get<double>(), with["whatif"]["p50_ms"]["value"].get<double>(), with["whatif"]["p50_ms"]["lo"].get<double>(), with["whatif"]["p50_ms"]["hi"].get<double>());
    EXPECT_LT(width(with["whatif"]["p50_ms"]), width(without["whatif"]["p50_ms"]));
    EXPECT_NE(with["whatif"]["p50_ms"]["value"], without["whatif"]["p50_ms"]["value"]);
    EXPECT_NEAR(with["today"]["p50_ms"]["value"].get<double>(), without["today"]["p50_ms"]["value"].get<double>(), 0.05 * without["today"]["p50_ms"]["value"].get<double>());

    // `predict` reads both in one file, each row with its source.
    const auto csv = sandbox_->directory() / "both.csv";
    ASSERT_EQ(sandbox_->ctl({"bench", "export", "last", "--format", "observations", "--output", csv.string()}).exit_code, 0);
    const auto at = [&](int mb) { return json::parse(sandbox_->ctl({"predict", "memory", "--observations", csv.string(), "--platform", "aws", "--at", std::to_string(mb), "--json"}).out)["curve"][0]["duration_ms"].get<double>(); };
    const double here = at(memory), here_other = at(other);
    std::ofstream(csv, std::ios::app) << memory << "," << 3 * here << ",500,,,,,cloud,,0\n";
    // The cloud is three times as slow: so it is at the size that only the bench has measured.
    EXPECT_NEAR(at(memory) / here, 3, 0.3);
    EXPECT_NEAR(at(other) / here_other, 3, 0.6);
}

} // namespace
} // namespace pilotlight
