// Percent-encoding and the parts of a URL, as AWS's signature and the platforms need them.
#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace pilotlight::net {

// Everything but A-Z a-z 0-9 - _ . ~ becomes %XX (upper case); '/' stays where `keep_slash`.
[[nodiscard]] std::string percentEncode(std::string_view text, bool keep_slash = false);
// '+' stays '+'. A '%' that begins no escape stays as it is.
[[nodiscard]] std::string percentDecode(std::string_view text);

struct UrlParts {
    std::string scheme;     // lower case; empty where the text has none
    std::string authority;  // host[:port] as written, without user information
    std::string path;       // as written; "" where absent
    std::string query;      // as written, without '?'
};
[[nodiscard]] UrlParts splitUrl(std::string_view url);
// Host in lower case, without port and without the brackets of IPv6.
[[nodiscard]] std::string hostOf(const UrlParts& parts);
// "https://host:port" for messages: never path or query.
[[nodiscard]] std::string originOf(std::string_view url);

// "a=b&c=" form with both sides percent-encoded, in the order given. Also fit for form bodies (spaces are %20).
[[nodiscard]] std::string formEncode(const std::vector<std::pair<std::string, std::string>>& fields);
// Decoded names and values in the order written.
[[nodiscard]] std::vector<std::pair<std::string, std::string>> splitQuery(std::string_view query);

}  // namespace pilotlight::net
