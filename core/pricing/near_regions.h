// Which regions of another platform stand near one.
#pragma once

#include <string>
#include <vector>

#include "core/domain/function.h"

namespace pilotlight::pricing {

// Nearest first: the same city or state where there is one, then the others of the same part of the world (a bundled price list may not know
// the first). Empty where the region is not in the table. Same platform: the region itself.
[[nodiscard]] std::vector<std::string> nearRegions(PlatformKind from, const std::string& region, PlatformKind to);

}  // namespace pilotlight::pricing
