// Cost Management queries and the Retail Prices API. The bill is made of integers of picodollars from integer usage; it shares nothing with
// core/pricing. Rates: Retail Prices reads of 2026-09 (eastus).
#include <algorithm>
#include <cmath>
#include <map>
#include <nlohmann/json.hpp>

#include "app/sandbox/aws/call.h"
#include "app/sandbox/azure/arm.h"
#include "app/sandbox/engine/world.h"

namespace pilotlight::sandbox::azure {

using nlohmann::json;

namespace {

struct Meter {
    const char* product;
    const char* sku;
    const char* name;
    const char* unit;
    double per;         // base units in one unit of measure
    const char* price;  // USD per unit of measure
    std::int64_t pico;  // per base unit: GB-s, execution, vCPU-s, GiB-s
    double free_units;  // units of measure before the paid tier
};
constexpr Meter kMeters[] = {
    {"Functions", "Standard", "Standard Execution Time", "1 GB Second", 1, "0.000016", 16'000'000, 400'000},
    {"Functions", "Standard", "Standard Total Executions", "10", 10, "0.000002", 200'000, 100'000},
    {"Flex Consumption", "On Demand", "On Demand Execution Time", "1 GB Second", 1, "0.000026", 26'000'000, 100'000},
    {"Flex Consumption", "On Demand", "On Demand Total Executions", "10", 10, "0.000004", 400'000, 25'000},
    {"Flex Consumption", "Always Ready", "Always Ready Baseline", "1 GB Second", 1, "0.000004", 4'000'000, 0},
    {"Flex Consumption", "Always Ready", "Always Ready Execution Time", "1 GB Second", 1, "0.000016", 16'000'000, 0},
    {"Flex Consumption", "Always Ready", "Always Ready Total Executions", "10", 10, "0.000004", 400'000, 0},
    {"Premium Functions", "Premium", "Premium vCPU Duration", "1 Hour", 3600, "0.173", 48'055'556, 0},
    {"Premium Functions", "Premium", "Premium Memory Duration", "1 GiB Hour", 3600, "0.0123", 3'416'667, 0},
};

struct Line {
    std::int32_t day;
    std::string meter, resource;
    std::int64_t pico;
    double quantity;
};

std::string lower(std::string text) {
    for (char& c : text) c = c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c;
    return text;
}

std::vector<Line> billOf(Subscription& subscription, std::int32_t from, std::int32_t to) {
    std::vector<Line> lines;
    std::map<std::string, std::vector<const App*>> plans;  // Premium is billed on the plan
    for (const auto& app : subscription.apps()) {
        std::string resource = lower(app->resourceId());
        if (app->spec.kind == "premium") {
            auto& apps = plans[lower(app->plan["id"].get<std::string>())];
            apps.push_back(app.get());
            if (apps.size() > 1) continue;
            resource = lower(app->plan["id"].get<std::string>());
            if (!app->spec.plan.empty()) continue;
        }
        for (const auto& [day, usage] : app->engine->days()) {
            if (day < from || day >= to) continue;
            const auto put = [&, d = day](std::size_t meter, std::int64_t thousandths) {
                if (thousandths <= 0) return;
                const auto pico = static_cast<std::int64_t>(static_cast<__int128>(kMeters[meter].pico) * thousandths / 1000);
                lines.push_back({d, kMeters[meter].name, resource, pico, static_cast<double>(thousandths) / 1000 / kMeters[meter].per});
            };
            const auto gb_ms = [](std::int64_t mb_ms) { return mb_ms / 1024; };  // thousandths of a GB-s
            if (app->spec.kind == "consumption") {
                put(0, gb_ms(usage.executions_mb_ms));
                put(1, usage.requests * 1000);
            } else if (app->spec.kind == "flex") {
                const double share =
                    usage.active_memory > 0 ? static_cast<double>(usage.active_min_memory) / static_cast<double>(usage.active_memory) : 0;
                put(2, gb_ms(usage.active_memory - usage.active_min_memory - usage.rounding_min_memory));
                put(3, static_cast<std::int64_t>(static_cast<double>(usage.requests) * (1 - share) * 1000));
                put(4, gb_ms(usage.active_min_memory + usage.idle_memory));
                put(5, gb_ms(usage.active_min_memory + usage.rounding_min_memory));
                put(6, static_cast<std::int64_t>(static_cast<double>(usage.requests) * share * 1000));
            } else {
                put(7, usage.alive_cpu / 1000);
                put(8, gb_ms(usage.alive_memory));
            }
        }
    }
    // A plan of several apps: they share its instances, so that the one that needs most of them says how many there are.
    for (const auto& [resource, apps] : plans) {
        if (apps.front()->spec.plan.empty()) continue;
        for (std::int32_t day = from; day < to; ++day) {
            std::int64_t alive_ms = 0;
            for (std::int64_t m = day * (kDay / kMinute); m < (day + 1) * (kDay / kMinute); ++m) {
                std::int64_t most = 0;
                for (const App* app : apps)
                    if (const auto* minute = app->engine->minute(m)) most = std::max(most, minute->alive_ms);
                alive_ms += most;
            }
            const auto& d = apps.front()->engine->deployment();
            const auto put = [&](std::size_t meter, double units) {
                if (units > 0) lines.push_back({day, kMeters[meter].name, resource, std::llround(static_cast<double>(kMeters[meter].pico) * units), units / kMeters[meter].per});
            };
            put(7, static_cast<double>(alive_ms) / 1000 * d.vcpu);
            put(8, static_cast<double>(alive_ms) / 1000 * d.memory_mb / 1024);
        }
    }
    return lines;
}

}  // namespace

Answer<HttpResponse> handleCosts(const HttpRequest& request, Subscription& subscription, const Query& query) {
    const auto bad = [](std::string message) { return refuse(400, "BadRequest", std::move(message)); };
    if (nestedTooDeep(request.body)) return bad("The request is nested too deeply.");
    const json body = json::parse(request.body, nullptr, false);
    if (!body.is_object()) return bad("Invalid query definition: Missing dataset. (Parameter 'queryDefinition')");
    for (const auto& [key, value] : body.items())
        if (key != "type" && key != "timeframe" && key != "timePeriod" && key != "dataset")
            return bad("Invalid query definition: unknown member '" + key + "'.");
    if (body.value("type", "") != "ActualCost" && body.value("type", "") != "AmortizedCost") return bad("Invalid query definition: type.");
    if (body.value("timeframe", "") != "Custom" || !body.contains("timePeriod"))
        return bad("The sandbox answers queries with timeframe Custom.");
    const json dataset = body.value("dataset", json::object());
    const json grouping = dataset.value("grouping", json::array()), aggregation = dataset.value("aggregation", json::object());
    if (grouping.size() > 2 || aggregation.size() > 2) return bad("Invalid query definition: at most two groupings and two aggregations.");
    if (dataset.value("granularity", "") != "Daily") return bad("The sandbox answers Daily queries.");
    const auto from = parseInstant(body["timePeriod"].value("from", "")), to = parseInstant(body["timePeriod"].value("to", ""));
    if (!from || !to || *from > *to) return bad("Invalid query definition: timePeriod.");
    std::map<std::tuple<std::int32_t, std::string, std::string>, std::pair<std::int64_t, double>> sums;
    for (const auto& line : billOf(subscription, static_cast<std::int32_t>(*from / kDay), static_cast<std::int32_t>(*to / kDay + 1))) {
        auto& [pico, quantity] = sums[{line.day, line.resource, line.meter}];
        pico += line.pico;
        quantity += line.quantity;
    }
    json columns = json::array(), rows = json::array();
    for (const auto& [alias, definition] : aggregation.items())
        columns.push_back({{"name", definition.value("name", "Cost")}, {"type", "Number"}});
    columns.push_back({{"name", "UsageDate"}, {"type", "Number"}});
    for (const auto& group : grouping) columns.push_back({{"name", group.value("name", "")}, {"type", "String"}});
    columns.push_back({{"name", "Currency"}, {"type", "String"}});
    const auto skip = query.find("$skiptoken");
    const std::size_t first = skip == query.end() ? 0 : static_cast<std::size_t>(std::max(0, std::atoi(skip->second.c_str())));
    std::size_t at = 0;
    constexpr std::size_t kPage = 100;
    for (const auto& [key, sum] : sums) {
        const auto& [day, resource, meter] = key;
        if (at++ < first || at > first + kPage) continue;
        json row = json::array();
        for (const auto& [alias, definition] : aggregation.items())
            row.push_back(definition.value("name", "") == "UsageQuantity" ? sum.second : static_cast<double>(sum.first) * 1e-12);
        const std::string date = isoDate(static_cast<Micros>(day) * kDay);
        row.push_back(std::stoi(date.substr(0, 4) + date.substr(5, 2) + date.substr(8, 2)));
        for (const auto& group : grouping) row.push_back(group.value("name", "") == "ResourceId" ? resource : meter);
        row.push_back("USD");
        rows.push_back(std::move(row));
    }
    json properties = {{"nextLink", nullptr}, {"columns", columns}, {"rows", rows}};
    if (first + kPage < sums.size())
        properties["nextLink"] =
            subscription.origin + request.path + "?api-version=2023-11-01&%24skiptoken=" + std::to_string(first + kPage);
    return jsonResponse({{"id", "query"}, {"type", "Microsoft.CostManagement/query"}, {"properties", properties}});
}

Answer<HttpResponse> handlePrices(const HttpRequest& request) {
    std::string filter;
    for (const auto& [name, value] : request.query())
        if (name == "$filter") filter = value;
    if (filter.find("serviceName eq 'Functions'") == std::string::npos)
        return refuse(400, "BadRequest", "The sandbox has the prices of serviceName eq 'Functions'.");
    std::string region = "eastus";
    if (const auto at = filter.find("armRegionName eq '"); at != std::string::npos)
        region = filter.substr(at + 18, filter.find('\'', at + 18) - at - 18);
    json items = json::array();
    for (const auto& meter : kMeters) {
        const auto item = [&](double minimum, double price) {
            items.push_back({{"currencyCode", "USD"},
                             {"tierMinimumUnits", minimum},
                             {"retailPrice", price},
                             {"unitPrice", price},
                             {"armRegionName", region},
                             {"location", region},
                             {"effectiveStartDate", "2026-09-01T00:00:00Z"},
                             {"meterId", uuidOf(stableHash(meter.name, 1), stableHash(meter.name, 2))},
                             {"meterName", meter.name},
                             {"productName", meter.product},
                             {"skuName", meter.sku},
                             {"serviceName", "Functions"},
                             {"serviceFamily", "Compute"},
                             {"unitOfMeasure", meter.unit},
                             {"type", "Consumption"},
                             {"isPrimaryMeterRegion", true},
                             {"armSkuName", ""}});
        };
        if (meter.free_units > 0) item(0, 0);
        item(meter.free_units, std::strtod(meter.price, nullptr));
    }
    return jsonResponse({{"BillingCurrency", "USD"},
                         {"CustomerEntityId", "Default"},
                         {"CustomerEntityType", "Retail"},
                         {"Items", items},
                         {"NextPageLink", nullptr},
                         {"Count", items.size()}});
}

}  // namespace pilotlight::sandbox::azure
