// The Platform interface: the same calls for all clouds (design, section 5). Synchronous; thread-safe for reads.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "core/base/clock.h"
#include "core/base/job_context.h"
#include "core/base/money.h"
#include "core/domain/cost.h"
#include "core/domain/function.h"
#include "core/domain/metrics.h"
#include "core/domain/tuning.h"

namespace pilotlight::platform {

// A part that could not be read. Never turned into zero, never stops the rest.
struct Problem {
    std::string scope;                     // "us-east-1", "us-east-1/chat-inference", "Cost Explorer"
    std::string operation;                 // "cloudwatch:GetMetricData"
    Error error;
    std::string policy;                    // policy text that would allow it; empty where that is not the cause
};

struct Inventory {
    std::vector<Function> functions;
    std::vector<AccountLimits> limits;
    std::vector<std::string> regions_read; // complete ones: a function absent from these is gone
    std::vector<Problem> problems;
};

// Points arrive page by page; the sink stores them in one transaction a page and returns an error to stop.
struct MetricPage {
    std::vector<MetricSeries> series;      // series.coverage = what this page settles
};
using MetricSink = std::function<Status(MetricPage&&)>;

struct InvocationPage {
    std::string function_id;
    InvocationLog log;
    std::int64_t lines = 0, unreadable = 0; // import statistics
};
using InvocationSink = std::function<Status(InvocationPage&&)>;

struct MetricRequest {
    const Function* function = nullptr;
    TimeRange range;                       // missing part only
    std::vector<std::string> qualifiers;   // additional series by alias; "" = whole function is always read
    bool one_period = false;               // duration percentiles over `range` as one period (key.period = its length): for tables,
                                           // which never average percentiles
};

struct LogRequest {
    const Function* function = nullptr;
    TimeRange range;
    RangeSet known_complete, known_cold;   // skip these
    std::int64_t line_budget = 200'000;    // full lines; cold-start lines are always read
    std::int64_t expected_invocations = 0; // in `range`, from metrics; 0 = unknown
};

// What a read would cost before it is made.
struct ReadEstimate {
    std::int64_t calls = 0;
    Money money;
    std::string text;                      // "312 calls, $0.02"
};

struct IdentityReport {
    std::string account, principal;
    std::string credentials_from;
    std::optional<Timestamp> expires;
    std::optional<double> sandbox_speed;   // set when the endpoint sends x-pilotlight-time
    std::vector<Problem> missing;          // permissions, by probe
};

// One step of a change, ready to send. `describe` is what the plan shows.
struct ApplyStep {
    std::string operation;                 // "UpdateFunctionConfiguration"
    std::string describe;                  // "UpdateFunctionConfiguration MemorySize=2048 RevisionId=..."
    std::string arguments;                 // JSON for the platform itself; kept in the journal
};
struct StepResult {
    std::string request_id;
    std::string output;                    // JSON later steps may need: {"version":"8"}; merged into the step context
};

enum class Convergence { in_progress, done, failed };
struct ConvergenceReport {
    Convergence state = Convergence::in_progress;
    std::string detail;
};

class Platform {
public:
    virtual ~Platform() = default;
    [[nodiscard]] virtual const Profile& profile() const = 0;
    [[nodiscard]] virtual Capabilities capabilities(const Function& function) const = 0;

    // Who we are and whether the connection works.
    [[nodiscard]] virtual Result<IdentityReport> test(const JobContext& job) = 0;
    // The clock of the endpoint: wall clock, or the sandbox's scaled one.
    [[nodiscard]] virtual std::shared_ptr<Clock> clock() = 0;

    [[nodiscard]] virtual Result<Inventory> listFunctions(const JobContext& job) = 0;
    // Fresh settings of one function, with revision, qualifiers and owner.
    [[nodiscard]] virtual Result<Function> readFunction(const std::string& id, const JobContext& job) = 0;
    [[nodiscard]] virtual Result<AccountLimits> readLimits(const std::string& region, const JobContext& job) = 0;

    // The statistics a page of the console needs, at the period that suits the age of the range. Problems are per part.
    [[nodiscard]] virtual Result<std::vector<Problem>> readMetrics(std::span<const MetricRequest> requests, const MetricSink& sink,
                                                                   const JobContext& job) = 0;
    [[nodiscard]] virtual Result<std::vector<Problem>> readInvocations(std::span<const LogRequest> requests, const InvocationSink& sink,
                                                                       const JobContext& job) = 0;
    [[nodiscard]] virtual ReadEstimate estimate(std::span<const MetricRequest> metrics, std::span<const LogRequest> logs) const = 0;

    // Billed lines by day and usage type.
    [[nodiscard]] virtual Result<std::vector<CostLine>> readCosts(TimeRange range, const JobContext& job) = 0;
    [[nodiscard]] virtual Result<std::vector<PriceBook>> readPrices(const std::vector<std::string>& regions, const JobContext& job) = 0;

    // The calls that lead from `before` to `desired`, in order. Refuses what the platform cannot do (invalid_argument, unsupported).
    // alias: publish a version and move this alias; empty: $LATEST.
    [[nodiscard]] virtual Result<std::vector<ApplyStep>> steps(const Function& before, const DesiredSettings& desired,
                                                               const std::string& alias) const = 0;
    // Sends one step. stale when compare-and-swap fails; conflict when an update is in progress. A lost reply is `network`: the
    // caller re-reads before anything else. `context` is the merged output of earlier steps of the same change (JSON object).
    [[nodiscard]] virtual Result<StepResult> send(const Function& before, const ApplyStep& step, const std::string& context,
                                                  const std::string& plan_id, const JobContext& job) = 0;
    // Whether this step's effect is visible (after a lost reply, or on resume). Compares what the step set with what is there.
    [[nodiscard]] virtual Result<bool> hasHappened(const Function& before, const ApplyStep& step, const std::string& context,
                                                   const JobContext& job) = 0;
    // Polled until done or failed (LastUpdateStatus, pool status).
    [[nodiscard]] virtual Result<ConvergenceReport> convergence(const std::string& function_id, const JobContext& job) = 0;
};

} // namespace pilotlight::platform
