#include "core/pricing/free_grants.h"

#include <algorithm>
#include <map>
#include <tuple>

namespace pilotlight::pricing {
namespace {

struct Grant {
    std::string_view of, meter;
    double units;
    const char* unit;
    const char* usd;  // a unit's worth; nullptr = what it costs
};
constexpr Grant kGrants[] = {
    {"aws", meter::kRequests, 1'000'000, "request", nullptr},
    {"aws", meter::kDuration, 400'000, "GB-s", nullptr},
    {"gcp request", meter::kVcpu, 180'000, "vCPU-s", "0.000024"},
    {"gcp request", meter::kMemory, 360'000, "GiB-s", "0.0000025"},
    {"gcp request", meter::kRequests, 2'000'000, "request", "0.0000004"},
    {"gcp instance", meter::kVcpu, 240'000, "vCPU-s", "0.000018"},
    {"gcp instance", meter::kMemory, 450'000, "GiB-s", "0.000002"},
    {"gcp 1st gen", meter::kVcpu, 200'000, "GHz-s", "0.00001"},
    {"gcp 1st gen", meter::kMemory, 400'000, "GB-s", "0.0000025"},
    {"gcp 1st gen", meter::kRequests, 2'000'000, "request", "0.0000004"},
    {"azure consumption", meter::kDuration, 400'000, "GB-s", nullptr},
    {"azure consumption", meter::kRequests, 1'000'000, "request", nullptr},
    {"azure flex", meter::kDuration, 100'000, "GB-s", nullptr},
    {"azure flex", meter::kRequests, 250'000, "request", nullptr},
};

Timestamp monthOf(Timestamp time) {
    const std::chrono::year_month_day day{std::chrono::floor<std::chrono::days>(time)};
    return std::chrono::time_point_cast<milliseconds>(std::chrono::sys_days(day.year() / day.month() / 1));
}

struct Use {
    double quantity = 0;
    Money amount;
    TimeRange period;
    std::string service, profile;
};

}  // namespace

std::string grantOf(const Function& function) {
    const std::string_view kind = function.untunedText(untuned_key::kKind);
    switch (function.platform) {
        case PlatformKind::aws:
            return "aws";
        case PlatformKind::gcp:
            if (kind == "gen1") return "gcp 1st gen";
            return function.untunedText(untuned_key::kBilling) == "instance" ? "gcp instance" : "gcp request";
        case PlatformKind::azure:
            if (kind == "consumption" || kind == "flex") return "azure " + std::string(kind);
            break;
    }
    return {};
}

std::vector<CostLine> freeGrants(std::span<const CostLine> computed, const std::function<const Function*(const std::string& id)>& function) {
    std::map<std::tuple<std::string, Timestamp, const Grant*>, Use> uses;
    for (const auto& line : computed) {
        const Function* const f = function(line.function_id);
        if (f == nullptr || !(line.quantity > 0)) continue;
        const std::string of = grantOf(*f);
        const std::string_view meter = line.meter == meter::kInit ? meter::kDuration : std::string_view(line.meter);  // INIT is duration
        const auto grant = std::find_if(std::begin(kGrants), std::end(kGrants), [&](const Grant& g) { return g.of == of && g.meter == meter; });
        if (grant == std::end(kGrants)) continue;
        const std::string account = f->platform == PlatformKind::gcp ? "profile " + f->profile : f->account;
        Use& use = uses[{account, monthOf(line.period.begin), grant}];
        if (use.quantity == 0) use = {0, {}, line.period, line.service, line.profile};
        use.quantity += line.quantity;
        use.amount += line.amount;
        use.period = {std::min(use.period.begin, line.period.begin), std::max(use.period.end, line.period.end)};
    }
    std::vector<CostLine> lines;
    for (const auto& [key, use] : uses) {
        const Grant& grant = *std::get<2>(key);
        const double free = std::min(use.quantity, grant.units);
        const Money own = use.amount.times(free / use.quantity);
        CostLine line;
        line.profile = use.profile;
        line.service = use.service;
        line.usage_type = "free grant of a month";
        line.meter = grant.meter;
        line.period = use.period;
        line.quantity = -free;
        line.unit = grant.unit;
        // What is taken off is never more than what was to be paid.
        line.amount = Money{} - (grant.usd != nullptr ? std::min(own, Money::parse(grant.usd).value_or(Money{}).times(free)) : own);
        line.kind = CostKind::computed;
        line.source = "free grant, once an account and month";
        lines.push_back(std::move(line));
    }
    return lines;
}

}  // namespace pilotlight::pricing
