// Rows whose JSON column is a domain struct. Internal.
#pragma once

#include "core/store/codec.h"
#include "core/store/store_impl.h"

namespace pilotlight::store {

template <typename T, typename... Values>
[[nodiscard]] Result<std::vector<T>> bodies(Database& database, const char* sql, const Values&... values) {
    std::vector<T> found;
    Status status = database.each(sql, [&](Statement& row) -> Status { return fromJson(row.view(0), found.emplace_back()); }, values...);
    if (!status) return fail(std::move(status).error());
    return found;
}

}  // namespace pilotlight::store
