// The Price List bulk files of AWS Lambda, in the real layout, with the rates the sandbox bills.
#include <algorithm>
#include <nlohmann/json.hpp>

#include "app/sandbox/aws/call.h"
#include "app/sandbox/billing.h"

namespace pilotlight::sandbox {

using nlohmann::json;

namespace {

struct Region {
    const char* code;
    const char* location;
    std::int64_t x86_duration_pico;  // first tier; 0 = as in us-east-1
};
constexpr Region kRegions[] = {
    {"us-east-1", "US East (N. Virginia)", 0},
    {"us-east-2", "US East (Ohio)", 0},
    {"us-west-2", "US West (Oregon)", 0},
    {"eu-west-1", "EU (Ireland)", 0},
    {"af-south-1", "Africa (Cape Town)", 22'100'000},
};
constexpr const char* kPublished = "2026-09-19T00:00:00Z";
constexpr const char* kVersion = "20260919000000";

std::string sku(const std::string& seed) {
    static constexpr char kAlphabet[] = "ABCDEFGHJKMNPQRSTUVWXYZ23456789";
    std::uint64_t h = stableHash(seed);
    std::string out;
    for (int i = 0; i < 16; ++i, h = mix(h + 1)) out += kAlphabet[h % 31];
    return out;
}

struct Tier {
    std::string begin, end;
    std::int64_t pico;
};

// Tiers of the price list of us-east-1, in GB-s a month.
std::vector<Tier> tiersOf(const Rate& rate, bool arm, const Region& region) {
    if (std::string_view(rate.group) != "AWS-Lambda-Duration") return {{"0", "Inf", arm ? rate.arm_pico : rate.x86_pico}};
    if (region.x86_duration_pico != 0 && !arm) return {{"0", "Inf", region.x86_duration_pico}};
    if (arm) return {{"0", "7500000000", 13'333'400}, {"7500000000", "18750000000", 12'000'100}, {"18750000000", "Inf", 10'666'700}};
    return {{"0", "6000000000", 16'666'700}, {"6000000000", "15000000000", 15'000'000}, {"15000000000", "Inf", 13'333'400}};
}

json regionFile(const Region& region) {
    json products = json::object(), terms = json::object();
    for (const Rate& rate : kRates)
        for (const bool arm : {false, true}) {
            if (region.x86_duration_pico != 0 && (arm || std::string_view(rate.group) != "AWS-Lambda-Duration"))
                continue;  // only what is known
            const std::string suffix = arm ? "-ARM" : "";
            const std::string id = sku(std::string(region.code) + rate.group + suffix);
            products[id] = {{"sku", id},
                            {"productFamily", "Serverless"},
                            {"attributes",
                             {{"servicecode", "AWSLambda"},
                              {"location", region.location},
                              {"locationType", "AWS Region"},
                              {"group", rate.group + suffix},
                              {"groupDescription", std::string("Invocation ") + rate.unit + " of AWS Lambda functions"},
                              {"usagetype", std::string(regionPrefix(region.code)) + rate.usage_type + suffix},
                              {"operation", ""},
                              {"regionCode", region.code},
                              {"servicename", "AWS Lambda"}}}};
            const std::string offer = id + ".JRTCKXETXF";
            json dimensions = json::object();
            for (const auto& tier : tiersOf(rate, arm, region)) {
                const std::string code = offer + "." + sku(offer + tier.begin).substr(0, 10);
                dimensions[code] = {{"rateCode", code},
                                    {"description", "AWS Lambda - " + std::string(rate.group) + suffix + " - " + region.location},
                                    {"beginRange", tier.begin},
                                    {"endRange", tier.end},
                                    {"unit", rate.unit},
                                    {"pricePerUnit", {{"USD", decimal(tier.pico, 12)}}},
                                    {"appliesTo", json::array()}};
            }
            terms["OnDemand"][id][offer] = {{"offerTermCode", "JRTCKXETXF"},
                                            {"sku", id},
                                            {"effectiveDate", "2026-09-01T00:00:00Z"},
                                            {"priceDimensions", dimensions},
                                            {"termAttributes", json::object()}};
        }
    return {{"formatVersion", "v1.0"},
            {"disclaimer", "Prices of the sandbox; see resources/docs/sandbox.md."},
            {"offerCode", "AWSLambda"},
            {"version", kVersion},
            {"publicationDate", kPublished},
            {"products", products},
            {"terms", terms},
            {"attributesList", json::object()}};
}

}  // namespace

HttpResponse handlePriceFile(const HttpRequest& request, std::int64_t) {
    const std::string root = "/offers/v1.0/aws";
    const std::string lambda = root + "/AWSLambda";
    if (request.path == root + "/index.json")
        return jsonResponse({{"formatVersion", "v1.0"},
                             {"publicationDate", kPublished},
                             {"offers",
                              {{"AWSLambda",
                                {{"offerCode", "AWSLambda"},
                                 {"versionIndexUrl", lambda + "/index.json"},
                                 {"currentVersionUrl", lambda + "/current/index.json"},
                                 {"currentRegionIndexUrl", lambda + "/current/region_index.json"}}}}}});
    if (request.path == lambda + "/index.json")
        return jsonResponse({{"formatVersion", "v1.0"},
                             {"publicationDate", kPublished},
                             {"offerCode", "AWSLambda"},
                             {"currentVersion", kVersion},
                             {"versions",
                              {{kVersion,
                                {{"versionEffectiveBeginDate", "2026-09-01T00:00:00Z"},
                                 {"versionEffectiveEndDate", ""},
                                 {"offerVersionUrl", lambda + "/" + kVersion + "/index.json"}}}}}});
    if (request.path == lambda + "/current/region_index.json") {
        json regions = json::object();
        for (const Region& r : kRegions)
            regions[r.code] = {{"regionCode", r.code}, {"currentVersionUrl", lambda + "/" + kVersion + "/" + r.code + "/index.json"}};
        return jsonResponse({{"formatVersion", "v1.0"}, {"publicationDate", kPublished}, {"regions", regions}});
    }
    for (const Region& r : kRegions)
        for (const std::string version : {"current", kVersion})
            if (request.path == lambda + "/" + version + "/" + r.code + "/index.json") return jsonResponse(regionFile(r));
    HttpResponse missing;
    missing.status = 404;
    missing.content_type = "application/xml";
    missing.body = "<Error><Code>NoSuchKey</Code><Message>The specified key does not exist.</Message></Error>";
    return missing;
}

}  // namespace pilotlight::sandbox
