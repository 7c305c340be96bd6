// Pieces of planning that applying and reverting need too. Internal to core/change.
#pragma once

#include <string>

#include "core/change/change_service.h"

namespace pilotlight::change {

inline constexpr minutes kPlanLifetime{15};

// 8 random hex digits.
[[nodiscard]] std::string newId();
// A plan from settings just read: changes, guardrails, calls, words. Not saved. invalid_argument: nothing would change, or an unknown
// override; and what Platform::steps refuses although the ranges hold.
[[nodiscard]] Result<Plan> makePlan(store::Store& store, platform::Platform& platform, const PlanRequest& request, const Function& before,
                                    const JobContext& job);

}  // namespace pilotlight::change
