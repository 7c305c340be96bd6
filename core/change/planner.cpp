#include "core/change/planner.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <random>

#include "core/change/guardrails.h"
#include "core/change/settings.h"

namespace pilotlight::change {
namespace {

constexpr double kFloorMargin = 1.15;
constexpr hours kFloorHistory{14 * 24};

// The most memory that logs of the last 14 days show, x 1.15; nullopt where none were read.
std::optional<Megabytes> measuredFloor(store::Store& store, const std::string& function_id, Timestamp now) {
    const auto log = store.invocations(function_id, {now - kFloorHistory, now + hours(1)});
    if (!log) return std::nullopt;
    float most = 0;
    for (const auto& invocation : log->invocations) most = std::max(most, invocation.max_memory_used_mb);
    if (most <= 0) return std::nullopt;
    return Megabytes{static_cast<std::int32_t>(std::ceil(most * kFloorMargin))};
}

std::string trafficText(const Function& before, const DesiredSettings& desired, const std::string& alias) {
    std::string out;
    const bool configuration = desired.memory || desired.timeout || desired.vcpu || desired.concurrency;
    if (before.platform != PlatformKind::aws) {
        return configuration ? "All requests: a new revision takes them over once it is ready; those in flight end where they are."
                             : "All requests; instances that serve go on.";
    }
    if (configuration && alias.empty()) {
        std::string untouched, along;
        for (const auto& qualifier : before.qualifiers) {
            if (qualifier.kind != "alias") continue;
            auto& list = qualifier.version == "$LATEST" ? along : untouched;
            list += (list.empty() ? "" : ", ") + qualifier.name +
                    (qualifier.version == "$LATEST" ? "" : " (version " + qualifier.version + ")");
        }
        out = before.qualifiers.empty() ? "All invocations: the function has no alias and no version." : "Invocations of $LATEST";
        if (!before.qualifiers.empty()) {
            if (!along.empty()) out += " and of alias " + along;
            out += " change at once.";
            if (!untouched.empty())
                out += " Callers of alias " + untouched + " keep the version they have: name it with --alias to change what they get.";
        }
    } else if (configuration) {
        const auto* qualifier = findQualifier(before, alias);
        out = fmt::format("Callers of alias {} move from version {} to a new version all at once; $LATEST gets the same settings.", alias,
                          qualifier == nullptr ? "?" : qualifier->version);
    }
    if (desired.warm_pool || desired.warm_schedule) {
        out += fmt::format("{}The warm pool serves callers of {} only.", out.empty() ? "" : " ",
                           desired.pool_qualifier.empty() ? "its own alias or version" : desired.pool_qualifier);
    }
    if (desired.instance_limit)
        out += std::string(out.empty() ? "" : " ") + "The instance limit holds for all versions and aliases together.";
    return out;
}

// The plan changes the configuration of $LATEST while an alias keeps callers on a version.
bool onlyLatest(const Function& before, const DesiredSettings& desired, const std::string& alias) {
    const bool configuration = desired.memory || desired.timeout || desired.vcpu || desired.concurrency;
    return before.platform == PlatformKind::aws && configuration && alias.empty() &&
           std::any_of(before.qualifiers.begin(), before.qualifiers.end(),
                       [](const Qualifier& each) { return each.kind == "alias" && each.version != "$LATEST"; });
}

std::string revertText(const std::vector<SettingChange>& changes, const Function& before, const DesiredSettings& desired,
                       const std::string& alias) {
    const auto* moved = findQualifier(before, alias);
    const bool versions = moved != nullptr && moved->version != "$LATEST";
    std::string configuration, others;
    for (const auto& change : changes) {
        if (change.setting.starts_with("warm_schedule")) continue;
        const bool of_version = versions && (change.setting == "memory_mb" || change.setting == "timeout_s");
        auto& list = of_version ? configuration : others;
        list += (list.empty() ? "" : ", ") + change.setting + " back to " + change.before;
    }
    std::string out;
    const auto sentence = [&](const std::string& text) { out += (out.empty() ? "" : " ") + text + "."; };
    if (!configuration.empty()) {
        sentence(fmt::format(
            "Sets {} in $LATEST, publishes that as a new version and moves alias {} there: what version {} does, under another number",
            configuration, alias, moved->version));
    }
    if (!others.empty()) sentence("Sets " + others);
    const auto* qualifier = findQualifier(before, desired.pool_qualifier);
    if (desired.warm_schedule)
        sentence(fmt::format("Removes the schedule and keeps {} warm", qualifier == nullptr ? 0 : qualifier->warm_pool.value_or(0)));
    if ((desired.warm_pool || desired.warm_schedule) && qualifier != nullptr && qualifier->scaling)
        sentence(fmt::format("Brings back what scales the pool of {} today ({})", qualifier->name,
                             currentValue(before, "warm_schedule@" + qualifier->name, alias)));
    return out;
}

}  // namespace

std::string newId() {
    static thread_local std::random_device device;
    return fmt::format("{:08x}", static_cast<std::uint32_t>(device()));
}

milliseconds planLifetime(double clock_speed) {
    const double real = static_cast<double>(milliseconds(kPlanLifetimeReal).count()) * std::clamp(clock_speed, 0.0, 1e6);
    return std::max<milliseconds>(kPlanLifetime, milliseconds(static_cast<std::int64_t>(real)));
}

Result<Plan> makePlan(store::Store& store, platform::Platform& platform, const PlanRequest& request, const Function& before,
                      const JobContext& job) {
    for (const auto& name : request.overrides) {
        if (overridable(name)) continue;
        std::string names;
        for (const auto& each : overridableGuardrails()) names += (names.empty() ? "" : ", ") + each;
        return fail(ErrorCode::invalid_argument, "\"" + name + "\" is no guardrail that can be overridden", {},
                    "Those that can: " + names + ".");
    }
    const auto& profile = platform.profile();
    Plan plan;
    plan.id = newId();
    plan.function_id = before.id;
    plan.profile = profile.name;
    plan.alias = request.alias;
    plan.desired = request.desired;
    plan.before = before;
    plan.effect = request.effect;
    plan.recommendation_id = request.recommendation_id;
    const auto clock = platform.clock();
    plan.made_at = clock->now();
    plan.expires = plan.made_at + planLifetime(clock->speed());
    if (request.desired.warm_pool || request.desired.warm_schedule)
        plan.desired.pool_qualifier = poolQualifier(before, request.desired, request.alias);
    plan.changes = settingChanges(before, plan.desired, plan.alias);
    if (plan.changes.empty()) {
        return fail(ErrorCode::invalid_argument, "Nothing would change: " + before.name + " has these settings already", {},
                    "Ask for other settings.");
    }

    const Capabilities capabilities = platform.capabilities(before);
    std::optional<AccountLimits> limits;
    if (plan.desired.instance_limit || plan.desired.warm_pool || plan.desired.warm_schedule) {
        auto read = platform.readLimits(before.region, job);
        if (read)
            limits = *read;
        else if (read.error().code == ErrorCode::cancelled)
            return fail(read.error());
    }
    const auto floor = request.memory_floor || !plan.desired.memory ? request.memory_floor : measuredFloor(store, before.id, plan.made_at);
    plan.guardrails = checkGuardrails({before, plan.desired, plan.alias, profile, capabilities, floor, limits, request.overrides});

    auto steps = platform.steps(before, plan.desired, plan.alias);
    if (steps) {
        for (const auto& step : *steps) plan.calls.push_back(step.describe);
        if (steps->empty())
            return fail(ErrorCode::invalid_argument, "Nothing would change on " + before.name, {}, "Ask for other settings.");
    } else if (!plan.vetoed()) {
        return fail(steps.error());
    }
    plan.traffic = trafficText(before, plan.desired, plan.alias);
    if (onlyLatest(before, plan.desired, plan.alias)) {
        // The evidence is of all callers. Those of the aliases feel nothing of this plan, so its figures would promise what cannot come.
        plan.effect = {};
        plan.traffic += " Which share of the requests $LATEST serves was not measured, so the effect is unknown.";
    }
    plan.revert = revertText(plan.changes, before, plan.desired, plan.alias);
    plan.revert_settings = revertSettings(before, plan.desired, plan.alias);
    return plan;
}

Result<Plan> ChangeService::plan(const PlanRequest& request, const JobContext& job) {
    if (request.desired.empty()) {
        return fail(ErrorCode::invalid_argument, "No setting was named", {},
                    "Use --memory, --warm-pool, --instance-limit or another setting.");
    }
    PILOTLIGHT_ASSIGN(const Function before, platform_.readFunction(request.function_id, job));
    PILOTLIGHT_ASSIGN(Plan plan, makePlan(store_, platform_, request, before, job));
    PILOTLIGHT_TRY(store_.putPlan(plan));
    return plan;
}

}  // namespace pilotlight::change
