// The token service: takes the assertion of the one service account that the sandbox has made for this run, checks its signature with
// the public key, and hands out bearer tokens. Written for the sandbox alone.
#pragma once

#include <openssl/evp.h>

#include <map>
#include <memory>
#include <mutex>
#include <string>

#include "app/sandbox/aws/wire.h"
#include "core/base/result.h"

namespace pilotlight::sandbox::gcp {

class TokenIssuer {
public:
    // Makes a key pair.
    [[nodiscard]] static Result<std::unique_ptr<TokenIssuer>> make(const std::string& project);
    // The credentials file for clients; `origin` = scheme://host:port of this server.
    [[nodiscard]] std::string credentialsFile(const std::string& origin);
    // POST /token. OAuth error shape.
    [[nodiscard]] HttpResponse handle(const HttpRequest& request, std::int64_t real_now);
    // Whether an Authorization header is one of ours and has not expired. Error: 401 UNAUTHENTICATED.
    [[nodiscard]] Answer<void> check(const HttpRequest& request, std::int64_t real_now) const;

private:
    TokenIssuer() = default;
    [[nodiscard]] bool verified(const std::string& signed_part, const std::string& signature) const;
    std::unique_ptr<EVP_PKEY, void (*)(EVP_PKEY*)> key_{nullptr, EVP_PKEY_free};
    std::string project_, email_, key_id_, audience_;
    mutable std::mutex mutex_;
    std::map<std::string, std::int64_t> tokens_;  // -> expiry, microseconds of real time
};

}  // namespace pilotlight::sandbox::gcp
