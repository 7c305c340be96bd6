#include <fmt/format.h>

#include <cmath>
#include <nlohmann/json.hpp>

#include "core/platform/azure/azure_platform.h"
#include "core/platform/azure/insights.h"
#include "core/platform/azure/metrics_parse.h"
#include "core/platform/json_fields.h"

namespace pilotlight::platform::azure {

using nlohmann::json;

namespace {

constexpr seconds kPeriod{300};
constexpr hours kRetention{93 * 24};  // of platform metrics
constexpr hours kLongestCall{30 * 24};
constexpr seconds kSettles{600};  // execution units can spread over several minutes
constexpr std::size_t kParallelCalls = 8;

}  // namespace

std::vector<const char*> metricNames(const Function& function) {
    const std::string_view kind = function.untunedText(untuned_key::kKind);
    std::vector<const char*> names{"Requests", "Http5xx", "HttpResponseTime", "InstanceCount", "MemoryWorkingSet"};
    if (kind == "flex") {
        for (const char* each : {"OnDemandFunctionExecutionCount", "OnDemandFunctionExecutionUnits", "AlwaysReadyFunctionExecutionCount",
                                 "AlwaysReadyFunctionExecutionUnits", "CpuPercentage"})
            names.push_back(each);
    } else if (kind == "consumption") {
        for (const char* each : {"FunctionExecutionCount", "FunctionExecutionUnits"}) names.push_back(each);
    }
    return names;
}

Result<MetricValues> parseMetrics(std::string_view body) {
    PILOTLIGHT_ASSIGN(const json root, parseObject(body, "Microsoft.Insights/metrics/read"));
    MetricValues out;
    for (const auto& metric : arrayField(root, "value")) {
        const std::string name = textField(objectField(metric, "name"), "value");
        if (name.empty()) continue;
        for (const auto& series : arrayField(metric, "timeseries")) {
            for (const auto& point : arrayField(series, "data")) {
                const auto time = parseIso8601(textField(point, "timeStamp"));
                if (!time) continue;
                if (const auto total = numberField(point, "total"); total && std::isfinite(*total)) out.total[name][*time] += *total;
                if (const auto average = numberField(point, "average"); average && std::isfinite(*average))
                    out.average[name][*time] = *average;
            }
        }
    }
    return out;
}

std::vector<MetricSeries> seriesOf(const Function& f, const MetricValues& values, TimeRange range, Timestamp settled) {
    std::map<std::pair<Metric, Statistic>, std::map<Timestamp, double>> out;
    const auto add = [&](const char* name, Metric metric, Statistic statistic, double factor) {
        auto& points = out[{metric, statistic}];
        if (const auto at = values.total.find(name); at != values.total.end())
            for (const auto& [time, value] : at->second) points[time] += value * factor;
    };
    const auto mean = [&](const char* name, Metric metric, Statistic statistic, double factor) {
        if (const auto at = values.average.find(name); at != values.average.end())
            for (const auto& [time, value] : at->second) out[{metric, statistic}][time] = value * factor;
    };
    const std::string_view kind = f.untunedText(untuned_key::kKind);
    // Units are MB-ms: over the instance's size they are milliseconds of it.
    const double to_seconds = f.memory.value > 0 ? 1.0 / (f.memory.value * 1000.0) : 0;
    if (kind == "flex") {
        add("OnDemandFunctionExecutionCount", Metric::invocations, Statistic::sum, 1);
        add("AlwaysReadyFunctionExecutionCount", Metric::invocations, Statistic::sum, 1);
        add("OnDemandFunctionExecutionUnits", Metric::billable_time, Statistic::sum, to_seconds);
        add("AlwaysReadyFunctionExecutionUnits", Metric::billable_time, Statistic::sum, to_seconds);
        add("AlwaysReadyFunctionExecutionUnits", Metric::pool_billable_time, Statistic::sum, to_seconds);
        add("AlwaysReadyFunctionExecutionCount", Metric::pool_invocations, Statistic::sum, 1);
        mean("CpuPercentage", Metric::cpu_utilization, Statistic::average, 0.01);
    } else if (kind == "consumption") {
        add("FunctionExecutionCount", Metric::invocations, Statistic::sum, 1);
        add("FunctionExecutionUnits", Metric::billable_time, Statistic::sum, to_seconds);
    } else {
        add("Requests", Metric::invocations, Statistic::sum, 1);
        // Every instance is billed while it is there.
        mean("InstanceCount", Metric::billable_time, Statistic::sum, static_cast<double>(kPeriod.count()));
    }
    if (insightsOf(f).empty()) {  // else it tells these by the request, of all triggers
        add("Http5xx", Metric::errors, Statistic::sum, 1);
        add("Requests", Metric::duration, Statistic::sample_count, 1);
        mean("HttpResponseTime", Metric::duration, Statistic::average, 1000);
    }
    mean("InstanceCount", Metric::instances, Statistic::average, 1);
    mean("MemoryWorkingSet", Metric::memory_used, Statistic::average, 1.0 / 1048576);
    std::vector<MetricSeries> series;
    for (const auto& [key, points] : out) {
        MetricSeries one{{f.id, {}, key.first, key.second, kPeriod}, {}, {}};
        for (const auto& [time, value] : points)
            if (range.contains(time) && time + kPeriod <= settled) one.points.push_back({time, value});
        const TimeRange known = range.clippedTo({range.begin, settled});
        if (!known.empty()) one.coverage.add(known);
        series.push_back(std::move(one));
    }
    return series;
}

Result<std::vector<Problem>> AzurePlatform::readMetrics(std::span<const MetricRequest> requests, const MetricSink& sink,
                                                        const JobContext& job) {
    std::vector<Problem> problems;
    const Timestamp now = clock()->now();
    const Timestamp settled = floorTo(now - kSettles, kPeriod), oldest = ceilTo(now - kRetention, hours{1});
    struct Call {
        const Function* function;
        TimeRange range;
    };
    std::vector<Call> calls;
    std::vector<AzureRequest> asked;
    for (const auto& request : requests) {
        // Percentiles do not exist here, so there is nothing to ask over the whole range (readInsights does).
        if (request.function == nullptr || request.one_period) continue;
        TimeRange range{floorTo(std::max(request.range.begin, oldest), kPeriod), ceilTo(request.range.end, kPeriod)};
        for (Timestamp at = range.begin; at < range.end; at += kLongestCall) {
            const TimeRange part{at, std::min<Timestamp>(at + kLongestCall, range.end)};
            std::string names;
            for (const char* name : metricNames(*request.function)) names += (names.empty() ? "" : ",") + std::string(name);
            calls.push_back({request.function, part});
            asked.push_back({Operation::list_metrics,
                             "GET",
                             request.function->id + "/providers/microsoft.insights/metrics",
                             {{"metricnamespace", "Microsoft.Web/sites"},
                              {"metricnames", names},
                              {"timespan", toIso8601(part.begin) + "/" + toIso8601(part.end)},
                              {"interval", "PT5M"},
                              {"aggregation", "Total,Average"}}});
        }
    }
    for (std::size_t at = 0; at < calls.size(); at += kParallelCalls) {
        PILOTLIGHT_TRY(job.check());
        const std::size_t end = std::min(calls.size(), at + kParallelCalls);
        auto answers = client_.callAll(std::span(asked).subspan(at, end - at), kParallelCalls, job);
        MetricPage page;
        for (std::size_t i = at; i < end; ++i) {
            auto& answer = answers[i - at];
            auto values = answer ? parseMetrics(answer->body) : Result<MetricValues>(tl::unexpect, answer.error());
            if (!values) {
                if (endsAll(values.error().code)) return fail(values.error());
                problems.push_back(problem(calls[i].function->region + "/" + calls[i].function->name, Operation::list_metrics,
                                           values.error(), calls[i].function->account));
                continue;
            }
            auto series = seriesOf(*calls[i].function, *values, calls[i].range, settled);
            std::move(series.begin(), series.end(), std::back_inserter(page.series));
        }
        if (!page.series.empty()) PILOTLIGHT_TRY(sink(std::move(page)));
        job.report({"Metrics, Azure", static_cast<double>(end) / static_cast<double>(calls.size()), 0, end});
    }
    PILOTLIGHT_ASSIGN(auto more, readInsights(requests, sink, job));
    std::move(more.begin(), more.end(), std::back_inserter(problems));
    return problems;
}

ReadEstimate AzurePlatform::estimate(std::span<const MetricRequest> metrics, std::span<const LogRequest>) const {
    ReadEstimate estimate;
    for (const auto& request : metrics)
        if (!request.one_period || !insightsOf(*request.function).empty())
            estimate.calls += 1 + request.range.length() / milliseconds(kLongestCall);
    estimate.text = fmt::format("{} calls, no charge", estimate.calls);
    return estimate;
}

}  // namespace pilotlight::platform::azure
