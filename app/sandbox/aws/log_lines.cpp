#include "app/sandbox/aws/log_lines.h"

#include <cstdio>
#include <nlohmann/json.hpp>

#include "app/sandbox/aws/wire.h"

namespace pilotlight::sandbox {

using nlohmann::json;

namespace {

template <typename... Args>
std::string format(const char* pattern, Args... args) {
    char text[320];
    std::snprintf(text, sizeof text, pattern, args...);
    return text;
}

std::string versionText(const Invocation& row) { return row.version == 0 ? "$LATEST" : std::to_string(row.version); }

const char* statusOf(const Invocation& row) {
    if (row.is(Invocation::timed_out)) return "timeout";
    if (row.is(Invocation::out_of_memory)) return "error";
    return nullptr;
}

std::string runtimeText(const FunctionState& f) {
    // python3.12 -> python:3.12.v48
    const auto& r = f.spec.runtime;
    const auto digit = r.find_first_of("0123456789");
    return digit == std::string::npos ? r : r.substr(0, digit) + ":" + r.substr(digit) + ".v48";
}

void textLines(std::vector<LogLine>& out, const FunctionState& f, const Invocation& row, const std::string& id, bool report_only) {
    const std::int64_t begin = row.handlerMs(), end = row.endMs();
    if (!report_only) {
        if (row.init_cms > 0)
            out.push_back(
                {row.start_ms, "INIT_START Runtime Version: " + runtimeText(f) + "\tRuntime Version ARN: arn:aws:lambda:" + f.spec.region +
                                   "::runtime:" + format("%016llx", static_cast<unsigned long long>(stableHash(f.spec.runtime))) + "\n"});
        out.push_back({begin, "START RequestId: " + id + " Version: " + versionText(row) + "\n"});
        if (row.is(Invocation::timed_out))
            out.push_back({end, isoMillis(end * 1000) + " " + id + " Task timed out after " + format("%.2f", row.duration_cms / 100'000.0) +
                                    " seconds\n"});
        else if (row.is(Invocation::out_of_memory))
            out.push_back({end, "RequestId: " + id + " Error: Runtime exited with error: signal: killed\nRuntime.ExitError\n"});
        else if (row.is(Invocation::failed))
            out.push_back({end,
                           "[ERROR] RuntimeError: inference failed\nTraceback (most recent call last):\n  File \"/var/task/app.py\", line "
                           "41, in handler\n"});
        out.push_back({end, "END RequestId: " + id + "\n"});
    }
    std::string report = "REPORT RequestId: " + id +
                         format("\tDuration: %.2f ms\tBilled Duration: %lld ms\tMemory Size: %u MB\tMax Memory Used: %u MB\t",
                                row.duration_cms / 100.0, static_cast<long long>(row.billedMs()), row.memory_mb, row.used_mb);
    if (row.init_cms > 0) report += format("Init Duration: %.2f ms\t", row.init_cms / 100.0);
    if (const char* status = statusOf(row))
        report += std::string("Status: ") + status + (row.is(Invocation::out_of_memory) ? "\tError Type: Runtime.ExitError" : "");
    out.push_back({end, report + "\n"});
}

void jsonLines(std::vector<LogLine>& out, const FunctionState& f, const Invocation& row, const std::string& id, bool report_only) {
    const std::int64_t begin = row.handlerMs(), end = row.endMs();
    const auto put = [&](std::int64_t at, const char* type, json record) {
        out.push_back({at, json{{"time", isoMillis(at * 1000)}, {"type", type}, {"record", std::move(record)}}.dump()});
    };
    if (!report_only) {
        if (row.init_cms > 0)
            put(row.start_ms, "platform.initStart",
                {{"initializationType", "on-demand"},
                 {"phase", "init"},
                 {"runtimeVersion", runtimeText(f)},
                 {"functionName", f.spec.name},
                 {"functionVersion", versionText(row)}});
        put(begin, "platform.start", {{"requestId", id}, {"functionArn", f.arn}, {"version", versionText(row)}});
    }
    json metrics{{"durationMs", row.duration_cms / 100.0},
                 {"billedDurationMs", row.billedMs()},
                 {"memorySizeMB", row.memory_mb},
                 {"maxMemoryUsedMB", row.used_mb}};
    if (row.init_cms > 0) metrics["initDurationMs"] = row.init_cms / 100.0;
    const char* status = statusOf(row) ? statusOf(row) : row.is(Invocation::failed) ? "error" : "success";
    json record{{"requestId", id}, {"metrics", std::move(metrics)}, {"status", status}};
    if (row.is(Invocation::out_of_memory)) record["errorType"] = "Runtime.ExitError";
    put(end, "platform.report", std::move(record));
}

}  // namespace

std::string requestId(const FunctionState& f, std::uint64_t index) {
    const std::uint64_t seed = stableHash(f.arn);
    return uuidOf(mix(seed + index * 2 + 1), mix(seed ^ mix(index)));
}

std::string logStream(const FunctionState& f, const Invocation& row) {
    std::string date = isoDate(f.engine->birth(row.instance));
    date[4] = date[7] = '/';
    const std::uint64_t seed = stableHash(f.arn, row.instance);
    return date + "/[" + versionText(row) + "]" +
           format("%016llx%016llx", static_cast<unsigned long long>(seed), static_cast<unsigned long long>(mix(seed)));
}

std::vector<LogLine> logLines(const FunctionState& f, const Invocation& row, std::uint64_t index, bool report_only) {
    std::vector<LogLine> lines;
    const std::string id = requestId(f, index);
    if (f.spec.json_logs)
        jsonLines(lines, f, row, id, report_only);
    else
        textLines(lines, f, row, id, report_only);
    return lines;
}

}  // namespace pilotlight::sandbox
