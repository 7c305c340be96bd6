// Projects -> locations -> services and functions, joined: a 2nd generation function and the service behind it are one row.
#pragma once

#include <map>
#include <nlohmann/json_fwd.hpp>
#include <string>

#include "core/platform/gcp/client.h"

namespace pilotlight::platform::gcp {

struct ReadContext {
    GcpClient& client;
    const Profile& profile;
    Timestamp now{};
    const JobContext& job;
};

// Adds one project to the inventory. Locations that did not answer are problems and are left out of regions_read. An error ends all.
[[nodiscard]] Status readProject(const ReadContext& context, const std::string& project, Inventory& inventory);
// Fresh settings by id. not_found where it is gone. `function_name`: the Functions resource, where it is known already.
[[nodiscard]] Result<Function> readOne(const ReadContext& context, const std::string& id, const std::string& function_name);

// The document of a service or a function, as it is now.
[[nodiscard]] Result<nlohmann::json> readDocument(const ReadContext& context, Operation operation, const std::string& path);

}  // namespace pilotlight::platform::gcp
