// What all platforms' costs have in common, and which rules go with a book.
#include <fmt/format.h>

#include <cmath>

#include "core/pricing/azure_cost.h"
#include "core/pricing/cloud_run_cost.h"
#include "core/pricing/price_lines.h"

namespace pilotlight::pricing {
namespace {

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

bool isKept(const std::string& name) { return name == meter::kPoolKept || name == meter::kIdleVcpu || name == meter::kIdleMemory; }

Result<std::vector<CostLine>> priceLines(std::span<const PricedLine> lines, const PriceBook& book,
                                         const std::map<std::string, double>& factors) {
    std::vector<CostLine> priced;
    for (const PricedLine& line : lines) {
        if (!isQuantity(line.quantity)) return fail(ErrorCode::invalid_argument, "A usage figure is negative or not a number");
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
        CostLine made;
        made.meter = line.meter;
        made.usage_type = price->source_id;
        made.region = book.region;
        made.quantity = line.quantity;
        made.unit = price->unit;
        made.amount = factor == 1.0 ? list : list.times(factor);
        made.unit_price = price->tiers.size() > 1 ? made.amount.times(1 / line.quantity)
                          : factor == 1.0         ? price->tiers.front().price
                                                  : price->tiers.front().price.times(factor);
        made.kind = CostKind::computed;
        made.source = describe(book) + (price->source.empty() ? "" : ": " + price->source);
        priced.push_back(std::move(made));
    }
    return priced;
}

Result<std::map<std::string, Money>> byMeter(Result<std::vector<CostLine>> lines) {
    if (!lines) return fail(std::move(lines).error());
    std::map<std::string, Money> cost;
    for (const auto& line : *lines) cost[line.meter] += line.amount;
    return cost;
}

InstanceShape shapeOf(const Function& function, Megabytes memory, std::optional<double> vcpu) {
    InstanceShape shape;
    shape.memory = memory;
    shape.vcpu = vcpu.value_or(function.vcpuShare());
    shape.ephemeral_storage = function.ephemeral_storage;
    shape.instance_based = function.untunedText(untuned_key::kBilling) == "instance";
    shape.first_generation = function.untunedText(untuned_key::kKind) == "gen1";
    shape.accelerator = function.untunedText(untuned_key::kAccelerator);
    shape.accelerator_redundant = function.untunedText(untuned_key::kGpuRedundancy) != "off";
    if (function.platform == PlatformKind::azure) shape.plan = function.untunedText(untuned_key::kKind);
    return shape;
}

Result<std::vector<CostLine>> functionLines(const Usage& usage, const InstanceShape& shape, const PriceBook& book,
                                            const std::map<std::string, double>& factors) {
    if (book.platform == "gcp") return cloudRunLines(usage, shape, book, factors);
    if (book.platform == "azure") return azureLines(usage, shape, book, factors);
    return lambdaLines(usage, shape.memory, shape.ephemeral_storage, book, factors);
}

Result<std::map<std::string, Money>> functionCost(const Usage& usage, const InstanceShape& shape, const PriceBook& book,
                                                  const std::map<std::string, double>& factors) {
    return byMeter(functionLines(usage, shape, book, factors));
}
Result<std::map<std::string, Money>> lambdaCost(const Usage& usage, Megabytes memory, Megabytes ephemeral_storage, const PriceBook& book,
                                                const std::map<std::string, double>& factors) {
    return byMeter(lambdaLines(usage, memory, ephemeral_storage, book, factors));
}
Result<std::map<std::string, Money>> cloudRunCost(const Usage& usage, const InstanceShape& shape, const PriceBook& book,
                                                  const std::map<std::string, double>& factors) {
    return byMeter(cloudRunLines(usage, shape, book, factors));
}
Result<std::map<std::string, Money>> azureCost(const Usage& usage, const InstanceShape& shape, const PriceBook& book,
                                               const std::map<std::string, double>& factors) {
    return byMeter(azureLines(usage, shape, book, factors));
}

}  // namespace pilotlight::pricing
