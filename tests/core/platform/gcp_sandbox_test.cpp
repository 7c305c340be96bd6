// GcpPlatform on a running sandbox: real HTTP, real signatures of assertions, a strict server.
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>
#include <set>

#include "core/net/curl_http_client.h"
#include "core/platform/gcp/function_parse.h"
#include "core/platform/gcp/gcp_platform.h"
#include "tests/support/sandbox.h"

namespace pilotlight::platform::gcp {
namespace {

using nlohmann::json;

class GcpSandbox : public testing::Test {
protected:
    static void SetUpTestSuite() {
        session_ = new test::SandboxSession({"--days", "2", "--speed", "60", "--seed", "1"});
        if (!session_->ready()) return;
        http_ = net::makeCurlClient();
        platform_ = make({"all"}).release();
    }
    static std::unique_ptr<GcpPlatform> make(std::vector<std::string> regions, std::vector<std::string> projects = {}) {
        Profile profile;
        profile.name = "box";
        profile.platform = PlatformKind::gcp;
        profile.regions = std::move(regions);
        profile.projects = std::move(projects);
        profile.endpoint_url = session_->endpoint();
        profile.write = true;
        const Dependencies dependencies{http_, std::make_shared<RealClock>(), std::make_shared<net::ApiMeter>(100'000, Money::dollars(5)),
                                        nullptr};
        return std::make_unique<GcpPlatform>(profile, dependencies, [](const char* name) -> std::optional<std::string> {
            const auto at = session_->environment().find(name);
            return at == session_->environment().end() ? std::nullopt : std::optional(at->second);
        });
    }
    static void TearDownTestSuite() {
        delete platform_;
        delete session_;
    }
    void SetUp() override { ASSERT_TRUE(session_->ready()); }

    static Function named(const std::string& name) {
        auto inventory = platform_->listFunctions({});
        EXPECT_TRUE(inventory) << inventory.error().text();
        for (auto& each : inventory->functions)
            if (each.name == name) return each;
        ADD_FAILURE() << "the sandbox has no " << name;
        return {};
    }
    // Sends a request as the SDKs would, with the platform's own token.
    static net::HttpResponse raw(const std::string& method, const std::string& path, const std::string& body = {}) {
        net::GoogleCredentialOptions options;
        options.http = http_;
        options.environment = [](const char* name) -> std::optional<std::string> {
            const auto at = session_->environment().find(name);
            return at == session_->environment().end() ? std::nullopt : std::optional(at->second);
        };
        static net::GoogleCredentialSource source(options);
        net::HttpRequest request;
        request.method = method;
        request.url = session_->endpoint() + path;
        request.body = body;
        request.headers = {{"Authorization", "Bearer " + source.get(RealClock().now())->value}, {"Content-Type", "application/json"}};
        return http_->send(request, {}).value();
    }
    static void applied(const Function& before, const DesiredSettings& desired) {
        const auto steps = platform_->steps(before, desired, {});
        ASSERT_TRUE(steps) << steps.error().text();
        ASSERT_EQ(steps->size(), 1u);
        EXPECT_FALSE(*platform_->hasHappened(before, steps->front(), "{}", {}));
        const auto sent = platform_->send(before, steps->front(), "{}", "plan", {});
        ASSERT_TRUE(sent) << sent.error().text();
        for (int i = 0; i < 400; ++i) {
            const auto report = platform_->convergence(before.id, {});
            ASSERT_TRUE(report) << report.error().text();
            ASSERT_NE(report->state, Convergence::failed) << report->detail;
            if (report->state == Convergence::done) break;
            (void)RealClock().sleepFor(milliseconds(20), {});
        }
        EXPECT_TRUE(*platform_->hasHappened(before, steps->front(), "{}", {}));
    }

    static test::SandboxSession* session_;
    static std::shared_ptr<net::HttpClient> http_;
    static GcpPlatform* platform_;
};
test::SandboxSession* GcpSandbox::session_ = nullptr;
std::shared_ptr<net::HttpClient> GcpSandbox::http_;
GcpPlatform* GcpSandbox::platform_ = nullptr;

TEST_F(GcpSandbox, TestFindsTheProjectAndNothingMissing) {
    const auto report = platform_->test({});
    ASSERT_TRUE(report) << report.error().text();
    EXPECT_EQ(report->account, "pilotlight-demo");
    EXPECT_EQ(report->sandbox_speed, 60.0);
    for (const auto& each : report->missing) ADD_FAILURE() << each.error.text();
}

TEST_F(GcpSandbox, InventoryJoinsFunctionsAndServices) {
    const auto inventory = platform_->listFunctions({});
    ASSERT_TRUE(inventory) << inventory.error().text();
    for (const auto& each : inventory->problems) ADD_FAILURE() << each.error.text();
    std::map<std::string, int> kinds;
    std::set<std::string> ids;
    for (const auto& each : inventory->functions) {
        ++kinds[std::string(each.untunedText(kKind))];
        EXPECT_TRUE(ids.insert(each.id).second) << each.id;
        EXPECT_FALSE(each.revision.empty()) << each.name;
        EXPECT_TRUE(each.warmPool()) << each.name;
        if (each.untunedText(kKind) == "gen2") EXPECT_NE(each.untunedText(kFunctionName), "") << each.name;
    }
    EXPECT_GE(kinds["service"], 2);
    EXPECT_GE(kinds["gen2"], 1);
    EXPECT_GE(kinds["gen1"], 1);
    EXPECT_GE(inventory->regions_read.size(), 2u);
}

TEST_F(GcpSandbox, AnUnknownRegionOrProjectSaysSo) {
    const auto inventory = make({"us-central1", "mars-north1"})->listFunctions({});
    ASSERT_TRUE(inventory) << inventory.error().text();
    EXPECT_FALSE(inventory->functions.empty()) << "the other region is there";
    EXPECT_EQ(inventory->regions_read, std::vector<std::string>{"us-central1"});
    ASSERT_EQ(inventory->problems.size(), 1u);
    EXPECT_NE(inventory->problems[0].error.action.find("mars-north1"), std::string::npos);
    const auto other = make({"us-central1"}, {"someone-elses"})->listFunctions({});
    ASSERT_TRUE(other) << "problems, not an abort";
    ASSERT_FALSE(other->problems.empty());
    EXPECT_EQ(other->problems[0].error.code, ErrorCode::permission_denied);
    EXPECT_NE(other->problems[0].policy.find("roles/run.viewer"), std::string::npos);
    EXPECT_TRUE(other->regions_read.empty()) << "nothing may look deleted";
}

TEST_F(GcpSandbox, MetricsTellCountsLatencyAndBilledTime) {
    for (const char* name : {"rerank-service", "vision-tagger", "invoice-parser", "caption-model"}) {
        const Function f = named(name);
        const Timestamp now = platform_->clock()->now();
        const TimeRange range{floorTo(now - hours(8), hours(1)), floorTo(now - hours(1), hours(1))};
        const MetricRequest requests[] = {{&f, range, {}, false}, {&f, range, {}, true}};
        std::map<SeriesKey, MetricSeries> series;
        const auto problems = platform_->readMetrics(requests,
                                                     [&](MetricPage&& page) -> Status {
                                                         for (auto& each : page.series) series[each.key] = each;
                                                         return {};
                                                     },
                                                     {});
        ASSERT_TRUE(problems) << problems.error().text();
        for (const auto& each : *problems) ADD_FAILURE() << each.error.text();
        const auto sum = [&](Metric metric, Statistic statistic) {
            const auto& each = series[{f.id, "", metric, statistic, seconds{300}}];
            double total = 0;
            for (const auto& point : each.points) total += point.value;
            return total;
        };
        const double invocations = sum(Metric::invocations, Statistic::sum);
        EXPECT_GT(invocations, 20) << name;
        EXPECT_EQ(sum(Metric::duration, Statistic::sample_count), invocations) << name;
        EXPECT_TRUE((series[{f.id, "", Metric::invocations, Statistic::sum, seconds{300}}].coverage.covers(range)));
        const auto& whole = series[{f.id, "", Metric::duration, Statistic::p95, std::chrono::duration_cast<seconds>(range.length())}];
        ASSERT_EQ(whole.points.size(), 1u) << name;
        EXPECT_GT(whole.points[0].value, 20) << name;
        EXPECT_LT(whole.points[0].value, 5000) << name << ": milliseconds, whatever the metric's unit";
        if (f.untunedText(kKind) != "gen1") {
            EXPECT_GT(sum(Metric::billable_time, Statistic::sum), 1) << name;
        }
        const bool gpu = std::string_view(name) == "caption-model";
        EXPECT_EQ(sum(Metric::gpu_utilization, Statistic::maximum) > 0, gpu) << name;
        if (gpu) {
            const auto& used = series[{f.id, "", Metric::gpu_memory_used, Statistic::maximum, seconds{300}}];
            ASSERT_FALSE(used.points.empty());
            EXPECT_GT(used.points[0].value, 10 * 1024) << "MB";
            EXPECT_LT(used.points[0].value, 25 * 1024);
        }
        if (std::string_view(name) == "vision-tagger") {  // one request an instance: each start kept someone waiting
            const auto& waited = series[{f.id, "", Metric::pending_latency, Statistic::p95, seconds{300}}];
            ASSERT_FALSE(waited.points.empty());
            for (const auto& point : waited.points) EXPECT_GT(point.value, 100) << "ms";
            EXPECT_GT(sum(Metric::pending_latency, Statistic::sample_count), 0);
        }
    }
}

TEST_F(GcpSandbox, PricesAndBill) {
    const auto books = platform_->readPrices({"us-central1", "europe-west1"}, {});
    ASSERT_TRUE(books) << books.error().text();
    ASSERT_EQ(books->size(), 2u);
    for (const auto& book : *books)
        for (const char* rate : {"requests", "vcpu", "memory", "idle_vcpu", "idle_memory", "instance_vcpu", "instance_memory", "gen1_cpu"})
            EXPECT_NE(book.find(rate), nullptr) << book.region << " " << rate;
    for (const auto& book : *books) EXPECT_EQ(book.find("gpu_l4") != nullptr, book.region == "us-central1") << book.region;
    const Timestamp now = platform_->clock()->now();
    const auto lines = platform_->readCosts({now - hours(48), now}, {});
    ASSERT_TRUE(lines) << lines.error().text();
    std::set<std::string> meters;
    for (const auto& line : *lines) {
        EXPECT_GT(line.amount, Money{}) << line.usage_type;
        meters.insert(line.meter);
    }
    EXPECT_EQ(meters, (std::set<std::string>{"requests", "vcpu", "memory", "idle_vcpu", "idle_memory", "gpu"}));
}

TEST_F(GcpSandbox, EveryKindIsChangedAndPutBack) {
    for (const char* name : {"rerank-service", "vision-tagger", "invoice-parser"}) {
        const Function before = named(name);
        SCOPED_TRACE(name);
        DesiredSettings there{.memory = Megabytes{before.memory.value / 2}, .warm_pool = *before.warmPool() + 1};
        applied(before, there);
        const auto changed = platform_->readFunction(before.id, {});
        ASSERT_TRUE(changed) << changed.error().text();
        EXPECT_EQ(changed->memory.value, before.memory.value / 2);
        EXPECT_EQ(changed->warmPool(), *before.warmPool() + 1);
        EXPECT_EQ(changed->vcpu.has_value() && before.untunedText(kKind) != "gen1" ? changed->vcpu : before.vcpu, before.vcpu);
        EXPECT_EQ(changed->untunedText(kBilling), before.untunedText(kBilling));
        applied(*changed, {.memory = before.memory, .warm_pool = before.warmPool()});
        const auto back = platform_->readFunction(before.id, {});
        EXPECT_EQ(back->memory, before.memory);
        EXPECT_EQ(back->warmPool(), before.warmPool());
    }
}

TEST_F(GcpSandbox, AStaleChangeIsRefusedAlsoWithoutEtag) {
    for (const char* name : {"rerank-service", "vision-tagger", "invoice-parser"}) {
        SCOPED_TRACE(name);
        const Function before = named(name);
        const auto steps = platform_->steps(before, {.timeout = seconds(before.timeout.count() + 1)}, {});
        ASSERT_TRUE(steps);
        applied(before, {.timeout = seconds(before.timeout.count() + 2)});  // by somebody else
        const auto sent = platform_->send(before, steps->front(), "{}", "plan", {});
        ASSERT_FALSE(sent);
        EXPECT_EQ(sent.error().code, ErrorCode::stale) << sent.error().text();
        EXPECT_EQ(platform_->readFunction(before.id, {})->timeout, seconds(before.timeout.count() + 2));
    }
}

TEST_F(GcpSandbox, TheServerRefusesWhatGoogleWould) {
    const std::string service = "/v2/projects/pilotlight-demo/locations/us-central1/services/rerank-service";
    const auto refused = [&](const net::HttpResponse& response, int status, const char* code) {
        EXPECT_EQ(response.status, status) << response.body;
        const json body = json::parse(response.body, nullptr, false);
        ASSERT_TRUE(body.is_object()) << response.body;
        EXPECT_EQ(body["error"]["status"], code) << response.body;
        EXPECT_EQ(body["error"]["code"], status);
    };
    const json now = json::parse(raw("GET", service).body);
    refused(raw("PATCH", service + "?updateMask=template.nonsense", "{}"), 400, "INVALID_ARGUMENT");
    refused(raw("PATCH", service + "?updateMask=template.containers[0].resources", "{}"), 400, "INVALID_ARGUMENT");
    refused(raw("PATCH", service + "?updateMask=scaling.minInstanceCount", R"({"scaling":{"minInstances":1}})"), 400, "INVALID_ARGUMENT");
    refused(raw("PATCH", service + "?updateMask=uri", R"({"uri":"x"})"), 400, "INVALID_ARGUMENT");
    refused(raw("PATCH", service + "?updateMask=scaling.minInstanceCount", R"({"etag":"\"old\"","scaling":{"minInstanceCount":1}})"), 409,
            "ABORTED");
    refused(raw("PATCH", service + "?dryRun=true", "{}"), 400, "INVALID_ARGUMENT");
    refused(raw("GET", "/v2/projects/pilotlight-demo/locations/-/services"), 400, "INVALID_ARGUMENT");
    refused(raw("GET", "/v2/projects/other/locations/us-central1/services"), 403, "PERMISSION_DENIED");
    refused(raw("GET", service + "-none"), 404, "NOT_FOUND");
    const std::string series = "/v3/projects/pilotlight-demo/timeSeries?interval.endTime=2026-11-24T00:00:00Z&filter=";
    refused(raw("GET", series + "metric.type%3D%22nothing%22"), 404, "NOT_FOUND");
    refused(raw("GET", series + "metric.type%3D"), 400, "INVALID_ARGUMENT");
    refused(raw("GET", series + "metric.type%3D%22run.googleapis.com/"
                                "request_latencies%22&aggregation.alignmentPeriod=60s&aggregation.perSeriesAligner=ALIGN_MAX"),
            400, "INVALID_ARGUMENT");
    refused(raw("GET", series + "metric.type%3D%22run.googleapis.com/"
                                "request_count%22&aggregation.alignmentPeriod=30s&aggregation.perSeriesAligner=ALIGN_DELTA"),
            400, "INVALID_ARGUMENT");
    refused(raw("POST", "/bigquery/v2/projects/pilotlight-demo/queries", R"({"query":"SELECT 1","useLegacySql":false,"location":"EU"})"),
            400, "INVALID_ARGUMENT");
    EXPECT_EQ(json::parse(raw("GET", service).body)["etag"], now["etag"]) << "nothing of this changed anything";
    // A containers list without cpuIdle would switch the billing; the preview shows it and changes nothing.
    json containers = now["template"]["containers"];
    containers[0]["resources"].erase("cpuIdle");
    const auto preview = raw("PATCH", service + "?validateOnly=true&updateMask=template.containers,template.revision",
                             json{{"template", {{"containers", containers}}}}.dump());
    EXPECT_EQ(preview.status, 200) << preview.body;
    EXPECT_EQ(json::parse(preview.body)["response"]["template"]["containers"][0]["resources"]["cpuIdle"], false);
    EXPECT_EQ(json::parse(raw("GET", service).body)["etag"], now["etag"]);
}

TEST_F(GcpSandbox, ListsComeInPages) {
    std::set<std::string> names;
    std::string token;
    int pages = 0;
    do {
        const json page = json::parse(raw("GET", "/v2/projects/pilotlight-demo/locations/us-central1/services?pageSize=1" +
                                                     (token.empty() ? "" : "&pageToken=" + token))
                                          .body);
        for (const auto& each : page["services"]) names.insert(each["name"].get<std::string>());
        token = page.value("nextPageToken", "");
        ++pages;
    } while (!token.empty() && pages < 10);
    EXPECT_EQ(names.size(), 3u);
    EXPECT_EQ(pages, 3);
    EXPECT_EQ(raw("GET", "/v2/projects/pilotlight-demo/locations/us-central1/services?pageToken=bogus").status, 400);
}

}  // namespace
}  // namespace pilotlight::platform::gcp
