// What AWS, Google Cloud and Azure refuse, over the command line: each refusal says what happened and what to do, and nothing turns into zero.
#include <gtest/gtest.h>

#include <fstream>
#include <map>
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
    bool lists_nothing = false;  // the list itself was refused: what is known already stays, and nothing is known yet
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
    EXPECT_EQ(rows.empty(), c.exit_code == 1 || c.lists_nothing);
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
                    Refusal{"metrics_over_quota", "gcp", "monitoring.*", "quota", 4, "daily quota", "Try again tomorrow", "invocations"},
                    Refusal{"bill_over_quota", "gcp", "bigquery.*", "quota", 4, "daily quota", "Try again tomorrow", nullptr},
                    Refusal{"bill_denied", "gcp", "bigquery.*", "denied", 4, "This part is unknown", "Allow bigquery.datasets.list (pilotlightctl policy)", nullptr},
                    Refusal{"bill_disabled", "gcp", "bigquery.*", "disabled", 4, "is not enabled", "gcloud services enable bigquery.googleapis.com --project", nullptr},
                    Refusal{"services_denied", "gcp", "run.*", "denied", 4, "PERMISSION_DENIED", "Allow run.locations.list (pilotlightctl policy)", nullptr, true},
                    Refusal{"services_disabled", "gcp", "run.*", "disabled", 4, "is not enabled", "gcloud services enable run.googleapis.com --project", nullptr,
                            true},
                    Refusal{"functions_denied", "gcp", "cloudfunctions.*", "denied", 4, "Functions of the 1st generation are not listed", "roles/cloudfunctions.viewer",
                            nullptr},
                    Refusal{"functions_disabled", "gcp", "cloudfunctions.*", "disabled", 4, "is not enabled",
                            "gcloud services enable cloudfunctions.googleapis.com --project", nullptr},
                    Refusal{"prices_disabled", "gcp", "cloudbilling.*", "disabled", 4, "is not enabled",
                            "gcloud services enable cloudbilling.googleapis.com --project", nullptr},
                    Refusal{"token_expired", "gcp", "run.*", "expired", 1, "has expired", "gcloud auth application-default login", nullptr}),
    [](const auto& each) { return each.param.name; });

INSTANTIATE_TEST_SUITE_P(
    Azure, Refused,
    testing::Values(Refusal{"metrics_denied", "azure", "monitor.*", "denied", 4, "This part is unknown", "Monitoring Reader", "invocations"},
                    Refusal{"no_usage_no_cost", "azure", "monitor.*", "denied", 4, "AuthorizationFailed", "az role assignment create", "cost_usd"},
                    Refusal{"telemetry_denied", "azure", "insights.Query", "denied", 4, "api.applicationinsights.io/query", "Log Analytics Reader", "p95_ms"},
                    Refusal{"metrics_disabled", "azure", "monitor.*", "disabled", 4, "is not registered", "az provider register --namespace Microsoft.Insights",
                            "invocations"},
                    Refusal{"metrics_over_quota", "azure", "monitor.*", "quota", 4, "quota of the subscription", "Try again", "invocations"},
                    Refusal{"bill_over_quota", "azure", "costmanagement.*", "quota", 4, "quota of the subscription", "Try again", nullptr},
                    Refusal{"bill_denied", "azure", "costmanagement.*", "denied", 4, "This part is unknown", "Allow Microsoft.CostManagement/query/action", nullptr},
                    Refusal{"apps_denied", "azure", "arm.ListSites", "denied", 4, "AuthorizationFailed", "Allow Microsoft.Web/sites/read", nullptr, true},
                    Refusal{"apps_disabled", "azure", "arm.ListSites", "disabled", 4, "is not registered", "az provider register --namespace Microsoft.Web", nullptr,
                            true},
                    Refusal{"settings_denied", "azure", "arm.GetConfig", "denied", 4, "This part is unknown", "Reader", nullptr},
                    Refusal{"plans_denied", "azure", "arm.(Get|List)Plans?", "denied", 4, "Microsoft.Web/serverfarms/read", "Reader", nullptr},
                    Refusal{"functions_denied", "azure", "arm.ListAppFunctions", "denied", 4, "Which functions are in 3 apps is as it was last read", "Reader", nullptr},
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

// What was refused of an app's settings is unknown: neither "no limit", nor one instance, nor a size that nobody told.
TEST(DeniedSettings, AreUnknownAndNothingIsMadeUp) {
    const test::TemporaryDirectory folder;
    const std::string file = (folder.path() / "faults.json").string();
    const auto rows = [&](const char* operation) {
        std::ofstream(file) << json{{"rules", {{{"operation", operation}, {"fault", "denied"}}}}}.dump();
        const test::SandboxSession sandbox({"--days", "1", "--speed", "1", "--seed", "1", "--faults", file});
        EXPECT_TRUE(sandbox.ready());
        EXPECT_EQ(sandbox.ctl({"profile", "add", "p", "--platform", "azure", "--endpoint-url", sandbox.endpoint()}).exit_code, 0);
        EXPECT_EQ(sandbox.ctl({"sync", "--from", "now-1d", "--json"}).exit_code, 4);
        std::map<std::string, json> out;
        for (const auto& row : json::parse(sandbox.ctl({"functions", "--from", "now-1d", "--json"}).out)) out[row["name"]] = row;
        if (operation == std::string("arm.ListAppFunctions"))
            EXPECT_TRUE(json::parse(sandbox.ctl({"settings", "speech-notes", "--json"}).out)["functions"].is_null());
        return out;
    };
    auto without_config = rows("arm.GetConfig");
    ASSERT_EQ(without_config.size(), 3u);
    EXPECT_TRUE(without_config["contract-review"]["instance_limit"].is_null()) << "not \"none\"";
    EXPECT_TRUE(without_config["contract-review"]["warm_pool"].is_null());
    EXPECT_TRUE(without_config["webhook-classifier"]["instance_limit"].is_null());
    EXPECT_EQ(without_config["speech-notes"]["instance_limit"], 40) << "Flex does not need it";
    const auto without_plans = rows("arm.(Get|List)Plans?");
    EXPECT_TRUE(without_plans.contains("speech-notes") && without_plans.contains("webhook-classifier"));
    EXPECT_FALSE(without_plans.contains("contract-review")) << "its size is the plan's";
    EXPECT_EQ(rows("arm.ListAppFunctions").size(), 3u);
}

struct Write {
    const char *name, *platform, *operation, *function;
    std::vector<const char*> change;
    const char *field, *permission;
};
class DeniedWrite : public testing::TestWithParam<Write> {};

TEST_P(DeniedWrite, SaysWhatIsMissingAndChangesNothing) {
    const auto& c = GetParam();
    const test::TemporaryDirectory folder;
    const std::string file = (folder.path() / "faults.json").string();
    std::ofstream(file) << json{{"rules", {{{"operation", c.operation}, {"fault", "denied"}}}}}.dump();
    const test::SandboxSession sandbox({"--days", "1", "--speed", "60", "--seed", "1", "--faults", file});
    ASSERT_TRUE(sandbox.ready());
    ASSERT_EQ(sandbox.ctl({"profile", "add", "p", "--platform", c.platform, "--region", "all", "--endpoint-url", sandbox.endpoint(), "--write"}).exit_code, 0);
    ASSERT_EQ(sandbox.ctl({"sync", "--from", "now-1d", "--no-costs"}).exit_code, 0);
    const auto value = [&] {
        for (const auto& row : json::parse(sandbox.ctl({"functions", "--from", "now-1d", "--json"}).out))
            if (row["name"] == c.function) return row[c.field];
        return json();
    };
    const json before = value();
    std::vector<std::string> arguments{"plan", c.function, "--json"};
    arguments.insert(arguments.end(), c.change.begin(), c.change.end());
    const auto planned = sandbox.ctl(arguments);
    ASSERT_EQ(planned.exit_code, 0) << planned.err;
    const auto applied = sandbox.ctl({"apply", json::parse(planned.out)["plan_id"], "--yes", "--json"});
    EXPECT_EQ(applied.exit_code, 1) << applied.out;
    const json change = json::parse(applied.out, nullptr, false);
    ASSERT_TRUE(change.is_object()) << applied.out << applied.err;
    EXPECT_EQ(change["status"], "failed");
    EXPECT_NE(change["detail"].get<std::string>().find(c.permission), std::string::npos) << change["detail"];
    EXPECT_NE(change["detail"].get<std::string>().find("Nothing was changed"), std::string::npos) << change["detail"];
    EXPECT_EQ(value(), before);
}

INSTANTIATE_TEST_SUITE_P(
    Each, DeniedWrite,
    testing::Values(Write{"run", "gcp", "run.Patch.*", "rerank-service", {"--warm-pool", "3"}, "warm_pool", "Allow run.services.update"},
                    Write{"functions", "gcp", "cloudfunctions.Patch.*", "vision-tagger", {"--warm-pool", "3"}, "warm_pool", "Allow cloudfunctions.functions.update"},
                    Write{"functions_v1", "gcp", "cloudfunctions1.Patch.*", "invoice-parser", {"--warm-pool", "3"}, "warm_pool", "Allow cloudfunctions.functions.update"},
                    Write{"flex", "azure", "arm.PutSite", "speech-notes", {"--warm-pool", "2"}, "warm_pool", "Allow Microsoft.Web/sites/write"},
                    Write{"premium", "azure", "arm.PatchConfig", "contract-review", {"--warm-pool", "3"}, "warm_pool", "Allow Microsoft.Web/sites/config/write"}),
    [](const auto& each) { return each.param.name; });

TEST(Throttled, IsWaitedOutAsLongAsTheServiceSays) {
    const test::TemporaryDirectory folder;
    const std::string file = (folder.path() / "faults.json").string();
    json rules = json::array();
    for (const char* operation : {"costmanagement.Query", "monitor.ListMetrics", "arm.ListSites", "arm.ListAppFunctions", "monitoring.ListTimeSeries", "bigquery.Query", "run.Listservices"})
        rules.push_back({{"operation", operation}, {"fault", "throttle"}, {"count", 1}});
    std::ofstream(file) << json{{"rules", rules}}.dump();
    const test::SandboxSession sandbox({"--days", "2", "--speed", "1", "--seed", "1", "--faults", file});
    ASSERT_TRUE(sandbox.ready());
    for (const char* platform : {"azure", "gcp"}) {
        ASSERT_EQ(sandbox.ctl({"profile", "add", platform, "--platform", platform, "--region", "all", "--endpoint-url", sandbox.endpoint()}).exit_code, 0);
        const auto synced = sandbox.ctl({"sync", "--profile", platform, "--from", "now-2d", "--json"});
        ASSERT_EQ(synced.exit_code, 0) << synced.out;
        EXPECT_GT(json::parse(synced.out)[0]["cost_lines"].get<int>(), 0);
    }
}

TEST(UnknownAccount, SaysWhatIsVisible) {
    const test::SandboxSession sandbox({"--days", "1", "--speed", "1", "--seed", "1"});
    ASSERT_TRUE(sandbox.ready());
    ASSERT_EQ(sandbox.ctl({"profile", "add", "z", "--platform", "azure", "--subscription", "00000000-0000-0000-0000-000000000000", "--endpoint-url", sandbox.endpoint()}).exit_code, 0);
    ASSERT_EQ(sandbox.ctl({"profile", "add", "g", "--platform", "gcp", "--project", "nobody", "--endpoint-url", sandbox.endpoint()}).exit_code, 0);
    for (const auto& [profile, advice] : {std::pair{"z", "az account list"}, std::pair{"g", "(pilotlightctl policy)"}}) {
        const auto synced = sandbox.ctl({"sync", "--profile", profile, "--from", "now-3h", "--json"});
        EXPECT_EQ(synced.exit_code, 4) << synced.out;
        EXPECT_NE((synced.out + synced.err).find(advice), std::string::npos) << synced.out << synced.err;
    }
    EXPECT_EQ(json::parse(sandbox.ctl({"functions", "--json"}).out).size(), 0u);
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
