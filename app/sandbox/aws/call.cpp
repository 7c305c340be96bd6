#include "app/sandbox/aws/call.h"

#include <charconv>
#include <cstdio>
#include <nlohmann/json.hpp>

namespace pilotlight::sandbox {

using nlohmann::json;

HttpResponse jsonResponse(const json& body, int status, const char* content_type) {
    HttpResponse response;
    response.status = status;
    response.content_type = content_type;
    response.body = body.dump(-1, ' ', false, json::error_handler_t::replace);
    return response;
}

bool nestedTooDeep(std::string_view text) {
    int depth = 0;
    bool quoted = false;
    for (std::size_t i = 0; i < text.size(); ++i) {
        const char c = text[i];
        if (quoted) {
            if (c == '\\') ++i;
            if (c == '"') quoted = false;
        } else if (c == '"') {
            quoted = true;
        } else if (c == '{' || c == '[') {
            if (++depth > 64) return true;
        } else if (c == '}' || c == ']') {
            --depth;
        }
    }
    return false;
}

Answer<json> jsonBody(const Call& call) {
    if (call.request.body.empty()) return json::object();
    if (nestedTooDeep(call.request.body)) return refuse(400, "SerializationException", "The request body is nested too deeply.");
    json body = json::parse(call.request.body, nullptr, false);
    if (body.is_discarded()) return refuse(400, "SerializationException", "Could not parse request body into json.");
    if (!body.is_object()) return refuse(400, "SerializationException", "Start of structure or map found where not expected.");
    return body;
}

std::optional<ServiceError> unknownMember(const json& object, std::initializer_list<const char*> known, const char* code) {
    for (const auto& [key, value] : object.items()) {
        bool found = false;
        for (const char* name : known) found = found || key == name;
        if (!found) return ServiceError{400, code, "Unknown parameter in input: \"" + key + "\".", {}, {}};
    }
    return std::nullopt;
}

std::optional<ServiceError> readText(const json& object, const char* key, std::string& out) {
    const auto found = object.find(key);
    if (found == object.end() || found->is_null()) return std::nullopt;
    if (!found->is_string()) return ServiceError{400, "SerializationException", std::string(key) + " must be a string.", {}, {}};
    out = found->get<std::string>();
    return std::nullopt;
}

std::optional<ServiceError> readInteger(const json& object, const char* key, std::optional<std::int64_t>& out) {
    const auto found = object.find(key);
    if (found == object.end() || found->is_null()) return std::nullopt;
    if (!found->is_number_integer() &&
        !(found->is_number_float() && found->get<double>() == static_cast<double>(static_cast<std::int64_t>(found->get<double>()))))
        return ServiceError{400, "SerializationException", std::string(key) + " must be an integer.", {}, {}};
    out = found->is_number_integer() ? found->get<std::int64_t>() : static_cast<std::int64_t>(found->get<double>());
    return std::nullopt;
}

std::string makeToken(std::uint64_t position, const std::string& query) {
    char text[64];
    std::snprintf(text, sizeof text, "%016llx%016llx", static_cast<unsigned long long>(position ^ 0x5bd1e995c6a4a793ULL),
                  static_cast<unsigned long long>(stableHash(query, position)));
    return text;
}

std::optional<std::uint64_t> readToken(const std::string& token, const std::string& query) {
    if (token.size() != 32) return std::nullopt;
    std::uint64_t position = 0, seal = 0;
    const char* p = token.data();
    if (std::from_chars(p, p + 16, position, 16).ptr != p + 16 || std::from_chars(p + 16, p + 32, seal, 16).ptr != p + 32)
        return std::nullopt;
    position ^= 0x5bd1e995c6a4a793ULL;
    return seal == stableHash(query, position) ? std::optional(position) : std::nullopt;
}

}  // namespace pilotlight::sandbox
