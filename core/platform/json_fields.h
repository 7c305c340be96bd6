// Reading of JSON whose shape is the platform's word only: an absent or wrongly typed field is a default, never an exception.
#pragma once

#include <cstdint>
#include <nlohmann/json_fwd.hpp>
#include <optional>
#include <string>
#include <string_view>

#include "core/base/result.h"

namespace pilotlight::platform {

// protocol where the text is no JSON object; `operation` is named in the error.
[[nodiscard]] Result<nlohmann::json> parseObject(std::string_view text, std::string_view operation);

[[nodiscard]] std::string textField(const nlohmann::json& object, const char* key);
// A number, or a number in a string; nullopt where absent, not a number or out of range.
[[nodiscard]] std::optional<std::int64_t> integerField(const nlohmann::json& object, const char* key);
// An integer from 0 on that fits; nullopt else.
[[nodiscard]] std::optional<std::int32_t> countField(const nlohmann::json& object, const char* key);
[[nodiscard]] std::optional<double> numberField(const nlohmann::json& object, const char* key);
// The array or object of that name; an empty one (static) where absent.
[[nodiscard]] const nlohmann::json& arrayField(const nlohmann::json& object, const char* key);
[[nodiscard]] const nlohmann::json& objectField(const nlohmann::json& object, const char* key);

}  // namespace pilotlight::platform
