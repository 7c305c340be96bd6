// Road: bringing the old settings back after a failure half-way.
#include <fmt/format.h>

#include <nlohmann/json.hpp>

#include "core/base/log.h"
#include "core/change/road.h"
#include "core/change/settings.h"

namespace pilotlight::change {

using nlohmann::json;

namespace {

constexpr int kMaxRounds = 4;

struct RestorePlan {
    DesiredSettings desired;
    std::string alias;                   // set where the alias was moved
    std::vector<SettingChange> foreign;  // neither what was there before nor what was planned: somebody else's, left alone
};

// Scheduled actions move the bounds of their target by themselves.
bool sameScaling(std::optional<PoolScaling> a, std::optional<PoolScaling> b) {
    if (!a || !b || a->actions != b->actions || a->actions.empty()) return a == b;
    a->min_capacity = b->min_capacity;
    a->max_capacity = b->max_capacity;
    return a == b;
}

// What is still to be undone. Only values that this change brought are touched.
RestorePlan whatToRestore(const Function& now, const Plan& plan) {
    RestorePlan out;
    const DesiredSettings back = revertSettings(plan.before, plan.desired, plan.alias);
    out.desired.pool_qualifier = plan.desired.pool_qualifier;
    const auto* alias_before = findQualifier(plan.before, plan.alias);
    const auto* alias_now = findQualifier(now, plan.alias);
    const bool moved = alias_before != nullptr && alias_now != nullptr && alias_before->version != alias_now->version;
    if (moved) out.alias = plan.alias;

    if (plan.desired.memory) {
        const auto planned = *plan.desired.memory;
        const bool touched = now.memory != plan.before.memory && now.memory == planned;
        if (touched || (moved && alias_now->memory == plan.desired.memory))
            out.desired.memory = moved ? back.memory : plan.before.memory;
        else if (now.memory != plan.before.memory)
            out.foreign.push_back({"memory_mb", std::to_string(planned.value), std::to_string(now.memory.value)});
    }
    if (plan.desired.timeout) {
        if (now.timeout == *plan.desired.timeout && now.timeout != plan.before.timeout)
            out.desired.timeout = moved ? back.timeout : plan.before.timeout;
        else if (now.timeout != plan.before.timeout) {
            out.foreign.push_back({"timeout_s", std::to_string(plan.desired.timeout->count()), std::to_string(now.timeout.count())});
        }
    }
    if (plan.desired.vcpu && now.vcpu == plan.desired.vcpu && now.vcpu != plan.before.vcpu) out.desired.vcpu = plan.before.vcpu;
    if (plan.desired.concurrency && now.concurrency == *plan.desired.concurrency && now.concurrency != plan.before.concurrency) {
        out.desired.concurrency = plan.before.concurrency;
    }
    if (plan.desired.instance_limit) {
        if (now.instance_limit == *plan.desired.instance_limit && now.instance_limit != plan.before.instance_limit)
            out.desired.instance_limit = back.instance_limit;
        else if (now.instance_limit != plan.before.instance_limit)
            out.foreign.push_back({"instance_limit", text(*plan.desired.instance_limit), text(now.instance_limit)});
    }
    const bool plans_pool = plan.desired.warm_pool || plan.desired.warm_schedule;
    const std::string pool = plans_pool ? plan.desired.pool_qualifier : plan.alias;
    const auto* pool_before = findQualifier(plan.before, pool);
    const auto* pool_now = findQualifier(now, pool);
    if (pool_before != nullptr && pool_now != nullptr) {
        const bool level = pool_now->warm_pool != pool_before->warm_pool;
        const bool scaling = plans_pool && !sameScaling(pool_now->scaling, pool_before->scaling);
        if ((plans_pool && (level || scaling)) ||
            (!plans_pool && level && pool_now->warm_pool.value_or(0) < pool_before->warm_pool.value_or(0))) {
            out.desired.warm_pool = pool_before->warm_pool.value_or(0);
            out.desired.pool_qualifier = pool;
            out.desired.pool_scaling = pool_before->scaling;
        }
    }
    return out;
}

}  // namespace

Result<ApplyResult> Road::restoreOnce(const std::string& reason, bool& again) {
    again = false;
    auto read = platform_.readFunction(plan_.function_id, job_);
    if (!read) return read.error().code == ErrorCode::cancelled ? Result<ApplyResult>(fail(read.error())) : pending(read.error());
    const RestorePlan plan = whatToRestore(*read, plan_);
    const std::string foreign =
        plan.foreign.empty() ? "" : " Left alone, since somebody else changed it (planned -> found): " + text(plan.foreign) + ".";
    if (plan.desired.empty()) {
        (void)store_.putFunction(*read);
        return end(ChangeStatus::failed, reason + " What had been changed was restored." + foreign);
    }
    auto steps = platform_.steps(*read, plan.desired, plan.alias);
    if (!steps) return end(ChangeStatus::failed, reason + " Restoring failed: " + steps.error().text() + foreign);
    std::string context = "{}";
    for (const auto& step : *steps) {
        PILOTLIGHT_TRY(note(std::string(entry::kRestoreSend) + " " + step.operation, json{{"describe", step.describe}}.dump()));
        auto result = platform_.send(*read, step, context, plan_.id, job_);
        if (result) {
            context = mergedContext(context, result->output);
            continue;
        }
        const ErrorCode code = result.error().code;
        if (code == ErrorCode::cancelled) return fail(result.error());
        // Whether it took effect or not, the next round reads what is there and sends what is still missing.
        again = code == ErrorCode::network || code == ErrorCode::protocol || code == ErrorCode::internal || code == ErrorCode::throttled ||
                code == ErrorCode::conflict || code == ErrorCode::stale;
        if (!again) {
            return end(ChangeStatus::failed, reason + " Restoring failed as well: " + result.error().text() + foreign +
                                                 " The settings are between the old and the new ones; make a new plan.");
        }
        return pending(result.error());
    }
    PILOTLIGHT_ASSIGN(const StepOutcome settled, converge());
    again = settled.state == Step::done;
    return pending(settled.state == Step::done ? Error{ErrorCode::conflict, "Being restored", "", ""} : settled.error);
}

Result<ApplyResult> Road::restore(const std::string& reason) {
    if (!state_.restoring) {
        state_.restoring = true;
        state_.restore_reason = redacted(reason);
        PILOTLIGHT_TRY(
            note(entry::kRestoring, json{{"reason", state_.restore_reason}}.dump(-1, ' ', false, json::error_handler_t::replace)));
    }
    int waits = 0;
    for (int round = 0;; ++round) {
        bool again = false;
        auto result = restoreOnce(state_.restore_reason, again);
        if (!result || !again || round >= kMaxRounds) return result;
        PILOTLIGHT_ASSIGN(const bool more, backOff(waits));
        if (!more) return result;
    }
}

}  // namespace pilotlight::change
