#include "core/platform/gcp/distribution.h"

#include <algorithm>
#include <cmath>

namespace pilotlight::platform::gcp {

std::size_t Buckets::count() const {
    switch (kind) {
        case Kind::linear:
        case Kind::exponential:
            return static_cast<std::size_t>(std::max<std::int64_t>(0, finite)) + 2;
        case Kind::explicit_bounds:
            return bounds.size() + 1;
        case Kind::none:
            break;
    }
    return 0;
}

std::optional<double> Buckets::upper(std::size_t i) const {
    if (i + 1 >= count()) return std::nullopt;
    switch (kind) {
        case Kind::linear:
            return offset + width * static_cast<double>(i);
        case Kind::exponential:
            return scale * std::pow(growth, static_cast<double>(i));
        case Kind::explicit_bounds:
            return bounds[i];
        case Kind::none:
            break;
    }
    return std::nullopt;
}

std::optional<double> Buckets::lower(std::size_t i) const { return i == 0 || i >= count() ? std::nullopt : upper(i - 1); }

std::optional<double> Distribution::percentile(double p) const {
    double total = 0;
    for (const auto c : counts) total += static_cast<double>(std::max<std::int64_t>(0, c));
    if (total <= 0 || buckets.count() == 0) return std::nullopt;
    const double wanted = std::clamp(p, 0.0, 1.0) * total;
    double below = 0;
    for (std::size_t i = 0; i < counts.size() && i < buckets.count(); ++i) {
        if (counts[i] <= 0) continue;
        const auto here = static_cast<double>(counts[i]);
        if (below + here < wanted) {
            below += here;
            continue;
        }
        const double share = std::clamp((wanted - below) / here, 0.0, 1.0);
        const auto low_bound = buckets.lower(i), high_bound = buckets.upper(i);
        double low = low_bound ? *low_bound : minimum.value_or(std::min(0.0, high_bound.value_or(0)));
        double high = high_bound ? *high_bound : maximum.value_or(low);
        if (minimum) low = std::max(low, std::min(*minimum, high));
        if (maximum) high = std::min(high, std::max(*maximum, low));
        if (buckets.kind == Buckets::Kind::exponential && low > 0 && high > low) return low * std::pow(high / low, share);
        return low + (high - low) * share;
    }
    return std::nullopt;
}

std::optional<double> Distribution::highest() const {
    for (std::size_t i = std::min(counts.size(), buckets.count()); i-- > 0;) {
        if (counts[i] <= 0) continue;
        if (maximum) return maximum;
        return buckets.upper(i) ? buckets.upper(i) : buckets.lower(i);
    }
    return std::nullopt;
}

}  // namespace pilotlight::platform::gcp
