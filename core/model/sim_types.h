// Words of the simulator: service laws, keep-alive, limits. Times are seconds from the start of the simulation.
#pragma once

#include <array>
#include <cstdint>
#include <limits>
#include <optional>
#include <span>
#include <utility>
#include <vector>

#include "core/model/sim_random.h"

namespace pilotlight::model {

// Law of one duration, in seconds.
struct Distribution {
    enum class Kind { exponential, lognormal, constant, empirical };
    Kind kind = Kind::constant;
    double mean_s = 0;
    double cv = 1;                 // lognormal: standard deviation / mean
    std::vector<double> values_s;  // empirical: drawn with equal chance
    [[nodiscard]] double mean() const;
};

// Draws from a Distribution; holds what does not change between draws.
class Sampler {
public:
    explicit Sampler(const Distribution& law);
    void draw(Random& random, std::span<double> out) const;  // the same, one after another
    double draw(Random& random) const {
        switch (kind_) {
            case Distribution::Kind::exponential:
                return a_ * random.exponential();
            case Distribution::Kind::constant:
                return a_;
            case Distribution::Kind::lognormal:
                return portableExp(a_ + b_ * random.normal());
            case Distribution::Kind::empirical:
                return values_[random.below(values_.size())];
        }
        return a_;
    }

private:
    Distribution::Kind kind_;
    double a_ = 0, b_ = 0;
    std::vector<double> values_;
};

// Draws from one law with a generator of its own, made a block at a time: the values of Sampler::draw, in order, at about half the time.
class SampleStream {
public:
    SampleStream(const Distribution& law, Random random) : law_(law), random_(random) {}
    double next() {
        if (at_ == kBlock) [[unlikely]]
            refill();
        return values_[at_++];
    }

private:
    static constexpr std::size_t kBlock = 128;
    void refill();
    std::size_t at_ = kBlock;
    std::array<double, kBlock> values_{};
    Sampler law_;
    Random random_;
};

// How long an idle instance lives. A model that is calibrated, not a constant.
struct KeepAlive {
    enum class Kind {
        fixed,      // `seconds` after its last use
        uniform,    // a fresh draw from [from_s, to_s] for each idle period
        halving,    // every period_s without use half of those idle that long go, the last one for certain; none outlives max_life_s
        empirical,  // a fresh draw from `cdf` for each idle period
    };
    Kind kind = Kind::fixed;
    double seconds = std::numeric_limits<double>::infinity();
    double from_s = 0, to_s = 0;
    double period_s = 380;
    double max_life_s = std::numeric_limits<double>::infinity();  // age from its cold start; halving only
    std::vector<std::pair<double, double>> cdf;                   // (idle seconds, share gone by then), ascending; linear between

    // Chance that an instance is gone after `gap` idle seconds, as seen by one instance alone.
    [[nodiscard]] double goneAfter(double gap_s) const;
    // Mean of min(gap, keep-alive): how long an idle period of `gap` seconds keeps an instance alive.
    [[nodiscard]] double meanAlive(double gap_s) const;
    // Inverse of goneAfter at u in [0, 1).
    [[nodiscard]] double quantile(double u) const;
};

// New instances a platform can start: a token bucket.
struct ScaleLimit {
    double burst = 1000;  // bucket size
    double per_s = 100;   // refill
};

// A value with its 90 % interval where one is known.
struct Interval {
    double value = 0;
    std::optional<double> lo, hi;
};

}  // namespace pilotlight::model
