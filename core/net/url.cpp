#include "core/net/url.h"

#include <cctype>

namespace pilotlight::net {
namespace {

bool unreserved(unsigned char c) {
    return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-' || c == '_' || c == '.' || c == '~';
}

int hexDigit(char c) {
    if (c >= '0' && c <= '9') return c - '0';
    if (c >= 'a' && c <= 'f') return c - 'a' + 10;
    if (c >= 'A' && c <= 'F') return c - 'A' + 10;
    return -1;
}

std::string lower(std::string_view text) {
    std::string out(text);
    for (char& c : out) c = static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
    return out;
}

}  // namespace

std::string percentEncode(std::string_view text, bool keep_slash) {
    static constexpr char kDigits[] = "0123456789ABCDEF";
    std::string out;
    out.reserve(text.size() + text.size() / 4);
    for (const char c : text) {
        const auto byte = static_cast<unsigned char>(c);
        if (unreserved(byte) || (keep_slash && c == '/')) {
            out += c;
        } else {
            out += '%';
            out += kDigits[byte >> 4];
            out += kDigits[byte & 15];
        }
    }
    return out;
}

std::string percentDecode(std::string_view text) {
    std::string out;
    out.reserve(text.size());
    for (std::size_t i = 0; i < text.size(); ++i) {
        if (text[i] == '%' && i + 2 < text.size()) {
            const int high = hexDigit(text[i + 1]);
            const int low = hexDigit(text[i + 2]);
            if (high >= 0 && low >= 0) {
                out += static_cast<char>(high * 16 + low);
                i += 2;
                continue;
            }
        }
        out += text[i];
    }
    return out;
}

UrlParts splitUrl(std::string_view url) {
    UrlParts parts;
    if (const auto fragment = url.find('#'); fragment != std::string_view::npos) url = url.substr(0, fragment);
    if (const auto scheme = url.find("://"); scheme != std::string_view::npos) {
        parts.scheme = lower(url.substr(0, scheme));
        url.remove_prefix(scheme + 3);
    }
    const auto end = url.find_first_of("/?");
    std::string_view authority = url.substr(0, end);
    if (const auto at = authority.rfind('@'); at != std::string_view::npos) authority.remove_prefix(at + 1);
    parts.authority = authority;
    if (end == std::string_view::npos) return parts;
    url.remove_prefix(end);
    const auto question = url.find('?');
    parts.path = url.substr(0, question);
    if (question != std::string_view::npos) parts.query = url.substr(question + 1);
    return parts;
}

std::string hostOf(const UrlParts& parts) {
    std::string_view host = parts.authority;
    if (!host.empty() && host.front() == '[') {
        const auto close = host.find(']');
        return lower(host.substr(1, close == std::string_view::npos ? close : close - 1));
    }
    return lower(host.substr(0, host.rfind(':')));
}

std::string originOf(std::string_view url) {
    const auto parts = splitUrl(url);
    return (parts.scheme.empty() ? std::string() : parts.scheme + "://") + parts.authority;
}

std::string formEncode(const std::vector<std::pair<std::string, std::string>>& fields) {
    std::string out;
    for (const auto& [name, value] : fields) {
        if (!out.empty()) out += '&';
        out += percentEncode(name);
        out += '=';
        out += percentEncode(value);
    }
    return out;
}

std::vector<std::pair<std::string, std::string>> splitQuery(std::string_view query) {
    std::vector<std::pair<std::string, std::string>> out;
    while (!query.empty()) {
        const auto end = query.find('&');
        const auto pair = query.substr(0, end);
        if (!pair.empty()) {
            const auto equals = pair.find('=');
            out.emplace_back(percentDecode(pair.substr(0, equals)),
                             equals == std::string_view::npos ? std::string() : percentDecode(pair.substr(equals + 1)));
        }
        if (end == std::string_view::npos) break;
        query.remove_prefix(end + 1);
    }
    return out;
}

}  // namespace pilotlight::net
