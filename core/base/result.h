// Result<T>: the only way a failure leaves a function in core. No exception crosses a module.
#pragma once

#include <string>
#include <tl/expected.hpp>
#include <utility>

namespace pilotlight {

// What kind of failure it was: decides retry, exit code and which state a panel shows.
enum class ErrorCode {
    invalid_argument,    // the caller's words are off (CLI exit 2)
    not_found,
    ambiguous,           // a name that fits several things; `detail` lists the ids (CLI exit 2)
    permission_denied,   // the platform said no; `permission` names what is missing
    unauthenticated,     // no credentials, or refused ones
    credentials_expired, // `action` holds the command that renews them
    throttled,           // the platform asked us to slow down, and retries are used up
    network,             // no connection, time-out, truncated body
    protocol,            // an answer we cannot read
    unsupported,         // this platform, region or endpoint lacks the operation
    conflict,            // busy: an update is in progress
    stale,               // what we based the change on has changed since (CLI exit 3)
    refused,             // guardrail, read-only, unconfirmed, expired (CLI exit 3)
    locked,              // another process writes to this workspace
    storage,             // disk full, read-only, damaged file
    too_new,             // file written by a newer version; left untouched
    budget_exceeded,     // our own cap on calls or money
    cancelled,
    internal,            // a bug of ours
};

// What happened, what it means for the user, what to do. Never holds a secret.
struct Error {
    ErrorCode code = ErrorCode::internal;
    std::string what;        // "GetMetricData was refused (403)"
    std::string meaning;     // "Metrics of us-east-1 are missing; nothing else is affected." May be empty.
    std::string action;      // "Allow cloudwatch:GetMetricData (pilotlightctl policy read)." May be empty.
    std::string permission = {}; // "cloudwatch:GetMetricData" where code == permission_denied

    // All three sentences in one line, for logs and stderr.
    [[nodiscard]] std::string text() const;
};

// Stable lower-case name of a code, as JSON shows it.
[[nodiscard]] const char* name(ErrorCode code);

template <typename T>
using Result = tl::expected<T, Error>;
using Status = Result<void>;

[[nodiscard]] inline tl::unexpected<Error> fail(ErrorCode code, std::string what, std::string meaning = {},
                                                std::string action = {}) {
    return tl::unexpected<Error>(Error{code, std::move(what), std::move(meaning), std::move(action)});
}
[[nodiscard]] inline tl::unexpected<Error> fail(Error error) { return tl::unexpected<Error>(std::move(error)); }

// Returns the error of `expression` from the enclosing function, if it has one.
#define PILOTLIGHT_TRY(expression)                                            \
    do {                                                                      \
        if (auto pilotlight_status = (expression); !pilotlight_status)        \
            return ::tl::unexpected<::pilotlight::Error>(std::move(pilotlight_status).error()); \
    } while (false)

#define PILOTLIGHT_CONCAT_(a, b) a##b
#define PILOTLIGHT_CONCAT(a, b) PILOTLIGHT_CONCAT_(a, b)
#define PILOTLIGHT_ASSIGN_(tmp, target, expression)                           \
    auto tmp = (expression);                                                  \
    if (!tmp) return ::tl::unexpected<::pilotlight::Error>(std::move(tmp).error()); \
    target = std::move(*tmp)
// PILOTLIGHT_ASSIGN(auto page, client.list()); assigns the value or returns the error.
#define PILOTLIGHT_ASSIGN(target, expression) \
    PILOTLIGHT_ASSIGN_(PILOTLIGHT_CONCAT(pilotlight_result_, __LINE__), target, expression)

} // namespace pilotlight
