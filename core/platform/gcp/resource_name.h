// Names of Google Cloud resources and quantities.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace pilotlight::platform::gcp {

// "projects/P/locations/L/services/S" (kind "services") or ".../functions/F".
struct ResourceName {
    std::string project, location, kind, name;
    [[nodiscard]] std::string text() const;
};
[[nodiscard]] std::optional<ResourceName> parseResourceName(std::string_view text);

// "512Mi", "1Gi", "256M", "1G", "268435456" -> MiB, rounded; nullopt where unreadable. `m_is_mebi`: Cloud Functions of the 1st generation
// write their sizes with M and mean Mi.
[[nodiscard]] std::optional<std::int32_t> parseMemory(std::string_view quantity, bool m_is_mebi = false);
// "1", "0.583", "1000m" -> vCPU.
[[nodiscard]] std::optional<double> parseCpu(std::string_view quantity);
[[nodiscard]] std::string cpuText(double vcpu);  // "1", "0.583"
// "300s", "3.5s" -> whole seconds, rounded up.
[[nodiscard]] std::optional<std::int32_t> parseSeconds(std::string_view duration);

// vCPU that Cloud Functions give a memory size by themselves (Cloud Functions docs, memory limits). gen1: its rounded shares.
[[nodiscard]] double defaultFunctionCpu(std::int32_t memory, bool gen1);

// Memory allowed with a vCPU on Cloud Run (docs, configuring/services/cpu): {least, most} MiB; nullopt where the vCPU itself is not.
struct MemoryRange {
    std::int32_t least = 0, most = 0;
};
[[nodiscard]] std::optional<MemoryRange> memoryFor(double vcpu);

}  // namespace pilotlight::platform::gcp
