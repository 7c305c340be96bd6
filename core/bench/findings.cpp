#include "core/bench/findings.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <utility>

#include "core/bench/quota_prediction.h"
#include "core/bench/size_table.h"
#include "core/model/latency_model.h"

namespace pilotlight::bench {
namespace {

constexpr double kFlat = 1.05;  // within 5 % of the cheapest: the width of the flat region in tuning

constexpr double kRuleError = 1.12;  // 90 % of predictions by LocalPrediction on three models were within (resources/docs/bench.md)

constexpr std::string_view kStable = "stable";

std::string size(std::int32_t mb) { return mb < 1000 ? fmt::format("{} MB", mb) : fmt::format("{},{:03} MB", mb / 1000, mb % 1000); }

// What observationsOf takes too.
std::vector<const BenchPoint*> usableOf(const CampaignPlan& plan, const std::vector<BenchPoint>& points) {
    std::vector<const BenchPoint*> out;
    for (const auto& point : points) {
        if (point.usable && point.mean_ms && isBase(plan, point)) out.push_back(&point);
    }
    return out;
}

void sayCost(const CampaignPlan& plan, const std::vector<const BenchPoint*>& usable, std::vector<Finding>& out) {
    if (usable.size() < 2) return;
    const BenchPoint* cheapest = nullptr;
    double least = 0;
    for (const auto* point : usable) {
        const auto cost = costOfThousand(plan, *point);
        if (!cost) return;
        if (cheapest == nullptr || *cost < least) cheapest = point, least = *cost;
    }
    const BenchPoint* fastest = cheapest;
    for (const auto* point : usable) {
        if (*costOfThousand(plan, *point) <= least * kFlat && *point->mean_ms < *fastest->mean_ms) fastest = point;
    }
    const auto* smallest = usable.front();
    const double gain = *smallest->mean_ms / *fastest->mean_ms;
    if (fastest == cheapest) {
        out.push_back({Finding::Kind::good, fmt::format("{} is the cheapest measured: ${:.6f} per 1,000", size(cheapest->memory_mb), least) +
                                                (fastest == smallest ? "." : fmt::format(", {:.1f} × faster than {}.", gain, size(smallest->memory_mb)))});
    } else {
        out.push_back({Finding::Kind::good, fmt::format("{} is on the flat part of the cost curve and {:.1f} × faster than {}.", size(fastest->memory_mb), gain, size(smallest->memory_mb))});
    }
}

// Calls `see(few, many)` for stable points of one size that differ in `of` alone.
template <typename See>
void stablePairs(const std::vector<BenchPoint>& points, int BenchPoint::*of, const See& see) {
    for (const auto& few : points) {
        for (const auto& many : points) {
            bool pair = few.memory_mb == many.memory_mb && few.*of < many.*of && few.verdict == kStable && many.verdict == kStable;
            for (int BenchPoint::*other : {&BenchPoint::threads, &BenchPoint::batch, &BenchPoint::concurrency}) pair = pair && (other == of || few.*other == many.*other);
            if (pair) see(few, many);
        }
    }
}

// More threads than CPUs cost time: the worst such pair, and the best gain of threads.
void sayThreads(const std::vector<BenchPoint>& points, bool spin, std::vector<Finding>& out) {
    struct Pair {
        const BenchPoint* few = nullptr;
        const BenchPoint* many = nullptr;
        double ratio = 1;
    } worst, best;
    stablePairs(points, &BenchPoint::threads, [&](const BenchPoint& few, const BenchPoint& many) {
        const auto difference = compare(few, many);
        if (!difference || !difference->different) return;
        if (difference->ratio > worst.ratio) worst = {&few, &many, difference->ratio};
        if (difference->ratio < best.ratio) best = {&few, &many, difference->ratio};
    });
    if (worst.few != nullptr) {
        out.push_back({Finding::Kind::caution, fmt::format("At {} ({:.2f} vCPU) use {} {}: {} {}threads take {:.1f} × as long.", size(worst.few->memory_mb), worst.few->vcpu, worst.few->threads,
                                                           worst.few->threads == 1 ? "thread" : "threads", worst.many->threads, spin ? "spinning " : "", worst.ratio)});
    }
    if (best.few != nullptr) {
        out.push_back({Finding::Kind::good, fmt::format("At {} {} threads are {:.1f} × faster than {}.", size(best.few->memory_mb), best.many->threads, 1 / best.ratio, best.few->threads)});
    }
}

// Whether a larger batch makes an item cheaper: the best gain and, without one, the worst loss.
void sayBatches(const std::vector<BenchPoint>& points, std::vector<Finding>& out) {
    const BenchPoint *one = nullptr, *other = nullptr;
    double ratio = 1;
    bool compared = false;
    stablePairs(points, &BenchPoint::batch, [&](const BenchPoint& few, const BenchPoint& many) {
        const auto difference = compareItems(few, many);
        if (!difference) return;
        compared = true;
        const bool better = difference->ratio < std::min(1.0, ratio), worse = ratio >= 1 && difference->ratio > ratio;
        if (difference->different && (better || worse)) one = &few, other = &many, ratio = difference->ratio;
    });
    if (one != nullptr) {
        const std::string text = fmt::format("At {} an item of a batch of {} takes {:.1f} ms, of a batch of {} {:.1f} ms", size(one->memory_mb), other->batch, *other->mean_ms / other->batch, one->batch,
                                             *one->mean_ms / one->batch);
        out.push_back(ratio < 1 ? Finding{Finding::Kind::good, text + fmt::format("; a request waits {:.1f} ms for it.", *other->mean_ms)} : Finding{Finding::Kind::caution, text + ": do not batch."});
    } else if (compared) {
        out.push_back({Finding::Kind::fact, "Batches make an item neither cheaper nor dearer here."});
    }
}

// Whether more requests at once are more requests a second: the best gain and, without one, the worst loss.
void sayConcurrency(const std::vector<BenchPoint>& points, std::vector<Finding>& out) {
    const BenchPoint *one = nullptr, *other = nullptr;
    double ratio = 1;
    bool compared = false;
    stablePairs(points, &BenchPoint::concurrency, [&](const BenchPoint& few, const BenchPoint& many) {
        const auto difference = compareThroughput(few, many);
        if (!difference) return;
        compared = true;
        const bool better = difference->more && difference->ratio > std::max(1.0, ratio), worse = difference->fewer && ratio <= 1 && difference->ratio < ratio;
        if (better || worse) one = &few, other = &many, ratio = difference->ratio;
    });
    if (one != nullptr) {
        const std::string text = fmt::format("At {} {} requests at once are {:.1f} a second, {} at once {:.1f}", size(one->memory_mb), other->concurrency, *other->throughput_per_s, one->concurrency, *one->throughput_per_s);
        const std::string each = other->saturated_mean_ms ? fmt::format("; each then takes {:.1f} ms", *other->saturated_mean_ms) : std::string();
        out.push_back({ratio > 1 ? Finding::Kind::good : Finding::Kind::caution, text + each + "."});
    } else if (compared) {
        out.push_back({Finding::Kind::fact, "More requests at once are no more requests a second here."});
    }
}

// Where starts with huge pages were tried.
void sayHugePages(const std::vector<BenchPoint>& points, std::vector<Finding>& out) {
    for (const auto& point : points) {
        if (!point.cold_huge_ms || !point.cold_ms || !point.cold_deviation_ms || !point.cold_huge_deviation_ms) continue;
        const double saved = *point.cold_ms - *point.cold_huge_ms;
        const bool different = std::abs(saved) > std::max(0.05 * *point.cold_ms, 2 * (*point.cold_deviation_ms + *point.cold_huge_deviation_ms));
        const std::string setting = "Huge pages (GLIBC_TUNABLES=glibc.malloc.hugetlb=1)";
        if (!different)
            out.push_back({Finding::Kind::fact, fmt::format("{} make no difference to the cold start at {} here.", setting, size(point.memory_mb))});
        else if (saved > 0)
            out.push_back({Finding::Kind::good, fmt::format("{} shorten the cold start at {} from {:.0f} to {:.0f} ms here; a platform's kernel may not give them: try one deployment.", setting, size(point.memory_mb),
                                                            *point.cold_ms, *point.cold_huge_ms)});
        else
            out.push_back({Finding::Kind::caution, fmt::format("{} lengthen the cold start at {} from {:.0f} to {:.0f} ms here.", setting, size(point.memory_mb), *point.cold_ms, *point.cold_huge_ms)});
        return;
    }
}

void sayColdStart(Target::Kind kind, const std::vector<const BenchPoint*>& usable, std::vector<Finding>& out) {
    if (usable.empty()) return;
    const auto& point = *usable[usable.size() / 2];
    const auto& stages = point.cold_stages;
    const std::array<std::pair<const char*, std::optional<double>>, 5> parts{
        {{"starting the process", stages.exec_ms}, {"loading the runtime", stages.load_ms}, {"setting up the runtime", stages.environment_ms}, {"session creation", stages.session_ms}, {"the first run", stages.first_ms}}};
    double sum = 0;
    for (const auto& [what, ms] : parts) sum += ms.value_or(0);
    const auto largest = std::max_element(parts.begin(), parts.end(), [](const auto& a, const auto& b) { return a.second.value_or(0) < b.second.value_or(0); });
    if (sum > 0 && largest->second && *largest->second < sum) {
        out.push_back({Finding::Kind::fact, fmt::format("{:.0f} % of the cold start at {} is {}.", 100 * *largest->second / sum, size(point.memory_mb), largest->first)});
    }
    if (point.cold_ms && point.cold_disk_ms && *point.cold_disk_ms > *point.cold_ms * 1.1) {
        out.push_back({Finding::Kind::fact, fmt::format("A {} that is not in the page cache adds {:.0f} ms to the cold start at {}.", kind == Target::Kind::onnx ? "model" : "program",
                                                             *point.cold_disk_ms - *point.cold_ms, size(point.memory_mb))});
    }
}

}  // namespace

std::optional<double> costOfThousand(const CampaignPlan& plan, const BenchPoint& point) {
    if (!point.mean_ms || plan.price.usd_per_gb_second + plan.price.usd_per_vcpu_second <= 0) return std::nullopt;
    return 1000 * model::costUsd(plan.price, Megabytes{point.memory_mb}, point.vcpu, *point.mean_ms, 0);
}

std::vector<Finding> findingsOf(const Campaign& campaign, const std::vector<BenchPoint>& points) {
    std::vector<Finding> out;
    const auto usable = usableOf(campaign.plan, points);
    sayCost(campaign.plan, usable, out);
    sayThreads(points, campaign.plan.trial.spin, out);
    sayBatches(points, out);
    sayConcurrency(points, out);
    const auto killed = std::find_if(points.rbegin(), points.rend(), [](const auto& point) { return point.killed_for_memory; });
    if (killed != points.rend()) out.push_back({Finding::Kind::caution, size(killed->memory_mb) + " is too small: it was killed for want of memory."});
    sayColdStart(campaign.plan.trial.target.kind, usable, out);
    sayHugePages(points, out);
    double busiest = 0;
    for (const auto& point : points) busiest = std::max(busiest, point.other_cpu_share);
    if (busiest > 0.1) {
        out.push_back({Finding::Kind::caution, fmt::format("Other programs took up to {:.0f} % of this machine's CPU meanwhile: measure again when it is quiet.", 100 * busiest)});
    }
    for (const auto* point : usable) {
        if (point->notes.empty()) continue;
        out.push_back({Finding::Kind::open, size(point->memory_mb) + ": " + point->notes.front() + "."});
        break;
    }
    return out;
}

std::vector<PredictedPoint> predictedPoints(const Campaign& campaign, const std::vector<BenchPoint>& points) {
    std::vector<PredictedPoint> out;
    if (usableOf(campaign.plan, points).size() < 2) return out;
    const auto observations = observationsOf(campaign);
    const auto model = model::LatencyModel::fit(observations, {.platform = campaign.plan.platform});
    if (!model) return out;
    const auto here = LocalPrediction::of(campaign, points);
    for (const auto memory : campaign.plan.sizes) {
        if (std::any_of(points.begin(), points.end(), [&](const auto& point) { return point.memory_mb == memory; })) continue;
        const auto rule = emulate(campaign.plan.platform, memory, campaign.plan.vcpu);
        if (!rule) continue;
        auto estimate = model->at(Megabytes{memory}, campaign.plan.vcpu > 0 ? std::optional(campaign.plan.vcpu) : std::nullopt);
        if (estimate.beyond_evidence || estimate.mean_ms.value <= 0) continue;
        if (here) {  // the kernel's rule is known: better than a shape that is learned
            const double mean = here->isolatedMs(rule->size.vcpu, rule->size.period_ms);
            estimate.p95_ms.value *= mean / estimate.mean_ms.value;
            estimate.mean_ms = {mean, mean / kRuleError, mean * kRuleError};
        }
        out.push_back({memory, rule->size.vcpu, estimate.mean_ms.value, estimate.mean_ms.lo, estimate.mean_ms.hi, estimate.p95_ms.value,
                       campaign.agent && rule->size.vcpu > campaign.agent->machine.cpus});
    }
    return out;
}

}  // namespace pilotlight::bench
