// Random numbers whose bytes are the same on every build: own generator, own log and exp, own ziggurat tables.
// Generator: xoshiro256++ (Blackman, Vigna). Exponential and normal: ziggurat (Marsaglia, Tsang 2000) with 256 layers.
#pragma once

#include <array>
#include <bit>
#include <cstdint>
#include <span>

namespace pilotlight::model {

// Natural logarithm and exponential after fdlibm (error < 1 ulp), free of the C library so that results do not depend on it.
// portableLog wants x > 0 and normal; portableExp saturates at 0 and at the largest double.
[[nodiscard]] double portableLog(double x);
[[nodiscard]] double portableExp(double x);
void portableExp(std::span<double> x);  // of each, in place, without branches

namespace detail {
struct Ziggurat {
    std::array<std::uint64_t, 256> accept{};  // 53-bit integer below which a draw of the layer is taken at once
    std::array<double, 256> scale{};
    std::array<double, 257> density{};
    std::array<double, 257> edge{};
    double tail = 0;
};
[[nodiscard]] const Ziggurat& exponentialZiggurat();
[[nodiscard]] const Ziggurat& normalZiggurat();
}  // namespace detail

class Random {
public:
    // Streams of different (seed, stream) are independent for all practical purposes.
    explicit Random(std::uint64_t seed, std::uint64_t stream = 0);

    std::uint64_t bits() {
        const std::uint64_t result = std::rotl(state_[0] + state_[3], 23) + state_[0];
        const std::uint64_t t = state_[1] << 17;
        state_[2] ^= state_[0];
        state_[3] ^= state_[1];
        state_[1] ^= state_[2];
        state_[0] ^= state_[3];
        state_[2] ^= t;
        state_[3] = std::rotl(state_[3], 45);
        return result;
    }
    // In [0, 1), 53 bits.
    double uniform() { return static_cast<double>(bits() >> 11) * 0x1p-53; }
    // In [0, n).
    std::uint64_t below(std::uint64_t n) { return static_cast<std::uint64_t>((static_cast<unsigned __int128>(bits()) * n) >> 64); }
    // Mean 1.
    double exponential() {
        const std::uint64_t r = bits();
        const std::size_t layer = r & 255;
        const std::uint64_t draw = r >> 11;
        if (draw < exponential_->accept[layer]) [[likely]]
            return static_cast<double>(draw) * exponential_->scale[layer];
        return exponentialSlow(layer, draw);
    }
    // Mean 0, standard deviation 1.
    double normal() {
        const std::uint64_t r = bits();
        const std::size_t layer = r & 255;
        const std::uint64_t draw = r >> 11;
        const double sign = (r & 256) != 0 ? -1.0 : 1.0;
        if (draw < normal_->accept[layer]) [[likely]]
            return sign * static_cast<double>(draw) * normal_->scale[layer];
        return normalSlow(layer, draw, sign);
    }

private:
    double exponentialSlow(std::size_t layer, std::uint64_t draw);
    double normalSlow(std::size_t layer, std::uint64_t draw, double sign);
    std::array<std::uint64_t, 4> state_{};
    const detail::Ziggurat* exponential_;
    const detail::Ziggurat* normal_;
};

}  // namespace pilotlight::model
