// The rules of what has to be read, apart from reading it.
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "core/platform/platform.h"
#include "core/store/store.h"
#include "core/sync/sync.h"

namespace pilotlight::sync {

inline constexpr hours kCostsKeep{8};            // Cost Explorer refreshes three times a day and charges every request
inline constexpr hours kPricesKeep{24};          // a price list changes a few times a year
inline constexpr hours kLongestStoredPeriod{1};  // longer ones are single figures over a whole range, not series

// Marks are notes: "begin-end begin-end", milliseconds since 1970.
[[nodiscard]] std::string formatRanges(const RangeSet& ranges);
// What cannot be read is left out: then it is read again from the platform.
[[nodiscard]] RangeSet parseRanges(std::string_view text);
[[nodiscard]] std::string metricsMark(const std::string& function_id);
// The range whose percentiles were last read as one period. A mark too, because a function that never ran has no point that would tell.
[[nodiscard]] std::string spanningMark(const std::string& function_id);
[[nodiscard]] Result<RangeSet> readMark(const store::Store& store, const std::string& key);

// What of the ranges that were just read can no longer change: all but the newest `settle` before `now`.
[[nodiscard]] RangeSet settledPart(const RangeSet& read, Timestamp now, seconds settle);

// Qualifiers with series of their own: those that hold a warm pool, or are scaled to one.
[[nodiscard]] std::vector<std::string> pooledQualifiers(const Function& function);

struct FunctionPlan {
    Function function;
    RangeSet missing;         // of the metrics
    bool one_period = false;  // percentiles over the whole range are to be read
};
// What the metrics of `function` lack in `range` (which ends no later than now).
[[nodiscard]] Result<FunctionPlan> planMetrics(const store::Store& store, const Function& function, TimeRange range, seconds settle);
// Requests of a group of plans; they point into it.
[[nodiscard]] std::vector<platform::MetricRequest> metricRequests(std::span<const FunctionPlan> plans, TimeRange range);

// True where a problem may have left series of this function unread. A refusal that holds for good (`unsupported`) does not count: asking
// again would give no more.
[[nodiscard]] bool touches(const platform::Problem& problem, const Function& function);

struct LogPlan {
    platform::LogRequest request;  // its function is to be set by the caller
    RangeSet idle;                 // complete without asking: metrics say that nothing ran
    bool ask = false;
    bool counted = false;  // metrics tell of at least a part of the range
};
// The log lines that are still to be read of `function`, by the metrics in the store. Budget: what is left of `lines` after what is known
// in full within the range.
[[nodiscard]] Result<LogPlan> planLogs(const store::Store& store, const Function& function, TimeRange range, std::int64_t lines,
                                       Timestamp now, seconds settle);

// Invocations by the metrics, each stretch from the finest series that covers it. nullopt: part of it is not covered.
[[nodiscard]] Result<std::optional<double>> countInvocations(const store::Store& store, const std::string& function_id,
                                                             const RangeSet& ranges);

}  // namespace pilotlight::sync
