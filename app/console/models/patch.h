// The same change as text for infrastructure code. Pure; the resource's name in the user's code is a guess and marked so.
#pragma once

#include <QString>

#include "core/domain/change.h"

namespace pilotlight::console {

[[nodiscard]] QString terraformPatch(const Plan& plan);
[[nodiscard]] QString samPatch(const Plan& plan);

} // namespace pilotlight::console
