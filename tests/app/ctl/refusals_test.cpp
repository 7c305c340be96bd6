// What AWS, Google Cloud and Azure refuse, over the command line: each refusal says what happened and what to do, and nothing turns into zero.
#include <gtest/gtest.h>

#include <fstream>
#include <nlohmann/json.hpp>

#include "tests/support/sandbox.h"

namespace pilotlight {
namespace {

using nlohmann::json;

struct Refusal {
    const char *name, *platform, *operation, *fault;
    int exit_code;          // of sync: 4 = the rest was read, 1 = nothing could be
    const char* says;       // in what is told
    const char* does;       // the command or the advice
    const char* unknown;    // a field of every function that must be null then; nullptr = none
};

class Refused : public testing::TestWithParam<Refusal> {};

TEST_P(Refused, SaysWhatToDoAndLeavesUnknownUnknown) {
    const auto& c = GetParam();
    const test::TemporaryDirectory folder;
    const std::string file = (folder.path() / "faults.json").string();
    std::ofstream(file) << json{{"rules", {{{"operation", c.operation}, {"fault", c.fault}}}}}.dump();
    const test::SandboxSession sandbox({"--days", "1", "--speed", "1", "--seed", "1", "--faults", file});
    ASSERT_TRUE(sandbox.ready());
    ASSERT_EQ(sandbox.ctl({"profile", "add", "p", "--platform", c.platform, "--region", c.platform == std::string("aws") ? "us-east-1" : "all", "--endpoint-url", sandbox.endpoint()}).exit_code, 0);
    const auto synced = sandbox.ctl({"sync", "--from", "now-1d", "--json"});
    EXPECT_EQ(synced.exit_code, c.exit_code) << synced.err;
    const std::string told = synced.err + synced.out;
    EXPECT_NE(told.find(c.says), std::string::npos) << told;
    EXPECT_NE(told.find(c.does), std::string::npos) << told;
    EXPECT_EQ(told.find("eyJ0"), std::string::npos) << "no token in what is told";
    const json rows = json::parse(sandbox.ctl({"functions", "--from", "now-1d", "--json"}).out, nullptr, false);
    ASSERT_TRUE(rows.is_array());
    EXPECT_EQ(rows.empty(), c.exit_code == 1);
    if (c.unknown != nullptr)
        for (const auto& row : rows) EXPECT_TRUE(row[c.unknown].is_null()) << row.dump();
}

INSTANTIATE_TEST_SUITE_P(
    Aws, Refused,
    testing::Values(Refusal{"metrics_denied", "aws", "monitoring.GetMetricData", "denied", 4, "Allow cloudwatch:GetMetricData", "2012-10-17", "errors"},
                    // Invocations and cost are those of the logs, where they are complete.
                    Refusal{"metrics_denied_throttles", "aws", "monitoring.GetMetricData", "denied", 4, "This part is unknown", "cloudwatch:GetMetricData", "throttles"},
                    Refusal{"logs_denied", "aws", "logs.FilterLogEvents", "denied", 4, "Allow logs:FilterLogEvents", "2012-10-17", nullptr},
                    Refusal{"detail_denied", "aws", "lambda.GetFunction", "denied", 4, "Allow lambda:GetFunction", "2012-10-17", nullptr}),
    [](const auto& each) { return each.param.name; });

INSTANTIATE_TEST_SUITE_P(
    Google, Refused,
    testing::Values(Refusal{"metrics_denied", "gcp", "monitoring.*", "denied", 4, "This part is unknown", "roles/monitoring.viewer", "invocations"},
                    Refusal{"no_usage_no_cost", "gcp", "monitoring.*", "denied", 4, "PERMISSION_DENIED", "gcloud projects add-iam-policy-binding", "cost_usd"},
                    Refusal{"metrics_disabled", "gcp", "monitoring.*", "disabled", 4, "is not enabled", "gcloud services enable monitoring.googleapis.com --project",
                            "invocations"},
                    Refusal{"bill_over_quota", "gcp", "bigquery.*", "quota", 4, "daily quota", "Try again tomorrow", nullptr},
                    Refusal{"token_expired", "gcp", "run.*", "expired", 1, "has expired", "gcloud auth application-default login", nullptr}),
    [](const auto& each) { return each.param.name; });

INSTANTIATE_TEST_SUITE_P(
    Azure, Refused,
    testing::Values(Refusal{"metrics_denied", "azure", "monitor.*", "denied", 4, "This part is unknown", "Monitoring Reader", "invocations"},
                    Refusal{"no_usage_no_cost", "azure", "monitor.*", "denied", 4, "AuthorizationFailed", "az role assignment create", "cost_usd"},
                    Refusal{"telemetry_denied", "azure", "insights.Query", "denied", 4, "api.applicationinsights.io/query", "Log Analytics Reader", "p95_ms"},
                    Refusal{"metrics_disabled", "azure", "monitor.*", "disabled", 4, "is not registered", "az provider register --namespace Microsoft.Insights",
                            "invocations"},
                    Refusal{"bill_over_quota", "azure", "costmanagement.*", "quota", 4, "quota of the subscription", "Try again", nullptr},
                    Refusal{"token_expired", "azure", "arm.*", "expired", 1, "does not accept the access token", "az login", nullptr}),
    [](const auto& each) { return each.param.name; });

// One query is for many components, and one that refuses refuses it whole: the others are asked again by themselves.
TEST(DeniedTelemetry, OfOneComponentLeavesTheOthersTheirs) {
    const test::TemporaryDirectory folder;
    const std::string file = (folder.path() / "scenario.json").string();
    json functions = json::array();
    for (const char* name : {"open-a", "shut", "open-b"}) {
        functions.push_back({{"name", name}, {"platform", "azure"}, {"kind", "flex"}, {"region", "eastus"}, {"profile", "p"}, {"memory_mb", 2048}, {"vcpu", 1},
                             {"insights", true}, {"arrivals", {{"per_day", 4000}}}});
        if (name == std::string("shut")) functions.back()["insights_denied"] = true;
    }
    std::ofstream(file) << json{{"profiles", {{"p", {{"source", "test"}, {"points", {{128, 2000}, {2048, 400}}}}}}}, {"functions", functions}}.dump();
    const test::SandboxSession sandbox({"--days", "1", "--speed", "1", "--seed", "1", "--scenario", file});
    ASSERT_TRUE(sandbox.ready());
    ASSERT_EQ(sandbox.ctl({"profile", "add", "p", "--platform", "azure", "--endpoint-url", sandbox.endpoint()}).exit_code, 0);
    const auto synced = sandbox.ctl({"sync", "--from", "now-1d", "--json"});
    EXPECT_EQ(synced.exit_code, 4) << synced.err;
    const json report = json::parse(synced.out)[0];
    ASSERT_FALSE(report["problems"].empty());
    for (const auto& problem : report["problems"]) {
        EXPECT_EQ(problem["scope"], "eastus/shut") << problem.dump();
        EXPECT_NE(problem.dump().find("Log Analytics Reader"), std::string::npos) << problem.dump();
    }
    for (const auto& row : json::parse(sandbox.ctl({"functions", "--from", "now-1d", "--json"}).out)) {
        EXPECT_EQ(row["p95_ms"].is_null(), row["name"] == "shut") << row.dump();
        EXPECT_EQ(row["cold_start_share"].is_null(), row["name"] == "shut") << row.dump();
        EXPECT_GT(row["invocations"].get<double>(), 100) << row.dump();
    }
}

TEST(UnknownRegion, IsToldBesideWhatWasRead) {
    const test::SandboxSession sandbox({"--days", "1", "--speed", "1", "--seed", "1"});
    ASSERT_TRUE(sandbox.ready());
    for (const auto& [platform, regions, advice] :
         {std::tuple{"gcp", "us-central1,mars-west1", "gcloud run regions list"}, std::tuple{"azure", "eastus,marseast", "az account list-locations"}}) {
        SCOPED_TRACE(platform);
        ASSERT_EQ(sandbox.ctl({"profile", "add", platform, "--platform", platform, "--region", regions, "--endpoint-url", sandbox.endpoint()}).exit_code, 0);
        const auto synced = sandbox.ctl({"sync", "--profile", platform, "--from", "now-3h", "--json"});
        EXPECT_EQ(synced.exit_code, 4);
        EXPECT_NE(synced.out.find("mars"), std::string::npos) << synced.out;
        EXPECT_NE(synced.out.find(advice), std::string::npos) << synced.out;
        EXPECT_GT(json::parse(synced.out)[0]["functions"].get<int>(), 1);
    }
    // A region that exists and has no app is nothing to tell.
    ASSERT_EQ(sandbox.ctl({"profile", "add", "west", "--platform", "azure", "--region", "eastus,westeurope", "--endpoint-url", sandbox.endpoint()}).exit_code, 0);
    EXPECT_EQ(sandbox.ctl({"sync", "--profile", "west", "--from", "now-3h"}).exit_code, 0);
}

}  // namespace
}  // namespace pilotlight
