// JSON of Cloud Run v2 services and Cloud Functions v2 functions -> Function. Values of environment variables are never looked at.
#pragma once

#include <nlohmann/json_fwd.hpp>
#include <string>

#include "core/domain/function.h"

namespace pilotlight::platform::gcp {

// Keys of Function::untuned.
using untuned_key::kAccelerator;
using untuned_key::kBilling;
using untuned_key::kKind;
inline constexpr const char* kFunctionName = "function";    // resource name of the Functions API; absent for plain services
inline constexpr const char* kMinimumAt = "minimum_at";     // where the minimum stands: "service" | "revision"
inline constexpr const char* kContainers = "containers";    // number, where there are several

// A Service. protocol where its name is missing. Services that Cloud Functions manages have the kind "gen2", also before joinFunction.
[[nodiscard]] Result<Function> parseService(const nlohmann::json& service, const std::string& profile, Timestamp now);
// Puts the Functions resource on the row of the service behind it: names, runtime, and a revision that covers both.
void joinFunction(Function& row, const nlohmann::json& function);
// A function of the 1st generation, as v2 lists it.
[[nodiscard]] Result<Function> parseFirstGeneration(const nlohmann::json& function, const std::string& profile, Timestamp now);
// Resource name of the service behind a 2nd generation function; empty for others.
[[nodiscard]] std::string serviceBehind(const nlohmann::json& function);

}  // namespace pilotlight::platform::gcp
