// Shared by the Lambda handlers: naming a function, describing a configuration (aws lambda 2015-03-31, rest-json).
#pragma once

#include <nlohmann/json_fwd.hpp>
#include <string>
#include <vector>

#include "app/sandbox/aws/call.h"

namespace pilotlight::sandbox::lambda {

struct Named {
    FunctionState* function = nullptr;
    std::string qualifier;  // from the name or ?Qualifier=; "" = none
};

struct Path {
    std::string date;                   // "2015-03-31"
    std::vector<std::string> segments;  // decoded, without the date
};

[[nodiscard]] tl::unexpected<ServiceError> invalid(std::string message);  // InvalidParameterValueException
[[nodiscard]] tl::unexpected<ServiceError> notFound(std::string message);
// Name, partial ARN or ARN, each with an optional qualifier. Error: 404 ResourceNotFoundException, 400 ValidationException.
[[nodiscard]] Answer<Named> findFunction(Call& call, const std::string& text);
// Query parameters, refusing what is not in the list.
[[nodiscard]] Answer<std::map<std::string, std::string>> parameters(const Call& call, std::initializer_list<const char*> known);
// MaxItems / Marker over a list of `total`: [from, to) and the next marker.
struct Page {
    std::size_t from = 0, to = 0;
    std::string next;
};
[[nodiscard]] Answer<Page> page(const std::map<std::string, std::string>& parameters, std::size_t total, std::size_t most,
                                const std::string& query);
// FunctionConfiguration; `listed` leaves out what ListFunctions leaves out. An alias or a version as `qualifier` shows in the ARN.
[[nodiscard]] nlohmann::json configuration(const Call& call, const FunctionState& function, int version, const std::string& qualifier,
                                           bool listed);
[[nodiscard]] nlohmann::json aliasJson(const FunctionState& function, const AliasState& alias);

[[nodiscard]] Answer<HttpResponse> updateConfiguration(Call& call, Named named);
[[nodiscard]] Answer<HttpResponse> publishVersion(Call& call, Named named);
[[nodiscard]] Answer<HttpResponse> createAlias(Call& call, Named named);
[[nodiscard]] Answer<HttpResponse> updateAlias(Call& call, Named named, const std::string& alias);
// reserved and provisioned concurrency; `path` tells which
[[nodiscard]] Answer<HttpResponse> reserved(Call& call, Named named, const Path& path);
[[nodiscard]] Answer<HttpResponse> provisioned(Call& call, Named named);
// Provisioned concurrency of all of the function's qualifiers.
[[nodiscard]] int provisionedTotal(const FunctionState& function);

}  // namespace pilotlight::sandbox::lambda
