// The price list is a public file from the network.
#include <cstddef>
#include <cstdint>

#include "core/platform/aws/price_list_parser.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const std::string_view text(reinterpret_cast<const char*>(data), size);
    if (const auto books = pilotlight::platform::aws::parsePriceList(text, {})) {
        for (const auto& book : *books) {
            for (const auto& price : book.prices) {
                if (price.tiers.empty()) __builtin_trap();
                for (std::size_t i = 1; i < price.tiers.size(); ++i) {
                    if (price.tiers[i].from < price.tiers[i - 1].from) __builtin_trap();
                }
            }
        }
    }
    (void)pilotlight::platform::aws::priceListPath(text, "us-east-1");
    return 0;
}
