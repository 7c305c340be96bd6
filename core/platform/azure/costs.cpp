#include "core/platform/azure/costs.h"

#include <fmt/format.h>

#include <cmath>
#include <nlohmann/json.hpp>

#include "core/platform/azure/azure_platform.h"
#include "core/platform/json_fields.h"
#include "core/pricing/azure_cost.h"

namespace pilotlight::platform::azure {

using nlohmann::json;
namespace rate = pricing::azure_rate;

namespace {

constexpr int kMaxPages = 500;

// Rate and base units in one unit of measure, by product and meter (names of the Retail Prices API).
struct Named {
    const char* product;
    const char* meter;
    const char* rate;
    const char* unit;
    double per;
};
constexpr Named kNames[] = {{"Functions", "Standard Execution Time", rate::kConsumptionTime, "GB-s", 1},
                            {"Functions", "Standard Total Executions", rate::kConsumptionExecutions, "request", 10},
                            {"Flex Consumption", "On Demand Execution Time", rate::kFlexTime, "GB-s", 1},
                            {"Flex Consumption", "On Demand Total Executions", rate::kFlexExecutions, "request", 10},
                            {"Flex Consumption", "Always Ready Baseline", rate::kFlexBaseline, "GB-s", 1},
                            {"Flex Consumption", "Always Ready Execution Time", rate::kFlexReadyTime, "GB-s", 1},
                            {"Premium Functions", "Premium vCPU Duration", rate::kPremiumVcpu, "vCPU-s", 3600},
                            {"Premium Functions", "Premium Memory Duration", rate::kPremiumMemory, "GiB-s", 3600}};

}  // namespace

std::string meterOf(std::string_view name) {
    if (name.ends_with("Total Executions")) return meter::kRequests;
    if (name == "Always Ready Baseline") return meter::kPoolKept;
    if (name == "Always Ready Execution Time") return meter::kPoolDuration;
    if (name.ends_with("Execution Time")) return meter::kDuration;
    if (name == "Premium vCPU Duration") return meter::kVcpu;
    if (name == "Premium Memory Duration") return meter::kMemory;
    return meter::kOther;
}

Result<CostPage> parseCostPage(std::string_view body, const std::string& profile, CostKind kind) {
    PILOTLIGHT_ASSIGN(const json root, parseObject(body, "Microsoft.CostManagement/query/action"));
    const json& properties = objectField(root, "properties");
    std::map<std::string, std::size_t> columns;
    std::size_t at = 0;
    for (const auto& column : arrayField(properties, "columns")) columns[textField(column, "name")] = at++;
    for (const char* needed : {"CostUSD", "UsageDate", "ResourceId", "Meter"})
        if (!columns.contains(needed))
            return fail(ErrorCode::protocol, fmt::format("The bill has no column {}", needed), "Nothing was imported.", {});
    CostPage page;
    page.next_link = textField(properties, "nextLink");
    for (const auto& row : arrayField(properties, "rows")) {
        if (!row.is_array() || row.size() < columns.size())
            return fail(ErrorCode::protocol, "A row of the bill is too short", "Nothing was imported.", {});
        const auto cell = [&](const char* name) -> const json& { return row[columns.at(name)]; };
        const json& date = cell("UsageDate");
        if (!date.is_number() || !cell("CostUSD").is_number() || !cell("ResourceId").is_string() || !cell("Meter").is_string())
            return fail(ErrorCode::protocol, "A row of the bill cannot be read", "Nothing was imported.", {});
        const int day = date.get<int>();
        PILOTLIGHT_ASSIGN(const Timestamp begin, parseIso8601(fmt::format("{:04}-{:02}-{:02}", day / 10000, day / 100 % 100, day % 100)));
        CostLine line;
        line.profile = profile;
        line.function_id = cell("ResourceId").get<std::string>();
        for (char& c : line.function_id)
            if (c >= 'A' && c <= 'Z') c = static_cast<char>(c + 32);
        // Premium is billed on the plan, not on an app: who reads the lines divides them.
        if (line.function_id.find("/microsoft.web/sites/") == std::string::npos && line.function_id.find("/microsoft.web/serverfarms/") == std::string::npos)
            line.function_id.clear();
        line.service = "Azure Functions";
        line.usage_type = cell("Meter").get<std::string>();
        line.meter = meterOf(line.usage_type);
        line.period = {begin, begin + hours{24}};
        if (columns.contains("UsageQuantity") && cell("UsageQuantity").is_number()) line.quantity = cell("UsageQuantity").get<double>();
        line.amount = Money::fromDouble(cell("CostUSD").get<double>());
        line.kind = kind;
        line.source = "Cost Management";
        page.lines.push_back(std::move(line));
    }
    return page;
}

Result<std::vector<CostLine>> AzurePlatform::readCosts(TimeRange range, const JobContext& job) {
    PILOTLIGHT_ASSIGN(const auto all, subscriptions(job));
    std::vector<CostLine> lines;
    const Timestamp now = clock()->now();
    const TimeRange days{floorTo(range.begin, hours{24}), ceilTo(std::min(range.end, now), hours{24})};
    if (days.empty()) return lines;
    for (const auto& subscription : all) {
        for (const auto& [type, kind] : {std::pair{"ActualCost", CostKind::billed}, std::pair{"AmortizedCost", CostKind::effective}}) {
            const auto group = [](const char* name) { return json{{"type", "Dimension"}, {"name", name}}; };
            const json body = {
                {"type", type},
                {"timeframe", "Custom"},
                {"timePeriod", {{"from", toIso8601(days.begin)}, {"to", toIso8601(days.end - seconds{1})}}},
                {"dataset",
                 {{"granularity", "Daily"},
                  {"aggregation",
                   {{"cost", {{"name", "CostUSD"}, {"function", "Sum"}}}, {"quantity", {{"name", "UsageQuantity"}, {"function", "Sum"}}}}},
                  {"grouping", {group("ResourceId"), group("Meter")}},
                  {"filter", {{"dimensions", {{"name", "MeterCategory"}, {"operator", "In"}, {"values", {"Functions"}}}}}}}}};
            AzureRequest request{Operation::query_costs,
                                 "POST",
                                 "/subscriptions/" + subscription + "/providers/Microsoft.CostManagement/query",
                                 {},
                                 body.dump()};
            for (int page_number = 0;; ++page_number) {
                if (page_number == kMaxPages)
                    return fail(ErrorCode::protocol, "Microsoft.CostManagement/query does not come to an end", "Reading was stopped.", {});
                PILOTLIGHT_TRY(job.check());
                PILOTLIGHT_ASSIGN(const auto response, client_.call(request, job));
                PILOTLIGHT_ASSIGN(CostPage page, parseCostPage(response.body, profile_.name, kind));
                std::move(page.lines.begin(), page.lines.end(), std::back_inserter(lines));
                if (page.next_link.empty()) break;
                PILOTLIGHT_ASSIGN(request, client_.followed(request, page.next_link));
            }
            job.report({"Costs", std::nullopt, 0, lines.size()});
        }
    }
    return lines;
}

Result<PricePage> parsePricePage(std::string_view body) {
    PILOTLIGHT_ASSIGN(const json root, parseObject(body, "prices.azure.com"));
    PricePage page;
    page.next_link = textField(root, "NextPageLink");
    for (const auto& item : arrayField(root, "Items")) {
        if (textField(item, "type") != "Consumption" || textField(item, "currencyCode") != "USD") continue;
        const std::string product = textField(item, "productName"), name = textField(item, "meterName");
        const auto known = std::find_if(std::begin(kNames), std::end(kNames),
                                        [&](const Named& each) { return product == each.product && name == each.meter; });
        const auto price = numberField(item, "retailPrice");
        if (known == std::end(kNames) || !price || !(*price > 0)) continue;  // price 0: the free grant
        Price one{known->rate,
                  known->unit,
                  {{0, Money::fromDouble(*price / known->per)}},
                  "Azure Retail Prices",
                  textField(item, "meterId") + " " + product + ", " + name};
        page.effective = std::max(page.effective, textField(item, "effectiveStartDate"));
        page.prices.emplace_back(textField(item, "armRegionName"), std::move(one));
    }
    return page;
}

Result<std::vector<PriceBook>> AzurePlatform::readPrices(const std::vector<std::string>& regions, const JobContext& job) {
    std::vector<PriceBook> books;
    for (const auto& region : regions) {
        AzureRequest request{
            Operation::read_prices,
            "GET",
            "/api/retail/prices",
            {{"currencyCode", "'USD'"},
             {"$filter", fmt::format("serviceName eq 'Functions' and armRegionName eq '{}' and priceType eq 'Consumption'", region)}}};
        PriceBook book;
        book.platform = "azure";
        book.region = region;
        book.architecture = "x86_64";
        book.read_at = clock()->now();
        for (int number = 0;; ++number) {
            if (number == kMaxPages) return fail(ErrorCode::protocol, "The price list does not come to an end", "Reading was stopped.", {});
            PILOTLIGHT_TRY(job.check());
            PILOTLIGHT_ASSIGN(const auto response, client_.call(request, job));
            PILOTLIGHT_ASSIGN(PricePage page, parsePricePage(response.body));
            for (auto& [where, price] : page.prices)
                if (where == region) book.prices.push_back(std::move(price));
            book.publication = std::max(book.publication, page.effective);
            if (page.next_link.empty()) break;
            PILOTLIGHT_ASSIGN(request, client_.followed(request, page.next_link));
        }
        book.valid_from = parseIso8601(book.publication).value_or(book.read_at);
        if (!book.prices.empty()) books.push_back(std::move(book));
        job.report({fmt::format("Prices, {}", region), std::nullopt, 0, books.size()});
    }
    return books;
}

}  // namespace pilotlight::platform::azure
