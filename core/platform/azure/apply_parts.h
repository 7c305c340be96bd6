// Settings -> the call that brings them about, and the documents that it sends.
#pragma once

#include <nlohmann/json_fwd.hpp>
#include <string>
#include <vector>

#include "core/platform/platform.h"

namespace pilotlight::platform::azure {

namespace step {
inline constexpr const char* kPutSite = "sites.put";
inline constexpr const char* kPatchConfig = "sites.config.patch";
}  // namespace step

// What a step sets, as the journal keeps it. Absent = stays.
struct Wanted {
    std::optional<std::int32_t> memory, concurrency, limit, pool;  // limit 0 = none
    std::string group;                                             // of the pool; empty = the whole app
    [[nodiscard]] nlohmann::json toJson() const;
};
[[nodiscard]] Result<Wanted> wantedFromJson(const std::string& arguments);
// Empty where nothing would change. Errors: invalid_argument, unsupported (what the plan cannot do).
[[nodiscard]] Result<std::vector<ApplyStep>> planSteps(const Function& before, const DesiredSettings& desired, const std::string& alias);
// The whole site as it was read, with what is wanted in functionAppConfig and without siteConfig.
[[nodiscard]] std::string siteBody(nlohmann::json site, const Wanted& wanted);
[[nodiscard]] std::string configBody(const Wanted& wanted);
[[nodiscard]] bool holds(const Function& now, const Wanted& wanted);

}  // namespace pilotlight::platform::azure
