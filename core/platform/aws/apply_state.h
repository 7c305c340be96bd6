// What is there now of the things that a step sets. Used before writing (what has no RevisionId is read and compared), after a lost reply,
// and while waiting.
#pragma once

#include <optional>
#include <string>

#include "core/domain/function.h"
#include "core/platform/aws/client.h"

namespace pilotlight::platform::aws {

struct ConfigurationState {
    std::int32_t memory_mb = 0, timeout_s = 0;
    std::string state, update_status, update_reason, revision, code_sha256, version;
};
struct PoolState {
    std::int32_t requested = 0;  // 0: there is no pool
    std::string status, reason;
};
struct AliasState {
    std::string version, revision;
};

class StateReader {
public:
    StateReader(AwsClient& client, const std::string& region, const std::string& function_name, const JobContext& job)
        : client_(client), region_(region), name_(function_name), job_(job) {}

    // Empty qualifier = $LATEST.
    [[nodiscard]] Result<ConfigurationState> configuration(const std::string& qualifier = {}) const;
    [[nodiscard]] Result<std::optional<std::int32_t>> limit() const;  // nullopt: none reserved
    [[nodiscard]] Result<PoolState> pool(const std::string& qualifier) const;
    [[nodiscard]] Result<std::vector<PoolState>> pools() const;  // all qualifiers
    [[nodiscard]] Result<AliasState> alias(const std::string& name) const;
    // The newest published version with this code, memory and timeout, above version `above`; nullopt: none.
    [[nodiscard]] Result<std::optional<std::string>> matchingVersion(const std::string& code_sha256, std::int32_t memory_mb,
                                                                     std::int32_t timeout_s, const std::string& above) const;

private:
    AwsClient& client_;
    const std::string& region_;
    const std::string& name_;
    const JobContext& job_;
};

}  // namespace pilotlight::platform::aws
