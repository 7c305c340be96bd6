#include "core/model/sim_keep_alive.h"

#include <algorithm>
#include <cmath>
#include <unordered_map>
#include <unordered_set>

#include "core/model/sim_engine.h"

namespace pilotlight::model {
namespace {

// Support of the estimate: 5 s .. 4 h, 4 % apart.
constexpr double kLeast = 5, kRatio = 1.04;
constexpr std::size_t kCells = 202;
constexpr std::size_t kColdParts = 8;  // of a stretch, in which cold starts are compared

double cellEnd(std::size_t i) { return kLeast * std::pow(kRatio, static_cast<double>(i)); }

std::string minutesText(double s) {
    const auto tenths = static_cast<std::int64_t>(std::lround(s / 6));
    if (s < 90) return std::to_string(static_cast<std::int64_t>(std::lround(s))) + " s";
    return std::to_string(tenths / 10) + (tenths % 10 != 0 && tenths < 100 ? "." + std::to_string(tenths % 10) : "") + " min";
}

}  // namespace

std::vector<IdlePeriod> idlePeriods(std::span<const InstanceUse> uses) {
    std::vector<IdlePeriod> periods;
    std::unordered_map<std::uint64_t, std::size_t> last;  // use with which the instance became idle
    std::vector<double> colds;
    for (std::size_t i = 0; i < uses.size(); ++i) {
        const auto& use = uses[i];
        if (use.cold) colds.push_back(use.begin);
        const auto [it, fresh] = last.try_emplace(use.instance, i);
        if (!fresh) {
            const auto& before = uses[it->second];
            if (!use.cold && use.begin > before.end) periods.push_back({use.begin - before.end, std::numeric_limits<double>::infinity()});
            it->second = i;
        }
    }
    if (uses.empty()) return periods;
    const double end = uses.back().begin;
    std::vector<std::size_t> ends;
    for (const auto& [instance, i] : last) ends.push_back(i);
    std::sort(ends.begin(), ends.end());  // hash order must not show
    for (const std::size_t i : ends) {
        const double idle = uses[i].end;
        const auto cold = std::upper_bound(colds.begin(), colds.end(), idle);
        if (cold != colds.end() && *cold <= end) periods.push_back({0, *cold - idle});
    }
    return periods;
}

namespace {

struct UseSource {
    std::span<const InstanceUse> uses;
    std::size_t n = 0;
    bool next(double& time) {
        if (n >= uses.size()) return false;
        time = uses[n++].begin;
        return true;
    }
    double warm() { return std::max(0.0, uses[n - 1].end - uses[n - 1].begin); }
    double cold() { return warm(); }
};

struct ColdsByPart {
    double begin, length;
    std::vector<double> colds;
    [[nodiscard]] std::size_t partOf(double time) const {
        return std::min(colds.size() - 1,
                        static_cast<std::size_t>(std::max(0.0, time - begin) / length * static_cast<double>(colds.size())));
    }
    void served(double time, double, Served how) {
        if (how == Served::cold) colds[partOf(time)] += 1;
    }
    void throttled(double) {}
    void idle(double, double) {}
    void started(double, std::int64_t) {}
    void instances(double, std::int64_t) {}
};

// What is the same for every law that is tried on a stretch.
struct Stretch {
    std::span<const InstanceUse> uses;
    ColdsByPart truth;
    EngineOptions options;
};

std::vector<Stretch> prepared(std::span<const std::vector<InstanceUse>> stretches) {
    std::vector<Stretch> out;
    for (const auto& uses : stretches) {
        if (uses.size() < 2) continue;
        const double begin = uses.front().begin, length = std::max(1e-6, uses.back().begin - begin);
        Stretch stretch{uses, {begin, length, std::vector<double>(kColdParts, 0.0)}, {}};
        auto& options = stretch.options;
        options.expected_gap_s = length / static_cast<double>(uses.size());
        std::unordered_set<std::uint64_t> seen;
        double busy = 0;
        for (const auto& use : uses) {
            busy += use.end - use.begin;
            if (use.cold) stretch.truth.colds[stretch.truth.partOf(use.begin)] += 1;
            if (seen.insert(use.instance).second && !use.cold) options.initial_idle_until.push_back(use.begin);
        }
        options.expected_busy = busy / length;
        std::reverse(options.initial_idle_until.begin(), options.initial_idle_until.end());  // the first to be used again lies on top
        out.push_back(std::move(stretch));
    }
    return out;
}

// Cold starts by part of all stretches under one law, summed over the seeds tried so far.
struct Tried {
    std::size_t index = 0;
    int seeds = 0;
    std::vector<double> colds;
    void run(std::vector<Stretch>& stretches, const KeepAlive& law, int until_seeds) {
        colds.resize(stretches.size() * kColdParts);
        for (; seeds < until_seeds; ++seeds) {
            for (std::size_t s = 0; s < stretches.size(); ++s) {
                auto& stretch = stretches[s];
                stretch.options.keep_alive = law;
                stretch.options.seed = static_cast<std::uint64_t>(seeds) + 1;
                ColdsByPart model{stretch.truth.begin, stretch.truth.length, std::vector<double>(kColdParts, 0.0)};
                UseSource source{stretch.uses};
                replay(source, model, stretch.options);
                for (std::size_t i = 0; i < kColdParts; ++i) colds[s * kColdParts + i] += model.colds[i];
            }
        }
    }
    [[nodiscard]] KeepAliveChoice choice(const std::vector<Stretch>& stretches) const {
        KeepAliveChoice out{index, 0, 0, 0};
        for (std::size_t i = 0; i < colds.size(); ++i) {
            const double m = colds[i] / seeds, truth = stretches[i / kColdParts].truth.colds[i % kColdParts];
            out.error += (m - truth) * (m - truth) / (0.5 * (m + truth) + 1) / static_cast<double>(colds.size());
            out.cold_predicted += m;
            out.cold_actual += truth;
        }
        return out;
    }
};

}  // namespace

KeepAliveChoice chooseKeepAlive(std::span<const std::vector<InstanceUse>> uses, std::span<const KeepAlive> candidates) {
    constexpr int kSeeds = 4;              // of laws with chance in them
    constexpr std::size_t kFinalists = 5;  // of those: the best by one seed get the others
    auto stretches = prepared(uses);
    if (stretches.empty()) return {};
    std::vector<Tried> tried;
    std::vector<std::pair<double, std::size_t>> by_chance;
    for (std::size_t c = 0; c < candidates.size(); ++c) {
        tried.push_back({c, 0, {}});
        tried.back().run(stretches, candidates[c], 1);
        if (candidates[c].kind != KeepAlive::Kind::fixed) by_chance.emplace_back(tried.back().choice(stretches).error, c);
    }
    std::sort(by_chance.begin(), by_chance.end());
    for (std::size_t i = 0; i < by_chance.size(); ++i) {
        auto& law = tried[by_chance[i].second];
        if (i < kFinalists)
            law.run(stretches, candidates[law.index], kSeeds);
        else
            law.seeds = 0;
    }
    KeepAliveChoice best;
    best.error = std::numeric_limits<double>::infinity();
    for (const auto& law : tried) {
        if (law.seeds == 0) continue;
        const auto choice = law.choice(stretches);
        if (choice.error < best.error - 1e-9) best = choice;
    }
    return best;
}

std::vector<KeepAlive> keepAliveCandidates() {
    std::vector<KeepAlive> list;
    for (const double period : {380.0, 640.0, 300.0, 340.0, 430.0, 480.0, 530.0, 580.0, 700.0, 780.0}) {
        KeepAlive keep;
        keep.kind = KeepAlive::Kind::halving;
        keep.period_s = period;
        keep.max_life_s = 7200;
        list.push_back(keep);
    }
    for (const double seconds :
         {120.0, 180.0, 240.0, 300.0, 360.0, 420.0, 480.0, 540.0, 600.0, 720.0, 900.0, 1200.0, 1800.0, 2700.0, 3600.0}) {
        KeepAlive keep;
        keep.seconds = seconds;
        list.push_back(keep);
    }
    return list;
}

KeepAlive lambdaKeepAlivePrior() {
    KeepAlive prior;
    prior.kind = KeepAlive::Kind::uniform;
    prior.from_s = 300;
    prior.to_s = 660;
    return prior;
}

KeepAliveFit fitKeepAlive(std::span<const IdlePeriod> periods, const KeepAlive& prior, double prior_weight) {
    KeepAliveFit fit;
    // Cell i: (end(i-1), end(i)], cell 0 from 0; last cell: beyond.
    std::vector<double> start(kCells + 1), mass(kCells + 1);
    double gone = 0;
    for (std::size_t i = 0; i < kCells; ++i) {
        const double next = prior.goneAfter(cellEnd(i));
        start[i] = std::max(0.0, next - gone);
        gone = std::max(gone, next);
    }
    start[kCells] = std::max(0.0, 1 - gone);
    // A little everywhere, so that what was seen can be expressed.
    for (auto& m : start) m = 0.98 * m + 0.02 / static_cast<double>(kCells + 1);
    const auto cellOf = [](double t) {
        if (t <= kLeast) return std::size_t{0};
        return std::min(kCells, static_cast<std::size_t>(std::ceil(std::log(t / kLeast) / std::log(kRatio) - 1e-9)));
    };
    struct Span {
        std::size_t from, to;  // cells possible, inclusive
        double weight;
    };
    // Same pairs of cells together: a log holds thousands of short survived gaps.
    std::vector<std::pair<std::pair<std::size_t, std::size_t>, double>> pairs;
    for (const auto& period : periods) {
        const bool ended = std::isfinite(period.gone);
        if (ended && period.gone > 86400) continue;
        const std::size_t from = cellOf(period.survived), to = ended ? std::max(from, cellOf(period.gone)) : kCells;
        pairs.push_back({{from, to}, 1.0});
        if (ended || period.survived >= 60) ++fit.informative;
    }
    std::sort(pairs.begin(), pairs.end());
    std::vector<Span> spans;
    for (const auto& [cells, weight] : pairs) {
        if (!spans.empty() && spans.back().from == cells.first && spans.back().to == cells.second) {
            spans.back().weight += weight;
        } else {
            spans.push_back({cells.first, cells.second, weight});
        }
    }
    mass = start;
    double total = prior_weight;
    for (const auto& s : spans) total += s.weight;
    for (int round = 0; round < 400 && !spans.empty(); ++round) {
        std::vector<double> cumulative(kCells + 2, 0.0), gain(kCells + 2, 0.0);
        for (std::size_t i = 0; i <= kCells; ++i) cumulative[i + 1] = cumulative[i] + mass[i];
        for (const auto& s : spans) {
            const double p = cumulative[s.to + 1] - cumulative[s.from];
            if (p <= 1e-300) continue;
            gain[s.from] += s.weight / p;
            gain[s.to + 1] -= s.weight / p;
        }
        double running = 0, moved = 0;
        for (std::size_t i = 0; i <= kCells; ++i) {
            running += gain[i];
            const double next = (prior_weight * start[i] + running * mass[i]) / total;
            moved += std::abs(next - mass[i]);
            mass[i] = next;
        }
        if (moved < 1e-7) break;
    }
    fit.share_of_prior = prior_weight / total;
    fit.law.kind = KeepAlive::Kind::empirical;
    fit.law.cdf.emplace_back(0.0, 0.0);
    double sum = 0, norm = 0;
    for (const double m : mass) norm += m;
    for (std::size_t i = 0; i < kCells; ++i) {
        sum += mass[i] / norm;
        fit.law.cdf.emplace_back(cellEnd(i), std::min(1.0, sum));
    }
    fit.median_s = fit.law.quantile(0.5);
    if (!std::isfinite(fit.median_s)) fit.median_s = cellEnd(kCells - 1);
    const double low = fit.law.quantile(0.1), high = fit.law.quantile(0.9);
    fit.describe =
        "idle instances kept " + minutesText(low) + " to " + (std::isfinite(high) ? minutesText(high) : std::string("hours")) + " (" +
        (fit.informative == 0 ? std::string("assumed, no evidence") : "from " + std::to_string(fit.informative) + " idle periods") + ")";
    return fit;
}

}  // namespace pilotlight::model
