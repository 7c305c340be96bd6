// One authenticated call, and what the service handlers share.
#pragma once

#include <initializer_list>
#include <map>
#include <nlohmann/json_fwd.hpp>
#include <string>

#include "app/sandbox/aws/signature.h"
#include "app/sandbox/aws/wire.h"
#include "app/sandbox/engine/world.h"

namespace pilotlight::sandbox {

struct Call {
    const HttpRequest& request;
    World& world;
    std::string region, service, request_id;
    std::string operation;  // X-Amz-Target without its prefix, or Action
    [[nodiscard]] Micros now() const { return world.now(); }
};

// The operations that a call asks for, by service; each is told apart by path, target or Action.
[[nodiscard]] Answer<HttpResponse> handleLambda(Call& call);
[[nodiscard]] Answer<HttpResponse> handleCloudWatch(Call& call, Protocol protocol);
[[nodiscard]] Answer<HttpResponse> handleLogs(Call& call);
[[nodiscard]] Answer<HttpResponse> handleScaling(Call& call);
[[nodiscard]] Answer<HttpResponse> handleSts(Call& call);
[[nodiscard]] Answer<HttpResponse> handleCostExplorer(Call& call);
// Price List files need no signature. 404 where there is no such file.
[[nodiscard]] HttpResponse handlePriceFile(const HttpRequest& request, std::int64_t now);

// --- helpers of the JSON services ---
[[nodiscard]] HttpResponse jsonResponse(const nlohmann::json& body, int status = 200, const char* content_type = "application/json");
// Nesting beyond what any request has; checked before parsing, because writing JSON back recurses.
[[nodiscard]] bool nestedTooDeep(std::string_view text);
// The body as an object; an empty body is {}. Error: 400 SerializationException.
[[nodiscard]] Answer<nlohmann::json> jsonBody(const Call& call);
// Refuses members that are not in the list, with `code`.
[[nodiscard]] std::optional<ServiceError> unknownMember(const nlohmann::json& object, std::initializer_list<const char*> known,
                                                        const char* code);
// Typed members; `out` is untouched where absent. Errors: 400 SerializationException for another type.
[[nodiscard]] std::optional<ServiceError> readText(const nlohmann::json& object, const char* key, std::string& out);
[[nodiscard]] std::optional<ServiceError> readInteger(const nlohmann::json& object, const char* key, std::optional<std::int64_t>& out);

// Opaque page tokens: a number sealed with the query it belongs to.
[[nodiscard]] std::string makeToken(std::uint64_t position, const std::string& query);
[[nodiscard]] std::optional<std::uint64_t> readToken(const std::string& token, const std::string& query);

#define SANDBOX_REFUSE_IF(expression)                                                            \
    do {                                                                                         \
        if (auto sandbox_error = (expression)) return tl::unexpected(std::move(*sandbox_error)); \
    } while (false)

}  // namespace pilotlight::sandbox
