// A certificate authority and a server certificate for 127.0.0.1 and localhost, made anew for each run.
#pragma once

#include <openssl/evp.h>
#include <openssl/x509.h>
#include <memory>
#include <string>

#include "core/base/result.h"

namespace pilotlight::sandbox {

struct Certificate {
    std::unique_ptr<X509, void (*)(X509*)> certificate{nullptr, X509_free};
    std::unique_ptr<EVP_PKEY, void (*)(EVP_PKEY*)> key{nullptr, EVP_PKEY_free};
    std::string ca_pem;  // what clients must trust; its key is thrown away
};

[[nodiscard]] Result<Certificate> makeCertificate();

}  // namespace pilotlight::sandbox
