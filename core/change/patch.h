// A plan as text for infrastructure code: where a resource is owned by it, that is where the change belongs.
#pragma once

#include <string>
#include <string_view>

#include "core/domain/change.h"

namespace pilotlight::change {

enum class PatchFormat { terraform, cloudformation, sam, awscli };
// "terraform" | "cloudformation" | "sam" | "awscli"
[[nodiscard]] Result<PatchFormat> parsePatchFormat(std::string_view text);
[[nodiscard]] const char* name(PatchFormat format);

// Only the attributes that the plan changes, with comments that say what was there before. Never applied by Pilotlight.
// The awscli form holds the same calls as the plan, in their order, with waits and with the revision it was made on.
[[nodiscard]] std::string exportPatch(const Plan& plan, PatchFormat format);

}  // namespace pilotlight::change
