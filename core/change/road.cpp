#include "core/change/road.h"

#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>

#include "core/base/log.h"
#include "core/change/planner.h"
#include "core/change/settings.h"

namespace pilotlight::change {

using nlohmann::json;

namespace {

constexpr int kMaxTries = 4;
constexpr minutes kRealLimit{10};  // one change never holds a caller longer; it is pending then
constexpr hours kClockLimit{2};    // the same on a clock that runs fast, or that a test moves
constexpr milliseconds kFirstWait{1'000};
constexpr milliseconds kLongestWait{15'000};

// Failures after which it is not known whether the step took effect.
bool leavesDoubt(ErrorCode code) { return code == ErrorCode::network || code == ErrorCode::protocol || code == ErrorCode::internal; }
// Failures that may go away by themselves; nothing was done.
bool worthWaiting(ErrorCode code) { return code == ErrorCode::throttled || code == ErrorCode::conflict; }
// Failures to read that say nothing about the change.
bool cannotSee(ErrorCode code) {
    return leavesDoubt(code) || worthWaiting(code) || code == ErrorCode::budget_exceeded || code == ErrorCode::credentials_expired ||
           code == ErrorCode::unauthenticated;
}

}  // namespace

Road::Road(store::Store& store, platform::Platform& platform, const WatchOptions& watch, Change change, Plan plan, JournalState state,
           const JobContext& job)
    : store_(store),
      platform_(platform),
      watch_(watch),
      change_(std::move(change)),
      plan_(std::move(plan)),
      state_(std::move(state)),
      job_(job),
      clock_(platform.clock()),
      real_deadline_(std::chrono::steady_clock::now() + kRealLimit),
      clock_deadline_(clock_->now() + kClockLimit) {}

Status Road::note(const std::string& step, const std::string& detail) {
    PILOTLIGHT_TRY(store_.appendJournal(change_.id, {0, now(), step, redacted(detail)}));
    job_.report({.step = step});
    return job_.check();
}

Result<bool> Road::backOff(int& tries) {
    const auto wait = std::min(kLongestWait, kFirstWait * (1 << std::min(tries, 10)));
    ++tries;
    if (std::chrono::steady_clock::now() >= real_deadline_ || now() + wait >= clock_deadline_) return false;
    if (!clock_->sleepFor(wait, job_.stopToken())) return fail(ErrorCode::cancelled, "Cancelled");
    PILOTLIGHT_TRY(job_.check());
    return true;
}

Status Road::markDone(std::size_t index, const platform::StepResult& result, const char* how) {
    auto& progress = state_.steps[index];
    progress.done = true;
    state_.context = mergedContext(state_.context, result.output);
    return note(std::string(entry::kDone) + " " + progress.step.operation,
                json{{"index", index}, {"request_id", result.request_id}, {"output", result.output}, {"how", how}}.dump());
}

// A step that was announced and has no answer: looks before anything else. `happened`: it is marked done.
Result<Road::StepOutcome> Road::settleDoubt(std::size_t index, bool& happened) {
    int tries = 0;
    while (true) {
        auto seen = platform_.hasHappened(plan_.before, state_.steps[index].step, state_.context, job_);
        if (seen) {
            happened = *seen;
            if (happened) PILOTLIGHT_TRY(markDone(index, {}, "found"));
            return StepOutcome{};
        }
        if (seen.error().code == ErrorCode::cancelled) return fail(seen.error());
        if (!cannotSee(seen.error().code) || tries >= kMaxTries) return StepOutcome{Step::pending, seen.error()};
        PILOTLIGHT_ASSIGN(const bool more, backOff(tries));
        if (!more) return StepOutcome{Step::pending, seen.error()};
    }
}

Result<Road::StepOutcome> Road::runStep(std::size_t index) {
    auto& progress = state_.steps[index];
    bool doubt = progress.attempts > 0;
    bool was_in_doubt = doubt;
    int sent = 0, waits = 0;
    Error last;
    while (!progress.done) {
        PILOTLIGHT_TRY(job_.check());
        if (doubt) {
            bool happened = false;
            PILOTLIGHT_ASSIGN(const StepOutcome seen, settleDoubt(index, happened));
            if (seen.state != Step::done) return seen;
            if (happened) break;
            doubt = false;
        }
        if (sent >= kMaxTries) return StepOutcome{Step::failed, last};
        ++sent;
        ++progress.attempts;
        PILOTLIGHT_TRY(
            note(std::string(entry::kSend) + " " + progress.step.operation, json{{"index", index}, {"attempt", progress.attempts}}.dump()));
        auto result = platform_.send(plan_.before, progress.step, state_.context, plan_.id, job_);
        if (result) {
            PILOTLIGHT_TRY(markDone(index, *result, "sent"));
            break;
        }
        last = result.error();
        if (last.code == ErrorCode::cancelled) return fail(last);
        if (leavesDoubt(last.code)) {
            doubt = was_in_doubt = true;
        } else if (last.code == ErrorCode::stale && was_in_doubt) {
            doubt = true;  // maybe stale because an earlier attempt did it
            was_in_doubt = false;
            sent = kMaxTries;
            continue;
        } else if (last.code == ErrorCode::budget_exceeded || last.code == ErrorCode::credentials_expired) {
            return StepOutcome{Step::pending, last};
        } else if (!worthWaiting(last.code)) {
            return StepOutcome{Step::failed, last};
        }
        PILOTLIGHT_ASSIGN(const bool more, backOff(waits));
        if (!more) return StepOutcome{Step::pending, last};
    }
    return StepOutcome{};
}

Result<Road::StepOutcome> Road::converge() {
    int tries = 0;
    while (true) {
        auto report = platform_.convergence(plan_.function_id, job_);
        Error waiting;
        if (report) {
            if (report->state == platform::Convergence::done) return StepOutcome{};
            if (report->state == platform::Convergence::failed) {
                return StepOutcome{Step::failed, {ErrorCode::conflict, "The platform reports: " + report->detail, "", ""}};
            }
            waiting = {ErrorCode::conflict, "The platform has not finished: " + report->detail, "",
                       "It is looked at again with the next sync."};
        } else {
            waiting = report.error();
            if (waiting.code == ErrorCode::cancelled) return fail(waiting);
            if (!cannotSee(waiting.code)) return StepOutcome{Step::failed, waiting};
        }
        job_.report({.step = "Waiting for the platform"});
        PILOTLIGHT_ASSIGN(const bool more, backOff(tries));
        if (!more) return StepOutcome{Step::pending, waiting};
    }
}

Result<ApplyResult> Road::pending(const Error& error) {
    change_.detail = error.text();
    PILOTLIGHT_TRY(store_.putChange(change_));
    return ApplyResult{change_.id, ChangeStatus::pending, change_.detail, {}};
}

Result<ApplyResult> Road::end(ChangeStatus status, const std::string& detail, std::vector<SettingChange> drift) {
    change_.status = status;
    change_.detail = detail;
    change_.decided = now();
    PILOTLIGHT_TRY(store_.transaction([&]() -> Status {
        PILOTLIGHT_TRY(store_.appendJournal(
            change_.id, {0, now(), status == ChangeStatus::refused ? entry::kRefused : entry::kFailed, redacted(detail)}));
        return store_.putChange(change_);
    }));
    return ApplyResult{change_.id, status, detail, std::move(drift)};
}

Result<ApplyResult> Road::applied() {
    int tries = 0;
    Result<Function> read = platform_.readFunction(plan_.function_id, job_);
    while (!read && cannotSee(read.error().code)) {
        PILOTLIGHT_ASSIGN(const bool more, backOff(tries));
        if (!more || tries > kMaxTries) return pending(read.error());
        read = platform_.readFunction(plan_.function_id, job_);
    }
    if (!read) return read.error().code == ErrorCode::cancelled ? Result<ApplyResult>(fail(read.error())) : pending(read.error());
    const auto missing = notInForce(*read, plan_.changes, plan_.alias);
    PILOTLIGHT_TRY(note(entry::kReadBack, missing.empty() ? "as planned" : "differs: " + text(missing)));
    if (!missing.empty()) return restore("The settings read back differ from the plan (wanted -> found): " + text(missing));

    const bool is_revert = !state_.reverts.empty();
    change_.applied = now();
    change_.status = is_revert ? ChangeStatus::applied : ChangeStatus::watching;
    change_.watch_until = is_revert ? Timestamp{} : change_.applied + watch_.window;
    change_.detail = is_revert ? "Brought back what change " + state_.reverts + " had changed"
                               : fmt::format("Applied; watched until {}", toIso8601(change_.watch_until));
    if (is_revert) change_.decided = change_.applied;
    PILOTLIGHT_TRY(store_.transaction([&]() -> Status {
        PILOTLIGHT_TRY(store_.appendJournal(change_.id, {0, now(), entry::kApplied, text(change_.changes)}));
        PILOTLIGHT_TRY(store_.putChange(change_));
        PILOTLIGHT_TRY(store_.putFunction(*read));
        PILOTLIGHT_ASSIGN(const auto all, store_.changes());
        for (Change other : all) {
            if (other.id == change_.id || other.function_id != change_.function_id) continue;
            if (other.id == state_.reverts) {
                other.status = ChangeStatus::reverted;
                other.reverted_by = state_.by.empty() ? change_.id : state_.by;
                if (state_.by.empty()) other.detail = "Reverted by change " + change_.id;
            } else if (other.status == ChangeStatus::watching) {
                other.status = ChangeStatus::inconclusive;
                other.detail = "Change " + change_.id + " came before the watch could tell";
            } else {
                continue;
            }
            other.decided = now();
            PILOTLIGHT_TRY(store_.appendJournal(
                other.id, {0, now(), entry::kVerdict, json{{"status", name(other.status)}, {"detail", other.detail}}.dump()}));
            PILOTLIGHT_TRY(store_.putChange(other));
        }
        return {};
    }));
    return ApplyResult{change_.id, ChangeStatus::applied, change_.detail, {}};
}

Result<ApplyResult> Road::drive() {
    if (state_.restoring) return restore(state_.restore_reason);
    for (std::size_t i = 0; i < state_.steps.size(); ++i) {
        if (state_.steps[i].done) continue;
        PILOTLIGHT_ASSIGN(const StepOutcome outcome, runStep(i));
        if (outcome.state == Step::pending) return pending(outcome.error);
        if (outcome.state != Step::failed) continue;
        if (state_.anyDone()) return restore(outcome.error.text());
        if (outcome.error.code != ErrorCode::stale) return end(ChangeStatus::failed, outcome.error.text() + " Nothing was changed.");
        std::vector<SettingChange> found;
        if (const auto now_there = platform_.readFunction(plan_.function_id, job_)) found = drift(plan_.before, *now_there);
        return end(ChangeStatus::refused,
                   "The settings have changed since the plan was made" + (found.empty() ? "" : ": " + text(found)) +
                       ". Nothing was changed; make a new plan.",
                   found);
    }
    PILOTLIGHT_ASSIGN(const StepOutcome settled, converge());
    if (settled.state == Step::pending) return pending(settled.error);
    if (settled.state == Step::failed) return restore(settled.error.text());
    return applied();
}

Result<ApplyResult> startChange(store::Store& store, platform::Platform& platform, const WatchOptions& watch, const Plan& plan,
                                const std::string& reverts, const std::string& by, const JobContext& job) {
    PILOTLIGHT_ASSIGN(const auto steps, platform.steps(plan.before, plan.desired, plan.alias));
    Change change;
    change.id = newId();
    change.plan_id = plan.id;
    change.function_id = plan.function_id;
    change.profile = plan.profile;
    change.status = ChangeStatus::pending;
    change.detail = "Being applied";
    change.changes = plan.changes;
    change.predicted = plan.effect;
    if (const auto& cost = plan.effect.cost_usd_month) {
        change.predicted_saving_month =
            MoneyEstimate{Money::fromDouble(cost->before - cost->after), Money::fromDouble(cost->before - cost->hi),
                          Money::fromDouble(cost->before - cost->lo)};
    }
    change.started = platform.clock()->now();

    JournalState state;
    state.started = true;
    state.reverts = reverts;
    state.by = by;
    json listed = json::array();
    for (const auto& step : steps) {
        state.steps.push_back({step});
        listed.push_back({{"operation", step.operation}, {"describe", step.describe}, {"arguments", step.arguments}});
    }
    const std::string detail = json{{"plan_id", plan.id}, {"reverts", reverts}, {"by", by}, {"steps", listed}}.dump();
    PILOTLIGHT_TRY(store.transaction([&]() -> Status {
        PILOTLIGHT_TRY(store.putChange(change));
        return store.appendJournal(change.id, {0, change.started, entry::kStarted, redacted(detail)});
    }));
    job.report({.step = entry::kStarted});
    PILOTLIGHT_TRY(job.check());
    return Road(store, platform, watch, change, plan, state, job).drive();
}

}  // namespace pilotlight::change
