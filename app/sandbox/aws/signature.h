// AWS Signature Version 4, checked as the services check it. Written for the sandbox alone: it shares no code with the signer
// of core/net, so that one mistake cannot hide the other (AWS General Reference, Signature Version 4).
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "app/sandbox/aws/wire.h"

namespace pilotlight::sandbox {

struct Keys {
    std::string access_key_id;
    std::string secret;
};

// Throw-away keys in the shape of real ones, from the machine's random source.
[[nodiscard]] Keys makeKeys();

struct Credential {
    std::string access_key_id, date, region, service;
    std::vector<std::string> signed_headers;  // as listed
    std::string signature;
};

// Reads an Authorization header. Errors: 403 MissingAuthenticationToken, 400 IncompleteSignature.
[[nodiscard]] Answer<Credential> parseAuthorization(std::string_view header);

// The canonical request, for services that encode the path twice (all but S3).
[[nodiscard]] std::string canonicalRequest(const HttpRequest& request, const std::vector<std::string>& signed_headers);

// Who signed what for which service; `real_now` in microseconds, five minutes of tolerance.
// Errors: 403 with InvalidSignatureException, UnrecognizedClientException, MissingAuthenticationTokenException; 400
// IncompleteSignatureException.
[[nodiscard]] Answer<Credential> checkSignature(const HttpRequest& request, const Keys& keys, std::int64_t real_now);

}  // namespace pilotlight::sandbox
