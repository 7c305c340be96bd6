// Settings -> the calls that bring them about, and the documents that those calls send.
#pragma once

#include <nlohmann/json_fwd.hpp>
#include <string>
#include <vector>

#include "core/platform/platform.h"

namespace pilotlight::platform::gcp {

// Names of steps; ApplyStep::operation.
namespace step {
inline constexpr const char* kPatchService = "run.services.patch";
inline constexpr const char* kPatchFunction = "cloudfunctions.functions.patch";
inline constexpr const char* kPatchFunctionV1 = "cloudfunctions.v1.functions.patch";
}  // namespace step

// What a step sets, as the journal keeps it. Absent = stays.
struct Wanted {
    std::optional<std::int32_t> memory, concurrency, pool, limit, timeout;  // limit 0 = none
    std::optional<double> vcpu;
    std::string minimum_at;  // where the minimum stands
    [[nodiscard]] nlohmann::json toJson() const;
};
[[nodiscard]] Result<Wanted> wantedFromJson(const std::string& arguments);

// Empty where nothing would change. Errors: invalid_argument (a combination that does not exist), unsupported (what the platform cannot
// do).
[[nodiscard]] Result<std::vector<ApplyStep>> planSteps(const Function& before, const DesiredSettings& desired, const std::string& alias);

// A patch: its mask and its body.
struct Patch {
    std::string mask;
    std::string body;
};
// Cloud Run: the containers whole, as masks cannot name one of a list; cpuIdle as it is, as leaving it out would change the billing; a
// revision name that was given by hand cleared; the etag of `service`.
[[nodiscard]] Result<Patch> servicePatch(const nlohmann::json& service, const Wanted& wanted);
// Cloud Functions v2: memory always together with CPU, which would be computed anew otherwise.
[[nodiscard]] Patch functionPatch(const nlohmann::json& function, const Wanted& wanted);
[[nodiscard]] Patch functionPatchV1(const std::string& name, const Wanted& wanted);
// Whether the function has all of it.
[[nodiscard]] bool holds(const Function& now, const Wanted& wanted);

}  // namespace pilotlight::platform::gcp
