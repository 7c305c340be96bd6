// A campaign's file: whatever the bytes, points or an error.
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "core/bench/campaign_file.h"
#include "core/bench/quota_prediction.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    using namespace pilotlight::bench;
    const auto campaign = parseCampaign({reinterpret_cast<const char*>(data), size});
    if (!campaign) return 0;
    const auto points = pointsOf(*campaign);
    if (points.size() > campaign->trials.size()) __builtin_trap();
    (void)observationCsv(observationsOf(*campaign));
    (void)cpuNeedOf(*campaign);
    return 0;
}
