// What the Store's .cpp files share. Internal.
#pragma once

#include <map>
#include <optional>
#include <string>

#include "core/store/database.h"
#include "core/store/store.h"
#include "core/store/writer_lock.h"

namespace pilotlight::store {

// Which counter of DataVersion a write moves.
enum class Touched : unsigned { functions = 1, metrics = 2, invocations = 4, costs = 8, changes = 16, settings = 32 };

struct Store::Impl {
    std::string directory;
    Access access = Access::read;
    std::optional<WriterLock> lock;  // released after the connection is closed
    Database database;
    int depth = 0;                                                   // of nested transactions
    unsigned touched = 0;                                            // Touched bits since the outermost BEGIN
    bool durable = false;                                            // sync the log when the outermost transaction is kept
    std::map<std::string, std::int64_t, std::less<>> function_rows;  // writer's cache; emptied when a transaction is given up
    std::map<SeriesKey, std::int64_t> series_rows;

    ~Impl() {
        database.close();
        lock.reset();
    }

    // Runs `body` in a transaction (or a savepoint of the one that is open) and marks what it touched.
    template <typename Body>
    [[nodiscard]] Status write(Touched what, Body&& body) {
        return transaction([&]() -> Status {
            touched |= static_cast<unsigned>(what);
            return body();
        });
    }
    [[nodiscard]] Status transaction(const std::function<Status()>& body);

    // One consistent look for several queries.
    template <typename Body>
    [[nodiscard]] auto readTogether(Body&& body) -> decltype(body()) {
        if (depth > 0 || database.inTransaction()) return body();
        if (Status begun = database.execute("BEGIN"); !begun) return fail(std::move(begun).error());
        auto result = body();
        if (Status ended = database.execute("COMMIT"); !ended && result) return fail(std::move(ended).error());
        return result;
    }

    // Row of the function dictionary; 0 = not there.
    [[nodiscard]] Result<std::int64_t> findFunction(std::string_view function_id);
    [[nodiscard]] Result<std::int64_t> functionRow(std::string_view function_id);  // makes one
    [[nodiscard]] Result<std::int64_t> findSeries(const SeriesKey& key);
    [[nodiscard]] Status deleteMeasurements(std::int64_t function);  // metrics, invocations, observations
    [[nodiscard]] Status outdateSummaries(std::int64_t function);

private:
    [[nodiscard]] Status outermost(const std::function<Status()>& body);
    [[nodiscard]] Status nested(const std::function<Status()>& body);
    [[nodiscard]] Status bumpVersion();
    [[nodiscard]] Status syncLog();
};

// Columns of instants.
[[nodiscard]] inline std::int64_t toMs(Timestamp time) { return time.time_since_epoch().count(); }
[[nodiscard]] inline Timestamp fromMs(std::int64_t ms) { return Timestamp(milliseconds(ms)); }

// not_found in the user's words.
[[nodiscard]] inline tl::unexpected<Error> notFound(const std::string& what, const std::string& name, const std::string& action) {
    return fail(ErrorCode::not_found, "There is no " + what + " '" + name + "' in this workspace", "", action);
}

}  // namespace pilotlight::store
