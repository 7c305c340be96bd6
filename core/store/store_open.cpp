// Opening: lock, file, migrations; and what reading means where there is no file or no right to write.
#include <fmt/format.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <filesystem>

#include "core/store/schema.h"
#include "core/store/store_impl.h"

namespace pilotlight::store {
namespace {

namespace fs = std::filesystem;

// Stated, not left to how SQLite was built: two days of full mantissas fit a page, and three dozen small trees stay small.
constexpr const char* kNewFile = "PRAGMA page_size = 4096";
constexpr const char* kWriterSettings =
    "PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL; PRAGMA wal_autocheckpoint = 4000; PRAGMA journal_size_limit = 67108864;"
    "PRAGMA cache_size = -32768; PRAGMA temp_store = MEMORY; PRAGMA cell_size_check = ON";
constexpr const char* kReaderSettings = "PRAGMA query_only = ON; PRAGMA cache_size = -16384; PRAGMA temp_store = MEMORY";

Status makeDirectory(const std::string& directory) {
    std::error_code error;
    fs::create_directories(directory, error);
    if (error && !fs::is_directory(directory)) {
        return fail(ErrorCode::storage, fmt::format("The workspace folder {} cannot be made: {}", directory, error.message()),
                    "Nothing was changed.", "Choose another folder with --workspace.");
    }
    return {};
}

Status checkHeader(const std::string& path, const FileHeader& header) {
    if (!header.exists || header.empty) return {};
    if (!header.sqlite) {
        return fail(ErrorCode::storage, fmt::format("{} is damaged: it is not a database", path), "It was left untouched.",
                    "Restore it from a copy, or move it away and sync again.");
    }
    if (header.application_id == kApplicationId && header.version > kSchemaVersion) return fail(tooNew(path, header.version));
    if (header.application_id != 0 && header.application_id != kApplicationId) {
        return fail(ErrorCode::storage, fmt::format("{} is not a Pilotlight workspace", path), "It was left untouched.",
                    "Choose another folder with --workspace.");
    }
    return {};
}

bool emptyOrAbsent(const std::string& path) {
    std::error_code error;
    const auto size = fs::file_size(path, error);
    return error || size == 0;
}

// Under the lock: the file as this version wants it.
Result<Database> openForWriting(const std::string& path, bool fresh) {
    PILOTLIGHT_ASSIGN(Database database, Database::open(path, Database::Mode::read_write, true));
    // A file that turns out to be too new (its first page still in the log) must not be checkpointed by our closing it.
    sqlite3_db_config(database.handle(), SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 1, nullptr);
    if (fresh) PILOTLIGHT_TRY(database.execute(kNewFile));
    PILOTLIGHT_ASSIGN(const int version, schemaVersion(database));
    sqlite3_db_config(database.handle(), SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 0, nullptr);
    PILOTLIGHT_TRY(database.execute(kWriterSettings));
    if (version < kSchemaVersion) PILOTLIGHT_TRY(migrate(database));
    return database;
}

// A copy in memory, brought up to date there: an older file in a folder that cannot be written.
Result<Database> upgradedCopy(Database& older) {
    PILOTLIGHT_ASSIGN(Database copy, Database::open(older.path(), Database::Mode::memory, true));
    PILOTLIGHT_TRY(copy.execute(kNewFile));  // a copy in memory cannot change its page size
    sqlite3_backup* backup = sqlite3_backup_init(copy.handle(), "main", older.handle(), "main");
    if (!backup) return fail(sqliteError(copy.handle(), sqlite3_errcode(copy.handle())));
    (void)sqlite3_backup_step(backup, -1);
    if (const int code = sqlite3_backup_finish(backup); code != SQLITE_OK) return fail(sqliteError(copy.handle(), code));
    PILOTLIGHT_TRY(migrate(copy));
    return copy;
}

Result<Database> emptyWorkspace(const std::string& path) {
    PILOTLIGHT_ASSIGN(Database database, Database::open(path, Database::Mode::memory, true));
    PILOTLIGHT_TRY(migrate(database));
    return database;
}

Result<Database> openReadOnly(const std::string& path) {
    auto database = Database::open(path, Database::Mode::read_only, false);
    if (database) {
        // Only a query shows whether the log's index can be made or read.
        if (auto version = schemaVersion(*database); version || version.error().code == ErrorCode::too_new) return database;
    }
    if (!emptyOrAbsent(path + "-wal")) {
        return fail(ErrorCode::storage, fmt::format("{} was not closed in order, and its folder cannot be written", path),
                    "Its newest entries are in a log that has to be merged first.",
                    "Make the folder writable, or open the workspace once as its owner.");
    }
    return Database::open(path, Database::Mode::immutable, false);
}

// Makes or upgrades the file on behalf of a reader, if nobody writes. True: done, or done by somebody else meanwhile.
Status prepareForReading(const std::string& directory, const std::string& path, const OpenOptions& options, bool fresh) {
    auto lock = WriterLock::acquire(directory, options.holder, milliseconds(fresh ? 1'000 : 0));
    if (!lock) {
        if (lock.error().code != ErrorCode::locked) return fail(std::move(lock).error());
        PILOTLIGHT_ASSIGN(const FileHeader header, readFileHeader(path));
        if (header.sqlite) return {};  // the writer made it; its version is checked next
        return fail(std::move(lock).error());
    }
    PILOTLIGHT_ASSIGN(const FileHeader header, readFileHeader(path));
    auto database = openForWriting(path, header.empty);
    if (!database) return fail(std::move(database).error());
    return {};
}

}  // namespace

Store::Store(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
Store::Store(Store&&) noexcept = default;
Store& Store::operator=(Store&&) noexcept = default;
Store::~Store() = default;

Result<Store> Store::open(const std::string& workspace_dir, const OpenOptions& options) {
    auto impl = std::make_unique<Impl>();
    impl->directory = workspace_dir;
    impl->access = options.access;
    const std::string path = workspace_dir + "/" + kFileName;
    PILOTLIGHT_ASSIGN(const FileHeader header, readFileHeader(path));
    PILOTLIGHT_TRY(checkHeader(path, header));

    if (options.access == Access::write) {
        PILOTLIGHT_TRY(makeDirectory(workspace_dir));
        PILOTLIGHT_ASSIGN(WriterLock lock, WriterLock::acquire(workspace_dir, options.holder, options.lock_wait));
        impl->lock = std::move(lock);
        if (header.exists && ::access(path.c_str(), W_OK) != 0) {
            return fail(ErrorCode::storage, fmt::format("{} cannot be written: {}", path, std::strerror(errno)), "Nothing was changed.",
                        "Make the file writable, or choose another folder with --workspace.");
        }
        PILOTLIGHT_ASSIGN(const FileHeader now, readFileHeader(path));  // again: the lock may have taken a while
        PILOTLIGHT_TRY(checkHeader(path, now));
        PILOTLIGHT_ASSIGN(Database database, openForWriting(path, now.empty));
        impl->database = std::move(database);
        return Store(std::move(impl));
    }

    const bool missing = !header.exists || header.empty;
    if (missing) {
        if (!makeDirectory(workspace_dir) || ::access(workspace_dir.c_str(), W_OK) != 0) {
            PILOTLIGHT_ASSIGN(Database database, emptyWorkspace(path));
            impl->database = std::move(database);
            PILOTLIGHT_TRY(impl->database.execute(kReaderSettings));
            return Store(std::move(impl));
        }
        PILOTLIGHT_TRY(prepareForReading(workspace_dir, path, options, true));
    }
    const bool writable = ::access(workspace_dir.c_str(), W_OK) == 0 && ::access(path.c_str(), W_OK) == 0;
    const auto connect = [&]() -> Result<Database> {
        if (!writable) return openReadOnly(path);
        // The right to write is needed for the log's index only; query_only keeps the promise.
        PILOTLIGHT_ASSIGN(Database database, Database::open(path, Database::Mode::read_write, false));
        sqlite3_db_config(database.handle(), SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 1, nullptr);  // the writer's work, not a reader's
        return database;
    };
    PILOTLIGHT_ASSIGN(Database database, connect());
    PILOTLIGHT_ASSIGN(int version, schemaVersion(database));
    if (version < kSchemaVersion && !writable) {
        PILOTLIGHT_ASSIGN(Database copy, upgradedCopy(database));
        database = std::move(copy);
    } else if (version < kSchemaVersion) {
        database.close();
        PILOTLIGHT_TRY(prepareForReading(workspace_dir, path, options, false));
        PILOTLIGHT_ASSIGN(database, connect());
        PILOTLIGHT_ASSIGN(version, schemaVersion(database));
        if (version < kSchemaVersion) {
            return fail(ErrorCode::locked, fmt::format("{} is of an older version, and another process is writing to it", path),
                        "It has to be brought up to date first.", "Wait until that process has finished, then repeat.");
        }
    }
    impl->database = std::move(database);
    PILOTLIGHT_TRY(impl->database.execute(kReaderSettings));
    return Store(std::move(impl));
}

}  // namespace pilotlight::store
