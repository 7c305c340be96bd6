#include <fmt/format.h>

#include "core/pricing/price_book.h"

namespace pilotlight::pricing {
namespace {

constexpr double kStorageIncludedMegabytes = 512.0;

double factorOf(const std::map<std::string, double>& factors, const std::string& meter) {
    if (const auto own = factors.find(meter); own != factors.end()) return own->second;
    if (const auto all = factors.find("*"); all != factors.end()) return all->second;
    return 1.0;
}

bool isQuantity(double value) { return std::isfinite(value) && value >= 0; }

}  // namespace

Money tieredCost(const Price& price, double quantity, double before) {
    Money total;
    if (!(quantity > 0)) return total;
    const double end = before + quantity;
    for (std::size_t i = 0; i < price.tiers.size(); ++i) {
        const double from = i == 0 ? 0.0 : price.tiers[i].from;
        const double to = i + 1 < price.tiers.size() ? price.tiers[i + 1].from : INFINITY;
        const double part = std::min(end, to) - std::max(before, from);
        if (part <= 0) continue;
        // Whole in one tier: the quantity itself, so that `before` costs no precision.
        total += price.tiers[i].price.times(before >= from && end <= to ? quantity : part);
    }
    return total;
}

Money sum(const std::map<std::string, Money>& by_meter) {
    Money total;
    for (const auto& [meter, amount] : by_meter) total += amount;
    return total;
}

Result<std::map<std::string, Money>> lambdaCost(const LambdaUsage& usage, Megabytes memory, Megabytes ephemeral_storage,
                                                const PriceBook& book, const std::map<std::string, double>& factors) {
    for (const double value : {usage.requests, usage.duration_ms_billed, usage.init_ms_billed, usage.pool_duration_ms_billed,
                               usage.pool_instance_seconds, usage.total_gb_seconds_before}) {
        if (!isQuantity(value)) return fail(ErrorCode::invalid_argument, "A usage figure is negative or not a number");
    }
    const double gigabytes = memory.gigabytes();
    const double storage_gigabytes = std::max(0.0, ephemeral_storage.value - kStorageIncludedMegabytes) / 1024.0;
    const double duration = usage.duration_ms_billed / 1000.0 * gigabytes;
    const double init = usage.init_ms_billed / 1000.0 * gigabytes;
    const double run_seconds = (usage.duration_ms_billed + usage.init_ms_billed + usage.pool_duration_ms_billed) / 1000.0;

    struct Line {
        const char* meter;
        const char* priced_as;  // INIT is billed at the rate of duration, in the same tiers
        double quantity;
        double before;
    };
    const Line lines[] = {
        {meter::kRequests, meter::kRequests, usage.requests, 0},
        {meter::kDuration, meter::kDuration, duration, usage.total_gb_seconds_before},
        {meter::kInit, meter::kDuration, init, usage.total_gb_seconds_before + duration},
        {meter::kPoolKept, meter::kPoolKept, usage.pool_instance_seconds * gigabytes, 0},
        {meter::kPoolDuration, meter::kPoolDuration, usage.pool_duration_ms_billed / 1000.0 * gigabytes, 0},
        {meter::kStorage, meter::kStorage, run_seconds * storage_gigabytes, 0},
    };
    std::map<std::string, Money> cost;
    for (const Line& line : lines) {
        if (!(line.quantity > 0)) continue;
        const Price* price = nullptr;
        for (const auto& candidate : book.prices) {
            if (candidate.meter == line.priced_as && !candidate.tiers.empty()) price = &candidate;
        }
        if (price == nullptr) {
            return fail(ErrorCode::not_found,
                        fmt::format("The price of {} in {} ({}) is unknown", line.priced_as, book.region, book.architecture),
                        "The cost cannot be told.", "Read the price list (pilotlightctl sync).");
        }
        const double factor = factorOf(factors, line.meter);
        const Money list = tieredCost(*price, line.quantity, line.before);
        cost[line.meter] = factor == 1.0 ? list : list.times(factor);
    }
    return cost;
}

}  // namespace pilotlight::pricing
