// Profiles, functions, the history of their settings, account limits.
#include <fmt/format.h>

#include "core/store/bodies.h"

namespace pilotlight::store {
namespace {

// When the settings that we see now came into force. The platform's modification time is right for what moves it (memory, timeout), if
// it lies after the last time we looked; pools and limits do not move it.
Timestamp inForceSince(const Function& function, const std::optional<Store::SettingsAt>& last) {
    Timestamp seen = function.settings_as_of;
    if (seen == Timestamp{}) seen = function.last_modified;
    if (seen == Timestamp{}) seen = std::chrono::floor<milliseconds>(std::chrono::system_clock::now());
    if (last && configurationSettings(last->function) != configurationSettings(function) && function.last_modified > last->time &&
        function.last_modified < seen) {
        return function.last_modified;
    }
    return seen;
}

Result<std::optional<Store::SettingsAt>> lastSettings(Database& database, std::int64_t row) {
    std::optional<Store::SettingsAt> last;
    PILOTLIGHT_TRY(database.each(
        "SELECT time, body FROM settings_history WHERE function = ? ORDER BY time DESC LIMIT 1",
        [&](Statement& statement) -> Status {
            last.emplace();
            last->time = fromMs(statement.integer(0));
            return fromJson(statement.view(1), last->function);
        },
        row));
    return last;
}

Status rememberSettings(Database& database, std::int64_t row, const Function& function, const std::string& body) {
    PILOTLIGHT_ASSIGN(const auto last, lastSettings(database, row));
    if (last && tunedSettings(last->function) == tunedSettings(function)) return {};
    const Timestamp since = inForceSince(function, last);
    if (last && since <= last->time && function.settings_as_of < last->time) return {};  // an older reading that came late
    return database.run("INSERT OR REPLACE INTO settings_history (function, time, body) VALUES (?, ?, ?)", row, toMs(since), body);
}

}  // namespace

Result<std::int64_t> Store::Impl::findFunction(std::string_view function_id) {
    if (const auto known = function_rows.find(function_id); known != function_rows.end()) return known->second;
    PILOTLIGHT_ASSIGN(const auto row, database.integer("SELECT id FROM function WHERE function_id = ?", function_id));
    if (row && access == Access::write) function_rows.emplace(function_id, *row);
    return row.value_or(0);
}

Result<std::int64_t> Store::Impl::functionRow(std::string_view function_id) {
    PILOTLIGHT_ASSIGN(const std::int64_t known, findFunction(function_id));
    if (known != 0) return known;
    PILOTLIGHT_TRY(database.run("INSERT INTO function (function_id) VALUES (?)", function_id));
    const std::int64_t made = database.lastRowId();
    function_rows.emplace(function_id, made);
    return made;
}

Status Store::putProfile(const Profile& profile) {
    if (profile.name.empty()) return fail(ErrorCode::invalid_argument, "A profile needs a name");
    return impl_->write(Touched::settings, [&]() -> Status {
        // Price factors may have changed.
        PILOTLIGHT_TRY(impl_->database.run("DELETE FROM summarised WHERE function IN (SELECT id FROM function WHERE profile = ?)", profile.name));
        return impl_->database.run("INSERT OR REPLACE INTO profile (name, body) VALUES (?, ?)", profile.name, toJson(profile));
    });
}

Result<std::vector<Profile>> Store::profiles() const { return bodies<Profile>(impl_->database, "SELECT body FROM profile ORDER BY name"); }

Result<Profile> Store::profile(const std::string& name) const {
    PILOTLIGHT_ASSIGN(auto found, bodies<Profile>(impl_->database, "SELECT body FROM profile WHERE name = ?", name));
    if (found.empty()) return notFound("profile", name, "See 'pilotlightctl profile list'.");
    return std::move(found.front());
}

Status Store::removeProfile(const std::string& name) {
    PILOTLIGHT_TRY(profile(name));
    Impl& impl = *impl_;
    return impl.write(Touched::settings, [&]() -> Status {
        impl.touched |= static_cast<unsigned>(Touched::functions) | static_cast<unsigned>(Touched::metrics) |
                        static_cast<unsigned>(Touched::invocations) | static_cast<unsigned>(Touched::costs);
        std::vector<std::pair<std::int64_t, std::string>> rows;
        PILOTLIGHT_TRY(impl.database.each(
            "SELECT id, function_id FROM function WHERE profile = ?",
            [&](Statement& row) -> Status {
                rows.emplace_back(row.integer(0), row.text(1));
                return {};
            },
            name));
        for (const auto& [row, id] : rows) {
            PILOTLIGHT_TRY(impl.deleteMeasurements(row));
            PILOTLIGHT_TRY(impl.database.run("DELETE FROM settings_history WHERE function = ?", row));
            PILOTLIGHT_TRY(impl.database.run("DELETE FROM recommendation WHERE function_id = ?", id));
            PILOTLIGHT_TRY(impl.database.run("DELETE FROM note WHERE key GLOB 'sync.*/' || ?", id));
        }
        PILOTLIGHT_TRY(impl.database.run("DELETE FROM function WHERE profile = ?", name));
        PILOTLIGHT_TRY(impl.database.run("DELETE FROM account_limits WHERE profile = ?", name));
        PILOTLIGHT_TRY(impl.database.run("DELETE FROM cost_line WHERE profile = ?", name));
        PILOTLIGHT_TRY(impl.database.run("DELETE FROM spend WHERE profile = ?", name));
        PILOTLIGHT_TRY(impl.database.run("DELETE FROM import_record WHERE profile = ?", name));
        PILOTLIGHT_TRY(impl.database.run("DELETE FROM note WHERE key IN ('sync.costs/' || ?, 'sync.prices/' || ?)", name, name));
        impl.function_rows.clear();
        impl.series_rows.clear();
        return impl.database.run("DELETE FROM profile WHERE name = ?", name);
    });
}

Status Store::putFunction(const Function& function) {
    if (function.id.empty()) return fail(ErrorCode::invalid_argument, "A function needs an id");
    return impl_->write(Touched::functions, [&]() -> Status {
        PILOTLIGHT_ASSIGN(const std::int64_t row, impl_->functionRow(function.id));
        Function kept = function;
        if (function.platform == PlatformKind::azure && !function.app_functions) {
            PILOTLIGHT_ASSIGN(const auto before, bodies<Function>(impl_->database, "SELECT body FROM function WHERE id = ? AND body IS NOT NULL", row));
            if (!before.empty()) kept.app_functions = before.front().app_functions;
        }
        const std::string body = toJson(kept);
        PILOTLIGHT_TRY(impl_->database.run("UPDATE function SET profile = ?, region = ?, name = ?, present = 1, body = ? WHERE id = ?",
                                           function.profile, function.region, function.name, body, row));
        return rememberSettings(impl_->database, row, function, body);
    });
}

Status Store::putFunctions(const std::string& profile, std::span<const Function> functions, std::span<const std::string> regions_read) {
    return impl_->write(Touched::functions, [&]() -> Status {
        for (const std::string& region : regions_read) {
            PILOTLIGHT_TRY(impl_->database.run("UPDATE function SET present = 0 WHERE profile = ? AND region = ?", profile, region));
        }
        for (const Function& function : functions) {
            if (function.profile == profile) {
                PILOTLIGHT_TRY(putFunction(function));
            } else {
                Function owned = function;
                owned.profile = profile;
                PILOTLIGHT_TRY(putFunction(owned));
            }
        }
        return {};
    });
}

Result<std::vector<Function>> Store::functions() const {
    return bodies<Function>(impl_->database, "SELECT body FROM function WHERE present = 1 ORDER BY name, function_id");
}

Result<Function> Store::function(std::string_view id_or_name) const {
    return impl_->readTogether([&]() -> Result<Function> {
        PILOTLIGHT_ASSIGN(auto by_id, bodies<Function>(impl_->database,
                                                       "SELECT body FROM function WHERE function_id = ? AND body IS NOT NULL", id_or_name));
        if (!by_id.empty()) return std::move(by_id.front());
        PILOTLIGHT_ASSIGN(
            auto by_name,
            bodies<Function>(impl_->database, "SELECT body FROM function WHERE name = ? AND present = 1 ORDER BY function_id", id_or_name));
        if (by_name.empty()) return notFound("function", std::string(id_or_name), "See 'pilotlightctl functions', or sync first.");
        if (by_name.size() > 1) {
            std::string ids;
            for (const Function& function : by_name) ids += "\n  " + function.id;
            return fail(ErrorCode::ambiguous, fmt::format("'{}' names {} functions:{}", id_or_name, by_name.size(), ids), "",
                        "Use the id.");
        }
        return std::move(by_name.front());
    });
}

Result<std::vector<Store::SettingsAt>> Store::settingsHistory(const std::string& function_id) const {
    return impl_->readTogether([&]() -> Result<std::vector<SettingsAt>> {
        std::vector<SettingsAt> history;
        PILOTLIGHT_ASSIGN(const std::int64_t row, impl_->findFunction(function_id));
        if (row == 0) return history;
        PILOTLIGHT_TRY(impl_->database.each(
            "SELECT time, body FROM settings_history WHERE function = ? ORDER BY time",
            [&](Statement& statement) -> Status {
                SettingsAt& at = history.emplace_back();
                at.time = fromMs(statement.integer(0));
                return fromJson(statement.view(1), at.function);
            },
            row));
        return history;
    });
}

Status Store::putLimits(const AccountLimits& limits) {
    return impl_->write(Touched::functions, [&]() -> Status {
        return impl_->database.run("INSERT OR REPLACE INTO account_limits VALUES (?, ?, ?, ?, ?)", limits.profile, limits.region,
                                   limits.concurrent_executions, limits.unreserved_concurrent_executions, toMs(limits.as_of));
    });
}

Result<std::optional<AccountLimits>> Store::limits(const std::string& profile, const std::string& region) const {
    std::optional<AccountLimits> found;
    PILOTLIGHT_TRY(impl_->database.each(
        "SELECT concurrent_executions, unreserved, as_of FROM account_limits WHERE profile = ? AND region = ?",
        [&](Statement& row) -> Status {
            found = AccountLimits{profile, region, static_cast<std::int32_t>(row.integer(0)), static_cast<std::int32_t>(row.integer(1)),
                                  fromMs(row.integer(2))};
            return {};
        },
        profile, region));
    return found;
}

}  // namespace pilotlight::store
