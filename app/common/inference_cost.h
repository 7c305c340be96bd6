// What 1,000 inferences cost on Lambda, on Cloud Run's CPUs and on a Cloud Run GPU, from one campaign and the bundled prices.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "core/bench/campaign.h"
#include "core/domain/tuning.h"

namespace pilotlight::common {

struct InferenceCost {
    std::string where;                   // "Lambda" | "Cloud Run, CPU" | "Cloud Run, GPU L4"
    std::string setting;                 // "1024 MB"; the cheapest of the platform's default sizes
    std::optional<Estimate> duration_ms; // one inference, 90 % interval; unset: unknown
    std::optional<Estimate> usd_per_thousand; // list price, request fee included, without free grants
    std::string basis;                   // where the duration comes from, or what is needed to know it
    std::string price_date;              // of the rates: "2026-09-01"
};

struct GpuLatency {
    double ms = 0;                       // one inference on the GPU, requests one after the other
    std::string basis;                   // "given", or the campaign that measured it
};

// CPU rows: CPU time of the campaign's single-threaded points, taken to the cloud's quota (bench::QuotaPrediction, its CPU assumed as fast as
// this one within 20 %), warm, one request at a time. GPU row: 4 vCPU and 16 GiB, the least that an L4 asks for, billed by the instance's
// life and busy all of it; without `gpu` its duration and cost are unset. Errors: as bench::cpuNeedOf; not_found without prices.
[[nodiscard]] Result<std::vector<InferenceCost>> inferenceCosts(const bench::Campaign& campaign, const std::optional<GpuLatency>& gpu);
// The GPU's time for one inference below which it is cheaper than `usd_per_thousand`.
[[nodiscard]] Result<double> gpuBreakEvenMs(double usd_per_thousand);

}  // namespace pilotlight::common
