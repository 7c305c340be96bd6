#include "core/model/memory_choice.h"

#include <algorithm>
#include <cmath>
#include <string>
#include <fmt/format.h>

#include <limits>
#include <numeric>

namespace pilotlight::model {
namespace {

constexpr std::size_t kDraws = 256;
constexpr double kSloConfidence = 0.35;  // of the way from the expected p95 to the upper end of its interval
constexpr double kAsGood = 0.5;          // while few sizes are measured: share of the best reduction of regret that may be given up for a
                                         // more telling size
constexpr auto kFew = 3;                 // up to so many measured sizes leave a curve of this freedom unchecked: measured ones are preferred
constexpr double kGain = 1.02;           // speed: sizes within this of the fastest count as equally fast

std::vector<Megabytes> ascending(std::span<const Megabytes> sizes) {
    std::vector<Megabytes> out(sizes.begin(), sizes.end());
    std::erase_if(out, [](Megabytes size) { return size.value <= 0; });
    std::sort(out.begin(), out.end());
    out.erase(std::unique(out.begin(), out.end()), out.end());
    return out;
}

// Costs of every draw and size, and their means.
struct CostTable {
    std::size_t draws = 0, sizes = 0;
    std::vector<double> cost, time, expected, expected_time;
    std::vector<double> measurement_sd, own_sd;
    [[nodiscard]] double at(std::size_t draw, std::size_t size) const { return cost[draw * sizes + size]; }
};

CostTable costTable(const LatencyModel& model, std::span<const Megabytes> sizes, const PricePlan& price) {
    PosteriorDraws draws = model.draws(sizes, kDraws);
    CostTable table;
    table.draws = draws.draws;
    table.sizes = draws.sizes;
    table.measurement_sd = std::move(draws.measurement_sd);
    table.own_sd = std::move(draws.own_sd);
    table.cost.resize(draws.mean_ms.size());
    table.expected.assign(sizes.size(), 0);
    table.expected_time.assign(sizes.size(), 0);
    const double spread = model.spread();
    for (std::size_t i = 0; i < sizes.size(); ++i) {
        const double vcpu = model.vcpuAt(sizes[i]);
        for (std::size_t d = 0; d < draws.draws; ++d) {
            const double ms = draws.at(d, i);
            const double cost = costUsd(price, sizes[i], vcpu, ms, spread);
            table.cost[d * table.sizes + i] = cost;
            table.expected[i] += cost / static_cast<double>(draws.draws);
            table.expected_time[i] += ms / static_cast<double>(draws.draws);
        }
    }
    table.time = std::move(draws.mean_ms);
    return table;
}

struct Eligibility {
    std::vector<char> eligible, measured;
};

bool few(const Eligibility& who) { return std::count(who.measured.begin(), who.measured.end(), 1) <= kFew; }

// Cheapest by expected cost; while few sizes are measured, the best measured one unless leaving it saves at least `least_saving` and more
// than one size is wont to deviate by.
std::size_t cheapest(const std::vector<double>& expected, const Eligibility& who, double least_saving, const std::vector<double>& noise) {
    std::size_t best = expected.size(), best_measured = expected.size();
    for (std::size_t i = 0; i < expected.size(); ++i) {
        if (!who.eligible[i]) continue;
        if (best == expected.size() || expected[i] < expected[best]) best = i;
        if (who.measured[i] && (best_measured == expected.size() || expected[i] < expected[best_measured])) best_measured = i;
    }
    if (best_measured == expected.size() || best == expected.size()) return best;
    const double saving = few(who) ? std::max(least_saving, noise[best]) : 0;
    return expected[best] > (1 - saving) * expected[best_measured] ? best_measured : best;
}

double expectedRegret(const CostTable& table, const Eligibility& who, std::size_t choice) {
    double sum = 0;
    for (std::size_t d = 0; d < table.draws; ++d) {
        double least = std::numeric_limits<double>::infinity();
        for (std::size_t i = 0; i < table.sizes; ++i)
            if (who.eligible[i]) least = std::min(least, table.at(d, i));
        if (least > 0) sum += table.at(d, choice) / least - 1;
    }
    return sum / static_cast<double>(table.draws);
}

std::string percent(double share) { return fmt::format("{:.1f} %", 100 * share); }

}  // namespace

Result<Objective> parseObjective(std::string_view text) {
    if (text == "cost") return Objective::cost;
    if (text == "balanced") return Objective::balanced;
    if (text == "speed") return Objective::speed;
    return fail(ErrorCode::invalid_argument, fmt::format("\"{}\" is not an objective.", text.substr(0, 40)), {},
                "Use cost, balanced or speed.");
}

double billedMs(const PricePlan& price, double mean_ms, double spread) {
    // Seven equally likely calls of a log-normal with that mean; enough to smooth the rounding steps, and monotone in the mean.
    constexpr double kScores[] = {-1.4652, -0.7916, -0.3661, 0.0, 0.3661, 0.7916, 1.4652};
    double factors[7], sum = 0;
    for (int i = 0; i < 7; ++i) sum += factors[i] = std::exp(spread * kScores[i]);
    double billed = 0;
    for (const double factor : factors) {
        double ms = mean_ms * factor * 7 / sum;
        if (price.rounding_ms > 0) ms = std::ceil(ms / price.rounding_ms - 1e-9) * price.rounding_ms;
        billed += std::max(ms, price.minimum_ms) / 7;
    }
    return billed;
}

double costUsd(const PricePlan& price, Megabytes memory, std::optional<double> vcpu, double mean_ms, double spread) {
    const double rate = price.usd_per_gb_second * memory.gigabytes() + price.usd_per_vcpu_second * vcpu.value_or(0);
    return rate * billedMs(price, mean_ms, spread) / 1000 + price.usd_per_request;
}

std::vector<Megabytes> candidateSizes(const LatencyModel& model) {
    std::vector<Megabytes> out;
    const auto add = [&out](std::initializer_list<int> sizes) {
        for (const int size : sizes) out.push_back(Megabytes{size});
    };
    switch (model.options().platform) {
        case PlatformKind::aws:
            add({128,  192,  256,  320,  384,  448,  512,  640,  768,  896,  1024, 1152, 1280, 1408, 1536,
                 1664, 1769, 1920, 2048, 2304, 2560, 3008, 3538, 4096, 5120, 6144, 7168, 8192, 9216, 10240});
            break;
        case PlatformKind::gcp:
            add({128, 256, 512, 1024, 2048, 4096, 8192, 16384, 32768});
            break;
        case PlatformKind::azure:
            add({512, 2048, 4096});
            break;
    }
    for (const auto& size : model.measured()) out.push_back(size.memory);
    return ascending(out);
}

Result<MemoryChoice> chooseMemory(const LatencyModel& model, const ChoiceOptions& options) {
    const auto sizes = options.candidates.empty() ? candidateSizes(model) : ascending(options.candidates);
    if (sizes.empty()) return fail(ErrorCode::invalid_argument, "There is no candidate size.", {}, "Give at least one size in MB.");
    MemoryChoice out;
    out.cautions = model.cautions();
    const CostTable table = costTable(model, sizes, options.price);
    const double spread = model.spread();
    const auto floor = model.floor();
    Megabytes smallest_measured{INT32_MAX};
    for (const auto& measured : model.measured())
        if (!measured.pressured) smallest_measured = std::min(smallest_measured, measured.memory);

    Eligibility who;
    bool any_slo = false;
    for (const auto size : sizes) {
        SizeOutlook outlook;
        outlook.memory = size;
        outlook.duration = model.at(size);
        const double vcpu = model.vcpuAt(size);
        const auto cost = [&](double ms) { return costUsd(options.price, size, vcpu, ms, spread); };
        outlook.cost_usd = {cost(outlook.duration.mean_ms.value), cost(outlook.duration.mean_ms.lo), cost(outlook.duration.mean_ms.hi)};
        if (floor && size < *floor) {
            outlook.eligible = false;
            outlook.why_not = fmt::format("below the memory floor of {} MB", floor->value);
        } else if (!floor && size < smallest_measured) {
            outlook.eligible = false;
            outlook.why_not = "smaller than every measured size, and memory use is unknown";
        } else if (outlook.duration.beyond_evidence) {
            outlook.eligible = false;
            outlook.why_not = "beyond the evidence: measure before choosing it";
        }
        if (options.slo_p95_ms) {
            const Estimate& p95 = outlook.duration.p95_ms;
            outlook.meets_slo = p95.value + kSloConfidence * (p95.hi - p95.value) <= *options.slo_p95_ms;
            any_slo = any_slo || (outlook.eligible && outlook.meets_slo);
        }
        who.eligible.push_back(outlook.eligible);
        who.measured.push_back(outlook.duration.measured);
        out.outlook.push_back(std::move(outlook));
    }
    const bool none_eligible = std::none_of(who.eligible.begin(), who.eligible.end(), [](char yes) { return yes != 0; });
    if (none_eligible) {  // the floor is above every candidate
        out.cautions.emplace_back("no candidate is above the memory floor and within the evidence");
        out.recommended = out.flat_from = out.flat_to = sizes.back();
        out.reason = "the largest candidate, because none is safe";
        out.slo_met = false;
        return out;
    }
    const std::size_t cheap_any = cheapest(table.expected, who, options.least_saving, table.measurement_sd);
    Eligibility within = who;
    if (options.slo_p95_ms && any_slo) {
        for (std::size_t i = 0; i < sizes.size(); ++i) within.eligible[i] = within.eligible[i] && out.outlook[i].meets_slo;
    }
    out.slo_met = !options.slo_p95_ms || any_slo;
    const std::size_t cheap = cheapest(table.expected, within, options.least_saving, table.measurement_sd);
    const auto fastestOf = [&](double most_cost) {
        std::size_t best = cheap;
        for (std::size_t i = 0; i < sizes.size(); ++i)
            if (within.eligible[i] && table.expected[i] <= most_cost && table.expected_time[i] < table.expected_time[best]) best = i;
        return best;
    };
    std::size_t pick = cheap;
    if (!out.slo_met) {
        pick = fastestOf(std::numeric_limits<double>::infinity());
        out.reason = fmt::format("no size is expected to meet a p95 of {:.0f} ms: the fastest", *options.slo_p95_ms);
    } else if (options.objective == Objective::cost) {
        out.reason = out.outlook[pick].duration.measured ? "cheapest of the measured sizes; no other saves " + percent(options.least_saving)
                                                         : "lowest expected cost";
    } else if (options.objective == Objective::balanced) {
        pick = fastestOf((1 + options.band) * table.expected[cheap]);
        out.reason = "fastest within " + percent(options.band) + " of the cheapest";
    } else {
        const std::size_t fastest = fastestOf(std::numeric_limits<double>::infinity());
        pick = fastest;
        for (std::size_t i = 0; i < sizes.size(); ++i)
            if (within.eligible[i] && table.expected_time[i] <= kGain * table.expected_time[fastest] &&
                table.expected[i] < table.expected[pick])
                pick = i;
        out.reason = "fastest, and the cheapest of those equally fast";
    }
    out.recommended = sizes[pick];
    out.expected_regret = expectedRegret(table, who, pick);
    std::size_t from = cheap_any, to = cheap_any;
    const double most = (1 + options.band) * table.expected[cheap_any];
    const auto flat = [&](std::size_t i) { return who.eligible[i] && table.expected[i] <= most; };
    while (from > 0 && flat(from - 1)) --from;
    while (to + 1 < sizes.size() && flat(to + 1)) ++to;
    out.flat_from = sizes[from];
    out.flat_to = sizes[to];

    std::size_t rival = sizes.size();  // the best measured size other than the recommended one
    for (std::size_t i = 0; i < sizes.size(); ++i)
        if (i != pick && who.measured[i] && who.eligible[i] && (rival == sizes.size() || table.expected[i] < table.expected[rival]))
            rival = i;
    if (rival != sizes.size() && options.objective == Objective::cost) {
        std::size_t better = 0;
        for (std::size_t d = 0; d < table.draws; ++d) better += table.at(d, pick) < table.at(d, rival) ? 1U : 0U;
        const double gap = std::abs(table.expected[pick] / table.expected[rival] - 1);
        const auto share = static_cast<double>(better) / static_cast<double>(table.draws);
        out.indistinguishable = gap < options.least_saving || (share > 0.05 && share < 0.95 && gap < options.band);
        if (out.indistinguishable) out.reason += fmt::format("; indistinguishable from {} MB ({} apart)", sizes[rival].value, percent(gap));
    }
    return out;
}

Result<NextSize> nextSize(const LatencyModel& model, std::span<const Megabytes> candidates, const PricePlan& price, double stop_below) {
    auto sizes = ascending(candidates);
    if (sizes.empty()) return fail(ErrorCode::invalid_argument, "There is no candidate size.", {}, "Give at least one size in MB.");
    std::vector<Megabytes> all = sizes;  // measured sizes compete too
    for (const auto& measured : model.measured())
        if (!measured.pressured) all.push_back(measured.memory);
    all = ascending(all);
    const CostTable table = costTable(model, all, price);
    const auto floor = model.floor();
    Eligibility who;
    for (const auto size : all) {
        who.eligible.push_back(!floor || size >= *floor);
        who.measured.push_back(model.at(size).measured);
    }
    NextSize out;
    constexpr double kLeastSaving = 0.02;
    const std::size_t now = cheapest(table.expected, who, kLeastSaving, table.measurement_sd);
    if (now == all.size()) return out;
    out.expected_regret = out.regret_after = expectedRegret(table, who, now);
    if (out.expected_regret < stop_below) return out;

    // Each draw in turn is the truth; its measurement at x reweights the draws, and the new choice is judged by the truth. What a size does
    // on its own lasts: a size measured to be cheaper than the curve is cheaper to run at, so a measurement is worth most where the curve
    // is lowest. That deviation is taken at the three nodes of Gauss-Hermite quadrature.
    constexpr std::size_t kTruthStep = 4;
    constexpr double kNodes[] = {-1.7320508, 0, 1.7320508}, kWeights[] = {1.0 / 6, 2.0 / 3, 1.0 / 6};
    std::vector<double> least(table.draws, std::numeric_limits<double>::infinity());
    for (std::size_t d = 0; d < table.draws; ++d)
        for (std::size_t i = 0; i < table.sizes; ++i)
            if (who.eligible[i]) least[d] = std::min(least[d], table.at(d, i));
    double best = std::numeric_limits<double>::infinity();
    std::vector<double> after(all.size(), best);
    std::vector<double> expected(all.size()), log_time(table.draws);
    for (std::size_t x = 0; x < all.size(); ++x) {
        if (!who.eligible[x] || who.measured[x] || !std::binary_search(sizes.begin(), sizes.end(), all[x])) continue;
        Eligibility then = who;
        then.measured[x] = 1;
        const double noise = std::max(0.004, table.measurement_sd[x]);
        const double own = std::min(noise, table.own_sd[x]), lasting = own * own / (noise * noise);
        for (std::size_t d = 0; d < table.draws; ++d) log_time[d] = std::log(table.time[d * table.sizes + x]);
        double regret = 0, truths = 0;
        for (std::size_t truth = kTruthStep / 2; truth < table.draws; truth += kTruthStep) {
            for (std::size_t node = 0; node < std::size(kNodes); ++node) {
                const double deviation = kNodes[node] * noise, seen = log_time[truth] + deviation;
                std::fill(expected.begin(), expected.end(), 0);
                double total = 0, curve = 0;
                for (std::size_t d = 0; d < table.draws; ++d) {
                    const double z = (log_time[d] - seen) / noise;
                    if (z * z > 30) continue;
                    const double weight = std::exp(-0.5 * z * z);
                    total += weight;
                    curve += weight * log_time[d];
                    const double* row = table.cost.data() + d * table.sizes;
                    for (std::size_t i = 0; i < table.sizes; ++i) expected[i] += weight * row[i];
                }
                for (double& value : expected) value /= total;
                expected[x] *= std::exp(lasting * (seen - curve / total));
                const std::size_t choice = cheapest(expected, then, kLeastSaving, table.measurement_sd);
                const double cost = table.at(truth, choice) * (choice == x ? std::exp(lasting * deviation) : 1.0);
                regret += kWeights[node] * (cost / least[truth] - 1);
                truths += kWeights[node];
            }
        }
        regret /= truths;
        after[x] = regret;
        best = std::min(best, regret);
    }
    // Many sizes are about as good. While few are measured: of those, the one farthest from what was measured (it teaches most about the
    // curve), weighed against what it is expected to cost (it is the likelier to be run at afterwards): distance in ln(MB) over the root of
    // the cost. After that, the best.
    double best_score = -1;
    const double give = few(who) ? kAsGood : 0;
    for (std::size_t x = 0; x < all.size(); ++x) {
        if (!std::isfinite(after[x]) || after[x] > best + give * std::max(0.0, out.expected_regret - best)) continue;
        double gap = std::numeric_limits<double>::infinity();
        for (std::size_t i = 0; i < all.size(); ++i)
            if (who.measured[i]) gap = std::min(gap, std::abs(std::log(static_cast<double>(all[x].value) / all[i].value)));
        const double score = gap / std::sqrt(table.expected[x]);
        if (score <= best_score) continue;
        best_score = score;
        out.memory = all[x];
        out.regret_after = std::min(after[x], out.expected_regret);
    }
    return out;
}

}  // namespace pilotlight::model
