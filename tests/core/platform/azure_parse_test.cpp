// Azure's documents -> plain figures; settings -> bodies; prices by plan.
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "core/platform/azure/app_functions.h"
#include "core/platform/azure/apply_parts.h"
#include "core/platform/azure/costs.h"
#include "core/platform/azure/insights.h"
#include "core/platform/azure/metrics_parse.h"
#include "core/platform/azure/operations.h"
#include "core/platform/azure/site_parse.h"
#include "core/pricing/azure_cost.h"

namespace pilotlight::platform::azure {
namespace {

using nlohmann::json;

const Timestamp kNow = parseIso8601("2026-11-24T12:00:00Z").value();

json site() {
    return json::parse(
        R"({"id":"/subscriptions/SUB/resourceGroups/Rg/providers/Microsoft.Web/sites/App","name":"App","kind":"functionapp,linux","location":"East US","tags":{"team":"a"},
      "properties":{"state":"Running","serverFarmId":"/subscriptions/SUB/resourceGroups/Rg/providers/Microsoft.Web/serverfarms/P","lastModifiedTimeUtc":"2026-11-01T00:00:00",
        "siteConfig":{"appSettings":[{"name":"KEY","value":"hush"}]},
        "functionAppConfig":{"deployment":{"storage":{"type":"blobContainer"}},"runtime":{"name":"python","version":"3.12"},
          "scaleAndConcurrency":{"instanceMemoryMB":2048,"maximumInstanceCount":40,"alwaysReady":[{"name":"http","instanceCount":2},{"name":"function:f","instanceCount":1}],"triggers":{"http":{"perInstanceConcurrency":4}}}}}})");
}
json plan(const char* tier, const char* name) { return {{"sku", {{"tier", tier}, {"name", name}}}}; }
json config(int limit, int ready) { return {{"properties", {{"functionAppScaleLimit", limit}, {"minimumElasticInstanceCount", ready}}}}; }

TEST(AzureSite, FlexSettingsAndGroups) {
    const auto f = parseSite(site(), plan("FlexConsumption", "FC1"), {}, "z", kNow).value();
    EXPECT_EQ(f.id, "/subscriptions/sub/resourcegroups/rg/providers/microsoft.web/sites/app") << "lower case";
    EXPECT_EQ(f.name, "App");
    EXPECT_EQ(f.region, "eastus");
    EXPECT_EQ(f.memory.value, 2048);
    EXPECT_EQ(f.vcpu, 1.0);
    EXPECT_EQ(f.concurrency, 4);
    EXPECT_EQ(f.instance_limit, InstanceLimit::of(40));
    EXPECT_EQ(f.warmPool(), 3);
    ASSERT_EQ(f.qualifiers.size(), 2u);
    EXPECT_EQ(f.qualifiers[1].name, "function:f");
    EXPECT_EQ(f.untunedText(untuned_key::kKind), "flex");
    for (const auto& [key, value] : f.untuned) EXPECT_EQ(value.find("hush"), std::string::npos) << key;
}

TEST(AzureSite, PremiumConsumptionAndOthers) {
    const auto premium = parseSite(site(), plan("ElasticPremium", "EP2"), config(10, 3), "z", kNow).value();
    EXPECT_EQ(premium.memory.value, 7168);
    EXPECT_EQ(premium.vcpu, 2.0);
    EXPECT_EQ(premium.warmPool(), 3);
    EXPECT_EQ(premium.instance_limit, InstanceLimit::of(10));
    EXPECT_EQ(premium.untunedText(untuned_key::kBilling), "instance");
    const auto consumption = parseSite(site(), plan("Dynamic", "Y1"), config(0, 0), "z", kNow).value();
    EXPECT_EQ(consumption.instance_limit, InstanceLimit::unlimited());
    EXPECT_EQ(consumption.warmPool(), 0);
    EXPECT_EQ(parseSite(site(), plan("Standard", "S1"), {}, "z", kNow)->untunedText(untuned_key::kKind), "dedicated");
    EXPECT_FALSE(parseSite(json::object(), {}, {}, "z", kNow));
    EXPECT_TRUE(isFunctionApp(site()));
    EXPECT_FALSE(isFunctionApp({{"kind", "functionapp,workflowapp"}}));
    EXPECT_FALSE(isFunctionApp({{"kind", "app,linux"}}));
}

TEST(AzureSite, WhatCouldNotBeReadIsUnknown) {
    for (const char* tier : {"ElasticPremium", "Dynamic"}) {
        const auto f = parseSite(site(), plan(tier, "EP1"), {}, "z", kNow).value();
        EXPECT_EQ(f.instance_limit, InstanceLimit{}) << tier << ": config/web was refused, which is not the same as no limit";
        EXPECT_EQ(f.warmPool(), tier == std::string("Dynamic") ? std::optional(0) : std::nullopt);
    }
    // Without the plan the site's own word tells its kind; the size of a Premium instance stays unknown, and such an app is left out.
    const auto with_sku = [](const char* sku) {
        json s = site();
        s["properties"]["sku"] = sku;
        return s;
    };
    EXPECT_EQ(parseSite(with_sku("FlexConsumption"), {}, {}, "z", kNow)->untunedText(untuned_key::kKind), "flex");
    EXPECT_FALSE(sizeUnknown(parseSite(with_sku("Dynamic"), {}, config(3, 0), "z", kNow).value()));
    EXPECT_TRUE(sizeUnknown(parseSite(with_sku("ElasticPremium"), {}, config(3, 2), "z", kNow).value()));
}

TEST(AzureAppFunctions, NamesAndTriggersAndNothingElse) {
    const auto page = parseAppFunctions(R"({"value":[
      {"name":"App/transcribe","properties":{"name":"transcribe","config":{"bindings":[{"type":"http","direction":"out"},{"type":"httpTrigger","direction":"in"}]},"test_data":"hush","isDisabled":false}},
      {"name":"App/tidy","properties":{"config":{"bindings":[{"type":"TimerTrigger"}]},"isDisabled":true}},
      {"name":"App/bare","properties":null}, {"properties":{}}, 7],"nextLink":"https://management.azure.com/next"})");
    ASSERT_TRUE(page) << page.error().text();
    const std::vector<AppFunction> expected{{"transcribe", "httpTrigger", false}, {"tidy", "TimerTrigger", true}, {"bare", "", false}};
    EXPECT_EQ(page->functions, expected);
    EXPECT_EQ(page->next_link, "https://management.azure.com/next");
    EXPECT_TRUE(parseAppFunctions(R"({"value":[],"nextLink":null})")->functions.empty());
    for (const char* bad : {"", "[]", "<html>"}) EXPECT_FALSE(parseAppFunctions(bad)) << bad;
}

TEST(AzureSteps, BodiesKeepWhatIsNotTuned) {
    const auto f = parseSite(site(), plan("FlexConsumption", "FC1"), {}, "z", kNow).value();
    DesiredSettings desired{.memory = Megabytes{4096}, .concurrency = 8, .warm_pool = 0};
    const auto steps = planSteps(f, desired, {}).value();
    ASSERT_EQ(steps.size(), 1u);
    EXPECT_EQ(steps[0].describe,
              "PUT site functionAppConfig instanceMemoryMB=4096 perInstanceConcurrency=8 alwaysReady[http]=0 (no etag: read, compare, "
              "write, read back)");
    const auto wanted = wantedFromJson(steps[0].arguments).value();
    const json body = json::parse(siteBody(site(), wanted));
    EXPECT_FALSE(body["properties"].contains("siteConfig")) << "its appSettings would replace all settings";
    const json& app = body["properties"]["functionAppConfig"];
    EXPECT_EQ(app["deployment"], site()["properties"]["functionAppConfig"]["deployment"]);
    EXPECT_EQ(app["scaleAndConcurrency"]["alwaysReady"], json::parse(R"([{"name":"function:f","instanceCount":1}])"))
        << "other groups stay";
    EXPECT_EQ(app["scaleAndConcurrency"]["maximumInstanceCount"], 40);
    EXPECT_FALSE(holds(f, wanted));
    EXPECT_TRUE(holds(parseSite(body, plan("FlexConsumption", "FC1"), {}, "z", kNow).value(), wanted));
}

TEST(AzureSteps, EachPlanRefusesWhatItCannotDo) {
    const auto code = [](const char* tier, const DesiredSettings& desired) {
        const auto steps = planSteps(parseSite(site(), plan(tier, "EP1"), config(10, 2), "z", kNow).value(), desired, {});
        return steps ? std::string("ok ") + std::to_string(steps->size()) : std::string(name(steps.error().code));
    };
    EXPECT_EQ(code("FlexConsumption", {.memory = Megabytes{1024}}), "invalid_argument");
    EXPECT_EQ(code("FlexConsumption", {.vcpu = 2}), "unsupported");
    EXPECT_EQ(code("FlexConsumption", {.instance_limit = InstanceLimit::unlimited()}), "unsupported");
    EXPECT_EQ(code("ElasticPremium", {.memory = Megabytes{7168}}), "unsupported");
    EXPECT_EQ(code("ElasticPremium", {.warm_pool = 0}), "invalid_argument") << "one is always there";
    EXPECT_EQ(code("ElasticPremium", {.warm_pool = 3}), "ok 1");
    EXPECT_EQ(code("ElasticPremium", {.warm_pool = 2}), "ok 0");
    EXPECT_EQ(code("Dynamic", {.warm_pool = 1}), "unsupported");
    EXPECT_EQ(code("Dynamic", {.instance_limit = InstanceLimit::of(5)}), "ok 1");
    EXPECT_EQ(code("Dynamic", {.instance_limit = InstanceLimit::unlimited()}), "ok 1");
    EXPECT_EQ(code("Standard", {.instance_limit = InstanceLimit::of(5)}), "unsupported");
    EXPECT_EQ(code("FlexConsumption", {.timeout = seconds(5)}), "unsupported");
}

TEST(AzureMetrics, UnitsAreMadeSecondsAndMissingIsNotZero) {
    auto f = parseSite(site(), plan("FlexConsumption", "FC1"), {}, "z", kNow).value();
    const auto values = parseMetrics(R"({"value":[
      {"name":{"value":"OnDemandFunctionExecutionUnits"},"timeseries":[{"data":[{"timeStamp":"2026-11-24T11:00:00Z","total":2048000},{"timeStamp":"2026-11-24T11:05:00Z"},{"timeStamp":"2026-11-24T11:10:00Z","total":null}]}]},
      {"name":{"value":"AlwaysReadyFunctionExecutionUnits"},"timeseries":[{"data":[{"timeStamp":"2026-11-24T11:00:00Z","total":1024000}]}]},
      {"name":{"value":"HttpResponseTime"},"timeseries":[{"data":[{"timeStamp":"2026-11-24T11:00:00Z","average":0.25}]}]},
      {"name":{"value":"Requests"},"timeseries":[]}]})")
                            .value();
    const TimeRange range{kNow - hours(1), kNow};
    std::map<std::pair<Metric, Statistic>, MetricSeries> series;
    for (auto& each : seriesOf(f, values, range, kNow - minutes(10))) series[{each.key.metric, each.key.statistic}] = each;
    const auto& billable = series[{Metric::billable_time, Statistic::sum}];
    ASSERT_EQ(billable.points.size(), 1u) << "a period without a value has no point";
    EXPECT_DOUBLE_EQ(billable.points[0].value, 1.5);
    EXPECT_EQ(billable.points[0].time, parseIso8601("2026-11-24T11:00:00Z").value()) << "the begin of its period";
    EXPECT_DOUBLE_EQ((series[{Metric::pool_billable_time, Statistic::sum}].points.at(0).value), 0.5) << "what ran on always-ready instances is measured apart";
    EXPECT_DOUBLE_EQ((series[{Metric::duration, Statistic::average}].points[0].value), 250);
    EXPECT_FALSE(series.contains({Metric::duration, Statistic::p95})) << "there are no percentiles";
    EXPECT_FALSE(billable.coverage.covers(range)) << "the newest ten minutes may still change";
    for (const char* bad : {"", "[]", "<html>"}) EXPECT_FALSE(parseMetrics(bad)) << bad;
}

TEST(AzureInsights, BothFormsOfTheLinkAreRead) {
    const std::string component = "/subscriptions/S/resourceGroups/G/providers/microsoft.insights/components/C";
    const auto linked = [&](const std::string& key, const std::string& value) {
        json with = site();
        with["tags"][key] = value;
        const auto f = parseSite(with, plan("FlexConsumption", "FC1"), {}, "z", kNow).value();
        EXPECT_EQ(f.tags.size(), 1u) << "the portal's own tags are none of the user's";
        return std::string(insightsOf(f));
    };
    const std::string lower = "/subscriptions/s/resourcegroups/g/providers/microsoft.insights/components/c";
    EXPECT_EQ(linked("hidden-link: /app-insights-resource-id", component), lower);
    EXPECT_EQ(linked("hidden-link:" + component, "Resource"), lower);
    EXPECT_EQ(linked("hidden-link: /app-insights-instrumentation-key", "0123"), "");
    EXPECT_EQ(linked("hidden-link:", "Resource"), "");
}

TEST(AzureInsights, RowsBecomeSeriesAndAPartialAnswerIsNone) {
    const char* columns = R"("columns":[{"name":"app"},{"name":"period"},{"name":"n"},{"name":"failed"},{"name":"mean_ms"},{"name":"p50_ms"},{"name":"p90_ms"},
        {"name":"p95_ms"},{"name":"p99_ms"},{"name":"cold"},{"name":"start_ms"}])";
    const std::string table = std::string(R"({"name":"PrimaryResult",)") + columns + R"(,"rows":[["APP","2026-11-24T10:00:00Z",12,1,100,90,150,180,300,2,4000.5],
        ["app","2026-11-24T10:05:00Z",3,0,80,75,90,95,99,null,null],["other","2026-11-24T10:05:00Z",3,0,80,75,90,95,99,null,null]]})";
    const auto rows = parseInsights(R"({"tables":[)" + table + "]}");
    ASSERT_TRUE(rows) << rows.error().text();
    ASSERT_EQ(rows->size(), 3u);
    const auto f = parseSite(site(), plan("FlexConsumption", "FC1"), {}, "z", kNow).value();
    const TimeRange range{parseIso8601("2026-11-24T10:00:00Z").value(), kNow};
    const auto settled = parseIso8601("2026-11-24T11:00:00Z").value();
    std::map<std::pair<Metric, Statistic>, MetricSeries> series;
    for (auto& one : insightsSeries(f, *rows, range, seconds{300}, settled, false)) series[{one.key.metric, one.key.statistic}] = one;
    const auto& p95 = series.at({Metric::duration, Statistic::p95});
    ASSERT_EQ(p95.points.size(), 2u);
    EXPECT_EQ(p95.points[0].value, 180);
    EXPECT_TRUE(p95.coverage.covers({range.begin, settled}));
    EXPECT_EQ(series.at({Metric::cold_starts, Statistic::sum}).points.size(), 1u) << "no row says: no start, and coverage says that it was read";
    EXPECT_EQ(series.at({Metric::init_duration, Statistic::average}).points[0].value, 4000.5);
    EXPECT_EQ(series.at({Metric::errors, Statistic::sum}).points[0].value, 1);
    EXPECT_FALSE(parseInsights(R"({"error":{"message":"too much"},"tables":[)" + table + "]}")) << "sums would be too low";
    EXPECT_FALSE(parseInsights(R"({"tables":[]})"));
    EXPECT_FALSE(parseInsights(R"({"tables":[{"columns":[{"name":"app"}],"rows":[]}]})"));
}

TEST(AzureInsights, OnlyNamesOfAppsEnterTheQuery) {
    const std::vector<std::string> apps{"speech-notes", "x'); requests | take 1 //", "b2"};
    const std::string text = insightsQuery(apps, {parseIso8601("2026-11-23T00:00:00Z").value(), parseIso8601("2026-11-24T00:00:00Z").value()}, seconds{300});
    EXPECT_NE(text.find("dynamic(['speech-notes', 'b2'])"), std::string::npos);
    EXPECT_EQ(text.find("take 1"), std::string::npos);
    EXPECT_EQ(text.find('{'), std::string::npos) << "every parameter is filled in";
    EXPECT_NE(text.find("datetime(2026-11-23T00:00:00Z)"), std::string::npos);
}

TEST(AzureCosts, LinesByColumnName) {
    const auto page =
        parseCostPage(
            R"({"properties":{"nextLink":null,"columns":[{"name":"CostUSD"},{"name":"UsageQuantity"},{"name":"UsageDate"},{"name":"ResourceId"},{"name":"Meter"},{"name":"Currency"}],
      "rows":[[1.25,10,20261120,"/subscriptions/s/resourceGroups/g/providers/Microsoft.Web/sites/A","Always Ready Baseline","USD"],[2,1,20261120,"/subscriptions/s/resourcegroups/g/providers/microsoft.web/serverfarms/p","Premium vCPU Duration","USD"]]}})",
            "z", CostKind::billed)
            .value();
    ASSERT_EQ(page.lines.size(), 2u);
    EXPECT_EQ(page.lines[0].meter, meter::kPoolKept);
    EXPECT_EQ(page.lines[0].function_id, "/subscriptions/s/resourcegroups/g/providers/microsoft.web/sites/a");
    EXPECT_EQ(page.lines[0].amount.toDecimal(), "1.25");
    EXPECT_EQ(page.lines[1].function_id, "/subscriptions/s/resourcegroups/g/providers/microsoft.web/serverfarms/p") << "billed on the plan";
    EXPECT_FALSE(parseCostPage(R"({"properties":{"columns":[{"name":"Cost"}],"rows":[]}})", "z", CostKind::billed))
        << "a missing column is no zero";
}

TEST(AzurePrices, PaidTiersPerBaseUnit) {
    const auto page = parsePricePage(R"({"Items":[
      {"type":"Consumption","currencyCode":"USD","productName":"Flex Consumption","meterName":"On Demand Total Executions","retailPrice":0,"tierMinimumUnits":0,"armRegionName":"eastus"},
      {"type":"Consumption","currencyCode":"USD","productName":"Flex Consumption","meterName":"On Demand Total Executions","retailPrice":0.000004,"tierMinimumUnits":25000,"armRegionName":"eastus"},
      {"type":"Consumption","currencyCode":"USD","productName":"Premium Functions","meterName":"Premium vCPU Duration","retailPrice":0.173,"armRegionName":"eastus"},
      {"type":"Reservation","currencyCode":"USD","productName":"Premium Functions","meterName":"Premium vCPU Duration","retailPrice":0.1,"armRegionName":"eastus"}],"NextPageLink":"https://prices.azure.com:443/x"})")
                          .value();
    ASSERT_EQ(page.prices.size(), 2u);
    EXPECT_EQ(page.prices[0].second.tiers[0].price.toDecimal(), "0.0000004");
    EXPECT_EQ(page.prices[1].second.tiers[0].price.toDecimal(), "0.0000480556");
    EXPECT_FALSE(page.next_link.empty());
}

TEST(AzurePrices, GoldenCells) {
    const auto book = pricing::bundledBook("azure", "eastus", "x86_64").value();
    pricing::Usage usage;  // an hour on demand, half an hour of two kept hours used, a million executions
    usage.requests = 1e6;
    usage.duration_ms_billed = 3'600'000;
    usage.pool_duration_ms_billed = 1'800'000;
    usage.pool_instance_seconds = 7'200;
    pricing::InstanceShape shape;
    shape.memory = Megabytes{2048};
    shape.vcpu = 1;
    const auto total = [&](const char* plan, const pricing::Usage& used) {
        shape.plan = plan;
        return pricing::sum(pricing::azureCost(used, shape, book, {}).value()).toDouble();
    };
    EXPECT_NEAR(total("flex", usage), 0.40 + 7200 * 0.000026 + 14400 * 0.000004 + 3600 * 0.000016, 1e-6);
    EXPECT_NEAR(total("consumption", usage), 0.20 + 10800 * 0.000016, 1e-6);
    pricing::Usage month;  // an EP1 instance for a month of 730 hours
    month.instance_seconds = 730 * 3600.0;
    shape.memory = Megabytes{3584};
    EXPECT_NEAR(total("premium", month), 157.72, 0.01);
    shape.plan = "dedicated";
    EXPECT_EQ(pricing::azureCost(usage, shape, book, {}).error().code, ErrorCode::unsupported);
}

TEST(AzurePolicy, IsMadeFromTheOperations) {
    const json read = json::parse(readPolicy("s")), apply = json::parse(applyPolicy("s"));
    const auto has = [](const json& role, const char* action) {
        return std::find(role["Actions"].begin(), role["Actions"].end(), action) != role["Actions"].end();
    };
    EXPECT_TRUE(has(read, "Microsoft.Web/sites/read"));
    EXPECT_FALSE(has(read, "Microsoft.Web/sites/write"));
    EXPECT_TRUE(has(apply, "Microsoft.Web/sites/write"));
    EXPECT_EQ(read["AssignableScopes"][0], "/subscriptions/s");
}

}  // namespace
}  // namespace pilotlight::platform::azure
