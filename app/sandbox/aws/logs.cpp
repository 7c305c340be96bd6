// CloudWatch Logs: FilterLogEvents, DescribeLogGroups; Insights queries are refused as malformed unless they are known.
#include <algorithm>
#include <cstdio>
#include <nlohmann/json.hpp>

#include "app/sandbox/aws/call.h"
#include "app/sandbox/aws/log_filter.h"
#include "app/sandbox/aws/log_lines.h"

namespace pilotlight::sandbox {

using nlohmann::json;

namespace {

constexpr std::size_t kMostEvents = 10'000;
constexpr std::size_t kMostBytes = 1'000'000;
constexpr std::size_t kScanInvocations = 20'000;  // per page; a page may end empty with a token
constexpr Micros kIngestionDelay = 2 * kSecond;
constexpr const char* kGroupPrefix = "/aws/lambda/";

tl::unexpected<ServiceError> invalid(const std::string& message) { return refuse(400, "InvalidParameterException", message); }

std::string groupArn(const Call& call, const FunctionState& f) {
    return "arn:aws:logs:" + f.spec.region + ":" + call.world.account() + ":log-group:" + kGroupPrefix + f.spec.name;
}

FunctionState* groupFunction(Call& call, std::string name) {
    if (const auto marker = name.find(":log-group:"); marker != std::string::npos) {
        name = name.substr(marker + 11);
        if (name.ends_with(":*")) name.resize(name.size() - 2);
    }
    return name.starts_with(kGroupPrefix) ? call.world.find(call.region, name.substr(12)) : nullptr;
}

Answer<json> filterLogEvents(Call& call, const json& body) {
    SANDBOX_REFUSE_IF(unknownMember(body,
                                    {"logGroupName", "logGroupIdentifier", "logStreamNames", "logStreamNamePrefix", "startTime", "endTime",
                                     "filterPattern", "nextToken", "limit", "interleaved", "startFromHead", "unmask"},
                                    "InvalidParameterException"));
    std::string group, identifier, pattern, token, prefix;
    std::optional<std::int64_t> start, end, limit;
    SANDBOX_REFUSE_IF(readText(body, "logGroupName", group));
    SANDBOX_REFUSE_IF(readText(body, "logGroupIdentifier", identifier));
    SANDBOX_REFUSE_IF(readText(body, "filterPattern", pattern));
    SANDBOX_REFUSE_IF(readText(body, "nextToken", token));
    SANDBOX_REFUSE_IF(readText(body, "logStreamNamePrefix", prefix));
    SANDBOX_REFUSE_IF(readInteger(body, "startTime", start));
    SANDBOX_REFUSE_IF(readInteger(body, "endTime", end));
    SANDBOX_REFUSE_IF(readInteger(body, "limit", limit));
    if (group.empty() == identifier.empty()) return invalid("Either logGroupName or logGroupIdentifier must be given, not both.");
    if (limit && (*limit < 1 || *limit > static_cast<std::int64_t>(kMostEvents)))
        return invalid("1 validation error detected: Value '" + std::to_string(*limit) +
                       "' at 'limit' failed to satisfy constraint: Member must have value between 1 and 10000");
    FunctionState* f = groupFunction(call, group.empty() ? identifier : group);
    if (f == nullptr) return refuse(400, "ResourceNotFoundException", "The specified log group does not exist.");
    if (pattern.size() > 1024) return invalid("filterPattern has more than 1024 characters.");
    const auto filter = LogFilter::parse(pattern);
    if (!filter) return invalid("Invalid filter pattern");
    std::vector<std::string> streams;
    if (const auto names = body.find("logStreamNames"); names != body.end())
        for (const auto& name : *names)
            if (name.is_string()) streams.push_back(name.get<std::string>());
    const std::int64_t from = std::max<std::int64_t>(0, start.value_or(0));
    const std::int64_t to = end.value_or(INT64_MAX / 4);
    const std::string seal = f->arn + "|" + pattern + "|" + std::to_string(from) + "|" + std::to_string(to) + "|" + prefix;
    const auto& engine = *f->engine;
    const auto& rows = engine.invocations();
    const std::uint64_t first = engine.firstIndex();
    // The longest run begins 15 minutes (and its INIT) before its report.
    std::uint64_t position =
        (first + static_cast<std::uint64_t>(
                     std::partition_point(rows.begin(), rows.end(), [&](const Invocation& i) { return i.start_ms < from - 920'000; }) -
                     rows.begin())) *
        8;
    if (!token.empty()) {
        const auto there = readToken(token, seal);
        if (!there) return invalid("The specified nextToken is invalid.");
        position = std::max(position, *there);
    }
    const bool cold_only = filter->demands("Init Duration") || filter->demands("initDurationMs");
    const bool report_only =
        cold_only || filter->demands("REPORT RequestId") || filter->demands("Billed Duration") || filter->demands("platform.report");
    const std::int64_t visible = (call.now() - kIngestionDelay) / 1000;
    const std::size_t most = limit ? static_cast<std::size_t>(*limit) : kMostEvents;
    struct Event {
        std::int64_t at;
        std::string message, stream, id;
    };
    std::vector<Event> events;
    std::size_t bytes = 0, scanned = 0;
    bool more = false;
    for (std::uint64_t index = position / 8; index >= first && index - first < rows.size() && !more; ++index) {
        const Invocation& row = rows[index - first];
        if (row.start_ms > to) break;
        if (++scanned > kScanInvocations) {
            more = true;
            position = index * 8;
            break;
        }
        if (row.endMs() > visible || row.endMs() < from || (cold_only && row.init_cms == 0)) continue;
        std::string stream;
        const auto lines = logLines(*f, row, index, report_only);
        for (std::size_t n = index == position / 8 ? position % 8 : 0; n < lines.size(); ++n) {
            const LogLine& line = lines[n];
            if (line.at_ms < from || line.at_ms > to || !filter->matches(line.message)) continue;
            if (stream.empty()) stream = logStream(*f, row);
            if (!prefix.empty() && !stream.starts_with(prefix)) continue;
            if (!streams.empty() && std::find(streams.begin(), streams.end(), stream) == streams.end()) continue;
            if (events.size() >= most || bytes + line.message.size() > kMostBytes) {
                more = true;
                position = index * 8 + n;
                break;
            }
            bytes += line.message.size() + 26;
            char id[64];
            std::snprintf(id, sizeof id, "3%017lld%019llu%02zu", static_cast<long long>(line.at_ms), static_cast<unsigned long long>(index),
                          n);
            events.push_back({line.at_ms, line.message, stream, id});
        }
    }
    std::stable_sort(events.begin(), events.end(), [](const Event& a, const Event& b) { return a.at < b.at; });
    json list = json::array();
    for (auto& e : events)
        list.push_back({{"logStreamName", std::move(e.stream)},
                        {"timestamp", e.at},
                        {"message", std::move(e.message)},
                        {"ingestionTime", e.at + 900},
                        {"eventId", e.id}});
    json result{{"events", std::move(list)}, {"searchedLogStreams", json::array()}};
    if (more) result["nextToken"] = makeToken(position, seal);
    return result;
}

Answer<json> describeLogGroups(Call& call, const json& body) {
    SANDBOX_REFUSE_IF(unknownMember(
        body,
        {"logGroupNamePrefix", "logGroupNamePattern", "nextToken", "limit", "includeLinkedAccounts", "accountIdentifiers", "logGroupClass"},
        "InvalidParameterException"));
    std::string prefix, pattern, token;
    std::optional<std::int64_t> limit;
    SANDBOX_REFUSE_IF(readText(body, "logGroupNamePrefix", prefix));
    SANDBOX_REFUSE_IF(readText(body, "logGroupNamePattern", pattern));
    SANDBOX_REFUSE_IF(readText(body, "nextToken", token));
    SANDBOX_REFUSE_IF(readInteger(body, "limit", limit));
    if (limit && (*limit < 1 || *limit > 50)) return invalid("limit must be 1 to 50.");
    std::vector<FunctionState*> all = call.world.functions(call.region);
    std::erase_if(all, [&](const FunctionState* f) {
        const std::string name = kGroupPrefix + f->spec.name;
        return !name.starts_with(prefix) || name.find(pattern) == std::string::npos;
    });
    const std::string seal = call.region + prefix + "|" + pattern;
    std::size_t from = 0;
    if (!token.empty()) {
        const auto there = readToken(token, seal);
        if (!there) return invalid("The specified nextToken is invalid.");
        from = std::min<std::size_t>(*there, all.size());
    }
    const std::size_t to = std::min(all.size(), from + static_cast<std::size_t>(limit.value_or(50)));
    json groups = json::array();
    for (std::size_t i = from; i < to; ++i) {
        const FunctionState& f = *all[i];
        groups.push_back({{"logGroupName", kGroupPrefix + f.spec.name},
                          {"creationTime", call.world.start() / 1000},
                          {"metricFilterCount", 0},
                          {"arn", groupArn(call, f) + ":*"},
                          {"logGroupArn", groupArn(call, f)},
                          {"logGroupClass", "STANDARD"},
                          {"retentionInDays", 30},
                          {"storedBytes", static_cast<std::int64_t>(f.engine->invocations().size()) * 420}});
    }
    json result{{"logGroups", std::move(groups)}};
    if (to < all.size()) result["nextToken"] = makeToken(to, seal);
    return result;
}

}  // namespace

Answer<HttpResponse> handleLogs(Call& call) {
    const auto body = jsonBody(call);
    if (!body) return tl::unexpected(body.error());
    Answer<json> result = refuse(400, "UnknownOperationException", "The operation " + call.operation + " is not known.");
    if (call.operation == "FilterLogEvents") result = filterLogEvents(call, *body);
    if (call.operation == "DescribeLogGroups") result = describeLogGroups(call, *body);
    if (call.operation == "StartQuery") result = refuse(400, "MalformedQueryException", "unexpected symbol found at line 1 and position 1");
    if (call.operation == "GetQueryResults" || call.operation == "StopQuery")
        result = refuse(400, "ResourceNotFoundException", "The specified query does not exist.");
    if (!result) return tl::unexpected(result.error());
    return jsonResponse(*result, 200, "application/x-amz-json-1.1");
}

}  // namespace pilotlight::sandbox
