// Google's bill of the sandbox: integers of picodollars from integer usage. Shares nothing with core/pricing.
// Rates: cloud.google.com/run/pricing, tier 1 (us-central1, europe-west1) and tier 2 (the rest), as copied in 2026-07..09; SKU names of the
// Cloud Billing Catalog, 2026-04-23.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "app/sandbox/gcp/project.h"

namespace pilotlight::sandbox::gcp {

inline constexpr const char* kRunService = "152E-C115-5142";
inline constexpr const char* kFunctionsService = "29E7-DA93-CA13";

struct Sku {
    const char* id;
    const char* service;
    const char* description;  // "<region>" is replaced
    const char* unit;         // usageUnit of the catalog
    std::int64_t tier1_nano;  // USD 1e-9 per unit
    std::int64_t tier2_nano;
    bool by_region;  // an SKU of each region; else one for the tier
    const char* description_tier2;
};
[[nodiscard]] const std::vector<Sku>& skus();
// Regions where Cloud Run has GPUs.
[[nodiscard]] inline bool offersGpu(const std::string& region) { return region == "us-central1"; }
[[nodiscard]] bool tierOne(const std::string& region);

struct BillLine {
    std::int32_t day = 0;
    const Resource* resource = nullptr;
    const Sku* sku = nullptr;
    double amount = 0;  // in units of the SKU
    std::int64_t picodollars = 0;
};
[[nodiscard]] std::vector<BillLine> billOf(const Project& project, std::int32_t from, std::int32_t to);

}  // namespace pilotlight::sandbox::gcp
