#include "core/net/aws_sign.h"

#include <openssl/evp.h>
#include <openssl/hmac.h>

#include <algorithm>
#include <array>
#include <cctype>
#include <map>

#include "core/net/url.h"

namespace pilotlight::net {
namespace {

using Digest = std::array<unsigned char, 32>;

std::string hex(const Digest& digest) {
    static constexpr char kDigits[] = "0123456789abcdef";
    std::string out;
    out.reserve(64);
    for (const unsigned char byte : digest) {
        out += kDigits[byte >> 4];
        out += kDigits[byte & 15];
    }
    return out;
}

std::string sha256(std::string_view text) {
    Digest digest{};
    unsigned length = 0;
    EVP_Digest(text.data(), text.size(), digest.data(), &length, EVP_sha256(), nullptr);
    return hex(digest);
}

Digest hmac(std::string_view key, std::string_view text) {
    Digest digest{};
    unsigned length = 0;
    HMAC(EVP_sha256(), key.data(), static_cast<int>(key.size()), reinterpret_cast<const unsigned char*>(text.data()), text.size(),
         digest.data(), &length);
    return digest;
}

std::string_view asKey(const Digest& digest) { return {reinterpret_cast<const char*>(digest.data()), digest.size()}; }

std::string lower(std::string_view text) {
    std::string out(text);
    for (char& c : out) c = static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
    return out;
}

// Ends trimmed, inner runs of white space become one space.
std::string collapsed(std::string_view value) {
    std::string out;
    bool gap = false;
    for (const char c : value) {
        if (c == ' ' || c == '\t' || c == '\r' || c == '\n') {
            gap = !out.empty();
        } else {
            if (gap) out += ' ';
            gap = false;
            out += c;
        }
    }
    return out;
}

// Hop-by-hop headers, and those that proxies and tracing rewrite on the way (botocore: SIGNED_HEADERS_BLACKLIST).
bool neverSigned(const std::string& name) {
    static const std::array<std::string_view, 10> kNames{"connection",      "expect",       "keep-alive", "te",
                                                         "trailer",         "upgrade",      "user-agent", "transfer-encoding",
                                                         "x-amzn-trace-id", "authorization"};
    return std::find(kNames.begin(), kNames.end(), name) != kNames.end() || name.starts_with("proxy-") || name == "accept-encoding";
}

// Dot segments and doubled slashes removed, a final slash kept (RFC 3986, 5.2.4).
std::string withoutDots(std::string_view path) {
    std::vector<std::string_view> kept;
    std::size_t at = 0;
    bool ends_with_slash = true;
    while (at < path.size()) {
        auto end = path.find('/', at);
        if (end == std::string_view::npos) end = path.size();
        const auto segment = path.substr(at, end - at);
        ends_with_slash = end < path.size();
        if (segment == "..") {
            if (!kept.empty()) kept.pop_back();
            ends_with_slash = true;
        } else if (segment == ".") {
            ends_with_slash = true;
        } else if (!segment.empty()) {
            kept.push_back(segment);
        }
        at = end + 1;
    }
    std::string out = "/";
    for (std::size_t i = 0; i < kept.size(); ++i) {
        out += kept[i];
        if (i + 1 < kept.size() || ends_with_slash) out += '/';
    }
    return out;
}

std::string canonicalPath(const std::string& path, const AwsScope& scope) {
    if (path.empty()) return "/";
    if (scope.double_encode_path) return percentEncode(withoutDots(path), true);
    return percentEncode(percentDecode(path), true);
}

// Sorted by encoded name, then value: never by the joined text, since '=' sorts after '-'.
std::string canonicalQuery(const std::string& query) {
    std::vector<std::pair<std::string, std::string>> pairs;
    for (const auto& [name, value] : splitQuery(query)) pairs.emplace_back(percentEncode(name), percentEncode(value));
    std::sort(pairs.begin(), pairs.end());
    std::string out;
    for (const auto& [name, value] : pairs) {
        if (!out.empty()) out += '&';
        out += name + '=' + value;
    }
    return out;
}

std::string hostHeader(const UrlParts& parts) {
    std::string_view authority = parts.authority;
    if (parts.scheme == "https" && authority.ends_with(":443")) authority.remove_suffix(4);
    if (parts.scheme == "http" && authority.ends_with(":80")) authority.remove_suffix(3);
    return std::string(authority);
}

void removeHeader(Headers& headers, std::string_view lower_name) {
    std::erase_if(headers, [&](const auto& header) { return lower(header.first) == lower_name; });
}

std::string amzDate(Timestamp now) {
    const auto day = std::chrono::floor<std::chrono::days>(now);
    const std::chrono::year_month_day date{day};
    const std::chrono::hh_mm_ss time{std::chrono::floor<seconds>(now - day)};
    char out[32];
    std::snprintf(out, sizeof out, "%04d%02u%02uT%02d%02d%02dZ", static_cast<int>(date.year()), static_cast<unsigned>(date.month()),
                  static_cast<unsigned>(date.day()), static_cast<int>(time.hours().count()), static_cast<int>(time.minutes().count()),
                  static_cast<int>(time.seconds().count()));
    return out;
}

}  // namespace

AwsSigningSteps signAwsSteps(HttpRequest& request, const AwsCredentials& credentials, const AwsScope& scope, Timestamp now) {
    const auto url = splitUrl(request.url);
    const std::string date_time = amzDate(now);
    const std::string date = date_time.substr(0, 8);
    const std::string body_hash = sha256(request.body);

    for (const char* name : {"authorization", "x-amz-date", "date", "x-amz-security-token", "x-amz-content-sha256"}) {
        removeHeader(request.headers, name);
    }
    request.headers.emplace_back("X-Amz-Date", date_time);
    if (!credentials.session_token.empty()) request.headers.emplace_back("X-Amz-Security-Token", credentials.session_token);
    if (scope.sign_body_header) request.headers.emplace_back("X-Amz-Content-Sha256", body_hash);

    std::map<std::string, std::string> canonical;
    for (const auto& [name, value] : request.headers) {
        const std::string key = lower(name);
        if (neverSigned(key)) continue;
        const auto [at, fresh] = canonical.try_emplace(key, collapsed(value));
        if (!fresh) at->second += "," + collapsed(value);
    }
    canonical.try_emplace("host", hostHeader(url));

    std::string header_lines, signed_headers;
    for (const auto& [name, value] : canonical) {
        header_lines += name + ":" + value + "\n";
        if (!signed_headers.empty()) signed_headers += ';';
        signed_headers += name;
    }

    AwsSigningSteps steps;
    steps.canonical_request = request.method + "\n" + canonicalPath(url.path, scope) + "\n" + canonicalQuery(url.query) + "\n" +
                              header_lines + "\n" + signed_headers + "\n" + body_hash;
    const std::string credential_scope = date + "/" + scope.region + "/" + scope.service + "/aws4_request";
    steps.string_to_sign = "AWS4-HMAC-SHA256\n" + date_time + "\n" + credential_scope + "\n" + sha256(steps.canonical_request);

    const auto date_key = hmac("AWS4" + credentials.secret_access_key, date);
    const auto region_key = hmac(asKey(date_key), scope.region);
    const auto service_key = hmac(asKey(region_key), scope.service);
    const auto signing_key = hmac(asKey(service_key), "aws4_request");
    steps.signature = hex(hmac(asKey(signing_key), steps.string_to_sign));

    request.headers.emplace_back("Authorization", "AWS4-HMAC-SHA256 Credential=" + credentials.access_key_id + "/" + credential_scope +
                                                      ", SignedHeaders=" + signed_headers + ", Signature=" + steps.signature);
    return steps;
}

void signAws(HttpRequest& request, const AwsCredentials& credentials, const AwsScope& scope, Timestamp now) {
    signAwsSteps(request, credentials, scope, now);
}

}  // namespace pilotlight::net
