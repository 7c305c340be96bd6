#include "core/platform/aws/report_line.h"

#include <charconv>
#include <nlohmann/json.hpp>

#include "core/platform/json_fields.h"

namespace pilotlight::platform::aws {
namespace {

constexpr double kLongestMs = 24.0 * 3600.0 * 1000.0;  // beyond any timeout: not a duration

struct Fields {
    std::string_view request_id;
    double duration_ms = -1, billed_ms = -1, init_ms = -1, restore_ms = -1, memory_mb = -1, used_mb = -1;
    bool failed = false, timed_out = false;
};

std::string_view trimmed(std::string_view text) {
    const auto blank = [](char c) { return c == ' ' || c == '\t' || c == '\r' || c == '\n'; };
    while (!text.empty() && blank(text.front())) text.remove_prefix(1);
    while (!text.empty() && blank(text.back())) text.remove_suffix(1);
    return text;
}

double leadingNumber(std::string_view text) {
    double value = -1;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
    return error == std::errc{} && end != text.data() && std::isfinite(value) && value >= 0 && value < kLongestMs ? value : -1;
}

void setStatus(Fields& fields, std::string_view status) {
    if (status == "timeout") {
        fields.failed = fields.timed_out = true;
    } else if (status == "error" || status == "failure") {
        fields.failed = true;
    }
}

void setField(Fields& fields, std::string_view key, std::string_view value) {
    if (key == "RequestId") {
        fields.request_id = value.substr(0, value.find_first_of(" \t\r\n"));
    } else if (key == "Duration") {
        fields.duration_ms = leadingNumber(value);
    } else if (key == "Billed Duration") {
        fields.billed_ms = leadingNumber(value);
    } else if (key == "Init Duration") {
        fields.init_ms = leadingNumber(value);
    } else if (key == "Restore Duration") {
        fields.restore_ms = leadingNumber(value);
    } else if (key == "Memory Size") {
        fields.memory_mb = leadingNumber(value);
    } else if (key == "Max Memory Used") {
        fields.used_mb = leadingNumber(value);
    } else if (key == "Status") {
        setStatus(fields, value.substr(0, value.find_first_of(" \t\r\n")));
    }
}

// Tabs between the fields, as the service writes them.
void readTabbed(Fields& fields, std::string_view text) {
    while (!text.empty()) {
        const auto end = text.find_first_of("\t\n");
        const std::string_view part = trimmed(text.substr(0, end));
        if (const auto colon = part.find(':'); colon != std::string_view::npos) {
            setField(fields, trimmed(part.substr(0, colon)), trimmed(part.substr(colon + 1)));
        }
        if (end == std::string_view::npos) break;
        text.remove_prefix(end + 1);
    }
}

// Blanks between the fields (copied or re-formatted logs): a key begins after a value's end ("ms", "MB", an id), never after a word of
// another key, so that "Extension Duration:" is not taken for "Duration:".
void readSpaced(Fields& fields, std::string_view text) {
    static constexpr std::string_view keys[] = {
        "Billed Restore Duration", "Restore Duration", "Billed Duration", "Init Duration", "Duration",
        "Max Memory Used",         "Memory Size",      "RequestId",       "Status"};
    bool may_begin = true;
    std::size_t at = 0;
    while (at < text.size()) {
        const auto begin = text.find_first_not_of(" \t\r\n", at);
        if (begin == std::string_view::npos) break;
        const std::string_view rest = text.substr(begin);
        const std::string_view* found = nullptr;
        if (may_begin) {
            for (const auto& key : keys) {
                if (rest.size() > key.size() && rest.starts_with(key) && rest[key.size()] == ':') {
                    found = &key;
                    break;
                }
            }
        }
        if (found != nullptr) {
            const std::string_view value = trimmed(rest.substr(found->size() + 1));
            setField(fields, *found, value);
            // To the end of the value's first word; its unit, where it has one, is the next word.
            const std::size_t value_at = static_cast<std::size_t>(value.data() - text.data());
            at = value.empty() ? text.size() : std::min(text.find_first_of(" \t\r\n", value_at), text.size());
            may_begin = true;
            continue;
        }
        const auto end = std::min(rest.find_first_of(" \t\r\n"), rest.size());
        const std::string_view word = rest.substr(0, end);
        may_begin = word == "ms" || word == "MB" || word.find_first_of("0123456789") != std::string_view::npos || word == "REPORT";
        at = begin + end;
    }
}

bool readJson(Fields& fields, std::string& storage, std::string_view line, Timestamp& logged) {
    const auto root = nlohmann::json::parse(line, nullptr, false);
    if (textField(root, "type") != "platform.report") return false;
    const auto& record = objectField(root, "record");
    const auto& metrics = objectField(record, "metrics");
    const auto number = [&](const char* key) {
        const double value = numberField(metrics, key).value_or(-1);
        return std::isfinite(value) && value >= 0 && value < kLongestMs ? value : -1;
    };
    storage = textField(record, "requestId");
    fields.request_id = storage;
    fields.duration_ms = number("durationMs");
    fields.billed_ms = number("billedDurationMs");
    fields.init_ms = number("initDurationMs");
    fields.restore_ms = number("restoreDurationMs");
    fields.memory_mb = number("memorySizeMB");
    fields.used_mb = number("maxMemoryUsedMB");
    setStatus(fields, textField(record, "status"));
    if (const auto time = parseIso8601(textField(root, "time"))) logged = *time;
    return true;
}

}  // namespace

std::uint64_t hashOf(std::string_view text) {
    std::uint64_t hash = 14695981039346656037ull;
    for (const char c : text) hash = (hash ^ static_cast<unsigned char>(c)) * 1099511628211ull;
    return hash;
}

ReportLine parseReportLine(std::string_view line, Timestamp logged) {
    line = trimmed(line);
    ReportLine parsed;
    Fields fields;
    std::string storage;
    if (line.starts_with("REPORT ") || line.starts_with("REPORT\t")) {
        line.remove_prefix(7);
        line.find('\t') != std::string_view::npos ? readTabbed(fields, line) : readSpaced(fields, line);
    } else if (!line.starts_with('{') || line.find("platform.report") == std::string_view::npos ||
               !readJson(fields, storage, line, logged)) {
        return parsed;
    }
    if (fields.duration_ms < 0 || fields.request_id.empty()) {
        parsed.kind = LineKind::unreadable;
        return parsed;
    }
    parsed.kind = LineKind::report;
    Invocation& invocation = parsed.invocation;
    invocation.time = logged - milliseconds(std::llround(fields.duration_ms));
    invocation.duration_ms = static_cast<float>(fields.duration_ms);
    // SnapStart: the cold part is the restore.
    invocation.init_ms = static_cast<float>(fields.init_ms >= 0 ? fields.init_ms : fields.restore_ms);
    invocation.billed_ms = static_cast<float>(fields.billed_ms >= 0 ? fields.billed_ms : std::ceil(fields.duration_ms));
    invocation.max_memory_used_mb = static_cast<float>(std::max(0.0, fields.used_mb));
    invocation.memory_mb = fields.memory_mb > 0 && fields.memory_mb < 1e6 ? static_cast<std::int32_t>(fields.memory_mb) : 0;
    invocation.request = hashOf(fields.request_id);
    invocation.failed = fields.failed;
    invocation.timed_out = fields.timed_out;
    return parsed;
}

}  // namespace pilotlight::platform::aws
