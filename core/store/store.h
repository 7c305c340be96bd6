// The workspace's database: one SQLite file in WAL mode, one writer, any number of readers. The only module that writes SQL.
// A Store object belongs to one thread at a time; open one per thread.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/money.h"
#include "core/base/result.h"
#include "core/base/time.h"
#include "core/domain/change.h"
#include "core/domain/cost.h"
#include "core/domain/function.h"
#include "core/domain/metrics.h"
#include "core/domain/tuning.h"

namespace pilotlight::store {

enum class Access { read, write };

struct OpenOptions {
    Access access = Access::read;
    milliseconds lock_wait{5'000};      // a second writer waits this long, then `locked` names the holder
    std::string holder = "pilotlight";  // program name written into the lock file, beside pid and start time
};

// What a cheap look tells about changes by others: compare two of them to know what to read again.
struct DataVersion {
    std::int64_t functions = 0, metrics = 0, invocations = 0, costs = 0, changes = 0, settings = 0;
    friend bool operator==(const DataVersion&, const DataVersion&) = default;
};

struct DailySpend {
    std::int64_t calls = 0, retries = 0, throttled = 0;
    std::uint64_t bytes = 0;
    Money money;
};

// One run of sync or import, with what it could not read.
struct ImportRecord {
    std::string profile, kind;  // "sync", "focus"
    Timestamp started{}, ended{};
    TimeRange range;
    std::int64_t functions = 0, points = 0, invocations = 0, cost_lines = 0, oddities = 0;
    std::vector<std::string> problems;  // JSON objects {scope, operation, code, what, meaning, action, permission, policy}
};

class Store {
public:
    // Creates directory and file on write access. too_new: written by a newer version, untouched. An older file is migrated on write
    // access; on read access it is migrated too if nobody writes, else `locked`. storage: disk full, read-only, damaged.
    [[nodiscard]] static Result<Store> open(const std::string& workspace_dir, const OpenOptions& options);
    Store(Store&&) noexcept;
    Store& operator=(Store&&) noexcept;
    ~Store();

    // Everything `body` writes is kept, or nothing. Nested calls join the outer one.
    [[nodiscard]] Status transaction(const std::function<Status()>& body);
    [[nodiscard]] Result<DataVersion> version() const;

    // Profiles
    [[nodiscard]] Status putProfile(const Profile& profile);
    [[nodiscard]] Result<std::vector<Profile>> profiles() const;
    [[nodiscard]] Result<Profile> profile(const std::string& name) const;  // not_found
    [[nodiscard]] Status removeProfile(const std::string& name);           // with all that was read through it, except changes

    // Functions. `regions_read`: functions of those regions that are not in the list are marked gone (their data stays).
    [[nodiscard]] Status putFunctions(const std::string& profile, std::span<const Function> functions,
                                      std::span<const std::string> regions_read);
    [[nodiscard]] Status putFunction(const Function& function);
    [[nodiscard]] Result<std::vector<Function>> functions() const;  // present ones, by name
    // By id, or by a name that is unique. Errors: not_found; ambiguous, whose `what` lists the ids.
    [[nodiscard]] Result<Function> function(std::string_view id_or_name) const;
    // Settings over time as we saw them (memory, pool, limit), oldest first: annotations and the history of sizes.
    struct SettingsAt {
        Timestamp time{};
        Function function;
    };
    [[nodiscard]] Result<std::vector<SettingsAt>> settingsHistory(const std::string& function_id) const;
    [[nodiscard]] Status putLimits(const AccountLimits& limits);
    [[nodiscard]] Result<std::optional<AccountLimits>> limits(const std::string& profile, const std::string& region) const;

    // Metrics. Points replace earlier ones of the same time; coverage is added.
    [[nodiscard]] Status putSeries(std::span<const MetricSeries> series);
    [[nodiscard]] Result<MetricSeries> series(const SeriesKey& key, TimeRange range) const;
    // The same rolled up to a longer period: sums add, maxima and minima carry, averages are weighted by sample_count, percentiles
    // are refused (unsupported) unless the period is the stored one.
    [[nodiscard]] Result<MetricSeries> rolledUp(const SeriesKey& key, TimeRange range, seconds period) const;
    [[nodiscard]] Result<std::vector<SeriesKey>> seriesKeys(const std::string& function_id) const;
    [[nodiscard]] Result<RangeSet> coverage(const SeriesKey& key, TimeRange range) const;

    // Invocations read from logs. Re-reading the same lines adds nothing.
    [[nodiscard]] Status putInvocations(const std::string& function_id, const InvocationLog& log);
    [[nodiscard]] Result<InvocationLog> invocations(const std::string& function_id, TimeRange range) const;
    // Coverage without the rows.
    [[nodiscard]] Result<InvocationLog> invocationCoverage(const std::string& function_id, TimeRange range) const;

    // Figures computed from a function's data over a range, as text of the caller's, one of a kind a function. They stay until they are
    // replaced; a function whose points, lines or prices have been written since is outdated.
    struct Summary {
        std::string function_id, kind;
        TimeRange range;
        std::string body;
    };
    [[nodiscard]] Status putSummaries(std::span<const Summary> summaries);
    [[nodiscard]] Result<std::vector<Summary>> summaries(std::string_view kind) const;
    // Ids of the profile's functions that are outdated or have none, in order.
    [[nodiscard]] Result<std::vector<std::string>> outdatedSummaries(const std::string& profile) const;

    // Observations (bench and cloud).
    [[nodiscard]] Status putObservations(const std::string& function_id, std::span<const Observation> observations);
    [[nodiscard]] Result<std::vector<Observation>> observations(const std::string& function_id) const;

    // Costs. Lines of the same profile, kind and day are replaced as a set.
    [[nodiscard]] Status putCosts(const std::string& profile, TimeRange range, std::span<const CostLine> lines);
    [[nodiscard]] Result<std::vector<CostLine>> costs(TimeRange range) const;
    [[nodiscard]] Status putPriceBook(const PriceBook& book);
    // The book in force at `when` (bundled ones are not in the store; pricing adds them). nullopt: never read.
    [[nodiscard]] Result<std::optional<PriceBook>> priceBook(const std::string& platform, const std::string& region,
                                                             const std::string& architecture, Timestamp when) const;

    // Targets, recommendations, plans, changes
    [[nodiscard]] Status putSlo(const Slo& slo);  // all unset = remove
    [[nodiscard]] Result<std::vector<Slo>> slos() const;
    [[nodiscard]] Status putRecommendations(std::span<const Recommendation> recommendations);  // replaces those of the same functions
    [[nodiscard]] Result<std::vector<Recommendation>> recommendations() const;
    [[nodiscard]] Result<Recommendation> recommendation(const std::string& id) const;
    [[nodiscard]] Status putPlan(const Plan& plan);
    [[nodiscard]] Result<Plan> plan(const std::string& id) const;
    [[nodiscard]] Status putChange(const Change& change);
    [[nodiscard]] Result<Change> change(const std::string& id) const;
    [[nodiscard]] Result<std::vector<Change>> changes() const;  // newest first
    // Append-only and durable (fsync) before it returns: written ahead of every outside effect.
    [[nodiscard]] Status appendJournal(const std::string& change_id, const JournalEntry& entry);
    [[nodiscard]] Result<std::vector<JournalEntry>> journal(const std::string& change_id) const;

    // Book-keeping
    [[nodiscard]] Status addSpend(const std::string& profile, Timestamp day, const DailySpend& spend);
    [[nodiscard]] Result<DailySpend> spend(const std::string& profile, Timestamp day) const;
    [[nodiscard]] Status putImport(const ImportRecord& record);
    [[nodiscard]] Result<std::vector<ImportRecord>> imports(std::size_t newest) const;
    [[nodiscard]] Status putNote(const std::string& key, const std::string& value);  // small settings of the programs
    [[nodiscard]] Result<std::optional<std::string>> note(const std::string& key) const;

private:
    struct Impl;
    explicit Store(std::unique_ptr<Impl> impl);
    std::unique_ptr<Impl> impl_;
};

}  // namespace pilotlight::store
