#include "core/model/slowdown_observed.h"

#include <algorithm>
#include <cmath>
#include <map>
#include <tuple>

namespace pilotlight::model {

std::optional<ObservedSlowdown> observedSlowdown(std::span<const Observation> observations) {
    struct Sum {
        double ms = 0, weight = 0;
    };
    std::map<std::tuple<std::int32_t, std::int64_t, Observation::Source>, std::map<std::int32_t, Sum>> sizes;
    for (const auto& o : observations) {
        if (o.cold || !(o.mean_ms > 0) || o.concurrency < 1) continue;
        auto& sum = sizes[{o.memory.value, std::llround(o.vcpu.value_or(0) * 1e6), o.source}][o.concurrency];
        const double weight = static_cast<double>(std::max<std::int64_t>(1, o.count));
        sum.ms += o.mean_ms * weight;
        sum.weight += weight;
    }
    ObservedSlowdown out{.lo = INFINITY};
    double sum = 0, weights = 0;
    for (const auto& [size, by_number] : sizes) {
        const auto& [few, base] = *by_number.begin();
        for (const auto& [many, measured] : by_number) {
            const double ratio = measured.ms / measured.weight / (base.ms / base.weight);
            const double others = (many - 1) - ratio * (few - 1);  // S(many) / S(few) solved for alpha
            if (many == few || others <= 0) continue;
            const double alpha = std::max(0.0, (ratio - 1) / others), weight = others * others;
            sum += weight * alpha;
            weights += weight;
            out.lo = std::min(out.lo, alpha);
            out.hi = std::max(out.hi, alpha);
            ++out.pairs;
        }
    }
    if (out.pairs == 0) return std::nullopt;
    out.alpha = sum / weights;
    out.lo *= 0.85;
    out.hi *= 1.15;
    return out;
}

}  // namespace pilotlight::model
