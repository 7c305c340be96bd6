#include "core/tuning/workload.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <map>
#include <numeric>

#include "core/tuning/measured.h"

namespace pilotlight::tuning {
namespace {

using model::Random;

double secondsOf(milliseconds d) { return static_cast<double>(d.count()) / 1000.0; }

// Mean duration at one size over that at today's.
class Ratio {
public:
    Ratio(const std::optional<model::LatencyModel>& latency, Megabytes today) : latency_(latency), today_(today) {}
    double of(std::int32_t memory_mb) {
        if (!latency_ || memory_mb <= 0 || memory_mb == today_.value) return 1;
        const auto [it, fresh] = known_.try_emplace(memory_mb, 1.0);
        if (fresh) {
            const double now = latency_->at(today_).mean_ms.value, then = latency_->at({memory_mb}).mean_ms.value;
            if (now > 0 && then > 0) it->second = then / now;
        }
        return it->second;
    }

private:
    const std::optional<model::LatencyModel>& latency_;
    Megabytes today_;
    std::map<std::int32_t, double> known_;
};

struct Drawn {
    double time;
    float warm;
    bool logged;
};

// Gaps between logged arrivals, each in units of the local mean gap: consecutive ones are drawn together, so that bursts stay bursts.
std::vector<float> relativeGaps(const std::vector<double>& logged, const std::vector<TimeRange>& windows, Timestamp begin) {
    std::vector<float> gaps;
    for (const auto& window : windows) {
        const double from = secondsOf(window.begin - begin), to = secondsOf(window.end - begin);
        const auto first = std::lower_bound(logged.begin(), logged.end(), from), last = std::lower_bound(first, logged.end(), to);
        // Five minutes at a time: slower changes are in the counts.
        for (auto a = first; a != last;) {
            const double part_end = *a + 300;
            auto b = std::lower_bound(a, last, part_end);
            const auto n = b - a;
            if (n >= 4) {
                const double mean = (*(b - 1) - *a) / static_cast<double>(n - 1);
                if (mean > 0)
                    for (auto i = a; i + 1 < b; ++i) gaps.push_back(static_cast<float>((*(i + 1) - *i) / mean));
            }
            a = b;
        }
    }
    return gaps;
}

}  // namespace

std::string grouped(double count) {
    auto text = fmt::format("{:.0f}", count);
    for (auto at = static_cast<std::ptrdiff_t>(text.size()) - 3; at > (text[0] == '-' ? 1 : 0); at -= 3)
        text.insert(static_cast<std::size_t>(at), ",");
    return text;
}

Megabytes memoryAt(const Evidence& evidence, Timestamp t) {
    Megabytes memory = evidence.function.memory;
    for (const auto& settings : evidence.history) {
        if (settings.since <= t || &settings == &evidence.history.front()) memory = settings.memory;
    }
    return memory;
}

std::vector<Observation> observationsOf(const Evidence& evidence, TimeRange period) {
    std::vector<Observation> out = evidence.observations;
    std::map<std::int32_t, std::vector<float>> by_size;
    std::map<std::int32_t, float> used;
    for (const auto& invocation : evidence.log.invocations) {
        if (!period.contains(invocation.time) || invocation.memory_mb <= 0 || invocation.failed || invocation.timed_out) continue;
        used[invocation.memory_mb] = std::max(used[invocation.memory_mb], invocation.max_memory_used_mb);
        if (!invocation.cold()) by_size[invocation.memory_mb].push_back(invocation.duration_ms);
    }
    const auto provenance = toIso8601(period.begin).substr(0, 10) + ".." + toIso8601(period.end).substr(0, 10);
    for (auto& [memory, durations] : by_size) {
        if (durations.size() < 5) continue;
        std::sort(durations.begin(), durations.end());
        Observation o;
        o.memory = {memory};
        o.mean_ms = std::accumulate(durations.begin(), durations.end(), 0.0) / static_cast<double>(durations.size());
        o.p50_ms = quantile(durations, 0.50);
        o.p90_ms = quantile(durations, 0.90);
        o.p95_ms = quantile(durations, 0.95);
        o.p99_ms = quantile(durations, 0.99);
        o.count = static_cast<std::int64_t>(durations.size());
        if (used[memory] > 0) o.max_memory_used_mb = used[memory];
        o.provenance = provenance + " (logs)";
        out.push_back(std::move(o));
    }
    if (by_size.empty()) {
        // Metrics alone: mean by the memory in force.
        std::map<std::int32_t, std::pair<double, double>> sums;
        std::size_t s = 0;
        for (const auto& point : evidence.duration_average.points) {
            if (!period.contains(point.time)) continue;
            while (s < evidence.duration_samples.points.size() && evidence.duration_samples.points[s].time < point.time) ++s;
            const bool match = s < evidence.duration_samples.points.size() && evidence.duration_samples.points[s].time == point.time;
            const double n = match ? evidence.duration_samples.points[s].value : 1;
            auto& [sum, count] = sums[memoryAt(evidence, point.time).value];
            sum += n * point.value;
            count += n;
        }
        for (const auto& [memory, sum] : sums) {
            if (sum.second < 5) continue;
            Observation o;
            o.memory = {memory};
            o.mean_ms = sum.first / sum.second;
            o.count = static_cast<std::int64_t>(sum.second);
            o.provenance = provenance + " (metrics)";
            out.push_back(std::move(o));
        }
    }
    return out;
}

Workload makeWorkload(const Evidence& evidence, const Coverage& read, const std::optional<model::LatencyModel>& latency) {
    Workload work;
    auto period = read.period;
    const auto& function = evidence.function;
    Ratio ratio(latency, function.memory);
    const auto& series = evidence.invocations;

    // Of a busy function only the newest days.
    double demand = 0;
    for (const auto& p : series.points)
        if (period.contains(p.time)) demand += p.value;
    for (const auto& p : evidence.throttles.points)
        if (period.contains(p.time)) demand += p.value;
    const double all_demand = std::max(demand, 1.0);
    while (demand > kMostArrivals && period.length() > hours(48)) {
        const TimeRange dropped{period.begin, period.begin + hours(24)};
        for (const auto& p : series.points)
            if (dropped.contains(p.time)) demand -= p.value;
        for (const auto& p : evidence.throttles.points)
            if (dropped.contains(p.time)) demand -= p.value;
        period.begin = dropped.end;
    }
    work.period = period;
    work.span_s = std::max(1.0, secondsOf(period.length()));
    work.read = read.parts.intersectedWith(period);
    if (work.read.ranges().empty()) work.read = RangeSet({period});
    work.read_s = std::max(1.0, secondsOf(work.read.length()));
    work.demand_spread = demandSpread(evidence, read);
    // 1970-01-01 was a Thursday: three days after a Monday.
    work.week_offset_s = std::fmod(secondsOf(period.begin.time_since_epoch()) + 3 * 86400.0, 7 * 86400.0);

    // What the log holds.
    const auto complete = evidence.log.complete.intersectedWith(period);
    std::vector<float> pool;  // warm handler durations at today's memory, seconds
    std::map<std::int32_t, std::pair<double, double>> init_by_size;
    for (const auto& i : evidence.log.invocations) {
        const double r = ratio.of(i.memory_mb);
        if (i.cold()) {
            ++work.cold_seen;
            work.cold_s.push_back(static_cast<float>(i.duration_ms / 1000 / r));
            auto& [sum, n] = init_by_size[i.memory_mb];
            sum += std::log(std::max(1.0F, i.init_ms));
            n += 1;
        } else if (!i.failed || i.timed_out) {
            pool.push_back(static_cast<float>(i.duration_ms / 1000 / r));
        }
    }
    // INIT against memory: its own exponent where two sizes were seen, else a weak share of CPU (0.4; INIT is said to be boosted).
    const auto share = [](std::int32_t mb) { return std::min<double>(mb, kLambdaMegabytesPerVcpu); };
    std::erase_if(init_by_size, [](const auto& entry) { return entry.second.second < 5; });
    if (init_by_size.size() >= 2) {
        const auto &low = *init_by_size.begin(), &high = *init_by_size.rbegin();
        const double x = std::log(share(high.first) / share(low.first));
        if (x > 0.3) {
            const double y = low.second.first / low.second.second - high.second.first / high.second.second;
            const double weight = x * x / (x * x + 0.3);
            work.init_exponent = std::clamp(weight * y / x + (1 - weight) * 0.4, 0.0, 1.2);
            work.init_exponent_sd = 0.12;
        }
    }
    for (const auto& i : evidence.log.invocations)
        if (i.cold() && i.memory_mb > 0)
            work.init_s.push_back(
                static_cast<float>(i.init_ms / 1000 * std::pow(share(i.memory_mb) / share(function.memory.value), work.init_exponent)));
    if (work.init_s.empty()) {
        // Where no cold start was read: log-normal with median 1.35 s, sigma 1.3 (public serverless traces), at its deciles.
        work.init_assumed = true;
        for (const double z : {-1.645, -1.036, -0.674, -0.385, -0.126, 0.126, 0.385, 0.674, 1.036, 1.645})
            work.init_s.push_back(static_cast<float>(model::portableExp(0.297 + 1.326 * z)));
    }
    if (pool.empty()) {
        const double mean = latency ? latency->at(function.memory).mean_ms.value : 100;
        const double sd = latency ? std::clamp(latency->spread(), 0.02, 1.5) : 0.3;
        Random random(77);
        for (int i = 0; i < 512; ++i)
            pool.push_back(static_cast<float>(mean / 1000 * model::portableExp(sd * random.normal() - sd * sd / 2)));
    }
    if (work.cold_s.size() < 5)
        work.cold_s.insert(work.cold_s.end(), pool.begin(),
                           pool.begin() + static_cast<std::ptrdiff_t>(std::min<std::size_t>(pool.size(), 64)));

    Random random(0x70696c6f);
    std::vector<Drawn> drawn;
    std::vector<double> logged;
    std::size_t window = 0;
    const auto& windows = complete.ranges();
    std::vector<model::InstanceUse> stretch;
    const auto close = [&] {
        if (stretch.size() >= 20) {
            std::sort(stretch.begin(), stretch.end(), [](const auto& a, const auto& b) { return a.begin < b.begin; });
            work.stretches.push_back(stretch);
        }
        stretch.clear();
    };
    for (const auto& i : evidence.log.invocations) {
        if (!period.contains(i.time)) continue;
        while (window < windows.size() && windows[window].end <= i.time) {
            close();
            ++window;
        }
        if (window == windows.size()) break;
        if (i.time < windows[window].begin) continue;
        const double init = i.cold() ? i.init_ms / 1000.0 : 0.0;
        const double at = std::max(0.0, secondsOf(i.time - period.begin) - init);
        const float warm = i.cold() ? pool[random.below(pool.size())] : static_cast<float>(i.duration_ms / 1000 / ratio.of(i.memory_mb));
        drawn.push_back({at, warm, true});
        logged.push_back(at);
        if (!i.provisioned) stretch.push_back({at, secondsOf(i.time - period.begin) + i.duration_ms / 1000.0, i.instance, i.cold()});
    }
    close();
    std::sort(logged.begin(), logged.end());
    const auto gaps = relativeGaps(logged, windows, period.begin);

    // Elsewhere: counts by period.
    for (const auto& point : series.points) {
        if (!period.contains(point.time) || point.value <= 0) continue;
        const TimeRange bin = TimeRange{point.time, point.time + series.key.period}.clippedTo(period);
        const double length = secondsOf(bin.length());
        if (length <= 0) continue;
        const auto gone = complete.missingIn(bin);
        const double missing = secondsOf(gone.length()) / length;
        if (missing <= 0) continue;
        const double expected = point.value * missing;
        auto n = static_cast<std::size_t>(expected);
        if (random.uniform() < expected - std::floor(expected)) ++n;
        if (n == 0) continue;
        // n + 1 gaps, scaled to the missing time; without a log they are exponential.
        std::vector<double> at;
        double sum = 0;
        std::size_t cursor = 0;
        for (std::size_t g = 0; g <= n; ++g) {
            if (gaps.size() >= 50) {
                if (g % 25 == 0) cursor = random.below(gaps.size());
                sum += gaps[cursor] + 1e-6;
                cursor = (cursor + 1) % gaps.size();
            } else {
                sum += random.exponential();
            }
            if (g < n) at.push_back(sum);
        }
        const double missing_s = secondsOf(gone.length());
        for (const double a : at) {
            double offset = a / sum * missing_s;
            for (const auto& part : gone.ranges()) {  // lay the stretch over the parts that are missing
                const double part_s = secondsOf(part.length());
                if (offset < part_s) {
                    drawn.push_back({secondsOf(part.begin - period.begin) + offset, pool[random.below(pool.size())], false});
                    break;
                }
                offset -= part_s;
            }
        }
    }
    // Requests that were throttled asked too: they came with the others of their period.
    std::stable_sort(drawn.begin(), drawn.end(), [](const Drawn& a, const Drawn& b) { return a.time < b.time; });
    const std::size_t before = drawn.size();
    for (const auto& point : evidence.throttles.points) {
        if (!period.contains(point.time) || point.value <= 0) continue;
        const double from = secondsOf(point.time - period.begin), to = from + static_cast<double>(evidence.throttles.key.period.count());
        const auto first = static_cast<std::size_t>(std::lower_bound(drawn.begin(), drawn.begin() + static_cast<std::ptrdiff_t>(before),
                                                                     from, [](const Drawn& d, double t) { return d.time < t; }) -
                                                    drawn.begin());
        const auto last = static_cast<std::size_t>(std::lower_bound(drawn.begin(), drawn.begin() + static_cast<std::ptrdiff_t>(before), to,
                                                                    [](const Drawn& d, double t) { return d.time < t; }) -
                                                   drawn.begin());
        const auto n = static_cast<std::size_t>(std::llround(std::min(point.value, 20000.0)));
        for (std::size_t i = 0; i < n; ++i) {
            const double t = last > first ? drawn[first + random.below(last - first)].time + 0.2 * random.uniform()
                                          : from + (to - from) * random.uniform();
            drawn.push_back({std::min(t, work.span_s), pool[random.below(pool.size())], false});
        }
    }
    std::stable_sort(drawn.begin(), drawn.end(), [](const Drawn& a, const Drawn& b) { return a.time < b.time; });
    double from_log = 0;
    for (const auto& d : drawn) {
        work.arrivals.push_back(d.time);
        work.warm_s.push_back(std::max(1e-5F, d.warm));
        from_log += d.logged;
    }
    const auto n = static_cast<double>(drawn.size());
    work.logged_share = n > 0 ? from_log / n : 0;
    work.scale = demand > 0 && all_demand > demand + 0.5
                     ? all_demand / std::max(1.0, demand) * work.read_s / std::max(1.0, secondsOf(read.length()))
                     : 1;
    const double days = work.read_s / 86400;
    work.description = fmt::format(
        "replaying {:.{}f} days, {} requests ({})", days, days < 3 ? 1 : 0, grouped(n),
        work.logged_share > 0.999 ? std::string("every one from the logs")
        : work.logged_share <= 0  ? std::string("arrivals drawn from counts by period, no logs")
                                  : fmt::format("logs of {:.0f} %, the rest drawn from counts by period with the burstiness of the logs",
                                                std::max(1.0, 100 * work.logged_share)));
    return work;
}

Workload withoutGaps(Workload work) {
    const auto& parts = work.read.ranges();
    if (parts.size() < 2) return work;
    std::size_t part = 0;
    double gone = 0;  // what was cut before this part
    for (double& at : work.arrivals) {
        while (part + 1 < parts.size() && at >= secondsOf(parts[part + 1].begin - work.period.begin)) {
            gone += secondsOf(parts[part + 1].begin - parts[part].end);
            ++part;
        }
        at -= gone;
    }
    work.span_s = work.read_s;
    return work;
}

}  // namespace pilotlight::tuning
