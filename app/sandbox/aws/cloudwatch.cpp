// CloudWatch: GetMetricData, GetMetricStatistics, ListMetrics, DescribeAlarms; query protocol and JSON 1.0.
#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <nlohmann/json.hpp>
#include <set>

#include "app/sandbox/aws/call.h"
#include "app/sandbox/aws/metric_series.h"
#include "app/sandbox/aws/query_protocol.h"

namespace pilotlight::sandbox {

using nlohmann::json;

namespace {

constexpr std::size_t kMostPoints = 100'800;
constexpr std::size_t kMostQueries = 500;

tl::unexpected<ServiceError> invalid(const std::string& message) { return refuse(400, "ValidationError", message, "ValidationError"); }

std::optional<ServiceError> only(const json& object, const std::string& where, std::initializer_list<const char*> known) {
    if (!object.is_object()) return ServiceError{400, "ValidationError", where + " must be a structure.", "ValidationError", {}};
    auto error = unknownMember(object, known, "ValidationError");
    if (error) error->query_code = "ValidationError";
    return error;
}

// Numbers come as text in the query protocol.
std::optional<double> numberOf(const json& object, const char* key) {
    const auto found = object.find(key);
    if (found == object.end()) return std::nullopt;
    if (found->is_number()) return found->get<double>();
    if (!found->is_string()) return std::nullopt;
    const auto& text = found->get_ref<const std::string&>();
    char* end = nullptr;
    const double value = std::strtod(text.c_str(), &end);
    return text.empty() || *end != '\0' || !std::isfinite(value) ? std::nullopt : std::optional(value);
}

std::string textOf(const json& object, const char* key) {
    const auto found = object.find(key);
    return found != object.end() && found->is_string() ? found->get<std::string>() : std::string();
}

// Epoch seconds or ISO 8601, to seconds.
std::optional<double> instantOf(const json& object, const char* key) {
    const auto found = object.find(key);
    if (found == object.end()) return std::nullopt;
    if (found->is_number()) return found->get<double>();
    if (!found->is_string()) return std::nullopt;
    if (const auto micros = parseInstant(found->get_ref<const std::string&>())) return static_cast<double>(*micros) / 1e6;
    return numberOf(object, key);
}

// Rounded as CloudWatch does: whole minutes, 5 minutes beyond 15 days, hours beyond 63.
std::int64_t roundStart(double seconds, Micros now) {
    const double age = static_cast<double>(now) / 1e6 - seconds;
    const std::int64_t unit = age < 15 * 86400.0 ? 60 : age < 63 * 86400.0 ? 300 : 3600;
    return static_cast<std::int64_t>(std::floor(seconds / static_cast<double>(unit))) * unit;
}

// Whether points of this period are still kept at that age.
bool kept(std::int64_t period, std::int64_t start, Micros now) {
    const double age = static_cast<double>(now) / 1e6 - static_cast<double>(start);
    if (age < 15 * 86400.0 + 60) return period % 60 == 0;
    return period % (age < 63 * 86400.0 ? 300 : 3600) == 0;
}

Answer<MetricId> metricOf(const json& metric, const std::string& where) {
    SANDBOX_REFUSE_IF(only(metric, where, {"Namespace", "MetricName", "Dimensions"}));
    MetricId id;
    id.name = textOf(metric, "MetricName");
    if (id.name.empty()) return invalid("The parameter " + where + ".MetricName is required.");
    if (textOf(metric, "Namespace").empty()) return invalid("The parameter " + where + ".Namespace is required.");
    if (const auto dimensions = metric.find("Dimensions"); dimensions != metric.end()) {
        if (!dimensions->is_array() || dimensions->size() > 30) return invalid(where + ".Dimensions must be a list of at most 30.");
        for (const auto& d : *dimensions) {
            SANDBOX_REFUSE_IF(only(d, where + ".Dimensions", {"Name", "Value"}));
            if (textOf(d, "Name").empty() || textOf(d, "Value").empty()) return invalid(where + ".Dimensions needs Name and Value.");
            id.dimensions[textOf(d, "Name")] = textOf(d, "Value");
        }
    }
    if (textOf(metric, "Namespace") != "AWS/Lambda") id.name = "-" + id.name;  // nothing is known of other services
    return id;
}

struct Query {
    std::string id, label, stat;
    MetricId metric;
    std::int64_t period = 60;
};

Answer<Query> queryOf(const json& q) {
    SANDBOX_REFUSE_IF(only(q, "MetricDataQueries", {"Id", "MetricStat", "Expression", "Label", "ReturnData", "Period", "AccountId"}));
    Query query;
    query.id = textOf(q, "Id");
    const bool good = !query.id.empty() && query.id.size() <= 255 && query.id[0] >= 'a' && query.id[0] <= 'z' &&
                      query.id.find_first_not_of("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_") == std::string::npos;
    if (!good)
        return invalid("The value '" + query.id +
                       "' for parameter MetricDataQueries.member.Id is not matching the expected pattern ^[a-z][a-zA-Z0-9_]*$.");
    if (q.contains("Expression"))
        return invalid("Error in expression '" + query.id + "': this endpoint evaluates MetricStat queries only.");
    const auto stat = q.find("MetricStat");
    if (stat == q.end())
        return invalid("The parameter MetricDataQueries.member.MetricStat or Expression is required for '" + query.id + "'.");
    SANDBOX_REFUSE_IF(only(*stat, "MetricStat", {"Metric", "Period", "Stat", "Unit"}));
    const auto metric = stat->find("Metric");
    if (metric == stat->end()) return invalid("The parameter MetricStat.Metric is required.");
    auto id = metricOf(*metric, "MetricStat.Metric");
    if (!id) return tl::unexpected(id.error());
    query.metric = std::move(*id);
    query.stat = textOf(*stat, "Stat");
    if (!knownStatistic(query.stat))
        return invalid("The value " + query.stat + " for parameter MetricDataQueries.member.MetricStat.Stat is not supported.");
    const auto period = numberOf(*stat, "Period");
    if (!period || *period < 1 || *period > 86400.0 * 455 || *period != std::floor(*period))
        return invalid("The parameter MetricStat.Period must be a positive number of seconds.");
    query.period = static_cast<std::int64_t>(*period);
    if (query.period % 60 != 0 && query.period != 1 && query.period != 5 && query.period != 10 && query.period != 20 && query.period != 30)
        return invalid("The value " + std::to_string(query.period) + " for parameter Period must be 1, 5, 10, 20, 30 or a multiple of 60.");
    query.label = textOf(q, "Label");
    if (query.label.empty()) query.label = query.metric.name;
    return query;
}

Answer<json> getMetricData(Call& call, const json& body) {
    SANDBOX_REFUSE_IF(
        only(body, "GetMetricData", {"MetricDataQueries", "StartTime", "EndTime", "NextToken", "ScanBy", "MaxDatapoints", "LabelOptions"}));
    const auto start = instantOf(body, "StartTime"), end = instantOf(body, "EndTime");
    if (!start || !end) return invalid("The parameters StartTime and EndTime are required.");
    if (*start >= *end) return invalid("The parameter StartTime must be less than the parameter EndTime.");
    const auto queries = body.find("MetricDataQueries");
    if (queries == body.end() || !queries->is_array() || queries->empty()) return invalid("The parameter MetricDataQueries is required.");
    if (queries->size() > kMostQueries) return invalid("The collection MetricDataQueries must not have a size greater than 500.");
    const std::string scan = body.contains("ScanBy") ? textOf(body, "ScanBy") : "TimestampDescending";
    if (scan != "TimestampAscending" && scan != "TimestampDescending")
        return invalid("The value " + scan + " for parameter ScanBy is not supported.");
    std::size_t budget = kMostPoints;
    if (const auto wanted = numberOf(body, "MaxDatapoints")) {
        if (*wanted < 1 || *wanted > static_cast<double>(kMostPoints)) return invalid("The parameter MaxDatapoints must be 1 to 100800.");
        budget = static_cast<std::size_t>(*wanted);
    }
    // A token holds the moment of the first page, so that the pages of one answer agree.
    Micros moment = call.now();
    std::size_t skip = 0;
    json sealed = body;
    sealed.erase("NextToken");
    const std::string seal = std::to_string(stableHash(sealed.dump(-1, ' ', false, json::error_handler_t::replace)));
    if (const std::string token = textOf(body, "NextToken"); !token.empty()) {
        const auto dash = token.find('-');
        const auto position = dash == std::string::npos ? std::nullopt : readToken(token.substr(dash + 1), seal + token.substr(0, dash));
        if (!position) return refuse(400, "InvalidNextToken", "The next token specified is invalid.", "InvalidNextToken");
        moment = std::strtoll(token.c_str(), nullptr, 10);
        skip = *position;
    }
    std::set<std::string> ids;
    std::vector<Query> parsed;
    for (const auto& q : *queries) {
        auto query = queryOf(q);
        if (!query) return tl::unexpected(query.error());
        if (!ids.insert(query->id).second)
            return invalid("The values for parameter id in MetricDataQueries are not unique: " + query->id + ".");
        parsed.push_back(std::move(*query));
    }
    const std::int64_t from = roundStart(*start, moment);
    const auto to = static_cast<std::int64_t>(std::ceil(*end));
    std::map<std::pair<MetricId, std::int64_t>, std::vector<Bucket>> cache;
    json results = json::array();
    std::size_t position = 0, emitted = 0;
    bool full = false;
    for (const auto& query : parsed) {
        const auto key = std::make_pair(query.metric, query.period);
        auto found = cache.find(key);
        if (found == cache.end())
            found = cache
                        .emplace(key, kept(query.period, from, moment)
                                          ? computeSeries(call.world, call.region, query.metric, from, to, query.period, moment)
                                          : std::vector<Bucket>{})
                        .first;
        const auto& buckets = found->second;
        json times = json::array(), values = json::array();
        bool partial = false;
        for (std::size_t i = 0; i < buckets.size(); ++i, ++position) {
            if (position < skip) continue;
            if (emitted >= budget) {
                partial = full = true;
                position += buckets.size() - i;
                break;
            }
            const Bucket& b = buckets[scan == "TimestampAscending" ? i : buckets.size() - 1 - i];
            times.push_back(b.start_s);
            values.push_back(*b.statistic(query.stat));
            ++emitted;
        }
        results.push_back({{"Id", query.id},
                           {"Label", query.label},
                           {"Timestamps", std::move(times)},
                           {"Values", std::move(values)},
                           {"StatusCode", partial ? "PartialData" : "Complete"}});
    }
    json result{{"MetricDataResults", std::move(results)}, {"Messages", json::array()}};
    if (full) {
        const std::string when = std::to_string(moment);
        result["NextToken"] = when + "-" + makeToken(skip + emitted, seal + when);
    }
    return result;
}

Answer<json> getMetricStatistics(Call& call, const json& body) {
    SANDBOX_REFUSE_IF(
        only(body, "GetMetricStatistics",
             {"Namespace", "MetricName", "Dimensions", "StartTime", "EndTime", "Period", "Statistics", "ExtendedStatistics", "Unit"}));
    json metric = json::object();
    for (const char* key : {"Namespace", "MetricName", "Dimensions"})
        if (body.contains(key)) metric[key] = body[key];
    const auto id = metricOf(metric, "GetMetricStatistics");
    if (!id) return tl::unexpected(id.error());
    const auto start = instantOf(body, "StartTime"), end = instantOf(body, "EndTime"), period = numberOf(body, "Period");
    if (!start || !end || !period) return invalid("The parameters StartTime, EndTime and Period are required.");
    if (*start >= *end)
        return refuse(400, "InvalidParameterValueException", "The parameter StartTime must be less than the parameter EndTime.",
                      "InvalidParameterValue");
    if (*period < 60 || std::fmod(*period, 60) != 0)
        return refuse(400, "InvalidParameterValueException", "The parameter Period must be a multiple of 60.", "InvalidParameterValue");
    const bool plain = body.contains("Statistics"), extended = body.contains("ExtendedStatistics");
    if (plain == extended)
        return refuse(400, "InvalidParameterCombinationException", "Either Statistics or ExtendedStatistics must be given, not both.",
                      "InvalidParameterCombination");
    const double points = (*end - *start) / *period;
    if (points > 1440)
        return refuse(400, "InvalidParameterCombinationException",
                      "You have requested up to " + std::to_string(static_cast<std::int64_t>(std::ceil(points))) +
                          " datapoints, which exceeds the limit of 1,440. You may reduce the datapoints requested by increasing Period, or "
                          "decreasing the time range.",
                      "InvalidParameterCombination");
    const json& statistics = body[plain ? "Statistics" : "ExtendedStatistics"];
    if (!statistics.is_array() || statistics.empty()) return invalid("The list of statistics must not be empty.");
    const std::int64_t from = roundStart(*start, call.now());
    const auto step = static_cast<std::int64_t>(*period);
    json data = json::array();
    std::vector<Bucket> buckets;
    if (kept(step, from, call.now()))
        buckets = computeSeries(call.world, call.region, *id, from, static_cast<std::int64_t>(std::ceil(*end)), step, call.now());
    for (const auto& b : buckets) {
        json point{{"Timestamp", b.start_s}, {"Unit", unitOf(id->name)}};
        for (const auto& s : statistics) {
            const std::string name = s.is_string() ? s.get<std::string>() : "";
            if (!knownStatistic(name) || (name[0] == 'p') != extended)
                return refuse(400, "InvalidParameterValueException", "The value " + name + " is not a statistic.", "InvalidParameterValue");
            if (extended)
                point["ExtendedStatistics"][name] = *b.statistic(name);
            else
                point[name] = *b.statistic(name);
        }
        data.push_back(std::move(point));
    }
    return json{{"Label", id->name}, {"Datapoints", std::move(data)}};
}

Answer<json> listMetricsCall(Call& call, const json& body) {
    SANDBOX_REFUSE_IF(
        only(body, "ListMetrics",
             {"Namespace", "MetricName", "Dimensions", "NextToken", "RecentlyActive", "IncludeLinkedAccounts", "OwningAccount"}));
    const std::string name_space = textOf(body, "Namespace"), name = textOf(body, "MetricName"), active = textOf(body, "RecentlyActive");
    if (!active.empty() && active != "PT3H") return invalid("The value " + active + " for parameter RecentlyActive is not supported.");
    std::vector<MetricId> all;
    if (name_space.empty() || name_space == "AWS/Lambda")
        all = listMetrics(call.world, call.region, call.now() - (active.empty() ? 14 * kDay : 3 * kHour));
    if (!name.empty()) std::erase_if(all, [&](const MetricId& m) { return m.name != name; });
    if (const auto filters = body.find("Dimensions"); filters != body.end()) {
        if (!filters->is_array()) return invalid("Dimensions must be a list.");
        for (const auto& filter : *filters) {
            SANDBOX_REFUSE_IF(only(filter, "Dimensions", {"Name", "Value"}));
            const std::string key = textOf(filter, "Name"), value = textOf(filter, "Value");
            std::erase_if(all, [&](const MetricId& m) {
                const auto found = m.dimensions.find(key);
                return found == m.dimensions.end() || (!value.empty() && found->second != value);
            });
        }
    }
    const std::string seal = call.region + name_space + name + active;
    std::size_t from = 0;
    if (const std::string token = textOf(body, "NextToken"); !token.empty()) {
        const auto position = readToken(token, seal);
        if (!position) return refuse(400, "InvalidNextToken", "The next token specified is invalid.", "InvalidNextToken");
        from = *position;
    }
    json metrics = json::array();
    const std::size_t to = std::min(all.size(), from + 500);
    for (std::size_t i = from; i < to; ++i) {
        json dimensions = json::array();
        for (const auto& [key, value] : all[i].dimensions) dimensions.push_back({{"Name", key}, {"Value", value}});
        metrics.push_back({{"Namespace", "AWS/Lambda"}, {"MetricName", all[i].name}, {"Dimensions", std::move(dimensions)}});
    }
    json result{{"Metrics", std::move(metrics)}};
    if (to < all.size()) result["NextToken"] = makeToken(to, seal);
    return result;
}

}  // namespace

Answer<HttpResponse> handleCloudWatch(Call& call, Protocol protocol) {
    json body;
    if (protocol == Protocol::query) {
        auto parsed = parametersToJson(call.request.method == "GET" ? call.request.raw_query : call.request.body);
        if (!parsed) return tl::unexpected(parsed.error());
        body = std::move(*parsed);
        call.operation = textOf(body, "Action");
        if (textOf(body, "Version") != "2010-08-01")
            return refuse(400, "InvalidAction", "Could not find operation " + call.operation + " for version " + textOf(body, "Version"));
        body.erase("Action");
        body.erase("Version");
    } else {
        auto parsed = jsonBody(call);
        if (!parsed) return tl::unexpected(parsed.error());
        body = std::move(*parsed);
    }
    Answer<json> result = refuse(400, protocol == Protocol::query ? "InvalidAction" : "UnknownOperationException",
                                 "Could not find operation " + call.operation + " for version 2010-08-01");
    if (call.operation == "GetMetricData") result = getMetricData(call, body);
    if (call.operation == "GetMetricStatistics") result = getMetricStatistics(call, body);
    if (call.operation == "ListMetrics") result = listMetricsCall(call, body);
    if (call.operation == "DescribeAlarms") result = json{{"MetricAlarms", json::array()}, {"CompositeAlarms", json::array()}};
    if (!result) return tl::unexpected(result.error());
    if (protocol == Protocol::query)
        return xmlResponse(call.operation, *result, "http://monitoring.amazonaws.com/doc/2010-08-01/", call.request_id);
    return jsonResponse(*result, 200, "application/x-amz-json-1.0");
}

}  // namespace pilotlight::sandbox
