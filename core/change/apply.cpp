// ChangeService: applying and reverting, up to the point where the road begins.
#include <fmt/format.h>

#include "core/change/change_service.h"
#include "core/change/guardrails.h"
#include "core/change/planner.h"
#include "core/change/road.h"
#include "core/change/settings.h"

namespace pilotlight::change {
namespace {

ApplyResult refused(std::string detail, std::vector<SettingChange> drift = {}) {
    return {"", ChangeStatus::refused, std::move(detail), std::move(drift)};
}

// Empty: may go on. The reasons that have nothing to do with one plan.
std::string notAllowed(const Profile& profile, const std::string& function_name, bool yes, const std::string& confirm) {
    if (!profile.write) return fmt::format("Profile {} is read-only. Nothing was changed; add it again with --write.", profile.name);
    if (!yes) return "Not confirmed. Nothing was changed; repeat with --yes.";
    if (profile.environment == Environment::production && confirm != function_name) {
        return fmt::format("Profile {} is production{}. Nothing was changed; repeat with --confirm {}.", profile.name,
                           confirm.empty() ? "" : ", and \"" + confirm + "\" is not the name of the function", function_name);
    }
    return "";
}

Result<std::optional<Change>> inFlight(store::Store& store, const std::string& function_id) {
    PILOTLIGHT_ASSIGN(const auto all, store.changes());
    for (const auto& change : all) {
        if (change.function_id == function_id && change.status == ChangeStatus::pending) return change;
    }
    return std::nullopt;
}

}  // namespace

ChangeService::ChangeService(store::Store& store, platform::Platform& platform, WatchOptions options)
    : store_(store), platform_(platform), options_(options) {}

Result<ApplyResult> ChangeService::apply(const ApplyRequest& request, const JobContext& job) {
    PILOTLIGHT_ASSIGN(const Plan plan, store_.plan(request.plan_id));
    const auto& profile = platform_.profile();
    if (plan.profile != profile.name) return fail(ErrorCode::invalid_argument, "Plan " + plan.id + " belongs to profile " + plan.profile);
    if (auto reason = notAllowed(profile, plan.before.name, request.yes, request.confirm); !reason.empty())
        return refused(std::move(reason));
    PILOTLIGHT_ASSIGN(const auto all, store_.changes());
    for (const auto& change : all) {
        if (change.plan_id != plan.id || change.status == ChangeStatus::refused) continue;
        if (change.status == ChangeStatus::pending) return resume(change, job);
        return refused(
            fmt::format("Plan {} was used already by change {} ({}). Make a new plan.", plan.id, change.id, name(change.status)));
    }
    const Timestamp now = platform_.clock()->now();
    if (now >= plan.expires) {
        return refused(fmt::format("Plan {} expired at {}. Nothing was changed; make a new plan.", plan.id, toIso8601(plan.expires)));
    }
    if (plan.vetoed()) {
        std::string reasons;
        for (const auto& guardrail : plan.guardrails) {
            if (guardrail.verdict != Verdict::veto) continue;
            reasons += (reasons.empty() ? "" : "; ") + guardrail.name + ": " + guardrail.reason;
        }
        return refused("Vetoed by " + reasons + ". Nothing was changed.");
    }
    PILOTLIGHT_ASSIGN(const auto busy, inFlight(store_, plan.function_id));
    if (busy)
        return refused(
            fmt::format("Change {} of {} has not ended yet. Nothing was changed; sync ends or restores it.", busy->id, plan.before.name));

    PILOTLIGHT_ASSIGN(const Function fresh, platform_.readFunction(plan.function_id, job));
    if (auto differences = drift(plan.before, fresh); !differences.empty()) {
        std::string detail =
            fmt::format("The settings of {} have changed since the plan was made: {}. Nothing was changed; make a new plan.",
                        plan.before.name, text(differences));
        return refused(std::move(detail), std::move(differences));
    }
    return startChange(store_, platform_, options_, plan, "", "", job);
}

Result<ApplyResult> ChangeService::revert(const std::string& change_id, bool yes, const std::string& confirm, const JobContext& job) {
    PILOTLIGHT_ASSIGN(const Change change, store_.change(change_id));
    PILOTLIGHT_ASSIGN(const Plan plan, store_.plan(change.plan_id));
    if (change.profile != platform_.profile().name)
        return fail(ErrorCode::invalid_argument, "Change " + change.id + " belongs to profile " + change.profile);
    if (auto reason = notAllowed(platform_.profile(), plan.before.name, yes, confirm); !reason.empty()) return refused(std::move(reason));
    return takeBack(change, plan, "", job);
}

Result<ApplyResult> ChangeService::takeBack(const Change& change, const Plan& plan, const std::string& by, const JobContext& job) {
    switch (change.status) {
        case ChangeStatus::applied:
        case ChangeStatus::watching:
        case ChangeStatus::kept:
        case ChangeStatus::inconclusive:
            break;
        case ChangeStatus::reverted:
            return refused(fmt::format("Change {} was reverted already.", change.id));
        default:
            return refused(fmt::format("Change {} is {}: there is nothing to take back.", change.id, name(change.status)));
    }
    PILOTLIGHT_ASSIGN(const auto busy, inFlight(store_, change.function_id));
    if (busy)
        return refused(
            fmt::format("Change {} of {} has not ended yet. Nothing was changed; sync ends or restores it.", busy->id, plan.before.name));
    PILOTLIGHT_ASSIGN(const Function fresh, platform_.readFunction(change.function_id, job));
    if (auto differences = notInForce(fresh, change.changes, plan.alias); !differences.empty()) {
        std::string detail = fmt::format(
            "The settings of {} are no longer what change {} left (left -> found): {}. Nothing was changed; make a plan instead.",
            plan.before.name, change.id, text(differences));
        return refused(std::move(detail), std::move(differences));
    }
    // Limits that a user overrode on the way there are no reason to stay there.
    PlanRequest request{
        .function_id = change.function_id, .desired = plan.revert_settings, .alias = plan.alias, .overrides = overridableGuardrails()};
    auto back = makePlan(store_, platform_, request, fresh, job);
    if (!back) {
        if (back.error().code == ErrorCode::cancelled) return fail(back.error());
        return refused("Change " + change.id + " cannot be taken back: " + back.error().text());
    }
    if (back->vetoed()) {
        std::string reasons;
        for (const auto& guardrail : back->guardrails) {
            if (guardrail.verdict == Verdict::veto) reasons += (reasons.empty() ? "" : "; ") + guardrail.reason;
        }
        PILOTLIGHT_TRY(store_.putPlan(*back));
        return refused("Change " + change.id + " cannot be taken back: " + reasons);
    }
    if (plan.effect.cost_usd_month) {
        // The promise, the other way round: the difference has the same interval, mirrored.
        const auto& there = *plan.effect.cost_usd_month;
        const double sum = there.before + there.after;
        back->effect.cost_usd_month = EffectValue{there.after, there.before, sum - there.hi, sum - there.lo};
    }
    PILOTLIGHT_TRY(store_.putPlan(*back));
    return startChange(store_, platform_, options_, *back, change.id, by, job);
}

}  // namespace pilotlight::change
