// Application Auto Scaling of provisioned concurrency: targets, scheduled actions, policies.
#pragma once

#include <map>
#include <string>
#include <utility>
#include <vector>

#include "core/platform/aws/client.h"

namespace pilotlight::platform::aws {

// "function:<name>:<qualifier>"
[[nodiscard]] std::string scalingResource(const std::string& function_name, const std::string& qualifier);

struct ScalingReading {
    // (function name, qualifier) -> what scales it. A schedule without a target does nothing and is not in here.
    std::map<std::pair<std::string, std::string>, PoolScaling> pools;
    std::vector<Problem> problems;
    bool known = true;  // false: the targets could not be read; pools is no proof of absence
};
// Of one region, or of one function where `function_name` and `qualifiers` are given.
[[nodiscard]] ScalingReading readScaling(AwsClient& client, const std::string& region, const std::string& function_name,
                                         const std::vector<std::string>& qualifiers, const JobContext& job);
[[nodiscard]] Result<std::vector<ScheduledAction>> readScheduledActions(AwsClient& client, const std::string& region,
                                                                        const std::string& resource, const JobContext& job);
struct ScalableTarget {
    std::int32_t min_capacity = 0, max_capacity = 0;
};
[[nodiscard]] Result<std::optional<ScalableTarget>> readScalableTarget(AwsClient& client, const std::string& region,
                                                                       const std::string& resource, const JobContext& job);

}  // namespace pilotlight::platform::aws
