// Diagnostics to stderr (and a file, where the program asked for one). Secrets are cut out before anything is written.
#pragma once

#include <string>
#include <string_view>

namespace pilotlight {

enum class LogLevel { debug, info, warning, error, off };

void setLogLevel(LogLevel level);
// Adds a rotating file beside stderr. Errors are reported on stderr only.
void addLogFile(const std::string& path);
void log(LogLevel level, std::string_view message);

// Replaces what looks like a credential (AWS secrets and tokens, signatures, bearer tokens, private keys, pre-signed URLs,
// and every value registered with addSecret) by "[redacted]".
[[nodiscard]] std::string redacted(std::string_view text);
// A value that must never be written. Kept in memory only; values shorter than 8 characters are ignored.
void addSecret(std::string_view value);

} // namespace pilotlight
