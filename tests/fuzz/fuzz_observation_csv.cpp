// Whatever the bytes: an error that names a line, or observations whose numbers are in range.
#include <cstdlib>

#include "core/model/observation_csv.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const auto table =
        pilotlight::model::parseObservationCsv(std::string_view(reinterpret_cast<const char*>(data), size)); // NOLINT: bytes to text
    if (!table) return table.error().what.starts_with("line ") ? 0 : (std::abort(), 0);
    for (const auto& observation : table->observations)
        if (observation.memory.value < 1 || observation.count < 0 || (!observation.out_of_memory && !(observation.mean_ms > 0))) std::abort();
    return 0;
}
