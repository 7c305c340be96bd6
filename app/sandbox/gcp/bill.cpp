#include "app/sandbox/gcp/bill.h"

#include <algorithm>
#include <cmath>

namespace pilotlight::sandbox::gcp {

const std::vector<Sku>& skus() {
    // The price of a request is 4e-7: 400 nanodollars. Prices per vCPU-s and GiB-s in nanodollars are whole numbers.
    static const std::vector<Sku> all{
        {"2DA5-55D3-E679", kRunService, "Requests", "count", 400, 400, false, nullptr},
        {"4856-B847-F1EB", kRunService, "Services CPU (Request-based billing)", "s", 24'000, 33'600, false,
         "Services CPU Tier 2  (Request-based billing)"},
        {"02A2-9231-36A6", kRunService, "Services Memory (Request-based billing)", "GiBy.s", 2'500, 3'500, false,
         "Services Memory Tier 2 (Request-based billing)"},
        {"3A5C-11F0-0001", kRunService, "Services Min Instance CPU (Request-based billing)", "s", 2'500, 3'500, false,
         "Services Min Instance CPU Tier 2 (Request-based billing)"},
        {"3A5C-11F0-0002", kRunService, "Services Min Instance Memory (Request-based billing)", "GiBy.s", 2'500, 3'500, false,
         "Services Min Instance Memory Tier 2 (Request-based billing)"},
        {"3A5C-11F0-0003", kRunService, "Services CPU (Instance-based billing) in <region>", "s", 18'000, 25'200, true, nullptr},
        {"3A5C-11F0-0004", kRunService, "Services Memory (Instance-based billing) in <region>", "GiBy.s", 2'000, 2'800, true, nullptr},
        {"92DF-0F0E-630F", kFunctionsService, "Cloud Run Functions Invocations", "count", 400, 400, false, nullptr},
        {"3A5C-11F0-0005", kFunctionsService, "Cloud Run functions (1st Gen) CPU (Request-based billing)", "GHz.s", 10'000, 14'000, false,
         "Cloud Run functions (1st Gen) CPU Tier 2 (Request-based billing)"},
        {"3A5C-11F0-0006", kFunctionsService, "Cloud Run functions (1st Gen) Memory (Request-based billing)", "GiBy.s", 2'500, 3'500, false,
         "Cloud Run functions (1st Gen) Memory Tier 2 (Request-based billing)"},
        {"3A5C-11F0-0007", kFunctionsService, "Cloud Run functions (1st Gen) Min Instance CPU (Request-based billing)", "GHz.s", 1'000,
         1'450, false, "Cloud Run functions (1st Gen) Min Instance CPU Tier 2 (Request-based billing)"},
        {"3A5C-11F0-0008", kFunctionsService, "Cloud Run functions (1st Gen) Min Instance Memory (Request-based billing)", "GiBy.s", 2'500,
         3'500, false, "Cloud Run functions (1st Gen) Min Instance Memory Tier 2 (Request-based billing)"},
        // Both tiers: prices of us-central1, where alone GPUs are offered here.
        {"3A5C-11F0-0009", kRunService, "NVIDIA L4 GPU with no zonal redundancy in <region>", "s", 186'700, 186'700, true, nullptr},
        {"3A5C-11F0-000A", kRunService, "NVIDIA L4 GPU with zonal redundancy in <region>", "s", 290'900, 290'900, true, nullptr},
        {"3A5C-11F0-000B", kRunService, "NVIDIA RTX Pro 6000 GPU with no zonal redundancy in <region>", "s", 365'220, 365'220, true, nullptr},
        {"3A5C-11F0-000C", kRunService, "NVIDIA RTX Pro 6000 GPU with zonal redundancy in <region>", "s", 569'130, 569'130, true, nullptr},
    };
    return all;
}

bool tierOne(const std::string& region) {
    static const char* const kTierOne[] = {"asia-east1",    "asia-northeast1",   "asia-northeast2",     "asia-south1",  "europe-north1",
                                           "europe-north2", "europe-southwest1", "europe-west1",        "europe-west4", "europe-west8",
                                           "europe-west9",  "me-west1",          "northamerica-south1", "us-central1",  "us-east1",
                                           "us-east4",      "us-east5",          "us-south1",           "us-west1",     "us-west8"};
    return std::find(std::begin(kTierOne), std::end(kTierOne), region) != std::end(kTierOne);
}

std::vector<BillLine> billOf(const Project& project, std::int32_t from, std::int32_t to) {
    std::vector<BillLine> lines;
    auto& all = const_cast<Project&>(project).resources();
    for (const auto& r : all) {
        const bool first = tierOne(r->spec.region);
        for (const auto& [day, usage] : r->engine->days()) {
            if (day < from || day >= to) continue;
            const auto put = [&, d = day](std::size_t sku, std::int64_t thousandths) {
                if (thousandths <= 0) return;
                const Sku& s = skus()[sku];
                const std::int64_t nano = first ? s.tier1_nano : s.tier2_nano;
                lines.push_back({d, r.get(), &s, static_cast<double>(thousandths) / 1000.0,
                                 static_cast<std::int64_t>(static_cast<__int128>(nano) * thousandths)});
            };
            // vCPU-s and GiB-s in thousandths, from milli-vCPU x ms and MiB x ms.
            const auto cpu = [](std::int64_t milli_ms) { return milli_ms / 1000; };
            const auto memory = [](std::int64_t mb_ms) { return mb_ms / 1024; };
            if (r->isGen1()) {
                // 1 vCPU = 2.4 GHz.
                put(7, usage.requests * 1000);
                put(8, static_cast<std::int64_t>(std::llround(static_cast<double>(cpu(usage.active_cpu)) * 2.4)));
                put(9, memory(usage.active_memory));
                put(10, static_cast<std::int64_t>(std::llround(static_cast<double>(cpu(usage.idle_cpu)) * 2.4)));
                put(11, memory(usage.idle_memory));
            } else if (instanceBilled(*r)) {
                put(5, cpu(usage.alive_cpu));
                put(6, memory(usage.alive_memory));
                if (!r->spec.accelerator.empty())
                    put((r->spec.accelerator == "nvidia-l4" ? 12U : 14U) + (r->spec.gpu_redundant ? 1U : 0U), usage.alive_ms);
            } else {
                put(0, usage.requests * 1000);
                put(1, cpu(usage.active_cpu));
                put(2, memory(usage.active_memory));
                put(3, cpu(usage.idle_cpu));
                put(4, memory(usage.idle_memory));
            }
        }
    }
    return lines;
}

}  // namespace pilotlight::sandbox::gcp
