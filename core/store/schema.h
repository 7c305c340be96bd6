// The tables, as numbered migrations. PRAGMA user_version is the number of the last one that ran; application_id says whose file it is.
#pragma once

#include <cstdint>
#include <string>

#include "core/base/result.h"
#include "core/store/database.h"

namespace pilotlight::store {

inline constexpr std::int32_t kApplicationId = 0x504C6974;  // "PLit"
inline constexpr int kSchemaVersion = 3;
inline constexpr const char* kFileName = "pilotlight.db";

// What the first page of a database file says, read without SQLite, so that a file of a newer version is not even opened.
struct FileHeader {
    bool exists = false;
    bool empty = true;
    bool sqlite = false;
    std::int32_t application_id = 0;
    std::int32_t version = 0;
};
[[nodiscard]] Result<FileHeader> readFileHeader(const std::string& path);

[[nodiscard]] Error tooNew(const std::string& path, int version);

// Version of the open database. too_new; storage where it is somebody else's file.
[[nodiscard]] Result<int> schemaVersion(Database& database);
// Runs what is missing, all of it in one transaction: an interrupted migration leaves the old version.
[[nodiscard]] Status migrate(Database& database);

}  // namespace pilotlight::store
