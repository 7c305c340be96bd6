// Pieces of planning that applying and reverting need too. Internal to core/change.
#pragma once

#include <string>

#include "core/change/change_service.h"

namespace pilotlight::change {

// On the platform's clock. Where that runs fast (the sandbox), a plan lives for kPlanLifetimeReal of real time at least: a person has to
// read it.
inline constexpr minutes kPlanLifetime{15};
inline constexpr minutes kPlanLifetimeReal{5};
[[nodiscard]] milliseconds planLifetime(double clock_speed);

// 8 random hex digits.
[[nodiscard]] std::string newId();
// A plan from settings just read: changes, guardrails, calls, words. Not saved. invalid_argument: nothing would change, or an unknown
// override; and what Platform::steps refuses although the ranges hold.
[[nodiscard]] Result<Plan> makePlan(store::Store& store, platform::Platform& platform, const PlanRequest& request, const Function& before,
                                    const JobContext& job);

}  // namespace pilotlight::change
