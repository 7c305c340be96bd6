#include "core/platform/azure/insights.h"

#include <fmt/format.h>

#include <cmath>
#include <map>
#include <nlohmann/json.hpp>

#include "core/platform/azure/azure_platform.h"
#include "core/platform/azure/site_parse.h"
#include "core/platform/json_fields.h"
#include "core/platform/query_texts.h"

namespace pilotlight::platform::azure {

using nlohmann::json;

namespace {

constexpr seconds kPeriod{300};
constexpr hours kRetention{90 * 24};   // of the workspace by default
constexpr seconds kSettles{600};       // telemetry arrives within minutes
constexpr std::size_t kAppsACall = 20;  // answers stay far below 64 MB
constexpr hours kLongestCall{15 * 24};
constexpr int kMaxPages = 500;
constexpr std::size_t kParallelCalls = 8;

std::string replaced(std::string text, std::string_view what, std::string_view with) {
    for (auto at = text.find(what); at != std::string::npos; at = text.find(what, at + with.size())) text.replace(at, what.size(), with);
    return text;
}

// What App Service allows in a name; anything else could end the text that it stands in.
bool isAppName(std::string_view name) {
    return !name.empty() && name.find_first_not_of("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-") == std::string_view::npos;
}

}  // namespace

std::string_view insightsOf(const Function& function) { return function.untunedText(kInsights); }

std::string insightsQuery(std::span<const std::string> apps, TimeRange range, seconds step) {
    std::string names;
    for (const auto& app : apps)
        if (isAppName(app)) names += (names.empty() ? "'" : ", '") + app + "'";
    std::string text = replaced(std::string(insightsRequestsQuery()), "{apps}", names);
    text = replaced(std::move(text), "{from}", toIso8601(range.begin));
    text = replaced(std::move(text), "{to}", toIso8601(range.end));
    return replaced(std::move(text), "{step}", std::to_string(step.count()));
}

Result<std::vector<InsightsRow>> parseInsights(std::string_view body) {
    PILOTLIGHT_ASSIGN(const json root, parseObject(body, "api.applicationinsights.io/query"));
    if (root.contains("error") && !root["error"].is_null())
        return fail(ErrorCode::protocol, "Application Insights gave a part of the answer only: " + textField(objectField(root, "error"), "message"),
                    "Nothing of it is used.", "Try again, or read a shorter range.");
    const json& tables = arrayField(root, "tables");
    if (tables.empty()) return fail(ErrorCode::protocol, "The answer of Application Insights holds no table", "Nothing of it is used.", {});
    std::map<std::string, std::size_t> columns;
    std::size_t at = 0;
    for (const auto& column : arrayField(tables[0], "columns")) columns[textField(column, "name")] = at++;
    for (const char* needed : {"app", "period", "n", "failed", "mean_ms", "p50_ms", "p90_ms", "p95_ms", "p99_ms", "cold", "start_ms"})
        if (!columns.contains(needed))
            return fail(ErrorCode::protocol, fmt::format("The answer of Application Insights has no column {}", needed), "Nothing of it is used.", {});
    std::vector<InsightsRow> rows;
    for (const auto& row : arrayField(tables[0], "rows")) {
        if (!row.is_array() || row.size() < columns.size())
            return fail(ErrorCode::protocol, "A row of Application Insights is too short", "Nothing of it is used.", {});
        const auto number = [&](const char* name) -> std::optional<double> {
            const json& cell = row[columns.at(name)];
            if (!cell.is_number() || !std::isfinite(cell.get<double>()) || cell.get<double>() < 0) return std::nullopt;
            return cell.get<double>();
        };
        const json &app = row[columns.at("app")], &period = row[columns.at("period")];
        const auto time = period.is_string() ? parseIso8601(period.get<std::string>()) : Result<Timestamp>(fail(ErrorCode::protocol, ""));
        const auto n = number("n"), mean = number("mean_ms"), p95 = number("p95_ms");
        if (!app.is_string() || !time || !n || !mean || !p95) continue;
        rows.push_back({lowered(app.get<std::string>()), *time, *n, number("failed").value_or(0), *mean, number("p50_ms").value_or(0),
                        number("p90_ms").value_or(0), *p95, number("p99_ms").value_or(0), number("cold"), number("start_ms")});
    }
    return rows;
}

std::vector<MetricSeries> insightsSeries(const Function& f, std::span<const InsightsRow> rows, TimeRange range, seconds step, Timestamp settled,
                                         bool one_period) {
    using S = Statistic;
    std::map<std::pair<Metric, Statistic>, std::vector<MetricPoint>> out;
    for (const Statistic each : {S::p50, S::p95, S::p99}) out[{Metric::duration, each}];
    if (!one_period) {
        for (const auto& key : {std::pair{Metric::duration, S::p90}, std::pair{Metric::duration, S::average}, std::pair{Metric::duration, S::sample_count},
                                std::pair{Metric::errors, S::sum}, std::pair{Metric::cold_starts, S::sum}, std::pair{Metric::init_duration, S::average}})
            out[key];
    }
    const std::string app = lowered(f.name);
    for (const auto& row : rows) {
        if (row.app != app || !range.contains(row.period) || (!one_period && row.period + step > settled)) continue;
        const auto put = [&](Metric metric, Statistic statistic, double value) {
            const auto at = out.find({metric, statistic});
            if (at != out.end()) at->second.push_back({row.period, value});
        };
        put(Metric::duration, S::p50, row.p50_ms);
        put(Metric::duration, S::p90, row.p90_ms);
        put(Metric::duration, S::p95, row.p95_ms);
        put(Metric::duration, S::p99, row.p99_ms);
        put(Metric::duration, S::average, row.mean_ms);
        put(Metric::duration, S::sample_count, row.requests);
        put(Metric::errors, S::sum, row.failed);
        if (row.cold) put(Metric::cold_starts, S::sum, *row.cold);
        if (row.start_ms) put(Metric::init_duration, S::average, *row.start_ms);
    }
    std::vector<MetricSeries> series;
    for (auto& [key, points] : out) {
        MetricSeries one{{f.id, {}, key.first, key.second, step}, std::move(points), {}};
        if (one_period) {
            if (one.points.size() != 1) continue;
            one.coverage.add({one.points.front().time, one.points.front().time + step});
        } else if (const TimeRange known = range.clippedTo({range.begin, settled}); !known.empty()) {
            one.coverage.add(known);
        }
        series.push_back(std::move(one));
    }
    return series;
}

// Component id -> the id under which its data is asked for. One list a subscription; a component elsewhere by itself.
std::map<std::string, Result<std::string>> AzurePlatform::insightsApps(const std::vector<std::string>& components, const JobContext& job) {
    std::map<std::string, Result<std::string>> found;
    {
        const std::lock_guard lock(mutex_);
        for (const auto& id : components)
            if (const auto at = insights_apps_.find(id); at != insights_apps_.end()) found.emplace(id, at->second);
    }
    std::map<std::string, int> subscriptions;
    const auto subscriptionOf = [](const std::string& id) {  // /subscriptions/S/...
        const auto begin = id.find('/', 1), end = begin == std::string::npos ? begin : id.find('/', begin + 1);
        return end == std::string::npos ? std::string{} : id.substr(begin + 1, end - begin - 1);
    };
    for (const auto& id : components)
        if (!found.contains(id)) ++subscriptions[subscriptionOf(id)];
    std::map<std::string, std::string> listed;
    for (const auto& [subscription, count] : subscriptions) {
        if (count < 2) continue;
        AzureRequest request{Operation::list_components, "GET", "/subscriptions/" + subscription + "/providers/microsoft.insights/components", {}};
        for (int page = 0; page < kMaxPages; ++page) {
            const auto response = client_.call(request, job);
            const auto reply = response ? parseObject(response->body, info(Operation::list_components).name) : Result<json>(tl::unexpect, response.error());
            if (!reply) break;  // each by itself then: its error is told
            for (const auto& each : arrayField(*reply, "value"))
                listed[lowered(textField(each, "id"))] = textField(objectField(each, "properties"), "AppId");
            const std::string link = textField(*reply, "nextLink");
            if (link.empty()) break;
            auto next = client_.followed(request, link);
            if (!next) break;
            request = std::move(*next);
        }
    }
    for (const auto& id : components) {
        if (found.contains(id)) continue;
        Result<std::string> app = listed.contains(id) ? Result<std::string>(listed[id]) : [&]() -> Result<std::string> {
            PILOTLIGHT_ASSIGN(const json component, document(Operation::get_component, id, job));
            return textField(objectField(component, "properties"), "AppId");
        }();
        if (app && !isAppName(*app)) app = fail(ErrorCode::protocol, "The component " + id + " has no application id", "Its telemetry cannot be read.", {});
        if (app) {
            const std::lock_guard lock(mutex_);
            insights_apps_[id] = *app;
        }
        found.emplace(id, std::move(app));
    }
    return found;
}

Result<std::vector<Problem>> AzurePlatform::readInsights(std::span<const MetricRequest> requests, const MetricSink& sink, const JobContext& job) {
    std::vector<Problem> problems;
    const Timestamp now = clock()->now(), settled = floorTo(now - kSettles, kPeriod), oldest = ceilTo(now - kRetention, hours{1});
    struct Call {
        std::vector<const Function*> functions;
        TimeRange range;
        seconds step;
        bool one_period;
    };
    // Apps that miss the same range share a call, whatever components they are linked to.
    std::map<std::tuple<Timestamp, Timestamp, bool>, std::vector<const Function*>> groups;
    std::vector<std::string> components;
    for (const auto& request : requests) {
        if (request.function == nullptr || insightsOf(*request.function).empty()) continue;
        const std::string component(insightsOf(*request.function));
        if (std::find(components.begin(), components.end(), component) == components.end()) components.push_back(component);
        TimeRange range{floorTo(std::max(request.range.begin, oldest), kPeriod), ceilTo(request.range.end, kPeriod)};
        if (request.one_period) range.end = floorTo(std::min(request.range.end, now), seconds{60});
        const hours longest = request.one_period ? kRetention : kLongestCall;
        for (Timestamp at = range.begin; at < range.end; at += longest)
            groups[{at, std::min<Timestamp>(at + longest, range.end), request.one_period}].push_back(request.function);
    }
    if (groups.empty()) return problems;
    const auto apps = insightsApps(components, job);
    const auto requestFor = [&](const Call& call) {
        std::vector<std::string> names, ids;
        for (const auto* f : call.functions) {
            names.push_back(f->name);
            const std::string& id = *apps.at(std::string(insightsOf(*f)));
            if (std::find(ids.begin(), ids.end(), id) == ids.end()) ids.push_back(id);
        }
        json body{{"query", insightsQuery(names, call.range, call.step)}};
        if (ids.size() > 1) body["applications"] = std::vector<std::string>(ids.begin() + 1, ids.end());
        return AzureRequest{Operation::query_insights, "POST", "/v1/apps/" + ids.front() + "/query", {}, body.dump()};
    };
    std::vector<Call> calls;
    std::vector<AzureRequest> asked;
    const auto ask = [&](Call call) {
        asked.push_back(requestFor(call));
        calls.push_back(std::move(call));
    };
    for (const auto& [key, functions] : groups) {
        const auto& [begin, end, one_period] = key;
        std::vector<const Function*> known;
        for (const auto* f : functions) {
            const auto& app = apps.at(std::string(insightsOf(*f)));
            if (app) {
                known.push_back(f);
                continue;
            }
            if (endsAll(app.error().code)) return fail(app.error());
            problems.push_back(problem(f->region + "/" + f->name, Operation::get_component, app.error(), f->account));
        }
        for (std::size_t i = 0; i < known.size(); i += kAppsACall) {
            const auto first = known.begin() + static_cast<std::ptrdiff_t>(i);
            ask({{first, first + static_cast<std::ptrdiff_t>(std::min(kAppsACall, known.size() - i))},
                 {begin, end},
                 one_period ? std::chrono::duration_cast<seconds>(end - begin) : kPeriod,
                 one_period});
        }
    }
    auto answers = client_.callAll(asked, kParallelCalls, job);
    // One component that refuses refuses the whole call: then each is asked by itself.
    const std::size_t together = calls.size();
    for (std::size_t i = 0; i < together; ++i) {
        if (answers[i] || endsAll(answers[i].error().code) || calls[i].functions.size() < 2) continue;
        std::map<std::string_view, std::vector<const Function*>> apart;
        for (const auto* f : calls[i].functions) apart[insightsOf(*f)].push_back(f);
        if (apart.size() < 2) continue;
        const Call whole = std::move(calls[i]);
        calls[i].functions.clear();
        for (auto& [component, functions] : apart) ask({std::move(functions), whole.range, whole.step, whole.one_period});
    }
    if (calls.size() > together) {
        auto more = client_.callAll(std::span(asked).subspan(together), kParallelCalls, job);
        std::move(more.begin(), more.end(), std::back_inserter(answers));
    }
    MetricPage page;
    for (std::size_t i = 0; i < calls.size(); ++i) {
        if (calls[i].functions.empty()) continue;
        const auto rows = answers[i] ? parseInsights(answers[i]->body) : Result<std::vector<InsightsRow>>(tl::unexpect, answers[i].error());
        if (!rows && endsAll(rows.error().code)) return fail(rows.error());
        for (const auto* f : calls[i].functions) {
            if (!rows) {
                problems.push_back(problem(f->region + "/" + f->name, Operation::query_insights, rows.error(), f->account));
                continue;
            }
            auto series = insightsSeries(*f, *rows, calls[i].range, calls[i].step, settled, calls[i].one_period);
            std::move(series.begin(), series.end(), std::back_inserter(page.series));
        }
    }
    if (!page.series.empty()) PILOTLIGHT_TRY(sink(std::move(page)));
    return problems;
}

}  // namespace pilotlight::platform::azure
