#include "core/tuning/words.h"

#include <fmt/format.h>

#include <cmath>

#include "core/tuning/workload.h"

namespace pilotlight::tuning {

std::string stableId(const Recommendation& r) {
    // FNV-1a over function and settings.
    std::string text = r.function_id + "|" + name(r.status);
    for (const auto& c : r.changes) text += "|" + c.setting + "=" + c.after;
    std::uint64_t hash = 0xcbf29ce484222325ULL;
    for (const unsigned char c : text) hash = (hash ^ c) * 0x100000001b3ULL;
    return fmt::format("{:010x}", hash & 0xffffffffffULL);
}

std::string dollars(double usd) {
    const double size = std::abs(usd);
    const bool less = usd < 0 && (size >= 100 ? std::round(size) : std::round(100 * size)) > 0;
    return (less ? "\u2212$" : "$") + (size >= 100 ? grouped(size) : fmt::format("{:.2f}", size));
}
std::string percent(double share) {
    return share >= 0.1     ? fmt::format("{:.0f} %", 100 * share)
           : share >= 0.001 ? fmt::format("{:.1f} %", 100 * share)
                            : fmt::format("{:.3f} %", 100 * share);
}
std::string milliseconds3(double s) { return grouped(s * 1000 >= 10 ? s * 1000 : std::ceil(s * 1000)) + " ms"; }

}  // namespace pilotlight::tuning
