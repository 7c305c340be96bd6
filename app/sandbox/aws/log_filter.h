// Filter patterns of CloudWatch Logs, the part that is in use for Lambda: terms and JSON selectors
// (CloudWatch Logs user guide, FilterAndPatternSyntax).
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace pilotlight::sandbox {

class LogFilter {
public:
    LogFilter();
    ~LogFilter();
    LogFilter(LogFilter&&) noexcept;
    LogFilter& operator=(LogFilter&&) noexcept;

    // nullopt = the pattern is malformed. An empty pattern lets everything through.
    [[nodiscard]] static std::optional<LogFilter> parse(std::string_view pattern);
    [[nodiscard]] bool matches(const std::string& message) const;
    // Whether every match must hold this text.
    [[nodiscard]] bool demands(std::string_view term) const;

    struct Node;

private:
    std::vector<std::string> all_, none_, any_;
    std::unique_ptr<Node> json_;
};

}  // namespace pilotlight::sandbox
