// Invented but plausible figures for the gallery, the golden images and the benchmark; the same on every run.
#pragma once

#include <cmath>
#include <cstdint>
#include <limits>
#include <vector>

namespace pilotlight::test {

class Noise {
public:
    explicit Noise(std::uint32_t seed) : state_(seed * 2654435761U + 1) {}
    double next() {  // 0..1
        state_ ^= state_ << 13;
        state_ ^= state_ >> 17;
        state_ ^= state_ << 5;
        return (state_ & 0xFFFFFF) / double(0x1000000);
    }

private:
    std::uint32_t state_;
};

inline constexpr double kStart = 1795219200;  // 21 Nov 2026 00:00 UTC

// One point a `period` over `days`, high by day and low by night, with noise.
inline std::vector<double> times(int count, double period) {
    std::vector<double> x;
    for (int i = 0; i < count; ++i) x.push_back(kStart + i * period);
    return x;
}
inline std::vector<double> daily(int count, double period, double low, double high, double noise, std::uint32_t seed) {
    Noise random(seed);
    std::vector<double> y;
    for (int i = 0; i < count; ++i) {
        const double hour = std::fmod(i * period / 3600, 24);
        const double day = std::exp(-std::pow((hour - 14) / 4.2, 2));
        y.push_back((low + (high - low) * day) * (1 + noise * (random.next() - 0.5) * 2));
    }
    return y;
}
inline std::vector<std::pair<double, double>> latencyCurve(double median_ms, double sigma, double slow_share, double slow_ms) {
    std::vector<std::pair<double, double>> curve;
    for (double ms = 100; ms <= 10500; ms *= 1.02) {
        const double warm = 0.5 * std::erfc(-(std::log(ms / median_ms)) / (sigma * std::sqrt(2.0)));
        const double cold = 0.5 * std::erfc(-(std::log(ms / slow_ms)) / (0.25 * std::sqrt(2.0)));
        curve.emplace_back(ms, (1 - slow_share) * warm + slow_share * cold);
    }
    return curve;
}

}  // namespace pilotlight::test
