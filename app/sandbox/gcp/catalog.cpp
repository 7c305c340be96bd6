// Cloud Billing Catalog v1: the SKUs of Cloud Run and Cloud Functions.
#include <nlohmann/json.hpp>

#include "app/sandbox/gcp/bill.h"
#include "app/sandbox/gcp/google.h"

namespace pilotlight::sandbox::gcp {

using nlohmann::json;

namespace {

json skuOf(const Sku& sku, const std::string& id, std::string description, std::int64_t nano, std::vector<std::string> regions) {
    const std::string unit = sku.unit;
    json rates = json::array();
    // The free grant of a month is a tier of its own where the catalog has one for the account.
    rates.push_back({{"startUsageAmount", 0}, {"unitPrice", {{"currencyCode", "USD"}, {"units", "0"}, {"nanos", nano}}}});
    return {{"name", "services/" + std::string(sku.service) + "/skus/" + id},
            {"skuId", id},
            {"description", std::move(description)},
            {"category",
             {{"serviceDisplayName", std::string(sku.service) == kRunService ? "Cloud Run" : "Cloud Run Functions"},
              {"resourceFamily", "Compute"},
              {"resourceGroup", "Compute"},
              {"usageType", "OnDemand"}}},
            {"serviceRegions", std::move(regions)},
            {"pricingInfo",
             {{{"effectiveTime", "2026-10-01T00:00:00Z"},
               {"summary", ""},
               {"currencyConversionRate", 1},
               {"pricingExpression",
                {{"usageUnit", unit},
                 {"usageUnitDescription", unit == "s"       ? "second"
                                          : unit == "count" ? "count"
                                                            : unit},
                 {"baseUnit", unit == "GiBy.s"  ? "By.s"
                              : unit == "GHz.s" ? "Hz.s"
                                                : unit},
                 {"baseUnitConversionFactor", unit == "GiBy.s"  ? 1073741824.0
                                              : unit == "GHz.s" ? 1e9
                                                                : 1.0},
                 {"displayQuantity", 1},
                 {"tieredRates", rates}}}}}},
            {"serviceProviderName", "Google"}};
}

}  // namespace

Answer<HttpResponse> handleCatalog(Call& call) {
    const auto& path = call.path;  // v1 services ID skus
    if (path.size() != 4 || path[3] != "skus" || call.request.method != "GET") return notFound("Method");
    GOOGLE_TRY(checkParameters(call, {"currencyCode", "startTime", "endTime", "pageSize", "pageToken"}));
    if (path[2] != kRunService && path[2] != kFunctionsService) return notFound("Service " + path[2]);
    std::vector<std::string> first, second;
    for (const auto& location : call.project.locations()) (tierOne(location) ? first : second).push_back(location);
    second.push_back("europe-west2");
    std::vector<json> all;
    for (const auto& sku : skus()) {
        if (path[2] != sku.service) continue;
        if (sku.by_region) {
            for (const auto* regions : {&first, &second})
                for (const auto& region : *regions) {
                    if (std::string_view(sku.description).starts_with("NVIDIA") && !offersGpu(region)) continue;
                    std::string name = sku.description;
                    name.replace(name.find("<region>"), 8,
                                 region == "asia-northeast1" && name.starts_with("Services CPU") ? "in " + region : region);
                    all.push_back(skuOf(sku, std::string(sku.id).substr(0, 10) + region, name,
                                        regions == &first ? sku.tier1_nano : sku.tier2_nano, {region}));
                }
        } else if (sku.description_tier2 == nullptr) {
            all.push_back(skuOf(sku, sku.id, sku.description, sku.tier1_nano, {"global"}));
        } else {
            all.push_back(skuOf(sku, sku.id, sku.description, sku.tier1_nano, first));
            all.push_back(skuOf(sku, std::string(sku.id) + "-T2", sku.description_tier2, sku.tier2_nano, second));
        }
    }
    const auto page = pageOf(call, all.size(), 5000, 5000, "skus/" + path[2]);
    if (!page) return tl::unexpected(page.error());
    json body = {{"skus", json::array()}};
    for (std::size_t i = page->first; i < page->last; ++i) body["skus"].push_back(all[i]);
    body["nextPageToken"] = page->next;
    return reply(body);
}

}  // namespace pilotlight::sandbox::gcp
