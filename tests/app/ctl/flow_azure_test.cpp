// Azure over the command line on a running sandbox: Flex Consumption and Premium with all that they can, Consumption with its scale limit.
#include <gtest/gtest.h>

#include <fstream>
#include <nlohmann/json.hpp>

#include "core/net/curl_http_client.h"
#include "core/net/url.h"
#include "tests/app/ctl/cloud_flow.h"

namespace pilotlight {
namespace {

using nlohmann::json;

class AzureFlow : public test::CloudFlow {
protected:
    static void SetUpTestSuite() { connect({"--platform", "azure"}); }
    struct Change {
        const char* function;
        std::vector<std::string> arguments;
        const char* field;
        json before, after;
    };
    static std::vector<Change> changes() {
        return {{"speech-notes", {"--memory", "4096"}, "memory_mb", 2048, 4096},
                {"speech-notes", {"--concurrency", "8"}, "concurrency", 4, 8},
                {"speech-notes", {"--warm-pool", "2"}, "warm_pool", 1, 2},
                {"contract-review", {"--warm-pool", "3"}, "warm_pool", 2, 3},
                {"webhook-classifier", {"--instance-limit", "10"}, "instance_limit", 20, 10}};
    }
    static json plan(const Change& change) {
        std::vector<std::string> arguments{"plan", change.function, "--json"};
        arguments.insert(arguments.end(), change.arguments.begin(), change.arguments.end());
        return json::parse(sandbox_->ctl(arguments).out, nullptr, false);
    }
};

TEST_F(AzureFlow, FiguresAreThereAndPercentilesWhereTelemetryIsLinked) {
    for (const char* name : {"speech-notes", "contract-review", "webhook-classifier"}) {
        SCOPED_TRACE(name);
        const auto row = function(name);
        ASSERT_TRUE(row.is_object());
        EXPECT_GT(row["invocations"].get<double>(), 100);
        EXPECT_TRUE(row["cost_usd"].is_number());
        const bool linked = name != std::string("webhook-classifier");
        EXPECT_EQ(row["p95_ms"].is_number(), linked) << row["p95_ms"];
        EXPECT_EQ(row["cold_start_share"].is_number(), linked) << row["cold_start_share"];
        if (linked) EXPECT_GT(row["p99_ms"].get<double>(), row["p50_ms"].get<double>());
        EXPECT_EQ(row["region"], "eastus");
    }
}

TEST_F(AzureFlow, RecommendationsStayWithinThePlanAndSayWhatIsNotAvailable) {
    for (const auto& each : json::parse(sandbox_->ctl({"recommend", "--json"}).out)) {
        SCOPED_TRACE(each.dump());
        const std::string id = each["function_id"];
        if (id.ends_with("webhook-classifier")) {
            EXPECT_EQ(each["status"], "inconclusive");
            EXPECT_NE(each["needs"].get<std::string>().find("not available"), std::string::npos);
            continue;
        }
        EXPECT_NE(each["status"], "inconclusive");
        if (each["status"] != "recommended") continue;
        for (const auto& change : each["changes"])
            if (id.ends_with("contract-review") && change["setting"] == "warm_pool") EXPECT_GE(change["after"].get<int>(), 1);
        // What is recommended can be planned, applied, and taken back.
        const auto planned = sandbox_->ctl({"plan", "--recommendation", each["id"], "--json"});
        ASSERT_EQ(planned.exit_code, 0) << planned.err;
        const auto applied = sandbox_->ctl({"apply", json::parse(planned.out)["plan_id"], "--yes", "--json"});
        ASSERT_EQ(applied.exit_code, 0) << applied.err << applied.out;
        EXPECT_EQ(sandbox_->ctl({"revert", json::parse(applied.out)["change_id"], "--yes"}).exit_code, 0);
    }
}

TEST_F(AzureFlow, ComputedCostsAreThoseOfTheBill) {
    const auto billed = costs("billed"), computed = costs("computed");
    ASSERT_GE(billed.size(), 6u);
    for (const auto& [meter, usd] : billed) {
        ASSERT_TRUE(computed.contains(meter)) << meter;
        EXPECT_NEAR(computed.at(meter), usd, usd * 0.03 + 0.005) << meter;
    }
}

TEST_F(AzureFlow, FunctionsInsideAnAppAreShownAndTheAppIsTheRow) {
    const auto settings = [](const char* name) { return json::parse(sandbox_->ctl({"settings", name, "--json"}).out); };
    const json expected = json::parse(R"([{"name":"summarise","trigger":"httpTrigger","disabled":false},{"name":"tidy-drafts","trigger":"timerTrigger","disabled":false},
        {"name":"transcribe","trigger":"httpTrigger","disabled":false}])");
    EXPECT_EQ(settings("speech-notes")["functions"], expected) << "over two pages";
    EXPECT_EQ(settings("webhook-classifier")["functions"].size(), 1u);
    EXPECT_NE(sandbox_->ctl({"settings", "speech-notes"}).out.find("function tidy-drafts"), std::string::npos);
    EXPECT_EQ(json::parse(sandbox_->ctl({"functions", "--json"}).out).size(), 3u);
    EXPECT_FALSE(function("speech-notes").contains("functions"));
    // A change reads settings only: what was known of the functions stays.
    const auto planned = plan({"speech-notes", {"--concurrency", "6"}, "", nullptr, nullptr});
    const auto applied = sandbox_->ctl({"apply", planned["plan_id"], "--yes", "--json"});
    ASSERT_EQ(applied.exit_code, 0) << applied.err;
    EXPECT_EQ(settings("speech-notes")["functions"], expected);
    EXPECT_EQ(sandbox_->ctl({"revert", json::parse(applied.out)["change_id"], "--yes"}).exit_code, 0);
}

TEST_F(AzureFlow, ThePlanIsBilledAndItsOnlyAppPays) {
    const auto rows = json::parse(sandbox_->ctl({"costs", "--by", "function", "--metric", "billed", "--from", "now-2d/d", "--to", "now/d", "--json"}).out);
    bool found = false;
    for (const auto& row : rows) {
        ASSERT_TRUE(row["function"].is_string()) << row.dump();
        found = found || row["function"].get<std::string>().ends_with("/sites/contract-review");
    }
    EXPECT_TRUE(found) << rows.dump();
    const auto check = json::parse(sandbox_->ctl({"bill", "--by", "function", "--from", "now-3d", "--json"}).out);
    ASSERT_EQ(check.size(), 3u) << check.dump();
    for (const auto& row : json::parse(sandbox_->ctl({"bill", "--from", "now-3d", "--json"}).out)) {
        ASSERT_TRUE(row["billed_usd"].is_number() && row["computed_usd"].is_number()) << row.dump();
        EXPECT_NEAR(row["difference_usd"].get<double>(), 0, 0.03 * row["billed_usd"].get<double>() + 0.01) << row.dump();
    }
    for (const auto& row : check) {
        ASSERT_TRUE(row["billed_usd"].is_number() && row["computed_usd"].is_number()) << row.dump();
        EXPECT_GE(row["days"].get<int>(), 1);
        EXPECT_NEAR(row["difference_usd"].get<double>(), 0, 0.05 * row["billed_usd"].get<double>() + 0.01) << row.dump();
    }
}

// Two apps on one Elastic Premium plan: Azure bills the plan, and its instances are those of the app that runs on most.
TEST(SharedPlan, ItsBillAndItsCostAreDividedAmongItsApps) {
    const test::TemporaryDirectory folder;
    const std::string file = (folder.path() / "scenario.json").string();
    json functions = json::array();
    for (const auto& [name, pool, per_day] : {std::tuple{"big", 3, 9000}, std::tuple{"small", 1, 2000}})
        functions.push_back({{"name", name}, {"platform", "azure"}, {"kind", "premium"}, {"region", "eastus"}, {"profile", "p"}, {"memory_mb", 3584}, {"vcpu", 1},
                             {"plan", "together"}, {"concurrency", 8}, {"min_instances", pool}, {"max_instances", 10}, {"arrivals", {{"per_day", per_day}}}});
    functions.push_back(functions[0]);
    functions[2]["name"] = "alone";
    functions[2].erase("plan");
    std::ofstream(file) << json{{"profiles", {{"p", {{"source", "test"}, {"points", {{128, 2000}, {2048, 400}}}}}}}, {"functions", functions}}.dump();
    const test::SandboxSession sandbox({"--days", "3", "--speed", "1", "--seed", "1", "--scenario", file});
    ASSERT_TRUE(sandbox.ready());
    ASSERT_EQ(sandbox.ctl({"profile", "add", "p", "--platform", "azure", "--endpoint-url", sandbox.endpoint()}).exit_code, 0);
    ASSERT_EQ(sandbox.ctl({"sync", "--from", "now-3d"}).exit_code, 0);
    std::map<std::string, double> billed, computed;
    for (auto* sums : {&billed, &computed}) {
        const char* metric = sums == &billed ? "billed" : "computed";
        for (const auto& row : json::parse(sandbox.ctl({"costs", "--by", "function", "--metric", metric, "--from", "now-2d/d", "--to", "now/d", "--json"}).out)) {
            ASSERT_TRUE(row["function"].is_string()) << metric << row.dump();
            const std::string id = row["function"];
            (*sums)[id.substr(id.rfind('/') + 1)] += row["cost_usd"].get<double>();
        }
    }
    ASSERT_EQ(billed.size(), 3u);
    for (const auto& [name, usd] : billed) EXPECT_NEAR(computed[name], usd, 0.05 * usd) << name;
    // Three instances, of which the small app runs on one: a quarter of the plan is its part.
    EXPECT_NEAR(billed["small"] / (billed["small"] + billed["big"]), 0.25, 0.08);
    EXPECT_LT(billed["small"] + billed["big"], 1.15 * billed["alone"]) << "not as many instances as both apps count";
    const auto what_if = sandbox.ctl({"whatif", "small", "--warm-pool", "2", "--json"});
    EXPECT_NE(what_if.out.find("2 apps share the plan"), std::string::npos) << what_if.out << what_if.err;
}

TEST_F(AzureFlow, EachPlanIsChangedAndPutBack) {
    for (const auto& change : changes()) {
        SCOPED_TRACE(std::string(change.function) + " " + change.field);
        EXPECT_EQ(function(change.function)[change.field], change.before);
        std::vector<std::string> question{"whatif", change.function, "--json"};
        question.insert(question.end(), change.arguments.begin(), change.arguments.end());
        const auto what_if = sandbox_->ctl(question);
        ASSERT_EQ(what_if.exit_code, 0) << what_if.err;
        EXPECT_TRUE(json::parse(what_if.out)["whatif"]["cost_usd_month"]["value"].is_number()) << what_if.out;
        const auto planned = plan(change);
        ASSERT_TRUE(planned.contains("plan_id")) << planned.dump();
        const auto applied = sandbox_->ctl({"apply", planned["plan_id"], "--yes", "--json"});
        ASSERT_EQ(applied.exit_code, 0) << applied.err << applied.out;
        EXPECT_EQ(function(change.function)[change.field], change.after);
        const json id = json::parse(applied.out)["change_id"];
        EXPECT_EQ(statusOf(id), "watching");
        const auto reverted = sandbox_->ctl({"revert", id, "--yes", "--json"});
        ASSERT_EQ(reverted.exit_code, 0) << reverted.err << reverted.out;
        EXPECT_EQ(function(change.function)[change.field], change.before);
        EXPECT_EQ(statusOf(id), "reverted");
    }
}

TEST_F(AzureFlow, AStaleChangeIsRefusedOnEachPlan) {
    for (const char* name : {"speech-notes", "contract-review", "webhook-classifier"}) {
        SCOPED_TRACE(name);
        const auto first = plan({name, {"--instance-limit", "7"}, "", nullptr, nullptr}),
                   second = plan({name, {"--instance-limit", "9"}, "", nullptr, nullptr});
        ASSERT_EQ(sandbox_->ctl({"apply", second["plan_id"], "--yes"}).exit_code, 0);
        const auto stale = sandbox_->ctl({"apply", first["plan_id"], "--yes", "--json"});
        EXPECT_EQ(stale.exit_code, 3) << stale.out;
        EXPECT_EQ(function(name)["instance_limit"], 9);
    }
}

TEST_F(AzureFlow, TheServerRefusesWhatAzureWould) {
    const auto http = net::makeCurlClient();
    const auto& environment = sandbox_->environment();
    net::HttpRequest login;
    login.method = "POST";
    login.url = sandbox_->endpoint() + "/" + environment.at("AZURE_TENANT_ID") + "/oauth2/v2.0/token";
    const auto token_for = [&](const std::string& scope) {
        login.body = net::formEncode({{"grant_type", "client_credentials"},
                                      {"client_id", environment.at("AZURE_CLIENT_ID")},
                                      {"client_secret", environment.at("AZURE_CLIENT_SECRET")},
                                      {"scope", scope}});
        return json::parse(http->send(login, {})->body);
    };
    EXPECT_EQ(token_for("https://graph.microsoft.com/.default")["error"], "invalid_scope");
    const std::string token = token_for("https://management.azure.com/.default")["access_token"];
    const std::string subscription = "/subscriptions/" + environment.at("AZURE_SUBSCRIPTION_ID"),
                      app = subscription + "/resourceGroups/ai-apps/providers/Microsoft.Web/sites/speech-notes";
    const auto code = [&](const char* method, const std::string& path, const std::string& body = {}, const std::string& bearer = {}) {
        net::HttpRequest request;
        request.method = method;
        request.url = sandbox_->endpoint() + path;
        request.body = body;
        request.headers = {{"Authorization", "Bearer " + (bearer.empty() ? token : bearer)}, {"Content-Type", "application/json"}};
        const auto reply = http->send(request, {});
        const auto parsed = json::parse(reply->body, nullptr, false);
        return std::to_string(reply->status) + " " + (parsed.contains("error") ? parsed["error"]["code"].get<std::string>() : "");
    };
    EXPECT_EQ(code("GET", app + "?api-version=2024-04-01"), "200 ");
    EXPECT_EQ(code("GET", app), "400 MissingApiVersionParameter");
    EXPECT_EQ(code("GET", app + "?api-version=2015-01-01"), "400 InvalidApiVersionParameter");
    EXPECT_EQ(code("GET", app + "?api-version=2024-04-01", "", "stale"), "401 ExpiredAuthenticationToken");
    EXPECT_EQ(code("GET", app + "-none?api-version=2024-04-01"), "404 ResourceNotFound");
    EXPECT_EQ(code("GET", app + "/functions?api-version=2024-04-01"), "200 ");
    EXPECT_EQ(code("GET", app + "/functions"), "400 MissingApiVersionParameter");
    EXPECT_EQ(code("GET", app + "/functions?api-version=2018-02-01"), "400 InvalidApiVersionParameter");
    EXPECT_EQ(code("POST", app + "/functions?api-version=2024-04-01"), "404 ResourceNotFound");
    EXPECT_EQ(code("GET", "/subscriptions/00000000-0000-0000-0000-000000000000/providers/Microsoft.Web/sites?api-version=2024-04-01"),
              "404 SubscriptionNotFound");
    EXPECT_EQ(code("PUT", app + "?api-version=2024-04-01", R"({"location":"East US","properties":{"nonsense":1}})"),
              "400 InvalidRequestContent");
    EXPECT_EQ(code("PATCH", app + "/config/web?api-version=2024-04-01", R"({"properties":{"functionAppScaleLimit":3}})"), "409 Conflict")
        << "Flex takes its scale from functionAppConfig";
    const std::string metrics = app +
                                "/providers/microsoft.insights/metrics?api-version=2018-01-01&timespan=2026-11-24T00:00:00Z/"
                                "2026-11-24T01:00:00Z&interval=PT5M&aggregation=Total&metricnames=";
    EXPECT_EQ(code("GET", metrics + "Requests"), "200 ");
    EXPECT_EQ(code("GET", metrics + "FunctionExecutionUnits"), "400 BadRequest") << "a metric of another plan";
    EXPECT_EQ(code("POST", subscription + "/providers/Microsoft.CostManagement/query?api-version=2023-11-01",
                   R"({"type":"ActualCost","timeframe":"Custom","timePeriod":{"from":"2026-11-20","to":"2026-11-21"},
      "dataset":{"granularity":"Daily","grouping":[{"name":"a"},{"name":"b"},{"name":"c"}]}})"),
              "400 BadRequest");
}

}  // namespace
}  // namespace pilotlight
