#include "app/sandbox/aws/signature.h"

#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <openssl/rand.h>

#include <algorithm>
#include <array>

namespace pilotlight::sandbox {
namespace {

using Digest = std::array<unsigned char, 32>;

std::string hex(const Digest& digest) {
    static constexpr char kHex[] = "0123456789abcdef";
    std::string out;
    for (const unsigned char c : digest) {
        out += kHex[c >> 4];
        out += kHex[c & 15];
    }
    return out;
}

Digest sha256(std::string_view text) {
    Digest digest{};
    unsigned length = 0;
    EVP_Digest(text.data(), text.size(), digest.data(), &length, EVP_sha256(), nullptr);
    return digest;
}

Digest hmac(std::string_view key, std::string_view text) {
    Digest digest{};
    unsigned length = 0;
    HMAC(EVP_sha256(), key.data(), static_cast<int>(key.size()), reinterpret_cast<const unsigned char*>(text.data()), text.size(),
         digest.data(), &length);
    return digest;
}

std::string_view bytes(const Digest& digest) { return {reinterpret_cast<const char*>(digest.data()), digest.size()}; }

std::string canonicalPath(std::string_view path) {
    // Dot segments and doubled slashes go; what is left is encoded once more.
    std::vector<std::string_view> segments;
    std::size_t i = 0;
    while (i <= path.size()) {
        const auto slash = std::min(path.find('/', i), path.size());
        const auto segment = path.substr(i, slash - i);
        if (segment == "..") {
            if (!segments.empty()) segments.pop_back();
        } else if (!segment.empty() && segment != ".") {
            segments.push_back(segment);
        }
        i = slash + 1;
    }
    std::string out;
    for (const auto segment : segments) out += "/" + percentEncode(segment);
    if (out.empty() || path.back() == '/') out += "/";
    return out;
}

std::string canonicalQuery(std::string_view raw) {
    std::vector<std::pair<std::string, std::string>> pairs;
    while (!raw.empty()) {
        const auto amp = raw.find('&');
        const auto item = raw.substr(0, amp);
        raw = amp == std::string_view::npos ? std::string_view{} : raw.substr(amp + 1);
        if (item.empty()) continue;
        const auto equals = item.find('=');
        pairs.emplace_back(percentEncode(percentDecode(item.substr(0, equals))),
                           equals == std::string_view::npos ? std::string{} : percentEncode(percentDecode(item.substr(equals + 1))));
    }
    std::sort(pairs.begin(), pairs.end());
    std::string out;
    for (const auto& [name, value] : pairs) out += (out.empty() ? "" : "&") + name + "=" + value;
    return out;
}

std::string trimmed(std::string_view value) {
    std::string out;
    for (const char c : value) {
        const bool space = c == ' ' || c == '\t';
        if (space && (out.empty() || out.back() == ' ')) continue;
        out += space ? ' ' : c;
    }
    while (!out.empty() && out.back() == ' ') out.pop_back();
    return out;
}

std::string lower(std::string_view text) {
    std::string out(text);
    for (char& c : out)
        if (c >= 'A' && c <= 'Z') c = static_cast<char>(c + 32);
    return out;
}

std::vector<std::string> split(std::string_view text, char by) {
    std::vector<std::string> parts;
    std::size_t i = 0;
    while (i <= text.size()) {
        const auto end = std::min(text.find(by, i), text.size());
        parts.emplace_back(text.substr(i, end - i));
        i = end + 1;
    }
    return parts;
}

std::string amzDate(std::int64_t micros) {
    const std::string iso = isoSeconds(micros);
    return iso.substr(0, 4) + iso.substr(5, 2) + iso.substr(8, 5) + iso.substr(14, 2) + iso.substr(17, 3);
}

}  // namespace

Keys makeKeys() {
    static constexpr char kUpper[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";
    static constexpr char kAny[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    std::array<unsigned char, 56> random{};
    RAND_bytes(random.data(), static_cast<int>(random.size()));
    Keys keys{"AKIASANDBOX", {}};
    for (std::size_t i = 0; i < 9; ++i) keys.access_key_id += kUpper[random[i] & 31U];
    for (std::size_t i = 0; i < 40; ++i) keys.secret += kAny[random[16 + i] & 63U];
    return keys;
}

Answer<Credential> parseAuthorization(std::string_view header) {
    static constexpr std::string_view kAlgorithm = "AWS4-HMAC-SHA256";
    if (header.empty())
        return refuse(403, "MissingAuthenticationTokenException", "Missing Authentication Token", "MissingAuthenticationToken");
    const auto incomplete = [&](const std::string& what) {
        return refuse(400, "IncompleteSignatureException", what, "IncompleteSignature");
    };
    if (!header.starts_with(kAlgorithm) || header.size() <= kAlgorithm.size() || header[kAlgorithm.size()] != ' ')
        return incomplete("Authorization header requires 'AWS4-HMAC-SHA256'.");
    Credential credential;
    bool has_credential = false;
    for (const auto& part : split(header.substr(kAlgorithm.size()), ',')) {
        const std::string item = trimmed(part);
        const auto equals = item.find('=');
        if (equals == std::string::npos)
            return incomplete("Authorization header holds '" + item.substr(0, 20) + "', which is not a parameter.");
        const std::string name = item.substr(0, equals), value = item.substr(equals + 1);
        if (name == "Credential") {
            const auto scope = split(value, '/');
            if (scope.size() != 5 || scope[4] != "aws4_request" || scope[0].empty())
                return incomplete("Credential must have the form key/date/region/service/aws4_request.");
            credential.access_key_id = scope[0];
            credential.date = scope[1];
            credential.region = scope[2];
            credential.service = scope[3];
            has_credential = true;
        } else if (name == "SignedHeaders") {
            for (const auto& h : split(value, ';')) credential.signed_headers.push_back(lower(h));
        } else if (name == "Signature") {
            credential.signature = value;
        }
    }
    if (!has_credential) return incomplete("Authorization header requires 'Credential' parameter.");
    if (credential.signature.empty()) return incomplete("Authorization header requires 'Signature' parameter.");
    if (credential.signed_headers.empty()) return incomplete("Authorization header requires 'SignedHeaders' parameter.");
    return credential;
}

std::string canonicalRequest(const HttpRequest& request, const std::vector<std::string>& signed_headers) {
    std::string out = request.method + "\n" + canonicalPath(request.path) + "\n" + canonicalQuery(request.raw_query) + "\n";
    std::string names;
    for (const auto& wanted : signed_headers) {
        std::string joined;
        bool first = true;
        for (const auto& [name, value] : request.headers) {
            if (name != wanted) continue;
            joined += (first ? "" : ",") + trimmed(value);
            first = false;
        }
        out += wanted + ":" + joined + "\n";
        names += (names.empty() ? "" : ";") + wanted;
    }
    return out + "\n" + names + "\n" + hex(sha256(request.body));
}

Answer<Credential> checkSignature(const HttpRequest& request, const Keys& keys, std::int64_t real_now) {
    const auto parsed = parseAuthorization(request.header("authorization"));
    if (!parsed) return parsed;
    const Credential& c = *parsed;
    const auto mismatch = [](const std::string& message) {
        return refuse(403, "InvalidSignatureException", message, "SignatureDoesNotMatch");
    };
    const std::string date = request.header("x-amz-date");
    if (date.size() != 16 || date[8] != 'T' || date[15] != 'Z')
        return refuse(400, "IncompleteSignatureException",
                      "Authorization header requires existence of either a 'X-Amz-Date' or a 'Date' header.", "IncompleteSignature");
    const auto is_signed = [&](std::string_view name) {
        return std::find(c.signed_headers.begin(), c.signed_headers.end(), name) != c.signed_headers.end();
    };
    if (!is_signed("host")) return mismatch("'Host' or ':authority' must be a 'SignedHeader' in the AWS Authorization.");
    for (const auto& [name, value] : request.headers)
        if (name.starts_with("x-amz-") && !is_signed(name))
            return mismatch("'" + name + "' must be a 'SignedHeader' in the AWS Authorization.");
    if (c.access_key_id != keys.access_key_id || !request.header("x-amz-security-token").empty())
        return refuse(403, "UnrecognizedClientException", "The security token included in the request is invalid.", "InvalidClientTokenId");
    if (date.substr(0, 8) != c.date)
        return mismatch("Date in Credential scope does not match YYYYMMDD from ISO-8601 version of date from HTTP: '" + c.date + "' != '" +
                        date.substr(0, 8) + "', from '" + date + "'.");
    const auto when = parseInstant(date.substr(0, 4) + "-" + date.substr(4, 2) + "-" + date.substr(6, 5) + ":" + date.substr(11, 2) + ":" +
                                   date.substr(13, 3));
    if (!when) return mismatch("'" + date + "' is not a valid date.");
    constexpr std::int64_t kTolerance = 300'000'000;
    if (*when < real_now - kTolerance)
        return mismatch("Signature expired: " + date + " is now earlier than " + amzDate(real_now - kTolerance) + " (" + amzDate(real_now) +
                        " - 5 min.)");
    if (*when > real_now + kTolerance)
        return mismatch("Signature not yet current: " + date + " is still later than " + amzDate(real_now + kTolerance) + " (" +
                        amzDate(real_now) + " + 5 min.)");
    const std::string body_hash = request.header("x-amz-content-sha256");
    if (!body_hash.empty() && body_hash != hex(sha256(request.body)))
        return mismatch("The provided 'x-amz-content-sha256' header does not match what was computed.");
    const std::string scope = c.date + "/" + c.region + "/" + c.service + "/aws4_request";
    const std::string to_sign =
        "AWS4-HMAC-SHA256\n" + date + "\n" + scope + "\n" + hex(sha256(canonicalRequest(request, c.signed_headers)));
    const Digest day = hmac("AWS4" + keys.secret, c.date);
    const Digest region = hmac(bytes(day), c.region);
    const Digest service = hmac(bytes(region), c.service);
    const Digest signing = hmac(bytes(service), "aws4_request");
    const std::string expected = hex(hmac(bytes(signing), to_sign));
    if (expected.size() != c.signature.size() || CRYPTO_memcmp(expected.data(), c.signature.data(), expected.size()) != 0)
        return mismatch(
            "The request signature we calculated does not match the signature you provided. Check your AWS Secret Access Key and "
            "signing method. Consult the service documentation for details.");
    return c;
}

}  // namespace pilotlight::sandbox
