#include "core/model/latency_shapes.h"

#include <algorithm>
#include <cmath>

#include "core/base/units.h"
#include "core/model/latency_quota.h"

namespace pilotlight::model {
namespace {

using Family = Shape::Family;

struct Weighted {
    double value, weight;
};

// Saturation sizes: most single-threaded code stops gaining a little above one vCPU (runtimes have helper threads); the rest may stop
// anywhere. Log-normal at 1,950 MB with log-sd 0.12 for 70 %, log-uniform over 200-10,240 MB for 30 %.
std::vector<Weighted> kneeSizes() {
    std::vector<Weighted> out;
    double near = 0;
    constexpr double kCentre = 1950, kSd = 0.12;
    for (int i = -10; i <= 10; ++i) near += std::exp(-0.5 * std::pow(i * 0.3, 2));
    for (int i = -10; i <= 10; ++i) out.push_back({kCentre * std::exp(i * 0.3 * kSd), 0.7 * std::exp(-0.5 * std::pow(i * 0.3, 2)) / near});
    constexpr int kWide = 24;
    for (int i = 0; i < kWide; ++i) out.push_back({200 * std::pow(10'240.0 / 200, (i + 0.5) / kWide), 0.3 / kWide});
    return out;
}

// Share of the saturated time that more CPU does not shorten: none for half of the functions, else Beta(0.5, 1.5).
std::vector<Weighted> serialShares() {
    std::vector<Weighted> out{{0, 0.5}};
    constexpr double kAt[] = {0.004, 0.015, 0.035, 0.06, 0.1, 0.15, 0.22, 0.31, 0.42, 0.55, 0.7, 0.85, 0.96};
    double sum = 0;
    const auto density = [](double x) { return std::sqrt((1 - x) / x); };
    std::vector<double> mass;
    for (std::size_t i = 0; i < std::size(kAt); ++i) {
        const double lo = i == 0 ? 0 : (kAt[i - 1] + kAt[i]) / 2;
        const double hi = i + 1 == std::size(kAt) ? 1 : (kAt[i] + kAt[i + 1]) / 2;
        mass.push_back(density(kAt[i]) * (hi - lo));
        sum += mass.back();
    }
    for (std::size_t i = 0; i < std::size(kAt); ++i) out.push_back({kAt[i], 0.5 * mass[i] / sum});
    return out;
}

// Exponent of the slope below the knee: CPU-bound code is often a few per cent cheaper at larger sizes.
constexpr Weighted kSlopes[] = {{0.99, 0.1}, {1.0, 0.3}, {1.025, 0.4}, {1.05, 0.2}};

class Grid {
public:
    void add(Shape shape, double weight) {
        shape.log_prior = weight;
        shapes_.push_back(shape);
    }
    std::vector<Shape> done() {
        double sum = 0;
        for (const auto& shape : shapes_) sum += shape.log_prior;
        for (auto& shape : shapes_) shape.log_prior = std::log(shape.log_prior / sum);
        return std::move(shapes_);
    }

private:
    std::vector<Shape> shapes_;
};

Shape make(Family family, double knee, double serial, double exponent, double cap = 1, double parallel = 0) {
    Shape shape;
    shape.family = family;
    shape.knee = static_cast<float>(knee);
    shape.serial = static_cast<float>(serial);
    shape.exponent = static_cast<float>(exponent);
    shape.cap = static_cast<float>(cap);
    shape.parallel = static_cast<float>(parallel);
    return shape;
}

void addKnees(Grid& grid, double smallest) {
    for (const auto& knee : kneeSizes()) {
        for (const auto& serial : serialShares()) {
            const double weight = knee.weight * serial.weight;
            for (const auto& slope : kSlopes)
                grid.add(make(Family::knee, knee.value, serial.value, slope.value), 0.45 * weight * slope.weight);
            for (const double sharpness : {4.0, 6.0, 10.0})
                grid.add(make(Family::soft_knee, knee.value, serial.value, sharpness), 0.32 / 3 * weight);
            if (serial.value > 0.3) continue;
            for (const double strength : {0.1, 0.25, 0.6, 1.5, 4.0}) {
                Shape shape = make(Family::pressure, knee.value, serial.value, strength);
                shape.pressure_at = static_cast<float>(smallest);
                grid.add(shape, 0.04 / 5 * weight);
            }
        }
    }
}

void addSmooth(Grid& grid) {
    for (const double cap : {2.0, 3.0, 4.0, 6.0})
        for (const double parallel : {0.15, 0.3, 0.45, 0.6, 0.75, 0.85, 0.92, 0.97, 1.0})
            for (const auto& serial : {Weighted{0, 0.4}, {0.03, 0.2}, {0.1, 0.2}, {0.25, 0.12}, {0.5, 0.08}})
                grid.add(make(Family::amdahl, 0, serial.value, 1, cap, parallel), 0.15 / 4 / 9 * serial.weight);
    constexpr int kPowers = 30;
    for (int i = 0; i < kPowers; ++i) grid.add(make(Family::power, 0, 0, 0.02 + 1.28 * i / (kPowers - 1)), 0.04 / kPowers);
    for (int i = 0; i < 12; ++i)
        for (int j = 0; j < 12; ++j)
            grid.add(make(Family::exponential, 120 * std::pow(30.0, i / 11.0), 0.2 * std::pow(200.0, j / 11.0), 1), 0.02 / 144);
}

// Quota shapes are durations, so their prior is a density over the logarithm of the CPU time (log-uniform over 12 units), like that of
// the free scale of the other shapes. Bursts above some five periods follow the CPU share without steps. Period: 20 ms on AWS, 50-100 ms on
// Google (EuroSys'26, "Demystifying serverless costs").
void addQuota(Grid& grid, PlatformKind platform, double fastest_ms) {
    const double longest_period = platform == PlatformKind::gcp ? 100 : 20;
    const double likely = std::clamp(2.0 - fastest_ms / (2.5 * longest_period), 0.0, 1.0);
    if (likely <= 0) return;
    constexpr int kSteps = 80;
    const double from = std::log(fastest_ms * 0.3), to = std::log(fastest_ms * 1.15);
    const double step = (to - from) / (kSteps - 1);
    const double weight = 0.5 * likely * step / 12.0;
    for (int i = 0; i < kSteps; ++i) {
        const double cpu = std::exp(from + i * step);
        if (platform == PlatformKind::aws) {
            grid.add(make(Family::quota_debt, cpu, 0, 20), 0.7 * weight);
            grid.add(make(Family::quota_phase, cpu, 0, 20, 1), 0.3 * weight);
        } else {
            for (const double period : {50.0, 60.0, 80.0, 100.0}) grid.add(make(Family::quota_phase, cpu, 0, period, 4), 0.25 * weight);
        }
    }
}

}  // namespace

double logShape(const Shape& shape, double size) {
    const double ratio = shape.knee / size;
    const double serial = shape.serial;
    switch (shape.family) {
        case Family::knee: {
            if (ratio <= 1) return 0;
            return std::log(serial + (1 - serial) * (shape.exponent == 1.0F ? ratio : std::pow(ratio, shape.exponent)));
        }
        case Family::soft_knee:
            return std::log(serial + (1 - serial) * std::pow(1 + std::pow(ratio, shape.exponent), 1.0 / shape.exponent));
        case Family::pressure: {
            const double squeeze = shape.pressure_at / size;
            return std::log(serial + (1 - serial) * std::max(1.0, ratio)) +
                   std::log1p(shape.exponent * squeeze * squeeze * squeeze * squeeze);
        }
        case Family::amdahl: {
            const double vcpu = size / kLambdaMegabytesPerVcpu;
            const double work = vcpu <= 1 ? 1 / vcpu : (1 - shape.parallel) + shape.parallel / std::min<double>(vcpu, shape.cap);
            return std::log(serial + (1 - serial) * work);
        }
        case Family::power:
            return -shape.exponent * std::log(size / kLambdaMegabytesPerVcpu);
        case Family::exponential:
            return std::log1p(serial * std::exp(-size / shape.knee));
        case Family::quota_debt:
            return std::log(quotaDeferredDebtMs(shape.knee, size / kLambdaMegabytesPerVcpu, shape.exponent));
        case Family::quota_phase:
            return std::log(quotaRandomPhaseMs(shape.knee, size / kLambdaMegabytesPerVcpu, shape.exponent, shape.cap));
    }
    return 0;
}

std::vector<Shape> shapeGrid(PlatformKind platform, double smallest, double fastest_ms) {
    Grid grid;
    addKnees(grid, smallest);
    addSmooth(grid);
    addQuota(grid, platform, fastest_ms);
    return grid.done();
}

double axisOf(PlatformKind platform, Megabytes memory, std::optional<double> vcpu) {
    if (platform == PlatformKind::aws) return memory.value;
    if (vcpu) return std::max(0.001, *vcpu) * kLambdaMegabytesPerVcpu;
    if (platform == PlatformKind::azure) return memory.value / 2048.0 * kLambdaMegabytesPerVcpu;  // Flex: 2,048 MB = 1 vCPU
    // Cloud Run functions: the CPU that goes with a memory size unless set (cloud.google.com/functions/docs/configuring/memory).
    constexpr std::pair<double, double> kTable[] = {{128, 0.083}, {256, 0.167}, {512, 0.333}, {1024, 0.583}, {2048, 1.0},
                                                    {4096, 2.0},  {8192, 2.0},  {16384, 4.0}, {32768, 8.0}};
    const double at = std::clamp(static_cast<double>(memory.value), 32.0, 32768.0);
    for (std::size_t i = 1; i < std::size(kTable); ++i) {
        if (at > kTable[i].first && i + 1 < std::size(kTable)) continue;
        const auto [m0, v0] = kTable[i - 1];
        const auto [m1, v1] = kTable[i];
        const double share = std::log(at / m0) / std::log(m1 / m0);
        return v0 * std::pow(v1 / v0, share) * kLambdaMegabytesPerVcpu;
    }
    return at;
}

}  // namespace pilotlight::model
