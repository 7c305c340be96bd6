// Parsers of what AWS sends: report lines, metric pages, log pages, price lists, Cost Explorer, function settings.
#include <gtest/gtest.h>
#include <rapidcheck.h>

#include <nlohmann/json.hpp>

#include "core/platform/aws/costs.h"
#include "core/platform/aws/function_parse.h"
#include "core/platform/aws/log_page.h"
#include "core/platform/aws/metric_page.h"
#include "core/platform/aws/owner.h"
#include "core/platform/aws/price_list_parser.h"
#include "core/platform/aws/regions.h"
#include "core/platform/aws/report_line.h"
#include "core/platform/aws/usage_types.h"

namespace pilotlight::platform::aws {
namespace {

using nlohmann::json;

Timestamp at(const char* text) { return parseIso8601(text).value(); }
const Timestamp kLogged = at("2026-11-20T10:00:01Z");

TEST(ReportLine, TextOfAColdStart) {
    const auto line = parseReportLine(
        "REPORT RequestId: 8f507cfc-xmpl-4697-b07a-ac58fc914c95\tDuration: 133.61 ms\tBilled Duration: 214 ms\tMemory Size: 128 MB\tMax "
        "Memory Used: 31 "
        "MB\tInit Duration: 80.00 ms\t\nXRAY TraceId: 1-5f\tSegmentId: 12\tSampled: true\n",
        kLogged);
    ASSERT_EQ(line.kind, LineKind::report);
    const Invocation& i = line.invocation;
    EXPECT_FLOAT_EQ(i.duration_ms, 133.61f);
    EXPECT_FLOAT_EQ(i.billed_ms, 214.f);
    EXPECT_FLOAT_EQ(i.init_ms, 80.f);
    EXPECT_TRUE(i.cold());
    EXPECT_EQ(i.memory_mb, 128);
    EXPECT_FLOAT_EQ(i.max_memory_used_mb, 31.f);
    EXPECT_EQ(i.time, kLogged - milliseconds(134));
    EXPECT_EQ(i.request, hashOf("8f507cfc-xmpl-4697-b07a-ac58fc914c95"));
    EXPECT_FALSE(i.failed);
}

TEST(ReportLine, OrderBlanksAndUnknownFieldsDoNotMatter) {
    const auto a = parseReportLine(
        "REPORT RequestId: r1 Memory Size: 512 MB Extension Duration: 999.00 ms Duration: 10.20 ms Billed Duration: 11 ms Max Memory Used: "
        "90 MB",
        kLogged);
    ASSERT_EQ(a.kind, LineKind::report);
    EXPECT_FLOAT_EQ(a.invocation.duration_ms, 10.2f);
    EXPECT_FALSE(a.invocation.cold());
    EXPECT_EQ(a.invocation.memory_mb, 512);
    const auto b = parseReportLine("REPORT RequestId: r1\tFuture Duration: 7.00 ms\tDuration: 10.20 ms\tStatus: timeout", kLogged);
    ASSERT_EQ(b.kind, LineKind::report);
    EXPECT_FLOAT_EQ(b.invocation.duration_ms, 10.2f);
    EXPECT_FLOAT_EQ(b.invocation.billed_ms, 11.f);  // missing: rounded up
    EXPECT_TRUE(b.invocation.timed_out && b.invocation.failed);
}

TEST(ReportLine, SnapStartRestoreIsTheColdPart) {
    const auto line = parseReportLine(
        "REPORT RequestId: r\tDuration: 5.00 ms\tBilled Duration: 6 ms\tRestore Duration: 412.30 ms\tBilled Restore Duration: 300 ms",
        kLogged);
    EXPECT_FLOAT_EQ(line.invocation.init_ms, 412.3f);
    EXPECT_FLOAT_EQ(line.invocation.billed_ms, 6.f);
}

TEST(ReportLine, JsonReport) {
    const auto line = parseReportLine(
        R"({"time":"2026-11-20T10:00:00.500Z","type":"platform.report","record":{"requestId":"q-1","metrics":{"durationMs":693.92,"billedDurationMs":1092,"memorySizeMB":2048,"maxMemoryUsedMB":840,"initDurationMs":397.68},"status":"error","errorType":"X"}})",
        kLogged);
    ASSERT_EQ(line.kind, LineKind::report);
    EXPECT_FLOAT_EQ(line.invocation.duration_ms, 693.92f);
    EXPECT_FLOAT_EQ(line.invocation.init_ms, 397.68f);
    EXPECT_EQ(line.invocation.time, at("2026-11-20T10:00:00.500Z") - milliseconds(694));
    EXPECT_TRUE(line.invocation.failed);
    EXPECT_FALSE(line.invocation.timed_out);
}

TEST(ReportLine, OtherLinesAreNotReports) {
    for (const char* text :
         {"INIT_REPORT Init Duration: 1236.04 ms\tPhase: init\tStatus: timeout", "START RequestId: 1 Version: 7", "", "{}",
          "{\"type\":\"platform.start\"}", "REPORTING Duration: 5 ms", "my REPORT RequestId: 1", "{\"message\":\"platform.report\"}"}) {
        EXPECT_EQ(parseReportLine(text, kLogged).kind, LineKind::other) << text;
    }
    for (const char* text :
         {"REPORT RequestId: r\tBilled Duration: 6 ms", "REPORT Duration: 5 ms", "REPORT RequestId: r\tDuration: -5 ms",
          "REPORT RequestId: r\tDuration: nan ms", "{\"type\":\"platform.report\"}", "REPORT RequestId:\tDuration: 1e300 ms"}) {
        EXPECT_EQ(parseReportLine(text, kLogged).kind, LineKind::unreadable) << text;
    }
}

TEST(ReportLine, RoundTrip) {
    EXPECT_TRUE(rc::check("whatever the fields, text and JSON logs say the same", [] {
        const int hundredths = *rc::gen::inRange(0, 90'000'000);
        const int memory = *rc::gen::inRange(128, 10'241);
        const bool cold = *rc::gen::arbitrary<bool>();
        const double ms = hundredths / 100.0;
        char text[400], record[400];
        std::snprintf(text, sizeof text,
                      "REPORT RequestId: r\tDuration: %.2f ms\tBilled Duration: %.0f ms\tMemory Size: %d MB\tMax Memory Used: %d MB%s", ms,
                      std::ceil(ms), memory, memory / 2, cold ? "\tInit Duration: 12.50 ms" : "");
        std::snprintf(
            record, sizeof record,
            R"({"time":"2026-11-20T10:00:01Z","type":"platform.report","record":{"requestId":"r","metrics":{"durationMs":%.2f,"billedDurationMs":%.0f,"memorySizeMB":%d,"maxMemoryUsedMB":%d%s}}})",
            ms, std::ceil(ms), memory, memory / 2, cold ? R"(,"initDurationMs":12.5)" : "");
        const Invocation a = parseReportLine(text, kLogged).invocation, b = parseReportLine(record, kLogged).invocation;
        RC_ASSERT(a.duration_ms == static_cast<float>(ms));
        RC_ASSERT(a.cold() == cold);
        RC_ASSERT(a.memory_mb == memory);
        RC_ASSERT(a.time == b.time && a.duration_ms == b.duration_ms && a.billed_ms == b.billed_ms && a.init_ms == b.init_ms &&
                  a.max_memory_used_mb == b.max_memory_used_mb && a.request == b.request);
    }));
}

TEST(MetricPage, ReadsBothTimeFormsAndPagesWithTheSameId) {
    MetricPageParser parser;
    const auto page = parser.parse(R"({"Messages":[{"Code":"x","Value":"note"}],"MetricDataResults":[
        {"Id":"q1","Label":"a","StatusCode":"PartialData","Timestamps":[1763632800,1.7636331E9],"Values":[1,2.5]},
        {"Id":"q0","StatusCode":"Complete","Values":[],"Timestamps":[]},
        {"Id":"q1","StatusCode":"Complete","Values":[7],"Timestamps":["2025-11-20T10:10:00Z"]},
        {"Id":"q2","StatusCode":"Forbidden"}],"NextToken":"t=="})",
                                   3);
    ASSERT_TRUE(page) << page.error().text();
    ASSERT_EQ(page->results.size(), 4u);
    EXPECT_EQ(page->results[0].query, 1u);
    EXPECT_EQ(page->results[0].status, MetricStatus::partial);
    EXPECT_EQ(page->results[0].points[1], (MetricPoint{at("2025-11-20T10:05:00Z"), 2.5}));
    EXPECT_EQ(page->results[2].points[0].time, at("2025-11-20T10:10:00Z"));
    EXPECT_EQ(page->results[3].status, MetricStatus::forbidden);
    EXPECT_EQ(page->next_token, "t==");
    EXPECT_EQ(page->message, "note");
}

TEST(MetricPage, PutsDescendingAnswersInOrder) {
    MetricPageParser parser;
    const auto page =
        parser.parse(R"({"MetricDataResults":[{"Id":"q0","StatusCode":"Complete","Timestamps":[300,0,300,600],"Values":[1,2,3,4]}]})", 1);
    ASSERT_TRUE(page);
    const std::vector<MetricPoint> expected{{Timestamp(seconds(0)), 2}, {Timestamp(seconds(300)), 3}, {Timestamp(seconds(600)), 4}};
    EXPECT_EQ(page->results[0].points, expected);
}

TEST(MetricPage, RefusesWhatItCannotTrust) {
    MetricPageParser parser;
    for (const char* text :
         {"", "{", "[]", "{}", "<html>", R"({"MetricDataResults":[{"Id":"q0","Timestamps":[1],"Values":[]}]})",
          R"({"MetricDataResults":[{"Id":"q0","Timestamps":[1]}]})", R"({"MetricDataResults":[{"Id":"q1","Timestamps":[],"Values":[]}]})",
          R"({"MetricDataResults":[{"Id":"x0"}]})", R"({"MetricDataResults":[{"Id":"q0","Timestamps":[1],"Values":["a"]}]})",
          R"({"MetricDataResults":[{"Id":"q0","Timestamps":[-1],"Values":[1]}]})",
          R"({"MetricDataResults":[{"Id":"q0","Timestamps":[1],"Values":[1]}]} x)",
          R"({"MetricDataResults":[{"Id":"q0","Timestamps":[1],"Values":[1]}])"}) {
        const auto page = parser.parse(text, 1);
        ASSERT_FALSE(page) << text;
        EXPECT_EQ(page.error().code, ErrorCode::protocol);
    }
}

TEST(LogPage, EmptyPagesHaveTokens) {
    const auto empty = parseLogPage(R"({"events":[],"nextToken":"n","searchedLogStreams":[]})");
    ASSERT_TRUE(empty);
    EXPECT_TRUE(empty->events.empty());
    EXPECT_EQ(empty->next_token, "n");
    const auto one =
        parseLogPage(R"({"events":[{"logStreamName":"s","timestamp":1763632800123,"message":"a\tb","ingestionTime":1,"eventId":"e"}]})");
    ASSERT_TRUE(one);
    EXPECT_EQ(one->events[0].message, "a\tb");
    EXPECT_EQ(one->events[0].time, at("2025-11-20T10:00:00.123Z"));
    EXPECT_FALSE(parseLogPage("nonsense"));
    EXPECT_FALSE(parseLogPage(R"({"events":[{"message":"no time"}]})"));
}

const char* kPriceList =
    R"({"formatVersion":"v1.0","offerCode":"AWSLambda","version":"20260919","publicationDate":"2026-09-19T00:00:00Z","products":{
 "D":{"sku":"D","attributes":{"regionCode":"eu-west-1","group":"AWS-Lambda-Duration","usagetype":"EU-Lambda-GB-Second"}},
 "P":{"sku":"P","attributes":{"regionCode":"eu-west-1","group":"AWS-Lambda-Duration-Provisioned","usagetype":"EU-Lambda-Provisioned-GB-Second"}},
 "S":{"sku":"S","attributes":{"regionCode":"eu-west-1","group":"AWS-Lambda-Storage-Duration","usagetype":"EU-Lambda-Storage-GB-Second"}},
 "A":{"sku":"A","attributes":{"regionCode":"eu-west-1","group":"AWS-Lambda-Duration-ARM","usagetype":"EU-Lambda-GB-Second-ARM"}},
 "R":{"sku":"R","attributes":{"regionCode":"eu-west-1","group":"AWS-Lambda-Requests","usagetype":"EU-Request"}},
 "E":{"sku":"E","attributes":{"regionCode":"eu-west-1","group":"AWS-Lambda-Edge-Duration","usagetype":"EU-Lambda-Edge-GB-Second"}},
 "X":{"sku":"X","attributes":{"regionCode":"eu-west-1","usagetype":"EU-Lambda-SnapStart-Cached-GB-S"}}},
 "terms":{"OnDemand":{
 "D":{"D.T":{"offerTermCode":"T","sku":"D","effectiveDate":"2026-09-01T00:00:00Z","priceDimensions":{
   "3":{"beginRange":"15000000000","endRange":"Inf","unit":"Lambda-GB-Second","pricePerUnit":{"USD":"0.0000133334"}},
   "1":{"beginRange":"0","endRange":"6000000000","unit":"Lambda-GB-Second","pricePerUnit":{"USD":"0.0000166667"}},
   "2":{"beginRange":"6000000000","endRange":"15000000000","unit":"Lambda-GB-Second","pricePerUnit":{"USD":"1.5E-5"}}}}},
 "P":{"P.T":{"effectiveDate":"2026-09-01T00:00:00Z","priceDimensions":{"1":{"beginRange":"0","endRange":"Inf","pricePerUnit":{"USD":"0.0000097222"}}}}},
 "S":{"S.T":{"priceDimensions":{"1":{"beginRange":"0","endRange":"Inf","pricePerUnit":{"USD":"0.0000000309"}}}}},
 "A":{"A.T":{"priceDimensions":{"1":{"beginRange":"0","endRange":"Inf","pricePerUnit":{"USD":"0.0000133334"}}}}},
 "R":{"R.T":{"priceDimensions":{"1":{"beginRange":"0","endRange":"Inf","unit":"Requests","pricePerUnit":{"USD":"0.0000002"}}}}},
 "E":{"E.T":{"priceDimensions":{"1":{"beginRange":"0","endRange":"Inf","pricePerUnit":{"USD":"0.00005001"}}}}}}}})";

TEST(PriceList, MatchesGroupsWholeAndSortsTiers) {
    const auto books = parsePriceList(kPriceList, kLogged);
    ASSERT_TRUE(books) << books.error().text();
    ASSERT_EQ(books->size(), 2u);
    const PriceBook& arm = (*books)[0].architecture == "arm64" ? (*books)[0] : (*books)[1];
    const PriceBook& x86 = (*books)[0].architecture == "arm64" ? (*books)[1] : (*books)[0];
    EXPECT_EQ(arm.prices.size(), 1u);
    EXPECT_EQ(x86.prices.size(), 4u);
    EXPECT_EQ(x86.region, "eu-west-1");
    EXPECT_EQ(x86.publication, "2026-09-19T00:00:00Z");
    EXPECT_FALSE(x86.bundled);
    EXPECT_EQ(x86.valid_from, at("2026-09-01"));
    const Price* duration = x86.find("duration");
    ASSERT_NE(duration, nullptr);
    ASSERT_EQ(duration->tiers.size(), 3u);
    EXPECT_EQ(duration->tiers[0].price, Money::parse("0.0000166667").value());
    EXPECT_EQ(duration->tiers[1].from, 6e9);
    EXPECT_EQ(duration->tiers[1].price, Money::parse("0.000015").value());
    EXPECT_EQ(duration->tiers[2].from, 15e9);
    EXPECT_EQ(x86.find("warm_pool_duration")->tiers[0].price, Money::parse("0.0000097222").value());
    EXPECT_EQ(x86.find("ephemeral_storage")->tiers[0].price, Money::parse("0.0000000309").value());
    EXPECT_EQ(x86.find("warm_pool"), nullptr);  // not in the file: unknown
}

TEST(PriceList, RefusesOtherFiles) {
    EXPECT_EQ(parsePriceList("{}", kLogged).error().code, ErrorCode::protocol);
    EXPECT_EQ(parsePriceList("<html>", kLogged).error().code, ErrorCode::protocol);
    std::string yuan = kPriceList;
    for (std::size_t i = yuan.find("\"USD\""); i != std::string::npos; i = yuan.find("\"USD\"")) yuan.replace(i, 5, "\"CNY\"");
    EXPECT_EQ(parsePriceList(yuan, kLogged).error().code, ErrorCode::protocol);
    EXPECT_EQ(
        priceListPath(
            R"({"regions":{"eu-west-1":{"regionCode":"eu-west-1","currentVersionUrl":"/offers/v1.0/aws/AWSLambda/2026/eu-west-1/index.json"}}})",
            "eu-west-1")
            .value(),
        "/offers/v1.0/aws/AWSLambda/2026/eu-west-1/index.json");
    EXPECT_EQ(priceListPath(R"({"regions":{}})", "eu-west-1").error().code, ErrorCode::not_found);
}

TEST(UsageTypes, AreMatchedWhole) {
    struct Case {
        const char *text, *prefix, *meter;
    };
    for (const Case& each : {Case{"Lambda-GB-Second", "", "duration"}, Case{"EU-Lambda-GB-Second-ARM", "EU", "duration"},
                             Case{"USE2-Request", "USE2", "requests"}, Case{"Request-ARM", "", "requests"},
                             Case{"EUW2-Lambda-Storage-GB-Second", "EUW2", "ephemeral_storage"},
                             Case{"APS2-Lambda-Provisioned-Concurrency-ARM", "APS2", "warm_pool"},
                             Case{"Lambda-Provisioned-GB-Second", "", "warm_pool_duration"}, Case{"Lambda-Edge-GB-Second", "", "other"},
                             Case{"EU-DataTransfer-Out-Bytes", "", "other"}, Case{"Global-Request", "Global", "requests"},
                             Case{"Lambda-Managed-Instances-Request", "", "other"}, Case{"", "", "other"}}) {
        const UsageType usage = parseUsageType(each.text);
        EXPECT_EQ(usage.prefix, each.prefix) << each.text;
        EXPECT_EQ(usage.meter, each.meter) << each.text;
    }
}

TEST(CostPage, LinesOfADay) {
    const auto page = parseCostPage(
        R"({"GroupDefinitions":[],"ResultsByTime":[{"TimePeriod":{"Start":"2026-11-01","End":"2026-11-02"},"Total":{},"Estimated":true,"Groups":[
        {"Keys":["EU-Lambda-GB-Second","eu-west-1"],"Metrics":{"UnblendedCost":{"Amount":"12.3400000001","Unit":"USD"},"AmortizedCost":{"Amount":"1.1E1","Unit":"USD"},"UsageQuantity":{"Amount":"740000.5","Unit":"GB-Seconds"}}}]}],
        "NextPageToken":"n"})",
        "prod", true);
    ASSERT_TRUE(page) << page.error().text();
    ASSERT_EQ(page->lines.size(), 2u);
    EXPECT_EQ(page->lines[0].kind, CostKind::billed);
    EXPECT_EQ(page->lines[0].amount, Money::parse("12.3400000001").value());
    EXPECT_EQ(page->lines[0].meter, "duration");
    EXPECT_EQ(page->lines[0].region, "eu-west-1");
    EXPECT_EQ(page->lines[0].quantity, 740000.5);
    EXPECT_TRUE(page->lines[0].estimated);
    EXPECT_EQ(page->lines[1].kind, CostKind::effective);
    EXPECT_EQ(page->lines[1].amount, Money::dollars(11));  // scientific notation, as bills have it
    EXPECT_EQ(page->next_token, "n");
    EXPECT_FALSE(parseCostPage("<html>", "prod", true));
    EXPECT_FALSE(parseCostPage(
        R"({"ResultsByTime":[{"TimePeriod":{"Start":"2026-11-01","End":"2026-11-02"},"Groups":[{"Keys":["Request"],"Metrics":{"UnblendedCost":{"Amount":"1","Unit":"CNY"}}}]}]})",
        "p", false));
}

json configuration() {
    return json::parse(
        R"({"FunctionName":"chat","FunctionArn":"arn:aws:lambda:eu-west-1:123456789012:function:chat","Version":"$LATEST","Runtime":"python3.12","MemorySize":2048,"Timeout":30,
        "Architectures":["arm64"],"EphemeralStorage":{"Size":1024},"CodeSha256":"abc=","RevisionId":"r-1","LastModified":"2026-11-01T11:30:00.000+0000","State":"Active","LastUpdateStatus":"Successful",
        "LoggingConfig":{"LogFormat":"JSON","LogGroup":"/own/group"},"SnapStart":{"ApplyOn":"None"},"Environment":{"Variables":{"API_KEY":"hush-hush-value"}},"Layers":[{"Arn":"l1"},{"Arn":"l2"}]})");
}

TEST(FunctionParse, KeepsSettingsAndDropsSecrets) {
    const Function f = parseConfiguration(configuration(), "prod", kLogged).value();
    EXPECT_EQ(f.id, "arn:aws:lambda:eu-west-1:123456789012:function:chat");
    EXPECT_EQ(f.account, "123456789012");
    EXPECT_EQ(f.memory, Megabytes{2048});
    EXPECT_EQ(f.architecture, Architecture::arm64);
    EXPECT_EQ(f.ephemeral_storage, Megabytes{1024});
    EXPECT_EQ(f.timeout, seconds{30});
    EXPECT_EQ(f.log_group, "/own/group");
    EXPECT_TRUE(f.json_logs);
    EXPECT_EQ(f.last_modified, at("2026-11-01T11:30:00Z"));
    EXPECT_EQ(f.instance_limit.kind, InstanceLimit::Kind::unknown);
    EXPECT_EQ(f.untuned.at("layers"), "l1 l2");
    for (const auto& [key, value] : f.untuned) EXPECT_EQ(value.find("hush"), std::string::npos) << key;
    json bare = {{"FunctionName", "f"}, {"FunctionArn", "arn:aws:lambda:us-east-1:1:function:f"}};
    const Function defaults = parseConfiguration(bare, "p", kLogged).value();
    EXPECT_EQ(defaults.architecture, Architecture::x86_64);
    EXPECT_EQ(defaults.ephemeral_storage, Megabytes{512});
    EXPECT_EQ(defaults.log_group, "/aws/lambda/f");
    EXPECT_FALSE(parseConfiguration(json{{"FunctionName", "f"}}, "p", kLogged));
}

TEST(FunctionParse, TellsVersionsApartWithoutKeepingTheirEnvironment) {
    const json latest = configuration();
    json version = latest;
    version["Version"] = "7";
    version["MemorySize"] = 1024;
    Qualifier alias = parseAlias(json::parse(R"({"Name":"live","FunctionVersion":"7","RevisionId":"a-1"})"));
    applyVersion(alias, version, latest);
    const Function f = parseConfiguration(latest, "p", kLogged).value();
    EXPECT_EQ(alias.untuned, f.untuned);
    EXPECT_EQ(alias.memory, Megabytes{1024});
    EXPECT_EQ(alias.code_sha256, "abc=");
    version["Environment"]["Variables"]["API_KEY"] = "another";
    applyVersion(alias, version, latest);
    EXPECT_NE(alias.untuned, f.untuned);
    version = latest;
    version["Runtime"] = "python3.11";
    applyVersion(alias, version, latest);
    EXPECT_NE(alias.untuned, f.untuned);
}

TEST(FunctionParse, ReservedConcurrencyUnsetIsNoneAndTagsNameTheOwner) {
    Function f = parseConfiguration(configuration(), "p", kLogged).value();
    applyDetails(f, json::parse(R"({"Tags":{"aws:cloudformation:stack-name":"s"}})"));
    EXPECT_EQ(f.instance_limit, InstanceLimit::unlimited());
    EXPECT_EQ(f.owner, "cloudformation");
    applyDetails(f, json::parse(R"({"Concurrency":{"ReservedConcurrentExecutions":0}})"));
    EXPECT_EQ(f.instance_limit, InstanceLimit::of(0));
}

TEST(Owner, IsReadFromTags) {
    using Tags = std::map<std::string, std::string>;
    EXPECT_EQ(ownerFromTags({}), std::nullopt);
    EXPECT_EQ(ownerFromTags(Tags{{"team", "ml"}}), std::nullopt);
    EXPECT_EQ(ownerFromTags(Tags{{"aws:cloudformation:stack-name", "s"}}), "cloudformation");
    EXPECT_EQ(ownerFromTags(Tags{{"aws:cloudformation:stack-name", "s"}, {"lambda:createdBy", "SAM"}}), "sam");
    EXPECT_EQ(ownerFromTags(Tags{{"aws:cloudformation:stack-name", "s"}, {"STAGE", "dev"}}), "serverless");
    EXPECT_EQ(ownerFromTags(Tags{{"managed-by", "Terraform"}}), "terraform");
    EXPECT_EQ(ownerFromTags(Tags{{"ManagedBy", "AWS CDK"}}), "cdk");
    EXPECT_EQ(ownerFromTags(Tags{{"terraform", "true"}}), "terraform");
    EXPECT_EQ(ownerFromTags(Tags{{"terraform", "false"}}), std::nullopt);
    EXPECT_EQ(ownerFromTags(Tags{{"pulumi:project", "x"}}), "pulumi");
}

TEST(Arn, Parses) {
    EXPECT_EQ(parseFunctionArn("arn:aws-cn:lambda:cn-north-1:1:function:f:live")->qualifier, "live");
    EXPECT_EQ(parseFunctionArn("arn:aws-cn:lambda:cn-north-1:1:function:f:live")->unqualified(),
              "arn:aws-cn:lambda:cn-north-1:1:function:f");
    for (const char* text :
         {"", "f", "arn:aws:lambda:r:1:function:", "arn:aws:s3:::b", "arn:aws:lambda:r:1:function:f:q:x", "arn:aws:lambda:r:1:layer:f"}) {
        EXPECT_FALSE(parseFunctionArn(text)) << text;
    }
}

}  // namespace
}  // namespace pilotlight::platform::aws
