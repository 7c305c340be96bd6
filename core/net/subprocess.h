// A helper program of the ecosystem (credential_process), run without a shell.
#pragma once

#include <stop_token>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/result.h"
#include "core/base/time.h"

namespace pilotlight::net {

struct ProcessOutput {
    int exit_code = 0;       // 128 + signal where a signal ended it
    std::string out, error;  // may hold secrets: never to be logged as they are
};

// Words as a POSIX shell would split them (quotes, backslash), without any expansion. invalid_argument: an open quote.
[[nodiscard]] Result<std::vector<std::string>> splitCommand(std::string_view command);

// Runs words[0] (looked up in PATH) with no input. Killed, with its children, on time-out (network) and stop (cancelled).
// At most 1 MB of output is kept. not_found: there is no such program.
[[nodiscard]] Result<ProcessOutput> runProcess(const std::vector<std::string>& words, milliseconds timeout, std::stop_token stop);

}  // namespace pilotlight::net
