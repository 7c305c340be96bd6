// Signed assertions (RFC 7515, RFC 7523): what Google and Entra take in place of a password.
#pragma once

#include <string>
#include <string_view>

#include "core/base/result.h"

namespace pilotlight::net {

// base64url without padding (RFC 4648, section 5).
[[nodiscard]] std::string base64Url(std::string_view bytes);
// header.claims.signature under RS256. Both are JSON texts; `private_key` is PEM (PKCS#8 or PKCS#1), unencrypted.
// invalid_argument: the key cannot be read or is not RSA.
[[nodiscard]] Result<std::string> signRs256(std::string_view header, std::string_view claims, std::string_view private_key);
// The x5t#S256 and x5t of the first certificate in a PEM text: base64url of its SHA-256 and SHA-1. invalid_argument: there is none.
struct CertificateThumbprints {
    std::string sha256, sha1;
};
[[nodiscard]] Result<CertificateThumbprints> thumbprintsOf(std::string_view certificate);

}  // namespace pilotlight::net
