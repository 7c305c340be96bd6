// One Google API call: who is told what in which shape, and what the handlers share (error model of google.rpc.Status over JSON, field
// masks, page tokens). Strict as the real services are: an unknown field, parameter or mask path is refused.
#pragma once

#include <map>
#include <nlohmann/json_fwd.hpp>
#include <string>
#include <string_view>
#include <vector>

#include "app/sandbox/aws/wire.h"
#include "app/sandbox/faults.h"
#include "app/sandbox/gcp/project.h"
#include "app/sandbox/gcp/token.h"

namespace pilotlight::sandbox::gcp {

struct Call {
    const HttpRequest& request;
    Project& project;
    std::vector<std::string> path;  // decoded segments; a last one "x:verb" is split into "x" and verb
    std::string verb;               // "wait", "testIamPermissions"
    std::map<std::string, std::vector<std::string>> query;
    [[nodiscard]] std::string parameter(const std::string& name) const;  // first one; "" = absent
};

// "run.PatchService", "monitoring.ListTimeSeries", ...: what fault rules match. Empty: no Google API has this path.
[[nodiscard]] std::string operationOf(const HttpRequest& request);
// Answers in Google's shape. `faults` have been chosen for operationOf(request).
[[nodiscard]] HttpResponse answer(const HttpRequest& request, Project& project, TokenIssuer& tokens, std::int64_t real_now);
[[nodiscard]] HttpResponse errorResponse(const ServiceError& error);
// A scripted refusal of this call (denied, disabled, quota, expired); nullopt: another kind of fault.
[[nodiscard]] std::optional<HttpResponse> refusalOf(Fault::Kind kind, const std::string& operation, const Project& project);

[[nodiscard]] Answer<HttpResponse> handleRun(Call& call);
[[nodiscard]] Answer<HttpResponse> handleFunctions(Call& call);
[[nodiscard]] Answer<HttpResponse> handleFunctionsV1(Call& call);
[[nodiscard]] Answer<HttpResponse> handleMonitoring(Call& call);
[[nodiscard]] Answer<HttpResponse> handleBigQuery(Call& call);
[[nodiscard]] Answer<HttpResponse> handleCatalog(Call& call);

// --- helpers ---
[[nodiscard]] Answer<nlohmann::json> bodyOf(const Call& call);
// INVALID_ARGUMENT as the JSON transcoder words it.
[[nodiscard]] tl::unexpected<ServiceError> badRequest(std::string message);
[[nodiscard]] tl::unexpected<ServiceError> notFound(const std::string& what);
// Refuses query parameters that are not in the list (standard ones are always allowed).
[[nodiscard]] Answer<void> checkParameters(const Call& call, std::initializer_list<const char*> known);
// Refuses fields of `body` that `shape` lacks. A shape is an object of shapes; "*" stands for any key; a list for lists of it; anything
// else ends it.
[[nodiscard]] Answer<void> checkFields(const nlohmann::json& body, const nlohmann::json& shape, const std::string& where);
// Paths of a mask ("a,b.c"), each of which `shape` must have. Output-only names are refused by the caller.
[[nodiscard]] Answer<std::vector<std::string>> maskOf(const std::string& text, const nlohmann::json& shape);
// Copies the value at `path` from `from` to `to`, or removes it there.
void copyField(const nlohmann::json& from, nlohmann::json& to, const std::string& path);
// [first, last) of `size` by pageSize and pageToken; `next` is the token after it.
struct Page {
    std::size_t first = 0, last = 0;
    std::string next;
};
[[nodiscard]] Answer<Page> pageOf(const Call& call, std::size_t size, std::size_t default_size, std::size_t most, const std::string& what);
[[nodiscard]] HttpResponse reply(const nlohmann::json& body);

#define GOOGLE_TRY(expression)                                                                               \
    do {                                                                                                     \
        if (auto google_status = (expression); !google_status) return tl::unexpected(google_status.error()); \
    } while (false)

}  // namespace pilotlight::sandbox::gcp
