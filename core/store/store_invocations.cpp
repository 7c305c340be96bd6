// Invocations read from logs, and observations.
#include <fmt/format.h>

#include "core/store/bodies.h"
#include "core/store/invocation_codec.h"
#include "core/store/keys.h"
#include "core/store/ranges.h"

namespace pilotlight::store {
namespace {

constexpr RangeTable kLogCoverage{
    "SELECT begin, end FROM log_coverage WHERE function = ? AND kind = ? AND begin <= ? AND end >= ?",
    "DELETE FROM log_coverage WHERE function = ? AND kind = ? AND begin = ?",
    "INSERT INTO log_coverage (function, kind, begin, end) VALUES (?, ?, ?, ?)",
    "SELECT begin, end FROM log_coverage WHERE function = ? AND kind = ? AND begin < ? AND end > ? ORDER BY begin",
};
constexpr int kComplete = 1, kColdOnly = 2;

std::int64_t hourOf(Timestamp time) { return toMs(time) / kHourMilliseconds; }

Status writeHour(Database& database, std::int64_t key, std::vector<Invocation> rows, Bytes& buffer) {
    const Timestamp start = fromMs(hourOfKey(key) * kHourMilliseconds);
    std::vector<Invocation> older;
    PILOTLIGHT_TRY(database.each(
        "SELECT data FROM invocation_chunk WHERE key = ?",
        [&](Statement& row) -> Status { return decodeInvocations(row.blob(0), start, older); }, key));
    const std::vector<Invocation> merged = mergeInvocations(older, std::move(rows));
    buffer.clear();
    encodeInvocations(merged, start, buffer);
    return database.run("INSERT OR REPLACE INTO invocation_chunk (key, count, data) VALUES (?, ?, ?)", key,
                        static_cast<std::int64_t>(merged.size()), Blob(buffer));
}

Result<InvocationLog> readCoverage(Database& database, std::int64_t function, TimeRange range) {
    InvocationLog log;
    PILOTLIGHT_ASSIGN(log.complete, readRanges(database, kLogCoverage, range, function, kComplete));
    PILOTLIGHT_ASSIGN(log.cold_only, readRanges(database, kLogCoverage, range, function, kColdOnly));
    return log;
}

// A newer cloud reading of the same settings replaces the older one: both tell of the same invocations. Bench campaigns stay apart.
std::string identity(const Observation& observation) {
    const bool cloud = observation.source == Observation::Source::cloud;
    return fmt::format("{} {} MB {} vCPU x{}{}{} {}", cloud ? "cloud" : "bench", observation.memory.value, observation.vcpu.value_or(-1),
                       observation.concurrency, observation.cold ? " cold" : "", observation.out_of_memory ? " out-of-memory" : "",
                       cloud ? "" : observation.provenance);
}

}  // namespace

Status Store::putInvocations(const std::string& function_id, const InvocationLog& log) {
    for (const Invocation& invocation : log.invocations) {
        if (invocation.time < kEarliest || invocation.time > kLatest) {
            return fail(ErrorCode::invalid_argument, fmt::format("An invocation of {} lies outside the years 1970 to 2242", function_id));
        }
    }
    return impl_->write(Touched::invocations, [&]() -> Status {
        Database& database = impl_->database;
        PILOTLIGHT_ASSIGN(const std::int64_t function, impl_->functionRow(function_id));
        PILOTLIGHT_TRY(impl_->outdateSummaries(function));
        for (const TimeRange& range : log.complete.ranges()) {
            PILOTLIGHT_TRY(addRange(database, kLogCoverage, range, function, kComplete));
            PILOTLIGHT_TRY(addRange(database, kLogCoverage, range, function, kColdOnly));  // complete includes the cold ones
        }
        for (const TimeRange& range : log.cold_only.ranges()) PILOTLIGHT_TRY(addRange(database, kLogCoverage, range, function, kColdOnly));
        std::map<std::int64_t, std::vector<Invocation>> hours;
        for (std::size_t i = 0; i < log.invocations.size();) {  // runs of one hour
            const std::int64_t hour = hourOf(log.invocations[i].time);
            std::size_t next = i + 1;
            while (next < log.invocations.size() && hourOf(log.invocations[next].time) == hour) ++next;
            auto& rows = hours[hour];
            rows.insert(rows.end(), log.invocations.begin() + static_cast<std::ptrdiff_t>(i),
                        log.invocations.begin() + static_cast<std::ptrdiff_t>(next));
            i = next;
        }
        Bytes buffer;
        for (auto& [hour, rows] : hours) PILOTLIGHT_TRY(writeHour(database, hourKey(function, hour), std::move(rows), buffer));
        return {};
    });
}

Result<InvocationLog> Store::invocations(const std::string& function_id, TimeRange range) const {
    Impl& impl = *impl_;
    return impl.readTogether([&]() -> Result<InvocationLog> {
        PILOTLIGHT_ASSIGN(const std::int64_t function, impl.findFunction(function_id));
        if (function == 0 || range.empty() || range.end <= kEarliest || range.begin > kLatest) return InvocationLog{};
        PILOTLIGHT_ASSIGN(InvocationLog log, readCoverage(impl.database, function, range));
        const std::int64_t first = hourKey(function, hourOf(std::max(range.begin, kEarliest)));
        const std::int64_t last = hourKey(function, hourOf(std::min(range.end - milliseconds(1), kLatest)));
        auto& rows = log.invocations;
        PILOTLIGHT_TRY(impl.database.each(
            "SELECT key, data FROM invocation_chunk WHERE key BETWEEN ? AND ? ORDER BY key",
            [&](Statement& row) -> Status {
                return decodeInvocations(row.blob(1), fromMs(hourOfKey(row.integer(0)) * kHourMilliseconds), rows);
            },
            first, last));
        const auto before = [](const Invocation& row, Timestamp time) { return row.time < time; };
        rows.erase(std::lower_bound(rows.begin(), rows.end(), range.end, before), rows.end());
        rows.erase(rows.begin(), std::lower_bound(rows.begin(), rows.end(), range.begin, before));
        return log;
    });
}

Result<InvocationLog> Store::invocationCoverage(const std::string& function_id, TimeRange range) const {
    return impl_->readTogether([&]() -> Result<InvocationLog> {
        PILOTLIGHT_ASSIGN(const std::int64_t function, impl_->findFunction(function_id));
        if (function == 0 || range.empty()) return InvocationLog{};
        return readCoverage(impl_->database, function, range);
    });
}

Status Store::putObservations(const std::string& function_id, std::span<const Observation> observations) {
    return impl_->write(Touched::invocations, [&]() -> Status {
        PILOTLIGHT_ASSIGN(const std::int64_t function, impl_->functionRow(function_id));
        for (const Observation& observation : observations) {
            PILOTLIGHT_TRY(impl_->database.run("INSERT OR REPLACE INTO observation (function, identity, body) VALUES (?, ?, ?)", function,
                                               identity(observation), toJson(observation)));
        }
        return {};
    });
}

Result<std::vector<Observation>> Store::observations(const std::string& function_id) const {
    return impl_->readTogether([&]() -> Result<std::vector<Observation>> {
        PILOTLIGHT_ASSIGN(const std::int64_t function, impl_->findFunction(function_id));
        return bodies<Observation>(impl_->database, "SELECT body FROM observation WHERE function = ? ORDER BY identity", function);
    });
}

}  // namespace pilotlight::store
