// The AWS Price List bulk file of one region (offer AWSLambda) -> price books.
#pragma once

#include <string_view>
#include <vector>

#include "core/domain/cost.h"

namespace pilotlight::platform::aws {

// A book for each region and architecture found. Groups are matched whole ("AWS-Lambda-Duration" is not "AWS-Lambda-Duration-Provisioned");
// several price dimensions of a SKU are its tiers. protocol: no price list, or a price that is not in US dollars.
[[nodiscard]] Result<std::vector<PriceBook>> parsePriceList(std::string_view body, Timestamp read_at);

// "currentVersionUrl" of a region in region_index.json; not_found.
[[nodiscard]] Result<std::string> priceListPath(std::string_view region_index, std::string_view region);

}  // namespace pilotlight::platform::aws
