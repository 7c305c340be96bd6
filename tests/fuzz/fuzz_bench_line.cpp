// Lines of the bench agent's protocol, both ways: an object or an error; what is an object is written and read again to the same line.
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "core/bench/protocol.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    using namespace pilotlight::bench;
    const std::string_view line(reinterpret_cast<const char*>(data), size);
    if (const auto request = parseRequest(line)) {
        const std::string written = toLine(*request);
        const auto again = parseRequest(written);
        if (!again || toLine(*again) != written) __builtin_trap();
    }
    if (const auto event = parseEvent(line)) {
        const std::string written = toLine(*event);
        if (written.size() < kMostEventBytes) {
            const auto again = parseEvent(written);
            if (!again || toLine(*again) != written) __builtin_trap();
        }
    }
    return 0;
}
