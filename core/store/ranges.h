// Coverage as rows (begin, end): sorted, disjoint, non-adjacent, as RangeSet. Internal.
#pragma once

#include "core/store/store_impl.h"

namespace pilotlight::store {

// Statements over one table of ranges; ids are bound first, in order.
struct RangeTable {
    const char* touching;  // SELECT begin, end ... WHERE <ids> AND begin <= ? AND end >= ?
    const char* remove;    // DELETE ... WHERE <ids> AND begin = ?
    const char* insert;    // INSERT ... VALUES (<ids>, ?, ?)
    const char* inside;    // SELECT begin, end ... WHERE <ids> AND begin < ? AND end > ? ORDER BY begin
};

template <typename... Ids>
[[nodiscard]] Status addRange(Database& database, const RangeTable& table, TimeRange range, const Ids&... ids) {
    if (range.empty()) return {};
    std::int64_t begin = toMs(range.begin), end = toMs(range.end);
    std::vector<std::pair<std::int64_t, std::int64_t>> joined;
    PILOTLIGHT_TRY(database.each(
        table.touching,
        [&](Statement& row) -> Status {
            joined.emplace_back(row.integer(0), row.integer(1));
            return {};
        },
        ids..., end, begin));
    if (joined.size() == 1 && joined[0].first <= begin && joined[0].second >= end) return {};  // known already
    for (const auto& [old_begin, old_end] : joined) {
        begin = std::min(begin, old_begin);
        end = std::max(end, old_end);
        PILOTLIGHT_TRY(database.run(table.remove, ids..., old_begin));
    }
    return database.run(table.insert, ids..., begin, end);
}

template <typename... Ids>
[[nodiscard]] Result<RangeSet> readRanges(Database& database, const RangeTable& table, TimeRange range, const Ids&... ids) {
    std::vector<TimeRange> found;
    Status status = database.each(
        table.inside,
        [&](Statement& row) -> Status {
            found.push_back(TimeRange{fromMs(row.integer(0)), fromMs(row.integer(1))}.clippedTo(range));
            return {};
        },
        ids..., toMs(range.end), toMs(range.begin));
    if (!status) return fail(std::move(status).error());
    return RangeSet(std::move(found));
}

}  // namespace pilotlight::store
