// One description of a struct's fields serves both ways: describe(archive, struct) with a Writer makes JSON, with a Reader fills the
// struct. For .cpp files of the store only, which include <nlohmann/json.hpp> before this (heavy headers stay out of headers).
#pragma once

#include <map>
#include <optional>
#include <string>
#include <type_traits>
#include <vector>

#include "core/base/money.h"
#include "core/base/time.h"
#include "core/base/units.h"
#include "core/domain/function.h"

namespace pilotlight::store::json {

using Json = nlohmann::json;

// How enums are spelt: specialise with `static constexpr const char* names[]`, in the order of the enumerators.
template <typename T>
struct Spelling;

template <typename T>
Json write(const T& value);
template <typename T>
void read(const Json& from, T& to);

struct Writer {
    Json& object;
    template <typename T>
    void operator()(const char* key, const T& value) {
        object[key] = write(value);
    }
    template <typename T>
    void operator()(const char* key, const std::optional<T>& value) {
        if (value) object[key] = write(*value);
    }
};
struct Reader {
    const Json& object;
    template <typename T>
    void operator()(const char* key, T& value) {
        if (const auto at = object.find(key); at != object.end() && !at->is_null()) read(*at, value);
    }
    template <typename T>
    void operator()(const char* key, std::optional<T>& value) {
        if (const auto at = object.find(key); at != object.end() && !at->is_null()) read(*at, value.emplace());
    }
};

template <typename T>
struct IsVector : std::false_type {};
template <typename T>
struct IsVector<std::vector<T>> : std::true_type {};
template <typename T>
struct IsMap : std::false_type {};
template <typename T>
struct IsMap<std::map<std::string, T>> : std::true_type {};
template <typename T>
struct IsPair : std::false_type {};
template <typename A, typename B>
struct IsPair<std::pair<A, B>> : std::true_type {};

template <typename T>
Json write(const T& value) {
    if constexpr (std::is_same_v<T, std::string> || std::is_arithmetic_v<T>) {
        return value;
    } else if constexpr (std::is_enum_v<T>) {
        return Spelling<T>::names[static_cast<std::size_t>(value)];
    } else if constexpr (std::is_same_v<T, Timestamp>) {
        return value.time_since_epoch().count();
    } else if constexpr (std::is_same_v<T, seconds>) {
        return value.count();
    } else if constexpr (std::is_same_v<T, Money>) {
        return value.units();
    } else if constexpr (std::is_same_v<T, Megabytes>) {
        return value.value;
    } else if constexpr (IsVector<T>::value) {
        Json array = Json::array();
        for (const auto& item : value) array.push_back(write(item));
        return array;
    } else if constexpr (IsMap<T>::value) {
        Json object = Json::object();
        for (const auto& [key, item] : value) object[key] = write(item);
        return object;
    } else if constexpr (IsPair<T>::value) {
        return Json::array({write(value.first), write(value.second)});
    } else {
        Json object = Json::object();
        Writer writer{object};
        describe(writer, const_cast<T&>(value));  // Writer only reads
        return object;
    }
}

template <typename T>
void read(const Json& from, T& to) {
    if constexpr (std::is_same_v<T, std::string>) {
        if (const auto* text = from.get_ptr<const Json::string_t*>()) to = *text;
    } else if constexpr (std::is_same_v<T, bool>) {
        if (from.is_boolean()) to = from.template get<bool>();
    } else if constexpr (std::is_arithmetic_v<T>) {
        if (from.is_number()) to = from.template get<T>();
    } else if constexpr (std::is_enum_v<T>) {
        const auto* text = from.get_ptr<const Json::string_t*>();
        for (std::size_t i = 0; text && i < std::size(Spelling<T>::names); ++i) {
            if (*text == Spelling<T>::names[i]) to = static_cast<T>(i);
        }
    } else if constexpr (std::is_same_v<T, Timestamp>) {
        if (from.is_number()) to = Timestamp(milliseconds(from.template get<std::int64_t>()));
    } else if constexpr (std::is_same_v<T, seconds>) {
        if (from.is_number()) to = seconds(from.template get<std::int64_t>());
    } else if constexpr (std::is_same_v<T, Money>) {
        if (from.is_number()) to = Money::fromUnits(from.template get<std::int64_t>());
    } else if constexpr (std::is_same_v<T, Megabytes>) {
        if (from.is_number()) to = Megabytes{from.template get<std::int32_t>()};
    } else if constexpr (IsVector<T>::value) {
        if (!from.is_array()) return;
        to.clear();
        for (const auto& item : from) read(item, to.emplace_back());
    } else if constexpr (IsMap<T>::value) {
        if (!from.is_object()) return;
        to.clear();
        for (const auto& [key, item] : from.items()) read(item, to[key]);
    } else if constexpr (IsPair<T>::value) {
        if (!from.is_array() || from.size() != 2) return;
        read(from[0], to.first);
        read(from[1], to.second);
    } else {
        if (!from.is_object()) return;
        Reader reader{from};
        describe(reader, to);
    }
}

template <typename T>
std::string text(const T& value) {
    // What a platform sent as text may not be UTF-8; it is kept readable rather than refused.
    return write(value).dump(-1, ' ', false, Json::error_handler_t::replace);
}

template <typename T>
Status parse(std::string_view text, T& value) {
    const Json object = Json::parse(text, nullptr, false);
    if (!object.is_object()) {
        return fail(ErrorCode::storage, "A record in the workspace is damaged", "The rest of the workspace is not affected.",
                    "Restore the workspace from a copy.");
    }
    read(object, value);
    return {};
}

}  // namespace pilotlight::store::json
