#include "core/net/error_text.h"

#include <cctype>

#include "core/base/log.h"

namespace pilotlight::net {

namespace {
constexpr std::size_t kMessageLength = 300;
}

std::string tidyMessage(std::string_view message) {
    while (!message.empty() && std::isspace(static_cast<unsigned char>(message.front()))) message.remove_prefix(1);
    message = message.substr(0, message.find_first_of("\r\n"));
    std::string out = redacted(message.substr(0, kMessageLength * 2));
    if (out.size() > kMessageLength) {
        std::size_t cut = kMessageLength;
        while (cut > 0 && (static_cast<unsigned char>(out[cut]) & 0xC0) == 0x80) --cut;  // not inside a character
        out = out.substr(0, cut) + "...";
    }
    while (!out.empty() && (std::isspace(static_cast<unsigned char>(out.back())) || out.back() == '.')) out.pop_back();
    return out;
}

}  // namespace pilotlight::net
