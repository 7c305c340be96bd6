// Azure's answers: sites, metrics, bill, prices; and the errors of Azure and Google.
#include <cstddef>
#include <cstdint>
#include <nlohmann/json.hpp>

#include "core/net/azure_errors.h"
#include "core/net/google_errors.h"
#include "core/platform/azure/app_functions.h"
#include "core/platform/azure/costs.h"
#include "core/platform/azure/insights.h"
#include "core/platform/azure/metrics_parse.h"
#include "core/platform/azure/site_parse.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    using namespace pilotlight;
    using namespace pilotlight::platform::azure;
    const std::string_view text(reinterpret_cast<const char*>(data), size);
    (void)parseMetrics(text);
    if (const auto page = parseAppFunctions(text))
        for (const auto& each : page->functions)
            if (each.name.empty()) __builtin_trap();
    if (const auto rows = parseInsights(text))
        for (const auto& row : *rows)
            if (!(row.requests >= 0) || !(row.p95_ms >= 0)) __builtin_trap();
    (void)parseCostPage(text, "profile", CostKind::billed);
    if (const auto page = parsePricePage(text))
        for (const auto& [region, price] : page->prices)
            if (price.tiers.size() != 1 || price.tiers[0].price < Money{}) __builtin_trap();
    if (const auto id = parseSiteId(text); id && !parseSiteId(id->text())) __builtin_trap();
    const auto document = nlohmann::json::parse(text, nullptr, false);
    if (document.is_object()) {
        (void)isFunctionApp(document);
        (void)parseSite(document, document, document, "profile", {});
    }
    net::HttpResponse response;
    response.body = std::string(text);
    net::ApiCall call;
    for (const int status : {400, 401, 403, 404, 409, 429, 500}) {
        response.status = status;
        if (!net::classifyAzure(call, response) || !net::classifyGoogle(call, response))
            __builtin_trap();  // a failure is never taken for success
    }
    return 0;
}
