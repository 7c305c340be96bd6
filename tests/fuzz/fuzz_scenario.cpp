// The scenario of `simulate`: whatever the bytes, an answer or an error.
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "core/model/sim_scenario.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const auto scenario = pilotlight::model::parseScenario({reinterpret_cast<const char*>(data), size}, "/nonexistent");
    if (scenario && scenario->replications < 1) __builtin_trap();
    return 0;
}
