// HTTP over a socket. The interface is a seam that tests may fake; CurlHttpClient (curl_http_client.h) is the real one.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <stop_token>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "core/base/result.h"
#include "core/base/time.h"

namespace pilotlight::net {

using Headers = std::vector<std::pair<std::string, std::string>>;

struct HttpRequest {
    std::string method = "GET";
    std::string url;  // percent-encoded; sent as is
    Headers headers;
    std::string body;
    milliseconds deadline{30'000};        // for the whole exchange
    std::uint64_t max_body = 256u << 20;  // bytes; more is an error, never a cut answer
    bool idempotent = true;               // false: never put on the wire twice (not even on a fresh connection after a reused one died)
    bool direct = false;                  // never through a proxy (metadata endpoints)
};

// `meaning` of network errors that happened before anything was put on the wire: the call may be made again without a doubt.
inline constexpr const char* kNothingSent = "Nothing was sent.";

struct HttpResponse {
    int status = 0;
    Headers headers;   // names in lower case
    std::string body;  // decoded (gzip), whole
    std::uint64_t wire_bytes = 0;
    [[nodiscard]] std::string_view header(std::string_view lower_case_name) const;  // "" where absent
};

class HttpClient {
public:
    virtual ~HttpClient() = default;
    // One exchange. Any status is a response; errors are network (no connection, time-out, truncated or wrong-length body) and
    // cancelled (within 100 ms of the stop request). Safe to call from several threads.
    [[nodiscard]] virtual Result<HttpResponse> send(const HttpRequest& request, std::stop_token stop) = 0;
    // All of them, at most `parallel` at once over shared connections; results in the order of the requests.
    [[nodiscard]] virtual std::vector<Result<HttpResponse>> sendAll(std::span<const HttpRequest> requests, std::size_t parallel,
                                                                    std::stop_token stop) = 0;
};

}  // namespace pilotlight::net
