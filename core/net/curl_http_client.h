// The HttpClient over libcurl. Connections are kept and reused; nothing is logged.
#pragma once

#include <memory>
#include <string>

#include "core/net/http_client.h"

namespace pilotlight::net {

struct CurlOptions {
    // CA bundle (PEM). Empty: AWS_CA_BUNDLE, then SSL_CERT_FILE, then the system's.
    std::string ca_file;
    // Empty: what libcurl reads from the environment (HTTPS_PROXY, http_proxy, ALL_PROXY, NO_PROXY).
    std::string proxy;
    std::string user_agent;  // empty = "pilotlight/<version>"
    milliseconds connect_timeout{10'000};
    bool http2 = true;  // over TLS only, negotiated by ALPN
};

// Thread-safe. Every concurrent send() works with a handle of its own from a pool; sendAll() multiplexes on the calling thread.
[[nodiscard]] std::shared_ptr<HttpClient> makeCurlClient(const CurlOptions& options = {});

}  // namespace pilotlight::net
