// One recommendation out of the candidates: what to change, why, what it saves, or what is missing to say so.
#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "core/tuning/instance_limits.h"
#include "core/tuning/schedules.h"
#include "core/tuning/search.h"
#include "core/tuning/words.h"

namespace pilotlight::tuning {
namespace {

constexpr double kSure = 0.95;                         // chance of saving anything at all
constexpr std::size_t kLeastRequests = 200;

std::string scheduleText(const WarmSchedule& schedule) {
    static constexpr const char* kDays[] = {"Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"};
    std::string text;
    for (const auto& e : schedule.entries) {
        if (!text.empty()) text += "; ";
        std::string days;
        if (e.weekdays == 0x7f)
            days = "daily";
        else if (e.weekdays == 0x1f)
            days = "Mon-Fri";
        else if (e.weekdays == 0x60)
            days = "Sat-Sun";
        else
            for (int d = 0; d < 7; ++d)
                if ((e.weekdays >> d) & 1) days += (days.empty() ? "" : ",") + std::string(kDays[d]);
        text += fmt::format("{} {:02}:{:02} {}", days, e.minute_of_day / 60, e.minute_of_day % 60, e.level);
    }
    return text.empty() ? "none" : text;
}

std::string limitText(const InstanceLimit& limit) {
    switch (limit.kind) {
        case InstanceLimit::Kind::unknown:
            return "unknown";
        case InstanceLimit::Kind::none:
            return "none";
        case InstanceLimit::Kind::limited:
            return std::to_string(limit.value);
    }
    return "unknown";
}

DesiredSettings desiredOf(const EngineCore& core, const Resolved& s) {
    DesiredSettings d;
    if (s.memory != core.evidence.function.memory) d.memory = s.memory;
    if (newSchedule(core, s))
        d.warm_schedule = s.schedule;
    else if (!s.schedule && s.pool != core.pool_today)
        d.warm_pool = s.pool;
    if (d.warm_pool || d.warm_schedule) d.pool_qualifier = core.pool_qualifier;
    const auto& own = core.evidence.function.instance_limit;
    if (own.kind == InstanceLimit::Kind::limited && s.limit && *s.limit != own.value) d.instance_limit = InstanceLimit::of(*s.limit);
    return d;
}

std::vector<SettingChange> changesOf(const EngineCore& core, const DesiredSettings& d) {
    std::vector<SettingChange> changes;
    const auto& f = core.evidence.function;
    const std::string at = d.pool_qualifier.empty() ? "" : "@" + d.pool_qualifier;
    if (d.memory) changes.push_back({"memory_mb", std::to_string(f.memory.value), std::to_string(d.memory->value)});
    if (d.warm_pool)
        changes.push_back({"warm_pool" + at, f.warmPool() ? std::to_string(core.pool_today) : "unknown", std::to_string(*d.warm_pool)});
    if (d.warm_schedule) changes.push_back({"warm_schedule" + at, "none", scheduleText(*d.warm_schedule)});
    if (d.instance_limit) changes.push_back({"instance_limit", limitText(f.instance_limit), limitText(*d.instance_limit)});
    return changes;
}

std::string dateAfter(const EngineCore& core, double more_requests) {
    const double rate = static_cast<double>(core.work.arrivals.size()) / core.work.read_s;
    if (rate <= 0) return "when there is traffic";
    const double wait = more_requests / rate;
    if (wait > 400 * 86400.0) return "not within a year at this traffic";
    return "about " +
           toIso8601(core.evidence.range.end + std::chrono::duration_cast<milliseconds>(std::chrono::duration<double>(wait))).substr(0, 10);
}

void fillEffect(const EngineCore& core, Recommendation& r, const Point& point) {
    WhatIfResult result = core.today;
    result.whatif = outcomeOf(core, point, true);
    r.effect = effectOf(result);
}

void explain(const EngineCore& core, const Limits& limits, const Point& after, const Trial& trial, Recommendation& r) {
    const auto& before = core.today_point;
    const auto& f = core.evidence.function;
    if (r.settings.memory) {
        const double ratio = core.ratio[trial.size];
        if (*r.settings.memory < f.memory)
            r.reasons.push_back(fmt::format(
                "At {} MB a request takes {:.2f} times as long as at {} MB and a millisecond costs {:.2f} times as much.",
                r.settings.memory->value, ratio, f.memory.value, static_cast<double>(r.settings.memory->value) / f.memory.value));
        else
            r.reasons.push_back(
                fmt::format("More memory brings more CPU: at {} MB a request takes {:.2f} times as long as at {} MB, which outweighs the "
                            "price of memory.",
                            r.settings.memory->value, ratio, f.memory.value));
        if (core.latency) r.reasons.push_back("Duration against memory: " + core.latency->regime() + ".");
    }
    if (r.settings.warm_pool || r.settings.warm_schedule) {
        const double used =
            core.pool_today > 0 && !core.surfaces.empty()
                ? core.surfaces[core.today_index].poolBusy(static_cast<std::size_t>(core.pool_today)) / core.work.read_s / core.pool_today
                : 0;
        if (core.pool_today > 0)
            r.reasons.push_back(fmt::format("The warm pool of {} is busy {} of the time; on cost alone a slot pays from 60 %.",
                                            core.pool_today, percent(used)));
        if (r.settings.warm_schedule)
            r.reasons.push_back("Fitted without the last seven days and tried on them, the schedule cost less than any constant pool.");
        r.reasons.push_back(
            fmt::format("Cold starts go from {} to {} of requests.", percent(coldShareOf(before)), percent(coldShareOf(after))));
    }
    if (r.settings.instance_limit) {
        const double now = throttledShareOf(before);
        if (now >= kMostThrottled)
            r.reasons.push_back(fmt::format("{} of requests are throttled at a limit of {}; {} instances are needed.", percent(now),
                                            f.instance_limit.value, r.settings.instance_limit->value));
        else
            r.reasons.push_back(fmt::format("Requests take longer at {} MB, so that more are in service at once: the limit of {} would refuse {} of "
                                            "them, one of {} next to none.",
                                            trial.settings.memory.value, f.instance_limit.value,
                                            percent(core.throttledShare(trial.settings.memory, trial.settings.pool, f.instance_limit.value, 1)),
                                            r.settings.instance_limit->value));
    }
    r.reasons.push_back(
        fmt::format("p95 goes from {} to {}{}.", milliseconds3(before.p95_s), milliseconds3(after.p95_s),
                    std::isfinite(limits.p95_s) ? fmt::format(" (target {})", milliseconds3(limits.p95_s)) : std::string()));
    r.reasons.push_back("Evidence: " + core.work.description + ".");
}

// What would change its mind: the target from which a cheaper setting would do, and how wrong the duration may be.
void wouldChange(const EngineCore& core, const std::vector<Trial>& trials, const Limits& limits, const Point& after, Recommendation& r) {
    const auto cost = costOf(core, after);
    if (!cost) return;
    const double least = std::max(kLeastUsd, kLeastShare * costOf(core, core.today_point).value_or(0));
    const Trial* looser = nullptr;
    for (const auto& t : trials)
        if (!t.feasible && !t.throttles && t.point.p95_s > limits.p95_s && t.cost < *cost - least &&
            (looser == nullptr || t.point.p95_s < looser->point.p95_s))
            looser = &t;
    if (looser != nullptr) {
        const auto& s = looser->settings;
        std::string what = fmt::format("{} MB", s.memory.value);
        if (newSchedule(core, s))
            what += " with a weekly schedule";
        else if (s.pool > 0 || core.pool_today > 0)
            what += fmt::format(" with a warm pool of {}", s.pool);
        r.reasons.push_back(fmt::format("What would change it: a p95 of {} would be enough ({}); then {} costs {} a month less.",
                                        milliseconds3(looser->point.p95_s),
                                        limits.explicit_slo ? "the target is " + milliseconds3(limits.p95_s)
                                                            : "no target is set, so today's is kept, within 5 %",
                                        what, dollars(*cost - looser->cost)));
    }
    if (r.settings.warm_pool && *r.settings.warm_pool < core.pool_today && !core.surfaces.empty()) {
        // What an instance more would have to be used, so that it pays: its rent over what a GB-second is cheaper on it.
        const double cheaper = unitPrice(core, meter::kDuration) - unitPrice(core, meter::kPoolDuration), kept = unitPrice(core, meter::kPoolKept);
        const Megabytes size = r.settings.memory.value_or(core.evidence.function.memory);
        std::size_t at = 0;
        while (at + 1 < core.grid.size() && core.grid[at + 1] <= size) ++at;
        const auto& surface = core.surfaces[at];
        const auto slot = static_cast<std::size_t>(*r.settings.warm_pool);
        double busy = 0;
        for (std::size_t b = 0; slot < surface.depth && b < surface.bins; ++b) busy += surface.slot_busy[b * surface.depth + slot];
        if (cheaper > 0 && kept > 0 && kept < cheaper)
            r.reasons.push_back(fmt::format("What would change it: an instance more pays for itself once it is in use {} of the time; it would be {} of it.",
                                            percent(kept / cheaper), percent(busy / std::max(1.0, core.work.read_s))));
    }
    if (!r.settings.memory || !r.effect.cost_usd_month) return;
    // A request's cost is its duration's: the saving is gone when that is longer than expected by saving / cost of duration.
    const double saving = r.effect.cost_usd_month->before - r.effect.cost_usd_month->after;
    const auto duration_usd = [&] {
        auto without = after;
        without.usage.duration_ms_billed = without.usage.pool_duration_ms_billed = 0;
        return *cost - costOf(core, without).value_or(*cost);
    }();
    if (saving <= 0 || duration_usd <= 0) return;
    const double ratio = core.ratioAt(*r.settings.memory), most = ratio * (1 + saving / duration_usd);
    r.reasons.push_back(fmt::format("What would change it: requests at {} MB that take over {:.2f} times as long as at {} MB ({:.2f} expected) "
                                    "would undo the saving.",
                                    r.settings.memory->value, most, core.evidence.function.memory.value, ratio));
}

Recommendation unsure(const EngineCore& core, std::string needs, std::string why) {
    Recommendation r;
    r.function_id = core.evidence.function.id;
    r.status = RecommendationStatus::inconclusive;
    r.needs = std::move(needs);
    r.reasons.push_back(std::move(why));
    r.effort = "low";
    r.risk = "medium";
    return r;
}

Recommendation recommendFor(const EngineCore& core, const std::vector<Trial>& trials, const Limits& limits,
                            std::optional<std::int32_t> raised) {
    const auto& f = core.evidence.function;
    const auto& today = core.today_point;
    const auto today_cost = costOf(core, today);
    const bool idle = core.work.arrivals.empty();
    Recommendation r;
    r.function_id = f.id;

    if (!idle && core.work.arrivals.size() < kLeastRequests && !(core.pool_today > 0)) {
        const double more = static_cast<double>(kLeastRequests - core.work.arrivals.size());
        return unsure(core, fmt::format("{} more invocations, {}", grouped(more), dateAfter(core, more)),
                      fmt::format("Only {} invocations in the period: too few to tell a saving from chance.", core.work.arrivals.size()));
    }
    if (!today_cost && !raised)
        return unsure(core, "the price list of " + f.region + " (pilotlightctl sync)", "Without prices no saving can be told.");

    const bool slo_met = meets(limits, today);
    const double least = std::max(kLeastUsd, kLeastShare * today_cost.value_or(0));
    // Best by look-up that is sure to save; failing that the best expected one.
    const Trial* best = nullptr;
    const Trial* hoped = nullptr;
    if (today_cost) {
        std::vector<const Trial*> order;
        for (const auto& t : trials)
            if (t.feasible) order.push_back(&t);
        std::stable_sort(order.begin(), order.end(), [](const Trial* a, const Trial* b) { return a->cost < b->cost; });
        std::size_t looked = 0;
        double found_cost = 0;
        for (const auto* t : order) {
            const double saves = *today_cost - t->cost;
            if (slo_met && saves < least) break;
            // A weekly schedule is more to look after: a constant pool is preferred within 4 %.
            if (best != nullptr && t->cost > found_cost + (newSchedule(core, best->settings) ? 2 : 1) * kLeastShare * *today_cost) break;
            if (++looked > 24) break;
            const auto saving = savingOf(core, t->point);
            if (!saving) break;
            if (hoped == nullptr) hoped = t;
            if (slo_met && saving->chance_positive < kSure) continue;
            // Within 2 % of the cheapest the fastest is preferred, and the plain pool to a schedule.
            if (best == nullptr) {
                best = t;
                found_cost = t->cost;
            } else if ((t->point.p95_s < best->point.p95_s * 0.97 && !newSchedule(core, t->settings) && core.known[t->size]) ||
                       (newSchedule(core, best->settings) && !newSchedule(core, t->settings))) {
                best = t;
            }
        }
    }
    // A schedule has to pay on a week that it was not fitted to.
    if (best != nullptr && newSchedule(core, best->settings) && !scheduleHoldsUp(core, *best)) {
        auto plain = trials;
        std::erase_if(plain, [&](const Trial& t) { return newSchedule(core, t.settings); });
        return recommendFor(core, plain, limits, raised);
    }
    // A size that was never measured is left alone unless it beats what can be had at today's size by 2 %.
    if (best != nullptr && slo_met && best->size != core.today_index && !core.known[best->size]) {
        const Trial* near = nullptr;
        for (const auto& t : trials)
            if (t.feasible && t.size == core.today_index && *today_cost - t.cost >= least &&
                t.cost <= best->cost + kLeastShare * *today_cost && (near == nullptr || t.cost < near->cost))
                near = &t;
        if (near != nullptr) best = near;
    }
    // What might save but is not sure to keep the target: worth measuring.
    if (best == nullptr && hoped == nullptr && today_cost) {
        double most = 0;
        for (const auto& t : trials) {
            const double saves = (*today_cost - t.cost) * t.chance_p95;
            if (t.size != core.today_index && !t.throttles && t.chance_p95 >= 0.25 && *today_cost - t.cost >= least && saves > most) {
                most = saves;
                hoped = &t;
            }
        }
    }
    Trial stay;
    stay.size = core.today_index;
    stay.settings = resolve(core, {});
    if (raised) stay.settings.limit = raised;
    if (best == nullptr && raised) best = &stay;

    if (best == nullptr) {
        if (!slo_met) {
            r.status = RecommendationStatus::inconclusive;
            r.reasons.push_back("The target is missed today, and no setting that the evidence allows meets it.");
            r.needs = "a measurement at a larger memory size, or a looser target";
            r.effort = "low";
            r.risk = "medium";
            return r;
        }
        if (hoped != nullptr) {
            const auto size = core.grid[hoped->size];
            const auto saving = savingOf(core, hoped->point);
            r = unsure(core,
                       size != f.memory ? fmt::format("a measurement at {} MB (one benchmark, or some 200 invocations at that size, {})",
                                                      size.value, dateAfter(core, 200))
                                        : fmt::format("{} more invocations, {}", grouped(static_cast<double>(core.work.arrivals.size())),
                                                      dateAfter(core, static_cast<double>(core.work.arrivals.size()))),
                       fmt::format("{} might save {} a month ({} to {}), and keeps p95 within {} with a chance of {}.",
                                   size != f.memory ? fmt::format("{} MB", size.value) : std::string("Another warm pool"),
                                   dollars(saving->usd.value), dollars(saving->usd.lo), dollars(saving->usd.hi),
                                   std::isfinite(limits.p95_s) ? milliseconds3(limits.p95_s) : std::string("any limit"),
                                   percent(hoped->chance_p95)));
            r.saving_month =
                MoneyEstimate{Money::fromDouble(saving->usd.value), Money::fromDouble(saving->usd.lo), Money::fromDouble(saving->usd.hi)};
            return r;
        }
        r.status = RecommendationStatus::optimal;
        r.reasons.push_back(
            fmt::format("No setting that keeps the target saves {} a month or more ({} today).", dollars(least), dollars(*today_cost)));
        r.reasons.push_back("Evidence: " + core.work.description + ".");
        r.effort = "low";
        r.risk = "low";
        r.saving_month = MoneyEstimate{};
        fillEffect(core, r, today);
        wouldChange(core, trials, limits, today, r);
        return r;
    }

    // Replay the choice.
    auto settings = best->settings;
    Point after = replayPoint(core, settings);
    if (best != &stay && throttledShareOf(after) > 2 * limits.throttled_share) {  // look-ups of what is refused are rough
        auto others = trials;
        std::erase_if(others, [&](const Trial& t) { return t.size == best->size && t.settings.limit == settings.limit; });
        return recommendFor(core, others, limits, raised);
    }
    if (best != &stay && limits.explicit_slo && !slo_met && !meets(limits, after)) {
        // Look-ups are off where INIT is long against the handler: what is recommended to reach a target must reach it on replay. At most
        // kMostReplays of the settings that should, cheapest first.
        std::vector<const Trial*> order;
        for (const auto& t : trials)
            if (t.feasible) order.push_back(&t);
        std::stable_sort(order.begin(), order.end(), [](const Trial* a, const Trial* b) { return a->cost < b->cost; });
        const std::size_t stride = std::max<std::size_t>(1, order.size() / kMostReplays);
        bool reached = false;
        Point nearest = after;
        for (std::size_t i = 0; i < order.size() && !reached; i += stride) {
            const auto tried = order[i]->settings;
            const Point point = replayPoint(core, tried);
            if (point.p95_s < nearest.p95_s) nearest = point;
            if (!meets(limits, point)) continue;
            reached = true;
            best = order[i];
            settings = tried;
            after = point;
        }
        if (!reached) {
            r.status = RecommendationStatus::inconclusive;
            r.reasons.push_back("The target is missed today, and on replay no setting that the evidence allows meets it.");
            r.reasons.push_back(fmt::format("The nearest has a p95 of {} and costs {} a month ({} today).", milliseconds3(nearest.p95_s),
                                            dollars(costOf(core, nearest).value_or(0)), dollars(*today_cost)));
            r.needs = "a measurement at a larger memory size, or a looser target";
            r.effort = "low";
            r.risk = "medium";
            return r;
        }
    }
    const auto saving = savingOf(core, after);
    if (best != &stay && slo_met && saving && (saving->usd.value < least || saving->chance_positive < kSure) && !raised) {
        r = unsure(core,
                   fmt::format("{} more invocations, {}", grouped(static_cast<double>(core.work.arrivals.size())),
                               dateAfter(core, static_cast<double>(core.work.arrivals.size()))),
                   fmt::format("On replay the saving is {} a month ({} to {}): too little to be sure of.", dollars(saving->usd.value),
                               dollars(saving->usd.lo), dollars(saving->usd.hi)));
        return r;
    }
    r.status = RecommendationStatus::recommended;
    r.settings = desiredOf(core, settings);
    r.changes = changesOf(core, r.settings);
    if (r.settings.memory) r.alias = core.alias;
    fillEffect(core, r, after);
    // The saving is the effect on cost, so that recommendation, plan and change tell one prediction.
    if (const auto& cost = r.effect.cost_usd_month)
        r.saving_month = MoneyEstimate{Money::fromDouble(cost->before - cost->after), Money::fromDouble(cost->before - cost->hi),
                                       Money::fromDouble(cost->before - cost->lo)};
    if (idle)
        r.reasons.push_back(fmt::format("Not invoked once in the period, and a warm pool of {} is paid for.", core.pool_today));
    else
        explain(core, limits, after, *best, r);
    wouldChange(core, trials, limits, after, r);
    if (!slo_met)
        r.reasons.push_back(meets(limits, after) ? "The target is missed today."
                                                 : "The target is missed today and stays missed: nothing that the evidence allows meets it.");
    if (f.owner) r.reasons.push_back("Owned by " + *f.owner + ": better changed there, else it drifts.");
    r.effort = f.owner || !r.alias.empty() || r.settings.warm_schedule ? "medium" : "low";
    const bool measured = !r.settings.memory || (core.latency && core.latency->at(*r.settings.memory).measured);
    r.risk = r.settings.memory && core.beyond[best->size]                    ? "high"
             : !measured || r.settings.warm_pool || r.settings.warm_schedule ? "medium"
                                                                             : "low";
    if (idle) r.risk = "low";
    return r;
}

}  // namespace

Result<Engine::SearchResult> searchSettings(const EngineCore& core, const Slo& asked, const JobContext& job) {
    PILOTLIGHT_TRY(job.check());
    const Slo slo = asked.any() ? asked : core.evidence.slo.value_or(Slo{});
    const auto limits = limitsOf(core, slo);
    const auto raised = limitAgainstThrottling(core);
    const auto trials = searchTrials(core, limits);
    PILOTLIGHT_TRY(job.check());
    Engine::SearchResult result;
    const auto candidate = [&](const Resolved& s, const Point& p, double cost) {
        Engine::Candidate c;
        c.settings = desiredOf(core, s);
        c.cost_month_usd = cost;
        c.p95_ms = p.p95_s * 1000;
        c.cold_share = coldShareOf(p);
        return c;
    };
    for (const auto& trial : trials) {
        auto c = candidate(trial.settings, trial.point, trial.cost);
        c.feasible = trial.feasible;
        c.on_front = trial.on_front;
        result.candidates.push_back(std::move(c));
    }
    result.today = candidate(resolve(core, {}), core.today_point, costOf(core, core.today_point).value_or(0));
    result.today.settings = {};
    result.today.feasible = meets(limits, core.today_point);
    result.recommendation = recommendFor(core, trials, limits, raised);
    if (auto spare = spareReservation(core)) result.recommendation.reasons.push_back(std::move(*spare));
    sayWhoKeepsThePool(core, limits, result.recommendation);
    result.recommendation.made_at = core.evidence.range.end;
    result.recommendation.id = stableId(result.recommendation);
    PILOTLIGHT_TRY(job.check());
    return result;
}

}  // namespace pilotlight::tuning
