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

std::string priceWords(const std::map<std::string, double>& factors, const std::string& profile) {
    std::string out = "list price";
    for (const auto& [meter, factor] : factors)  // "*" sorts first
        out += meter == "*" ? fmt::format(" x {:g}", factor) : fmt::format(", {} x {:g}", meter, factor);
    return factors.empty() ? out : out + " (profile " + profile + ")";
}

std::string priceWords(const Profile& profile) { return priceWords(profile.price_factors, profile.name); }

std::string priceWords(const std::vector<Profile>& profiles) {
    std::string out;
    std::size_t with = 0;
    for (const auto& profile : profiles) {
        if (profile.price_factors.empty()) continue;
        ++with;
        out += (out.empty() ? "" : "; ") + priceWords(profile);
    }
    if (with == 0) return "list price";
    return with < profiles.size() ? out + "; list price (others)" : out;
}

}  // namespace pilotlight
