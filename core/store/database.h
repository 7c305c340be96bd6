// A thin RAII layer over one SQLite connection: cached statements, typed binding, errors in the user's words. Internal to the store.
#pragma once

#include <sqlite3.h>

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>

#include "core/base/result.h"

namespace pilotlight::store {

using Blob = std::span<const std::uint8_t>;

// A prepared statement out of the connection's cache; reset when it goes out of scope. Text and blobs that are bound must outlive it.
class Statement {
public:
    Statement(sqlite3* connection, sqlite3_stmt* statement) : connection_(connection), statement_(statement) {}
    Statement(Statement&& other) noexcept : connection_(other.connection_), statement_(std::exchange(other.statement_, nullptr)) {}
    Statement(const Statement&) = delete;
    Statement& operator=(const Statement&) = delete;
    Statement& operator=(Statement&&) = delete;
    ~Statement();

    void bind(int index, std::int64_t value) { sqlite3_bind_int64(statement_, index, value); }
    void bind(int index, int value) { sqlite3_bind_int64(statement_, index, value); }
    void bind(int index, bool value) { sqlite3_bind_int64(statement_, index, value ? 1 : 0); }
    void bind(int index, double value) { sqlite3_bind_double(statement_, index, value); }
    void bind(int index, std::string_view value);
    void bind(int index, const std::string& value) { bind(index, std::string_view(value)); }
    void bind(int index, const char* value) { bind(index, std::string_view(value)); }
    void bind(int index, Blob value);
    void bind(int index, const std::optional<double>& value) { value ? bind(index, *value) : bindNull(index); }
    void bindNull(int index) { sqlite3_bind_null(statement_, index); }

    template <typename... Values>
    void bindAll(const Values&... values) {
        int index = 0;
        (bind(++index, values), ...);
    }

    // True: a row is there. False: the end.
    [[nodiscard]] Result<bool> step();
    // To the end; rows are ignored.
    [[nodiscard]] Status finish();
    void reset() { sqlite3_reset(statement_); }

    [[nodiscard]] std::int64_t integer(int column) const { return sqlite3_column_int64(statement_, column); }
    [[nodiscard]] double real(int column) const { return sqlite3_column_double(statement_, column); }
    [[nodiscard]] bool isNull(int column) const { return sqlite3_column_type(statement_, column) == SQLITE_NULL; }
    [[nodiscard]] std::optional<double> optionalReal(int column) const;
    [[nodiscard]] std::string text(int column) const { return std::string(view(column)); }
    [[nodiscard]] std::string_view view(int column) const;  // valid until the next step
    [[nodiscard]] Blob blob(int column) const;              // valid until the next step

private:
    sqlite3* connection_;
    sqlite3_stmt* statement_;
};

class Database {
public:
    enum class Mode { read_write, read_only, immutable, memory };

    Database() = default;
    Database(Database&& other) noexcept;
    Database& operator=(Database&& other) noexcept;
    ~Database() { close(); }

    [[nodiscard]] static Result<Database> open(const std::string& path, Mode mode, bool create);
    void close();
    [[nodiscard]] bool isOpen() const { return connection_ != nullptr; }
    [[nodiscard]] sqlite3* handle() const { return connection_; }
    [[nodiscard]] const std::string& path() const { return path_; }

    // Any number of statements without parameters.
    [[nodiscard]] Status execute(const char* sql);
    // `sql` must be a literal: its address is the cache's key.
    [[nodiscard]] Result<Statement> prepare(const char* sql);

    template <typename... Values>
    [[nodiscard]] Status run(const char* sql, const Values&... values) {
        auto statement = prepare(sql);
        if (!statement) return fail(std::move(statement).error());
        statement->bindAll(values...);
        return statement->finish();
    }
    // Calls row(statement) for each row; row returns Status.
    template <typename Row, typename... Values>
    [[nodiscard]] Status each(const char* sql, Row&& row, const Values&... values) {
        auto statement = prepare(sql);
        if (!statement) return fail(std::move(statement).error());
        statement->bindAll(values...);
        for (;;) {
            auto more = statement->step();
            if (!more) return fail(std::move(more).error());
            if (!*more) return {};
            if (Status status = row(*statement); !status) return status;
        }
    }
    // First column of the first row; nullopt where there is no row.
    template <typename... Values>
    [[nodiscard]] Result<std::optional<std::int64_t>> integer(const char* sql, const Values&... values) {
        std::optional<std::int64_t> found;
        Status status = each(
            sql,
            [&](Statement& row) -> Status {
                if (!found && !row.isNull(0)) found = row.integer(0);
                return {};
            },
            values...);
        if (!status) return fail(std::move(status).error());
        return found;
    }
    [[nodiscard]] std::int64_t lastRowId() const { return sqlite3_last_insert_rowid(connection_); }
    [[nodiscard]] bool inTransaction() const { return sqlite3_get_autocommit(connection_) == 0; }

private:
    sqlite3* connection_ = nullptr;
    std::string path_;
    std::unordered_map<const char*, sqlite3_stmt*> statements_;
};

// What the connection's last failure means to a user.
[[nodiscard]] Error sqliteError(sqlite3* connection, int code);

}  // namespace pilotlight::store
