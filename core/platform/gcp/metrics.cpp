// timeSeries.list: calls, pages, coverage.
#include <fmt/format.h>

#include <cmath>

#include "core/platform/gcp/gcp_platform.h"
#include "core/platform/gcp/metric_page.h"
#include "core/platform/gcp/metric_plan.h"
#include "core/platform/gcp/resource_name.h"

namespace pilotlight::platform::gcp {
namespace {

constexpr std::size_t kParallelCalls = 6;
constexpr int kMaxPages = 5'000;
constexpr seconds kVisible{240};  // points may come that late (execution metrics; Cloud Run: 120 s)

// Takes the pages of one call and hands on what they settle.
class CallReader {
public:
    CallReader(const MetricCall& call, Timestamp now, const MetricSink& sink) : call_(call), sink_(sink) {
        settled_end_ =
            std::max(call.range.begin, std::min(call.range.end, floorTo(now - kVisible, call.one_period ? seconds{60} : call.period)));
        for (const auto* function : call.functions)
            if (const auto name = parseResourceName(function->id)) by_place_[{name->location, name->name}] = function;
    }

    Status take(const TimeSeriesPage& page) {
        for (const auto& series : page.series) {
            const auto function = by_place_.find({label(series, locationLabel(*call_.metric)), label(series, nameLabel(*call_.metric))});
            if (function == by_place_.end()) continue;
            const std::string group = call_.metric->group_label != nullptr
                                          ? label(series, (std::string("metric.") + call_.metric->group_label).c_str())
                                          : std::string{};
            for (const auto& point : series.points) add(*function->second, group, point);
        }
        // Sums over groups are whole only when all pages were read; pages are few, so everything is handed on at the end.
        return page.next_token.empty() ? finish() : Status{};
    }

private:
    static std::string label(const TimeSeries& series, const char* name) {
        const auto at = series.labels.find(name);
        return at == series.labels.end() ? std::string{} : at->second;
    }

    double& slot(const Function& function, Metric metric, Statistic statistic, Timestamp time) {
        return values_[SeriesKey{function.id, {}, metric, statistic, call_.period}].try_emplace(time, 0.0).first->second;
    }
    void set(const Function& function, Metric metric, Statistic statistic, Timestamp time, double value) {
        if (std::isfinite(value)) slot(function, metric, statistic, time) = value;
    }

    void add(const Function& f, const std::string& group, const TimePoint& point) {
        const Timestamp time = point.end - call_.period;
        if (time < call_.range.begin || point.end > call_.range.end) return;
        if (!call_.one_period && point.end > settled_end_) return;  // still growing
        const double k = call_.metric->to_unit;
        switch (call_.metric->reading) {
            case MetricReading::requests:
                slot(f, Metric::invocations, Statistic::sum, time) += point.value;
                // Cloud Run: 5xx; functions of the 1st generation: all but "ok".
                if (call_.metric->first_generation ? group != "ok" : group == "5xx")
                    slot(f, Metric::errors, Statistic::sum, time) += point.value;
                break;
            case MetricReading::duration:
                set(f, Metric::duration, Statistic::p50, time, point.p50 * k);
                set(f, Metric::duration, Statistic::p95, time, point.p95 * k);
                set(f, Metric::duration, Statistic::p99, time, point.p99 * k);
                if (call_.one_period) break;
                set(f, Metric::duration, Statistic::p90, time, point.p90 * k);
                set(f, Metric::duration, Statistic::average, time, point.value * k);
                set(f, Metric::duration, Statistic::sample_count, time, point.count);
                break;
            case MetricReading::starts:
                set(f, Metric::cold_starts, Statistic::sum, time, point.count);
                set(f, Metric::init_duration, Statistic::average, time, point.value * k);
                set(f, Metric::init_duration, Statistic::p95, time, point.p95 * k);
                break;
            case MetricReading::instances:
                slot(f, Metric::instances, Statistic::maximum, time) += point.value;
                if (group == "active") slot(f, Metric::concurrency, Statistic::maximum, time) += point.value;
                break;
            case MetricReading::billable:
                set(f, Metric::billable_time, Statistic::sum, time, point.value * k);
                break;
            case MetricReading::cpu:
                set(f, Metric::cpu_utilization, Statistic::average, time, point.value * k);
                break;
            case MetricReading::memory_share:
                set(f, Metric::memory_used, Statistic::maximum, time, point.highest * k * f.memory.value);
                break;
            case MetricReading::memory_bytes:
                set(f, Metric::memory_used, Statistic::maximum, time, point.highest * k);
                break;
            case MetricReading::pending:
                set(f, Metric::pending_latency, Statistic::average, time, point.value * k);
                set(f, Metric::pending_latency, Statistic::p95, time, point.p95 * k);
                set(f, Metric::pending_latency, Statistic::p99, time, point.p99 * k);
                set(f, Metric::pending_latency, Statistic::sample_count, time, point.count);
                break;
            case MetricReading::gpu:
                set(f, Metric::gpu_utilization, Statistic::average, time, point.value * k);
                set(f, Metric::gpu_utilization, Statistic::maximum, time, point.highest * k);
                break;
            case MetricReading::gpu_memory:
                set(f, Metric::gpu_memory_used, Statistic::maximum, time, point.highest * k);
                break;
        }
    }

    // Series that a function has even where nothing was measured: what has no point had no data.
    [[nodiscard]] std::vector<std::pair<Metric, Statistic>> expected() const {
        switch (call_.metric->reading) {
            case MetricReading::requests:
                return {{Metric::invocations, Statistic::sum}, {Metric::errors, Statistic::sum}};
            case MetricReading::duration:
                return {{Metric::duration, Statistic::average},
                        {Metric::duration, Statistic::p95},
                        {Metric::duration, Statistic::sample_count}};
            case MetricReading::starts:
                return {{Metric::cold_starts, Statistic::sum}};
            case MetricReading::billable:
                return {{Metric::billable_time, Statistic::sum}};
            case MetricReading::pending:
                return {{Metric::pending_latency, Statistic::sample_count}};
            default:
                return {};
        }
    }

    Status finish() {
        if (!call_.one_period) {
            for (const auto* function : call_.functions)
                for (const auto& [metric, statistic] : expected()) values_[SeriesKey{function->id, {}, metric, statistic, call_.period}];
        }
        MetricPage out;
        for (auto& [key, points] : values_) {
            MetricSeries series{key, {}, {}};
            for (const auto& [time, value] : points) series.points.push_back({time, value});
            if (call_.one_period) {
                if (series.points.size() != 1) continue;
                series.coverage.add({series.points.front().time, series.points.front().time + call_.period});
            } else if (call_.range.begin < settled_end_) {
                series.coverage.add({call_.range.begin, settled_end_});
            }
            out.series.push_back(std::move(series));
        }
        return out.series.empty() ? Status{} : sink_(std::move(out));
    }

    const MetricCall& call_;
    const MetricSink& sink_;
    Timestamp settled_end_{};
    std::map<std::pair<std::string, std::string>, const Function*> by_place_;
    std::map<SeriesKey, std::map<Timestamp, double>> values_;
};

GcpRequest requestFor(const MetricCall& call, const std::string& token) {
    return {Operation::list_time_series, "GET", "/v3/projects/" + call.project + "/timeSeries", queryOf(call, token)};
}

std::string scopeOf(const MetricCall& call) {
    const auto& first = *call.functions.front();
    const bool one_region =
        std::all_of(call.functions.begin(), call.functions.end(), [&](const Function* each) { return each->region == first.region; });
    return one_region ? first.region : call.project + " metrics";
}

}  // namespace

Result<std::vector<Problem>> GcpPlatform::readMetrics(std::span<const MetricRequest> requests, const MetricSink& sink,
                                                      const JobContext& job) {
    std::vector<Problem> problems;
    const Timestamp now = clock()->now();
    const std::vector<MetricCall> calls = planMetrics(requests, now);
    TimeSeriesParser parser;
    std::uint64_t points = 0;
    // One call from its first answer to its last page.
    const auto read = [&](const MetricCall& call, Result<net::HttpResponse> response) -> Status {
        CallReader reader(call, now, sink);
        for (int page_number = 0; page_number < kMaxPages; ++page_number) {
            if (!response) return fail(std::move(response).error());
            PILOTLIGHT_ASSIGN(const TimeSeriesPage page, parser.parse(response->body));
            if (!page.problem.empty())
                return fail(ErrorCode::protocol, "monitoring.timeSeries.list answered in part only: " + page.problem,
                            "The rest is missing.", "Sync again.");
            points += static_cast<std::uint64_t>(page.points);
            PILOTLIGHT_TRY(reader.take(page));
            PILOTLIGHT_TRY(job.check());
            if (page.next_token.empty()) return {};
            response = client_.call(requestFor(call, page.next_token), job);
        }
        return fail(ErrorCode::protocol, "monitoring.timeSeries.list does not come to an end", "Reading was stopped.", {});
    };
    for (std::size_t at = 0; at < calls.size(); at += kParallelCalls) {
        PILOTLIGHT_TRY(job.check());
        const std::size_t end = std::min(calls.size(), at + kParallelCalls);
        std::vector<GcpRequest> batch;
        for (std::size_t i = at; i < end; ++i) batch.push_back(requestFor(calls[i], {}));
        auto responses = client_.callAll(batch, kParallelCalls, job);
        for (std::size_t i = at; i < end; ++i) {
            Status done = read(calls[i], std::move(responses[i - at]));
            if (done) continue;
            if (endsAll(done.error().code)) return fail(std::move(done).error());
            // A metric that this project has never written is unknown to the service: there is nothing of it.
            if (done.error().code == ErrorCode::not_found) {
                TimeSeriesPage nothing;
                CallReader empty(calls[i], now, sink);
                PILOTLIGHT_TRY(empty.take(nothing));
                continue;
            }
            problems.push_back(problem(scopeOf(calls[i]), Operation::list_time_series, std::move(done).error(), calls[i].project));
        }
        job.report(
            {fmt::format("Metrics, {}", calls[at].project), static_cast<double>(end) / static_cast<double>(calls.size()), 0, points});
    }
    return problems;
}

}  // namespace pilotlight::platform::gcp
