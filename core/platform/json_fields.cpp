#include "core/platform/json_fields.h"

#include <fmt/format.h>

#include <charconv>
#include <nlohmann/json.hpp>

namespace pilotlight::platform {

using nlohmann::json;

Result<json> parseObject(std::string_view text, std::string_view operation) {
    json value = json::parse(text, nullptr, false);
    if (!value.is_object()) {
        return fail(ErrorCode::protocol, fmt::format("The answer of {} is no JSON object", operation), "It cannot be read.",
                    "Check that the endpoint is the service's.");
    }
    return value;
}

namespace {

const json* find(const json& object, const char* key) {
    if (!object.is_object()) return nullptr;
    const auto at = object.find(key);
    return at == object.end() ? nullptr : &*at;
}

}  // namespace

std::string textField(const json& object, const char* key) {
    const json* value = find(object, key);
    return value != nullptr && value->is_string() ? value->get<std::string>() : std::string{};
}

std::optional<double> numberField(const json& object, const char* key) {
    const json* value = find(object, key);
    if (value == nullptr) return std::nullopt;
    if (value->is_number()) return value->get<double>();
    if (!value->is_string()) return std::nullopt;
    const auto& text = value->get_ref<const std::string&>();
    double number = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
    if (error != std::errc{} || end != text.data() + text.size() || !std::isfinite(number)) return std::nullopt;
    return number;
}

std::optional<std::int64_t> integerField(const json& object, const char* key) {
    if (const json* value = find(object, key); value != nullptr && value->is_number_integer()) {
        if (value->is_number_unsigned() && value->get<std::uint64_t>() > INT64_MAX) return std::nullopt;
        return value->get<std::int64_t>();
    }
    const auto number = numberField(object, key);
    if (!number || std::abs(*number) > 9e15) return std::nullopt;
    return static_cast<std::int64_t>(*number);
}

std::optional<std::int32_t> countField(const json& object, const char* key) {
    const auto value = integerField(object, key);
    return value && *value >= 0 && *value <= INT32_MAX ? std::optional(static_cast<std::int32_t>(*value)) : std::nullopt;
}

const json& arrayField(const json& object, const char* key) {
    static const json empty = json::array();
    const json* value = find(object, key);
    return value != nullptr && value->is_array() ? *value : empty;
}

const json& objectField(const json& object, const char* key) {
    static const json empty = json::object();
    const json* value = find(object, key);
    return value != nullptr && value->is_object() ? *value : empty;
}

}  // namespace pilotlight::platform
