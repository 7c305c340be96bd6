#include "core/platform/gcp/resource_name.h"

#include <fmt/format.h>

#include <charconv>
#include <cmath>
#include <vector>

namespace pilotlight::platform::gcp {
namespace {

// A number at the beginning of `text`, which is left with what follows.
std::optional<double> leadingNumber(std::string_view& text) {
    double value = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
    if (error != std::errc{} || !std::isfinite(value) || value < 0) return std::nullopt;
    text.remove_prefix(static_cast<std::size_t>(end - text.data()));
    return value;
}

}  // namespace

std::string ResourceName::text() const { return fmt::format("projects/{}/locations/{}/{}/{}", project, location, kind, name); }

std::optional<ResourceName> parseResourceName(std::string_view text) {
    std::vector<std::string> parts;
    while (true) {
        const auto slash = text.find('/');
        parts.emplace_back(text.substr(0, slash));
        if (slash == std::string_view::npos) break;
        text.remove_prefix(slash + 1);
    }
    if (parts.size() != 6 || parts[0] != "projects" || parts[2] != "locations" || (parts[4] != "services" && parts[4] != "functions"))
        return std::nullopt;
    for (const auto& part : parts)
        if (part.empty()) return std::nullopt;
    return ResourceName{parts[1], parts[3], parts[4], parts[5]};
}

std::optional<std::int32_t> parseMemory(std::string_view text, bool m_is_mebi) {
    const auto value = leadingNumber(text);
    if (!value) return std::nullopt;
    double bytes = -1;
    if (text == "Ki") bytes = *value * 1024;
    if (text == "Mi") bytes = *value * 1048576;
    if (text == "Gi") bytes = *value * 1073741824;
    if (text == "k") bytes = *value * 1000;
    if (text == "M") bytes = *value * (m_is_mebi ? 1048576 : 1e6);
    if (text == "G") bytes = *value * (m_is_mebi ? 1073741824 : 1e9);
    if (text.empty()) bytes = *value;
    if (bytes < 0 || bytes > 1e13) return std::nullopt;
    return static_cast<std::int32_t>(std::lround(bytes / 1048576));
}

std::optional<double> parseCpu(std::string_view text) {
    const auto value = leadingNumber(text);
    if (!value || *value > 1e6) return std::nullopt;
    if (text.empty()) return *value;
    if (text == "m") return *value / 1000;
    return std::nullopt;
}

std::string cpuText(double vcpu) { return fmt::format("{:g}", std::round(vcpu * 1000) / 1000); }

std::optional<std::int32_t> parseSeconds(std::string_view text) {
    const auto value = leadingNumber(text);
    if (!value || text != "s" || *value > 1e6) return std::nullopt;
    return static_cast<std::int32_t>(std::ceil(*value));
}

double defaultFunctionCpu(std::int32_t memory, bool gen1) {
    if (memory <= 128) return gen1 ? 0.0833 : 0.083;
    if (memory <= 256) return gen1 ? 0.1667 : 0.167;
    if (memory <= 512) return gen1 ? 0.3333 : 0.333;
    if (memory <= 1024) return gen1 ? 0.5833 : 0.583;
    if (memory <= 2048) return 1;
    if (memory <= 8192) return 2;
    return memory <= 16384 ? 4 : 8;
}

std::optional<MemoryRange> memoryFor(double vcpu) {
    if (vcpu < 0.08) return std::nullopt;
    if (vcpu < 0.5) return MemoryRange{128, 512};
    if (vcpu < 1) return MemoryRange{128, 1024};
    if (vcpu == 1) return MemoryRange{128, 4096};
    if (vcpu == 2) return MemoryRange{128, 8192};
    if (vcpu == 4) return MemoryRange{2048, 16384};
    if (vcpu == 6) return MemoryRange{4096, 24576};
    if (vcpu == 8) return MemoryRange{4096, 32768};
    return std::nullopt;
}

}  // namespace pilotlight::platform::gcp
