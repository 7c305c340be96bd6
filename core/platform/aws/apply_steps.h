// Settings -> the calls that bring them about, in order.
#pragma once

#include <string>
#include <vector>

#include "core/platform/platform.h"

namespace pilotlight::platform::aws {

// AWS Lambda developer guide, "Lambda quotas" (2026-09).
inline constexpr std::int32_t kMinMemory = 128, kMaxMemory = 10'240;
inline constexpr std::int32_t kMinTimeout = 1, kMaxTimeout = 900;
inline constexpr std::int32_t kDefaultAccountConcurrency = 1'000, kUnreservedMinimum = 100;

// Names of steps; ApplyStep::operation.
namespace step {
inline constexpr const char* kUpdate = "UpdateFunctionConfiguration";
inline constexpr const char* kWaitUpdate = "WaitForUpdate";
inline constexpr const char* kPublish = "PublishVersion";
inline constexpr const char* kWaitVersion = "WaitForVersion";
inline constexpr const char* kMoveAlias = "UpdateAlias";
inline constexpr const char* kPutLimit = "PutFunctionConcurrency";
inline constexpr const char* kDeleteLimit = "DeleteFunctionConcurrency";
inline constexpr const char* kPutPool = "PutProvisionedConcurrencyConfig";
inline constexpr const char* kDeletePool = "DeleteProvisionedConcurrencyConfig";
inline constexpr const char* kRegister = "RegisterScalableTarget";
inline constexpr const char* kDeregister = "DeregisterScalableTarget";
inline constexpr const char* kPutAction = "PutScheduledAction";
inline constexpr const char* kDeleteAction = "DeleteScheduledAction";
}  // namespace step

// Empty where nothing would change. Errors: invalid_argument (outside the ranges, no such alias or qualifier), unsupported (what Lambda
// cannot do). A pool's first level is that of the schedule at `before.settings_as_of`.
[[nodiscard]] Result<std::vector<ApplyStep>> planSteps(const Function& before, const DesiredSettings& desired, const std::string& alias);

}  // namespace pilotlight::platform::aws
