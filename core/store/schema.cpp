#include "core/store/schema.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

#include "core/store/chunk_codec.h"
#include "core/store/keys.h"

namespace pilotlight::store {
namespace {

// Chunks are keyed by time first, then series, so that a refresh of all functions writes neighbouring pages. Times are milliseconds
// since 1970 UTC; money is in Money's units (10 decimals); `body` is JSON of the domain struct.
constexpr const char* kMigration1 = R"sql(
CREATE TABLE data_version (id INTEGER PRIMARY KEY CHECK (id = 1), functions INTEGER NOT NULL DEFAULT 0, metrics INTEGER NOT NULL DEFAULT 0,
  invocations INTEGER NOT NULL DEFAULT 0, costs INTEGER NOT NULL DEFAULT 0, changes INTEGER NOT NULL DEFAULT 0, settings INTEGER NOT NULL DEFAULT 0);
INSERT INTO data_version (id) VALUES (1);
CREATE TABLE profile (name TEXT PRIMARY KEY, body TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE function (id INTEGER PRIMARY KEY, function_id TEXT NOT NULL UNIQUE, profile TEXT NOT NULL DEFAULT '', region TEXT NOT NULL DEFAULT '',
  name TEXT NOT NULL DEFAULT '', present INTEGER NOT NULL DEFAULT 0, body TEXT);
CREATE INDEX function_by_profile ON function (profile, region);
CREATE INDEX function_by_name ON function (name);
CREATE TABLE settings_history (function INTEGER NOT NULL, time INTEGER NOT NULL, body TEXT NOT NULL, PRIMARY KEY (function, time)) WITHOUT ROWID;
CREATE TABLE account_limits (profile TEXT NOT NULL, region TEXT NOT NULL, concurrent_executions INTEGER NOT NULL,
  unreserved INTEGER NOT NULL, as_of INTEGER NOT NULL, PRIMARY KEY (profile, region)) WITHOUT ROWID;
CREATE TABLE series (id INTEGER PRIMARY KEY, function INTEGER NOT NULL, qualifier TEXT NOT NULL, metric TEXT NOT NULL, statistic TEXT NOT NULL,
  period INTEGER NOT NULL, first_chunk INTEGER, last_chunk INTEGER, UNIQUE (function, qualifier, metric, statistic, period));
CREATE TABLE metric_chunk (key INTEGER PRIMARY KEY, data BLOB NOT NULL);
CREATE TABLE coverage (series INTEGER NOT NULL, begin INTEGER NOT NULL, end INTEGER NOT NULL, PRIMARY KEY (series, begin)) WITHOUT ROWID;
CREATE TABLE invocation_chunk (key INTEGER PRIMARY KEY, count INTEGER NOT NULL, data BLOB NOT NULL);
CREATE TABLE log_coverage (function INTEGER NOT NULL, kind INTEGER NOT NULL, begin INTEGER NOT NULL, end INTEGER NOT NULL,
  PRIMARY KEY (function, kind, begin)) WITHOUT ROWID;
CREATE TABLE observation (function INTEGER NOT NULL, identity TEXT NOT NULL, body TEXT NOT NULL, PRIMARY KEY (function, identity)) WITHOUT ROWID;
CREATE TABLE cost_line (id INTEGER PRIMARY KEY, profile TEXT NOT NULL, kind TEXT NOT NULL, day INTEGER NOT NULL, begin INTEGER NOT NULL,
  end INTEGER NOT NULL, function_id TEXT NOT NULL, service TEXT NOT NULL, usage_type TEXT NOT NULL, meter TEXT NOT NULL, region TEXT NOT NULL,
  quantity REAL NOT NULL, unit TEXT NOT NULL, unit_price INTEGER NOT NULL, amount INTEGER NOT NULL, estimated INTEGER NOT NULL, source TEXT NOT NULL);
CREATE INDEX cost_line_by_day ON cost_line (profile, kind, day);
CREATE INDEX cost_line_by_begin ON cost_line (begin);
CREATE TABLE price_book (platform TEXT NOT NULL, region TEXT NOT NULL, architecture TEXT NOT NULL, valid_from INTEGER NOT NULL, read_at INTEGER NOT NULL,
  body TEXT NOT NULL, PRIMARY KEY (platform, region, architecture, valid_from)) WITHOUT ROWID;
CREATE TABLE slo (function_id TEXT NOT NULL, tag_key TEXT NOT NULL, tag_value TEXT NOT NULL, p95_ms REAL, p99_ms REAL, cold_share REAL,
  PRIMARY KEY (function_id, tag_key, tag_value)) WITHOUT ROWID;
CREATE TABLE recommendation (id TEXT PRIMARY KEY, function_id TEXT NOT NULL, body TEXT NOT NULL) WITHOUT ROWID;
CREATE INDEX recommendation_by_function ON recommendation (function_id);
CREATE TABLE saved_plan (id TEXT PRIMARY KEY, function_id TEXT NOT NULL, made_at INTEGER NOT NULL, body TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE setting_change (sequence INTEGER PRIMARY KEY, id TEXT NOT NULL UNIQUE, function_id TEXT NOT NULL, status TEXT NOT NULL,
  started INTEGER NOT NULL, body TEXT NOT NULL);
CREATE TABLE journal (change_id TEXT NOT NULL, sequence INTEGER NOT NULL, time INTEGER NOT NULL, step TEXT NOT NULL, detail TEXT NOT NULL,
  PRIMARY KEY (change_id, sequence)) WITHOUT ROWID;
CREATE TRIGGER journal_is_append_only_1 BEFORE UPDATE ON journal BEGIN SELECT RAISE(ABORT, 'the journal is append-only'); END;
CREATE TRIGGER journal_is_append_only_2 BEFORE DELETE ON journal BEGIN SELECT RAISE(ABORT, 'the journal is append-only'); END;
CREATE TABLE spend (profile TEXT NOT NULL, day INTEGER NOT NULL, calls INTEGER NOT NULL, retries INTEGER NOT NULL, throttled INTEGER NOT NULL,
  bytes INTEGER NOT NULL, money INTEGER NOT NULL, PRIMARY KEY (profile, day)) WITHOUT ROWID;
CREATE TABLE import_record (id INTEGER PRIMARY KEY, profile TEXT NOT NULL, ended INTEGER NOT NULL, body TEXT NOT NULL);
CREATE TABLE note (key TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;
)sql";

// One row a chunk (a UTC day of a 5-minute series): a year at day level is read without decoding a point.
constexpr const char* kMigration2 = R"sql(
CREATE TABLE metric_rollup (key INTEGER PRIMARY KEY, points INTEGER NOT NULL, total REAL, low REAL, high REAL);
)sql";

// Figures of functions for tables; `summarised` lists the functions whose figures are up to date.
constexpr const char* kMigration3 = R"sql(
CREATE TABLE summary (kind TEXT NOT NULL, function INTEGER NOT NULL, begin INTEGER NOT NULL, end INTEGER NOT NULL, body TEXT NOT NULL,
  PRIMARY KEY (kind, function)) WITHOUT ROWID;
CREATE INDEX summary_by_function ON summary (function);
CREATE TABLE summarised (function INTEGER PRIMARY KEY);
)sql";

Status fillRollups(Database& database) {
    std::unordered_map<std::int64_t, std::int64_t> periods;
    PILOTLIGHT_TRY(database.each("SELECT id, period FROM series", [&](Statement& row) -> Status {
        periods[row.integer(0)] = row.integer(1);
        return {};
    }));
    std::vector<MetricPoint> points;
    return database.each("SELECT key, data FROM metric_chunk", [&](Statement& row) -> Status {
        const std::int64_t key = row.integer(0);
        const auto period = periods.find(seriesOfKey(key));
        if (period == periods.end()) return {};
        points.clear();
        PILOTLIGHT_TRY(decodeChunk(row.blob(1), startOfKey(key), seconds(period->second), points));
        const ChunkSummary summary = summarise(points);
        return database.run("INSERT INTO metric_rollup VALUES (?, ?, ?, ?, ?)", key, summary.points, summary.total, summary.low,
                            summary.high);
    });
}

std::int32_t bigEndian(const unsigned char* bytes) {
    return static_cast<std::int32_t>((std::uint32_t{bytes[0]} << 24) | (std::uint32_t{bytes[1]} << 16) | (std::uint32_t{bytes[2]} << 8) |
                                     bytes[3]);
}

}  // namespace

Result<FileHeader> readFileHeader(const std::string& path) {
    FileHeader header;
    const int descriptor = ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
    if (descriptor < 0) {
        if (errno == ENOENT || errno == ENOTDIR) return header;
        return fail(ErrorCode::storage, fmt::format("{} cannot be read: {}", path, std::strerror(errno)), "", "Check its permissions.");
    }
    unsigned char bytes[100];
    const ssize_t got = ::pread(descriptor, bytes, sizeof bytes, 0);
    ::close(descriptor);
    if (got < 0) return fail(ErrorCode::storage, fmt::format("{} cannot be read: {}", path, std::strerror(errno)), "", "Check the disk.");
    header.exists = true;
    header.empty = got == 0;
    header.sqlite = got == 100 && std::memcmp(bytes, "SQLite format 3", 16) == 0;
    if (header.sqlite) {  // file format, section 1.3: user version at 60, application id at 68
        header.version = bigEndian(bytes + 60);
        header.application_id = bigEndian(bytes + 68);
    }
    return header;
}

Error tooNew(const std::string& path, int version) {
    return {ErrorCode::too_new,
            fmt::format("{} was written by a newer Pilotlight (file version {}, this program knows {})", path, version, kSchemaVersion),
            "It was left untouched.", "Use the newer program, or choose another folder with --workspace."};
}

Result<int> schemaVersion(Database& database) {
    PILOTLIGHT_ASSIGN(const auto version, database.integer("PRAGMA user_version"));
    PILOTLIGHT_ASSIGN(const auto application, database.integer("PRAGMA application_id"));
    PILOTLIGHT_ASSIGN(const auto tables, database.integer("SELECT count(*) FROM sqlite_master"));
    if (tables.value_or(0) == 0) return 0;
    if (application.value_or(0) != kApplicationId) {
        return fail(ErrorCode::storage, fmt::format("{} is not a Pilotlight workspace", database.path()), "It was left untouched.",
                    "Choose another folder with --workspace.");
    }
    const int found = static_cast<int>(version.value_or(0));
    if (found > kSchemaVersion) return fail(tooNew(database.path(), found));
    return found;
}

Status migrate(Database& database) {
    PILOTLIGHT_TRY(database.execute("BEGIN IMMEDIATE"));
    const auto work = [&]() -> Status {
        PILOTLIGHT_ASSIGN(const int from, schemaVersion(database));  // again, under the lock
        if (from == kSchemaVersion) return {};
        if (from < 1) PILOTLIGHT_TRY(database.execute(kMigration1));
        if (from < 2) {
            PILOTLIGHT_TRY(database.execute(kMigration2));
            PILOTLIGHT_TRY(fillRollups(database));
        }
        if (from < 3) PILOTLIGHT_TRY(database.execute(kMigration3));
        PILOTLIGHT_TRY(database.execute(fmt::format("PRAGMA application_id = {}", kApplicationId).c_str()));
        return database.execute(fmt::format("PRAGMA user_version = {}", kSchemaVersion).c_str());
    };
    Status done = work();
    if (done) done = database.execute("COMMIT");
    if (!done && database.inTransaction()) (void)database.execute("ROLLBACK");
    return done;
}

}  // namespace pilotlight::store
