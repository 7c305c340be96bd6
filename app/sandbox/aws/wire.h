// HTTP as the sandbox's services see it, and how each AWS protocol words an error (botocore models; reference in docs/sandbox.md).
#pragma once

#include <map>
#include <nlohmann/json_fwd.hpp>
#include <optional>
#include <string>
#include <string_view>
#include <tl/expected.hpp>
#include <utility>
#include <vector>

namespace pilotlight::sandbox {

struct HttpRequest {
    std::string method;
    std::string path;                                          // as on the wire, still percent-encoded
    std::string raw_query;                                     // after '?', as on the wire
    std::vector<std::pair<std::string, std::string>> headers;  // lower-case names, in order of arrival
    std::string body;
    [[nodiscard]] std::string header(std::string_view lower_name) const;  // first one; "" = absent
    // Decoded name-value pairs of the query.
    [[nodiscard]] std::vector<std::pair<std::string, std::string>> query() const;
};

struct HttpResponse {
    int status = 200;
    std::string content_type = "application/json";
    std::vector<std::pair<std::string, std::string>> headers;
    std::string body;
    // Scripted faults of the way home: nothing arrives, or the second half is missing; and how long it takes.
    enum class Delivery { whole, dropped, truncated } delivery = Delivery::whole;
    int delay_ms = 0;
};

// A refusal. `code` is the exception's name in JSON protocols; `query_code` the older name in the query protocol where it differs.
struct ServiceError {
    int status = 400;
    std::string code;
    std::string message;
    std::string query_code = {};
    std::string reason = {};  // Lambda's "Reason" member
};

template <typename T>
using Answer = tl::expected<T, ServiceError>;

[[nodiscard]] inline tl::unexpected<ServiceError> refuse(int status, std::string code, std::string message, std::string query_code = {}) {
    return tl::unexpected<ServiceError>(ServiceError{status, std::move(code), std::move(message), std::move(query_code)});
}

enum class Protocol { rest_json, json, query };

[[nodiscard]] std::string percentDecode(std::string_view text, bool plus_is_space = false);
[[nodiscard]] std::string percentEncode(std::string_view text, bool keep_slash = false);  // AWS's unreserved set
[[nodiscard]] std::string xmlEscape(std::string_view text);
[[nodiscard]] HttpResponse errorResponse(Protocol protocol, const ServiceError& error, const std::string& request_id);

// "2026-11-24T14:05:00Z" and the like, from microseconds.
[[nodiscard]] std::string isoSeconds(std::int64_t micros);
[[nodiscard]] std::string isoMillis(std::int64_t micros);  // ...:00.250Z
[[nodiscard]] std::string isoLambda(std::int64_t micros);  // ...:00.250+0000
[[nodiscard]] std::string isoDate(std::int64_t micros);    // 2026-11-24
[[nodiscard]] std::string httpDate(std::int64_t micros);   // RFC 9110
// ISO 8601 with Z, an offset or none (UTC), to microseconds.
[[nodiscard]] std::optional<std::int64_t> parseInstant(std::string_view text);

}  // namespace pilotlight::sandbox
