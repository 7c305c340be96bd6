#include "core/tuning/replay.h"

#include <algorithm>
#include <cmath>

#include "core/model/sim_engine.h"

namespace pilotlight::tuning {
namespace {

constexpr double kWindowSeconds = std::chrono::duration<double>(kVerificationWindow).count();

// Cheap hash of the request's number: the same request draws the same INIT whatever the settings, so that differences are real.
std::size_t pick(std::size_t request, std::size_t n) {
    std::uint64_t z = (request + 1) * 0x9e3779b97f4a7c15ULL;
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9ULL;
    z ^= z >> 27;
    return static_cast<std::size_t>((static_cast<unsigned __int128>(z) * n) >> 64);
}

struct Source {
    const std::vector<double>& arrivals;
    const std::vector<float>& warm_s;
    const Workload& work;
    const ReplaySettings& settings;
    std::size_t n = 0;
    double init = 0, handler = 0;
    bool next(double& time) {
        if (n >= arrivals.size()) return false;
        time = arrivals[n++];
        return true;
    }
    double warm() {
        init = 0;
        return handler = warm_s[n - 1] * settings.duration_ratio;
    }
    double cold() {
        init = work.init_s[pick(n, work.init_s.size())] * settings.init_ratio;
        handler = work.cold_s[pick(n + 0x9000000, work.cold_s.size())] * settings.duration_ratio;
        return init + handler;
    }
};

double billed(double seconds) { return std::ceil(seconds * 1000 - 1e-6); }

struct Sink {
    ReplayTotals& totals;
    const Source& source;
    ReplayWindow& window(double time) const {
        return totals.windows[std::min(totals.windows.size() - 1, static_cast<std::size_t>(std::max(0.0, time) / kWindowSeconds))];
    }
    void served(double time, double service, model::Served how) {
        auto& part = window(time);
        part.requests += 1;
        totals.served += 1;
        const double ms = billed(source.handler);
        if (how == model::Served::pool) {
            totals.pooled += 1;
            part.pool_ms += ms;
        } else {
            part.on_demand_ms += ms;
            if (how == model::Served::cold) {
                totals.cold += 1;
                part.cold += 1;
                part.init_ms += billed(source.init);
            }
        }
        (how == model::Served::cold ? totals.cold_latency : totals.warm_latency).add(service);
    }
    void throttled(double) { totals.throttled += 1; }
    void idle(double, double) {}
    void started(double, std::int64_t) {}
    void instances(double, std::int64_t) {}
};

}  // namespace

model::DurationHistogram ReplayTotals::latency(double cold_factor) const {
    const double warm = served - cold, colds = std::min(served, cold * cold_factor);
    model::DurationHistogram out;
    if (warm > 0) out.add(warm_latency, (served - colds) / warm);
    if (cold > 0) out.add(cold_latency, warm > 0 ? colds / cold : 1);
    return out;
}

namespace {

// Sorted by time, then duration: by counting into cells of about one request each, then within the cells.
ScaledRequests inOrder(const std::vector<std::pair<double, float>>& requests, double span_s) {
    const std::size_t cells = std::max<std::size_t>(1, requests.size());
    const double per_second = static_cast<double>(cells) / std::max(1e-9, span_s);
    const auto cellOf = [&](double t) { return std::min(cells - 1, static_cast<std::size_t>(std::max(0.0, t) * per_second)); };
    std::vector<std::uint32_t> next(cells + 1, 0);
    for (const auto& request : requests) ++next[cellOf(request.first) + 1];
    for (std::size_t c = 0; c < cells; ++c) next[c + 1] += next[c];
    std::vector<std::pair<double, float>> sorted(requests.size());
    for (const auto& request : requests) sorted[next[cellOf(request.first)]++] = request;
    std::uint32_t begin = 0;
    for (std::size_t c = 0; c < cells; ++c) {
        if (next[c] > begin + 1) std::sort(sorted.begin() + begin, sorted.begin() + next[c]);
        begin = next[c];
    }
    ScaledRequests scaled;
    scaled.arrivals.reserve(sorted.size());
    scaled.warm_s.reserve(sorted.size());
    for (const auto& [t, w] : sorted) {
        scaled.arrivals.push_back(t);
        scaled.warm_s.push_back(w);
    }
    return scaled;
}

}  // namespace

ScaledRequests scaledRequests(const Workload& work, const std::vector<float>& durations_s, const ReplaySettings& settings) {
    model::Random random(0x74726166);
    std::vector<std::pair<double, float>> out;
    out.reserve(static_cast<std::size_t>(1.05 * settings.traffic * static_cast<double>(work.arrivals.size())) + 64);
    const double day_offset = std::fmod(work.week_offset_s, 86400.0);
    for (std::size_t i = 0; i < work.arrivals.size(); ++i) {
        const double in_day = std::fmod(work.arrivals[i] + day_offset, 86400.0);
        const bool surging = in_day >= settings.surge_begin_s && in_day < settings.surge_begin_s + 900;
        double copies = settings.traffic * (surging ? settings.surge : 1.0);
        const double first = random.uniform();
        if (copies >= 1 || first < copies) out.emplace_back(work.arrivals[i], durations_s[i]);
        for (copies -= 1; copies > 0; copies -= 1) {
            if (copies < 1 && random.uniform() >= copies) break;
            const double moved = work.arrivals[i] + 60 * (random.uniform() - 0.5);
            out.emplace_back(std::clamp(moved, 0.0, work.span_s), durations_s[i]);
        }
        if (out.size() > 4 * kMostArrivals) break;
    }
    return inOrder(out, work.span_s);
}

double busiestQuarter(const Workload& work) {
    std::vector<double> quarters(96, 0.0);
    const double day_offset = std::fmod(work.week_offset_s, 86400.0);
    for (const double t : work.arrivals) quarters[static_cast<std::size_t>((t + day_offset) / 900) % 96] += 1;
    return 900.0 * static_cast<double>(std::max_element(quarters.begin(), quarters.end()) - quarters.begin());
}

ReplayTotals replayWorkload(const Workload& work, const ReplaySettings& settings) {
    if (settings.traffic == 1 && settings.surge == 1) return replayRequests(work, settings, work.arrivals, work.warm_s);
    const auto scaled = scaledRequests(work, work.warm_s, settings);
    return replayRequests(work, settings, scaled.arrivals, scaled.warm_s);
}

ReplayTotals replayRequests(const Workload& work, const ReplaySettings& settings, const std::vector<double>& times,
                            const std::vector<float>& durations) {
    ReplayTotals totals;
    totals.windows.resize(std::max<std::size_t>(1, static_cast<std::size_t>(std::ceil(work.span_s / kWindowSeconds - 1e-9))));
    if (times.empty()) return totals;
    double busy = 0;
    for (const float s : durations) busy += s;
    model::EngineOptions options;
    options.pool = settings.pool;
    options.limit = settings.limit;
    options.keep_alive = settings.keep_alive;
    options.expected_gap_s = work.span_s / static_cast<double>(times.size());
    options.expected_busy = busy * settings.duration_ratio / work.span_s + 1;
    Source source{times, durations, work, settings};
    Sink sink{totals, source};
    model::replay(source, sink, options);
    totals.demand = static_cast<double>(times.size());
    for (const auto& part : totals.windows) {
        totals.on_demand_ms += part.on_demand_ms;
        totals.init_ms += part.init_ms;
        totals.pool_ms += part.pool_ms;
    }
    return totals;
}

}  // namespace pilotlight::tuning
