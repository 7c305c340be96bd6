// google.api.Distribution (distribution.proto): a histogram, decoded to the figures that Pilotlight stores.
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

namespace pilotlight::platform::gcp {

struct Buckets {
    enum class Kind { none, linear, exponential, explicit_bounds };
    Kind kind = Kind::none;
    std::int64_t finite = 0;       // linear, exponential
    double width = 0, offset = 0;  // linear: upper(i) = offset + width i
    double growth = 0, scale = 0;  // exponential: upper(i) = scale growth^i
    std::vector<double> bounds;    // explicit, ascending

    // Bounds of bucket i: 0 = underflow, the last = overflow; nullopt where open.
    [[nodiscard]] std::size_t count() const;
    [[nodiscard]] std::optional<double> lower(std::size_t i) const;
    [[nodiscard]] std::optional<double> upper(std::size_t i) const;
};

struct Distribution {
    std::int64_t count = 0;
    double mean = 0;
    std::optional<double> minimum, maximum;  // range, where it is given
    Buckets buckets;
    std::vector<std::int64_t> counts;  // by bucket; trailing zeros may be missing

    // The first bucket whose cumulative count reaches p x count; inside it linear, in exponential buckets geometric interpolation. Open
    // ends: underflow from the minimum or 0, overflow up to the maximum or its lower bound. nullopt where there are no buckets or values.
    [[nodiscard]] std::optional<double> percentile(double p) const;
    // Upper bound of the highest bucket that holds a value: no value was higher (except in overflow, whose lower bound it is).
    [[nodiscard]] std::optional<double> highest() const;
};

}  // namespace pilotlight::platform::gcp
