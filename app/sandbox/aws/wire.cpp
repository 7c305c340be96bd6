#include "app/sandbox/aws/wire.h"

#include <charconv>
#include <chrono>
#include <cstdio>
#include <nlohmann/json.hpp>

namespace pilotlight::sandbox {
namespace {

int hexValue(char c) {
    if (c >= '0' && c <= '9') return c - '0';
    if (c >= 'a' && c <= 'f') return c - 'a' + 10;
    if (c >= 'A' && c <= 'F') return c - 'A' + 10;
    return -1;
}

struct Parts {
    int year, month, day, hour, minute, second, millis, weekday;
};

Parts partsOf(std::int64_t micros) {
    const std::chrono::sys_time<std::chrono::microseconds> t{std::chrono::microseconds(micros)};
    const auto day = std::chrono::floor<std::chrono::days>(t);
    const std::chrono::year_month_day date{day};
    const auto rest = t - day;
    const auto ms = std::chrono::duration_cast<std::chrono::milliseconds>(rest).count();
    return {static_cast<int>(date.year()),
            static_cast<int>(static_cast<unsigned>(date.month())),
            static_cast<int>(static_cast<unsigned>(date.day())),
            static_cast<int>(ms / 3600000),
            static_cast<int>(ms / 60000 % 60),
            static_cast<int>(ms / 1000 % 60),
            static_cast<int>(ms % 1000),
            static_cast<int>(std::chrono::weekday{day}.c_encoding())};
}

template <typename... Args>
std::string format(const char* pattern, Args... args) {
    char text[96];
    std::snprintf(text, sizeof text, pattern, args...);
    return text;
}

}  // namespace

std::string HttpRequest::header(std::string_view lower_name) const {
    for (const auto& [name, value] : headers)
        if (name == lower_name) return value;
    return {};
}

std::vector<std::pair<std::string, std::string>> HttpRequest::query() const {
    std::vector<std::pair<std::string, std::string>> pairs;
    std::string_view rest = raw_query;
    while (!rest.empty()) {
        const auto amp = rest.find('&');
        const std::string_view item = rest.substr(0, amp);
        rest = amp == std::string_view::npos ? std::string_view{} : rest.substr(amp + 1);
        if (item.empty()) continue;
        const auto equals = item.find('=');
        pairs.emplace_back(percentDecode(item.substr(0, equals), true),
                           equals == std::string_view::npos ? std::string{} : percentDecode(item.substr(equals + 1), true));
    }
    return pairs;
}

std::string percentDecode(std::string_view text, bool plus_is_space) {
    std::string out;
    out.reserve(text.size());
    for (std::size_t i = 0; i < text.size(); ++i) {
        if (text[i] == '%' && i + 2 < text.size() && hexValue(text[i + 1]) >= 0 && hexValue(text[i + 2]) >= 0) {
            out += static_cast<char>(hexValue(text[i + 1]) * 16 + hexValue(text[i + 2]));
            i += 2;
        } else {
            out += plus_is_space && text[i] == '+' ? ' ' : text[i];
        }
    }
    return out;
}

std::string percentEncode(std::string_view text, bool keep_slash) {
    static constexpr char kHex[] = "0123456789ABCDEF";
    std::string out;
    out.reserve(text.size() + 16);
    for (const char c : text) {
        const bool plain = (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-' || c == '_' || c == '.' ||
                           c == '~' || (keep_slash && c == '/');
        if (plain) {
            out += c;
        } else {
            out += '%';
            out += kHex[static_cast<unsigned char>(c) >> 4];
            out += kHex[static_cast<unsigned char>(c) & 15];
        }
    }
    return out;
}

std::string xmlEscape(std::string_view text) {
    std::string out;
    for (const char c : text) {
        switch (c) {
            case '&':
                out += "&amp;";
                break;
            case '<':
                out += "&lt;";
                break;
            case '>':
                out += "&gt;";
                break;
            case '"':
                out += "&quot;";
                break;
            default:
                out += c;
        }
    }
    return out;
}

HttpResponse errorResponse(Protocol protocol, const ServiceError& error, const std::string& request_id) {
    HttpResponse response;
    response.status = error.status;
    const std::string query_code = error.query_code.empty() ? error.code : error.query_code;
    const bool server_side = error.status >= 500;
    using nlohmann::json;
    const auto dump = [](const json& value) { return value.dump(-1, ' ', false, json::error_handler_t::replace); };
    switch (protocol) {
        case Protocol::rest_json: {
            json body{{"Type", server_side ? "Service" : "User"}, {"Message", error.message}, {"message", error.message}};
            if (!error.reason.empty()) body["Reason"] = error.reason;
            response.body = dump(body);
            response.headers.emplace_back("x-amzn-ErrorType", error.code + ":http://internal.amazon.com/coral/com.amazonaws.lambda/");
            if (error.status == 429) response.headers.emplace_back("Retry-After", "1");
            break;
        }
        case Protocol::json:
            response.content_type = "application/x-amz-json-1.1";
            response.body = dump(json{{"__type", error.code}, {"message", error.message}, {"Message", error.message}});
            response.headers.emplace_back("x-amzn-ErrorType", error.code);
            if (!error.query_code.empty())
                response.headers.emplace_back("x-amzn-query-error", query_code + (server_side ? ";Receiver" : ";Sender"));
            break;
        case Protocol::query:
            response.content_type = "text/xml";
            response.body = "<ErrorResponse xmlns=\"http://webservices.amazon.com/AWSFault/2005-15-09\"><Error><Type>" +
                            std::string(server_side ? "Receiver" : "Sender") + "</Type><Code>" + xmlEscape(query_code) +
                            "</Code><Message>" + xmlEscape(error.message) + "</Message></Error><RequestId>" + request_id +
                            "</RequestId></ErrorResponse>";
            break;
    }
    return response;
}

std::string isoSeconds(std::int64_t micros) {
    const auto p = partsOf(micros);
    return format("%04d-%02d-%02dT%02d:%02d:%02dZ", p.year, p.month, p.day, p.hour, p.minute, p.second);
}

std::string isoMillis(std::int64_t micros) {
    const auto p = partsOf(micros);
    return format("%04d-%02d-%02dT%02d:%02d:%02d.%03dZ", p.year, p.month, p.day, p.hour, p.minute, p.second, p.millis);
}

std::string isoLambda(std::int64_t micros) {
    const auto p = partsOf(micros);
    return format("%04d-%02d-%02dT%02d:%02d:%02d.%03d+0000", p.year, p.month, p.day, p.hour, p.minute, p.second, p.millis);
}

std::string isoDate(std::int64_t micros) {
    const auto p = partsOf(micros);
    return format("%04d-%02d-%02d", p.year, p.month, p.day);
}

std::string httpDate(std::int64_t micros) {
    static constexpr const char* kDays[] = {"Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"};
    static constexpr const char* kMonths[] = {"Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
    const auto p = partsOf(micros);
    return format("%s, %02d %s %04d %02d:%02d:%02d GMT", kDays[p.weekday], p.day, kMonths[p.month - 1], p.year, p.hour, p.minute, p.second);
}

std::optional<std::int64_t> parseInstant(std::string_view text) {
    const auto digits = [&](std::size_t at, std::size_t n) -> int {
        if (at + n > text.size()) return -1;
        int value = 0;
        const auto [end, error] = std::from_chars(text.data() + at, text.data() + at + n, value);
        return error == std::errc() && end == text.data() + at + n && value >= 0 ? value : -1;
    };
    const int year = digits(0, 4), month = digits(5, 2), day = digits(8, 2);
    if (year < 1970 || month < 1 || day < 1 || text.size() < 10 || text[4] != '-' || text[7] != '-') return std::nullopt;
    const std::chrono::year_month_day date{std::chrono::year{year}, std::chrono::month{static_cast<unsigned>(month)},
                                           std::chrono::day{static_cast<unsigned>(day)}};
    if (!date.ok()) return std::nullopt;
    std::int64_t micros = std::chrono::sys_days{date}.time_since_epoch().count() * 86'400'000'000LL;
    std::size_t at = 10;
    if (at == text.size()) return micros;
    if (text[at] != 'T' && text[at] != ' ') return std::nullopt;
    const int hour = digits(11, 2), minute = digits(14, 2);
    if (hour < 0 || hour > 24 || minute < 0 || minute > 59) return std::nullopt;
    micros += (hour * 3600LL + minute * 60LL) * 1'000'000;
    at = 16;
    if (at < text.size() && text[at] == ':') {
        const int second = digits(17, 2);
        if (second < 0 || second > 60) return std::nullopt;
        micros += second * 1'000'000LL;
        at = 19;
        if (at < text.size() && text[at] == '.') {
            std::int64_t unit = 100'000;
            for (++at; at < text.size() && text[at] >= '0' && text[at] <= '9'; ++at, unit /= 10) micros += (text[at] - '0') * unit;
        }
    }
    const std::string_view zone = text.substr(at);
    if (zone.empty() || zone == "Z" || zone == "z") return micros;
    if (zone.size() < 5 || (zone[0] != '+' && zone[0] != '-')) return std::nullopt;
    const std::size_t minute_at = zone[3] == ':' ? 4 : 3;
    const int zone_hour = digits(at + 1, 2), zone_minute = digits(at + minute_at, 2);
    if (zone_hour < 0 || zone_minute < 0 || zone.size() != minute_at + 2) return std::nullopt;
    return micros - (zone[0] == '-' ? -1 : 1) * (zone_hour * 3600LL + zone_minute * 60LL) * 1'000'000;
}

}  // namespace pilotlight::sandbox
