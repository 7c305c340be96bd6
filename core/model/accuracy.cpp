#include "core/model/accuracy.h"

#include <algorithm>
#include <cmath>
#include <string>
#include <fmt/format.h>

#include <limits>
#include <numeric>

#include "core/model/memory_choice.h"

namespace pilotlight::model {
namespace {

// AWS Lambda list price; only its proportions matter to a regret.
PricePlan lambdaPrice() {
    PricePlan price;
    price.usd_per_gb_second = 1.66667e-5;
    price.rounding_ms = 1;
    return price;
}

FitOptions fitOptions(const MeasuredCurve& curve) {
    FitOptions options;
    options.platform = curve.platform;
    options.architecture = curve.architecture;
    return options;
}

std::vector<Megabytes> sizesOf(const MeasuredCurve& curve) {
    std::vector<Megabytes> out;
    for (const auto& point : curve.points) out.push_back(point.memory);
    return out;
}

// True cost of a size, by its measured mean; not rounded, so that the test does not hang on a millisecond.
double trueCost(const Observation& point) { return point.mean_ms * point.memory.value; }

double regretOf(const MeasuredCurve& curve, Megabytes chosen) {
    double least = 0, own = 0;
    for (const auto& point : curve.points) {
        const double cost = trueCost(point);
        if (least == 0 || cost < least) least = cost;
        if (point.memory == chosen) own = cost;
    }
    return own / least - 1;
}

std::vector<std::size_t> threeSizes(const MeasuredCurve& curve) {
    const double middle = 0.5 * (std::log(curve.points.front().memory.value) + std::log(curve.points.back().memory.value));
    std::size_t best = 1;
    for (std::size_t i = 1; i + 1 < curve.points.size(); ++i) {
        const auto distance = [&](std::size_t k) { return std::abs(std::log(curve.points[k].memory.value) - middle); };
        if (distance(i) < distance(best) - 1e-12) best = i;
    }
    return {0, best, curve.points.size() - 1};
}

Result<MemoryChoice> choiceOf(const LatencyModel& model, const MeasuredCurve& curve, Objective objective) {
    ChoiceOptions options;
    options.objective = objective;
    options.candidates = sizesOf(curve);
    options.price = lambdaPrice();
    return chooseMemory(model, options);
}

double mean(const std::vector<double>& values) {
    return values.empty() ? 0 : std::accumulate(values.begin(), values.end(), 0.0) / static_cast<double>(values.size());
}
double worst(const std::vector<double>& values) { return values.empty() ? 0 : *std::max_element(values.begin(), values.end()); }
double percentile(std::vector<double> values, double p) {
    if (values.empty()) return 0;
    std::sort(values.begin(), values.end());
    const double at = p * static_cast<double>(values.size() - 1);
    const auto i = static_cast<std::size_t>(at);
    return i + 1 < values.size() ? values[i] + (at - static_cast<double>(i)) * (values[i + 1] - values[i]) : values.back();
}

struct Summary {
    std::vector<double> errors, regrets, coverages;
    int held_out = 0, covered = 0;
    void add(const CurveScore& score) {
        if (score.held_out > 0) {
            errors.push_back(score.error);
            coverages.push_back(score.coverage);
        }
        regrets.push_back(score.regret);
        held_out += score.held_out;
        covered += score.covered;
    }
    [[nodiscard]] double pooled() const { return held_out == 0 ? 0 : static_cast<double>(covered) / held_out; }
};

// SplitMix64, so that the figures are the same everywhere.
struct Pick {
    std::uint64_t state;
    std::size_t operator()(std::size_t n) {
        std::uint64_t z = (state += 0x9E3779B97F4A7C15ULL);
        z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9ULL;
        z = (z ^ (z >> 27)) * 0x94D049BB133111EBULL;
        return static_cast<std::size_t>((z ^ (z >> 31)) % n);
    }
};

void addCalls(const MeasuredCurve& curve, std::size_t index, int calls, Pick& pick, std::vector<Observation>& out) {
    for (int i = 0; i < calls; ++i) {
        Observation call;
        call.memory = curve.points[index].memory;
        call.mean_ms = curve.calls[index][pick(curve.calls[index].size())];
        out.push_back(call);
    }
}

struct Exploration {
    std::vector<double> regret;      // per function, mean over resamples
    std::vector<double> slow, dear;  // balanced: time over the fastest of the sizes within 5 % of the cheapest; cost over the cheapest
};

// `sizes` sizes of five calls each: three as everywhere, the others by nextSize; the choice is judged by all 100 calls of every size.
Exploration explore(const std::vector<MeasuredCurve>& curves, int sizes, const AccuracyOptions& options) {
    Exploration out;
    for (const auto& curve : curves) {
        if (curve.calls.empty()) continue;
        double regret = 0, slow = 0, dear = 0;
        double fastest = std::numeric_limits<double>::infinity();
        for (const auto& point : curve.points)
            if (regretOf(curve, point.memory) <= 0.05) fastest = std::min(fastest, point.mean_ms);
        Pick pick{options.seed * 7919 + 100 * out.regret.size()};
        for (int r = 0; r < options.resamples; ++r) {
            std::vector<Observation> seen;
            for (const std::size_t i : threeSizes(curve)) addCalls(curve, i, 5, pick, seen);
            auto model = LatencyModel::fit(seen, fitOptions(curve));
            for (int extra = 3; extra < sizes && model; ++extra) {
                const auto next = nextSize(*model, sizesOf(curve), lambdaPrice(), 0);
                if (!next || !next->memory) break;
                const auto at =
                    std::find_if(curve.points.begin(), curve.points.end(), [&](const auto& p) { return p.memory == *next->memory; });
                addCalls(curve, static_cast<std::size_t>(at - curve.points.begin()), 5, pick, seen);
                model = LatencyModel::fit(seen, fitOptions(curve));
            }
            if (!model) continue;
            if (const auto choice = choiceOf(*model, curve, Objective::cost))
                regret += regretOf(curve, choice->recommended) / options.resamples;
            if (const auto choice = choiceOf(*model, curve, Objective::balanced)) {
                dear += regretOf(curve, choice->recommended) / options.resamples;
                for (const auto& point : curve.points)
                    if (point.memory == choice->recommended) slow += (point.mean_ms / fastest - 1) / options.resamples;
            }
        }
        out.regret.push_back(regret);
        out.slow.push_back(slow);
        out.dear.push_back(dear);
    }
    return out;
}

}  // namespace

CurveScore scoreFewSizes(const MeasuredCurve& curve, int extra) {
    CurveScore score;
    score.source = curve.source;
    score.name = curve.name;
    std::vector<char> shown(curve.points.size(), 0);
    std::vector<Observation> seen;
    for (const std::size_t i : threeSizes(curve)) {
        if (!shown[i]) seen.push_back(curve.points[i]);
        shown[i] = 1;
    }
    auto model = LatencyModel::fit(seen, fitOptions(curve));
    for (int e = 0; e < extra && model; ++e) {
        const auto next = nextSize(*model, sizesOf(curve), lambdaPrice(), 0);
        if (!next || !next->memory) break;
        for (std::size_t i = 0; i < curve.points.size(); ++i) {
            if (curve.points[i].memory != *next->memory || shown[i]) continue;
            shown[i] = 1;
            seen.push_back(curve.points[i]);
        }
        model = LatencyModel::fit(seen, fitOptions(curve));
    }
    if (!model) return score;
    for (std::size_t i = 0; i < curve.points.size(); ++i) {
        if (shown[i]) continue;
        const auto estimate = model->at(curve.points[i].memory, curve.points[i].vcpu).mean_ms;
        score.error += std::abs(estimate.value / curve.points[i].mean_ms - 1);
        score.covered += curve.points[i].mean_ms >= estimate.lo && curve.points[i].mean_ms <= estimate.hi ? 1 : 0;
        ++score.held_out;
    }
    if (score.held_out > 0) {
        score.error /= score.held_out;
        score.coverage = static_cast<double>(score.covered) / score.held_out;
    }
    if (const auto choice = choiceOf(*model, curve, Objective::cost)) score.regret = regretOf(curve, choice->recommended);
    return score;
}

CurveScore scoreEverySecond(const MeasuredCurve& curve, double below_vcpu) {
    CurveScore score;
    score.source = curve.source;
    score.name = curve.name;
    std::vector<Observation> seen;
    for (std::size_t i = 0; i < curve.points.size(); i += 2) seen.push_back(curve.points[i]);
    const auto model = LatencyModel::fit(seen, fitOptions(curve));
    if (!model) return score;
    for (std::size_t i = 1; i < curve.points.size(); i += 2) {
        const Observation& point = curve.points[i];
        if (point.vcpu.value_or(lambdaVcpu(point.memory)) >= below_vcpu) continue;
        const auto estimate = model->at(point.memory, point.vcpu).mean_ms;
        score.error += std::abs(estimate.value / point.mean_ms - 1);
        score.covered += point.mean_ms >= estimate.lo && point.mean_ms <= estimate.hi ? 1 : 0;
        ++score.held_out;
    }
    if (score.held_out == 0) return score;
    score.error /= score.held_out;
    score.coverage = static_cast<double>(score.covered) / score.held_out;
    return score;
}

Result<std::vector<AccuracyRow>> measureAccuracy(const std::filesystem::path& folder, const AccuracyOptions& options) {
    std::vector<AccuracyRow> rows;
    const auto add = [&rows](std::string test, std::string measure, double value, double target, bool at_least = false) {
        rows.push_back({std::move(test), std::move(measure), value, target, at_least, true});
    };
    PILOTLIGHT_ASSIGN(const auto single, singleVcpuCurves(folder));
    Summary three, four;
    for (const auto& curve : single) {
        three.add(scoreFewSizes(curve, 0));
        four.add(scoreFewSizes(curve, 1));
    }
    std::string test = fmt::format("3 sizes, {} AWS curves", single.size());
    add(test, "error, mean", mean(three.errors), 0.05);
    add(test, "error, p90", percentile(three.errors, 0.9), 0.097);
    add(test, "cost regret, mean", mean(three.regrets), 0.0145);
    add(test, "cost regret, worst", worst(three.regrets), 0.08);
    add(test, "coverage of 90 % intervals, pooled", three.pooled(), 0.85, true);
    add(test, "coverage of 90 % intervals, pooled, at most", three.pooled(), 0.95);
    add(test, "coverage, mean of curves", mean(three.coverages), 0.80, true);
    test = fmt::format("3 sizes + 1 from next-size, {} AWS curves", single.size());
    add(test, "error, mean", mean(four.errors), 0.046);
    add(test, "error, p90", percentile(four.errors, 0.9), 0.092);
    add(test, "cost regret, mean", mean(four.regrets), 0.007);
    add(test, "cost regret, worst", worst(four.regrets), 0.05);
    add(test, "coverage of 90 % intervals, pooled", four.pooled(), 0.85, true);
    add(test, "coverage of 90 % intervals, pooled, at most", four.pooled(), 0.95);
    add(test, "coverage, mean of curves", mean(four.coverages), 0.80, true);

    PILOTLIGHT_ASSIGN(const auto multi, multiVcpuCurves(folder));
    Summary stages;
    for (const auto& curve : multi) stages.add(scoreFewSizes(curve, 0));
    test = fmt::format("3 sizes, {} multi-vCPU stages", multi.size());
    add(test, "error, mean", mean(stages.errors), 0.07);
    add(test, "coverage of 90 % intervals, pooled", stages.pooled(), 0.80, true);

    PILOTLIGHT_ASSIGN(const auto brief, shortFunctionCurves(folder));
    const CurveScore aws = scoreEverySecond(brief[0], 1.0), google = scoreEverySecond(brief[1], 0.3);
    add("16 ms function, every second size", "error, AWS below 1 vCPU", aws.error, 0.035);
    add("16 ms function, every second size", "error, Google below 0.3 vCPU", google.error, 0.20);

    if (options.exploration) {
        const std::pair<int, std::pair<double, double>> plans[] = {{4, {0.015, 0.06}}, {5, {0.01, 0.045}}};
        for (const auto& [sizes, targets] : plans) {
            const Exploration result = explore(single, sizes, options);
            test = fmt::format("{} sizes x 5 calls, 46-size set, {} resamples", sizes, options.resamples);
            add(test, "cost regret, mean", mean(result.regret), targets.first);
            add(test, "cost regret, worst function", worst(result.regret), targets.second);
            add(test, "balanced: time over the fastest within 5 % of the cheapest, mean", mean(result.slow), 0.10);
            add(test, "balanced: cost over the cheapest, mean", mean(result.dear), 0.05);
        }
    }
    return rows;
}

std::string accuracyTable(const std::vector<AccuracyRow>& rows) {
    std::string out = "| test | measure | value | target | met |\n|---|---|---|---|---|\n";
    for (const auto& row : rows)
        out += fmt::format("| {} | {} | {:.2f} % | {} {:.2f} % | {} |\n", row.test, row.measure, 100 * row.value,
                           row.at_least ? ">=" : "<=", 100 * row.target, row.met() ? "yes" : "no");
    return out;
}

}  // namespace pilotlight::model
