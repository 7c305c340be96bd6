// What vetoes a plan. Names are stable: they are what --override takes.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "core/domain/change.h"
#include "core/domain/function.h"

namespace pilotlight::change {

namespace guardrail {
inline constexpr const char* kReadOnly = "read-only";                      // the profile; not overridable
inline constexpr const char* kPlatformRange = "platform-range";            // ranges and steps of the platform; not overridable
inline constexpr const char* kAliasDrift = "alias-drift";                  // would ship undeployed code; not overridable
inline constexpr const char* kMemoryFloor = "memory-floor";                // max used x 1.15
inline constexpr const char* kUnreserved = "unreserved-concurrency";       // 100 must stay unreserved in the account
inline constexpr const char* kPoolWithinLimit = "pool-within-limit";       // warm pool <= reserved concurrency
inline constexpr const char* kPoolScaling = "pool-scaling";                // somebody else scales this pool
inline constexpr const char* kInfrastructureCode = "infrastructure-code";  // the next deployment would undo it
}  // namespace guardrail

// AWS Lambda developer guide, "Reserved concurrency": at least 100 stay unreserved.
inline constexpr std::int32_t kUnreservedMinimum = 100;
// Scheduled actions that Pilotlight made itself begin with this.
inline constexpr const char* kOwnActionPrefix = "pilotlight-";

struct GuardrailInput {
    const Function& before;
    const DesiredSettings& desired;
    const std::string& alias;
    const Profile& profile;
    const Capabilities& capabilities;
    std::optional<Megabytes> memory_floor;
    std::optional<AccountLimits> limits;  // nullopt: could not be read
    const std::vector<std::string>& overrides;
};

// Settings asked for that the platform does not take there, each in words; empty where it takes all.
[[nodiscard]] std::vector<std::string> misfits(const Function& before, const DesiredSettings& desired, const Capabilities& capabilities);
// Every guardrail that has something to say about this plan, in a fixed order.
[[nodiscard]] std::vector<Guardrail> checkGuardrails(const GuardrailInput& input);
[[nodiscard]] bool overridable(const std::string& name);
// Names that --override takes.
[[nodiscard]] const std::vector<std::string>& overridableGuardrails();

}  // namespace pilotlight::change
