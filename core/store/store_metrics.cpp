// Metric points and coverage, in and out.
#include <fmt/format.h>

#include <set>

#include "core/store/chunk_codec.h"
#include "core/store/keys.h"
#include "core/store/ranges.h"

namespace pilotlight::store {
namespace {

constexpr RangeTable kCoverage{
    "SELECT begin, end FROM coverage WHERE series = ? AND begin <= ? AND end >= ?",
    "DELETE FROM coverage WHERE series = ? AND begin = ?",
    "INSERT INTO coverage (series, begin, end) VALUES (?, ?, ?)",
    "SELECT begin, end FROM coverage WHERE series = ? AND begin < ? AND end > ? ORDER BY begin",
};

struct SeriesRow {
    std::int64_t id = 0;
    std::int64_t first_chunk = -1, last_chunk = -1;  // starts in seconds; -1 = none
};

// Points of one chunk of one series, on their way in.
struct PendingChunk {
    std::int64_t key = 0;
    seconds period{};
    bool may_exist = false;
    std::span<const MetricPoint> points;
};

Status checkSeries(const MetricSeries& series) {
    if (series.key.period.count() <= 0) {
        return fail(ErrorCode::invalid_argument, fmt::format("A series of {} has no period", series.key.function_id));
    }
    for (const MetricPoint& point : series.points) {
        if (point.time < kEarliest || point.time > kLatest) {
            return fail(ErrorCode::invalid_argument,
                        fmt::format("A point of {} lies outside the years 1970 to 2242", series.key.function_id));
        }
    }
    return {};
}

// In time order, the last of equal instants: what a page holds already, unless a platform is sloppy.
bool strictlyAscending(std::span<const MetricPoint> points) {
    for (std::size_t i = 1; i < points.size(); ++i) {
        if (points[i].time <= points[i - 1].time) return false;
    }
    return true;
}
std::vector<MetricPoint> inOrder(std::vector<MetricPoint> points) {
    std::stable_sort(points.begin(), points.end(), [](const MetricPoint& a, const MetricPoint& b) { return a.time < b.time; });
    std::vector<MetricPoint> unique;
    for (const MetricPoint& point : points) {
        if (!unique.empty() && unique.back().time == point.time)
            unique.back() = point;
        else
            unique.push_back(point);
    }
    return unique;
}

Status writeChunk(Database& database, const PendingChunk& chunk, Bytes& buffer) {
    std::span<const MetricPoint> points = chunk.points;
    std::vector<MetricPoint> merged;
    const Timestamp start = startOfKey(chunk.key);
    // A page that holds every slot replaces whatever was there; else old points between the new ones stay.
    if (chunk.may_exist) {
        std::vector<MetricPoint> older;
        PILOTLIGHT_TRY(database.each(
            "SELECT data FROM metric_chunk WHERE key = ?",
            [&](Statement& row) -> Status { return decodeChunk(row.blob(0), start, chunk.period, older); }, chunk.key));
        if (!older.empty()) {
            merged = mergePoints(older, points);
            points = merged;
        }
    }
    buffer.clear();
    encodeChunk(points, start, chunk.period, buffer);
    PILOTLIGHT_TRY(database.run("INSERT OR REPLACE INTO metric_chunk (key, data) VALUES (?, ?)", chunk.key, Blob(buffer)));
    const ChunkSummary summary = summarise(points);
    return database.run("INSERT OR REPLACE INTO metric_rollup (key, points, total, low, high) VALUES (?, ?, ?, ?, ?)", chunk.key,
                        summary.points, summary.total, summary.low, summary.high);
}

Result<SeriesRow> loadSeries(Database& database, std::int64_t id) {
    SeriesRow row{id, -1, -1};
    PILOTLIGHT_TRY(database.each(
        "SELECT first_chunk, last_chunk FROM series WHERE id = ?",
        [&](Statement& statement) -> Status {
            if (!statement.isNull(0)) row.first_chunk = statement.integer(0);
            if (!statement.isNull(1)) row.last_chunk = statement.integer(1);
            return {};
        },
        id));
    return row;
}

}  // namespace

Result<std::int64_t> Store::Impl::findSeries(const SeriesKey& key) {
    if (const auto known = series_rows.find(key); known != series_rows.end()) return known->second;
    PILOTLIGHT_ASSIGN(const std::int64_t function, findFunction(key.function_id));
    if (function == 0) return 0;
    PILOTLIGHT_ASSIGN(
        const auto row,
        database.integer("SELECT id FROM series WHERE function = ? AND qualifier = ? AND metric = ? AND statistic = ? AND period = ?",
                         function, key.qualifier, name(key.metric), name(key.statistic), key.period.count()));
    if (row && access == Access::write) series_rows.emplace(key, *row);
    return row.value_or(0);
}

Status Store::putSeries(std::span<const MetricSeries> series) {
    for (const MetricSeries& one : series) PILOTLIGHT_TRY(checkSeries(one));
    if (series.empty()) return {};
    Impl& impl = *impl_;
    return impl.write(Touched::metrics, [&]() -> Status {
        Database& database = impl.database;
        std::vector<PendingChunk> chunks;
        std::vector<std::vector<MetricPoint>> sorted;  // keeps reordered points alive
        std::set<std::int64_t> outdated;
        sorted.reserve(series.size());
        for (const MetricSeries& one : series) {
            PILOTLIGHT_ASSIGN(std::int64_t id, impl.findSeries(one.key));
            PILOTLIGHT_ASSIGN(const std::int64_t function, impl.functionRow(one.key.function_id));
            if (id == 0) {
                PILOTLIGHT_TRY(database.run("INSERT INTO series (function, qualifier, metric, statistic, period) VALUES (?, ?, ?, ?, ?)",
                                            function, one.key.qualifier, name(one.key.metric), name(one.key.statistic),
                                            one.key.period.count()));
                id = database.lastRowId();
                impl.series_rows.emplace(one.key, id);
            }
            if (outdated.insert(function).second) PILOTLIGHT_TRY(impl.outdateSummaries(function));
            for (const TimeRange& range : one.coverage.ranges()) PILOTLIGHT_TRY(addRange(database, kCoverage, range, id));
            if (one.points.empty()) continue;
            std::span<const MetricPoint> points = one.points;
            if (!strictlyAscending(points)) points = sorted.emplace_back(inOrder(one.points));
            PILOTLIGHT_ASSIGN(SeriesRow row, loadSeries(database, id));
            const seconds period = one.key.period;
            for (std::size_t i = 0; i < points.size();) {
                const std::int64_t start = chunkStartSeconds(points[i].time, period);
                const Timestamp end(seconds(start + chunkSpanSeconds(period)));
                std::size_t next = i + 1;
                while (next < points.size() && points[next].time < end) ++next;
                const bool may_exist = row.first_chunk >= 0 && start >= row.first_chunk && start <= row.last_chunk;
                chunks.push_back({chunkKey(start, id), period, may_exist, points.subspan(i, next - i)});
                i = next;
            }
            const std::int64_t first = chunkStartSeconds(points.front().time, period), last = chunkStartSeconds(points.back().time, period);
            if (row.first_chunk < 0 || first < row.first_chunk || last > row.last_chunk) {
                PILOTLIGHT_TRY(database.run("UPDATE series SET first_chunk = ?, last_chunk = ? WHERE id = ?",
                                            row.first_chunk < 0 ? first : std::min(first, row.first_chunk), std::max(last, row.last_chunk),
                                            id));
            }
        }
        // The same series twice in one call must not lose its first part: in key order the later one finds the earlier one's chunk.
        std::stable_sort(chunks.begin(), chunks.end(), [](const PendingChunk& a, const PendingChunk& b) { return a.key < b.key; });
        Bytes buffer;
        for (std::size_t i = 0; i < chunks.size(); ++i) {
            if (i > 0 && chunks[i].key == chunks[i - 1].key) chunks[i].may_exist = true;
            PILOTLIGHT_TRY(writeChunk(database, chunks[i], buffer));
        }
        return {};
    });
}

Result<MetricSeries> Store::series(const SeriesKey& key, TimeRange range) const {
    Impl& impl = *impl_;
    return impl.readTogether([&]() -> Result<MetricSeries> {
        MetricSeries found{key, {}, {}};
        PILOTLIGHT_ASSIGN(const std::int64_t id, impl.findSeries(key));
        if (id == 0 || range.empty()) return found;
        PILOTLIGHT_ASSIGN(found.coverage, readRanges(impl.database, kCoverage, range, id));
        PILOTLIGHT_ASSIGN(const SeriesRow row, loadSeries(impl.database, id));
        if (row.first_chunk < 0 || range.end <= kEarliest || range.begin > kLatest) return found;
        const std::int64_t span = chunkSpanSeconds(key.period);
        const std::int64_t first = std::max(row.first_chunk, chunkStartSeconds(std::max(range.begin, kEarliest), key.period));
        const std::int64_t last = std::min(row.last_chunk, chunkStartSeconds(std::min(range.end - milliseconds(1), kLatest), key.period));
        std::vector<MetricPoint>& points = found.points;
        if (first <= last) points.reserve(static_cast<std::size_t>((last - first) / span + 1) * kChunkSlots);
        PILOTLIGHT_ASSIGN(Statement statement, impl.database.prepare("SELECT data FROM metric_chunk WHERE key = ?"));
        for (std::int64_t start = first; start <= last; start += span) {
            statement.bind(1, chunkKey(start, id));
            PILOTLIGHT_ASSIGN(const bool there, statement.step());
            if (there) PILOTLIGHT_TRY(decodeChunk(statement.blob(0), Timestamp(seconds(start)), key.period, points));
            statement.reset();
        }
        const auto before = [](const MetricPoint& point, Timestamp time) { return point.time < time; };
        points.erase(std::lower_bound(points.begin(), points.end(), range.end, before), points.end());
        points.erase(points.begin(), std::lower_bound(points.begin(), points.end(), range.begin, before));
        return found;
    });
}

Result<std::vector<SeriesKey>> Store::seriesKeys(const std::string& function_id) const {
    Impl& impl = *impl_;
    return impl.readTogether([&]() -> Result<std::vector<SeriesKey>> {
        std::vector<SeriesKey> keys;
        PILOTLIGHT_ASSIGN(const std::int64_t function, impl.findFunction(function_id));
        if (function == 0) return keys;
        PILOTLIGHT_TRY(impl.database.each(
            "SELECT qualifier, metric, statistic, period FROM series WHERE function = ?",
            [&](Statement& row) -> Status {
                const auto metric = parseMetric(row.view(1));
                const auto statistic = parseStatistic(row.view(2));
                if (metric && statistic) keys.push_back({function_id, row.text(0), *metric, *statistic, seconds(row.integer(3))});
                return {};  // names of a later version of the program are not for us
            },
            function));
        std::sort(keys.begin(), keys.end());
        return keys;
    });
}

Result<RangeSet> Store::coverage(const SeriesKey& key, TimeRange range) const {
    return impl_->readTogether([&]() -> Result<RangeSet> {
        PILOTLIGHT_ASSIGN(const std::int64_t id, impl_->findSeries(key));
        if (id == 0 || range.empty()) return RangeSet();
        return readRanges(impl_->database, kCoverage, range, id);
    });
}

Status Store::Impl::deleteMeasurements(std::int64_t function) {
    std::vector<std::array<std::int64_t, 4>> series;
    PILOTLIGHT_TRY(database.each(
        "SELECT id, period, coalesce(first_chunk, 0), coalesce(last_chunk, -1) FROM series WHERE function = ?",
        [&](Statement& row) -> Status {
            series.push_back({row.integer(0), row.integer(1), row.integer(2), row.integer(3)});
            return {};
        },
        function));
    for (const auto& [id, period, first, last] : series) {
        for (std::int64_t start = first; start <= last; start += chunkSpanSeconds(seconds(period))) {
            PILOTLIGHT_TRY(database.run("DELETE FROM metric_chunk WHERE key = ?", chunkKey(start, id)));
            PILOTLIGHT_TRY(database.run("DELETE FROM metric_rollup WHERE key = ?", chunkKey(start, id)));
        }
        PILOTLIGHT_TRY(database.run("DELETE FROM coverage WHERE series = ?", id));
    }
    PILOTLIGHT_TRY(database.run("DELETE FROM series WHERE function = ?", function));
    PILOTLIGHT_TRY(
        database.run("DELETE FROM invocation_chunk WHERE key BETWEEN ? AND ?", hourKey(function, 0), hourKey(function + 1, 0) - 1));
    PILOTLIGHT_TRY(database.run("DELETE FROM log_coverage WHERE function = ?", function));
    PILOTLIGHT_TRY(database.run("DELETE FROM summary WHERE function = ?", function));
    PILOTLIGHT_TRY(outdateSummaries(function));
    return database.run("DELETE FROM observation WHERE function = ?", function);
}

}  // namespace pilotlight::store
