// Prices of Cloud Run and Cloud Functions. Source of rates and rules: cloud.google.com/run/pricing (copies of 2026-07..09) and, for the
// 1st generation, firebase-tools' pricing table; resources/prices/gcp-cloud-run.json names them row by row.
#pragma once

#include <map>
#include <string>

#include "core/pricing/price_book.h"

namespace pilotlight::pricing {

// Meters of a Cloud Run price book that are no meters of a bill of their own: other rates for the same quantity.
namespace rate {
inline constexpr const char* kInstanceVcpu = "instance_vcpu";      // vCPU-s, instance-based billing
inline constexpr const char* kInstanceMemory = "instance_memory";  // GiB-s
inline constexpr const char* kGpuL4 = "gpu_l4";                    // GPU-s
inline constexpr const char* kGpuL4Redundant = "gpu_l4_redundant";  // with a GPU in another zone (the default)
inline constexpr const char* kGpuRtx6000 = "gpu_rtx_pro_6000";
inline constexpr const char* kGpuRtx6000Redundant = "gpu_rtx_pro_6000_redundant";
inline constexpr const char* kGpuOther = "gpu_other";  // in no book: unknown
inline constexpr const char* kGen1Requests = "gen1_requests";
inline constexpr const char* kGen1Cpu = "gen1_cpu";           // GHz-s
inline constexpr const char* kGen1Memory = "gen1_memory";     // GB-s
inline constexpr const char* kGen1IdleCpu = "gen1_idle_cpu";  // GHz-s
inline constexpr const char* kGen1IdleMemory = "gen1_idle_memory";
}  // namespace rate

// Billed quantities of Cloud Run by meter: vCPU-s, GiB-s, requests.
//   request-based: (starting + any request in flight, rounded up to 100 ms) at the active rate; instances that the minimum keeps idle at
//   the idle rate; other idle ones are free.
//   instance-based: the whole life of every instance, and no request fee. `instance_seconds` where known, else active plus kept time.
[[nodiscard]] std::map<std::string, double> cloudRunUnits(const Usage& usage, const InstanceShape& shape);
// List price before free grants. not_found names the missing price.
[[nodiscard]] Result<std::map<std::string, Money>> cloudRunCost(const Usage& usage, const InstanceShape& shape, const PriceBook& book,
                                                                const std::map<std::string, double>& factors);

// Clock of a 1st generation function by memory, GHz.
[[nodiscard]] double firstGenerationGigahertz(Megabytes memory);

}  // namespace pilotlight::pricing
