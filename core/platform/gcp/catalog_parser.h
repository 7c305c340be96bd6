// Cloud Billing Catalog v1 SKUs -> price books.
#pragma once

#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "core/domain/cost.h"

namespace pilotlight::platform::gcp {

inline constexpr const char* kRunServiceId = "152E-C115-5142";
inline constexpr const char* kFunctionsServiceId = "29E7-DA93-CA13";

// Collects SKUs, page by page, into books of the regions wanted.
class CatalogReader {
public:
    explicit CatalogReader(const std::vector<std::string>& regions);
    // Returns nextPageToken. SKUs of other products, currencies and regions are passed over; an SKU is known by service, description and
    // region, never by its id alone. protocol where the text is no such answer.
    [[nodiscard]] Result<std::string> take(std::string_view body);
    // One book a region that any price was found for.
    [[nodiscard]] std::vector<PriceBook> books(Timestamp now) const;

private:
    std::set<std::string> regions_;
    std::map<std::string, std::vector<Price>> prices_;  // by region
    std::string newest_;                                // effectiveTime
};

// The meter (or rate) of a description; empty for other products.
[[nodiscard]] std::string rateOf(const std::string& description);

}  // namespace pilotlight::platform::gcp
