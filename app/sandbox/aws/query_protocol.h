// The AWS query protocol as JSON: parameters into a tree, a result tree into XML.
#pragma once

#include <nlohmann/json_fwd.hpp>
#include <string>

#include "app/sandbox/aws/wire.h"

namespace pilotlight::sandbox {

// "A.member.1.B=x" becomes {"A":[{"B":"x"}]}; every leaf is a string. Errors: 400 MalformedInput.
[[nodiscard]] Answer<nlohmann::json> parametersToJson(const std::string& form);
// Arrays become <member>s; numbers under "Timestamp" and "Timestamps" become ISO 8601.
[[nodiscard]] HttpResponse xmlResponse(const std::string& operation, const nlohmann::json& result, const std::string& name_space,
                                       const std::string& request_id);

}  // namespace pilotlight::sandbox
