#include "app/sandbox/aws/query_protocol.h"

#include <cmath>
#include <cstdio>
#include <nlohmann/json.hpp>

namespace pilotlight::sandbox {

using nlohmann::json;

namespace {

void writeXml(std::string& out, const std::string& name, const json& value, bool is_time = false) {
    if (value.is_null()) return;
    out += "<" + name + ">";
    if (value.is_object() && name == "ExtendedStatistics") {  // a map
        for (const auto& [key, child] : value.items()) {
            out += "<entry><key>" + xmlEscape(key) + "</key>";
            writeXml(out, "value", child);
            out += "</entry>";
        }
    } else if (value.is_object()) {
        for (const auto& [key, child] : value.items()) writeXml(out, key, child);
    } else if (value.is_array()) {
        for (const auto& child : value) writeXml(out, "member", child, name == "Timestamps");
    } else if (value.is_number() && (is_time || name == "Timestamp")) {
        out += isoSeconds(static_cast<std::int64_t>(value.get<double>() * 1e6));
    } else if (value.is_number_float()) {
        char text[40];
        const double number = value.get<double>();
        std::snprintf(text, sizeof text, number == std::floor(number) && std::fabs(number) < 1e15 ? "%.1f" : "%.17g", number);
        out += text;
    } else if (value.is_string()) {
        out += xmlEscape(value.get_ref<const std::string&>());
    } else {
        out += value.dump();
    }
    out += "</" + name + ">";
}

}  // namespace

Answer<json> parametersToJson(const std::string& form) {
    HttpRequest fake;
    fake.raw_query = form;
    json root = json::object();
    std::size_t made = 0;  // list elements, so that a few bytes cannot ask for gigabytes
    const auto malformed = [](const std::string& key) {
        return refuse(400, "MalformedInput", "The parameter " + key + " cannot be read.");
    };
    for (const auto& [key, value] : fake.query()) {
        json* at = &root;
        std::size_t i = 0;
        int depth = 0;
        while (true) {
            if (++depth > 16) return malformed(key);
            const auto dot = std::min(key.find('.', i), key.size());
            const std::string part = key.substr(i, dot - i);
            if (part.empty()) return malformed(key);
            if (part == "member") {
                if (at->is_null()) *at = json::array();
                const auto end = std::min(key.find('.', dot + 1), key.size());
                const std::string index = dot < key.size() ? key.substr(dot + 1, end - dot - 1) : "";
                if (!at->is_array() || index.empty() || index.size() > 5 || index.find_first_not_of("0123456789") != std::string::npos)
                    return malformed(key);
                const std::size_t n = static_cast<std::size_t>(std::stoi(index));
                if (n < 1 || n > 5000) return malformed(key);
                if (n > at->size() && (made += n - at->size()) > 100'000) return malformed(key);
                while (at->size() < n) at->push_back(nullptr);
                at = &(*at)[n - 1];
                i = end + 1;
                if (end == key.size()) break;
                continue;
            }
            if (at->is_null()) *at = json::object();
            if (!at->is_object()) return malformed(key);
            at = &(*at)[part];
            i = dot + 1;
            if (dot == key.size()) break;
        }
        if (!at->is_null()) return malformed(key);
        *at = value;
    }
    return root;
}

HttpResponse xmlResponse(const std::string& operation, const json& result, const std::string& name_space, const std::string& request_id) {
    HttpResponse response;
    response.content_type = "text/xml";
    std::string inside;
    writeXml(inside, operation + "Result", result);
    response.body = "<" + operation + "Response xmlns=\"" + name_space + "\">" + inside + "<ResponseMetadata><RequestId>" + request_id +
                    "</RequestId></ResponseMetadata></" + operation + "Response>";
    return response;
}

}  // namespace pilotlight::sandbox
