// Scripted faults (--faults FILE): which operations go wrong, how, how often. JSON in resources/docs/sandbox.md.
#pragma once

#include <cstdint>
#include <memory>
#include <regex>
#include <string>
#include <string_view>
#include <vector>

#include "app/sandbox/engine/random.h"
#include "core/base/result.h"

namespace pilotlight::sandbox {

struct Fault {
    enum class Kind {
        throttle,    // refused with the service's throttling code
        error,       // refused with a 5xx
        lost_reply,  // done, but the connection closes without an answer
        truncate,    // done, but the body ends half way
        delay,       // done, answered late
        slow,        // done, but what it starts takes longer to converge
        partial,     // done, but what it starts ends failed or half done
        denied,      // the caller lacks the permission
        // Google Cloud and Azure only; AWS calls go through:
        disabled,  // the API is not enabled, the resource provider not registered
        quota,     // a quota that waiting a moment does not refill
        expired,   // the token is no longer accepted
    } kind = Kind::throttle;
    int status = 503;
    int delay_ms = 1000;
    double factor = 10;
};

class Faults {
public:
    Faults() : random_(1) {}
    // Errors: invalid_argument, naming the key.
    [[nodiscard]] static Result<Faults> parse(std::string_view json);
    // Those that befall this call, e.g. "lambda.UpdateFunctionConfiguration". Counts down.
    [[nodiscard]] std::vector<Fault> befall(const std::string& operation);

private:
    struct Rule {
        std::string pattern;
        std::regex operation;
        Fault fault;
        double probability = 1;
        std::int64_t count = -1;  // how often at most; -1 = always
        std::int64_t after = 0;   // calls let through first
    };
    std::vector<Rule> rules_;
    Random random_;
};

}  // namespace pilotlight::sandbox
