#include "core/platform/gcp/metric_plan.h"

#include <fmt/format.h>

#include <map>
#include <set>

#include "core/platform/gcp/function_parse.h"
#include "core/platform/gcp/resource_name.h"

namespace pilotlight::platform::gcp {

// Google Cloud metrics lists (monitoring/api/metrics_gcp): kinds, types and units. Percentiles come from merged histograms (DELTA, then
// SUM over revisions): a percentile aligner over several series could only be averaged, which is wrong.
std::span<const MetricDefinition> metricDefinitions() {
    using enum MetricReading;
    static constexpr MetricDefinition table[] = {
        {"run.googleapis.com/request_count", false, "ALIGN_DELTA", "REDUCE_SUM", "response_code_class", requests, 1, false},
        {"run.googleapis.com/request_latencies", false, "ALIGN_DELTA", "REDUCE_SUM", nullptr, duration, 1, true},
        {"run.googleapis.com/container/startup_latencies", false, "ALIGN_DELTA", "REDUCE_SUM", nullptr, starts, 1, false},
        {"run.googleapis.com/container/instance_count", false, "ALIGN_MAX", "REDUCE_SUM", "state", instances, 1, false},
        {"run.googleapis.com/container/billable_instance_time", false, "ALIGN_DELTA", "REDUCE_SUM", nullptr, billable, 1, false},
        {"run.googleapis.com/container/cpu/utilizations", false, "ALIGN_DELTA", "REDUCE_SUM", nullptr, cpu, 1, false},
        {"run.googleapis.com/container/memory/utilizations", false, "ALIGN_DELTA", "REDUCE_SUM", nullptr, memory_share, 1, false},
        {"run.googleapis.com/request_latency/pending", false, "ALIGN_DELTA", "REDUCE_SUM", nullptr, pending, 1, false},
        // Gauges: ALIGN_DELTA is for deltas, ALIGN_SUM merges their distributions.
        {"run.googleapis.com/container/gpu/utilizations", false, "ALIGN_SUM", "REDUCE_SUM", nullptr, gpu, 1, false, true},
        {"run.googleapis.com/container/gpu/memory_usages", false, "ALIGN_SUM", "REDUCE_SUM", nullptr, gpu_memory, 1.0 / 1048576, false, true},
        {"cloudfunctions.googleapis.com/function/execution_count", true, "ALIGN_DELTA", "REDUCE_SUM", "status", requests, 1, false},
        {"cloudfunctions.googleapis.com/function/execution_times", true, "ALIGN_DELTA", "REDUCE_SUM", nullptr, duration, 1e-6, true},
        {"cloudfunctions.googleapis.com/function/instance_count", true, "ALIGN_MAX", "REDUCE_SUM", "state", instances, 1, false},
        {"cloudfunctions.googleapis.com/function/user_memory_bytes", true, "ALIGN_DELTA", "REDUCE_SUM", nullptr, memory_bytes,
         1.0 / 1048576, false},
    };
    return table;
}

const char* nameLabel(const MetricDefinition& metric) {
    return metric.first_generation ? "resource.function_name" : "resource.service_name";
}
const char* locationLabel(const MetricDefinition& metric) { return metric.first_generation ? "resource.region" : "resource.location"; }

// Answers of some 16 MB: a point of a distribution has some 400 bytes, a number 150. 100,000 is the most that the service gives.
std::size_t pageSize(const MetricDefinition& metric) {
    using enum MetricReading;
    return metric.reading == requests || metric.reading == instances || metric.reading == billable ? 100'000 : 40'000;
}

namespace {

// "resource.service_name" -> "resource.labels.service_name"
std::string fieldOf(const char* label) {
    std::string text = label;
    return text.insert(text.find('.') + 1, "labels.");
}

}  // namespace

std::vector<MetricCall> planMetrics(std::span<const MetricRequest> requests, Timestamp now) {
    std::vector<MetricCall> calls;
    std::map<std::tuple<const MetricDefinition*, std::string, Timestamp, Timestamp, bool>, std::size_t> open;
    const Timestamp oldest = ceilTo(now - kMetricRetention, hours{1});
    for (const auto& request : requests) {
        if (request.function == nullptr) continue;
        TimeRange range{std::max(request.range.begin, oldest), request.range.end};
        const seconds unit = request.one_period ? seconds{60} : seconds{300};
        range.begin = floorTo(range.begin, unit);
        range.end = ceilTo(range.end, unit);
        if (range.empty()) continue;
        const bool first_generation = request.function->untunedText(kKind) == "gen1";
        const bool has_gpu = !request.function->untunedText(kAccelerator).empty();
        for (const auto& metric : metricDefinitions()) {
            if (metric.with_gpu && !has_gpu) continue;
            if (metric.first_generation != first_generation || (request.one_period && !metric.spanning)) continue;
            auto& at = open[std::tuple(&metric, request.function->account, range.begin, range.end, request.one_period)];
            if (at == 0 || calls[at - 1].functions.size() >= kFunctionsACall || calls[at - 1].names > kNamesACall) {
                calls.push_back({&metric,
                                 request.function->account,
                                 range,
                                 request.one_period ? std::chrono::duration_cast<seconds>(range.length()) : seconds{300},
                                 request.one_period,
                                 {}});
                at = calls.size();
            }
            calls[at - 1].functions.push_back(request.function);
            calls[at - 1].names += request.function->name.size() + 3;
        }
    }
    return calls;
}

std::vector<std::pair<std::string, std::string>> queryOf(const MetricCall& call, const std::string& page_token) {
    const MetricDefinition& metric = *call.metric;
    std::set<std::string> names;
    for (const auto* function : call.functions)
        if (const auto name = parseResourceName(function->id)) names.insert(name->name);
    std::string list;
    for (const auto& name : names) list += (list.empty() ? "\"" : ",\"") + name + "\"";
    // The resource type is pinned: some metrics are written on several.
    const std::string filter =
        fmt::format(R"(metric.type="{}" AND resource.type="{}" AND {}=one_of({}))", metric.type,
                    metric.first_generation ? "cloud_function" : "cloud_run_revision", fieldOf(nameLabel(metric)), list);
    std::vector<std::pair<std::string, std::string>> query{{"filter", filter},
                                                           {"interval.startTime", toIso8601(call.range.begin)},
                                                           {"interval.endTime", toIso8601(call.range.end)},
                                                           {"aggregation.alignmentPeriod", fmt::format("{}s", call.period.count())},
                                                           {"aggregation.perSeriesAligner", metric.aligner},
                                                           {"aggregation.crossSeriesReducer", metric.reducer},
                                                           {"aggregation.groupByFields", fieldOf(nameLabel(metric))},
                                                           {"aggregation.groupByFields", fieldOf(locationLabel(metric))}};
    if (metric.group_label != nullptr) query.emplace_back("aggregation.groupByFields", std::string("metric.labels.") + metric.group_label);
    query.emplace_back("pageSize", std::to_string(pageSize(metric)));
    if (!page_token.empty()) query.emplace_back("pageToken", page_token);
    return query;
}

}  // namespace pilotlight::platform::gcp
