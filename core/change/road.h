// Drives one journaled change from wherever its journal says it is to an end: applied, failed (restored), or pending.
// Internal to core/change.
#pragma once

#include <chrono>
#include <optional>
#include <string>

#include "core/change/change_service.h"
#include "core/change/journal_state.h"

namespace pilotlight::change {

class Road {
public:
    // `change` is pending and in the store, its journal began with "started".
    Road(store::Store& store, platform::Platform& platform, const WatchOptions& watch, Change change, Plan plan, JournalState state,
         const JobContext& job);

    // Errors: cancelled, storage. Whatever the error, the journal knows how to go on.
    [[nodiscard]] Result<ApplyResult> drive();
    // Brings the old settings back, whatever was done.
    [[nodiscard]] Result<ApplyResult> restore(const std::string& reason);
    // Ends it without sending anything more.
    [[nodiscard]] Result<ApplyResult> end(ChangeStatus status, const std::string& detail, std::vector<SettingChange> drift = {});

private:
    enum class Step { done, failed, pending };
    struct StepOutcome {
        Step state = Step::done;
        Error error;
    };
    [[nodiscard]] Result<StepOutcome> runStep(std::size_t index);
    [[nodiscard]] Result<StepOutcome> settleDoubt(std::size_t index, bool& happened);
    // Until the platform is done with its updates.
    [[nodiscard]] Result<StepOutcome> converge();
    [[nodiscard]] Result<ApplyResult> applied();
    [[nodiscard]] Result<ApplyResult> pending(const Error& error);
    [[nodiscard]] Result<ApplyResult> restoreOnce(const std::string& reason, bool& again);
    [[nodiscard]] Status markDone(std::size_t index, const platform::StepResult& result, const char* how);

    [[nodiscard]] Status note(const std::string& step, const std::string& detail);
    // Waits on the platform's clock, longer each time. False: no time left.
    [[nodiscard]] Result<bool> backOff(int& tries);
    [[nodiscard]] Timestamp now() const { return clock_->now(); }

    store::Store& store_;
    platform::Platform& platform_;
    const WatchOptions& watch_;
    Change change_;
    Plan plan_;
    JournalState state_;
    const JobContext& job_;
    std::shared_ptr<Clock> clock_;
    std::chrono::steady_clock::time_point real_deadline_;
    Timestamp clock_deadline_{};
};

// Journals "started" and drives. `reverts` and `by`: see JournalState.
[[nodiscard]] Result<ApplyResult> startChange(store::Store& store, platform::Platform& platform, const WatchOptions& watch,
                                              const Plan& plan, const std::string& reverts, const std::string& by, const JobContext& job);

}  // namespace pilotlight::change
