// What a platform's size means on this machine, from resources/bench/sizes.json (compiled in).
#pragma once

#include <string>
#include <vector>

#include "core/bench/protocol.h"
#include "core/domain/function.h"

namespace pilotlight::bench {

struct SizeRule {
    EmulatedSize size;
    double overhead_ms = 0;              // of each duration that the platform reports, besides the handler
    std::vector<std::string> assumed;    // what the platform does not document, one sentence with its source each
};

// The size of `memory_mb` (the platform's own unit) with `vcpu` CPUs; vcpu 0 = what the platform gives that memory. Errors: invalid_argument
// where the platform has no such size, or its CPU cannot be chosen.
[[nodiscard]] Result<SizeRule> emulate(PlatformKind platform, std::int32_t memory_mb, double vcpu = 0);
// The sizes of a default campaign.
[[nodiscard]] std::vector<std::int32_t> defaultSizes(PlatformKind platform, bool quick);

// resources/bench/sizes.json
[[nodiscard]] std::string_view sizeTableJson();

}  // namespace pilotlight::bench
