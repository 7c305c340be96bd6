// FilterLogEvents: every cold-start line, and full report lines within the budget.
#include <fmt/format.h>

#include <nlohmann/json.hpp>
#include <set>

#include "core/platform/aws/aws_platform.h"
#include "core/platform/aws/log_page.h"
#include "core/platform/aws/log_windows.h"
#include "core/platform/aws/report_line.h"

namespace pilotlight::platform::aws {
namespace {

constexpr int kMaxPages = 200'000;
constexpr std::int64_t kPageEvents = 10'000;
constexpr int kProbePages = 6;     // read first where nobody knows how many lines there are
constexpr seconds kIngestion{15};  // until a line that was written can be found

// Quoted terms: understood by the service in text and JSON logs alike, and by AWS-compatible endpoints.
const char* coldPattern(const Function& function) {
    if (function.json_logs) return function.snap_start ? "?\"initDurationMs\" ?\"restoreDurationMs\"" : "\"initDurationMs\"";
    return function.snap_start ? "?\"Init Duration\" ?\"Restore Duration\"" : "\"Init Duration\"";
}
const char* fullPattern(const Function& function) { return function.json_logs ? "\"platform.report\"" : "\"REPORT RequestId\""; }

class FunctionLogReader {
public:
    FunctionLogReader(AwsClient& client, const LogRequest& request, Timestamp now, const InvocationSink& sink, const JobContext& job)
        : client_(client), request_(request), function_(*request.function), sink_(sink), job_(job) {
        // A line is written at the end of its invocation. Invocations that began in a part end at most a time-out (and an INIT, whose limit
        // is 10 s, or the time-out again with retries) later; for those that may still run, nothing is complete yet.
        tail_ = std::chrono::duration_cast<milliseconds>(function_.timeout + kIngestion);
        settled_ = now - tail_;
    }

    Status run() {
        if (function_.log_group.empty()) return {};
        RangeSet cold_missing = request_.known_cold.missingIn(request_.range);
        for (const TimeRange& range : cold_missing.ranges()) PILOTLIGHT_TRY(readPart(range, coldPattern(function_), true, kMaxPages));
        const RangeSet missing = request_.known_complete.missingIn(request_.range);
        if (missing.ranges().empty()) return {};
        std::int64_t expected = request_.expected_invocations;
        RangeSet open = missing;
        if (expected <= 0) {
            // Nobody knows how many lines there are: a few pages from the start tell whether that is all, or else how dense they are.
            const TimeRange first = missing.ranges().front();
            const bool alone = missing.ranges().size() == 1;
            PILOTLIGHT_TRY(readPart(first, fullPattern(function_), false, kProbePages));
            open = done_.missingIn(first).intersectedWith(first);
            if (alone && open.ranges().empty()) return {};
            const auto seen = std::max<milliseconds>(last_seen_ - first.begin, milliseconds{1});
            expected = std::max<std::int64_t>(
                1, static_cast<std::int64_t>(static_cast<double>(lines_) * static_cast<double>(missing.length().count()) /
                                             static_cast<double>(seen.count())));
            open = RangeSet{};
            for (const TimeRange& range : missing.ranges()) {
                for (const TimeRange& gap : done_.missingIn(range).ranges()) open.add(gap);
            }
        }
        const std::uint64_t seed = hashOf(function_.id) ^ static_cast<std::uint64_t>(request_.range.begin.time_since_epoch().count());
        const LogPlan plan = planLogWindows(open, expected, request_.line_budget - lines_, seed);
        for (const TimeRange& window : plan.windows) {
            if (lines_ >= request_.line_budget) break;
            PILOTLIGHT_TRY(readPart(window, fullPattern(function_), false, kMaxPages));
        }
        return {};
    }

    [[nodiscard]] std::int64_t lines() const { return lines_; }

private:
    // All events that match, of invocations that began in `part`; at most so many pages (then nothing of it counts as complete).
    Status readPart(TimeRange part, const char* pattern, bool cold_only, int max_pages) {
        nlohmann::json body = {{"logGroupName", function_.log_group},
                               {"startTime", part.begin.time_since_epoch().count()},
                               {"endTime", (part.end + tail_).time_since_epoch().count() - 1},
                               {"filterPattern", pattern},
                               {"limit", kPageEvents}};
        for (int number = 0; number < max_pages; ++number) {
            PILOTLIGHT_TRY(job_.check());
            PILOTLIGHT_ASSIGN(const auto response,
                              client_.call(jsonRequest(Operation::filter_log_events, function_.region, body.dump()), job_));
            PILOTLIGHT_ASSIGN(const LogPage page, parseLogPage(response.body));
            InvocationPage out;
            out.function_id = function_.id;
            for (const LogEvent& event : page.events) {
                if (!cold_only) last_seen_ = std::max(last_seen_, event.time);
                take(event, part, cold_only, out);
            }
            const bool last = page.next_token.empty();
            if (last) cover(part, cold_only, out);
            if (!cold_only) lines_ += out.lines;
            if (last || !out.log.invocations.empty() || out.unreadable > 0) {
                std::sort(out.log.invocations.begin(), out.log.invocations.end(),
                          [](const Invocation& a, const Invocation& b) { return a.time < b.time; });
                PILOTLIGHT_TRY(sink_(std::move(out)));
            }
            if (last) return {};
            // A part of unknown size may hold more than the budget: it ends here, and nothing of it counts as complete.
            if (!cold_only && lines_ >= request_.line_budget) return {};
            body["nextToken"] = page.next_token;
        }
        if (max_pages < kMaxPages) return {};
        return fail(ErrorCode::protocol, "logs:FilterLogEvents does not come to an end", "Reading was stopped.", {});
    }

    static void take(const LogEvent& event, TimeRange part, bool cold_only, InvocationPage& out) {
        ReportLine line = parseReportLine(event.message, event.time);
        if (line.kind == LineKind::other) return;
        ++out.lines;
        if (line.kind == LineKind::unreadable) {
            ++out.unreadable;
            return;
        }
        if (!part.contains(line.invocation.time) || (cold_only && !line.invocation.cold())) return;
        line.invocation.instance = hashOf(event.stream);
        out.log.invocations.push_back(line.invocation);
    }

    void cover(TimeRange part, bool cold_only, InvocationPage& out) {
        if (!cold_only) done_.add(part);
        const TimeRange settled{part.begin, std::min(part.end, settled_)};
        if (settled.empty()) return;
        out.log.cold_only.add(settled);
        if (!cold_only) out.log.complete.add(settled);
    }

    AwsClient& client_;
    const LogRequest& request_;
    const Function& function_;
    const InvocationSink& sink_;
    const JobContext& job_;
    milliseconds tail_{0};
    Timestamp settled_{};
    RangeSet done_;  // parts read to their end
    Timestamp last_seen_{};
    std::int64_t lines_ = 0;
};

bool stopsAll(const Error& error) {
    return error.code == ErrorCode::cancelled || error.code == ErrorCode::budget_exceeded || error.code == ErrorCode::unauthenticated ||
           error.code == ErrorCode::credentials_expired || error.code == ErrorCode::storage || error.code == ErrorCode::locked;
}

}  // namespace

Result<std::vector<Problem>> AwsPlatform::readInvocations(std::span<const LogRequest> requests, const InvocationSink& sink,
                                                          const JobContext& job) {
    std::vector<Problem> problems;
    const Timestamp now = clock()->now();
    std::set<std::string> refused;  // regions
    for (std::size_t i = 0; i < requests.size(); ++i) {
        const LogRequest& request = requests[i];
        if (request.function == nullptr || request.range.empty() || refused.contains(request.function->region)) continue;
        FunctionLogReader reader(client_, request, now, sink, job);
        if (Status done = reader.run(); !done) {
            Error error = std::move(done).error();
            if (stopsAll(error)) return fail(std::move(error));
            // No log group yet: the function has never run, or its logs are gone.
            if (error.code == ErrorCode::not_found && request.expected_invocations == 0) continue;
            const bool region = error.code == ErrorCode::unsupported;
            if (region) refused.insert(request.function->region);
            problems.push_back(problem(region ? request.function->region : request.function->region + "/" + request.function->name,
                                       Operation::filter_log_events, std::move(error)));
        }
        job.report({fmt::format("Logs, {}", request.function->name), static_cast<double>(i + 1) / static_cast<double>(requests.size()), 0,
                    static_cast<std::uint64_t>(reader.lines())});
    }
    return problems;
}

}  // namespace pilotlight::platform::aws
