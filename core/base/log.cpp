#include "core/base/log.h"

#include <spdlog/pattern_formatter.h>
#include <spdlog/sinks/rotating_file_sink.h>
#include <spdlog/sinks/stdout_sinks.h>
#include <spdlog/spdlog.h>

#include <algorithm>
#include <mutex>
#include <set>
#include <shared_mutex>
#include <vector>

namespace pilotlight {
namespace {

constexpr const char* kPattern = "%Y-%m-%dT%H:%M:%S.%eZ %l %v";
constexpr std::string_view kRedacted = "[redacted]";

struct Secrets {
    std::shared_mutex mutex;
    std::set<std::string, std::less<>> values;
};
Secrets& secrets() {
    static Secrets instance;
    return instance;
}

spdlog::logger& logger() {
    static auto instance = [] {
        auto made = std::make_shared<spdlog::logger>("pilotlight", std::make_shared<spdlog::sinks::stderr_sink_mt>());
        made->set_pattern(kPattern, spdlog::pattern_time_type::utc);
        made->set_level(spdlog::level::warn);
        return made;
    }();
    return *instance;
}

spdlog::level::level_enum levelOf(LogLevel level) {
    switch (level) {
        case LogLevel::debug: return spdlog::level::debug;
        case LogLevel::info: return spdlog::level::info;
        case LogLevel::warning: return spdlog::level::warn;
        case LogLevel::error: return spdlog::level::err;
        case LogLevel::off: return spdlog::level::off;
    }
    return spdlog::level::warn;
}

bool isTokenCharacter(char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '+' || c == '/' || c == '=' || c == '-' ||
           c == '_' || c == '.' || c == '~' || c == '%';
}

char lower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; }

// Position of `word` (lower case) in `text` from `from` on, in any case.
std::size_t findWord(std::string_view text, std::string_view word, std::size_t from) {
    const auto found = std::search(text.begin() + static_cast<std::ptrdiff_t>(std::min(from, text.size())), text.end(), word.begin(), word.end(),
                                   [](char a, char b) { return lower(a) == b; });
    return found == text.end() ? std::string_view::npos : static_cast<std::size_t>(found - text.begin());
}

// What follows one of these words is secret, up to the end of the token.
constexpr std::string_view kMarkers[] = {
    "secret_access_key", "secretaccesskey", "session_token",   "sessiontoken", "x-amz-security-token", "x-amz-signature", "signature",
    "bearer",            "client_secret",   "clientsecret",    "refresh_token", "refreshtoken",        "access_token",    "accesstoken",
    "id_token",          "password",        "x-amz-sso_bearer_token", "x-aws-ec2-metadata-token"};

} // namespace

void setLogLevel(LogLevel level) { logger().set_level(levelOf(level)); }

void addLogFile(const std::string& path) {
    try {
        auto sink = std::make_shared<spdlog::sinks::rotating_file_sink_mt>(path, 4u << 20, 3);
        sink->set_formatter(std::make_unique<spdlog::pattern_formatter>(kPattern, spdlog::pattern_time_type::utc));
        logger().sinks().push_back(std::move(sink));
    } catch (const spdlog::spdlog_ex&) {
        log(LogLevel::warning, "The log file " + path + " cannot be written; logging to stderr only");
    }
}

void log(LogLevel level, std::string_view message) {
    if (!logger().should_log(levelOf(level))) return;
    logger().log(levelOf(level), "{}", redacted(message));
}

void addSecret(std::string_view value) {
    if (value.size() < 8) return;
    auto& known = secrets();
    const std::unique_lock lock(known.mutex);
    known.values.emplace(value);
}

std::string redacted(std::string_view text) {
    std::string out(text);
    {
        auto& known = secrets();
        const std::shared_lock lock(known.mutex);
        for (const auto& value : known.values) {
            for (auto at = out.find(value); at != std::string::npos; at = out.find(value, at + kRedacted.size())) out.replace(at, value.size(), kRedacted);
        }
    }
    for (const auto marker : kMarkers) {
        for (auto at = findWord(out, marker, 0); at != std::string::npos; at = findWord(out, marker, at)) {
            at += marker.size();
            auto begin = at;
            while (begin < out.size() && (out[begin] == '"' || out[begin] == '\'' || out[begin] == ':' || out[begin] == '=' || out[begin] == ' ')) ++begin;
            auto end = begin;
            while (end < out.size() && isTokenCharacter(out[end])) ++end;
            // A word of prose after the marker ("signature is wrong") is not a token.
            if (begin == at || end - begin < 8) continue;
            out.replace(begin, end - begin, kRedacted);
            at = begin + kRedacted.size();
        }
    }
    constexpr std::string_view begin_key = "-----BEGIN", end_key = "-----END";
    for (auto at = out.find(begin_key); at != std::string::npos; at = out.find(begin_key, at)) {
        auto end = out.find(end_key, at);
        if (end != std::string::npos) end = out.find("-----", end + end_key.size());
        end = end == std::string::npos ? out.size() : end + 5;
        out.replace(at, end - at, kRedacted);
    }
    return out;
}

} // namespace pilotlight
