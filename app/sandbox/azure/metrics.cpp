// Azure Monitor metrics of Microsoft.Web/sites. Points of a minute are visible 180 s later, under the time at which they begin.
#include <algorithm>
#include <nlohmann/json.hpp>
#include <set>
#include <sstream>

#include "app/sandbox/aws/call.h"
#include "app/sandbox/azure/arm.h"

namespace pilotlight::sandbox::azure {

using nlohmann::json;

namespace {

constexpr Micros kDelay = 180 * kSecond;

struct Definition {
    const char* name;
    const char* unit;
    const char* aggregation;  // the one that the metric has
    const char* kinds;        // plans that have it
};
constexpr Definition kMetrics[] = {
    {"OnDemandFunctionExecutionCount", "Count", "Total", "flex"},
    {"OnDemandFunctionExecutionUnits", "Count", "Total", "flex"},
    {"AlwaysReadyFunctionExecutionCount", "Count", "Total", "flex"},
    {"AlwaysReadyFunctionExecutionUnits", "Count", "Total", "flex"},
    {"AlwaysReadyUnits", "Count", "Total", "flex"},
    {"FunctionExecutionCount", "Count", "Total", "consumption"},
    {"FunctionExecutionUnits", "Count", "Total", "consumption"},
    {"Requests", "Count", "Total", "flex premium consumption"},
    {"Http5xx", "Count", "Total", "flex premium consumption"},
    {"HttpResponseTime", "Seconds", "Average", "flex premium consumption"},
    {"InstanceCount", "Count", "Average", "flex premium consumption"},
    {"MemoryWorkingSet", "Bytes", "Average", "flex premium consumption"},
    {"CpuPercentage", "Percent", "Average", "flex"},
};

std::vector<std::string> split(const std::string& text) {
    std::vector<std::string> parts;
    std::istringstream in(text);
    for (std::string part; std::getline(in, part, ',');) parts.push_back(part);
    return parts;
}

struct Sum {
    double total = 0, n = 0;
};

}  // namespace

Answer<HttpResponse> handleMetrics(App& app, Micros now, const Query& query) {
    static const std::set<std::string> allowed{"api-version", "metricnamespace", "metricnames",         "timespan",          "interval",
                                               "aggregation", "resulttype",      "autoadjusttimegrain", "validatedimensions"};
    for (const auto& [name, value] : query)
        if (!allowed.contains(name))
            return refuse(400, "BadRequest", "The query parameter '" + name + "' is not supported by the sandbox.");
    const auto parameter = [&](const char* name) {
        const auto at = query.find(name);
        return at == query.end() ? std::string{} : at->second;
    };
    if (const auto space = parameter("metricnamespace"); !space.empty() && space != "Microsoft.Web/sites" && space != "microsoft.web/sites")
        return refuse(400, "BadRequest", "Metric namespace " + space + " is not found.");
    const std::map<std::string, Micros> intervals{{"PT1M", kMinute},       {"PT5M", 5 * kMinute}, {"PT15M", 15 * kMinute},
                                                  {"PT30M", 30 * kMinute}, {"PT1H", kHour},       {"PT6H", 6 * kHour},
                                                  {"PT12H", 12 * kHour},   {"P1D", kDay}};
    const std::string interval_text = parameter("interval").empty() ? "PT1M" : parameter("interval");
    const auto interval = intervals.find(interval_text);
    if (interval == intervals.end())
        return refuse(400, "BadRequest", "Detected invalid time grain input. Supported ones: PT1M,PT5M,PT15M,PT30M,PT1H,PT6H,PT12H,P1D.");
    const std::string timespan = parameter("timespan");
    const auto slash = timespan.find('/');
    const auto begin = parseInstant(timespan.substr(0, slash)),
               end = slash == std::string::npos ? std::nullopt : parseInstant(timespan.substr(slash + 1));
    if (!begin || !end || *begin >= *end) return refuse(400, "BadRequest", "Invalid time interval: timespan must be <start>/<end>.");
    if (*end - *begin > 31 * kDay) return refuse(400, "BadRequest", "The time range is limited to 31 days.");
    const auto names = split(parameter("metricnames"));
    if (names.empty()) return refuse(400, "BadRequest", "At least one metric name is required.");
    if (names.size() > 20) return refuse(400, "BadRequest", "At most 20 metric names.");
    const auto aggregations = split(parameter("aggregation"));
    const Micros step = interval->second, first = *begin / step * step;
    const auto bins = static_cast<std::size_t>((*end - first + step - 1) / step);
    json values = json::array();
    for (const auto& name : names) {
        const auto found = std::find_if(std::begin(kMetrics), std::end(kMetrics), [&](const Definition& d) {
            return name == d.name && std::string(d.kinds).find(app.spec.kind) != std::string::npos;
        });
        if (found == std::end(kMetrics))
            return refuse(400, "BadRequest",
                          "Failed to find metric configuration for provider: Microsoft.Web, resource Type: sites, metric: " + name + ".");
        std::vector<Sum> sums(bins);
        const auto& engine = *app.engine;
        const auto memory = static_cast<double>(engine.deployment().memory_mb);
        const Micros visible = std::min(*end, now - kDelay);
        for (Micros m = first / kMinute; m * kMinute < visible; ++m) {
            const auto* minute = engine.minute(m);
            if (minute == nullptr) continue;
            auto& sum = sums[static_cast<std::size_t>((m * kMinute - first) / step)];
            const double share =
                minute->active_ms > 0 ? static_cast<double>(minute->active_min_ms) / static_cast<double>(minute->active_ms) : 0;
            const auto put = [&](double value) {
                sum.total += value;
                sum.n += 1;
            };
            if (name == "OnDemandFunctionExecutionCount") put(static_cast<double>(minute->requests) * (1 - share));
            if (name == "AlwaysReadyFunctionExecutionCount") put(static_cast<double>(minute->requests) * share);
            if (name == "OnDemandFunctionExecutionUnits")
                put(static_cast<double>(minute->active_ms + minute->rounding_ms - minute->active_min_ms - minute->rounding_min_ms) *
                    memory);
            if (name == "AlwaysReadyFunctionExecutionUnits")
                put(static_cast<double>(minute->active_min_ms + minute->rounding_min_ms) * memory);
            if (name == "AlwaysReadyUnits") put(static_cast<double>(minute->active_min_ms + minute->idle_min_ms) * memory);
            if (name == "FunctionExecutionCount" || name == "Requests") put(static_cast<double>(minute->requests));
            if (name == "FunctionExecutionUnits") put(static_cast<double>(minute->execution_mb_ms));
            if (name == "InstanceCount" && minute->alive_ms > 0) put(static_cast<double>(minute->alive_ms) / 60'000);
            if (name == "MemoryWorkingSet" && minute->peak_used_mb > 0) put(minute->peak_used_mb * 1048576.0);
            if (name == "CpuPercentage" && minute->alive_ms > 0)
                put(std::min(100.0, 75.0 * static_cast<double>(minute->request_ms) /
                                        (static_cast<double>(minute->alive_ms) * engine.deployment().vcpu)));
        }
        if (name == "Http5xx" || name == "HttpResponseTime") {
            for (const auto& row : engine.rows()) {
                const Micros at = row.endMs() * 1000;
                if (at < first || at >= visible) continue;
                auto& sum = sums[static_cast<std::size_t>((at - first) / step)];
                sum.n += 1;
                sum.total += name == "Http5xx" ? (row.is(Invocation::failed) ? 1 : 0) : (row.duration_cms + row.init_cms) / 1e5;
            }
        }
        json data = json::array();
        for (std::size_t i = 0; i < bins; ++i) {
            json point = {{"timeStamp", isoSeconds(first + static_cast<Micros>(i) * step)}};
            if (sums[i].n > 0) {
                for (const auto& aggregation : aggregations) {
                    if (aggregation == "Total" || aggregation == "total") point["total"] = sums[i].total;
                    if (aggregation == "Average" || aggregation == "average") point["average"] = sums[i].total / sums[i].n;
                    if (aggregation == "Count" || aggregation == "count") point["count"] = sums[i].n;
                }
            }
            data.push_back(std::move(point));
        }
        values.push_back({{"id", app.resourceId() + "/providers/Microsoft.Insights/metrics/" + name},
                          {"type", "Microsoft.Insights/metrics"},
                          {"name", {{"value", name}, {"localizedValue", name}}},
                          {"unit", found->unit},
                          {"errorCode", "Success"},
                          {"timeseries", {{{"metadatavalues", json::array()}, {"data", std::move(data)}}}}});
    }
    return jsonResponse({{"cost", 0},
                         {"timespan", timespan},
                         {"interval", interval_text},
                         {"namespace", "Microsoft.Web/sites"},
                         {"resourceregion", app.spec.region},
                         {"value", std::move(values)}},
                        200, "application/json");
}

}  // namespace pilotlight::sandbox::azure
