// Application Insights: components, and resources/queries/azure_insights_requests.kql, evaluated. A request's duration is the handler's: the host's
// start is in the line that the host writes. Telemetry is there 90 s after it happened.
#include <algorithm>
#include <cmath>
#include <map>
#include <nlohmann/json.hpp>
#include <set>

#include "app/sandbox/aws/call.h"
#include "app/sandbox/azure/arm.h"
#include "app/sandbox/engine/world.h"
#include "app/sandbox/query_texts.h"

namespace pilotlight::sandbox::azure {

using nlohmann::json;

namespace {

constexpr Micros kDelay = 90 * kSecond;

std::string appIdOf(const Subscription& subscription, const App& app) {
    const std::uint64_t seed = std::hash<std::string>{}(subscription.id() + app.spec.name);
    return uuidOf(mix(seed), mix(seed + 1));
}

// Comments and white space apart.
std::string plain(const std::string& kql) {
    std::string out;
    for (std::size_t i = 0; i < kql.size(); ++i) {
        if (kql[i] == '/' && i + 1 < kql.size() && kql[i + 1] == '/') {
            while (i < kql.size() && kql[i] != '\n') ++i;
            continue;
        }
        if (kql[i] != ' ' && kql[i] != '\n' && kql[i] != '\t' && kql[i] != '\r') out += kql[i];
    }
    return out;
}

struct Parameters {
    Micros from = 0, to = 0, step = 0;
    std::set<std::string> apps;  // lower case
};

// Walks the template beside the text: what stands where a parameter is.
std::optional<Parameters> parametersOf(const std::string& query) {
    const std::string shape = plain(std::string(insightsRequestsQuery())), text = plain(query);
    std::map<std::string, std::string> values;
    std::size_t t = 0;
    for (std::size_t i = 0; i < shape.size();) {
        const auto close = shape[i] == '{' ? shape.find('}', i) : std::string::npos;
        if (close == std::string::npos) {
            if (t >= text.size() || text[t] != shape[i]) return std::nullopt;
            ++i, ++t;
            continue;
        }
        const std::string name = shape.substr(i + 1, close - i - 1);
        const char stop = close + 1 < shape.size() ? shape[close + 1] : '\0';
        const auto end = text.find(stop, t);
        if (end == std::string::npos) return std::nullopt;
        const std::string value = text.substr(t, end - t);
        if (const auto known = values.find(name); known != values.end() && known->second != value) return std::nullopt;
        values[name] = value;
        t = end;
        i = close + 1;
    }
    if (t != text.size()) return std::nullopt;
    const auto from = parseInstant(values["from"]), to = parseInstant(values["to"]);
    const long step = std::strtol(values["step"].c_str(), nullptr, 10);
    if (!from || !to || *from >= *to || step <= 0) return std::nullopt;
    Parameters out{*from, *to, step * kSecond, {}};
    std::string name;
    for (const char c : values["apps"] + ",") {
        if (c == ',') {
            if (name.size() < 3 || name.front() != '\'' || name.back() != '\'') return std::nullopt;
            out.apps.insert(name.substr(1, name.size() - 2));
            name.clear();
        } else {
            name += c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c;
        }
    }
    return out;
}

HttpResponse refused(int status, const char* code, const std::string& message) {
    json error = {{"message", message}, {"code", code}};
    if (status == 400) error["innererror"] = {{"code", "SyntaxError"}, {"message", "A recognition error occurred in the query."}};
    return jsonResponse({{"error", error}}, status, "application/json; charset=utf-8");
}

double quantile(const std::vector<double>& sorted, double q) {
    return sorted[static_cast<std::size_t>(std::ceil(q * static_cast<double>(sorted.size()))) - 1];
}

}  // namespace

json componentOf(const Subscription& subscription, const App& app) {
    return {{"id", "/subscriptions/" + subscription.id() + "/resourceGroups/ai-apps/providers/microsoft.insights/components/" + app.spec.name},
            {"name", app.spec.name},
            {"type", "microsoft.insights/components"},
            {"kind", "web"},
            {"location", app.spec.region},
            {"tags", json::object()},
            {"properties", {{"AppId", appIdOf(subscription, app)}, {"Application_Type", "web"}, {"IngestionMode", "LogAnalytics"}}}};
}

HttpResponse handleInsights(const HttpRequest& request, Subscription& subscription) {
    if (request.method != "POST") return refused(405, "MethodNotAllowedError", "Use POST.");
    const json body = nestedTooDeep(request.body) ? json() : json::parse(request.body, nullptr, false);
    if (!body.is_object() || !body.contains("query") || !body["query"].is_string())
        return refused(400, "BadArgumentError", "The request had some invalid properties.");
    // The application of the address, and those that the query is for besides.
    std::vector<std::string> ids{request.path.substr(9, request.path.find('/', 9) - 9)};  // /v1/apps/ID/query
    for (const auto& [key, value] : body.items()) {
        if (key == "query" || key == "timespan") continue;
        if (key != "applications" || !value.is_array()) return refused(400, "BadArgumentError", "The request had some invalid properties.");
        for (const auto& id : value) ids.push_back(id.is_string() ? id.get<std::string>() : std::string{});
    }
    if (ids.size() > 100) return refused(400, "BadArgumentError", "A query may span at most 100 applications.");
    std::vector<const App*> apps;
    for (const auto& id : ids) {
        const auto app = std::find_if(subscription.apps().begin(), subscription.apps().end(), [&](const auto& each) {
            return each->spec.insights && appIdOf(subscription, *each) == id;
        });
        if (app == subscription.apps().end()) return refused(404, "ResourceNotFoundError", "The application could not be found.");
        apps.push_back(app->get());
    }
    // One that the caller may not read refuses the whole query.
    if (std::any_of(apps.begin(), apps.end(), [](const App* app) { return app->spec.insights_denied; }))
        return refused(403, "InsufficientAccessError", "The provided credentials have insufficient access to perform the requested operation");
    const auto parameters = parametersOf(body["query"].get<std::string>());
    if (!parameters) return refused(400, "BadArgumentError", "The request had some invalid properties.");

    struct Bin {
        std::vector<double> durations;
        double sum = 0, failed = 0, cold = 0, hosts = 0, host_ms = 0;
    };
    const Micros visible = std::min(parameters->to, subscription.now() - kDelay);
    const auto periodOf = [&](Micros t) { return parameters->from + (t - parameters->from) / parameters->step * parameters->step; };
    json rows = json::array();
    for (const App* app : apps) {
        const std::string& name = app->spec.name;
        if (!parameters->apps.contains(name)) continue;
        const auto& engine = *app->engine;
        std::map<Micros, Bin> bins;
        std::map<std::uint32_t, Micros> first;  // of each instance, from a day before on
        for (const auto& row : engine.rows()) {
            const Micros at = row.handlerMs() * 1000;
            if (at < parameters->from - kDay || row.endMs() * 1000 >= visible || at >= parameters->to) continue;
            const auto [known, added] = first.try_emplace(row.instance, at);
            known->second = std::min(known->second, at);
            if (at < parameters->from) continue;
            Bin& bin = bins[periodOf(at)];
            const double ms = row.duration_cms / 100.0;
            bin.durations.push_back(ms);
            bin.sum += ms;
            bin.failed += row.is(Invocation::failed) ? 1 : 0;
        }
        for (const auto& [instance, at] : first)
            if (at >= parameters->from) ++bins[periodOf(at)].cold;
        for (const auto& start : engine.starts()) {
            const Micros at = (start.at_ms + start.took_ms) * 1000;
            if (at < parameters->from || at >= visible) continue;
            Bin& bin = bins[periodOf(at)];
            ++bin.hosts;
            bin.host_ms += start.took_ms;
        }
        for (auto& [period, bin] : bins) {
            if (bin.durations.empty()) continue;
            std::sort(bin.durations.begin(), bin.durations.end());
            const auto n = static_cast<double>(bin.durations.size());
            rows.push_back({name, isoSeconds(period), bin.durations.size(), bin.failed, bin.sum / n, quantile(bin.durations, 0.5),
                            quantile(bin.durations, 0.9), quantile(bin.durations, 0.95), quantile(bin.durations, 0.99),
                            bin.cold > 0 ? json(bin.cold) : json(nullptr), bin.hosts > 0 ? json(bin.host_ms / bin.hosts) : json(nullptr)});
        }
    }
    json columns = json::array();
    for (const auto& [column, type] : {std::pair{"app", "string"}, {"period", "datetime"}, {"n", "long"}, {"failed", "long"}, {"mean_ms", "real"},
                                       {"p50_ms", "real"}, {"p90_ms", "real"}, {"p95_ms", "real"}, {"p99_ms", "real"}, {"cold", "long"},
                                       {"start_ms", "real"}})
        columns.push_back({{"name", column}, {"type", type}});
    return jsonResponse({{"tables", {{{"name", "PrimaryResult"}, {"columns", columns}, {"rows", rows}}}}}, 200, "application/json; charset=utf-8");
}

}  // namespace pilotlight::sandbox::azure
