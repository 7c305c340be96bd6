// Cost Explorer: GetCostAndUsage[WithResources], GetDimensionValues, GetTags, over the sandbox's own bill.
#include <algorithm>
#include <cstdio>
#include <nlohmann/json.hpp>
#include <set>

#include "app/sandbox/aws/call.h"
#include "app/sandbox/billing.h"

namespace pilotlight::sandbox {

using nlohmann::json;

namespace {

constexpr const char* kService = "AWS Lambda";

tl::unexpected<ServiceError> invalid(const std::string& message) { return refuse(400, "ValidationException", message); }

struct Days {
    std::int32_t from = 0, to = 0;
};

Answer<Days> periodOf(const json& body) {
    const auto period = body.find("TimePeriod");
    if (period == body.end() || !period->is_object()) return invalid("TimePeriod is required.");
    SANDBOX_REFUSE_IF(unknownMember(*period, {"Start", "End"}, "ValidationException"));
    std::string start, end;
    SANDBOX_REFUSE_IF(readText(*period, "Start", start));
    SANDBOX_REFUSE_IF(readText(*period, "End", end));
    const auto from = start.size() == 10 ? parseInstant(start) : std::nullopt, to = end.size() == 10 ? parseInstant(end) : std::nullopt;
    if (!from || !to) return invalid("Start and End must be dates of the form YYYY-MM-DD.");
    if (*from >= *to) return invalid("Start date (and hour) should be before end date (and hour)");
    return Days{static_cast<std::int32_t>(*from / kDay), static_cast<std::int32_t>(*to / kDay)};
}

std::string tagOf(const BillLine& line, const std::string& key) {
    const auto found = line.function->tags.find(key);
    return found == line.function->tags.end() ? "" : found->second;
}

std::optional<std::string> dimensionOf(const Call& call, const BillLine& line, const std::string& key) {
    if (key == "SERVICE") return kService;
    if (key == "USAGE_TYPE") return line.usage_type;
    if (key == "REGION") return line.function->spec.region;
    if (key == "LINKED_ACCOUNT") return call.world.account();
    if (key == "RECORD_TYPE") return "Usage";
    if (key == "OPERATION") return "Invoke";
    if (key == "PURCHASE_TYPE") return "On Demand Instances";
    if (key == "RESOURCE_ID") return line.function->arn;
    return std::nullopt;
}

// Checks an expression's shape; with a line it also says whether the line passes.
Answer<bool> passes(const Call& call, const json& e, const BillLine* line, int depth = 0) {
    if (!e.is_object() || e.size() != 1 || depth > 10)
        return invalid("Filter must be an Expression with exactly one of And, Or, Not, Dimensions, Tags.");
    SANDBOX_REFUSE_IF(unknownMember(e, {"And", "Or", "Not", "Dimensions", "Tags"}, "ValidationException"));
    const std::string kind = e.begin().key();
    const json& inside = e.begin().value();
    if (kind == "Not") {
        const auto answer = passes(call, inside, line, depth + 1);
        return answer ? Answer<bool>(!*answer) : answer;
    }
    if (kind == "And" || kind == "Or") {
        if (!inside.is_array() || inside.size() < 2) return invalid(kind + " needs at least two expressions.");
        bool all = true, any = false;
        for (const auto& child : inside) {
            const auto answer = passes(call, child, line, depth + 1);
            if (!answer) return answer;
            all = all && *answer;
            any = any || *answer;
        }
        return kind == "And" ? all : any;
    }
    if (!inside.is_object()) return invalid(kind + " must be a structure.");
    SANDBOX_REFUSE_IF(unknownMember(inside, {"Key", "Values", "MatchOptions"}, "ValidationException"));
    std::string key;
    SANDBOX_REFUSE_IF(readText(inside, "Key", key));
    const auto values = inside.find("Values");
    if (key.empty() || values == inside.end() || !values->is_array()) return invalid(kind + " needs Key and Values.");
    BillLine none;
    const std::string nothing;
    std::optional<std::string> mine;
    if (line != nullptr) mine = kind == "Tags" ? std::optional(tagOf(*line, key)) : dimensionOf(call, *line, key);
    if (kind == "Dimensions") {
        static const std::set<std::string> kKnown{"SERVICE",     "USAGE_TYPE", "REGION",        "LINKED_ACCOUNT",
                                                  "RECORD_TYPE", "OPERATION",  "PURCHASE_TYPE", "RESOURCE_ID"};
        if (!kKnown.contains(key)) return invalid("Invalid dimension in expression: " + key);
    }
    return mine && std::any_of(values->begin(), values->end(),
                               [&](const json& v) { return v.is_string() && v.get_ref<const std::string&>() == *mine; });
}

struct Sum {
    std::int64_t pico = 0, milli = 0;
};

json metricsJson(const std::vector<std::string>& metrics, const Sum& sum, bool one_unit) {
    json out = json::object();
    for (const auto& name : metrics)
        out[name] = name == "UsageQuantity"           ? json{{"Amount", decimal(sum.milli, 3)}, {"Unit", one_unit ? "Usage" : "N/A"}}
                    : name == "NormalizedUsageAmount" ? json{{"Amount", "0"}, {"Unit", "N/A"}}
                                                      : json{{"Amount", decimal(sum.pico, 12)}, {"Unit", "USD"}};
    return out;
}

std::int32_t nextMonth(std::int32_t day) {
    const std::string date = isoDate(day * kDay);
    int year = std::stoi(date.substr(0, 4)), month = std::stoi(date.substr(5, 2));
    if (++month > 12) {
        month = 1;
        ++year;
    }
    char text[32];
    std::snprintf(text, sizeof text, "%04d-%02d-01", year, month);
    return static_cast<std::int32_t>(*parseInstant(text) / kDay);
}

Answer<json> costAndUsage(Call& call, const json& body, bool resources) {
    SANDBOX_REFUSE_IF(unknownMember(body, {"TimePeriod", "Granularity", "Metrics", "GroupBy", "Filter", "NextPageToken", "BillingViewArn"},
                                    "ValidationException"));
    const auto days = periodOf(body);
    if (!days) return tl::unexpected(days.error());
    std::string granularity, token;
    SANDBOX_REFUSE_IF(readText(body, "Granularity", granularity));
    SANDBOX_REFUSE_IF(readText(body, "NextPageToken", token));
    if (!token.empty()) return refuse(400, "InvalidNextTokenException", "The pagination token is invalid.");
    if (granularity == "HOURLY") return refuse(400, "ValidationException", "Hourly granularity is not enabled for this account.");
    if (granularity != "DAILY" && granularity != "MONTHLY") return invalid("Granularity must be DAILY, MONTHLY or HOURLY.");
    const auto today = static_cast<std::int32_t>(call.now() / kDay);
    if (days->from > today) return invalid("Start date must not be in the future.");
    if (resources && days->from < today - 14) return invalid("Resource-level data is available for the last 14 days only.");
    if (resources && !body.contains("Filter")) return invalid("Filter is required.");
    std::vector<std::string> metrics;
    static const std::set<std::string> kMetrics{"UnblendedCost",    "BlendedCost",   "AmortizedCost",        "NetUnblendedCost",
                                                "NetAmortizedCost", "UsageQuantity", "NormalizedUsageAmount"};
    if (const auto list = body.find("Metrics"); list != body.end() && list->is_array())
        for (const auto& m : *list) {
            if (!m.is_string() || !kMetrics.contains(m.get<std::string>())) return invalid("Invalid metric.");
            metrics.push_back(m.get<std::string>());
        }
    if (metrics.empty()) return invalid("Metrics is required.");
    struct Group {
        bool tag;
        std::string key;
    };
    std::vector<Group> groups;
    if (const auto list = body.find("GroupBy"); list != body.end()) {
        if (!list->is_array() || list->size() > 2) return invalid("At most two GroupBy keys are possible.");
        for (const auto& g : *list) {
            SANDBOX_REFUSE_IF(unknownMember(g, {"Type", "Key"}, "ValidationException"));
            std::string type, key;
            SANDBOX_REFUSE_IF(readText(g, "Type", type));
            SANDBOX_REFUSE_IF(readText(g, "Key", key));
            static const std::set<std::string> kKeys{"SERVICE",     "USAGE_TYPE", "REGION",       "LINKED_ACCOUNT",
                                                     "RECORD_TYPE", "OPERATION",  "PURCHASE_TYPE"};
            if (type == "DIMENSION" && !kKeys.contains(key) && !(resources && key == "RESOURCE_ID"))
                return invalid(
                    "Group Definition dimension is invalid, valid values are AZ, INSTANCE_TYPE, LEGAL_ENTITY_NAME, INVOICING_ENTITY, "
                    "LINKED_ACCOUNT, OPERATION, PLATFORM, PURCHASE_TYPE, SERVICE, TENANCY, RECORD_TYPE, USAGE_TYPE.");
            if (type != "DIMENSION" && type != "TAG") return invalid("GroupBy.Type must be DIMENSION or TAG on this endpoint.");
            groups.push_back({type == "TAG", key});
        }
    }
    const json* filter = body.contains("Filter") ? &body["Filter"] : nullptr;
    if (filter)
        if (const auto shape = passes(call, *filter, nullptr); !shape) return tl::unexpected(shape.error());
    std::map<std::int32_t, std::map<std::vector<std::string>, Sum>> by_period;  // keyed by the period's first day
    const auto periodStart = [&](std::int32_t day) {
        if (granularity == "DAILY") return day;
        const std::string month = isoDate(day * kDay).substr(0, 8) + "01";
        return std::max(days->from, static_cast<std::int32_t>(*parseInstant(month) / kDay));
    };
    for (const auto& line : billOf(call.world, days->from, std::min(days->to, today + 1))) {
        if (filter && !*passes(call, *filter, &line)) continue;
        std::vector<std::string> keys;
        for (const auto& g : groups) keys.push_back(g.tag ? g.key + "$" + tagOf(line, g.key) : dimensionOf(call, line, g.key).value_or(""));
        Sum& sum = by_period[periodStart(line.day)][keys];
        sum.pico += line.picodollars;
        sum.milli += line.milli_units;
    }
    json results = json::array();
    for (std::int32_t at = days->from; at < days->to;) {
        const std::int32_t next = std::min(days->to, granularity == "DAILY" ? at + 1 : nextMonth(at));
        // A day's bill closes a day and a half after it ends; a month's when the month is over.
        const bool open =
            granularity == "DAILY" ? (at + 1) * kDay + 36 * kHour > call.now() : nextMonth(at) * kDay + 36 * kHour > call.now();
        json row{{"TimePeriod", {{"Start", isoDate(at * kDay)}, {"End", isoDate(next * kDay)}}},
                 {"Total", json::object()},
                 {"Groups", json::array()},
                 {"Estimated", open}};
        const auto& sums = by_period[at];
        if (groups.empty()) {
            row["Total"] = metricsJson(metrics, sums.empty() ? Sum{} : sums.begin()->second, false);
        } else {
            const bool one_unit = std::any_of(groups.begin(), groups.end(), [](const Group& g) { return g.key == "USAGE_TYPE"; });
            for (const auto& [keys, sum] : sums)
                row["Groups"].push_back({{"Keys", keys}, {"Metrics", metricsJson(metrics, sum, one_unit)}});
        }
        results.push_back(std::move(row));
        at = next;
    }
    json out{{"ResultsByTime", std::move(results)}, {"DimensionValueAttributes", json::array()}};
    for (const auto& g : groups) out["GroupDefinitions"].push_back({{"Type", g.tag ? "TAG" : "DIMENSION"}, {"Key", g.key}});
    return out;
}

Answer<json> dimensionValues(Call& call, const json& body, bool tags) {
    SANDBOX_REFUSE_IF(unknownMember(
        body,
        {"TimePeriod", "Dimension", "Context", "Filter", "Metrics", "SearchString", "SortBy", "MaxResults", "NextPageToken", "TagKey"},
        "ValidationException"));
    const auto days = periodOf(body);
    if (!days) return tl::unexpected(days.error());
    std::string key;
    SANDBOX_REFUSE_IF(readText(body, tags ? "TagKey" : "Dimension", key));
    std::set<std::string> values;
    for (const auto& line : billOf(call.world, days->from, days->to)) {
        if (tags && key.empty())
            for (const auto& [name, value] : line.function->tags) values.insert(name);
        else if (const auto v = tags ? std::optional(tagOf(line, key)) : dimensionOf(call, line, key))
            values.insert(*v);
        else
            return invalid("Invalid dimension: " + key);
    }
    json list = json::array();
    for (const auto& v : values) list.push_back(tags ? json(v) : json{{"Value", v}, {"Attributes", json::object()}});
    return json{{tags ? "Tags" : "DimensionValues", list}, {"ReturnSize", values.size()}, {"TotalSize", values.size()}};
}

}  // namespace

Answer<HttpResponse> handleCostExplorer(Call& call) {
    const auto body = jsonBody(call);
    if (!body) return tl::unexpected(body.error());
    Answer<json> result = refuse(400, "UnknownOperationException", "The operation " + call.operation + " is not known.");
    if (call.region != "us-east-1")
        return refuse(403, "InvalidSignatureException", "Credential should be scoped to a valid region, not '" + call.region + "'.",
                      "SignatureDoesNotMatch");
    if (call.operation == "GetCostAndUsage") result = costAndUsage(call, *body, false);
    if (call.operation == "GetCostAndUsageWithResources") result = costAndUsage(call, *body, true);
    if (call.operation == "GetDimensionValues") result = dimensionValues(call, *body, false);
    if (call.operation == "GetTags") result = dimensionValues(call, *body, true);
    if (call.operation == "GetCostForecast")
        result = refuse(400, "DataUnavailableException", "Insufficient amount of historical data to generate forecast.");
    if (!result) return tl::unexpected(result.error());
    return jsonResponse(*result, 200, "application/x-amz-json-1.1");
}

}  // namespace pilotlight::sandbox
