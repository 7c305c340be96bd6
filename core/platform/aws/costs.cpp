#include "core/platform/aws/costs.h"

#include <fmt/format.h>

#include <nlohmann/json.hpp>

#include "core/platform/aws/aws_platform.h"
#include "core/platform/json_fields.h"
#include "core/platform/aws/regions.h"
#include "core/platform/aws/usage_types.h"

namespace pilotlight::platform::aws {

using nlohmann::json;

namespace {

constexpr int kMaxPages = 200;
constexpr hours kHistory{13 * 31 * 24};  // Cost Explorer keeps 13 months

std::string dayOf(Timestamp t) { return toIso8601(t).substr(0, 10); }

struct Amount {
    Money value;
    bool present = false;
};

Result<Amount> amountOf(const json& metrics, const char* name) {
    const json& metric = objectField(metrics, name);
    const std::string text = textField(metric, "Amount");
    if (text.empty()) return Amount{};
    const std::string currency = textField(metric, "Unit");
    if (currency != "USD" && !currency.empty()) {
        return fail(ErrorCode::unsupported, fmt::format("The bill is in {}", currency), "Only US dollars are shown; nothing was imported.",
                    {});
    }
    PILOTLIGHT_ASSIGN(const Money value, Money::parse(text));
    return Amount{value, true};
}

std::string requestBody(TimeRange days, bool by_region, const std::string& token) {
    json group = json::array({{{"Type", "DIMENSION"}, {"Key", "USAGE_TYPE"}}});
    if (by_region) group.push_back({{"Type", "DIMENSION"}, {"Key", "REGION"}});
    json body = {{"TimePeriod", {{"Start", dayOf(days.begin)}, {"End", dayOf(days.end)}}},
                 {"Granularity", "DAILY"},
                 {"Metrics", {"UnblendedCost", "AmortizedCost", "UsageQuantity"}},
                 {"GroupBy", group},
                 {"Filter", {{"Dimensions", {{"Key", "SERVICE"}, {"Values", {"AWS Lambda"}}}}}}};
    if (!token.empty()) body["NextPageToken"] = token;
    return body.dump();
}

}  // namespace

Result<CostPage> parseCostPage(std::string_view body, const std::string& profile, bool by_region) {
    PILOTLIGHT_ASSIGN(const json root, parseObject(body, "ce:GetCostAndUsage"));
    CostPage page;
    page.next_token = textField(root, "NextPageToken");
    for (const auto& day : arrayField(root, "ResultsByTime")) {
        const json& period = objectField(day, "TimePeriod");
        PILOTLIGHT_ASSIGN(const Timestamp begin, parseIso8601(textField(period, "Start")));
        PILOTLIGHT_ASSIGN(const Timestamp end, parseIso8601(textField(period, "End")));
        const auto estimated = day.find("Estimated");
        for (const auto& group : arrayField(day, "Groups")) {
            const json& keys = arrayField(group, "Keys");
            const auto key = [&](std::size_t i) {
                return i < keys.size() && keys[i].is_string() ? keys[i].get<std::string>() : std::string{};
            };
            const json& metrics = objectField(group, "Metrics");
            CostLine line;
            line.profile = profile;
            line.service = "AWS Lambda";
            line.usage_type = key(0);
            const UsageType usage = parseUsageType(line.usage_type);
            line.meter = usage.meter;
            line.unit = usage.unit;
            line.region = by_region ? key(1) : std::string{};
            line.period = {begin, end};
            line.quantity = numberField(objectField(metrics, "UsageQuantity"), "Amount").value_or(0);
            line.estimated = estimated != day.end() && estimated->is_boolean() && estimated->get<bool>();
            line.source = "Cost Explorer";
            PILOTLIGHT_ASSIGN(const Amount billed, amountOf(metrics, "UnblendedCost"));
            PILOTLIGHT_ASSIGN(const Amount effective, amountOf(metrics, "AmortizedCost"));
            if (billed.present) {
                line.kind = CostKind::billed;
                line.amount = billed.value;
                page.lines.push_back(line);
            }
            if (effective.present) {
                line.kind = CostKind::effective;
                line.amount = effective.value;
                page.lines.push_back(line);
            }
        }
    }
    return page;
}

Result<std::vector<CostLine>> AwsPlatform::readCosts(TimeRange range, const JobContext& job) {
    std::vector<CostLine> lines;
    const Timestamp now = clock()->now();
    // Whole days, as bills have them; the service refuses what lies before its history or after tomorrow.
    TimeRange days{floorTo(std::max(range.begin, now - kHistory), hours{24}), ceilTo(std::min(range.end, now), hours{24})};
    if (days.empty()) return lines;
    bool by_region = true;
    std::string token;
    for (int number = 0; number < kMaxPages; ++number) {
        PILOTLIGHT_TRY(job.check());
        const auto response =
            client_.call(jsonRequest(Operation::get_cost_and_usage, "us-east-1", requestBody(days, by_region, token)), job);
        if (!response) {
            // REGION as a group is used widely but not documented: without it lines have no region.
            if (by_region && token.empty() && response.error().code == ErrorCode::invalid_argument) {
                by_region = false;
                continue;
            }
            return fail(response.error());
        }
        PILOTLIGHT_ASSIGN(CostPage page, parseCostPage(response->body, profile_.name, by_region));
        std::move(page.lines.begin(), page.lines.end(), std::back_inserter(lines));
        job.report({"Costs", std::nullopt, 0, lines.size()});
        if (page.next_token.empty()) return lines;
        token = page.next_token;
    }
    return fail(ErrorCode::protocol, "ce:GetCostAndUsage does not come to an end", "Reading was stopped.", {});
}

}  // namespace pilotlight::platform::aws
