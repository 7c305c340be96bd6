// The fleet in sandbox time: functions with their settings, the account's limits, scaling targets, and the one event loop
// that plays requests, completions and timers in exact order. Not thread-safe; the server holds a lock around it.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <queue>
#include <string>
#include <vector>

#include "app/sandbox/engine/function_engine.h"
#include "app/sandbox/engine/schedule.h"

namespace pilotlight::sandbox {

// The settings of $LATEST (number 0) or of a published version.
struct VersionState {
    int number = 0;
    Deployment deployment;
    std::string description, runtime, handler, role, code_sha256, revision, snap_start = "None";
    std::map<std::string, std::string> environment;
    std::vector<std::string> layers;
    bool json_logs = false;
    std::string tracing = "PassThrough";
    Micros modified = 0;
    Micros ready_at = 0;  // a version is Pending until then
};

struct AliasState {
    std::string name, description, revision;
    int version = 1;
    std::map<int, double> extra;  // further versions and their weights
};

struct FunctionState {
    FunctionSpec spec;
    std::string arn;
    VersionState latest;
    std::optional<VersionState> pending;  // what $LATEST will be when the update has converged
    Micros update_done = 0;
    std::string update_status = "Successful", update_reason;
    std::map<int, VersionState> published;
    std::map<std::string, AliasState> aliases;
    std::optional<int> reserved;
    std::map<std::string, std::string> tags;
    std::map<std::string, std::string> pool_failures;  // qualifier -> reason, where the last allocation failed
    std::map<std::string, int> allocation_goal;
    std::unique_ptr<FunctionEngine> engine;
    [[nodiscard]] const VersionState* version(int number) const;
    // The version a qualifier stands for; nullopt where there is none. "" and "$LATEST" = 0.
    [[nodiscard]] std::optional<int> resolve(const std::string& qualifier) const;
};

struct ScalableTarget {
    std::string region, resource;  // "function:name:alias"
    int min = 0, max = 0;
    bool suspended_in = false, suspended_out = false, suspended_schedule = false;
    Micros created = 0;
};

struct ScheduledAction {
    std::string region, resource, name, expression, timezone, arn;
    std::optional<int> min, max;
    std::optional<Micros> begin, end;
    Micros created = 0;
    std::uint64_t token = 0;
    Schedule schedule;
};

struct ScalingActivity {
    std::string region, resource, description, cause, id;
    Micros at = 0;
};

class World {
public:
    // History begins at `start`; `live` is when the clients come (what "days ago" in a scenario counts from).
    World(const Scenario& scenario, std::uint64_t seed, Micros start, Micros live);

    // Plays everything up to and including `t`. Going back does nothing.
    void advance(Micros t);
    [[nodiscard]] Micros now() const { return now_; }
    [[nodiscard]] Micros start() const { return start_; }
    [[nodiscard]] const std::string& account() const { return account_; }
    [[nodiscard]] int concurrencyLimit() const { return limit_; }
    [[nodiscard]] std::vector<FunctionState*> functions(const std::string& region);
    [[nodiscard]] const std::vector<std::unique_ptr<FunctionState>>& all() const { return functions_; }
    [[nodiscard]] FunctionState* find(const std::string& region, const std::string& name);
    // Concurrency kept for functions with a reservation, and what is left for all others.
    [[nodiscard]] int reservedTotal(const std::string& region) const;
    // Busy environments of functions without a reservation.
    [[nodiscard]] const PeakTrack* unreserved(const std::string& region) const;
    [[nodiscard]] const PeakTrack* busy(const std::string& region) const;
    [[nodiscard]] std::string newRevision();

    // --- changes, at now() ---
    // `next` replaces $LATEST after some seconds; until then requests see the old settings.
    void beginUpdate(FunctionState& function, VersionState next);
    // The new version's number; the latest one again where nothing differs.
    int publish(FunctionState& function, const std::string& description);
    void setAlias(FunctionState& function, const AliasState& alias);
    void setReserved(FunctionState& function, std::optional<int> reserved);
    void setPool(FunctionState& function, const std::string& qualifier, int count);
    void removePool(FunctionState& function, const std::string& qualifier);

    // --- Application Auto Scaling ---
    [[nodiscard]] std::map<std::string, ScalableTarget>& targets() { return targets_; }  // region|resource
    [[nodiscard]] std::vector<ScheduledAction>& actions() { return actions_; }
    [[nodiscard]] std::vector<ScalingActivity>& activities() { return activities_; }
    void putAction(ScheduledAction action);
    // Brings the pool inside the target's bounds.
    void enforce(const ScalableTarget& target, const std::string& cause);

    // Scripted faults: how much slower convergence is, and whether the next change ends half done.
    double convergence_factor = 1;
    bool next_change_fails = false;

private:
    struct RegionState {
        PeakTrack unreserved, busy;
        explicit RegionState(Micros start) : unreserved(start), busy(start) {}
    };
    void at(Micros t, std::function<void()> what) { timers_.emplace(t, std::move(what)); }
    void build(const FunctionSpec& spec, const Random& random, Micros start);
    void startRequest(FunctionState& function, Micros t);
    void armAction(const std::string& region, const std::string& resource, const std::string& name, std::uint64_t token, Micros after);
    RegionState& region(const std::string& name) { return regions_.try_emplace(name, start_).first->second; }

    std::string account_;
    int limit_;
    std::uint64_t seed_;
    Micros start_, live_, now_;
    std::uint64_t counter_ = 0;
    Random random_;
    std::vector<std::unique_ptr<FunctionState>> functions_;
    std::map<std::string, RegionState> regions_;
    std::map<std::string, ScalableTarget> targets_;
    std::vector<ScheduledAction> actions_;
    std::vector<ScalingActivity> activities_;
    std::multimap<Micros, std::function<void()>> timers_;
    std::priority_queue<Completion, std::vector<Completion>, std::greater<>> completions_;
    Micros pruned_ = 0;
};

// "00000000-0000-4000-8000-000000000000" from a hash.
[[nodiscard]] std::string uuidOf(std::uint64_t a, std::uint64_t b);

}  // namespace pilotlight::sandbox
