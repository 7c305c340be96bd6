// plan, apply, changes, revert
#include <CLI/CLI.hpp>
#include <memory>
#include <nlohmann/json.hpp>

#include "app/ctl/context.h"
#include "app/ctl/json.h"
#include "app/ctl/table.h"
#include "app/ctl/whatif_options.h"

namespace pilotlight::ctl {
namespace {

using Json = nlohmann::ordered_json;

struct PlanCommand {
    std::string function, alias, recommendation;
    std::vector<std::string> overrides;
    WhatIfOptions options;
};

void printPlan(Context& context, const Plan& plan) {
    if (context.json) return context.out(toJson(plan).dump(2));
    context.out("Plan " + plan.id + " for " + plan.before.name + ", expires " + toIso8601(plan.expires));
    for (const auto& change : plan.changes) context.out("  " + change.setting + ": " + change.before + " -> " + change.after);
    const auto effect = [&](const char* label, const std::optional<EffectValue>& value, const auto& print) {
        if (value) context.out(std::string("  ") + label + ": " + print(value->before) + " -> " + print(value->after) + " (" + print(value->lo) + " to " + print(value->hi) + ")");
    };
    effect("cost a month", plan.effect.cost_usd_month, [](double v) { return money(std::optional(Money::fromDouble(v))); });
    effect("p95", plan.effect.p95_ms, [](double v) { return duration(std::optional(v)); });
    effect("cold starts", plan.effect.cold_start_share, [](double v) { return percent(std::optional(v)); });
    context.out("Guardrails");
    for (const auto& guardrail : plan.guardrails) context.out(std::string("  ") + name(guardrail.verdict) + "  " + guardrail.name + ": " + guardrail.reason);
    context.out("Calls");
    for (const auto& call : plan.calls) context.out("  " + call);
    if (!plan.traffic.empty()) context.out("Traffic: " + plan.traffic);
    context.out("Revert: " + plan.revert);
    if (plan.vetoed()) {
        context.out("Vetoed: applying it will be refused");
    } else {
        context.out("Apply: pilotlightctl apply " + plan.id + " --yes");
    }
}

void makePlan(Context& context, const PlanCommand& command) {
    const auto workspace = context.workspace();
    if (!workspace) return context.fail(workspace.error());
    if (command.function.empty() == command.recommendation.empty())
        return context.fail({ErrorCode::invalid_argument, "A plan is for a function or from a recommendation", {}, "Write plan FUNCTION --memory N, or plan --recommendation ID"});
    if (!command.recommendation.empty()) {
        const auto plan = (*workspace)->planRecommendation(command.recommendation, command.overrides, context.job());
        if (!plan) return context.fail(plan.error());
        return printPlan(context, *plan);
    }
    const auto what = command.options.read();
    if (!what) return context.fail(what.error());
    const auto found = (*workspace)->function(command.function);
    if (!found) return context.fail(found.error());
    const auto plan = (*workspace)->plan(found->id, what->settings, command.alias, command.overrides, context.job());
    if (!plan) return context.fail(plan.error());
    printPlan(context, *plan);
}

void printResult(Context& context, const change::ApplyResult& result) {
    if (context.json) {
        Json out{{"change_id", result.change_id.empty() ? Json(nullptr) : Json(result.change_id)}, {"status", name(result.status)}, {"detail", result.detail}};
        if (!result.drift.empty()) out["drift"] = toJson(result.drift);
        context.out(out.dump(2));
    } else {
        context.out(std::string(name(result.status)) + (result.change_id.empty() ? "" : ", change " + result.change_id) + (result.detail.empty() ? "" : ": " + result.detail));
        for (const auto& drift : result.drift) context.out("  " + drift.setting + ": planned from " + drift.before + ", is now " + drift.after);
    }
    if (result.status == ChangeStatus::refused) context.exit_code = kRefused;
    if (result.status == ChangeStatus::failed) context.exit_code = kFailed;
}

struct ApplyCommand {
    std::string id, confirm;
    bool yes = false, wait = false;
};

// Reads new data and judges until the watch of this change has ended.
void waitForVerdict(Context& context, Workspace& workspace, const std::string& change_id, std::string profile) {
    for (;;) {
        const auto changes = workspace.changes();
        if (!changes) return context.fail(changes.error());
        const auto found = std::find_if(changes->begin(), changes->end(), [&](const Change& c) { return c.id == change_id; });
        if (found == changes->end()) return;
        if (found->status != ChangeStatus::watching && found->status != ChangeStatus::applied && found->status != ChangeStatus::pending) {
            context.note("Change " + change_id + " " + name(found->status) + ": " + found->detail);
            return;
        }
        const auto clock = workspace.clockOf(profile);
        const auto left = found->watch_until - clock->now();
        const auto pause = std::clamp<milliseconds>(left / 2, seconds(30), minutes(5));
        if (!clock->sleepFor(pause, context.job().stopToken())) return context.fail({ErrorCode::cancelled, "Stopped waiting; the watch goes on with every sync"});
        const auto now = clock->now();
        const auto synced = workspace.sync(profile, {.range = {now - hours(24), now}, .costs = false, .prices = false, .functions = {found->function_id}}, context.job());
        if (!synced) return context.fail(synced.error());
    }
}

void applyPlan(Context& context, const ApplyCommand& command) {
    const auto workspace = context.workspace();
    if (!workspace) return context.fail(workspace.error());
    const auto plan = (*workspace)->storedPlan(command.id);
    if (!plan) return context.fail(plan.error());
    const auto result = (*workspace)->apply({.plan_id = command.id, .yes = command.yes, .confirm = command.confirm}, context.job());
    if (!result) return context.fail(result.error());
    if (command.wait && !result->change_id.empty() && result->status != ChangeStatus::failed) waitForVerdict(context, **workspace, result->change_id, plan->profile);
    printResult(context, *result);
}

void listChanges(Context& context) {
    const auto workspace = context.workspace();
    if (!workspace) return context.fail(workspace.error());
    const auto changes = (*workspace)->changes();
    if (!changes) return context.fail(changes.error());
    if (context.json) {
        auto out = Json::array();
        for (const auto& change : *changes) out.push_back(toJson(change));
        return context.out(out.dump(2));
    }
    if (changes->empty()) return context.out("No change has been made through this workspace");
    std::vector<std::vector<std::string>> rows;
    for (const auto& change : *changes) {
        std::string what;
        for (const auto& setting : change.changes) what += (what.empty() ? "" : ", ") + setting.setting + " " + setting.before + " -> " + setting.after;
        rows.push_back({change.id, change.function_id.substr(change.function_id.rfind(':') + 1), name(change.status), toIso8601(change.started), what,
                        money(change.predicted_saving_month), money(change.realised_saving_month)});
    }
    context.out(table({"Change", "Function", "Status", "Started", "What", "Predicted saving a month", "Realised"}, rows, {5, 6}));
}

} // namespace

void addChangeCommands(CLI::App& app, Context& context) {
    auto command = std::make_shared<PlanCommand>();
    auto* plan = app.add_subcommand("plan", "Propose a change: fresh settings, effect, guardrails, calls, revert. Changes nothing");
    plan->add_option("function", command->function, "Id or unique name");
    command->options.addTo(*plan, false);
    plan->add_option("--alias", command->alias, "Publish a version and move this alias");
    plan->add_option("--recommendation", command->recommendation, "Plan this recommendation");
    plan->add_option("--override", command->overrides, "Overrule this guardrail; repeatable");
    plan->callback([command, &context] { makePlan(context, *command); });

    auto apply = std::make_shared<ApplyCommand>();
    auto* apply_command = app.add_subcommand("apply", "Apply a plan, then read back");
    apply_command->add_option("plan", apply->id, "Plan id")->required();
    apply_command->add_flag("--yes", apply->yes, "Confirm");
    apply_command->add_option("--confirm", apply->confirm, "Name of the function, needed in production");
    apply_command->add_flag("--wait", apply->wait, "Stay until the watch has come to a verdict");
    apply_command->callback([apply, &context] { applyPlan(context, *apply); });

    app.add_subcommand("changes", "What was changed, predicted against realised")->callback([&context] { listChanges(context); });

    auto revert = std::make_shared<ApplyCommand>();
    auto* revert_command = app.add_subcommand("revert", "Put back what a change replaced");
    revert_command->add_option("change", revert->id, "Change id")->required();
    revert_command->add_flag("--yes", revert->yes, "Confirm");
    revert_command->add_option("--confirm", revert->confirm, "Name of the function, needed in production");
    revert_command->callback([revert, &context] {
        const auto workspace = context.workspace();
        if (!workspace) return context.fail(workspace.error());
        const auto result = (*workspace)->revert(revert->id, revert->yes, revert->confirm, context.job());
        if (!result) return context.fail(result.error());
        printResult(context, *result);
    });
}

} // namespace pilotlight::ctl
