#include "core/pricing/azure_cost.h"

#include "core/pricing/price_lines.h"

namespace pilotlight::pricing {

Result<std::vector<CostLine>> azureLines(const Usage& usage, const InstanceShape& shape, const PriceBook& book,
                                         const std::map<std::string, double>& factors) {
    namespace rate = azure_rate;
    const double gigabytes = shape.memory.gigabytes();
    const double on_demand = usage.duration_ms_billed / 1000 * gigabytes, ready = usage.pool_duration_ms_billed / 1000 * gigabytes,
                 kept = usage.pool_instance_seconds * gigabytes;
    if (shape.plan == "flex") {
        const PricedLine lines[] = {{meter::kRequests, rate::kFlexExecutions, usage.requests, 0},
                                    {meter::kDuration, rate::kFlexTime, on_demand, 0},
                                    {meter::kPoolKept, rate::kFlexBaseline, kept, 0},
                                    {meter::kPoolDuration, rate::kFlexReadyTime, ready, 0}};
        return priceLines(lines, book, factors);
    }
    if (shape.plan == "consumption") {
        const PricedLine lines[] = {{meter::kRequests, rate::kConsumptionExecutions, usage.requests, 0},
                                    {meter::kDuration, rate::kConsumptionTime, on_demand + ready, 0}};
        return priceLines(lines, book, factors);
    }
    if (shape.plan == "premium") {
        const double alive = usage.instance_seconds > 0 ? usage.instance_seconds : usage.pool_instance_seconds;
        const PricedLine lines[] = {{meter::kVcpu, rate::kPremiumVcpu, alive * shape.vcpu, 0},
                                    {meter::kMemory, rate::kPremiumMemory, alive * gigabytes, 0}};
        return priceLines(lines, book, factors);
    }
    return fail(ErrorCode::unsupported, "The cost of a dedicated plan belongs to the plan, not to an app", "It is not computed.",
                "See the bill.");
}

}  // namespace pilotlight::pricing
