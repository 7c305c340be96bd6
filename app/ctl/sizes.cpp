#include "app/ctl/sizes.h"

#include <cstdlib>
#include <sstream>

#include "core/pricing/azure_cost.h"
#include "core/pricing/price_book.h"

namespace pilotlight::ctl {

Result<std::vector<Megabytes>> parseSizes(const std::string& text) {
    std::vector<Megabytes> out;
    std::istringstream parts(text);
    for (std::string part; std::getline(parts, part, ',');) {
        char* end = nullptr;
        const long value = std::strtol(part.c_str(), &end, 10);
        if (end == part.c_str() || *end != 0 || value < 1 || value > 1'000'000)
            return fail(ErrorCode::invalid_argument, "\"" + part + "\" is not a memory size", {}, "Write sizes in MB, separated by commas: 128,256,512");
        out.push_back(Megabytes{static_cast<std::int32_t>(value)});
    }
    return out;
}

std::optional<model::PricePlan> pricePlan(PlatformKind platform, Architecture architecture) {
    const char* region = platform == PlatformKind::aws ? "us-east-1" : platform == PlatformKind::gcp ? "us-central1" : "eastus";
    const auto book = pricing::bundledBook(name(platform), region, name(architecture));
    if (!book) return std::nullopt;
    const auto price = [&](const char* meter_name) -> std::optional<double> {
        const auto* found = book->find(meter_name);
        return found == nullptr || found->tiers.empty() ? std::nullopt : std::optional(found->tiers.front().price.toDouble());
    };
    const bool azure = platform == PlatformKind::azure, google = platform == PlatformKind::gcp;
    const auto memory = price(azure ? pricing::azure_rate::kFlexTime : google ? meter::kMemory : meter::kDuration);
    const auto request = price(azure ? pricing::azure_rate::kFlexExecutions : meter::kRequests);
    const auto vcpu = google ? price(meter::kVcpu) : std::optional(0.0);
    if (!memory || !request || !vcpu) return std::nullopt;
    model::PricePlan plan{.usd_per_gb_second = *memory, .usd_per_vcpu_second = *vcpu, .usd_per_request = *request};
    if (google || azure) plan.rounding_ms = 100;
    if (azure) plan.minimum_ms = 1000;
    return plan;
}

}  // namespace pilotlight::ctl
