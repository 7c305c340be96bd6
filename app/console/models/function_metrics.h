// What the Metrics tab draws: read in a job, made into columns there, immutable after.
#pragma once

#include <QString>
#include <QStringList>
#include <memory>
#include <optional>
#include <vector>

#include "core/workspace.h"
#include "widgets/charts/time_chart.h"

namespace pilotlight::console {

// Columns of one series, with the period that its points stand for. Gaps are NaN.
struct PlotSeries {
    widgets::Values x, y;
    double period_s = 0;
    bool known = false;  // false: never read (unknown), not zero
    [[nodiscard]] bool any() const { return x && !x->empty(); }
};

struct ColdCells {
    QStringList buckets;  // bottom to top
    widgets::Values x;
    double period_s = 0;
    std::vector<std::vector<float>> counts;  // [bucket][bin]; NaN = not read
    PlotSeries share;                        // cold starts / invocations read, per bin
    std::int64_t lines = 0;                  // log lines behind it; 0 with counts: the platform's metric of instance starts
    bool known = false;
    double init_p50_ms = 0;
};

struct FunctionMetrics {
    TimeRange range;
    PlotSeries invocations, errors, throttles;
    PlotSeries p50, p95, p99;
    PlotSeries latency_p95;  // INIT included: what callers waited, and what a target is about; from logs only
    bool percentiles_from_logs = false;  // exact per bin; else as the platform computed them, per its own period
    PlotSeries pending_p95;  // wait of requests that waited for a slot or a new instance; platforms that measure it
    PlotSeries concurrency, pool_in_use, memory_used, memory_size, pool_size;
    bool memory_from_logs = false;   // else from the platform's metric
    bool instances_counted = false;  // `concurrency` is that of instances, where the platform counts no busy ones
    PlotSeries gpu_average, gpu_most, gpu_memory;  // 0..1, 0..1, MB; of functions with a GPU
    PlotSeries cost;  // USD a day
    ColdCells cold;
    std::vector<std::pair<double, QString>> flags;  // applied changes: seconds, text
    std::optional<double> complete_until;           // seconds; later points may still arrive
    std::vector<QString> notes;                     // what could not be read
};

[[nodiscard]] PlotSeries plotSeries(const MetricSeries& series, TimeRange range, bool zero_where_covered);
// One row of instance starts as the platform counts them, where it has no log line a request. `share`: of the invocations.
[[nodiscard]] ColdCells coldCellsOf(const PlotSeries& starts, const PlotSeries& invocations);
[[nodiscard]] ColdCells coldCells(const InvocationLog& log, TimeRange range, double period_s);
// Percentiles of the duration per bin of `period_s`, from a log that is complete in at least 98 % of the time for which invocations
// were `counted` within the range; else nullopt.
// Bins without an invocation have no point.
struct BinnedPercentiles {
    PlotSeries p50, p95, p99, latency_p95;
};
[[nodiscard]] std::optional<BinnedPercentiles> binnedPercentiles(const InvocationLog& log, const RangeSet& counted, TimeRange range,
                                                                  double period_s);
// Bins that suit a plot of that range: 5 min up to a day, 15 min up to 3 days, else 1 h.
[[nodiscard]] seconds plotPeriod(TimeRange range);
[[nodiscard]] Result<std::shared_ptr<const FunctionMetrics>> readFunctionMetrics(Workspace& workspace, const Function& function,
                                                                                 TimeRange range, const JobContext& job);

}  // namespace pilotlight::console
