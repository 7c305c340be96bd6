// ChangeService: the watch after a change, and what came of its promise.
#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>

#include "core/base/log.h"
#include "core/change/change_service.h"
#include "core/change/harm.h"
#include "core/change/journal_state.h"
#include "core/change/realised.h"
#include "core/change/statistics.h"

namespace pilotlight::change {

using nlohmann::json;

namespace {

constexpr int kLooksPerWindow = 12;  // more would only cost power: each look lowers the level of the next
constexpr hours kFollowUp{14 * 24};  // a kept change's saving is measured again for that long
constexpr hours kFollowUpEvery{6};

std::optional<double> targetP95(const Function& function, const std::vector<Slo>& slos) {
    std::optional<double> by_tag;
    for (const auto& slo : slos) {
        if (slo.function_id == function.id) return slo.p95_ms;
        const auto tag = function.tags.find(slo.tag_key);
        if (!slo.tag_key.empty() && tag != function.tags.end() && tag->second == slo.tag_value) by_tag = slo.p95_ms;
    }
    return by_tag;
}

std::string joined(const std::vector<std::string>& words) {
    std::string out;
    for (const auto& word : words) out += (out.empty() ? "" : "; ") + word;
    return out;
}

}  // namespace

// One change under watch (or kept, and still followed). Returns it as it is afterwards.
Result<Change> ChangeService::judge(Change change, const JobContext& job) {
    const Timestamp now = platform_.clock()->now();
    PILOTLIGHT_ASSIGN(const Plan plan, store_.plan(change.plan_id));
    PILOTLIGHT_ASSIGN(const auto journal, store_.journal(change.id));
    const JournalState state = readJournal(journal);
    const auto stored = store_.function(change.function_id);
    const Function function = stored ? *stored : plan.before;
    const auto save = [&](const std::string& step, const std::string& detail) -> Status {
        return store_.transaction([&]() -> Status {
            PILOTLIGHT_TRY(store_.appendJournal(change.id, {0, now, step, redacted(detail)}));
            return store_.putChange(change);
        });
    };
    const auto measure = [&](Timestamp until) -> Status {
        PILOTLIGHT_ASSIGN(const Realised realised, measureRealised(store_, platform_.profile(), change, plan, function, until));
        change.realised = realised.effect;
        if (realised.saving_month) change.realised_saving_month = realised.saving_month;
        return {};
    };

    if (change.status == ChangeStatus::kept) {
        const Timestamp end = std::min(now, change.applied + kFollowUp);
        PILOTLIGHT_ASSIGN(const Timestamp until, observedUntil(store_, change.function_id, change.applied, end));
        if (until <= change.watch_until || until < std::max(state.realised_at, change.decided) + kFollowUpEvery) return change;
        PILOTLIGHT_TRY(measure(until));
        PILOTLIGHT_TRY(save(entry::kRealised, json{{"until", toIso8601(until)}}.dump()));
        return change;
    }

    const Timestamp window_end = std::min(now, change.watch_until);
    PILOTLIGHT_ASSIGN(const Timestamp until, observedUntil(store_, change.function_id, change.applied, window_end));
    const auto window = change.watch_until - change.applied;
    const bool complete = until >= change.watch_until;
    // Points arrive late; but a watch does not wait for ever for what never comes.
    const bool given_up = !complete && now >= change.watch_until + std::max<milliseconds>(window, minutes(30));
    const Timestamp last_look = std::max(state.observed_until, change.applied);
    if (!complete && !given_up && until < last_look + window / kLooksPerWindow) return change;

    const TimeRange after_range{change.applied, until};
    const TimeRange before_range{change.started - std::max<milliseconds>(after_range.length(), minutes(1)), change.started};
    PILOTLIGHT_ASSIGN(const Behaviour after, readBehaviour(store_, change.function_id, {after_range}));
    PILOTLIGHT_ASSIGN(const Behaviour before, readBehaviour(store_, change.function_id, {before_range}));
    PILOTLIGHT_ASSIGN(const auto windows, seasonalWindows(store_, change.function_id, after_range, plan.before.last_modified));
    PILOTLIGHT_ASSIGN(const Behaviour season, readBehaviour(store_, change.function_id, windows));
    PILOTLIGHT_ASSIGN(const auto slos, store_.slos());

    const int look = state.looks + 1;
    const double level = levelOfLook(1 - options_.confidence, look);
    const auto enough = [&](const Behaviour& each) {
        return each.counted && each.invocations >= static_cast<double>(options_.min_invocations);
    };
    const bool enough_after = enough(after);
    const bool enough_before = enough(before) || (!windows.empty() && enough(season));
    HarmReport report;
    if (enough_after && enough_before)
        report = judgeHarm({before, windows.empty() ? nullptr : &season, after, plan.effect, targetP95(function, slos), level, after_range});
    // Quiet, not idle: with as many again in the time that is left there will be enough to tell.
    const double seen = std::min(after.invocations, std::max(before.invocations, season.invocations));
    const auto wanted = static_cast<double>(options_.min_invocations);
    bool watched_on = false;
    if (complete && !(enough_after && enough_before) && after.counted && window < options_.longest &&
        seen * (std::chrono::duration<double>(options_.longest) / window) >= wanted) {
        const auto needed = std::chrono::duration_cast<minutes>(window * (1.2 * wanted / seen));
        change.watch_until =
            change.applied +
            std::min<minutes>(options_.longest, std::max<minutes>(needed, minutes(10) + std::chrono::duration_cast<minutes>(window)));
        change.detail = fmt::format("{:.0f} invocations since the change, {} are needed to tell; watched on until {}", after.invocations,
                                    options_.min_invocations, toIso8601(floorTo(change.watch_until, seconds(1))));
        watched_on = true;
    }
    PILOTLIGHT_TRY(save(entry::kWatch, json{{"look", look},
                                            {"observed_until", toIso8601(until)},
                                            {"invocations_before", before.invocations},
                                            {"invocations", after.invocations},
                                            {"seasonal_days", windows.size()},
                                            {"level", level},
                                            {"watch_until", toIso8601(change.watch_until)},
                                            {"harms", report.harms}}
                                           .dump(-1, ' ', false, json::error_handler_t::replace)));

    if (!report.harms.empty()) {
        const std::string why = joined(report.harms);
        PILOTLIGHT_TRY(measure(until));
        change.detail = "Harmful: " + why + ". Being reverted";
        PILOTLIGHT_TRY(save(entry::kHarm, why));
        PILOTLIGHT_ASSIGN(const ApplyResult back, takeBack(change, plan, "watch", job));
        if (back.status == ChangeStatus::applied || back.status == ChangeStatus::pending) {
            PILOTLIGHT_ASSIGN(change, store_.change(change.id));
            change.detail = "Harmful: " + why +
                            (back.status == ChangeStatus::applied ? ". Reverted by change " : ". Being reverted by change ") +
                            back.change_id;
            PILOTLIGHT_TRY(store_.putChange(change));
            return change;
        }
        change.status = ChangeStatus::inconclusive;
        change.decided = now;
        change.detail = "Harmful: " + why + ". It could not be reverted: " + back.detail;
        PILOTLIGHT_TRY(save(entry::kVerdict, json{{"status", name(change.status)}, {"detail", change.detail}}.dump(
                                                 -1, ' ', false, json::error_handler_t::replace)));
        return change;
    }
    if (watched_on || (!complete && !given_up)) return change;

    PILOTLIGHT_TRY(measure(until));
    change.decided = now;
    if (!complete) {
        change.status = ChangeStatus::inconclusive;
        change.detail = fmt::format("Measurements reach only {} of the watch until {}", toIso8601(until), toIso8601(change.watch_until));
    } else if (!enough_after || !enough_before) {
        change.status = ChangeStatus::inconclusive;
        change.detail =
            fmt::format("{:.0f} invocations {} the change; at least {} are needed to tell",
                        enough_after ? before.invocations : after.invocations, enough_after ? "before" : "since", options_.min_invocations);
    } else if (!report.known) {
        change.status = ChangeStatus::inconclusive;
        change.detail = "Nothing is known of its " + report.missing;
    } else {
        change.status = ChangeStatus::kept;
        change.detail = fmt::format("No harm in {:.0f} invocations until {}", after.invocations, toIso8601(floorTo(until, seconds(1))));
    }
    PILOTLIGHT_TRY(save(entry::kVerdict, json{{"status", name(change.status)}, {"detail", change.detail}}.dump()));
    return change;
}

Result<std::vector<Change>> ChangeService::watch(const JobContext& job) {
    PILOTLIGHT_ASSIGN(const auto all, store_.changes());
    std::vector<Change> out;
    const Timestamp now = platform_.clock()->now();
    for (const auto& change : all) {
        if (change.profile != platform_.profile().name) continue;
        const bool followed =
            change.status == ChangeStatus::kept && now < change.applied + kFollowUp + hours(24) &&
            std::none_of(
                all.begin(), all.end(),
                [&](const Change& other) { return other.function_id == change.function_id && other.applied > change.applied; });
        if (change.status != ChangeStatus::watching && !followed) continue;
        // One change in flight per function: its revert may be waiting for the platform.
        const bool busy = std::any_of(all.begin(), all.end(), [&](const Change& other) {
            return other.function_id == change.function_id && other.status == ChangeStatus::pending;
        });
        if (busy) continue;
        PILOTLIGHT_TRY(job.check());
        PILOTLIGHT_ASSIGN(auto judged, judge(change, job));
        if (judged.status != change.status || judged.status == ChangeStatus::watching) out.push_back(std::move(judged));
    }
    return out;
}

}  // namespace pilotlight::change
