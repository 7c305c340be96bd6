#include "core/sync/sync.h"

#include <fmt/format.h>

#include <charconv>
#include <set>

#include "core/sync/planning.h"
#include "core/sync/problems.h"

namespace pilotlight::sync {
namespace {

using platform::Problem;

constexpr double kCostExplorerUsd = 0.01;      // a request, AWS Cost Management pricing; other platforms charge none
constexpr std::size_t kFunctionsAGroup = 120;  // marks are set group by group: what an interrupted run has to ask for again

TimeRange wholeDays(const TimeRange& range) { return {floorTo(range.begin, hours(24)), ceilTo(range.end, hours(24))}; }
std::string costsMark(const std::string& profile) { return "sync.costs/" + profile; }

// Read within kCostsKeep.
Result<bool> costsFresh(const store::Store& store, const std::string& profile, Timestamp now) {
    PILOTLIGHT_ASSIGN(const auto at, store.note(costsMark(profile) + "/at"));
    std::int64_t at_ms = 0;
    if (at) (void)std::from_chars(at->data(), at->data() + at->size(), at_ms);
    const milliseconds age = now - Timestamp(milliseconds(at_ms));
    return age >= milliseconds(0) && age < kCostsKeep;
}

// Whether the bill of `range` is to be asked for.
Result<bool> costsDue(const store::Store& store, const std::string& profile, const TimeRange& range, Timestamp now) {
    const TimeRange days = wholeDays(range);
    PILOTLIGHT_ASSIGN(const RangeSet read, readMark(store, costsMark(profile)));
    PILOTLIGHT_ASSIGN(const bool fresh, costsFresh(store, profile, now));
    // The day that has just begun has no bill worth a request yet.
    return !fresh || !read.covers({days.begin, std::min(days.end, floorTo(now, hours(24)))});
}

class Run {
public:
    Run(store::Store& store, platform::Platform& platform, const SyncOptions& options, const JobContext& job)
        : store_(store), platform_(platform), options_(options), job_(job), profile_(platform.profile().name) {}

    Result<SyncReport> run() {
        report_.profile = profile_;
        report_.range = options_.range;
        PILOTLIGHT_TRY(tellOfInterrupted());
        record_.started = now();
        Status done = readAll();
        if (!done) report_.problems.push_back({profile_, "sync", done.error(), {}});
        const Status recorded = finish();
        if (!done) return fail(std::move(done).error());
        PILOTLIGHT_TRY(recorded);
        return std::move(report_);
    }

private:
    Timestamp now() { return platform_.clock()->now(); }

    Status readAll() {
        PILOTLIGHT_TRY(job_.check());
        PILOTLIGHT_TRY(readFunctions());
        // The first answer has told which clock the endpoint lives on.
        range_ = options_.range;
        range_.end = std::min(range_.end, now());
        if (range_.empty()) return fail(ErrorCode::invalid_argument, "The range to read is empty or lies in the future");
        report_.range = range_;
        if (options_.prices && !stopped_) PILOTLIGHT_TRY(readPrices());
        if (options_.metrics && !stopped_) PILOTLIGHT_TRY(readMetrics());
        if (options_.logs && !stopped_) PILOTLIGHT_TRY(readLogs());
        if (options_.costs && !stopped_) PILOTLIGHT_TRY(readCosts());
        return {};
    }

    // A part that failed: an error where that ends everything, else a problem. A used-up budget ends the run in order.
    Status partFailed(std::string scope, std::string operation, Error error) {
        if (stopsEverything(error)) return fail(std::move(error));
        stopped_ = stopped_ || error.code == ErrorCode::budget_exceeded;
        report_.problems.push_back({std::move(scope), std::move(operation), std::move(error), {}});
        return {};
    }
    void collect(std::vector<Problem> problems) { std::move(problems.begin(), problems.end(), std::back_inserter(report_.problems)); }

    Status readFunctions() {
        job_.report({fmt::format("Functions, {}", profile_), std::nullopt, 0, 0});
        auto inventory = platform_.listFunctions(job_);
        if (!inventory) {
            // Without a connection nothing else would come either; a refusal leaves what is known already.
            if (inventory.error().code == ErrorCode::network || inventory.error().code == ErrorCode::protocol)
                return fail(std::move(inventory).error());
            PILOTLIGHT_TRY(partFailed(profile_, "list functions", std::move(inventory).error()));
        } else {
            const Status stored = store_.transaction([&]() -> Status {
                PILOTLIGHT_TRY(store_.putFunctions(profile_, inventory->functions, inventory->regions_read));
                for (const AccountLimits& limits : inventory->limits) PILOTLIGHT_TRY(store_.putLimits(limits));
                return {};
            });
            PILOTLIGHT_TRY(stored);
            report_.functions = static_cast<std::int64_t>(inventory->functions.size());
            collect(std::move(inventory->problems));
        }
        PILOTLIGHT_ASSIGN(const auto known, store_.functions());
        std::set<std::string> wanted(options_.functions.begin(), options_.functions.end());
        for (const Function& function : known) {
            if (function.profile != profile_ || (!options_.functions.empty() && wanted.erase(function.id) == 0)) continue;
            functions_.push_back(function);
        }
        for (const std::string& id : wanted) {
            report_.problems.push_back({id,
                                        "list functions",
                                        Error{ErrorCode::not_found, fmt::format("{} is not among the functions of {}", id, profile_),
                                              "Nothing of it was read.", "See 'pilotlightctl functions'."},
                                        {}});
        }
        // Functions of one region with the same gaps share calls.
        std::stable_sort(functions_.begin(), functions_.end(), [](const Function& a, const Function& b) { return a.region < b.region; });
        return {};
    }

    Status readPrices() {
        const std::string mark = "sync.prices/" + profile_;
        PILOTLIGHT_ASSIGN(const auto note, store_.note(mark));
        std::set<std::string> regions;
        for (const Function& function : functions_) regions.insert(function.region);
        std::string text;
        std::vector<std::string> stale;
        std::string_view rest = note ? std::string_view(*note) : std::string_view();
        while (!rest.empty()) {  // "region=milliseconds region=milliseconds"
            const std::string_view part = rest.substr(0, rest.find(' '));
            rest.remove_prefix(std::min(rest.size(), part.size() + 1));
            const auto equals = part.find('=');
            std::int64_t at = 0;
            if (equals == std::string_view::npos ||
                std::from_chars(part.data() + equals + 1, part.data() + part.size(), at).ec != std::errc())
                continue;
            const milliseconds age = now() - Timestamp(milliseconds(at));
            if (age < milliseconds(0) || age >= kPricesKeep) continue;
            regions.erase(std::string(part.substr(0, equals)));
            text += std::string(part) + " ";
        }
        stale.assign(regions.begin(), regions.end());
        if (stale.empty()) return {};
        auto books = platform_.readPrices(stale, job_);
        if (!books) return partFailed("Prices", "read the price list", std::move(books).error());
        return store_.transaction([&]() -> Status {
            std::set<std::string> read;
            for (const PriceBook& book : *books) {
                PILOTLIGHT_TRY(store_.putPriceBook(book));
                read.insert(book.region);
            }
            for (const std::string& region : read) text += fmt::format("{}={} ", region, now().time_since_epoch().count());
            return store_.putNote(mark, text);
        });
    }

    Status readMetrics() {
        std::vector<FunctionPlan> plans;
        for (const Function& function : functions_) {
            PILOTLIGHT_ASSIGN(FunctionPlan plan, planMetrics(store_, function, range_, options_.settle));
            if (!plan.missing.ranges().empty() || plan.one_period) plans.push_back(std::move(plan));
        }
        const std::span<const FunctionPlan> all = plans;
        for (std::size_t at = 0; at < all.size() && !stopped_; at += kFunctionsAGroup) {
            PILOTLIGHT_TRY(readGroup(all.subspan(at, std::min(kFunctionsAGroup, all.size() - at))));
        }
        return {};
    }

    Status readGroup(std::span<const FunctionPlan> group) {
        PILOTLIGHT_TRY(job_.check());
        const Timestamp asked_at = now();
        const auto requests = metricRequests(group, range_);
        auto problems = platform_.readMetrics(
            requests,
            [&](platform::MetricPage&& page) -> Status {
                return store_.transaction([&]() -> Status {
                    PILOTLIGHT_TRY(store_.putSeries(page.series));
                    for (const MetricSeries& series : page.series) report_.points += static_cast<std::int64_t>(series.points.size());
                    return saveProgress();
                });
            },
            job_);
        if (!problems) return partFailed("Metrics", "read metrics", std::move(problems).error());
        const Status marked = store_.transaction([&]() -> Status {
            for (const FunctionPlan& plan : group) {
                const bool whole =
                    std::none_of(problems->begin(), problems->end(), [&](const Problem& each) { return touches(each, plan.function); });
                if (!whole) continue;
                const std::string mark = metricsMark(plan.function.id);
                PILOTLIGHT_ASSIGN(RangeSet settled, readMark(store_, mark));
                for (const TimeRange& range : settledPart(plan.missing, asked_at, options_.settle).ranges()) settled.add(range);
                PILOTLIGHT_TRY(store_.putNote(mark, formatRanges(settled)));
                if (plan.one_period) PILOTLIGHT_TRY(store_.putNote(spanningMark(plan.function.id), formatRanges(RangeSet({range_}))));
            }
            return {};
        });
        PILOTLIGHT_TRY(marked);
        collect(std::move(*problems));
        return {};
    }

    Status readLogs() {
        std::vector<platform::LogRequest> requests;
        const Timestamp planned_at = now();
        for (const Function& function : functions_) {
            PILOTLIGHT_ASSIGN(LogPlan plan,
                              planLogs(store_, function, range_, options_.log_lines_per_function, planned_at, options_.settle));
            if (!plan.idle.ranges().empty()) {
                PILOTLIGHT_TRY(store_.putInvocations(function.id, InvocationLog{{}, plan.idle, plan.idle}));
            }
            if (!plan.ask) continue;
            plan.request.function = &function;
            requests.push_back(std::move(plan.request));
        }
        PILOTLIGHT_TRY(job_.check());
        if (requests.empty()) return {};
        auto problems = platform_.readInvocations(
            requests,
            [&](platform::InvocationPage&& page) -> Status {
                return store_.transaction([&]() -> Status {
                    PILOTLIGHT_TRY(store_.putInvocations(page.function_id, page.log));
                    report_.invocations += static_cast<std::int64_t>(page.log.invocations.size());
                    record_.oddities += page.unreadable;
                    return saveProgress();
                });
            },
            job_);
        if (!problems) return partFailed("Logs", "read logs", std::move(problems).error());
        collect(std::move(*problems));
        return {};
    }

    // A bill has whole days. What was read lately is not asked for again: requests are charged.
    Status readCosts() {
        const TimeRange days = wholeDays(range_);
        PILOTLIGHT_ASSIGN(const bool due, costsDue(store_, profile_, range_, now()));
        if (!due) return {};
        PILOTLIGHT_ASSIGN(const RangeSet read, readMark(store_, costsMark(profile_)));
        PILOTLIGHT_ASSIGN(const bool fresh, costsFresh(store_, profile_, now()));
        auto lines = platform_.readCosts(days, job_);
        if (!lines) return partFailed("Costs", "read costs", std::move(lines).error());
        return store_.transaction([&]() -> Status {
            PILOTLIGHT_TRY(store_.putCosts(profile_, days, *lines));
            report_.cost_lines = static_cast<std::int64_t>(lines->size());
            RangeSet settled = fresh ? read : RangeSet();
            settled.add(days);
            PILOTLIGHT_TRY(store_.putNote(costsMark(profile_), formatRanges(settled)));
            return store_.putNote(costsMark(profile_) + "/at", std::to_string(now().time_since_epoch().count()));
        });
    }

    std::string progressKey() const { return "sync.running/" + profile_; }

    // In the transaction of the page: how far a run came that does not come to its end.
    Status saveProgress() {
        return store_.putNote(progressKey(), fmt::format("{} {} {} {} {} {} {}", record_.started.time_since_epoch().count(),
                                                         range_.begin.time_since_epoch().count(), range_.end.time_since_epoch().count(),
                                                         report_.functions, report_.points, report_.invocations, record_.oddities));
    }

    Status tellOfInterrupted() {
        PILOTLIGHT_ASSIGN(const auto note, store_.note(progressKey()));
        if (!note || note->empty()) return {};
        std::array<std::int64_t, 7> values{};
        const char* from = note->data();
        const char* const end = from + note->size();
        for (std::int64_t& value : values) {
            const auto read = std::from_chars(from, end, value);
            from = read.ptr == end ? end : read.ptr + 1;
        }
        store::ImportRecord record;
        record.profile = profile_;
        record.kind = "sync";
        record.started = record.ended = Timestamp(milliseconds(values[0]));
        record.range = {Timestamp(milliseconds(values[1])), Timestamp(milliseconds(values[2]))};
        record.functions = values[3];
        record.points = values[4];
        record.invocations = values[5];
        record.oddities = values[6];
        record.problems.push_back(toJson(Problem{
            profile_,
            "sync",
            Error{ErrorCode::cancelled, "This sync was interrupted", "What it had stored is kept.", "The next one goes on where it ended."},
            {}}));
        return store_.transaction([&]() -> Status {
            PILOTLIGHT_TRY(store_.putImport(record));
            return store_.putNote(progressKey(), "");
        });
    }

    Status finish() {
        record_.profile = profile_;
        record_.kind = "sync";
        record_.ended = now();
        record_.range = report_.range;
        record_.functions = report_.functions;
        record_.points = report_.points;
        record_.invocations = report_.invocations;
        record_.cost_lines = report_.cost_lines;
        for (const Problem& problem : report_.problems) record_.problems.push_back(toJson(problem));
        return store_.transaction([&]() -> Status {
            PILOTLIGHT_TRY(store_.putImport(record_));
            return store_.putNote(progressKey(), "");
        });
    }

    store::Store& store_;
    platform::Platform& platform_;
    const SyncOptions& options_;
    const JobContext& job_;
    const std::string profile_;
    TimeRange range_;
    std::vector<Function> functions_;
    SyncReport report_;
    store::ImportRecord record_;
    bool stopped_ = false;
};

}  // namespace

Result<SyncReport> run(store::Store& store, platform::Platform& platform, const SyncOptions& options, const JobContext& job) {
    return Run(store, platform, options, job).run();
}

Result<platform::ReadEstimate> estimate(store::Store& store, platform::Platform& platform, const SyncOptions& options,
                                        std::span<const Function> functions, std::int64_t listing_calls) {
    const Money costs_price = platform.profile().platform == PlatformKind::aws ? Money::fromDouble(kCostExplorerUsd) : Money{};
    const Timestamp now = platform.clock()->now();
    const TimeRange range{options.range.begin, std::min(options.range.end, now)};
    bool at_most = false;
    std::vector<FunctionPlan> plans;
    std::vector<LogPlan> logs;
    for (const Function& function : functions) {
        if (!options.functions.empty() &&
            std::find(options.functions.begin(), options.functions.end(), function.id) == options.functions.end())
            continue;
        if (options.metrics) {
            PILOTLIGHT_ASSIGN(FunctionPlan plan, planMetrics(store, function, range, options.settle));
            plans.push_back(std::move(plan));
        }
        if (options.logs) {
            PILOTLIGHT_ASSIGN(LogPlan plan, planLogs(store, function, range, options.log_lines_per_function, now, options.settle));
            if (!plan.ask) continue;
            plan.request.function = &function;
            // Without metrics nobody knows how many lines there are: the budget is the most it can be.
            if (!plan.counted) {
                plan.request.expected_invocations = plan.request.line_budget;
                at_most = true;
            }
            logs.push_back(std::move(plan));
        }
    }
    std::vector<platform::LogRequest> log_requests;
    for (LogPlan& plan : logs) log_requests.push_back(std::move(plan.request));
    auto estimate = platform.estimate(metricRequests(plans, range), log_requests);
    estimate.calls += listing_calls;
    if (options.costs) {
        PILOTLIGHT_ASSIGN(const bool due, costsDue(store, platform.profile().name, range, now));
        if (due) {
            ++estimate.calls;
            estimate.money += costs_price;
        }
    }
    estimate.text = fmt::format("{}{} calls, ${:.2f}{}", at_most ? "at most " : "", estimate.calls, estimate.money.toDouble(),
                                at_most ? "; how many log lines there are is known once the metrics are read" : "");
    return estimate;
}

}  // namespace pilotlight::sync
