// Search and recommendation where instances serve several requests at once: memory, CPU, minimum and maximum instances. Concurrency is left
// alone: what-ifs answer for it from the slowdown that hours of more load show, but no more load than was measured is chosen by itself.
#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "core/tuning/instance_limits.h"
#include "core/tuning/shared_core.h"
#include "core/tuning/words.h"

namespace pilotlight::tuning {
namespace {

bool isFlex(const Function& f) { return f.untunedText(untuned_key::kKind) == "flex"; }

constexpr double kLeastRequests = 200;

struct SharedTrial {
    SharedPoint point;
    double cost = 0;
    bool feasible = true;
};

// Sizes that exist with a CPU (Cloud Run docs; 1st generation: seven sizes; Azure: one, where the plan leaves a choice at all).
std::vector<std::int32_t> sizesFor(const Function& f, double vcpu) {
    if (f.platform == PlatformKind::azure) return {isFlex(f) ? static_cast<std::int32_t>(std::lround(vcpu * 2048)) : f.memory.value};
    if (f.untunedText("containers") != "" || f.untunedText(untuned_key::kAccelerator) != "") return {f.memory.value};
    const bool gen1 = f.untunedText(untuned_key::kKind) == "gen1";
    const double most = gen1 ? 8192 : vcpu < 0.5 ? 512 : vcpu < 1 ? 1024 : 4096 * vcpu;
    const double least = gen1 || vcpu < 4 ? 128 : vcpu < 6 ? 2048 : 4096;
    std::vector<std::int32_t> sizes;
    for (const std::int32_t size : {128, 256, 512, 768, 1024, 1536, 2048, 3072, 4096, 8192, 16384, 32768}) {
        if (size < least || size > most) continue;
        // In the 1st generation CPU follows memory: another size would be another speed, which was not measured.
        if (gen1 && size != f.memory.value) continue;
        sizes.push_back(size);
    }
    if (std::find(sizes.begin(), sizes.end(), f.memory.value) == sizes.end()) sizes.push_back(f.memory.value);
    return sizes;
}

std::vector<double> cpusFor(const Function& f, double today) {
    if (isFlex(f)) return {0.25, 1, 2};
    if (f.platform == PlatformKind::azure) return {today};
    if (today < 1 || f.untunedText(untuned_key::kKind) == "gen1" || f.untunedText("containers") != "" || f.untunedText(untuned_key::kAccelerator) != "")
        return {today};
    std::vector<double> out;
    for (const double vcpu : {1.0, 2.0, 4.0, 8.0})
        if (vcpu >= today / 2 && vcpu <= today * 2) out.push_back(vcpu);
    if (std::find(out.begin(), out.end(), today) == out.end()) out.push_back(today);
    return out;
}

// Minimum instances worth a replay, of those that can be set.
std::vector<std::int32_t> poolsFor(const Function& f, std::int32_t today) {
    const std::string_view kind = f.untunedText(untuned_key::kKind);
    if (f.untunedText("scaling") == "manual" || kind == "consumption" || kind == "dedicated") return {today};
    std::vector<std::int32_t> pools{leastPool(f), 1, 2, 3, today};
    std::sort(pools.begin(), pools.end());
    pools.erase(std::unique(pools.begin(), pools.end()), pools.end());
    return pools;
}

// Highest limit that can be set; nullopt: it cannot be, or there is none.
std::optional<std::int32_t> highestLimit(const Function& f) {
    const std::string_view kind = f.untunedText(untuned_key::kKind);
    if (f.instance_limit.kind != InstanceLimit::Kind::limited || f.untunedText("scaling") == "manual" || kind == "dedicated") return std::nullopt;
    if (f.platform == PlatformKind::azure) return isFlex(f) ? 1000 : 200;
    return kind == "gen1" ? 3000 : 1000;
}

constexpr double kUnseenSurge = 1.5;     // traffic that a lower limit must serve, too
constexpr double kHardlySlower = 0.05;   // slowdown for each other request in an instance below which packing them is safe

struct SharedLimits {
    double p95 = INFINITY, p99 = INFINITY, cold = INFINITY;
    double throttled = INFINITY;
    [[nodiscard]] bool met(const SharedPoint& p) const {
        return p.throttled_share <= throttled && p.p95_s <= p95 * (1 + 1e-9) && p.p99_s <= p99 * (1 + 1e-9) && p.cold_share <= cold * (1 + 1e-9);
    }
};

DesiredSettings desired(const Function& f, const SharedSettings& today, const SharedSettings& s) {
    DesiredSettings d;
    if (s.memory != today.memory) d.memory = s.memory;
    if (s.vcpu != today.vcpu && f.platform != PlatformKind::azure) d.vcpu = s.vcpu;  // Azure: goes with memory
    if (s.pool != today.pool) {
        d.warm_pool = s.pool;
        if (!f.qualifiers.empty()) d.pool_qualifier = f.qualifiers.front().name;
    }
    if (s.limit && s.limit != today.limit) d.instance_limit = InstanceLimit::of(*s.limit);
    return d;
}

std::vector<SettingChange> changesOf(const Function& f, const SharedSettings& today, const SharedSettings& s) {
    std::vector<SettingChange> changes;
    if (s.memory != today.memory) changes.push_back({"memory_mb", std::to_string(today.memory.value), std::to_string(s.memory.value)});
    if (s.vcpu != today.vcpu && f.platform != PlatformKind::azure)
        changes.push_back({"vcpu", fmt::format("{:g}", today.vcpu), fmt::format("{:g}", s.vcpu)});
    if (s.pool != today.pool) changes.push_back({"warm_pool", std::to_string(today.pool), std::to_string(s.pool)});
    if (s.limit && today.limit && s.limit != today.limit)
        changes.push_back({"instance_limit", std::to_string(*today.limit), std::to_string(*s.limit)});
    return changes;
}

// "memory_mb 1024, warm_pool 0"
std::string settingsText(const std::vector<SettingChange>& changes) {
    std::string out;
    for (const auto& change : changes) out += (out.empty() ? "" : ", ") + change.setting + " " + change.after;
    return out;
}

// The point under today's limit and, where another may be better, under others: higher ones against refused requests; lower ones where
// instances are billed while they idle and requests may as well wait a little, but not where that would put more of them into one instance
// with an effect that nobody measured.
std::vector<SharedPoint> underLimits(const SharedModel::Impl& m, const SharedPoint& base, double allowed) {
    std::vector<SharedPoint> points{base};
    const Function& f = m.evidence.function;
    const auto highest = highestLimit(f);
    const auto now = m.today.limit;
    if (!highest || !now || m.work.arrivals.empty()) return points;
    SharedSettings s = base.settings;
    if (base.throttled_share > allowed) {
        for (const std::int32_t factor : {2, 4, 8}) {
            s.limit = std::min(*highest, *now * factor);
            if (*s.limit <= *now) break;
            points.push_back(m.pointOf(s, kQuickArrivals));
            if (points.back().throttled_share <= allowed) break;
        }
    } else if (f.untunedText(untuned_key::kBilling) == "instance" && (s.concurrency == 1 || m.alpha_hi < kHardlySlower)) {
        for (const double part : {0.75, 0.5}) {
            const auto limit = std::max({1, s.pool, static_cast<std::int32_t>(std::ceil(part * base.peak))});
            if (limit >= std::min(*now, base.peak)) continue;
            s.limit = limit;
            auto point = m.pointOf(s, kQuickArrivals);
            SharedSettings surge = s;
            surge.traffic = kUnseenSurge;
            if (point.throttled_share > allowed || m.pointOf(surge, kQuickArrivals).throttled_share > allowed) break;
            points.push_back(std::move(point));
        }
    }
    return points;
}

}  // namespace

Result<Engine::SearchResult> SharedModel::search(const Slo& asked, const JobContext& job) const {
    PILOTLIGHT_TRY(job.check());
    const Impl& m = *impl_;
    const Function& f = m.evidence.function;
    const Slo slo = asked.any() ? asked : m.evidence.slo.value_or(Slo{});
    SharedLimits limits;
    if (slo.any()) {
        if (slo.p95_ms) limits.p95 = *slo.p95_ms / 1000;
        if (slo.p99_ms) limits.p99 = *slo.p99_ms / 1000;
        limits.cold = slo.cold_share.value_or(INFINITY);
    } else if (!m.work.arrivals.empty()) {
        limits.p95 = m.today_point.p95_s * 1.05;
    }
    // Refused requests are what was measured: a replay alone does not make them a fault.
    const bool refuses = m.today_point.throttled_share > kMostThrottled && m.measured.throttles.value_or(1) > 0 && highestLimit(f) &&
                         *m.today.limit < *highestLimit(f);
    limits.throttled = refuses ? kMostThrottled
                               : std::max(kMostThrottled, 1.02 * std::max(m.today_point.throttled_share, m.today_quick.throttled_share));
    // One replay for each CPU, minimum and limit; memory costs money only, above the floor.
    std::vector<SharedTrial> trials;
    const auto pools = poolsFor(f, m.today.pool);
    // Short replays differ a little from long ones: shifted so that both agree on today.
    const double shift = m.today_point.p95_s - m.today_quick.p95_s;
    const double cost_shift = m.costOf(m.today_point).value_or(0) - m.costOf(m.today_quick).value_or(0);
    for (const double vcpu : cpusFor(f, m.today.vcpu)) {
        for (const auto pool : pools) {
            PILOTLIGHT_TRY(job.check());
            if (m.today.limit && pool > *m.today.limit) continue;
            SharedSettings s = m.today;
            s.vcpu = vcpu;
            s.pool = pool;
            for (SharedPoint& base : underLimits(m, m.pointOf(s, kQuickArrivals), limits.throttled)) {
                base.p95_s = std::max(0.0, base.p95_s + shift);
                for (const auto size : sizesFor(f, vcpu)) {
                    const Megabytes memory{size};
                    if (memory != m.today.memory && (!m.floor || memory < *m.floor)) continue;
                    SharedTrial trial{base};
                    trial.point.settings.memory = memory;
                    const auto cost = m.costOf(trial.point);
                    trial.cost = cost ? *cost + cost_shift : 0;
                    trial.feasible = limits.met(trial.point);
                    trials.push_back(std::move(trial));
                }
            }
        }
    }
    std::stable_sort(trials.begin(), trials.end(), [](const SharedTrial& a, const SharedTrial& b) { return a.cost < b.cost; });

    Engine::SearchResult result;
    const auto candidate = [&](const SharedPoint& p, double cost) {
        return Engine::Candidate{desired(f, m.today, p.settings), cost, p.p95_s * 1000, p.cold_share, limits.met(p), false};
    };
    double fastest = INFINITY;
    for (const auto& trial : trials) {
        result.candidates.push_back(candidate(trial.point, trial.cost));
        result.candidates.back().on_front = trial.point.p95_s < fastest;
        fastest = std::min(fastest, trial.point.p95_s);
    }
    const auto today_cost = m.costOf(m.today_point);
    result.today = candidate(m.today_point, today_cost.value_or(0));

    Recommendation& r = result.recommendation;
    r.function_id = f.id;
    r.made_at = m.evidence.range.end;
    r.effort = f.owner ? "medium" : "low";
    r.risk = "low";
    const auto finish = [&] {
        r.id = stableId(r);
        return result;
    };
    const auto n = static_cast<double>(m.work.arrivals.size());
    if (!today_cost) {
        r.needs = "the price list of " + f.region + " (pilotlightctl sync)";
        r.reasons.push_back("Without prices no saving can be told.");
        return finish();
    }
    if (n > 0 && n < kLeastRequests) {
        r.needs = fmt::format("{} more invocations", grouped(kLeastRequests - n));
        r.reasons.push_back(fmt::format("Only {} invocations in the period: too few to tell a saving from chance.", grouped(n)));
        return finish();
    }
    if (n > 0 && !m.percentiles) {
        r.needs = f.platform == PlatformKind::azure ? "latency percentiles: not available, because the app has no link to Application Insights (its hidden-link tag)"
                                                    : "latency percentiles";
        r.reasons.push_back("Only the mean duration was measured: whether another setting keeps requests fast enough cannot be told.");
        return finish();
    }
    const bool met = limits.met(m.today_point);
    const double least = std::max(kLeastUsd, kLeastShare * *today_cost);
    std::optional<SharedTrial> hoped;
    int replays = 0;
    for (const auto& trial : trials) {
        if (!trial.feasible || (met && *today_cost - trial.cost < least) || trial.point.settings == m.today) continue;
        if (++replays > 6) break;
        PILOTLIGHT_TRY(job.check());
        const SharedPoint after = n > 0 ? m.pointOf(trial.point.settings, kExactArrivals) : trial.point;
        const auto outcome = m.outcomeOf(after, true);
        if (!outcome.cost_month || !limits.met(after)) continue;  // and with a cost it has a range
        const auto range = m.costRange(after);
        // Whether to recommend is decided on the month itself, without the noise of the hour that will be measured.
        const double saving = *today_cost - range->value, sure = *today_cost - range->hi;
        // A CPU that was never measured must keep the target at the far end of its interval, too.
        const bool keeps = after.p95_s * after.speed_hi <= limits.p95;
        // Fewer instances refuse requests that nobody foresaw: only for a saving that will be seen, with the noise of the hour measured.
        const auto limit = trial.point.settings.limit;
        const bool lowered = limit && m.today.limit && *limit < *m.today.limit;
        const bool unseen = lowered && *today_cost <= outcome.cost_month->hi.toDouble();
        if (met && (saving < least || sure <= 0 || !keeps || unseen)) {
            if (!hoped && saving >= least) hoped = trial;
            continue;
        }
        r.status = RecommendationStatus::recommended;
        r.settings = desired(f, m.today, trial.point.settings);
        r.changes = changesOf(f, m.today, trial.point.settings);
        WhatIfResult effect = m.today_result;
        effect.whatif = outcome;
        r.effect = effectOf(effect);
        if (const auto& paid = r.effect.cost_usd_month)  // what the watch will measure, whatever of the range was not read
            r.saving_month = MoneyEstimate{Money::fromDouble(saving), Money::fromDouble(paid->before - paid->hi), Money::fromDouble(paid->before - paid->lo)};
        r.risk = trial.point.settings.vcpu != m.today.vcpu || lowered ? "high" : r.settings.warm_pool ? "medium" : "low";
        if (lowered)
            r.reasons.push_back(fmt::format("At most {} instances at once ({} at the peak now): a few requests wait for a free one, and instances "
                                            "that would idle are not started. {:.1f} times the traffic would still be served; more would be refused.",
                                            *limit, m.today_point.peak, kUnseenSurge));
        else if (r.settings.instance_limit)
            r.reasons.push_back(fmt::format("{} of requests are refused at a limit of {} instances, {} at {}.",
                                            percent(m.today_point.throttled_share), m.today.limit.value_or(0), percent(after.throttled_share),
                                            *limit));
        if (r.settings.memory && f.platform != PlatformKind::azure)
            r.reasons.push_back(
                fmt::format("At most {:.0f} of {} MB were used; memory is billed apart from CPU here and does not make requests faster.",
                            m.measured.max_memory_used_mb.value_or(0), f.memory.value));
        if (r.settings.warm_pool)
            r.reasons.push_back(fmt::format("Instances started for {} of requests at a minimum of {}, and would for {} at {}.",
                                            percent(m.today_point.cold_share), m.today.pool, percent(after.cold_share),
                                            trial.point.settings.pool));
        if (trial.point.settings.vcpu != m.today.vcpu)
            r.reasons.push_back(fmt::format("CPU goes from {:g} to {:g}; its effect on duration is the model's, not measured.",
                                            m.today.vcpu, trial.point.settings.vcpu));
        if (n > 0)
            r.reasons.push_back(fmt::format("p95 goes from {} to {}.", milliseconds3(m.today_point.p95_s), milliseconds3(after.p95_s)));
        else
            r.reasons.push_back(fmt::format("Not invoked once in the period, and a minimum of {} is paid for.", m.today.pool));
        if (!met && !refuses) r.reasons.push_back("The target is missed today.");
        const SharedTrial* looser = nullptr;
        for (const auto& other : trials)
            if (other.point.throttled_share <= limits.throttled && other.point.p95_s > limits.p95 && other.cost < trial.cost - least &&
                (looser == nullptr || other.point.p95_s < looser->point.p95_s))
                looser = &other;
        if (looser != nullptr)
            r.reasons.push_back(fmt::format("What would change it: a p95 of {} would be enough ({}); then {} costs {} a month less.",
                                            milliseconds3(looser->point.p95_s), slo.any() ? "the target is " + milliseconds3(limits.p95) : "no target is set, so today's is kept, within 5 %",
                                            settingsText(changesOf(f, m.today, looser->point.settings)), dollars(trial.cost - looser->cost)));
        else if (n > 0 && r.settings.warm_pool && trial.point.settings.pool < m.today.pool)
            r.reasons.push_back("What would change it: a target for cold starts that a smaller minimum does not meet (slo set --cold-share).");
        if (f.owner) r.reasons.push_back("Owned by " + *f.owner + ": better changed there, else it drifts.");
        r.reasons.push_back("Evidence: " + m.work.description + ".");
        return finish();
    }
    if (hoped || !met) {
        r.status = RecommendationStatus::inconclusive;
        r.risk = "medium";
        if (hoped) {
            const std::string what = settingsText(changesOf(f, m.today, hoped->point.settings));
            r.needs = fmt::format("a measurement with {}", what);
            r.reasons.push_back(fmt::format("{} might save {} a month, but how long requests would take was never measured.", what,
                                            dollars(*today_cost - hoped->cost)));
        } else {
            r.needs = "a measurement at a larger size, or a looser target";
            r.reasons.push_back("The target is missed today, and no setting that the evidence allows meets it.");
        }
        return finish();
    }
    r.status = RecommendationStatus::optimal;
    r.saving_month = MoneyEstimate{};
    r.effect = effectOf(m.today_result);
    r.reasons.push_back(
        fmt::format("No setting that keeps the target saves {} a month or more ({} today).", dollars(least), dollars(*today_cost)));
    r.reasons.push_back("Evidence: " + m.work.description + ".");
    return finish();
}

}  // namespace pilotlight::tuning
