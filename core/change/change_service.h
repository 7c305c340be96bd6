// The road of every change: plan -> guardrails -> confirm -> journal -> send -> read back -> watch -> verdict, and back.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "core/base/clock.h"
#include "core/base/job_context.h"
#include "core/domain/change.h"
#include "core/platform/platform.h"
#include "core/store/store.h"
#include "core/tuning/engine.h"
#include "core/tuning/replay.h"

namespace pilotlight::change {

struct PlanRequest {
    std::string function_id;
    DesiredSettings desired;
    std::string alias;
    std::vector<std::string> overrides;  // guardrail names
    std::string recommendation_id;
    Effect effect;                          // from the engine; empty where unknown
    std::optional<Megabytes> memory_floor;  // from the engine
};

struct ApplyRequest {
    std::string plan_id;
    bool yes = false;     // --yes
    std::string confirm;  // name of the function, needed in production
};

struct ApplyResult {
    std::string change_id;  // empty when refused before a change was journaled
    ChangeStatus status = ChangeStatus::refused;
    std::string detail;
    std::vector<SettingChange> drift;  // stale: planned before -> what is there now
};

struct WatchOptions {
    minutes window = tuning::kVerificationWindow;  // on the platform's clock
    double confidence = 0.95;
    std::int64_t min_invocations = 50;  // fewer in the window: watched on where `longest` would bring that many, else inconclusive
    minutes longest = hours(6);         // of a watch that is short of invocations
};

// All times are the platform's clock (the sandbox's where it is one).
class ChangeService {
public:
    ChangeService(store::Store& store, platform::Platform& platform, WatchOptions options = {});

    // Reads fresh settings, checks guardrails, saves the plan (good for planLifetime). A plan with a veto is saved too.
    // invalid_argument: nothing would change, or the platform cannot do it.
    [[nodiscard]] Result<Plan> plan(const PlanRequest& request, const JobContext& job);
    // A plan whose change was interrupted is resumed. Never throws away a doubt: refused and stale are statuses, not errors; errors mean that the outcome is in the journal as pending.
    [[nodiscard]] Result<ApplyResult> apply(const ApplyRequest& request, const JobContext& job);
    // Puts back what was there before, through a plan of its own, only where settings are still what the change left.
    [[nodiscard]] Result<ApplyResult> revert(const std::string& change_id, bool yes, const std::string& confirm, const JobContext& job);
    // After a crash or a lost reply: finds changes without an end, re-reads, and finishes or restores them. Nothing is sent twice.
    [[nodiscard]] Result<std::vector<Change>> recover(const JobContext& job);
    // Judges changes under watch with what the store holds now; reverts harmful ones. Call after every sync.
    [[nodiscard]] Result<std::vector<Change>> watch(const JobContext& job);

private:
    // Reverts `change` without asking; `by`: "watch", or empty where a user asked.
    [[nodiscard]] Result<ApplyResult> takeBack(const Change& change, const Plan& plan, const std::string& by, const JobContext& job);
    // From wherever the journal of a pending change says it is.
    [[nodiscard]] Result<ApplyResult> resume(const Change& change, const JobContext& job);
    [[nodiscard]] Result<Change> judge(Change change, const JobContext& job);

    store::Store& store_;
    platform::Platform& platform_;
    WatchOptions options_;
};

}  // namespace pilotlight::change
