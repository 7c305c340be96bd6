#include "core/platform/aws/apply_steps.h"

#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>
#include <set>

#include "core/platform/aws/warm_schedule_cron.h"

namespace pilotlight::platform::aws {

using nlohmann::json;

namespace {

ApplyStep make(const char* operation, const std::string& words, const json& arguments) {
    return {operation, words.empty() ? std::string(operation) : fmt::format("{} {}", operation, words), arguments.dump()};
}

const Qualifier* find(const Function& function, const std::string& name) {
    for (const auto& qualifier : function.qualifiers) {
        if (qualifier.name == name) return &qualifier;
    }
    return nullptr;
}

Status checkRanges(const DesiredSettings& desired) {
    if (desired.vcpu) {
        return fail(ErrorCode::unsupported, "Lambda's vCPU cannot be set apart from memory", {}, "Set --memory; 1,769 MB are one vCPU.");
    }
    if (desired.concurrency && *desired.concurrency != 1) {
        return fail(ErrorCode::unsupported, "A Lambda instance serves one request at once", {}, "Leave --concurrency out.");
    }
    if (desired.memory && (desired.memory->value < kMinMemory || desired.memory->value > kMaxMemory)) {
        return fail(ErrorCode::invalid_argument,
                    fmt::format("{} MB is outside Lambda's {} to {} MB", desired.memory->value, kMinMemory, kMaxMemory), {},
                    "Choose a size in that range.");
    }
    if (desired.timeout && (desired.timeout->count() < kMinTimeout || desired.timeout->count() > kMaxTimeout)) {
        return fail(ErrorCode::invalid_argument,
                    fmt::format("{} s is outside Lambda's {} to {} s", desired.timeout->count(), kMinTimeout, kMaxTimeout), {},
                    "Choose a timeout in that range.");
    }
    if (desired.instance_limit && (desired.instance_limit->kind == InstanceLimit::Kind::unknown ||
                                   (desired.instance_limit->kind == InstanceLimit::Kind::limited && desired.instance_limit->value < 0))) {
        return fail(ErrorCode::invalid_argument, "The instance limit is not a number from 0 on, nor none", {},
                    "Use --instance-limit N or none.");
    }
    if (desired.warm_pool && desired.warm_schedule) {
        return fail(ErrorCode::invalid_argument, "A pool has either a level or a schedule", {}, "Leave one of the two out.");
    }
    if (desired.warm_pool && *desired.warm_pool < 0) {
        return fail(ErrorCode::invalid_argument, "A warm pool cannot be negative", {}, "Use --warm-pool 0 to end it.");
    }
    return {};
}

// The alias or version that the pool belongs to.
Result<const Qualifier*> poolQualifier(const Function& before, const DesiredSettings& desired, const std::string& alias) {
    const std::string& wanted = desired.pool_qualifier.empty() ? alias : desired.pool_qualifier;
    if (!wanted.empty()) {
        const Qualifier* named = find(before, wanted);
        if (named == nullptr) {
            return fail(ErrorCode::invalid_argument, fmt::format("{} has no alias or version {}", before.name, wanted), {},
                        "Name one that it has.");
        }
        if (named->version == "$LATEST") {
            return fail(ErrorCode::unsupported, fmt::format("Alias {} points at $LATEST, which can have no pool", wanted), {},
                        "Publish a version and point the alias at it.");
        }
        return named;
    }
    std::vector<const Qualifier*> pools, aliases;
    for (const auto& qualifier : before.qualifiers) {
        if (qualifier.version == "$LATEST") continue;
        if (qualifier.warm_pool.value_or(0) > 0) pools.push_back(&qualifier);
        if (qualifier.kind == "alias") aliases.push_back(&qualifier);
    }
    if (pools.size() == 1) return pools[0];
    if (pools.empty() && aliases.size() == 1) return aliases[0];
    std::string names;
    for (const auto* each : pools.empty() ? aliases : pools) names += (names.empty() ? "" : ", ") + each->name;
    if (names.empty()) {
        return fail(ErrorCode::unsupported, fmt::format("{} has no alias and no published version that could have a pool", before.name), {},
                    "Create an alias on a published version.");
    }
    return fail(ErrorCode::invalid_argument, fmt::format("{} has several places for a pool: {}", before.name, names), {},
                "Name one: --warm-pool N@QUALIFIER.");
}

ApplyStep putPool(const Qualifier& qualifier, std::int32_t level, bool again) {
    json arguments = {{"qualifier", qualifier.name}, {"value", level}, {"again", again}};
    if (qualifier.warm_pool) arguments["before"] = *qualifier.warm_pool;
    return make(step::kPutPool,
                fmt::format("Qualifier={} ProvisionedConcurrentExecutions={}{}", qualifier.name, level,
                            again ? " (again, for the new version)" : ""),
                arguments);
}

bool ourAction(const ScheduledAction& action) { return action.name.starts_with(kOurActionPrefix); }

ApplyStep registerTarget(const std::string& qualifier, std::int32_t low, std::int32_t high, const std::vector<std::string>& suspended) {
    json arguments = {{"qualifier", qualifier}, {"min", low}, {"max", high}};
    if (!suspended.empty()) arguments["suspended"] = suspended;
    return make(step::kRegister, fmt::format("Qualifier={} MinCapacity={} MaxCapacity={}", qualifier, low, high), arguments);
}

ApplyStep putAction(const std::string& qualifier, const ScheduledAction& action) {
    json arguments = {{"qualifier", qualifier}, {"name", action.name}, {"schedule", action.schedule}, {"time_zone", action.time_zone}};
    if (action.min_capacity) arguments["min"] = *action.min_capacity;
    if (action.max_capacity) arguments["max"] = *action.max_capacity;
    if (action.begins) arguments["begins"] = std::chrono::duration<double>(action.begins->time_since_epoch()).count();
    if (action.ends) arguments["ends"] = std::chrono::duration<double>(action.ends->time_since_epoch()).count();
    return make(step::kPutAction, action.text(), arguments);
}

// Ends all that scales the pool. Deregistering a target deletes its scheduled actions with it; the level stays what it is
// (Application Auto Scaling API, DeregisterScalableTarget).
Result<ApplyStep> endScaling(const Function& before, const Qualifier& qualifier) {
    if (qualifier.scaling->target_tracking) {
        return fail(ErrorCode::unsupported, fmt::format("A target tracking policy scales the pool of {}:{}", before.name, qualifier.name),
                    "Pilotlight could not put the policy back, so it does not end it.",
                    "Delete the scaling policy yourself, or leave the pool to it.");
    }
    std::string names;
    for (const auto& action : qualifier.scaling->actions) names += (names.empty() ? "" : ", ") + action.name;
    return make(step::kDeregister,
                fmt::format("Qualifier={}{}", qualifier.name, names.empty() ? "" : " (and its scheduled actions: " + names + ")"),
                {{"qualifier", qualifier.name}});
}

Status poolSteps(const Function& before, const Qualifier& qualifier, const DesiredSettings& desired, bool moved,
                 std::vector<ApplyStep>& steps) {
    const std::int32_t level = *desired.warm_pool;
    const auto& wanted = desired.pool_scaling;
    if (qualifier.scaling && qualifier.scaling != wanted) {
        PILOTLIGHT_ASSIGN(auto end, endScaling(before, qualifier));
        steps.push_back(std::move(end));
    }
    if (level > 0) {
        const bool again = moved && qualifier.warm_pool == level;
        if (moved || qualifier.warm_pool != level || (qualifier.scaling && !wanted)) steps.push_back(putPool(qualifier, level, again));
    } else if (qualifier.warm_pool.value_or(1) > 0) {
        json arguments = {{"qualifier", qualifier.name}};
        if (qualifier.warm_pool) arguments["before"] = *qualifier.warm_pool;
        steps.push_back(make(step::kDeletePool, fmt::format("Qualifier={}", qualifier.name), arguments));
    }
    if (wanted && qualifier.scaling != wanted) {
        if (wanted->target_tracking) {
            return fail(ErrorCode::unsupported, "A target tracking policy cannot be put back", {}, "Put the policy back yourself.");
        }
        steps.push_back(registerTarget(qualifier.name, wanted->min_capacity, wanted->max_capacity, wanted->suspended));
        for (const auto& action : wanted->actions) steps.push_back(putAction(qualifier.name, action));
    }
    return {};
}

Status scheduleSteps(const Function& before, const Qualifier& qualifier, const WarmSchedule& schedule, std::vector<ApplyStep>& steps) {
    PILOTLIGHT_ASSIGN(const std::vector<CronAction> actions, cronActions(schedule));
    if (actions.empty())
        return fail(ErrorCode::invalid_argument, "The schedule has no entry", {}, "Use --warm-pool N for a constant level.");
    std::int32_t low = INT32_MAX, high = 0;
    for (const auto& action : actions) {
        low = std::min(low, action.level);
        high = std::max(high, action.level);
    }
    if (high == 0) return fail(ErrorCode::invalid_argument, "The schedule never keeps an instance warm", {}, "Use --warm-pool 0.");
    // Scaling starts from a configured pool only. Outside UTC the highest level is the safe guess until the next entry comes.
    const std::int32_t now = schedule.time_zone == "UTC" ? levelAt(schedule, before.settings_as_of) : high;
    const std::int32_t start = std::max(1, now);
    // A target that is not ours alone is ended whole: what is suspended in it, or scheduled by others, would act on our schedule.
    bool fresh = !qualifier.scaling;
    if (qualifier.scaling && (qualifier.scaling->target_tracking || !qualifier.scaling->suspended.empty() ||
                              !std::all_of(qualifier.scaling->actions.begin(), qualifier.scaling->actions.end(), ourAction))) {
        PILOTLIGHT_ASSIGN(auto end, endScaling(before, qualifier));
        steps.push_back(std::move(end));
        fresh = true;
    }
    if (qualifier.warm_pool != start) steps.push_back(putPool(qualifier, start, false));
    steps.push_back(registerTarget(qualifier.name, low, high, {}));
    std::set<std::string> names;
    for (const auto& action : actions) {
        names.insert(action.name);
        steps.push_back(putAction(qualifier.name, {action.name, action.schedule, schedule.time_zone, action.level, action.level, {}, {}}));
    }
    if (fresh) return {};
    for (const auto& action : qualifier.scaling->actions) {
        if (!names.contains(action.name))
            steps.push_back(make(step::kDeleteAction, action.name, {{"qualifier", qualifier.name}, {"name", action.name}}));
    }
    return {};
}

void limitSteps(const Function& before, const InstanceLimit& limit, std::vector<ApplyStep>& steps) {
    if (limit == before.instance_limit) return;
    json arguments = json::object();
    if (before.instance_limit.kind == InstanceLimit::Kind::limited) arguments["before"] = before.instance_limit.value;
    if (before.instance_limit.kind == InstanceLimit::Kind::none) arguments["before"] = nullptr;
    if (limit.kind == InstanceLimit::Kind::none) {
        steps.push_back(make(step::kDeleteLimit, {}, arguments));
        return;
    }
    arguments["value"] = limit.value;
    steps.push_back(make(step::kPutLimit, fmt::format("ReservedConcurrentExecutions={}", limit.value), arguments));
}

// Memory and timeout of $LATEST, and where an alias is named, a version of it and the alias moved there. `moved`: the alias moves.
Status configurationSteps(const Function& before, const DesiredSettings& desired, const std::string& alias, std::vector<ApplyStep>& steps,
                          bool& moved) {
    const Qualifier* moving = nullptr;
    if (!alias.empty()) {
        moving = find(before, alias);
        if (moving == nullptr || moving->kind != "alias") {
            return fail(ErrorCode::invalid_argument, fmt::format("{} has no alias {}", before.name, alias), {},
                        "Name one that it has, or none.");
        }
    }
    const bool memory = desired.memory && *desired.memory != before.memory;
    const bool timeout = desired.timeout && *desired.timeout != before.timeout;
    if (memory || timeout) {
        json arguments = {{"revision", before.revision}};
        std::string words;
        if (memory) {
            arguments["memory_mb"] = desired.memory->value;
            words += fmt::format("MemorySize={} ", desired.memory->value);
        }
        if (timeout) {
            arguments["timeout_s"] = desired.timeout->count();
            words += fmt::format("Timeout={} ", desired.timeout->count());
        }
        words += before.revision.empty() ? std::string("(no RevisionId: read, compare, write)") : "RevisionId=" + before.revision;
        steps.push_back(make(step::kUpdate, words, arguments));
    }
    if (moving == nullptr || moving->version == "$LATEST") return {};  // what points at $LATEST has the change at once
    const auto timeout_text = moving->untuned.find("timeout_s");
    const bool version_differs =
        (desired.memory && moving->memory != *desired.memory) ||
        (desired.timeout && (timeout_text == moving->untuned.end() || timeout_text->second != std::to_string(desired.timeout->count())));
    if (!version_differs) return {};
    if (moving->untuned.contains("routing")) {
        return fail(ErrorCode::unsupported, fmt::format("Alias {} splits its traffic between versions", alias),
                    "It is not clear which of them would be replaced.", "End the split first.");
    }
    const std::int32_t memory_after = desired.memory.value_or(before.memory).value;
    const auto timeout_after = desired.timeout.value_or(before.timeout).count();
    const json expected = {{"memory_mb", memory_after}, {"timeout_s", timeout_after}};
    if (memory || timeout) steps.push_back(make(step::kWaitUpdate, "until the update has succeeded", expected));
    steps.push_back(make(step::kPublish, fmt::format("of $LATEST with {} MB", memory_after), expected));
    steps.push_back(make(step::kWaitVersion, "until the version is active", expected));
    json move = {{"alias", alias}, {"from", moving->version}, {"revision", moving->revision}};
    move.update(expected);
    steps.push_back(make(step::kMoveAlias, fmt::format("{} from version {} to the new one", alias, moving->version), move));
    moved = true;
    return {};
}

}  // namespace

Result<std::vector<ApplyStep>> planSteps(const Function& before, const DesiredSettings& desired, const std::string& alias) {
    PILOTLIGHT_TRY(checkRanges(desired));
    std::vector<ApplyStep> steps, pool;
    bool moved = false;
    PILOTLIGHT_TRY(configurationSteps(before, desired, alias, steps, moved));
    bool pool_of_alias_done = false;
    if (desired.warm_pool || desired.warm_schedule) {
        PILOTLIGHT_ASSIGN(const Qualifier* const qualifier, poolQualifier(before, desired, alias));
        pool_of_alias_done = qualifier->name == alias;
        if (desired.warm_pool) {
            PILOTLIGHT_TRY(poolSteps(before, *qualifier, desired, moved && pool_of_alias_done, pool));
        } else {
            PILOTLIGHT_TRY(scheduleSteps(before, *qualifier, *desired.warm_schedule, pool));
        }
    }
    if (moved && !pool_of_alias_done) {
        const Qualifier* qualifier = find(before, alias);
        if (qualifier->warm_pool.value_or(0) > 0) pool.insert(pool.begin(), putPool(*qualifier, *qualifier->warm_pool, true));
    }
    std::vector<ApplyStep> limit;
    if (desired.instance_limit) limitSteps(before, *desired.instance_limit, limit);
    // Reserved concurrency has to hold the pool at every moment: raise it before the pool grows, lower it after the pool has shrunk.
    const bool lowered =
        desired.instance_limit && desired.instance_limit->kind == InstanceLimit::Kind::limited &&
        (before.instance_limit.kind != InstanceLimit::Kind::limited || desired.instance_limit->value < before.instance_limit.value);
    auto& first = lowered ? pool : limit;
    auto& second = lowered ? limit : pool;
    steps.insert(steps.end(), first.begin(), first.end());
    steps.insert(steps.end(), second.begin(), second.end());
    return steps;
}

}  // namespace pilotlight::platform::aws
