#include "core/tuning/shared_replay.h"

#include <algorithm>
#include <cmath>

namespace pilotlight::tuning {
namespace {

struct Source {
    const std::vector<double>& arrivals;
    const std::vector<float>& service;
    double ratio, first, traffic;
    std::size_t n;
    bool next(double& time) {
        if (n >= arrivals.size()) return false;
        time = (arrivals[n++] - first) / traffic;  // more traffic: the same requests in less time
        return true;
    }
    double warm() const { return service[n - 1] * ratio; }
    double cold() const { return warm(); }  // the start is the engine's
};

struct Sink {
    SharedTotals& totals;
    double half_step_s, least_s;
    std::vector<std::pair<double, int>> active, alive;
    SharedBin& binAt(double time) {
        const auto last = totals.bins.size() - 1;
        return totals.bins[std::min(last, static_cast<std::size_t>(std::max(0.0, time) / kBinSeconds))];
    }
    void served(double time, double latency, model::Served how) {
        totals.requests += 1;
        SharedBin& bin = binAt(time);
        bin.requests += 1;
        if (how == model::Served::cold) {
            totals.cold += 1;
        } else {
            totals.warm += 1;
            totals.warm_sum_s += latency;
            bin.warm += 1;
            bin.warm_s += static_cast<float>(latency);
        }
        totals.latency.add(latency);
    }
    void throttled(double) { totals.throttled += 1; }
    void span(std::vector<std::pair<double, int>>& list, double from, double to) {
        if (to > from) {
            list.emplace_back(from, 1);
            list.emplace_back(to, -1);
        }
    }
    void busy(double from, double to) {
        span(active, from, to);
        span(alive, from, to);
        const double billed = std::max(to - from + half_step_s, least_s);
        totals.busy_s += to - from;
        totals.active_s += billed;
        SharedBin& bin = binAt(from);
        bin.busy_s += static_cast<float>(to - from);
        bin.active_s += static_cast<float>(billed);
    }
    void idle(double from, double to) { span(alive, from, to); }
    void started(double, std::int64_t) { totals.starts += 1; }
    void instances(double, std::int64_t) {}
};

// Integral over [0, end] of f(level), and over each bin of it.
template <typename F>
double integrate(std::vector<std::pair<double, int>>& changes, double end, std::vector<SharedBin>& bins, float SharedBin::* part, F&& f) {
    std::sort(changes.begin(), changes.end());
    double sum = 0, at = 0;
    int level = 0;
    std::size_t bin = 0;
    const auto until = [&](double t) {
        const double value = f(level);
        sum += value * (t - at);
        while (bin + 1 < bins.size() && t > kBinSeconds * static_cast<double>(bin + 1)) {
            const double edge = kBinSeconds * static_cast<double>(bin + 1);
            bins[bin++].*part += static_cast<float>(value * (edge - at));
            at = edge;
        }
        bins[bin].*part += static_cast<float>(value * (t - at));
        at = t;
    };
    for (const auto& [time, change] : changes) {
        until(std::clamp(time, 0.0, end));
        level += change;
    }
    until(end);
    return sum;
}

}  // namespace

double startAt(double start_s, double vcpu_today, double vcpu) { return start_s * std::sqrt(vcpu_today / std::max(0.01, vcpu)); }

void replayShared(const std::vector<double>& arrivals, const std::vector<float>& service_s, const ReplayOf& what, model::SharedOptions options,
                  SharedTotals& totals) {
    if (what.begin >= arrivals.size()) return;
    options.expected_gap_s = totals.span_s / static_cast<double>(arrivals.size() - what.begin);
    options.expected_busy = 4;
    options.end_s = totals.span_s;
    totals.bins.assign(static_cast<std::size_t>(std::ceil(totals.span_s / kBinSeconds)), {});
    Source source{arrivals, service_s, what.ratio, what.begin == 0 ? 0 : arrivals[what.begin], what.traffic, what.begin};
    Sink sink{totals, what.half_step_s, what.least_s, {}, {}};
    model::SharedEngine engine(source, sink, options);
    engine.run();
    const int pool = options.min_instances;
    totals.idle_min_s = integrate(sink.active, totals.span_s, totals.bins, &SharedBin::idle_min_s, [&](int level) { return std::max(0, pool - level); });
    totals.alive_s = integrate(sink.alive, totals.span_s, totals.bins, &SharedBin::alive_s, [&](int level) {
        totals.peak = std::max(totals.peak, level);
        return std::max(pool, level);
    });
}

}  // namespace pilotlight::tuning
