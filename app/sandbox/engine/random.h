// The sandbox's own random numbers: the same bytes for a seed on every machine and build.
#pragma once

#include <cstdint>
#include <string_view>

namespace pilotlight::sandbox {

// FNV-1a followed by a finaliser: names, ids and seeds that must be stable.
[[nodiscard]] std::uint64_t stableHash(std::string_view text, std::uint64_t seed = 0);
[[nodiscard]] std::uint64_t mix(std::uint64_t value);

// xoshiro256++ (Blackman and Vigna, public domain algorithm), seeded through splitmix64.
class Random {
public:
    explicit Random(std::uint64_t seed);
    [[nodiscard]] std::uint64_t next();
    [[nodiscard]] double uniform();                         // [0, 1)
    [[nodiscard]] double between(double low, double high);  // [low, high)
    [[nodiscard]] double exponential();                     // mean 1
    [[nodiscard]] double normal();                          // mean 0, deviation 1
    // Log-normal with mean 1 and the given sigma of its logarithm.
    [[nodiscard]] double jitter(double sigma);
    // An independent stream for `name`.
    [[nodiscard]] Random fork(std::string_view name) const;

private:
    std::uint64_t state_[4];
    std::uint64_t seed_;
    double spare_ = 0;
    bool has_spare_ = false;
};

}  // namespace pilotlight::sandbox
