// The control files of the kernel, as text.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "core/base/result.h"

namespace pilotlight::agent {

[[nodiscard]] std::string readText(const std::string& path);                      // empty where it cannot be read
[[nodiscard]] Status writeText(const std::string& path, const std::string& text);
[[nodiscard]] std::optional<std::int64_t> readNumber(const std::string& path);
// The number after `key` in a file of "key number" lines.
[[nodiscard]] std::optional<std::int64_t> readField(const std::string& path, const std::string& key);

// The folder of this process in the hierarchy of `controller` (v1: "cpu", "memory"), or in the unified one (""); empty = not mounted.
[[nodiscard]] std::string ownControlGroup(const std::string& controller);
// A name no other agent uses: "pilotlight-<pid>-<count>".
[[nodiscard]] std::string freshGroupName();
// Removes groups below `parent` whose agent is gone.
void sweepControlGroups(const std::string& parent);

}  // namespace pilotlight::agent
