// Lambda's JSON -> Function and Qualifier. Environment variables are dropped here; Code.Location is never looked at.
#pragma once

#include <nlohmann/json_fwd.hpp>
#include <string>
#include <string_view>

#include "core/domain/function.h"

namespace pilotlight::platform::aws {

// A FunctionConfiguration. instance_limit and qualifiers stay unknown/empty. protocol where name or ARN is missing.
[[nodiscard]] Result<Function> parseConfiguration(const nlohmann::json& configuration, const std::string& profile, Timestamp now);
// What GetFunction tells beside the configuration: reserved concurrency, tags, owner.
void applyDetails(Function& function, const nlohmann::json& reply);
// An item of ListAliases or the answer of GetAlias; warm_pool unknown.
[[nodiscard]] Qualifier parseAlias(const nlohmann::json& alias);
// An item of ListProvisionedConcurrencyConfigs: its qualifier, level and status.
struct PoolReading {
    std::string qualifier;  // empty where the item has no ARN (GetProvisionedConcurrencyConfig)
    std::int32_t requested = 0, allocated = 0;
    std::string status, status_reason;
};
[[nodiscard]] PoolReading parsePool(const nlohmann::json& item);
// The version's own settings, for an alias that points at it. `latest` is the configuration of $LATEST: the environments of the two are
// compared here, so that only "same or not" is kept.
void applyVersion(Qualifier& qualifier, const nlohmann::json& configuration, const nlohmann::json& latest);
// Settings that Pilotlight never changes, as short texts.
[[nodiscard]] std::map<std::string, std::string> untunedSettings(const nlohmann::json& configuration, const nlohmann::json& latest);
// "2026-01-21T11:30:00.000+0000" (Lambda writes the offset without a colon).
[[nodiscard]] Timestamp parseLambdaTime(std::string text);

}  // namespace pilotlight::platform::aws
