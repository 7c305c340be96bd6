// Durations counted in buckets of 0.2-0.4 % width, with the sum in each: percentiles to that accuracy (exact where a bucket holds one
// value), in constant memory. Range 1 us .. 12 days.
#pragma once

#include <bit>
#include <cstdint>
#include <utility>
#include <vector>

namespace pilotlight::model {

class DurationHistogram {
public:
    void add(double seconds, double weight = 1) {
        auto& bucket = buckets_[indexOf(seconds)];
        bucket.count += weight;
        bucket.sum += weight * seconds;
        count_ += weight;
    }
    void add(const DurationHistogram& other, double weight = 1) {
        for (std::size_t i = 0; i < buckets_.size(); ++i) {
            buckets_[i].count += weight * other.buckets_[i].count;
            buckets_[i].sum += weight * other.buckets_[i].sum;
        }
        count_ += weight * other.count_;
    }
    [[nodiscard]] double count() const { return count_; }
    // Value below which a share q of the weight lies; 0 when empty.
    [[nodiscard]] double quantile(double q) const {
        const double target = q * count_;
        double below = 0;
        double last = 0;
        for (const auto& bucket : buckets_) {
            if (bucket.count <= 0) continue;
            below += bucket.count;
            last = bucket.sum / bucket.count;
            if (below >= target) return last;
        }
        return last;
    }
    // Calls each(seconds, count) for every bucket in use, ascending.
    template <typename Each>
    void forEach(Each&& each) const {
        for (const auto& bucket : buckets_)
            if (bucket.count > 0) each(bucket.sum / bucket.count, bucket.count);
    }
    // (seconds, share at or below) ascending, a point for every half per cent of the weight or more; empty when empty.
    [[nodiscard]] std::vector<std::pair<double, double>> cdf() const {
        std::vector<std::pair<double, double>> points;
        double below = 0, last = -1;
        forEach([&](double seconds, double count) {
            below += count;
            const double share = below / count_;
            if (share - last < 0.005 && share < 1) return;
            points.emplace_back(seconds, share);
            last = share;
        });
        return points;
    }

private:
    static constexpr int kLowest = -20, kOctaves = 40, kParts = 256;  // 2^-20 s .. 2^20 s
    struct Bucket {
        double count = 0, sum = 0;
    };
    static std::size_t indexOf(double seconds) {
        constexpr std::int64_t first = (static_cast<std::int64_t>(1023 + kLowest)) * kParts;
        const auto key = static_cast<std::int64_t>(std::bit_cast<std::uint64_t>(seconds < 0 ? 0.0 : seconds) >> 44);
        const std::int64_t index = key - first;
        return index < 0 ? 0 : index >= kOctaves * kParts ? kOctaves * kParts - 1 : static_cast<std::size_t>(index);
    }
    std::vector<Bucket> buckets_ = std::vector<Bucket>(kOctaves * kParts);
    double count_ = 0;
};

}  // namespace pilotlight::model
