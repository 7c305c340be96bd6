#include <cmath>

#include "core/pricing/price_lines.h"

namespace pilotlight::pricing {

namespace {
constexpr double kStorageIncludedMegabytes = 512.0;
}

Result<std::vector<CostLine>> lambdaLines(const Usage& usage, Megabytes memory, Megabytes ephemeral_storage, const PriceBook& book,
                                          const std::map<std::string, double>& factors) {
    for (const double value : {usage.requests, usage.duration_ms_billed, usage.init_ms_billed, usage.pool_duration_ms_billed,
                               usage.pool_instance_seconds, usage.total_gb_seconds_before}) {
        if (!(std::isfinite(value) && value >= 0)) return fail(ErrorCode::invalid_argument, "A usage figure is negative or not a number");
    }
    const double gigabytes = memory.gigabytes();
    const double storage_gigabytes = std::max(0.0, ephemeral_storage.value - kStorageIncludedMegabytes) / 1024.0;
    const double duration = usage.duration_ms_billed / 1000.0 * gigabytes;
    const double init = usage.init_ms_billed / 1000.0 * gigabytes;
    const double run_seconds = (usage.duration_ms_billed + usage.init_ms_billed + usage.pool_duration_ms_billed) / 1000.0;

    const PricedLine lines[] = {
        {meter::kRequests, meter::kRequests, usage.requests, 0},
        {meter::kDuration, meter::kDuration, duration, usage.total_gb_seconds_before},
        {meter::kInit, meter::kDuration, init, usage.total_gb_seconds_before + duration},
        {meter::kPoolKept, meter::kPoolKept, usage.pool_instance_seconds * gigabytes, 0},
        {meter::kPoolDuration, meter::kPoolDuration, usage.pool_duration_ms_billed / 1000.0 * gigabytes, 0},
        {meter::kStorage, meter::kStorage, run_seconds * storage_gigabytes, 0},
    };
    return priceLines(lines, book, factors);
}

}  // namespace pilotlight::pricing
