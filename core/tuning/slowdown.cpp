#include "core/tuning/slowdown.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <map>

namespace pilotlight::tuning {
namespace {

constexpr std::size_t kGrid = 7;              // replays, between which the misfit is interpolated
constexpr std::size_t kFine = 200;
constexpr double kLeastHours = 24;
constexpr double kLeastRequests = 20;         // in an hour that is compared
constexpr double kNothingLearnt = 0.75;       // width of the interval, of what was possible before
constexpr double kLawError = 0.15, kLeastLawError = 0.02;  // of alpha: that all requests slow each other down alike is an assumption
constexpr double kSameWeight = 200;           // requests in an hour whose error is half drawing, half the hour's own

struct Cell {
    double requests = 0, ms = 0;
};

// Five minutes of the replay that were measured under today's settings and without a cold start.
std::map<std::size_t, Cell> measuredCells(const Evidence& evidence, const Workload& work, double first_s) {
    Timestamp since = work.period.begin;
    const auto& f = evidence.function;
    for (const auto& each : evidence.history)
        if (each.memory != f.memory || each.vcpu.value_or(f.vcpuShare()) != f.vcpuShare() || each.concurrency.value_or(f.concurrency) != f.concurrency) {
            const auto next = std::upper_bound(evidence.history.begin(), evidence.history.end(), each.since,
                                               [](Timestamp t, const SettingsInForce& other) { return t < other.since; });
            since = next == evidence.history.end() ? work.period.end : std::max(since, next->since);
        }
    std::map<Timestamp, double> starts;
    for (const auto& point : evidence.cold_starts.points) starts[point.time] = point.value;
    const double seconds = std::chrono::duration<double>(evidence.duration_average.key.period).count();
    std::map<std::size_t, Cell> cells;
    auto count = evidence.duration_samples.points.begin();
    const auto& parts = work.read.ranges();
    std::size_t part = 0;
    double before = 0;  // read before this part, s
    for (const auto& point : evidence.duration_average.points) {
        while (count != evidence.duration_samples.points.end() && count->time < point.time) ++count;
        if (count == evidence.duration_samples.points.end()) break;
        if (count->time != point.time || point.time < since) continue;
        while (part < parts.size() && point.time >= parts[part].end) {
            before += std::chrono::duration<double>(parts[part].length()).count();
            ++part;
        }
        if (part == parts.size()) break;
        if (point.time < parts[part].begin) continue;
        const auto start = starts.find(point.time);
        if (start != starts.end() && start->second > 0) continue;
        const double at = before + std::chrono::duration<double>(point.time - parts[part].begin).count() - first_s;
        if (at < 0) continue;
        const auto bins = std::max<std::size_t>(1, static_cast<std::size_t>(seconds / kBinSeconds));
        for (std::size_t i = 0; i < bins; ++i) {
            auto& cell = cells[static_cast<std::size_t>(at / kBinSeconds) + i];
            cell.requests += count->value / static_cast<double>(bins);
            cell.ms += count->value * point.value / static_cast<double>(bins);
        }
    }
    return cells;
}

struct Hours {
    std::vector<double> weight, off;  // off: logarithm of the measured mean duration over the replayed one
    double misfit = 0;                // weighted mean square about the mean
    double mean_ratio = 1;            // measured over replayed, of all requests
};

Hours compare(const std::map<std::size_t, Cell>& cells, const std::vector<SharedBin>& bins) {
    struct Both {
        Cell measured, replayed;
    };
    std::map<std::size_t, Both> hours;
    Both all;
    for (const auto& [bin, cell] : cells) {
        if (bin >= bins.size()) break;
        auto& hour = hours[bin / kBinsAnHour];
        for (Both* sum : {&hour, &all}) {
            sum->measured.requests += cell.requests;
            sum->measured.ms += cell.ms;
            sum->replayed.requests += bins[bin].warm;
            sum->replayed.ms += bins[bin].warm_s * 1000.0;
        }
    }
    Hours out;
    double weights = 0, sum = 0, squares = 0;
    for (const auto& [at, hour] : hours) {
        if (std::min(hour.measured.requests, hour.replayed.requests) < kLeastRequests || hour.measured.ms <= 0 || hour.replayed.ms <= 0) continue;
        const double off = std::log(hour.measured.ms / hour.measured.requests * hour.replayed.requests / hour.replayed.ms);
        const double weight = hour.measured.requests / (hour.measured.requests + kSameWeight);
        out.off.push_back(off);
        out.weight.push_back(weight);
        weights += weight;
        sum += weight * off;
    }
    if (weights <= 0) return out;
    for (std::size_t i = 0; i < out.off.size(); ++i) {
        out.off[i] -= sum / weights;
        squares += out.weight[i] * out.off[i] * out.off[i];
    }
    out.misfit = squares / weights;
    out.mean_ratio = all.measured.ms / all.measured.requests * all.replayed.requests / all.replayed.ms;
    return out;
}

// So many independent hours would tell as much.
double independentHours(const Hours& best) {
    double weights = 0, squares = 0, beside = 0;
    for (std::size_t i = 0; i < best.off.size(); ++i) {
        weights += best.weight[i];
        squares += best.off[i] * best.off[i];
        if (i > 0) beside += best.off[i] * best.off[i - 1];
    }
    const double alike = squares > 0 ? std::clamp(beside / squares, 0.0, 0.95) : 0;
    return weights * (1 - alike) / (1 + alike);
}

}  // namespace

double scaleUntil(const std::function<double(double scale)>& ratio) {
    double scale = 1;
    for (int round = 0; round < 8; ++round) {
        const double off = ratio(scale);
        if (!(off > 0) || std::abs(off - 1) < 0.005) return off > 0 ? scale : 0;
        scale = std::clamp(scale * std::sqrt(off), 0.05, 1.5);  // half the way: shorter durations meet less often, and are shorter for it
    }
    return scale;
}

Slowdown fitSlowdown(const Evidence& evidence, const Workload& work, double most, double first_s,
                     const std::function<SharedTotals(double alpha, double scale)>& replay) {
    const Slowdown prior{.alpha = most / 2, .lo = most * 0.05, .hi = most * 0.95};
    const auto cells = measuredCells(evidence, work, first_s);
    std::array<double, kGrid> misfit{};
    Hours best;
    for (std::size_t i = 0; i < kGrid; ++i) {
        const double alpha = most * static_cast<double>(i) / (kGrid - 1);
        Hours now;
        const bool enough = scaleUntil([&](double scale) {
            now = compare(cells, replay(alpha, scale).bins);
            return static_cast<double>(now.off.size()) < kLeastHours ? 0 : now.mean_ratio;
        }) > 0;
        if (!enough) return prior;
        misfit[i] = now.misfit;
        if (i == 0 || now.misfit < best.misfit) best = now;
    }
    const double hours = independentHours(best) - 2;  // less the mean and alpha
    if (hours < kLeastHours / 2 || best.misfit <= 0) return prior;
    std::array<double, kFine + 1> likely{};
    double sum = 0, mean = 0;
    for (std::size_t k = 0; k <= kFine; ++k) {
        const double at = static_cast<double>(k) / kFine * (kGrid - 1);
        const auto left = std::min(static_cast<std::size_t>(at), kGrid - 2);
        const double value = misfit[left] + (at - static_cast<double>(left)) * (misfit[left + 1] - misfit[left]);
        likely[k] = std::pow(best.misfit / value, hours / 2);  // the scale of the errors integrated out
        sum += likely[k];
        mean += likely[k] * static_cast<double>(k) / kFine;
    }
    Slowdown out{.alpha = most * mean / sum, .hours = static_cast<int>(best.off.size())};
    double passed = 0;
    for (std::size_t k = 0; k <= kFine; ++k) {
        const double before = passed;
        passed += likely[k] / sum;
        const double at = most * static_cast<double>(k) / kFine;
        if (before < 0.05 && passed >= 0.05) out.lo = at;
        if (before < 0.95 && passed >= 0.95) out.hi = at;
    }
    const double law = std::max(kLawError * out.alpha, kLeastLawError);
    out.lo = std::max(0.0, std::min(out.lo, out.alpha - law));
    out.hi = std::min(std::max(most, out.hi), std::max(out.hi, out.alpha + law));
    return out.hi - out.lo > kNothingLearnt * most ? prior : out;
}

}  // namespace pilotlight::tuning
