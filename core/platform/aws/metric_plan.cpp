#include "core/platform/aws/metric_plan.h"

#include <fmt/format.h>

#include <nlohmann/json.hpp>
#include <tuple>

#include "core/platform/aws/operations.h"

namespace pilotlight::platform::aws {
namespace {

constexpr hours kFiveMinuteRetention{63 * 24};
constexpr hours kHourRetention{455 * 24};
constexpr hours kMargin{2};  // what is about to fall out of retention is asked for at the longer period

struct Stat {
    Statistic statistic;
    const char* name;
};
// Statistics of one metric that are charged together.
struct Group {
    Metric metric;
    const char* name;
    std::vector<Stat> stats;  // at most 5
};

const std::vector<Group>& functionGroups() {
    using enum Statistic;
    static const std::vector<Group> groups = {
        {Metric::invocations, "Invocations", {{sum, "Sum"}}},
        {Metric::errors, "Errors", {{sum, "Sum"}}},
        {Metric::throttles, "Throttles", {{sum, "Sum"}}},
        {Metric::duration,
         "Duration",
         {{sum, "Sum"}, {average, "Average"}, {minimum, "Minimum"}, {maximum, "Maximum"}, {sample_count, "SampleCount"}}},
        {Metric::duration, "Duration", {{p50, "p50"}, {p90, "p90"}, {p95, "p95"}, {p99, "p99"}}},
        {Metric::concurrency, "ConcurrentExecutions", {{maximum, "Maximum"}, {average, "Average"}}},
    };
    return groups;
}

const std::vector<Group>& qualifierGroups() {
    using enum Statistic;
    static const std::vector<Group> groups = {
        {Metric::invocations, "Invocations", {{sum, "Sum"}}},
        {Metric::pool_concurrency, "ProvisionedConcurrentExecutions", {{maximum, "Maximum"}}},
        {Metric::pool_utilization, "ProvisionedConcurrencyUtilization", {{maximum, "Maximum"}, {average, "Average"}}},
        {Metric::pool_invocations, "ProvisionedConcurrencyInvocations", {{sum, "Sum"}}},
        {Metric::pool_spillover, "ProvisionedConcurrencySpilloverInvocations", {{sum, "Sum"}}},
    };
    return groups;
}

const std::vector<Group>& percentileGroups() {
    static const std::vector<Group> groups = {functionGroups()[4]};
    return groups;
}

bool isPercentile(Statistic statistic) { return statistic >= Statistic::p50; }

// A range and a period that go together.
struct Piece {
    TimeRange range;
    seconds period{300};
};

std::vector<Piece> piecesOf(TimeRange range, Timestamp now) {
    std::vector<Piece> pieces;
    const Timestamp fine = ceilTo(now - kFiveMinuteRetention + kMargin, hours{1});
    const Timestamp oldest = ceilTo(now - kHourRetention + kMargin, hours{1});
    const auto add = [&](TimeRange part, seconds period) {
        part.begin = floorTo(part.begin, period);
        part.end = ceilTo(part.end, period);
        if (!part.empty()) pieces.push_back({part, period});
    };
    const TimeRange coarse{std::max(range.begin, oldest), std::min(range.end, fine)};
    if (!coarse.empty()) add(coarse, seconds{3600});
    const TimeRange recent{std::max(range.begin, fine), range.end};
    if (!recent.empty()) add(recent, seconds{300});
    return pieces;
}

Piece spanning(TimeRange range, Timestamp now) {
    const auto age = now - range.begin;
    const seconds unit = age > kFiveMinuteRetention - kMargin ? seconds{3600} : age > hours{15 * 24 - 2} ? seconds{300} : seconds{60};
    range.begin = floorTo(range.begin, unit);
    range.end = ceilTo(range.end, unit);
    return {range, std::chrono::duration_cast<seconds>(range.length())};
}

class Packer {
public:
    explicit Packer(std::vector<MetricBatch>& batches) : batches_(batches) {}

    void add(const Function& function, const std::string& qualifier, const Piece& piece, bool one_period,
             const std::vector<Group>& groups) {
        for (const Group& group : groups) {
            MetricBatch& batch = open(function.region, piece, one_period, group.stats.size());
            ++batch.metrics;
            for (const Stat& stat : group.stats) {
                batch.queries.push_back({SeriesKey{function.id, qualifier, group.metric, stat.statistic, piece.period}, function.name,
                                         qualifier.empty() ? std::string{} : function.name + ":" + qualifier, group.name, stat.name});
            }
        }
    }

private:
    // The batch of that range that has room. A group is never split over two calls: it would be charged twice.
    MetricBatch& open(const std::string& region, const Piece& piece, bool one_period, std::size_t room) {
        auto& at = open_[std::tuple(region, piece.range.begin, piece.range.end, piece.period, one_period)];
        if (at == 0 || batches_[at - 1].queries.size() + room > kMaxQueries) {
            batches_.push_back({region, piece.range, piece.period, one_period, {}, 0});
            at = batches_.size();
        }
        return batches_[at - 1];
    }

    std::vector<MetricBatch>& batches_;
    std::map<std::tuple<std::string, Timestamp, Timestamp, seconds, bool>, std::size_t> open_;
};

}  // namespace

bool MetricBatch::hasPercentiles() const {
    return std::any_of(queries.begin(), queries.end(), [](const MetricQuery& query) { return isPercentile(query.key.statistic); });
}

MetricBatch MetricBatch::withoutPercentiles() const {
    MetricBatch rest = *this;
    std::erase_if(rest.queries, [](const MetricQuery& query) { return isPercentile(query.key.statistic); });
    return rest;
}

std::vector<MetricBatch> planMetrics(std::span<const MetricRequest> requests, Timestamp now) {
    std::vector<MetricBatch> batches;
    Packer packer(batches);
    for (const auto& request : requests) {
        if (request.function == nullptr || request.range.empty()) continue;
        if (request.one_period) {
            packer.add(*request.function, {}, spanning(request.range, now), true, percentileGroups());
            continue;
        }
        for (const Piece& piece : piecesOf(request.range, now)) {
            packer.add(*request.function, {}, piece, false, functionGroups());
            for (const auto& qualifier : request.qualifiers) {
                if (!qualifier.empty()) packer.add(*request.function, qualifier, piece, false, qualifierGroups());
            }
        }
    }
    return batches;
}

std::string metricDataBody(const MetricBatch& batch, const std::string& next_token) {
    using nlohmann::json;
    const auto epoch = [](Timestamp t) { return std::chrono::duration_cast<seconds>(t.time_since_epoch()).count(); };
    json queries = json::array();
    for (std::size_t i = 0; i < batch.queries.size(); ++i) {
        const MetricQuery& query = batch.queries[i];
        json dimensions = json::array({{{"Name", "FunctionName"}, {"Value", query.function_name}}});
        if (!query.resource.empty()) dimensions.push_back({{"Name", "Resource"}, {"Value", query.resource}});
        const json metric = {{"Namespace", "AWS/Lambda"}, {"MetricName", query.metric_name}, {"Dimensions", dimensions}};
        queries.push_back({{"Id", fmt::format("q{}", i)},
                           {"MetricStat", {{"Metric", metric}, {"Period", batch.period.count()}, {"Stat", query.stat}}},
                           {"ReturnData", true}});
    }
    json body = {{"StartTime", epoch(batch.range.begin)},
                 {"EndTime", epoch(batch.range.end)},
                 {"ScanBy", "TimestampAscending"},
                 {"MaxDatapoints", kMaxPagePoints},
                 {"MetricDataQueries", std::move(queries)}};
    if (!next_token.empty()) body["NextToken"] = next_token;
    return body.dump();
}

Money priceOf(const MetricBatch& batch) { return kMetricPrice.times(static_cast<double>(batch.metrics)); }

}  // namespace pilotlight::platform::aws
