// A platform with known truth: explicit instances, own keep-alive, own duration curve, own bill. Produces the evidence a user would have,
// and says what another setting really costs. Shares no code with the prediction.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <random>
#include <vector>

#include "core/tuning/evidence.h"

namespace pilotlight::test {

struct Truth {
    std::uint64_t seed = 1;
    double days = 14;
    double rate = 0.05;                   // requests a second on average
    double daily_swing = 0.6;             // amplitude of the day's wave
    double serial_ms = 60, cpu_ms = 900;  // at one vCPU; duration = serial + cpu / min(1, m / 1769)
    double spread = 0.25;                 // log-sd of durations
    double init_ms = 1800;
    double keep_alive_s = 420;
    std::int32_t memory = 512, used = 190;
    std::int32_t pool = 0;
    std::int32_t limit = 0;  // 0 = none
    double bursts_per_day = 0, burst_size = 0, burst_spacing_s = 0.3;  // on top of the rate; sizes exponential
};

struct TruthRun {
    double requests = 0, cold = 0, throttled = 0, billed_ms = 0, init_billed_ms = 0, pool_ms = 0;
    std::vector<double> latency_ms;  // INIT included
    std::vector<Invocation> log;
    double cost_month = 0;
    [[nodiscard]] double p95() {
        std::sort(latency_ms.begin(), latency_ms.end());
        return latency_ms.empty() ? 0 : latency_ms[static_cast<std::size_t>(0.95 * static_cast<double>(latency_ms.size() - 1))];
    }
};

inline const Timestamp kBegin = Timestamp(milliseconds(1'794'182'400'000));  // a Monday, 00:00 UTC

// us-east-1, x86_64, by hand.
inline PriceBook truthPrices() {
    PriceBook book;
    book.platform = "aws";
    book.region = "us-east-1";
    book.architecture = "x86_64";
    book.publication = "test";
    const auto add = [&](const char* meter, const char* price) {
        book.prices.push_back({meter, "unit", {{0.0, *Money::parse(price)}}, "test", ""});
    };
    add(meter::kRequests, "0.0000002");
    add(meter::kDuration, "0.0000166667");
    add(meter::kPoolKept, "0.0000041667");
    add(meter::kPoolDuration, "0.0000097222");
    add(meter::kStorage, "0.0000000309");
    return book;
}

// One period of the function under these settings. Same seed, same requests, whatever the settings.
inline TruthRun runTruth(const Truth& t) {
    TruthRun run;
    std::mt19937_64 arrivals(t.seed), durations(t.seed + 1000);
    std::exponential_distribution<double> gap(1.0);
    const auto requests = [&] {
        std::vector<double> out;
        const double peak = t.rate * (1 + t.daily_swing), end = t.days * 86400;
        for (double now = gap(arrivals) / peak; now < end; now += gap(arrivals) / peak) {
            const double wave = t.rate * (1 + t.daily_swing * std::sin(2 * 3.14159265358979 * (now / 86400 - 0.3)));
            if (std::generate_canonical<double, 53>(arrivals) * peak <= wave) out.push_back(now);
        }
        if (t.bursts_per_day <= 0) return out;
        std::mt19937_64 bursts(t.seed + 2000);
        for (double at = gap(bursts) * 86400 / t.bursts_per_day; at < end; at += gap(bursts) * 86400 / t.bursts_per_day) {
            const auto size = static_cast<int>(gap(bursts) * t.burst_size);
            double now = at;
            for (int i = 0; i < size && now < end; ++i, now += gap(bursts) * t.burst_spacing_s) out.push_back(now);
        }
        std::sort(out.begin(), out.end());
        return out;
    }();
    std::normal_distribution<double> normal;
    struct Instance {
        double free_at, last;
        std::uint64_t id;
        bool pool;
    };
    std::vector<Instance> instances;
    for (std::int32_t i = 0; i < t.pool; ++i) instances.push_back({0, 0, 1000000ULL + static_cast<std::uint64_t>(i), true});
    std::uint64_t next_id = 1, request = 1;
    const double share = std::min(1.0, t.memory / 1769.0);
    const double end = t.days * 86400;
    for (const double now : requests) {
        const double factor = std::exp(t.spread * normal(durations) - t.spread * t.spread / 2);
        const double init_factor = std::exp(0.15 * normal(durations));
        ++request;
        std::erase_if(instances, [&](const Instance& i) { return !i.pool && i.free_at <= now && now - i.free_at > t.keep_alive_s; });
        const auto busy = std::count_if(instances.begin(), instances.end(), [&](const Instance& i) { return i.free_at > now; });
        run.requests += 1;
        if (t.limit > 0 && busy >= t.limit) {
            run.throttled += 1;
            continue;
        }
        Instance* use = nullptr;
        for (auto& i : instances)
            if (i.pool && i.free_at <= now) {
                use = &i;
                break;
            }
        if (use == nullptr)
            for (auto& i : instances)
                if (!i.pool && i.free_at <= now && (use == nullptr || i.free_at > use->free_at)) use = &i;
        const double handler = (t.serial_ms + t.cpu_ms / share) * factor;
        double init = 0;
        const bool cold = use == nullptr;
        if (cold) {
            init = t.init_ms / std::sqrt(share) * init_factor * std::sqrt(512 / 1769.0);
            instances.push_back({0, 0, next_id++, false});
            use = &instances.back();
            run.cold += 1;
            run.init_billed_ms += std::ceil(init);
        }
        use->free_at = now + (init + handler) / 1000;
        (use->pool ? run.pool_ms : run.billed_ms) += std::ceil(handler);
        run.latency_ms.push_back(init + handler);
        Invocation i;
        i.time = kBegin + milliseconds(static_cast<std::int64_t>(1000 * now + init));
        i.duration_ms = static_cast<float>(handler);
        i.billed_ms = static_cast<float>(std::ceil(handler + init));
        i.init_ms = cold ? static_cast<float>(init) : -1.0F;
        i.max_memory_used_mb = static_cast<float>(t.used);
        i.memory_mb = t.memory;
        i.instance = use->id;
        i.request = request;
        i.provisioned = use->pool;
        run.log.push_back(i);
    }
    std::stable_sort(run.log.begin(), run.log.end(), [](const auto& a, const auto& b) { return a.time < b.time; });
    const double gb = t.memory / 1024.0, month = 30 / t.days;
    run.cost_month = month * ((run.requests - run.throttled) * 2e-7 + gb * (run.billed_ms + run.init_billed_ms) / 1000 * 1.66667e-5 +
                              gb * run.pool_ms / 1000 * 9.7222e-6 + t.pool * gb * end * 4.1667e-6);
    return run;
}

// What sync would have stored of it: five-minute metrics, and the log for the share of the days asked for.
inline tuning::Evidence evidenceOf(const Truth& t, const TruthRun& run, double logged_days) {
    tuning::Evidence e;
    const TimeRange range{kBegin, kBegin + milliseconds(static_cast<std::int64_t>(t.days * 86'400'000))};
    auto& f = e.function;
    f.id = "arn:aws:lambda:us-east-1:123456789012:function:truth";
    f.name = "truth";
    f.region = "us-east-1";
    f.memory = {t.memory};
    f.timeout = seconds(60);
    f.instance_limit = t.limit > 0 ? InstanceLimit::of(t.limit) : InstanceLimit::unlimited();
    e.range = range;
    e.prices = truthPrices();
    e.history = {{range.begin - hours(24), f.memory, t.pool, f.instance_limit}};
    const auto series = [&](MetricSeries& s, Metric metric, Statistic statistic) {
        s.key = {f.id, "", metric, statistic, seconds(300)};
        s.coverage = RangeSet({range});
    };
    series(e.invocations, Metric::invocations, Statistic::sum);
    series(e.throttles, Metric::throttles, Statistic::sum);
    series(e.errors, Metric::errors, Statistic::sum);
    series(e.duration_average, Metric::duration, Statistic::average);
    series(e.duration_samples, Metric::duration, Statistic::sample_count);
    const auto log_from = range.end - milliseconds(static_cast<std::int64_t>(logged_days * 86'400'000));
    std::map<std::int64_t, std::pair<double, double>> bins;
    for (const auto& i : run.log) {
        auto& [n, sum] = bins[floorTo(i.time, minutes(5)).time_since_epoch().count()];
        n += 1;
        sum += i.duration_ms;
        if (i.time >= log_from || i.cold()) e.log.invocations.push_back(i);
    }
    for (const auto& [at, bin] : bins) {
        const Timestamp time{milliseconds(at)};
        e.invocations.points.push_back({time, bin.first});
        e.duration_average.points.push_back({time, bin.second / bin.first});
        e.duration_samples.points.push_back({time, bin.first});
    }
    if (run.throttled > 0) {  // evenly, which is the worst a model could be told
        const double each = run.throttled / static_cast<double>(bins.size());
        for (const auto& [at, bin] : bins) e.throttles.points.push_back({Timestamp(milliseconds(at)), each});
    }
    if (logged_days > 0) e.log.complete = RangeSet({{log_from, range.end}});
    e.log.cold_only = RangeSet({range});
    if (t.pool > 0) {
        Qualifier q;
        q.name = "live";
        q.kind = "alias";
        q.version = "3";
        q.warm_pool = t.pool;
        q.warm_pool_status = "READY";
        f.qualifiers.push_back(q);
    }
    return e;
}

// The truth at other sizes as a benchmark would have measured it, `count` calls each.
inline Observation observed(const Truth& t, std::int32_t memory, std::int64_t count) {
    Observation o;
    o.memory = {memory};
    o.mean_ms = t.serial_ms + t.cpu_ms / std::min(1.0, memory / 1769.0);
    o.count = count;
    o.max_memory_used_mb = t.used;
    o.provenance = "trial";
    return o;
}

}  // namespace pilotlight::test
