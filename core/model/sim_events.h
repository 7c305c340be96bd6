// Pending completions in time order: a timing wheel of four-slot buckets, and a heap for what is far away or does not fit.
// O(1) per event at any load when the bucket width is near the mean gap between arrivals.
#pragma once

#include <algorithm>
#include <bit>
#include <cstdint>
#include <limits>
#include <vector>

namespace pilotlight::model {

struct Completion {
    double time;
    double tag;  // the caller's
};

class CompletionQueue {
public:
    // width_s: mean gap between arrivals. in_flight: requests in service at once, roughly; sizes the wheel (a cache line each).
    CompletionQueue(double width_s, double in_flight)
        : inverse_(1.0 / std::max(width_s, 1e-9)),
          mask_(static_cast<std::int64_t>(std::bit_ceil(static_cast<std::uint64_t>(std::clamp(4.0 * in_flight, 64.0, 262144.0))) - 1)),
          buckets_(static_cast<std::size_t>(mask_ + 1)) {}

    void push(double time, double tag) {
        ++size_;
        const double scaled = time * inverse_;
        const std::int64_t index = scaled < 9e18 ? static_cast<std::int64_t>(scaled) : std::numeric_limits<std::int64_t>::max();
        if (index - cursor_ <= mask_) [[likely]] {
            const std::int64_t at = std::max(index, cursor_);  // rounding at an edge must not put it behind the cursor
            auto& bucket = buckets_[static_cast<std::size_t>(at & mask_)];
            if (bucket.count < kSlots) [[likely]] {
                bucket.items[bucket.count++] = {time, tag};
                ++in_wheel_;
                return;
            }
        }
        far_.push_back({time, tag});
        std::push_heap(far_.begin(), far_.end(), later);
    }

    // Calls done(time, tag) for every completion at or before `until`, in time order.
    template <typename Done>
    void drain(double until, Done&& done) {
        if (size_ == 0) {
            skipTo(until);
            return;
        }
        const std::int64_t last = bucketOf(until);
        while (cursor_ <= last) {
            if (in_wheel_ == 0) {
                drainFar(until, done);
                skipTo(until);
                return;
            }
            auto& bucket = buckets_[static_cast<std::size_t>(cursor_ & mask_)];
            const bool closing = cursor_ < last;
            while (bucket.count != 0) {
                std::uint32_t first = 0;
                for (std::uint32_t i = 1; i < bucket.count; ++i)
                    if (bucket.items[i].time < bucket.items[first].time) first = i;
                const Completion next = bucket.items[first];
                if (!closing && next.time > until) break;
                if (!far_.empty() && far_.front().time < next.time) [[unlikely]] {
                    popFar(done);
                    continue;
                }
                bucket.items[first] = bucket.items[--bucket.count];
                --in_wheel_;
                --size_;
                done(next.time, next.tag);
            }
            if (!closing) break;
            ++cursor_;
        }
        drainFar(until, done);
    }

    [[nodiscard]] std::size_t size() const { return size_; }

private:
    static constexpr std::uint32_t kSlots = 4;
    struct Bucket {
        Completion items[kSlots];
        std::uint32_t count = 0;
    };
    static bool later(const Completion& a, const Completion& b) { return a.time > b.time; }
    [[nodiscard]] std::int64_t bucketOf(double time) const {
        const double scaled = time * inverse_;
        return scaled < 9e18 ? static_cast<std::int64_t>(scaled) : std::numeric_limits<std::int64_t>::max() - mask_ - 1;
    }
    void skipTo(double until) { cursor_ = std::max(cursor_, bucketOf(until)); }
    template <typename Done>
    void popFar(Done&& done) {
        std::pop_heap(far_.begin(), far_.end(), later);
        const Completion next = far_.back();
        far_.pop_back();
        --size_;
        done(next.time, next.tag);
    }
    template <typename Done>
    void drainFar(double until, Done&& done) {
        while (!far_.empty() && far_.front().time <= until) popFar(done);
    }

    double inverse_;
    std::int64_t mask_;
    std::int64_t cursor_ = 0;
    std::size_t size_ = 0, in_wheel_ = 0;
    std::vector<Bucket> buckets_;
    std::vector<Completion> far_;
};

}  // namespace pilotlight::model
