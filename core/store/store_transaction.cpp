// Transactions, the change counters, and durability.
#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

#include "core/store/store_impl.h"

namespace pilotlight::store {

Status Store::transaction(const std::function<Status()>& body) { return impl_->transaction(body); }

Status Store::Impl::transaction(const std::function<Status()>& body) {
    if (access != Access::write) {
        return fail(ErrorCode::internal, "A store that was opened for reading was asked to write", "Nothing was changed.",
                    "Please report this.");
    }
    return depth == 0 ? outermost(body) : nested(body);
}

Status Store::Impl::outermost(const std::function<Status()>& body) {
    PILOTLIGHT_TRY(database.execute("BEGIN IMMEDIATE"));
    touched = 0;
    durable = false;
    const auto giveUp = [&] {
        // SQLite may have rolled back by itself (full disk).
        if (database.inTransaction()) (void)database.execute("ROLLBACK");
        function_rows.clear();
        series_rows.clear();
    };
    ++depth;
    Status done;
    try {
        done = body();
    } catch (...) {
        --depth;
        giveUp();
        throw;
    }
    --depth;
    if (done && touched != 0) done = bumpVersion();
    if (done) done = database.execute("COMMIT");
    if (!done) {
        giveUp();
        return done;
    }
    return durable ? syncLog() : Status{};
}

Status Store::Impl::nested(const std::function<Status()>& body) {
    const std::string name = fmt::format("s{}", depth);
    PILOTLIGHT_TRY(database.execute(("SAVEPOINT " + name).c_str()));
    ++depth;
    Status done;
    try {
        done = body();
    } catch (...) {
        --depth;
        throw;  // the outermost level rolls everything back
    }
    --depth;
    if (!done) {
        if (database.inTransaction()) (void)database.execute(("ROLLBACK TO " + name + "; RELEASE " + name).c_str());
        function_rows.clear();
        series_rows.clear();
        return done;
    }
    return database.execute(("RELEASE " + name).c_str());
}

Status Store::Impl::bumpVersion() {
    const auto moved = [&](Touched what) { return static_cast<std::int64_t>((touched & static_cast<unsigned>(what)) != 0); };
    return database.run(
        "UPDATE data_version SET functions = functions + ?, metrics = metrics + ?, invocations = invocations + ?, "
        "costs = costs + ?, changes = changes + ?, settings = settings + ?",
        moved(Touched::functions), moved(Touched::metrics), moved(Touched::invocations), moved(Touched::costs), moved(Touched::changes),
        moved(Touched::settings));
}

// With synchronous = NORMAL a commit is in the log file but maybe not on the disk. Syncing the log afterwards is what FULL does; SQLite
// holds no file locks on it that closing our descriptor would drop.
Status Store::Impl::syncLog() {
    const std::string path = database.path() + "-wal";
    const int descriptor = ::open(path.c_str(), O_RDWR | O_CLOEXEC);
    const bool synced = descriptor >= 0 && ::fdatasync(descriptor) == 0;
    const int reason = errno;
    if (descriptor >= 0) ::close(descriptor);
    if (synced) return {};
    return fail(ErrorCode::storage, fmt::format("{} cannot be brought to the disk: {}", path, std::strerror(reason)),
                "The entry may be lost if this machine stops now.", "Check the disk, then repeat.");
}

Result<DataVersion> Store::version() const {
    DataVersion version;
    PILOTLIGHT_TRY(impl_->database.each(
        "SELECT functions, metrics, invocations, costs, changes, settings FROM data_version", [&](Statement& row) -> Status {
            version = {row.integer(0), row.integer(1), row.integer(2), row.integer(3), row.integer(4), row.integer(5)};
            return {};
        }));
    return version;
}

}  // namespace pilotlight::store
