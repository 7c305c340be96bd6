// Functions of a region or one of them, with everything that hangs on them.
#pragma once

#include <string>
#include <vector>

#include "core/platform/aws/client.h"

namespace pilotlight::platform::aws {

inline constexpr std::size_t kParallelCalls = 8;

struct ReadContext {
    AwsClient& client;
    const std::string& profile;
    Timestamp now;
    const JobContext& job;
};

// Adds the region's functions, limits and problems to `inventory`. An error: the listing itself failed, and says why.
[[nodiscard]] Status readRegion(const ReadContext& context, const std::string& region, Inventory& inventory);
// One function, fresh. not_found where it is gone; parts that cannot be read stay unknown.
[[nodiscard]] Result<Function> readOne(const ReadContext& context, const std::string& id);
[[nodiscard]] Result<AccountLimits> readAccountLimits(const ReadContext& context, const std::string& region);

}  // namespace pilotlight::platform::aws
