// What reading cost, what was imported, and small settings of the programs.
#include "core/store/bodies.h"

namespace pilotlight::store {
namespace {

std::int64_t dayOf(Timestamp time) { return std::chrono::floor<std::chrono::days>(time).time_since_epoch().count(); }

}  // namespace

Status Store::addSpend(const std::string& profile, Timestamp day, const DailySpend& spend) {
    return impl_->write(Touched::settings, [&]() -> Status {
        return impl_->database.run(
            "INSERT INTO spend VALUES (?, ?, ?, ?, ?, ?, ?) ON CONFLICT (profile, day) DO UPDATE SET calls = calls + excluded.calls, "
            "retries = retries + excluded.retries, throttled = throttled + excluded.throttled, bytes = bytes + excluded.bytes, "
            "money = money + excluded.money",
            profile, dayOf(day), spend.calls, spend.retries, spend.throttled, static_cast<std::int64_t>(spend.bytes), spend.money.units());
    });
}

Result<DailySpend> Store::spend(const std::string& profile, Timestamp day) const {
    DailySpend spend;
    PILOTLIGHT_TRY(impl_->database.each(
        "SELECT calls, retries, throttled, bytes, money FROM spend WHERE profile = ? AND day = ?",
        [&](Statement& row) -> Status {
            spend = {row.integer(0), row.integer(1), row.integer(2), static_cast<std::uint64_t>(row.integer(3)),
                     Money::fromUnits(row.integer(4))};
            return {};
        },
        profile, dayOf(day)));
    return spend;
}

Status Store::putImport(const ImportRecord& record) {
    return impl_->write(Touched::settings, [&]() -> Status {
        return impl_->database.run("INSERT INTO import_record (profile, ended, body) VALUES (?, ?, ?)", record.profile, toMs(record.ended),
                                   toJson(record));
    });
}

Result<std::vector<ImportRecord>> Store::imports(std::size_t newest) const {
    return bodies<ImportRecord>(impl_->database, "SELECT body FROM import_record ORDER BY id DESC LIMIT ?",
                                static_cast<std::int64_t>(std::min<std::size_t>(newest, INT32_MAX)));
}

Status Store::putNote(const std::string& key, const std::string& value) {
    return impl_->transaction([&]() -> Status {
        PILOTLIGHT_ASSIGN(const auto old, note(key));
        if (old == value) return {};
        // Marks of the sync itself are no news to a window.
        if (!key.starts_with("sync.")) impl_->touched |= static_cast<unsigned>(Touched::settings);
        return impl_->database.run("INSERT OR REPLACE INTO note VALUES (?, ?)", key, value);
    });
}

Result<std::optional<std::string>> Store::note(const std::string& key) const {
    std::optional<std::string> value;
    PILOTLIGHT_TRY(impl_->database.each(
        "SELECT value FROM note WHERE key = ?",
        [&](Statement& row) -> Status {
            value = row.text(0);
            return {};
        },
        key));
    return value;
}

}  // namespace pilotlight::store
