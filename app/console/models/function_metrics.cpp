#include "app/console/models/function_metrics.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <map>

#include "app/console/models/words.h"
#include "core/tuning/measured.h"

namespace pilotlight::console {

using widgets::makeValues;

namespace {
constexpr double kGap = std::numeric_limits<double>::quiet_NaN();
double seconds1970(Timestamp t) { return static_cast<double>(t.time_since_epoch().count()) / 1000.0; }
}  // namespace

seconds plotPeriod(TimeRange range) {
    if (range.length() <= hours(25)) return seconds(300);
    if (range.length() <= hours(73)) return seconds(900);
    return seconds(3600);
}

PlotSeries plotSeries(const MetricSeries& series, TimeRange range, bool zero_where_covered) {
    PlotSeries out;
    out.period_s = static_cast<double>(series.key.period.count());
    out.known = !series.coverage.ranges().empty() || !series.points.empty();
    std::vector<double> x, y;
    if (zero_where_covered && out.period_s > 0) {
        // A covered period without a point had nothing: 0. One that was never read stays a gap.
        std::size_t at = 0;
        const auto period = std::chrono::duration_cast<milliseconds>(series.key.period);
        for (const auto& part : series.coverage.intersectedWith(range).ranges()) {
            if (!x.empty() && seconds1970(part.begin) > x.back() + 1.5 * out.period_s) {
                x.push_back(x.back() + out.period_s);
                y.push_back(kGap);
            }
            for (Timestamp t = floorTo(part.begin, period); t < part.end; t += period) {
                if (!x.empty() && seconds1970(t) <= x.back()) continue;
                while (at < series.points.size() && series.points[at].time < t) ++at;
                x.push_back(seconds1970(t));
                y.push_back(at < series.points.size() && series.points[at].time == t ? series.points[at].value : 0.0);
            }
        }
    } else {
        for (const auto& point : series.points) {
            if (!range.contains(point.time)) continue;
            x.push_back(seconds1970(point.time));
            y.push_back(point.value);
        }
    }
    out.x = makeValues(std::move(x));
    out.y = makeValues(std::move(y));
    return out;
}

ColdCells coldCells(const InvocationLog& log, TimeRange range, double period_s) {
    ColdCells cells;
    cells.period_s = period_s;
    const RangeSet covered = log.cold_only.intersectedWith(range);
    cells.known = !covered.ranges().empty();
    const double begin = std::floor(seconds1970(range.begin) / period_s) * period_s;
    const auto bins = static_cast<std::size_t>(std::ceil((seconds1970(range.end) - begin) / period_s));
    std::vector<float> inits;
    for (const auto& invocation : log.invocations) {
        if (invocation.cold() && range.contains(invocation.time)) inits.push_back(invocation.init_ms);
    }
    // Five buckets whose bounds double around the median.
    double middle = 1000;
    if (!inits.empty()) {
        std::nth_element(inits.begin(), inits.begin() + static_cast<std::ptrdiff_t>(inits.size() / 2), inits.end());
        cells.init_p50_ms = inits[inits.size() / 2];
        for (const double bound : {62.5, 125.0, 250.0, 500.0, 1000.0, 2000.0, 4000.0, 8000.0, 16000.0}) {
            if (bound <= cells.init_p50_ms) middle = bound;
        }
    }
    const double bounds[4] = {middle / 2, middle, middle * 2, middle * 4};
    const auto text = [](double ms) { return ms < 1000 ? QString::number(ms / 1000, 'g', 3) : QString::number(ms / 1000, 'g', 3); };
    cells.buckets << QStringLiteral("<%1 s").arg(text(bounds[0]));
    for (int i = 0; i < 3; ++i) cells.buckets << QStringLiteral("%1\u2013%2 s").arg(text(bounds[i]), text(bounds[i + 1]));
    cells.buckets << QStringLiteral(">%1 s").arg(text(bounds[3]));

    std::vector<double> x(bins);
    for (std::size_t i = 0; i < bins; ++i) x[i] = begin + static_cast<double>(i) * period_s;
    std::vector<float> base(bins, std::numeric_limits<float>::quiet_NaN());
    for (const auto& part : covered.ranges()) {
        const auto first = static_cast<std::size_t>(std::max(0.0, (seconds1970(part.begin) - begin) / period_s));
        const auto last = static_cast<std::size_t>(std::max(0.0, std::ceil((seconds1970(part.end) - begin) / period_s)));
        for (std::size_t i = first; i < std::min(last, bins); ++i) base[i] = 0;
    }
    cells.counts.assign(5, base);
    std::vector<double> cold(bins, 0), all(bins, 0);
    for (const auto& invocation : log.invocations) {
        if (!range.contains(invocation.time)) continue;
        ++cells.lines;
        const auto bin = static_cast<std::size_t>((seconds1970(invocation.time) - begin) / period_s);
        if (bin >= bins) continue;
        if (log.complete.covers({invocation.time, invocation.time + milliseconds(1)})) {
            all[bin] += 1;
            cold[bin] += invocation.cold() ? 1 : 0;
        }
        if (!invocation.cold()) continue;
        const auto bucket =
            static_cast<std::size_t>(std::upper_bound(std::begin(bounds), std::end(bounds), invocation.init_ms) - std::begin(bounds));
        float& cell = cells.counts[bucket][bin];
        cell = std::isnan(cell) ? 1.0F : cell + 1.0F;
    }
    std::vector<double> share(bins, kGap);
    for (std::size_t i = 0; i < bins; ++i) {
        if (all[i] > 0) share[i] = cold[i] / all[i];
    }
    cells.x = makeValues(x);
    cells.share.x = cells.x;
    cells.share.y = makeValues(std::move(share));
    cells.share.period_s = period_s;
    cells.share.known = !log.complete.intersectedWith(range).ranges().empty();
    return cells;
}

ColdCells coldCellsOf(const PlotSeries& starts, const PlotSeries& invocations) {
    ColdCells cells;
    cells.known = starts.known;
    cells.period_s = starts.period_s;
    cells.x = starts.x ? starts.x : makeValues({});
    cells.buckets << QStringLiteral("starts");
    cells.counts.emplace_back();
    std::vector<double> share;
    std::size_t at = 0;
    for (std::size_t i = 0; starts.x && i < starts.x->size(); ++i) {
        cells.counts.front().push_back(static_cast<float>((*starts.y)[i]));
        while (invocations.x && at < invocations.x->size() && (*invocations.x)[at] < (*starts.x)[i]) ++at;
        const bool match = invocations.x && at < invocations.x->size() && (*invocations.x)[at] == (*starts.x)[i];
        share.push_back(match && (*invocations.y)[at] > 0 ? std::min(1.0, (*starts.y)[i] / (*invocations.y)[at]) : kGap);
    }
    cells.share = {cells.x, makeValues(std::move(share)), cells.period_s, cells.known};
    return cells;
}

std::optional<BinnedPercentiles> binnedPercentiles(const InvocationLog& log, const RangeSet& counted, TimeRange range, double period_s) {
    const auto wanted = static_cast<double>(counted.intersectedWith(range).length().count());
    if (static_cast<double>(log.complete.intersectedWith(range).length().count()) < 0.98 * wanted || wanted <= 0) return std::nullopt;
    struct Bin {
        std::vector<float> durations, waited;
    };
    std::map<double, Bin> bins;
    for (const auto& invocation : log.invocations) {
        if (!range.contains(invocation.time)) continue;
        Bin& bin = bins[std::floor(seconds1970(invocation.time) / period_s) * period_s];
        bin.durations.push_back(invocation.duration_ms);
        bin.waited.push_back(invocation.duration_ms + std::max(invocation.init_ms, 0.0F));
    }
    std::vector<double> x, p50, p95, p99, waited;
    for (auto& [at, bin] : bins) {
        std::sort(bin.durations.begin(), bin.durations.end());
        std::sort(bin.waited.begin(), bin.waited.end());
        x.push_back(at);
        p50.push_back(tuning::quantile(bin.durations, 0.50));
        p95.push_back(tuning::quantile(bin.durations, 0.95));
        p99.push_back(tuning::quantile(bin.durations, 0.99));
        waited.push_back(tuning::quantile(bin.waited, 0.95));
    }
    const auto shared = makeValues(std::move(x));
    const auto column = [&](std::vector<double> values) {
        return PlotSeries{shared, makeValues(std::move(values)), period_s, !shared->empty()};
    };
    return BinnedPercentiles{column(std::move(p50)), column(std::move(p95)), column(std::move(p99)), column(std::move(waited))};
}

namespace {

// Steps of a setting that is known to hold now and to have been changed by us.
PlotSeries heldValue(double now, TimeRange range, const std::vector<std::pair<double, double>>& earlier) {
    std::vector<double> x{seconds1970(range.begin)}, y{earlier.empty() ? now : earlier.front().second};
    for (std::size_t i = 0; i < earlier.size(); ++i) {
        const double until = earlier[i].first;
        const double next = i + 1 < earlier.size() ? earlier[i + 1].second : now;
        if (until <= x.front()) {
            y.front() = next;
            continue;
        }
        x.push_back(until);
        y.push_back(next);
    }
    x.push_back(seconds1970(range.end));
    y.push_back(y.back());
    PlotSeries out;
    out.x = makeValues(std::move(x));
    out.y = makeValues(std::move(y));
    out.known = true;
    return out;
}

}  // namespace

Result<std::shared_ptr<const FunctionMetrics>> readFunctionMetrics(Workspace& workspace, const Function& function, TimeRange range,
                                                                   const JobContext& job) {
    auto out = std::make_shared<FunctionMetrics>();
    out->range = range;
    const seconds period = plotPeriod(range);
    const auto read = [&](Metric metric, Statistic statistic, seconds wanted, bool zero) -> PlotSeries {
        SeriesKey key{function.id, "", metric, statistic, period};
        auto series = workspace.metrics(key, range, wanted);
        if (!series && wanted.count() != 0) series = workspace.metrics(key, range, seconds(0));  // stored longer than asked
        if (!series) return {};
        return plotSeries(*series, range, zero);
    };
    RangeSet counted;
    if (const auto series = workspace.metrics({function.id, "", Metric::invocations, Statistic::sum, period}, range, seconds(0)))
        counted = series->coverage;
    out->invocations = read(Metric::invocations, Statistic::sum, period, true);
    out->errors = read(Metric::errors, Statistic::sum, period, true);
    out->throttles = read(Metric::throttles, Statistic::sum, period, true);
    PILOTLIGHT_TRY(job.check());
    out->concurrency = read(Metric::concurrency, Statistic::maximum, period, false);
    out->pool_in_use = read(Metric::pool_concurrency, Statistic::maximum, period, false);
    if (!out->concurrency.any()) {
        out->concurrency = read(Metric::instances, Statistic::average, period, false);
        out->instances_counted = out->concurrency.any();
    }
    out->pending_p95 = read(Metric::pending_latency, Statistic::p95, seconds(0), false);
    if (!function.untunedText(untuned_key::kAccelerator).empty()) {
        out->gpu_average = read(Metric::gpu_utilization, Statistic::average, period, false);
        out->gpu_most = read(Metric::gpu_utilization, Statistic::maximum, period, false);
        out->gpu_memory = read(Metric::gpu_memory_used, Statistic::maximum, period, false);
    }
    PILOTLIGHT_TRY(job.check());
    PILOTLIGHT_ASSIGN(const auto log, workspace.invocations(function.id, range));
    PILOTLIGHT_TRY(job.check());
    const double bin = static_cast<double>(period.count());
    out->cold = coldCells(log, range, bin);
    if (!out->cold.known) out->cold = coldCellsOf(read(Metric::cold_starts, Statistic::sum, period, true), out->invocations);
    // Stored percentiles cannot be merged into longer periods: five-minute ones of a quiet function are noise on a long range.
    auto exact = period > seconds(300) ? binnedPercentiles(log, counted, range, bin) : std::nullopt;
    if (exact) {
        out->p50 = std::move(exact->p50);
        out->p95 = std::move(exact->p95);
        out->p99 = std::move(exact->p99);
        out->latency_p95 = std::move(exact->latency_p95);
        out->percentiles_from_logs = true;
    } else {
        out->p50 = read(Metric::duration, Statistic::p50, seconds(0), false);
        out->p95 = read(Metric::duration, Statistic::p95, seconds(0), false);
        out->p99 = read(Metric::duration, Statistic::p99, seconds(0), false);
    }

    std::map<double, double> used;
    for (const auto& invocation : log.invocations) {
        if (!range.contains(invocation.time) || invocation.max_memory_used_mb <= 0) continue;
        double& most = used[std::floor(seconds1970(invocation.time) / bin) * bin];
        most = std::max(most, static_cast<double>(invocation.max_memory_used_mb));
    }
    std::vector<double> x, y;
    for (const auto& [at, most] : used) {
        x.push_back(at);
        y.push_back(most);
    }
    out->memory_used = {makeValues(std::move(x)), makeValues(std::move(y)), bin, !used.empty()};
    out->memory_from_logs = !used.empty();
    for (const auto statistic : {Statistic::maximum, Statistic::average})
        if (!out->memory_used.any()) out->memory_used = read(Metric::memory_used, statistic, period, false);

    std::vector<std::pair<double, double>> sizes, pools;  // until, value before
    PILOTLIGHT_ASSIGN(auto changes, workspace.changes());
    std::reverse(changes.begin(), changes.end());
    for (const auto& change : changes) {
        if (change.function_id != function.id || change.applied == Timestamp{}) continue;
        out->flags.emplace_back(seconds1970(change.applied), changesText(change.changes));
        for (const auto& setting : change.changes) {
            if (setting.setting == "memory_mb") sizes.emplace_back(seconds1970(change.applied), qs(setting.before).toDouble());
            if (setting.setting.rfind("warm_pool", 0) == 0) pools.emplace_back(seconds1970(change.applied), qs(setting.before).toDouble());
        }
    }
    out->memory_size = heldValue(function.memory.value, range, sizes);
    if (const auto pool = function.warmPool(); pool && (*pool > 0 || !pools.empty())) out->pool_size = heldValue(*pool, range, pools);
    return std::shared_ptr<const FunctionMetrics>(std::move(out));
}

}  // namespace pilotlight::console
