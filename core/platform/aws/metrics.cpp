// GetMetricData: batches, pages, coverage.
#include <fmt/format.h>

#include "core/platform/aws/aws_platform.h"
#include "core/platform/aws/metric_page.h"
#include "core/platform/aws/metric_plan.h"

namespace pilotlight::platform::aws {
namespace {

constexpr std::size_t kParallelBatches = 4;
constexpr int kMaxPages = 5'000;

// Takes the pages of one batch and says what they settle.
class BatchReader {
public:
    BatchReader(const MetricBatch& batch, Timestamp now, const MetricSink& sink)
        : batch_(batch), sink_(sink), failed_(batch.queries.size()) {
        // The period that is still running has a value, but not its last one.
        settled_end_ = std::max(batch.range.begin, std::min(batch.range.end, floorTo(now, batch.period)));
    }

    Status take(MetricDataPage& page) {
        const bool last = page.next_token.empty();
        MetricPage out;
        std::vector<std::size_t> at(batch_.queries.size(), SIZE_MAX);
        for (auto& result : page.results) {
            if (result.status == MetricStatus::forbidden || result.status == MetricStatus::internal_error ||
                (last && result.status == MetricStatus::partial)) {
                failed_[result.query] = true;
                if (status_ == MetricStatus::complete) status_ = result.status;
            }
            if (batch_.one_period && result.points.size() != 1) continue;  // the endpoint cut the range into pieces
            if (at[result.query] == SIZE_MAX) {
                at[result.query] = out.series.size();
                out.series.push_back({batch_.queries[result.query].key, {}, {}});
            }
            MetricSeries& series = out.series[at[result.query]];
            series.points.insert(series.points.end(), result.points.begin(), result.points.end());
        }
        for (auto& series : out.series) settle(series);
        if (last && !batch_.one_period) {
            // Everything was answered: what has no point had no data.
            for (std::size_t i = 0; i < batch_.queries.size(); ++i) {
                if (failed_[i]) continue;
                if (at[i] == SIZE_MAX) {
                    at[i] = out.series.size();
                    out.series.push_back({batch_.queries[i].key, {}, {}});
                }
                out.series[at[i]].coverage.add({batch_.range.begin, settled_end_});
            }
        }
        if (!page.message.empty()) message_ = page.message;
        return out.series.empty() ? Status{} : sink_(std::move(out));
    }

    [[nodiscard]] std::optional<Error> problem() const {
        if (status_ == MetricStatus::complete) return std::nullopt;
        const auto count = std::count(failed_.begin(), failed_.end(), true);
        if (status_ == MetricStatus::forbidden) {
            return Error{ErrorCode::permission_denied, fmt::format("CloudWatch refused {} series", count), message_,
                         "Allow cloudwatch:GetMetricData.", "cloudwatch:GetMetricData"};
        }
        return Error{ErrorCode::protocol, fmt::format("CloudWatch answered {} series in part only", count),
                     message_.empty() ? "They are shown with gaps." : message_, "Sync again."};
    }

private:
    // Pages come in ascending time: what lies before a series' last point is settled, also if nothing more is ever read.
    void settle(MetricSeries& series) const {
        if (series.points.empty()) return;
        const Timestamp end = std::min(series.points.back().time + batch_.period, settled_end_);
        if (batch_.one_period) {
            series.coverage.add({series.points.front().time, series.points.front().time + batch_.period});
        } else if (batch_.range.begin < end) {
            series.coverage.add({batch_.range.begin, end});
        }
    }

    const MetricBatch& batch_;
    const MetricSink& sink_;
    Timestamp settled_end_{};
    std::vector<bool> failed_;
    MetricStatus status_ = MetricStatus::complete;
    std::string message_;
};

bool stopsAll(const Error& error) {
    return error.code == ErrorCode::cancelled || error.code == ErrorCode::budget_exceeded || error.code == ErrorCode::unauthenticated ||
           error.code == ErrorCode::credentials_expired || error.code == ErrorCode::storage || error.code == ErrorCode::locked;
}

AwsRequest requestFor(const MetricBatch& batch, const std::string& token) {
    AwsRequest request = jsonRequest(Operation::get_metric_data, batch.region, metricDataBody(batch, token));
    if (token.empty()) request.price = priceOf(batch);  // further pages of the same request are not charged again
    return request;
}

}  // namespace

Result<std::vector<Problem>> AwsPlatform::readMetrics(std::span<const MetricRequest> requests, const MetricSink& sink,
                                                      const JobContext& job) {
    std::vector<Problem> problems;
    const Timestamp now = clock()->now();
    std::vector<MetricBatch> batches = planMetrics(requests, now);
    MetricPageParser parser;
    std::uint64_t points = 0;
    bool percentiles_unknown = false;

    // One batch from its first answer to its last page.
    const auto read = [&](const MetricBatch& batch, Result<net::HttpResponse> response) -> Status {
        BatchReader reader(batch, now, sink);
        for (int page_number = 0; page_number < kMaxPages; ++page_number) {
            if (!response) return fail(std::move(response).error());
            PILOTLIGHT_ASSIGN(MetricDataPage page, parser.parse(response->body, batch.queries.size()));
            for (const auto& result : page.results) points += result.points.size();
            PILOTLIGHT_TRY(reader.take(page));
            PILOTLIGHT_TRY(job.check());
            if (page.next_token.empty()) {
                if (auto error = reader.problem()) problems.push_back(problem(batch.region, Operation::get_metric_data, std::move(*error)));
                return {};
            }
            response = client_.call(requestFor(batch, page.next_token), job);
        }
        return fail(ErrorCode::protocol, "cloudwatch:GetMetricData does not come to an end", "Reading was stopped.", {});
    };

    for (std::size_t at = 0; at < batches.size(); at += kParallelBatches) {
        PILOTLIGHT_TRY(job.check());
        const std::size_t end = std::min(batches.size(), at + kParallelBatches);
        std::vector<AwsRequest> calls;
        std::vector<std::size_t> asked;
        for (std::size_t i = at; i < end; ++i) {
            if (percentiles_unknown) batches[i] = batches[i].withoutPercentiles();
            if (batches[i].queries.empty()) continue;
            calls.push_back(requestFor(batches[i], {}));
            asked.push_back(i);
        }
        auto responses = client_.callAll(calls, kParallelBatches, job);
        for (std::size_t answer = 0; answer < asked.size(); ++answer) {
            const std::size_t i = asked[answer];
            Status done = read(batches[i], std::move(responses[answer]));
            if (!done && batches[i].hasPercentiles() && !stopsAll(done.error()) && done.error().code != ErrorCode::permission_denied &&
                done.error().code != ErrorCode::throttled) {
                // Some AWS-compatible endpoints know no percentiles and fail as a whole: better without them than nothing.
                MetricBatch plain = batches[i].withoutPercentiles();
                Status again = plain.queries.empty() ? Status{} : read(plain, client_.call(requestFor(plain, {}), job));
                if (again) {
                    if (!percentiles_unknown) {
                        problems.push_back(problem(batches[i].region, Operation::get_metric_data,
                                                   Error{ErrorCode::unsupported,
                                                         "The endpoint gave no percentiles of Duration",
                                                         "Percentiles are known from logs only. " + done.error().what,
                                                         {}}));
                    }
                    percentiles_unknown = true;
                    continue;
                }
                done = std::move(again);
            }
            if (!done) {
                if (stopsAll(done.error())) return fail(std::move(done).error());
                problems.push_back(problem(batches[i].region, Operation::get_metric_data, std::move(done).error()));
            }
        }
        job.report(
            {fmt::format("Metrics, {}", batches[at].region), static_cast<double>(end) / static_cast<double>(batches.size()), 0, points});
    }
    return problems;
}

}  // namespace pilotlight::platform::aws
