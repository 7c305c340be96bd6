// Wires core for a front end; decides nothing. CLI and console call the same functions, so the CLI can do all that the GUI does.
// A Workspace is for one thread at a time: each job opens its own (cheap). Reads open the store read-only; calls that write take the
// workspace's lock for just as long as they need it.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <span>
#include <string>
#include <vector>

#include "core/base/executor.h"
#include "core/base/job_context.h"
#include "core/change/change_service.h"
#include "core/net/api_session.h"
#include "core/platform/platform.h"
#include "core/store/store.h"
#include "core/sync/sync.h"
#include "core/tuning/engine.h"

namespace pilotlight {

// One line of `functions --json` and of the Functions table (contracts.md, Reading).
struct FunctionRow {
    Function function;
    TimeRange period;                      // what was read of the range asked for, from its first instant to its last
    milliseconds covered{0};               // time within it that was read: what counts and cost are of
    std::optional<std::int64_t> invocations, errors, throttles;
    std::optional<double> p50_ms, p95_ms, p99_ms, cold_start_share, max_memory_used_mb;
    std::optional<Money> cost;             // list price x usage in `period`, with the pool, before grants, times factors
    std::string cost_note;                 // price book, or why the cost is unknown
    std::map<std::string, Money> cost_by_meter;
    std::vector<float> sparkline;          // invocations in the last 24 h, 48 bins; empty = unknown
};

// Where figures of many functions come from.
enum class Figures {
    exact,  // computed now, over exactly the range
    kept    // as computed after the last sync where the range is the last 24 h, 7, 14 or 30 days and has moved on by less than 2 % of
            // its length since; the row's period says what it covers. Functions or ranges without are computed now.
};

struct ProfileHealth {
    Profile profile;
    store::DailySpend today;
    std::optional<store::ImportRecord> last_sync;
    std::optional<Timestamp> data_as_of;
};

// What was billed beside what was computed from usage and list prices.
struct BilledAndComputed {
    std::string profile;
    std::string function_id;               // empty = the bill does not say whose it is
    std::string meter;
    std::optional<Money> billed, computed; // nullopt = no such line
    std::vector<std::string> usage_types;  // what the bill calls it
};
struct BillCheck {
    std::vector<BilledAndComputed> rows;   // by profile, function and meter
    // By profile, the UTC days that are compared: its bill has closed lines for them, and their usage was read whole.
    std::map<std::string, std::set<Timestamp>> days;
};
// Sums of rows by profile and, where asked for, function and meter.
[[nodiscard]] std::vector<BilledAndComputed> grouped(const std::vector<BilledAndComputed>& rows, bool by_function, bool by_meter);

// Order of recommendations. saving: USD a month. latency: ms by which the p95 falls times requests, that is what callers wait less in all;
// what does not shorten it comes last. Either way recommended ones first, otherwise as they came.
enum class RankBy { saving, latency };
void rank(std::vector<Recommendation>& recommendations, RankBy by, const std::map<std::string, double>& requests_by_function = {});

class Workspace {
public:
    struct Options {
        std::string directory;             // empty = XDG data folder
        std::string program = "pilotlight"; // named to a second writer that waits
    };
    // The executor must outlive the workspace.
    [[nodiscard]] static Result<Workspace> open(const Options& options, Executor& executor);
    Workspace(Workspace&&) noexcept;
    Workspace& operator=(Workspace&&) noexcept;
    ~Workspace();
    [[nodiscard]] static std::string defaultDirectory();
    [[nodiscard]] const std::string& directory() const;

    // Connections
    [[nodiscard]] Status addProfile(const Profile& profile);
    [[nodiscard]] Status removeProfile(const std::string& name);
    [[nodiscard]] Result<std::vector<ProfileHealth>> profiles();
    [[nodiscard]] Result<platform::IdentityReport> testProfile(const std::string& name, const JobContext& job);
    // The clock that a profile's data lives on (sandbox time where the endpoint says so). Falls back to the wall clock.
    [[nodiscard]] std::shared_ptr<Clock> clockOf(const std::string& profile);
    // Now on the clock of the profiles shown (the sandbox's if all are sandboxes, else wall clock).
    [[nodiscard]] Timestamp now();

    // In. Empty profile = all. Runs change recovery before and the watch after.
    [[nodiscard]] Result<std::vector<sync::SyncReport>> sync(const std::string& profile, sync::SyncOptions options, const JobContext& job);
    // Computes the kept figures that are outdated. sync() ends with it.
    [[nodiscard]] Status summarise(const JobContext& job);
    [[nodiscard]] Result<platform::ReadEstimate> estimateSync(const std::string& profile, const sync::SyncOptions& options, const JobContext& job);

    // Reading
    [[nodiscard]] Result<store::DataVersion> version();
    [[nodiscard]] Result<std::vector<FunctionRow>> functions(TimeRange range, Figures figures = Figures::exact);
    [[nodiscard]] Result<FunctionRow> functionRow(std::string_view id_or_name, TimeRange range);
    [[nodiscard]] Result<Function> function(std::string_view id_or_name);
    // Stored period where `period` is 0 or the stored one; longer ones are rolled up (percentiles refuse).
    [[nodiscard]] Result<MetricSeries> metrics(const SeriesKey& key, TimeRange range, seconds period);
    [[nodiscard]] Result<InvocationLog> invocations(const std::string& function_id, TimeRange range);
    // Computed lines per function, day and meter, or billed ones as imported; what a plan of several apps was billed for is divided among them.
    [[nodiscard]] Result<std::vector<CostLine>> costs(TimeRange range, CostKind kind, Figures figures = Figures::exact);
    // Over the whole days of the range that the bill has. Lines of the bill that belong to no known function are rows, too.
    [[nodiscard]] Result<BillCheck> billCheck(TimeRange range);
    // Most that free grants take off these computed lines: negative ones, an account and month each (pricing/free_grants.h).
    [[nodiscard]] Result<std::vector<CostLine>> freeGrants(std::span<const CostLine> computed);
    [[nodiscard]] Result<std::vector<store::ImportRecord>> imports(std::size_t newest);

    // Tuning
    [[nodiscard]] Result<tuning::Evidence> evidence(const std::string& function_id);
    [[nodiscard]] Result<std::shared_ptr<const tuning::Engine>> engine(const std::string& function_id, const JobContext& job);
    // Empty id = all functions, by expected saving. Stored, so that `plan --recommendation ID` finds them.
    [[nodiscard]] Result<std::vector<Recommendation>> recommend(const std::string& function_id, const JobContext& job);
    [[nodiscard]] Result<std::vector<Recommendation>> storedRecommendations();
    // The same requests on the other platforms, with the newest price lists known. `traffic`: multiplier.
    [[nodiscard]] Result<tuning::Elsewhere> elsewhere(const std::string& function_id, double traffic, const JobContext& job);
    [[nodiscard]] Result<tuning::Elsewhere> elsewhere(const tuning::Engine& engine, double traffic, const JobContext& job);
    // Measurements of a function from elsewhere (the local bench), for its what-ifs. Those of the same campaign and size are replaced.
    [[nodiscard]] Status addObservations(const std::string& function_id, std::span<const Observation> observations);
    [[nodiscard]] Status setSlo(const Slo& slo);
    [[nodiscard]] Result<std::vector<Slo>> slos();

    // Changing
    [[nodiscard]] Result<Plan> plan(const std::string& function_id, const DesiredSettings& desired, const std::string& alias,
                                    const std::vector<std::string>& overrides, const JobContext& job);
    [[nodiscard]] Result<Plan> planRecommendation(const std::string& recommendation_id, const std::vector<std::string>& overrides,
                                                  const JobContext& job);
    [[nodiscard]] Result<Plan> storedPlan(const std::string& plan_id);
    [[nodiscard]] Result<change::ApplyResult> apply(const change::ApplyRequest& request, const JobContext& job);
    [[nodiscard]] Result<change::ApplyResult> revert(const std::string& change_id, bool yes, const std::string& confirm, const JobContext& job);
    [[nodiscard]] Result<std::vector<Change>> changes();
    [[nodiscard]] Result<std::vector<JournalEntry>> journal(const std::string& change_id);
    [[nodiscard]] Result<std::vector<Change>> watch(const JobContext& job);

    // Small settings of the programs (theme, window state).
    [[nodiscard]] Status putNote(const std::string& key, const std::string& value);
    [[nodiscard]] Result<std::optional<std::string>> note(const std::string& key);

private:
    struct Impl;
    explicit Workspace(std::unique_ptr<Impl> impl);
    std::unique_ptr<Impl> impl_;
};

} // namespace pilotlight
