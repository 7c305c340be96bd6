// Functions of a region or one of them, with everything that hangs on them.
#pragma once

#include <string>
#include <vector>

#include "core/platform/aws/client.h"

namespace pilotlight::platform::aws {

inline constexpr std::size_t kParallelCalls = 32;

struct ReadContext {
    AwsClient& client;
    const std::string& profile;
    Timestamp now;
    const JobContext& job;
};

// Adds the regions' functions, limits and problems to `inventory`, all regions at the same time: quotas are per region. One outcome a
// region: an error says why the listing itself failed.
[[nodiscard]] std::vector<Status> readRegions(const ReadContext& context, const std::vector<std::string>& regions, Inventory& inventory);
// One function, fresh. not_found where it is gone; parts that cannot be read stay unknown.
[[nodiscard]] Result<Function> readOne(const ReadContext& context, const std::string& id);
[[nodiscard]] Result<AccountLimits> readAccountLimits(const ReadContext& context, const std::string& region);

}  // namespace pilotlight::platform::aws
