#include "core/platform/aws/log_page.h"

#include <simdjson.h>

namespace pilotlight::platform::aws {

namespace {

constexpr std::int64_t kLatestMs = 253402300799000;  // the end of year 9999

tl::unexpected<Error> unreadable(const char* why) {
    return fail(ErrorCode::protocol, std::string("The answer of logs:FilterLogEvents cannot be read: ") + why,
                "The log lines of this page are missing.", "Check that the endpoint is CloudWatch Logs'.");
}

}  // namespace

Result<LogPage> parseLogPage(std::string_view body) {
    simdjson::dom::parser parser;
    simdjson::dom::element document;
    simdjson::dom::object root;
    if (parser.parse(simdjson::padded_string(body)).get(document) != simdjson::SUCCESS) return unreadable("it is no JSON");
    if (document.get_object().get(root) != simdjson::SUCCESS) return unreadable("it is no JSON object");
    LogPage page;
    std::string_view text;
    if (root["nextToken"].get_string().get(text) == simdjson::SUCCESS) page.next_token = std::string(text);
    simdjson::dom::array events;
    if (root["events"].get_array().get(events) != simdjson::SUCCESS) {
        simdjson::dom::element any;
        if (root["events"].get(any) == simdjson::NO_SUCH_FIELD) return page;
        return unreadable("its events are no list");
    }
    page.events.reserve(events.size());
    for (const auto item : events) {
        std::int64_t time = 0;
        std::string_view message, stream;
        if (item["timestamp"].get_int64().get(time) != simdjson::SUCCESS ||
            item["message"].get_string().get(message) != simdjson::SUCCESS || time < 0 || time > kLatestMs) {
            return unreadable("an event has no time or message");
        }
        if (item["logStreamName"].get_string().get(stream) != simdjson::SUCCESS) stream = {};
        page.events.push_back({Timestamp(milliseconds(time)), std::string(stream), std::string(message)});
    }
    return page;
}

}  // namespace pilotlight::platform::aws
