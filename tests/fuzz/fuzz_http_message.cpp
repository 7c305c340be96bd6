// What a handler or a runtime sends over HTTP: read in pieces it gives the messages that it gives at once.
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "app/agent/http_message.h"

namespace {

using pilotlight::agent::HttpReader;

// Bodies, and whether it ended as HTTP.
std::vector<std::string> messagesOf(HttpReader::Side side, std::string_view bytes, std::size_t piece) {
    HttpReader reader(side);
    std::vector<std::string> out;
    for (std::size_t at = 0; at < bytes.size(); at += piece) {
        auto whole = reader.read(bytes.substr(at, piece));
        while (whole && *whole) {
            const auto message = reader.take();
            if (message.body.size() > HttpReader::kKeptBody || message.body.size() > message.length) __builtin_trap();
            out.push_back(message.method + message.path + std::to_string(message.status) + message.body + std::to_string(message.length));
            whole = reader.read({});
        }
        if (!whole) {
            out.emplace_back("not HTTP");
            return out;
        }
    }
    if (reader.ended()) out.push_back(reader.take().body);
    return out;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    if (size < 2 || size > HttpReader::kMostHead) return 0;  // where a long head is refused depends on the pieces
    const std::string_view bytes(reinterpret_cast<const char*>(data) + 2, size - 2);
    const auto side = (data[0] & 1) != 0 ? HttpReader::Side::requests : HttpReader::Side::responses;
    if (messagesOf(side, bytes, 1 + data[1]) != messagesOf(side, bytes, bytes.size() + 1)) __builtin_trap();
    return 0;
}
