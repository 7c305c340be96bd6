#include "core/store/database.h"

#include <fmt/format.h>

#include <cstring>

namespace pilotlight::store {
namespace {

constexpr int kBusyMilliseconds = 5'000;

std::string fileOf(sqlite3* connection) {
    const char* name = connection ? sqlite3_db_filename(connection, "main") : nullptr;
    return name && *name ? name : "the workspace";
}

}  // namespace

Error sqliteError(sqlite3* connection, int code) {
    const int extended = connection ? sqlite3_extended_errcode(connection) : code;
    const int system = connection ? sqlite3_system_errno(connection) : 0;
    const std::string file = fileOf(connection);
    std::string reason = connection ? sqlite3_errmsg(connection) : sqlite3_errstr(code);
    if (system != 0) reason += fmt::format(" ({})", std::strerror(system));
    const std::string kept = "This step stored nothing; everything stored before it is intact.";
    switch (code & 0xff) {
        case SQLITE_FULL:
            return {ErrorCode::storage, fmt::format("The disk that holds {} is full", file), kept, "Free some space, then repeat."};
        case SQLITE_READONLY:
            return {ErrorCode::storage, fmt::format("{} cannot be written: {}", file, reason), kept,
                    "Make the folder and its files writable, or choose another one with --workspace."};
        case SQLITE_CORRUPT:
        case SQLITE_NOTADB:
            return {ErrorCode::storage, fmt::format("{} is damaged: {}", file, reason), "Pilotlight did not change it.",
                    "Restore it from a copy, or move it away and sync again; the platforms still hold what was measured."};
        case SQLITE_BUSY:
        case SQLITE_LOCKED:
            return {ErrorCode::locked, fmt::format("{} is busy: {}", file, reason), kept, "Repeat in a moment."};
        case SQLITE_IOERR:
            return {ErrorCode::storage, fmt::format("Reading or writing {} failed: {}", file, reason), kept,
                    "Check free space, quota and the health of the disk, then repeat."};
        case SQLITE_CANTOPEN:
        case SQLITE_PERM:
        case SQLITE_AUTH:
            return {ErrorCode::storage, fmt::format("{} cannot be opened: {}", file, reason), "",
                    "Check that the folder exists and that you may read and write it."};
        case SQLITE_TOOBIG:
            return {ErrorCode::storage, fmt::format("A value is too large for {}: {}", file, reason), kept, ""};
        case SQLITE_NOMEM:
            return {ErrorCode::storage, "Out of memory while working with the workspace", kept, ""};
        default:
            return {ErrorCode::internal, fmt::format("The store failed: {} ({})", reason, extended), kept, "Please report this."};
    }
}

Statement::~Statement() {
    if (!statement_) return;
    sqlite3_reset(statement_);
    sqlite3_clear_bindings(statement_);
}

void Statement::bind(int index, std::string_view value) {
    // A null data pointer would bind NULL, but an empty string is meant.
    sqlite3_bind_text(statement_, index, value.data() ? value.data() : "", static_cast<int>(value.size()), SQLITE_STATIC);
}

void Statement::bind(int index, Blob value) {
    if (value.empty())
        sqlite3_bind_zeroblob(statement_, index, 0);
    else
        sqlite3_bind_blob(statement_, index, value.data(), static_cast<int>(value.size()), SQLITE_STATIC);
}

Result<bool> Statement::step() {
    const int code = sqlite3_step(statement_);
    if (code == SQLITE_ROW) return true;
    if (code == SQLITE_DONE) return false;
    return fail(sqliteError(connection_, code));
}

Status Statement::finish() {
    for (;;) {
        PILOTLIGHT_ASSIGN(const bool more, step());
        if (!more) return {};
    }
}

std::optional<double> Statement::optionalReal(int column) const {
    if (isNull(column)) return std::nullopt;
    return real(column);
}

std::string_view Statement::view(int column) const {
    const auto* data = reinterpret_cast<const char*>(sqlite3_column_text(statement_, column));
    return data ? std::string_view(data, static_cast<std::size_t>(sqlite3_column_bytes(statement_, column))) : std::string_view();
}

Blob Statement::blob(int column) const {
    const auto* data = static_cast<const std::uint8_t*>(sqlite3_column_blob(statement_, column));
    return {data, data ? static_cast<std::size_t>(sqlite3_column_bytes(statement_, column)) : 0};
}

Database::Database(Database&& other) noexcept
    : connection_(std::exchange(other.connection_, nullptr)), path_(std::move(other.path_)), statements_(std::move(other.statements_)) {
    other.statements_.clear();
}

Database& Database::operator=(Database&& other) noexcept {
    if (this == &other) return *this;
    close();
    connection_ = std::exchange(other.connection_, nullptr);
    path_ = std::move(other.path_);
    statements_ = std::move(other.statements_);
    other.statements_.clear();
    return *this;
}

Result<Database> Database::open(const std::string& path, Mode mode, bool create) {
    Database database;
    database.path_ = path;
    int flags = SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_EXRESCODE;
    std::string name = path;
    switch (mode) {
        case Mode::read_write:
            flags |= SQLITE_OPEN_READWRITE | (create ? SQLITE_OPEN_CREATE : 0);
            break;
        case Mode::read_only:
            flags |= SQLITE_OPEN_READONLY;
            break;
        case Mode::immutable: {
            flags |= SQLITE_OPEN_READONLY | SQLITE_OPEN_URI;
            name = "file:";
            for (const char c : path) {
                if (c == '%' || c == '?' || c == '#')
                    name += fmt::format("%{:02X}", static_cast<unsigned char>(c));
                else
                    name += c;
            }
            name += "?immutable=1";
            break;
        }
        case Mode::memory:
            flags |= SQLITE_OPEN_READWRITE | SQLITE_OPEN_MEMORY;
            name = ":memory:";
            break;
    }
    const int code = sqlite3_open_v2(name.c_str(), &database.connection_, flags, nullptr);
    if (code != SQLITE_OK) {
        Error error = sqliteError(database.connection_, code);
        if (error.code == ErrorCode::internal) error.code = ErrorCode::storage;
        return fail(std::move(error));
    }
    sqlite3_busy_timeout(database.connection_, kBusyMilliseconds);
    sqlite3_db_config(database.connection_, SQLITE_DBCONFIG_TRUSTED_SCHEMA, 0, nullptr);
    sqlite3_db_config(database.connection_, SQLITE_DBCONFIG_DEFENSIVE, 1, nullptr);
    return database;
}

void Database::close() {
    for (auto& [sql, statement] : statements_) sqlite3_finalize(statement);
    statements_.clear();
    if (connection_) sqlite3_close(connection_);
    connection_ = nullptr;
}

Status Database::execute(const char* sql) {
    const int code = sqlite3_exec(connection_, sql, nullptr, nullptr, nullptr);
    if (code != SQLITE_OK) return fail(sqliteError(connection_, code));
    return {};
}

Result<Statement> Database::prepare(const char* sql) {
    auto& cached = statements_[sql];
    if (!cached) {
        const int code = sqlite3_prepare_v3(connection_, sql, -1, SQLITE_PREPARE_PERSISTENT, &cached, nullptr);
        if (code != SQLITE_OK) return fail(sqliteError(connection_, code));
    } else if (sqlite3_stmt_busy(cached)) {
        // The same query inside its own row callback would reset the outer one.
        return fail(ErrorCode::internal, "A statement was used inside itself");
    }
    return Statement(connection_, cached);
}

}  // namespace pilotlight::store
