// Google Cloud's documents -> plain figures; settings -> patches.
#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <cmath>
#include <nlohmann/json.hpp>

#include "core/platform/gcp/apply_steps.h"
#include "core/platform/gcp/catalog_parser.h"
#include "core/platform/gcp/costs.h"
#include "core/platform/gcp/distribution.h"
#include "core/platform/gcp/function_parse.h"
#include "core/platform/gcp/metric_page.h"
#include "core/platform/gcp/metric_plan.h"
#include "core/platform/gcp/policy.h"
#include "core/platform/gcp/resource_name.h"

namespace pilotlight::platform::gcp {
namespace {

using nlohmann::json;

const Timestamp kNow = parseIso8601("2026-11-24T12:00:00Z").value();

Distribution distribution(Buckets buckets, std::vector<std::int64_t> counts) {
    Distribution d;
    d.buckets = std::move(buckets);
    d.counts = std::move(counts);
    return d;
}

TEST(DistributionDecoding, AllThreeKindsOfBuckets) {
    Buckets linear;
    linear.kind = Buckets::Kind::linear;
    linear.finite = 10;
    linear.width = 10;
    linear.offset = 5;
    EXPECT_EQ(linear.count(), 12u);
    EXPECT_EQ(linear.lower(1), 5.0);
    EXPECT_EQ(linear.upper(1), 15.0);
    EXPECT_FALSE(linear.lower(0));
    EXPECT_FALSE(linear.upper(11));
    EXPECT_DOUBLE_EQ(*distribution(linear, {0, 10, 10}).percentile(0.75), 20.0);

    Buckets exponential;
    exponential.kind = Buckets::Kind::exponential;
    exponential.finite = 8;
    exponential.growth = 2;
    exponential.scale = 1;
    EXPECT_EQ(exponential.upper(3), 8.0);
    EXPECT_EQ(exponential.lower(3), 4.0);
    EXPECT_DOUBLE_EQ(*distribution(exponential, {0, 0, 0, 4}).percentile(0.5), std::sqrt(32.0)) << "geometric inside a bucket";

    Buckets bounds;
    bounds.kind = Buckets::Kind::explicit_bounds;
    bounds.bounds = {100, 200};
    EXPECT_EQ(bounds.count(), 3u);
    EXPECT_DOUBLE_EQ(*distribution(bounds, {1, 1}).percentile(0.5), 100.0);
    EXPECT_DOUBLE_EQ(*distribution(bounds, {0, 0, 7}).percentile(0.99), 200.0) << "overflow: its lower bound";
    auto ranged = distribution(bounds, {0, 0, 4});
    ranged.maximum = 600;
    EXPECT_DOUBLE_EQ(*ranged.percentile(1.0), 600.0);
    EXPECT_EQ(ranged.highest(), 600.0);
    EXPECT_FALSE(distribution(bounds, {}).percentile(0.5));
    EXPECT_FALSE(distribution({}, {1, 2}).percentile(0.5));
}

RC_GTEST_PROP(DistributionDecoding, PercentilesAscendAndStayInTheirBucket, ()) {
    const auto counts = *rc::gen::container<std::vector<std::int64_t>>(12, rc::gen::inRange<std::int64_t>(0, 50));
    RC_PRE(std::any_of(counts.begin(), counts.end(), [](auto c) { return c > 0; }));
    Buckets buckets;
    buckets.kind = Buckets::Kind::exponential;
    buckets.finite = 10;
    buckets.growth = 1.5;
    buckets.scale = 2;
    const auto d = distribution(buckets, counts);
    double last = -1;
    for (int i = 0; i <= 20; ++i) {
        const double value = d.percentile(i / 20.0).value();
        RC_ASSERT(value >= last - 1e-9);
        last = value;
    }
    RC_ASSERT(last <= d.highest().value() + 1e-9);
}

TEST(Quantities, AreReadAsTheServicesWriteThem) {
    EXPECT_EQ(parseMemory("512Mi"), 512);
    EXPECT_EQ(parseMemory("1Gi"), 1024);
    EXPECT_EQ(parseMemory("268435456"), 256);
    EXPECT_EQ(parseMemory("256M"), 244) << "M is a million in Kubernetes quantities";
    EXPECT_EQ(parseMemory("256M", true), 256) << "and Mi in the 1st generation";
    EXPECT_FALSE(parseMemory("many"));
    EXPECT_FALSE(parseMemory("-1Mi"));
    EXPECT_FALSE(parseMemory("1e300Gi"));
    EXPECT_EQ(parseCpu("1000m"), 1.0);
    EXPECT_EQ(parseCpu("0.583"), 0.583);
    EXPECT_FALSE(parseCpu("1x"));
    EXPECT_EQ(parseSeconds("3.2s"), 4);
    EXPECT_FALSE(parseSeconds("3"));
    EXPECT_FALSE(memoryFor(3));
    EXPECT_EQ(memoryFor(4)->least, 2048);
}

json service() {
    return json::parse(R"({"name":"projects/p/locations/us-central1/services/s","etag":"\"e1\"","generation":"4","observedGeneration":"4",
      "updateTime":"2026-11-01T00:00:00Z","labels":{"team":"a"},"client":"gcloud","scaling":{"minInstanceCount":2},
      "template":{"revision":"s-00004-abc","timeout":"60s","maxInstanceRequestConcurrency":8,"scaling":{"maxInstanceCount":20},
        "serviceAccount":"r@p","containers":[{"image":"i:1","env":[{"name":"SECRET","value":"hush"}],"ports":[{"containerPort":8080}],
          "resources":{"limits":{"cpu":"2","memory":"2Gi"},"cpuIdle":true,"startupCpuBoost":true}}]},
      "terminalCondition":{"type":"Ready","state":"CONDITION_SUCCEEDED"}})");
}

TEST(ServiceParse, SettingsAsTheyAre) {
    const auto f = parseService(service(), "g", kNow).value();
    EXPECT_EQ(f.id, "projects/p/locations/us-central1/services/s");
    EXPECT_EQ(f.name, "s");
    EXPECT_EQ(f.region, "us-central1");
    EXPECT_EQ(f.account, "p");
    EXPECT_EQ(f.memory.value, 2048);
    EXPECT_EQ(f.vcpu, 2.0);
    EXPECT_EQ(f.concurrency, 8);
    EXPECT_EQ(f.timeout, seconds(60));
    EXPECT_EQ(f.warmPool(), 2);
    EXPECT_EQ(f.instance_limit, InstanceLimit::of(20));
    EXPECT_EQ(f.revision, "\"e1\"");
    EXPECT_EQ(f.untunedText(kKind), "service");
    EXPECT_EQ(f.untunedText(kBilling), "request");
    EXPECT_EQ(f.untunedText(untuned_key::kStartupBoost), "on");
    EXPECT_EQ(f.last_update_status, "Successful");
    EXPECT_FALSE(f.owner);
    for (const auto& [key, value] : f.untuned) EXPECT_EQ(value.find("hush"), std::string::npos) << key;
}

TEST(ServiceParse, DefaultsAndVariants) {
    auto s = service();
    s["template"].erase("maxInstanceRequestConcurrency");
    s["template"]["containers"][0]["resources"].erase("cpuIdle");
    s["template"]["scaling"] = {{"minInstanceCount", 3}};
    s["labels"]["goog-managed-by"] = "cloudfunctions";
    s["client"] = "terraform";
    s["observedGeneration"] = "3";
    const auto f = parseService(s, "g", kNow).value();
    EXPECT_EQ(f.concurrency, 80) << "default with a whole CPU";
    EXPECT_EQ(f.untunedText(kBilling), "instance") << "resources without cpuIdle: CPU always allocated";
    EXPECT_EQ(f.untunedText(kMinimumAt), "revision");
    EXPECT_EQ(f.warmPool(), 3);
    EXPECT_EQ(f.instance_limit, InstanceLimit::of(100)) << "documented default";
    EXPECT_EQ(f.untunedText(kKind), "gen2");
    EXPECT_EQ(f.owner, "terraform");
    EXPECT_EQ(f.last_update_status, "InProgress");
    EXPECT_FALSE(parseService(json::object(), "g", kNow));
    EXPECT_FALSE(parseService(json{{"name", 7}, {"template", "x"}}, "g", kNow));
}

TEST(Join, AFunctionAndItsServiceAreOneRow) {
    auto row = parseService(service(), "g", kNow).value();
    const json function = json::parse(
        R"({"name":"projects/p/locations/us-central1/functions/My_Function","environment":"GEN_2","updateTime":"2026-11-02T00:00:00Z",
      "state":"ACTIVE","buildConfig":{"runtime":"python312"},"serviceConfig":{"service":"projects/p/locations/us-central1/services/s"}})");
    EXPECT_EQ(serviceBehind(function), row.id);
    joinFunction(row, function);
    EXPECT_EQ(row.name, "My_Function");
    EXPECT_EQ(row.id, "projects/p/locations/us-central1/services/s") << "the id stays the service's";
    EXPECT_EQ(row.untunedText(kFunctionName), "projects/p/locations/us-central1/functions/My_Function");
    EXPECT_EQ(row.revision, "\"e1\" 2026-11-02T00:00:00Z") << "covers both";
    EXPECT_EQ(row.runtime, "python312");
}

TEST(Patches, AServiceKeepsWhatIsNotTuned) {
    Wanted wanted;
    wanted.memory = 1024;
    wanted.concurrency = 4;
    wanted.pool = 0;
    const auto patch = servicePatch(service(), wanted).value();
    const json body = json::parse(patch.body);
    EXPECT_EQ(patch.mask, "template.containers,template.maxInstanceRequestConcurrency,scaling.minInstanceCount,template.revision");
    EXPECT_EQ(body["etag"], "\"e1\"");
    EXPECT_FALSE(body["template"].contains("revision")) << "in the mask and absent: the old name is cleared";
    const json& container = body["template"]["containers"][0];
    EXPECT_EQ(container["resources"]["limits"]["memory"], "1024Mi");
    EXPECT_EQ(container["resources"]["limits"]["cpu"], "2");
    EXPECT_EQ(container["resources"]["cpuIdle"], true) << "leaving it out would change the billing";
    EXPECT_EQ(container["resources"]["startupCpuBoost"], true);
    EXPECT_EQ(container["env"], service()["template"]["containers"][0]["env"]);
    EXPECT_EQ(body["scaling"]["minInstanceCount"], 0);
}

TEST(Patches, TheMinimumAloneNeedsNoRevision) {
    Wanted wanted;
    wanted.pool = 5;
    const auto patch = servicePatch(service(), wanted).value();
    EXPECT_EQ(patch.mask, "scaling.minInstanceCount");
    EXPECT_FALSE(json::parse(patch.body).contains("template"));
    wanted.minimum_at = "revision";
    const json there = json::parse(servicePatch(service(), wanted)->body);
    EXPECT_EQ(there["template"]["scaling"], (json{{"maxInstanceCount", 20}, {"minInstanceCount", 5}}));
}

TEST(Patches, AFunctionSendsMemoryAndCpuTogether) {
    Wanted wanted;
    wanted.memory = 512;
    const json function = {{"name", "projects/p/locations/l/functions/f"},
                           {"serviceConfig", {{"availableMemory", "1Gi"}, {"availableCpu", "2"}}}};
    const auto patch = functionPatch(function, wanted);
    EXPECT_EQ(patch.mask, "serviceConfig.availableMemory,serviceConfig.availableCpu");
    EXPECT_EQ(json::parse(patch.body)["serviceConfig"]["availableCpu"], "2");
    EXPECT_EQ(functionPatchV1("f", wanted).mask, "availableMemoryMb");
}

TEST(Steps, RefuseWhatDoesNotExist) {
    const auto before = parseService(service(), "g", kNow).value();
    const auto code = [&](const DesiredSettings& desired, const std::string& alias = {}) {
        const auto steps = planSteps(before, desired, alias);
        return steps ? std::string("ok ") + std::to_string(steps->size()) : std::string(name(steps.error().code));
    };
    EXPECT_EQ(code({.memory = Megabytes{1024}}), "ok 1");
    EXPECT_EQ(code({.memory = Megabytes{2048}}), "ok 0") << "as it is";
    EXPECT_EQ(code({.memory = Megabytes{16384}}), "invalid_argument") << "2 vCPU go up to 8 GiB";
    EXPECT_EQ(code({.memory = Megabytes{16384}, .vcpu = 4}), "ok 1");
    EXPECT_EQ(code({.vcpu = 3}), "invalid_argument");
    EXPECT_EQ(code({.vcpu = 0.5}), "invalid_argument") << "concurrency 8 needs a whole CPU";
    EXPECT_EQ(code({.concurrency = 1001}), "invalid_argument");
    EXPECT_EQ(code({.instance_limit = InstanceLimit::unlimited()}), "unsupported");
    EXPECT_EQ(code({.timeout = seconds(3601)}), "invalid_argument");
    EXPECT_EQ(code({.memory = Megabytes{1024}}, "live"), "unsupported");
    DesiredSettings scheduled;
    scheduled.warm_schedule = WarmSchedule{{{0x7f, 0, 1}}, "UTC"};
    EXPECT_EQ(code(scheduled), "unsupported");
    auto managed = before;
    managed.untuned[kKind] = "gen2";
    EXPECT_FALSE(planSteps(managed, {.memory = Megabytes{1024}}, {})) << "the function behind it is not known";
    const auto step = planSteps(before, {.memory = Megabytes{1024}, .warm_pool = 3}, {})->front();
    EXPECT_EQ(step.describe, "run.services.patch memory=1024Mi minInstanceCount=3 etag=\"e1\", tried with validateOnly first");
    const auto wanted = wantedFromJson(step.arguments).value();
    EXPECT_FALSE(holds(before, wanted));
    auto after = before;
    after.memory = Megabytes{1024};
    after.qualifiers[0].warm_pool = 3;
    EXPECT_TRUE(holds(after, wanted));
}

TEST(MetricPage, DistributionsNumbersAndAbsentZeros) {
    TimeSeriesParser parser;
    const auto page = parser.parse(R"({"timeSeries":[
      {"metric":{"type":"t","labels":{"response_code_class":"2xx"}},"resource":{"type":"cloud_run_revision","labels":{"service_name":"s","location":"l"}},
       "points":[{"interval":{"startTime":"2026-11-24T11:00:00Z","endTime":"2026-11-24T11:05:00Z"},"value":{"int64Value":"42"}}]},
      {"resource":{"labels":{"service_name":"s"}},"points":[
        {"interval":{"endTime":"2026-11-24T11:05:00Z"},"value":{"distributionValue":{"count":"4","mean":100,"bucketOptions":{"explicitBuckets":{"bounds":[0,100,200]}},"bucketCounts":["0","2","2"]}}},
        {"interval":{"endTime":"2026-11-24T11:10:00Z"},"value":{"distributionValue":{"bucketOptions":{}}}},
        {"interval":{"endTime":"2026-11-24T11:15:00Z"},"value":{"stringValue":"no"}}]}],"nextPageToken":"n"})");
    ASSERT_TRUE(page) << page.error().text();
    EXPECT_EQ(page->next_token, "n");
    ASSERT_EQ(page->series.size(), 2u);
    EXPECT_EQ(page->series[0].labels.at("metric.response_code_class"), "2xx");
    EXPECT_EQ(page->series[0].points[0].value, 42);
    ASSERT_EQ(page->series[1].points.size(), 1u) << "a distribution of nothing and a text are no points";
    EXPECT_EQ(page->series[1].points[0].count, 4);
    EXPECT_EQ(page->series[1].points[0].p50, 100);
    EXPECT_EQ(page->series[1].points[0].highest, 200);
    EXPECT_TRUE(parser.parse("{}")) << "nothing was measured";
    for (const char* bad : {"", "[]", "{", "<html>", R"({"timeSeries":[7]})"}) EXPECT_FALSE(parser.parse(bad)) << bad;
    EXPECT_FALSE(parser.parse(R"({"executionErrors":[{"message":"half"}]})")->problem.empty());
}

TEST(MetricPlan, OneCallHoldsManyFunctionsAndStaysWithinRetention) {
    std::vector<Function> functions(250);
    for (std::size_t i = 0; i < functions.size(); ++i) {
        functions[i].id = "projects/p/locations/l/services/s" + std::to_string(i);
        functions[i].account = "p";
        functions[i].untuned[kKind] = "service";
    }
    std::vector<MetricRequest> requests;
    for (const auto& f : functions) requests.push_back({&f, {kNow - hours(24 * 60), kNow}, {}, false});
    const auto calls = planMetrics(requests, kNow);
    EXPECT_EQ(calls.size(), 8u * 3u);
    functions[0].untuned[kAccelerator] = "1 x nvidia-l4";
    const auto with_gpu = planMetrics(requests, kNow);
    EXPECT_EQ(with_gpu.size(), calls.size() + 2) << "utilisation and memory, of the one that has a GPU";
    for (const auto& call : with_gpu)
        if (call.metric->with_gpu) EXPECT_EQ(call.functions, std::vector<const Function*>{&functions[0]});
    for (const auto& call : calls) {
        EXPECT_GE(call.range.begin, kNow - kMetricRetention);
        EXPECT_LE(call.functions.size(), kFunctionsACall);
        std::size_t groups = 0;
        for (const auto& [name, value] : queryOf(call, {})) {
            if (name == "filter") EXPECT_LT(value.size(), 20'000u);
            groups += name == "aggregation.groupByFields";
        }
        EXPECT_GE(groups, 2u);
    }
}

TEST(Catalog, RatesByDescriptionAndRegion) {
    EXPECT_EQ(rateOf("Services CPU Tier 2  (Request-based billing)"), "vcpu");
    EXPECT_EQ(rateOf("Services CPU (Instance-based billing) in in asia-northeast1"), "instance_vcpu");
    EXPECT_EQ(rateOf("Services Min Instance Memory Tier 2 (Request-based billing)"), "idle_memory");
    EXPECT_EQ(rateOf("Jobs CPU in us-central1"), "");
    EXPECT_EQ(rateOf("NVIDIA L4 GPU with no zonal redundancy in us-central1"), "gpu_l4");
    EXPECT_EQ(rateOf("Nvidia L4 GPU with zonal redundancy in europe-west4"), "gpu_l4_redundant");
    EXPECT_EQ(rateOf("NVIDIA RTX Pro 6000 GPU without zonal redundancy in us-central1"), "gpu_rtx_pro_6000");
    EXPECT_EQ(rateOf("NVIDIA RTX Pro 6000 GPU with zonal redundancy in us-central1"), "gpu_rtx_pro_6000_redundant");
    EXPECT_EQ(rateOf("NVIDIA H100 GPU with no zonal redundancy in us-central1"), "") << "one that we do not know has no price";
    EXPECT_EQ(rateOf("Nvidia L4 GPU running in Frankfurt"), "") << "Compute Engine's";
    CatalogReader reader({"us-central1", "us-west2"});
    const auto token = reader.take(R"j({"skus":[
      {"skuId":"A","description":"Services CPU (Request-based billing)","serviceRegions":["us-central1","us-east1"],"pricingInfo":[{"effectiveTime":"2026-10-01T00:00:00Z","pricingExpression":{"usageUnit":"s","tieredRates":[{"startUsageAmount":0,"unitPrice":{"currencyCode":"USD","units":"0","nanos":24000}}]}}]},
      {"skuId":"B","description":"Requests","serviceRegions":["global"],"pricingInfo":[{"effectiveTime":"2026-10-01T00:00:00Z","pricingExpression":{"usageUnit":"count","tieredRates":[{"unitPrice":{"currencyCode":"USD"},"startUsageAmount":0},{"startUsageAmount":2000000,"unitPrice":{"currencyCode":"USD","units":"0","nanos":400}}]}}]},
      {"skuId":"C","description":"Services Memory (Request-based billing)","serviceRegions":["us-central1"],"pricingInfo":[{"pricingExpression":{"usageUnit":"s","tieredRates":[{"unitPrice":{"currencyCode":"EUR","nanos":1}}]}}]}],
      "nextPageToken":"more"})j");
    ASSERT_TRUE(reader.take(R"j({"skus":[
      {"skuId":"G","description":"NVIDIA L4 GPU with no zonal redundancy in us-west2","category":{"usageType":"OnDemand"},"serviceRegions":["us-west2"],"pricingInfo":[{"effectiveTime":"2026-10-01T00:00:00Z","pricingExpression":{"usageUnit":"s","tieredRates":[{"unitPrice":{"currencyCode":"USD","nanos":200000}}]}}]},
      {"skuId":"H","description":"NVIDIA L4 GPU with zonal redundancy in us-west2","category":{"usageType":"Commit1Yr"},"serviceRegions":["us-west2"],"pricingInfo":[{"effectiveTime":"2026-10-01T00:00:00Z","pricingExpression":{"usageUnit":"s","tieredRates":[{"unitPrice":{"currencyCode":"USD","nanos":1}}]}}]}]})j"));
    ASSERT_TRUE(token) << token.error().text();
    EXPECT_EQ(*token, "more");
    const auto books = reader.books(kNow);
    ASSERT_EQ(books.size(), 2u) << "a price in another currency, or one that cannot be read, is none";
    ASSERT_NE(books[1].find("gpu_l4"), nullptr);
    EXPECT_EQ(books[1].find("gpu_l4")->unit, "GPU-s");
    EXPECT_EQ(books[1].find("gpu_l4")->tiers[0].price.toDecimal(), "0.0002");
    EXPECT_EQ(books[1].find("gpu_l4_redundant"), nullptr) << "a commitment is another price";
    EXPECT_EQ(books[0].find("vcpu")->tiers[0].price.toDecimal(), "0.000024");
    EXPECT_EQ(books[0].find("memory"), nullptr);
}

TEST(BillingExport, RowsAreBilledAndEffectiveLines) {
    const std::string reply =
        R"j({"jobComplete":true,"jobReference":{"jobId":"j","location":"EU"},"totalBytesProcessed":"1000","rows":[{"f":[{"v":"2026-11-20"},{"v":"152E-C115-5142"},{"v":"x"},
      {"v":"Services Min Instance CPU (Request-based billing)"},{"v":"us-central1"},{"v":"second"},{"v":"12.5"},{"v":"1.25"},{"v":"-0.25"}]}]})j";
    const auto page = parseCostPage(reply, "g").value();
    ASSERT_EQ(page.lines.size(), 2u);
    EXPECT_EQ(page.lines[0].kind, CostKind::billed);
    EXPECT_EQ(page.lines[0].meter, "idle_vcpu");
    EXPECT_EQ(page.lines[0].amount.toDecimal(), "1.25");
    EXPECT_EQ(page.lines[1].kind, CostKind::effective);
    EXPECT_EQ(page.lines[1].amount.toDecimal(), "1") << "credits are negative";
    EXPECT_FALSE(parseCostPage(R"({"jobComplete":true,"rows":[{"f":[{"v":"1"}]}]})", "g")) << "other columns";
    const json query = json::parse(costQuery("a.b.c", {kNow - hours(24), kNow}, {"p"}, "EU", false, 5));
    EXPECT_EQ(query["useLegacySql"], false);
    EXPECT_EQ(query["maximumBytesBilled"], "5");
    EXPECT_NE(query["query"].get<std::string>().find("FROM `a.b.c`"), std::string::npos);
    EXPECT_EQ(query["query"].get<std::string>().find("{table}"), std::string::npos);
}

TEST(Policy, IsMadeFromTheOperations) {
    const auto read = readPolicy();
    for (const char* permission :
         {"run.services.list", "monitoring.timeSeries.list", "cloudfunctions.functions.list", "bigquery.jobs.create"})
        EXPECT_NE(read.find(std::string("- ") + permission + "\n"), std::string::npos) << permission;
    EXPECT_EQ(read.find("update"), std::string::npos) << "reading changes nothing";
    EXPECT_NE(applyPolicy().find("- run.services.update\n"), std::string::npos);
    EXPECT_NE(policyFor(Operation::list_services, "p").find("roles/run.viewer"), std::string::npos);
}

// Our own limit is 300 requests a minute to Cloud Monitoring. 2,000 functions in 12 regions, a day at 300 s, as sync asks for them (groups of 120):
// how many answers that takes. Two response classes and two states of instances, as a service has that fails now and then.
TEST(MetricPlan, ADayOf2000FunctionsStaysFarBelowAMinuteAtOurOwnLimit) {
    std::vector<Function> functions(2000);
    for (std::size_t i = 0; i < functions.size(); ++i) {
        functions[i].id = "projects/p/locations/region-" + std::to_string(i % 12) + "/services/inference-service-" + std::to_string(i);
        functions[i].name = "inference-service-" + std::to_string(i);
        functions[i].account = "p";
        functions[i].untuned[kKind] = "service";
    }
    const TimeRange day{kNow - hours(24), kNow};
    std::size_t answers = 0;
    for (std::size_t at = 0; at < functions.size(); at += 120) {
        std::vector<MetricRequest> requests;
        for (std::size_t i = at; i < std::min(functions.size(), at + 120); ++i) {
            requests.push_back({&functions[i], day, {}, false});
            requests.push_back({&functions[i], day, {}, true});
        }
        for (const auto& call : planMetrics(requests, kNow)) {
            const std::size_t series = call.functions.size() * (call.metric->group_label != nullptr ? 2 : 1), points = series * (call.one_period ? 1 : 288);
            answers += (points + pageSize(*call.metric) - 1) / pageSize(*call.metric);
        }
    }
    EXPECT_LE(answers, 175u) << "at 5 a second: " << static_cast<double>(answers) / 5 << " s";
}

}  // namespace
}  // namespace pilotlight::platform::gcp
