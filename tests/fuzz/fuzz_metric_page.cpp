// GetMetricData answers of whatever an endpoint sends.
#include <cstddef>
#include <cstdint>

#include "core/platform/aws/metric_page.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    static pilotlight::platform::aws::MetricPageParser parser;
    constexpr std::size_t queries = 20;
    const auto page = parser.parse({reinterpret_cast<const char*>(data), size}, queries);
    if (!page) return 0;
    for (const auto& result : page->results) {
        if (result.query >= queries) __builtin_trap();
        for (std::size_t i = 1; i < result.points.size(); ++i) {
            if (!(result.points[i - 1].time < result.points[i].time)) __builtin_trap();
        }
    }
    return 0;
}
