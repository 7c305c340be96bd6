// Cost Explorer answers, usage types and ARNs.
#include <cstddef>
#include <cstdint>

#include "core/platform/aws/costs.h"
#include "core/platform/aws/regions.h"
#include "core/platform/aws/usage_types.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const std::string_view text(reinterpret_cast<const char*>(data), size);
    (void)pilotlight::platform::aws::parseCostPage(text, "profile", true);
    if (pilotlight::platform::aws::parseUsageType(text).meter.empty()) __builtin_trap();
    if (const auto arn = pilotlight::platform::aws::parseFunctionArn(text); arn && arn->name.empty()) __builtin_trap();
    return 0;
}
