#include "core/pricing/cloud_run_cost.h"

#include <cmath>
#include <cstdlib>

#include "core/pricing/price_lines.h"

namespace pilotlight::pricing {
namespace {

double activeSeconds(const Usage& usage) {
    return (usage.duration_ms_billed + usage.init_ms_billed + usage.pool_duration_ms_billed) / 1000.0;
}
double idleSeconds(const Usage& usage) { return std::max(0.0, usage.pool_instance_seconds - usage.pool_duration_ms_billed / 1000.0); }

double aliveSeconds(const Usage& usage) {
    return usage.instance_seconds > 0 ? usage.instance_seconds : activeSeconds(usage) + idleSeconds(usage);
}

const char* acceleratorRate(const InstanceShape& shape) {
    const bool redundant = shape.accelerator_redundant;
    if (shape.accelerator.ends_with("nvidia-l4")) return redundant ? rate::kGpuL4Redundant : rate::kGpuL4;
    if (shape.accelerator.ends_with("nvidia-rtx-pro-6000")) return redundant ? rate::kGpuRtx6000Redundant : rate::kGpuRtx6000;
    return rate::kGpuOther;
}
// "1 x nvidia-l4"
double acceleratorsOf(const InstanceShape& shape) {
    const double number = std::strtod(shape.accelerator.c_str(), nullptr);
    return number >= 1 && number <= 64 ? number : 1;
}

}  // namespace

double firstGenerationGigahertz(Megabytes memory) {
    if (memory.value <= 128) return 0.2;
    if (memory.value <= 256) return 0.4;
    if (memory.value <= 512) return 0.8;
    if (memory.value <= 1024) return 1.4;
    return memory.value <= 2048 ? 2.4 : 4.8;
}

std::map<std::string, double> cloudRunUnits(const Usage& usage, const InstanceShape& shape) {
    const double active = activeSeconds(usage), idle = idleSeconds(usage), gib = shape.memory.gigabytes();
    const double cpu = shape.first_generation ? firstGenerationGigahertz(shape.memory) : shape.vcpu;
    if (shape.instance_based) {
        const double alive = aliveSeconds(usage);
        return {{meter::kVcpu, alive * cpu}, {meter::kMemory, alive * gib}};
    }
    return {{meter::kRequests, usage.requests},
            {meter::kVcpu, active * cpu},
            {meter::kMemory, active * gib},
            {meter::kIdleVcpu, idle * cpu},
            {meter::kIdleMemory, idle * gib}};
}

Result<std::vector<CostLine>> cloudRunLines(const Usage& usage, const InstanceShape& shape, const PriceBook& book,
                                            const std::map<std::string, double>& factors) {
    if (!shape.accelerator.empty() && !shape.instance_based)
        return fail(ErrorCode::unsupported, "Instances with a GPU are billed by the instance, and this service is said to be billed by request",
                    "Its cost cannot be told.", "See the bill.");
    if (!shape.instance_based && !shape.first_generation && shape.vcpu <= 0)
        return fail(ErrorCode::not_found, "The number of vCPU is unknown");
    const auto units = cloudRunUnits(usage, shape);
    std::vector<PricedLine> lines;
    for (const auto& [name, quantity] : units) {
        const char* rate = name.c_str();
        if (shape.instance_based) rate = name == meter::kVcpu ? rate::kInstanceVcpu : rate::kInstanceMemory;
        if (shape.first_generation) {
            rate = name == meter::kRequests   ? rate::kGen1Requests
                   : name == meter::kVcpu     ? rate::kGen1Cpu
                   : name == meter::kMemory   ? rate::kGen1Memory
                   : name == meter::kIdleVcpu ? rate::kGen1IdleCpu
                                              : rate::kGen1IdleMemory;
        }
        lines.push_back({name.c_str(), rate, quantity, 0});
    }
    if (!shape.accelerator.empty())
        lines.push_back({meter::kGpu, acceleratorRate(shape), acceleratorsOf(shape) * aliveSeconds(usage), 0});
    return priceLines(lines, book, factors);
}

}  // namespace pilotlight::pricing
