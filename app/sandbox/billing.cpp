#include "app/sandbox/billing.h"

#include <algorithm>

namespace pilotlight::sandbox {
namespace {

constexpr Micros kPoolStep = 5 * kMinute;  // pools are billed in whole steps of this

std::int64_t rounded(__int128 numerator, std::int64_t denominator) {
    return static_cast<std::int64_t>((numerator + denominator / 2) / denominator);
}

class Lines {
public:
    Lines(const FunctionState& f, std::vector<BillLine>& out) : f_(f), arm_(f.spec.architecture == "arm64"), out_(out) {}
    void requests(std::int32_t day, std::int64_t count) { put(day, 0, count * 1000, static_cast<__int128>(count) * rate(0)); }
    void capacity(std::int32_t day, int which, std::int64_t mb_ms) {
        // GB-s = MB x ms / 1,024 / 1,000
        put(day, which, rounded(mb_ms, 1024), rounded(static_cast<__int128>(mb_ms) * rate(which), 1'024'000));
    }

private:
    [[nodiscard]] std::int64_t rate(int which) const { return arm_ ? kRates[which].arm_pico : kRates[which].x86_pico; }
    void put(std::int32_t day, int which, std::int64_t milli, __int128 pico) {
        if (milli == 0) return;
        out_.push_back({day, &f_, std::string(regionPrefix(f_.spec.region)) + kRates[which].usage_type + (arm_ ? "-ARM" : ""), milli,
                        static_cast<std::int64_t>(pico)});
    }
    const FunctionState& f_;
    bool arm_;
    std::vector<BillLine>& out_;
};

}  // namespace

const char* regionPrefix(const std::string& region) {
    if (region == "us-east-1") return "";
    if (region == "eu-west-1") return "EU-";
    if (region == "us-east-2") return "USE2-";
    if (region == "us-west-2") return "USW2-";
    if (region == "eu-west-2") return "EUW2-";
    if (region == "af-south-1") return "AFS1-";
    return "SBX-";
}

std::vector<BillLine> billOf(const World& world, std::int32_t from, std::int32_t to) {
    std::vector<BillLine> lines;
    for (const auto& f : world.all()) {
        Lines out(*f, lines);
        for (const auto& [day, usage] : f->engine->usage()) {
            if (day < from || day >= to) continue;
            out.requests(day, usage.requests);
            out.capacity(day, 1, usage.on_demand_mb_ms);
            out.capacity(day, 3, usage.pooled_mb_ms);
            out.capacity(day, 4, usage.storage_mb_ms);
        }
        for (const auto& [qualifier, pool] : f->engine->pools())
            for (std::size_t i = 0; i < pool.kept.size(); ++i) {
                const auto& s = pool.kept[i];
                const bool running = pool.open && i + 1 == pool.kept.size();
                Micros end = running ? world.now() : s.to;
                if (!running) end = s.from + (end - s.from + kPoolStep - 1) / kPoolStep * kPoolStep;
                for (Micros at = s.from; at < end;) {
                    const auto day = static_cast<std::int32_t>(at / kDay);
                    const Micros next = std::min(end, (at / kDay + 1) * kDay);
                    if (day >= from && day < to) out.capacity(day, 2, (next - at) / 1000 * s.count * s.memory_mb);
                    at = next;
                }
            }
    }
    return lines;
}

std::string decimal(std::int64_t value, int decimals) {
    const bool negative = value < 0;
    std::string digits = std::to_string(negative ? -value : value);
    if (static_cast<int>(digits.size()) <= decimals) digits.insert(0, static_cast<std::size_t>(decimals) + 1 - digits.size(), '0');
    std::string whole = digits.substr(0, digits.size() - static_cast<std::size_t>(decimals)), part = digits.substr(whole.size());
    while (!part.empty() && part.back() == '0') part.pop_back();
    return (negative ? "-" : "") + whole + (part.empty() ? "" : "." + part);
}

}  // namespace pilotlight::sandbox
