// What was computed from functions' data, kept so that a table of a thousand functions needs none of their points.
#include "core/store/store_impl.h"

namespace pilotlight::store {

Status Store::Impl::outdateSummaries(std::int64_t function) {
    return database.run("DELETE FROM summarised WHERE function = ?", function);
}

Status Store::putSummaries(std::span<const Summary> summaries) {
    if (summaries.empty()) return {};
    return impl_->write(Touched::metrics, [&]() -> Status {
        for (const Summary& summary : summaries) {
            PILOTLIGHT_ASSIGN(const std::int64_t function, impl_->functionRow(summary.function_id));
            PILOTLIGHT_TRY(impl_->database.run("INSERT OR REPLACE INTO summary (kind, function, begin, end, body) VALUES (?, ?, ?, ?, ?)",
                                               summary.kind, function, toMs(summary.range.begin), toMs(summary.range.end), summary.body));
            PILOTLIGHT_TRY(impl_->database.run("INSERT OR REPLACE INTO summarised (function) VALUES (?)", function));
        }
        return {};
    });
}

Result<std::vector<Store::Summary>> Store::summaries(std::string_view kind) const {
    std::vector<Summary> found;
    PILOTLIGHT_TRY(impl_->database.each(
        "SELECT f.function_id, s.begin, s.end, s.body FROM summary s JOIN function f ON f.id = s.function WHERE s.kind = ?",
        [&](Statement& row) -> Status {
            found.push_back({row.text(0), std::string(kind), {fromMs(row.integer(1)), fromMs(row.integer(2))}, row.text(3)});
            return {};
        },
        kind));
    return found;
}

Result<std::vector<std::string>> Store::outdatedSummaries(const std::string& profile) const {
    std::vector<std::string> found;
    PILOTLIGHT_TRY(impl_->database.each(
        "SELECT function_id FROM function WHERE profile = ? AND present = 1 AND body IS NOT NULL "
        "AND id NOT IN (SELECT function FROM summarised) ORDER BY function_id",
        [&](Statement& row) -> Status {
            found.push_back(row.text(0));
            return {};
        },
        profile));
    return found;
}

}  // namespace pilotlight::store
