// Bytes of a client as the sandbox takes them apart: authorization header, canonical request, form bodies, filter patterns, schedules.
#include <cstddef>
#include <cstdint>
#include <nlohmann/json.hpp>
#include <string>

#include "app/sandbox/aws/log_filter.h"
#include "app/sandbox/aws/query_protocol.h"
#include "app/sandbox/aws/signature.h"
#include "app/sandbox/engine/schedule.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    using namespace pilotlight::sandbox;
    if (size > 1 << 14) return 0;
    const std::string text(reinterpret_cast<const char*>(data), size);
    // First line: path, second: query, third: authorization, the rest: body.
    std::string part[4];
    std::size_t at = 0;
    for (int i = 0; i < 3; ++i) {
        const auto end = std::min(text.find('\n', at), text.size());
        part[i] = text.substr(at, end - at);
        at = std::min(end + 1, text.size());
    }
    part[3] = text.substr(at);
    HttpRequest request;
    request.method = "POST";
    request.path = part[0];
    request.raw_query = part[1];
    request.body = part[3];
    request.headers = {{"host", "127.0.0.1"}, {"x-amz-date", "20261124T140500Z"}, {"authorization", part[2]}};
    if (const auto credential = parseAuthorization(part[2])) (void)canonicalRequest(request, credential->signed_headers);
    const Keys keys{"AKIDEXAMPLE", "secret"};
    if (checkSignature(request, keys, 1'795'529'100'000'000).has_value()) __builtin_trap();  // nobody guesses a signature
    (void)request.query();
    if (const auto tree = parametersToJson(part[3])) (void)xmlResponse("Operation", *tree, "urn:x", "id");
    if (const auto filter = LogFilter::parse(part[1])) (void)filter->matches(part[3]);
    if (const auto schedule = Schedule::parse(part[0], "UTC")) (void)schedule->next(1'795'529'100'000'000, 0);
    (void)parseInstant(part[0]);
    return 0;
}
