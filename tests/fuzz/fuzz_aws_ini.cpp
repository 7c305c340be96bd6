// The AWS files and error bodies are bytes from outside: any of them must be read without harm.
#include <cstddef>
#include <cstdint>
#include <string>

#include "core/net/aws_config.h"
#include "core/net/aws_errors.h"
#include "core/net/gzip.h"
#include "core/net/subprocess.h"
#include "core/net/url.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const std::string_view text(reinterpret_cast<const char*>(data), size);
    for (const auto& [title, section] : pilotlight::net::parseAwsIni(text)) {
        if (title.empty()) __builtin_trap();
        for (const auto& [key, value] : section.values) {
            if (key.empty()) __builtin_trap();
        }
    }
    pilotlight::net::HttpResponse response;
    response.status = 400;
    response.body = text;
    if (!pilotlight::net::classifyAws({}, response)) __builtin_trap();
    (void)pilotlight::net::splitCommand(text);
    (void)pilotlight::net::gunzip(text, 1u << 20);
    (void)pilotlight::net::splitQuery(pilotlight::net::splitUrl(text).query);
    return 0;
}
