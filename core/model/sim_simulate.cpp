// Runs a scenario: sources of arrivals and service times, tallies, replications and intervals.
#include <ctime>

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>
#include <numeric>
#include <optional>

#include "core/model/sim_engine.h"
#include "core/model/sim_histogram.h"
#include "core/model/sim_scenario.h"
#include "core/model/sim_shared.h"

namespace pilotlight::model {
namespace {

double cpuSeconds() {
    timespec t{};
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
    return static_cast<double>(t.tv_sec) + 1e-9 * static_cast<double>(t.tv_nsec);
}

// Service times; cold ones are a stream apart where they have a law of their own.
struct Services {
    Services(const Scenario& s, std::uint64_t replication)
        : warm_law(s.service_warm, Random(s.seed, 2 * replication + 2)), startup(s.concurrency == 1 ? s.startup_s : 0) {
        if (s.service_cold) cold_law.emplace(*s.service_cold, Random(s.seed ^ 0x636f6c64, 2 * replication + 2));
    }
    double warm() { return warm_law.next(); }
    double cold() { return startup + (cold_law ? cold_law->next() : warm_law.next()); }
    SampleStream warm_law;
    std::optional<SampleStream> cold_law;
    double startup;
};

constexpr std::uint64_t kLook = (1U << 16) - 1;  // arrivals between two looks at whether to stop

struct PoissonSource {
    PoissonSource(const Scenario& s, double end_s, std::uint64_t replication, const JobContext& context)
        : job(context), gaps({Distribution::Kind::exponential, 1 / *s.poisson_rate, 1, {}}, Random(s.seed, 2 * replication + 1)),
          services(s, replication),
          end(end_s) {}
    bool next(double& time) {
        at += gaps.next();
        time = at;
        if (at >= end || ((++count & kLook) == 0 && job.stopRequested())) return false;
        return true;
    }
    double warm() { return services.warm(); }
    double cold() { return services.cold(); }
    const JobContext& job;
    SampleStream gaps;
    Services services;
    double at = 0, end;
    std::uint64_t count = 0;
};

struct TraceSource {
    TraceSource(const Scenario& s, const std::vector<double>& times, double end_s, std::uint64_t replication, const JobContext& context)
        : job(context), arrivals(times), traced(s.trace_service_s), services(s, replication), end(end_s) {}
    bool next(double& time) {
        if (count >= arrivals.size() || arrivals[count] > end || ((count & kLook) == kLook && job.stopRequested())) return false;
        time = arrivals[count++];
        return true;
    }
    double warm() { return traced.empty() ? services.warm() : traced[count - 1]; }
    double cold() { return traced.empty() || services.cold_law ? services.cold() : services.startup + traced[count - 1]; }
    const JobContext& job;
    const std::vector<double>& arrivals;
    const std::vector<float>& traced;
    Services services;
    double end;
    std::size_t count = 0;
};

struct Block {
    double arrivals = 0, cold = 0, throttled = 0, spilled = 0;
    double busy_s = 0, idle_s = 0;  // outside the pool
    double pool_busy_s = 0;
    double seconds = 0;
    std::vector<std::int64_t> samples;
    DurationHistogram latency;
};

// Counts what happens in [from, to), split into equal blocks.
class Tally {
public:
    Tally(double from, double to, std::size_t blocks, std::int32_t pool)
        : from_(from), to_(to), per_second_(static_cast<double>(blocks) / (to - from)), pool_(pool), blocks_(blocks) {
        for (auto& block : blocks_) block.seconds = (to - from) / static_cast<double>(blocks);
    }
    // Engine1: service time is the latency and the busy time.
    void served(double time, double service, Served how) {
        if (how == Served::pool) {
            clip(time, time + service, &Block::pool_busy_s);
        } else {
            clip(time, time + service, &Block::busy_s);
        }
        finish(time, service, how);
    }
    void finish(double time, double latency, Served how) {
        if (time < from_ || time >= to_) return;
        auto& block = at(time);
        block.arrivals += 1;
        if (how == Served::cold) block.cold += 1;
        if (how != Served::pool && pool_ > 0) block.spilled += 1;
        block.latency.add(latency);
    }
    void throttled(double time) {
        if (time < from_ || time >= to_) return;
        auto& block = at(time);
        block.arrivals += 1;
        block.throttled += 1;
    }
    void idle(double from, double to) { clip(from, to, &Block::idle_s); }
    void busy(double from, double to) { clip(from, to, &Block::busy_s); }
    void instances(double time, std::int64_t count) {
        if (time >= from_ && time < to_) {
            at(time).samples.push_back(count);
            max_ = std::max(max_, count);
        }
    }
    void started(double time, std::int64_t alive) {
        if (time >= from_ && time < to_) max_ = std::max(max_, alive);
    }
    [[nodiscard]] const std::vector<Block>& blocks() const { return blocks_; }
    [[nodiscard]] std::int64_t max() const { return max_; }

private:
    Block& at(double time) { return blocks_[std::min(blocks_.size() - 1, static_cast<std::size_t>((time - from_) * per_second_))]; }
    void clip(double begin, double end, double Block::* what) {
        begin = std::max(begin, from_);
        end = std::min(end, to_);
        if (end > begin) at(begin).*what += end - begin;
    }
    double from_, to_, per_second_;
    std::int32_t pool_;
    std::int64_t max_ = 0;
    std::vector<Block> blocks_;
};

// SharedEngine tells the end of requests and the work of instances apart.
struct SharedTally {
    Tally& tally;
    void served(double time, double latency, Served how) { tally.finish(time, latency, how); }
    void throttled(double time) { tally.throttled(time); }
    void idle(double from, double to) { tally.idle(from, to); }
    void busy(double from, double to) { tally.busy(from, to); }
    void started(double time, std::int64_t alive) { tally.started(time, alive); }
    void instances(double time, std::int64_t count) { tally.instances(time, count); }
};

constexpr std::size_t kLeaves = 12;
using Leaves = std::array<double, kLeaves>;

// The twelve figures of a set of blocks, each with a weight (how often it was drawn).
Leaves leaves(const std::vector<Block>& blocks, const std::vector<double>& weights, double max, std::int32_t pool, bool min_floor) {
    double arrivals = 0, cold = 0, throttled = 0, spilled = 0, busy = 0, idle = 0, pool_busy = 0, seconds = 0;
    DurationHistogram latency;
    std::vector<std::pair<std::int64_t, double>> samples;
    for (std::size_t b = 0; b < blocks.size(); ++b) {
        const double w = weights[b];
        if (w <= 0) continue;
        const auto& block = blocks[b];
        arrivals += w * block.arrivals;
        cold += w * block.cold;
        throttled += w * block.throttled;
        spilled += w * block.spilled;
        busy += w * block.busy_s;
        idle += w * block.idle_s;
        pool_busy += w * block.pool_busy_s;
        seconds += w * block.seconds;
        latency.add(block.latency, w);
        for (const auto s : block.samples) samples.emplace_back(s, w);
    }
    std::sort(samples.begin(), samples.end());
    double total = 0, mean_sampled = 0;
    for (const auto& [value, w] : samples) {
        total += w;
        mean_sampled += w * static_cast<double>(value);
    }
    double p95 = 0, below = 0;
    for (const auto& [value, w] : samples) {
        below += w;
        p95 = static_cast<double>(value);
        if (below >= 0.95 * total) break;
    }
    const double all = arrivals > 0 ? arrivals : 1, second = seconds > 0 ? 1 / seconds : 0;
    double mean = (busy + idle) * second + pool;
    if (min_floor && total > 0) mean = mean_sampled / total;
    const double running = (busy + pool_busy) * second;
    const auto ms = [&](double q) { return latency.count() > 0 ? latency.quantile(q) * 1000 : std::numeric_limits<double>::quiet_NaN(); };
    return {cold / all,
            throttled / all,
            spilled / all,
            mean,
            p95,
            max,
            running,
            std::max(0.0, mean - running),
            ms(0.50),
            ms(0.90),
            ms(0.95),
            ms(0.99)};
}

// 95 % point of Student's t: the half-width of a 90 % interval.
double studentT(std::size_t degrees) {
    static constexpr std::array<double, 30> table{6.314, 2.920, 2.353, 2.132, 2.015, 1.943, 1.895, 1.860, 1.833, 1.812,
                                                  1.796, 1.782, 1.771, 1.761, 1.753, 1.746, 1.740, 1.734, 1.729, 1.725,
                                                  1.721, 1.717, 1.714, 1.711, 1.708, 1.706, 1.703, 1.701, 1.699, 1.697};
    return degrees == 0 ? 0 : degrees <= table.size() ? table[degrees - 1] : 1.645 + 1.6 / static_cast<double>(degrees);
}

std::array<Interval SimulationResult::*, kLeaves> members() {
    using R = SimulationResult;
    return {&R::cold_probability,
            &R::throttled_probability,
            &R::spilled_probability,
            &R::instances_mean,
            &R::instances_p95,
            &R::instances_max,
            &R::running,
            &R::idle,
            &R::latency_p50_ms,
            &R::latency_p90_ms,
            &R::latency_p95_ms,
            &R::latency_p99_ms};
}

struct Run {
    Leaves values{};
    std::uint64_t arrivals = 0;
    double seconds = 0;
    std::vector<Block> blocks;
    double max = 0;
};

template <typename Source>
void runEngine(const Scenario& s, Source& source, Tally& tally, std::uint64_t replication, double rate, double end) {
    const double span = end - s.warmup_s;
    const double sample = span / 8192;
    double mean_service = s.service_warm.mean();
    if (!s.trace_service_s.empty()) {
        mean_service = 0;
        for (const float v : s.trace_service_s) mean_service += v;
        mean_service /= static_cast<double>(s.trace_service_s.size());
    }
    const bool shared = s.concurrency > 1 || s.queue_s > 0 || s.min_instances > 0 || s.slowdown_alpha > 0;
    if (shared) {
        SharedOptions o;
        o.concurrency = s.concurrency;
        o.slowdown_alpha = s.slowdown_alpha;
        o.startup_s = s.concurrency == 1 ? 0 : s.startup_s;  // with one request an instance the source adds it
        o.queue_s = s.queue_s;
        o.min_instances = std::max(s.min_instances, s.provisioned);
        o.limit = s.instance_limit;
        o.scale = s.scale;
        o.keep_alive = s.keep_alive;
        o.seed = s.seed + replication;
        o.expected_gap_s = 1 / rate;
        o.expected_busy = rate * mean_service;
        o.sample_from_s = s.warmup_s;
        o.sample_step_s = sample;
        o.end_s = end;
        SharedTally sink{tally};
        SharedEngine<Source, SharedTally>(source, sink, o).run();
        return;
    }
    EngineOptions o;
    if (s.provisioned > 0) o.pool.emplace_back(0.0, s.provisioned);
    o.limit = s.instance_limit;
    o.scale = s.scale;
    o.keep_alive = s.keep_alive;
    o.seed = s.seed + replication;
    o.expected_gap_s = 1 / rate;
    o.expected_busy = rate * mean_service;
    o.sample_from_s = s.warmup_s;
    o.sample_step_s = sample;
    o.end_s = end;
    replay(source, tally, o);
}

}  // namespace

Result<SimulationResult> simulate(const Scenario& s, Executor& executor, const JobContext& job) {
    double end = 0;
    const bool synthetic = s.poisson_rate.has_value();
    std::vector<double> times = s.trace_s;
    if (synthetic) {
        end = s.warmup_s + s.duration_s.value_or(1);
    } else {
        const double length = s.counts.empty() ? (times.empty() ? 0 : times.back()) : static_cast<double>(s.counts.size()) * s.counts_bin_s;
        end = s.duration_s ? std::min(length, s.warmup_s + *s.duration_s) : length;
        // The last arrival of a trace belongs to it.
        if (s.counts.empty()) end = std::nextafter(end, 1e300);
        if (!(end > s.warmup_s))
            return fail(ErrorCode::invalid_argument, "Scenario: the trace ends before the warm-up does", "Nothing was simulated.",
                        "Shorten warmup_s.");
    }
    const auto replications = static_cast<std::size_t>(std::max(1, s.replications));
    const double span = end - s.warmup_s;
    std::size_t blocks = 1;
    if (!synthetic && s.counts.empty() && replications == 1) blocks = span >= 5 * 86400.0 ? static_cast<std::size_t>(span / 86400.0) : 24;
    const bool floor = s.concurrency > 1 || s.queue_s > 0 || s.min_instances > 0 || s.slowdown_alpha > 0;
    const std::int32_t pool = floor ? 0 : s.provisioned;

    std::vector<Run> runs(replications);
    parallelFor(executor, replications, [&](std::size_t r) {
        if (job.stopRequested()) return;
        auto& run = runs[r];
        Tally tally(s.warmup_s, end, blocks, pool);
        const double before = cpuSeconds();
        if (synthetic) {
            PoissonSource source(s, end, r, job);
            runEngine(s, source, tally, r, *s.poisson_rate, end);
            run.arrivals = source.count;
        } else {
            std::vector<double> drawn;
            const std::vector<double>* arrivals = &times;
            if (!s.counts.empty()) {
                Random random(s.seed, 2 * r + 1);
                for (std::size_t bin = 0; bin < s.counts.size(); ++bin) {
                    const auto first = drawn.size();
                    const double whole = std::floor(s.counts[bin]);
                    const auto n = static_cast<std::size_t>(whole) + (random.uniform() < s.counts[bin] - whole ? 1 : 0);
                    for (std::size_t i = 0; i < n; ++i) drawn.push_back((static_cast<double>(bin) + random.uniform()) * s.counts_bin_s);
                    std::sort(drawn.begin() + static_cast<std::ptrdiff_t>(first), drawn.end());
                }
                arrivals = &drawn;
            }
            TraceSource source(s, *arrivals, end, r, job);
            const double rate = std::max(1e-9, static_cast<double>(arrivals->size()) / std::max(1e-9, end));
            runEngine(s, source, tally, r, rate, end);
            run.arrivals = source.count;
        }
        run.seconds = cpuSeconds() - before;
        run.max = static_cast<double>(tally.max());
        run.values =
            leaves(tally.blocks(), std::vector<double>(blocks, 1.0), run.max, pool, s.min_instances > 0 || (floor && s.provisioned > 0));
        if (blocks > 1) run.blocks = tally.blocks();
    });
    PILOTLIGHT_TRY(job.check());

    SimulationResult result;
    for (const auto& run : runs) {
        result.arrivals += run.arrivals;
        result.engine_seconds += run.seconds;
    }
    const auto names = members();
    std::vector<Leaves> resampled;
    if (blocks > 1) {
        Random random(s.seed, 0x626f6f74);
        for (int b = 0; b < 200; ++b) {
            std::vector<double> weights(blocks, 0.0);
            for (std::size_t i = 0; i < blocks; ++i) weights[random.below(blocks)] += 1;
            resampled.push_back(leaves(runs[0].blocks, weights, runs[0].max, pool, s.min_instances > 0 || (floor && s.provisioned > 0)));
        }
    }
    for (std::size_t leaf = 0; leaf < kLeaves; ++leaf) {
        auto& out = result.*names[leaf];
        std::vector<double> each;  // latencies of a run that served nothing are not known
        for (const auto& run : runs)
            if (std::isfinite(run.values[leaf])) each.push_back(run.values[leaf]);
        const auto n = static_cast<double>(each.size());
        const double mean = std::accumulate(each.begin(), each.end(), 0.0) / n;
        out.value = mean;
        if (each.empty()) continue;
        if (replications > 1) {
            if (each.size() < 2) continue;
            double variance = 0;
            for (const double value : each) variance += (value - mean) * (value - mean);
            const double half = studentT(each.size() - 1) * std::sqrt(variance / (n - 1) / n);
            out.lo = mean - half;
            out.hi = mean + half;
            if (leaf < 3) {
                out.lo = std::max(0.0, *out.lo);
                out.hi = std::min(1.0, *out.hi);
            }
        } else if (blocks > 1) {
            std::vector<double> values;
            for (const auto& r : resampled)
                if (std::isfinite(r[leaf])) values.push_back(r[leaf]);
            if (values.empty()) continue;
            std::sort(values.begin(), values.end());
            const auto at = [&](double share) { return values[static_cast<std::size_t>(share * static_cast<double>(values.size() - 1))]; };
            out.lo = std::min(mean, at(0.0475));  // the 10th and the 191st of 200
            out.hi = std::max(mean, at(0.9575));
        }
    }
    return result;
}

}  // namespace pilotlight::model
