#include "core/model/sim_random.h"

#include <cmath>
#include <limits>

namespace pilotlight::model {

double portableLog(double x) {
    // fdlibm e_log.c: x = 2^k (1 + f), sqrt(1/2) <= 1 + f < sqrt(2).
    constexpr double ln2_hi = 6.93147180369123816490e-01, ln2_lo = 1.90821492927058770002e-10;
    constexpr double lg1 = 6.666666666666735130e-01, lg2 = 3.999999999940941908e-01, lg3 = 2.857142874366239149e-01,
                     lg4 = 2.222219843214978396e-01, lg5 = 1.818357216161805012e-01, lg6 = 1.531383769920937332e-01,
                     lg7 = 1.479819860511658591e-01;
    const auto bits = std::bit_cast<std::uint64_t>(x);
    // 0x3fe6a09e00000000 is sqrt(1/2): adding its distance from 1 moves the exponent boundary there.
    const std::uint64_t shifted = bits + (0x3ff0000000000000ULL - 0x3fe6a09e00000000ULL);
    const int k = static_cast<int>(shifted >> 52) - 1023;
    const double m = std::bit_cast<double>((shifted & 0x000fffffffffffffULL) + 0x3fe6a09e00000000ULL);
    const double f = m - 1.0;
    const double s = f / (2.0 + f);
    const double z = s * s, w = z * z;
    const double r = w * (lg2 + w * (lg4 + w * lg6)) + z * (lg1 + w * (lg3 + w * (lg5 + w * lg7)));
    const double half = 0.5 * f * f;
    return k * ln2_hi - ((half - (s * (half + r) + k * ln2_lo)) - f);
}

namespace {

// exp of x in [-708, 709].
inline double expWithin(double x) {
    constexpr double ln2_hi = 6.93147180369123816490e-01, ln2_lo = 1.90821492927058770002e-10, inv_ln2 = 1.44269504088896338700;
    constexpr double p1 = 1.66666666666666019037e-01, p2 = -2.77777777770155933842e-03, p3 = 6.61375632143793436117e-05,
                     p4 = -1.65339022054652515390e-06, p5 = 4.13813679705723846039e-08;
    // Adding 1.5 x 2^52 rounds to a whole number, which is then in the low bits.
    constexpr double rounder = 0x1.8p52;
    const double shifted = x * inv_ln2 + rounder;
    const double k = shifted - rounder;
    const double hi = x - k * ln2_hi, lo = k * ln2_lo;
    const double r = hi - lo;
    const double t = r * r;
    const double c = r - t * (p1 + t * (p2 + t * (p3 + t * (p4 + t * p5))));
    const double y = 1.0 - ((lo - (r * c) / (2.0 - c)) - hi);
    return y * std::bit_cast<double>((std::bit_cast<std::uint64_t>(shifted) + 1023) << 52);
}

}  // namespace

double portableExp(double x) {
    if (x < -708.0) return 0.0;
    if (x > 709.0) return std::numeric_limits<double>::max();
    return expWithin(x);
}

void portableExp(std::span<double> x) {
    for (double& value : x) value = value < -708.0 ? -708.0 : value > 709.0 ? 709.0 : value;
    for (double& value : x) value = expWithin(value);
}

namespace detail {
namespace {

// Layers of equal area `area` under a falling density; `tail` is where the last layer ends. Constants: Marsaglia and Tsang (2000),
// table 1 (exponential) and normal with 256 layers.
template <typename Density, typename Inverse>
Ziggurat make(double tail, double area, Density density, Inverse inverse) {
    Ziggurat z;
    z.tail = tail;
    z.edge[256] = area / density(tail);  // virtual width of the base layer, tail included
    z.edge[255] = tail;
    z.density[255] = density(tail);
    for (int i = 254; i >= 1; --i) {
        z.edge[static_cast<std::size_t>(i)] =
            inverse(density(z.edge[static_cast<std::size_t>(i + 1)]) + area / z.edge[static_cast<std::size_t>(i + 1)]);
        z.density[static_cast<std::size_t>(i)] = density(z.edge[static_cast<std::size_t>(i)]);
    }
    z.edge[0] = 0;
    z.density[0] = 1;
    // Layer i lies between edge[i] (certain) and edge[i + 1] (its width).
    for (std::size_t i = 0; i < 256; ++i) {
        z.scale[i] = z.edge[i + 1] * 0x1p-53;
        z.accept[i] = static_cast<std::uint64_t>(z.edge[i] / z.edge[i + 1] * 0x1p53);
    }
    return z;
}

}  // namespace

const Ziggurat& exponentialZiggurat() {
    static const Ziggurat table = make(
        7.69711747013104972, 0.0039496598225815571993, [](double x) { return portableExp(-x); }, [](double y) { return -portableLog(y); });
    return table;
}

const Ziggurat& normalZiggurat() {
    static const Ziggurat table = make(
        3.6541528853610087963519472518, 0.0049286732339746519, [](double x) { return portableExp(-0.5 * x * x); },
        [](double y) { return std::sqrt(-2.0 * portableLog(y)); });
    return table;
}

}  // namespace detail

Random::Random(std::uint64_t seed, std::uint64_t stream)
    : exponential_(&detail::exponentialZiggurat()), normal_(&detail::normalZiggurat()) {
    // splitmix64 spreads seed and stream over the state.
    std::uint64_t x = seed ^ (stream * 0xd1342543de82ef95ULL + 0x2545f4914f6cdd1dULL);
    for (auto& word : state_) {
        x += 0x9e3779b97f4a7c15ULL;
        std::uint64_t z = x;
        z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9ULL;
        z = (z ^ (z >> 27)) * 0x94d049bb133111ebULL;
        word = z ^ (z >> 31);
    }
}

double Random::exponentialSlow(std::size_t layer, std::uint64_t draw) {
    const auto& z = *exponential_;
    while (true) {
        const double x = static_cast<double>(draw) * z.scale[layer];
        if (draw < z.accept[layer]) return x;
        if (layer == 255) return z.tail - portableLog(1.0 - uniform());  // memoryless tail
        const double y = z.density[layer + 1] + uniform() * (z.density[layer] - z.density[layer + 1]);
        if (y < portableExp(-x)) return x;
        const std::uint64_t r = bits();
        layer = r & 255;
        draw = r >> 11;
    }
}

double Random::normalSlow(std::size_t layer, std::uint64_t draw, double sign) {
    const auto& z = *normal_;
    while (true) {
        const double x = static_cast<double>(draw) * z.scale[layer];
        if (draw < z.accept[layer]) return sign * x;
        if (layer == 255) {  // Marsaglia's tail
            while (true) {
                const double u = -portableLog(1.0 - uniform()) / z.tail;
                const double v = -portableLog(1.0 - uniform());
                if (v + v > u * u) return sign * (z.tail + u);
            }
        }
        const double y = z.density[layer + 1] + uniform() * (z.density[layer] - z.density[layer + 1]);
        if (y < portableExp(-0.5 * x * x)) return sign * x;
        const std::uint64_t r = bits();
        layer = r & 255;
        sign = (r & 256) != 0 ? -1.0 : 1.0;
        draw = r >> 11;
    }
}

}  // namespace pilotlight::model
