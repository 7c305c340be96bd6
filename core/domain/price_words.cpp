#include "core/domain/price_words.h"

#include <fmt/format.h>

#include "core/domain/cost.h"

namespace pilotlight {

const std::vector<std::string>& meterNames() {
    static const std::vector<std::string> kNames{meter::kRequests, meter::kDuration, meter::kInit,     meter::kPoolKept,
                                                 meter::kPoolDuration, meter::kStorage, meter::kVcpu,  meter::kMemory,
                                                 meter::kIdleVcpu, meter::kIdleMemory, meter::kGpu,    meter::kOther};
    return kNames;
}

std::string priceWords(const Profile& profile) {
    std::string out = "list price";
    for (const auto& [meter, factor] : profile.price_factors)  // "*" sorts first
        out += meter == "*" ? fmt::format(" x {:g}", factor) : fmt::format(", {} x {:g}", meter, factor);
    return profile.price_factors.empty() ? out : out + " (profile " + profile.name + ")";
}

}  // namespace pilotlight
