// Pending completions in time order: a timing wheel of four-slot buckets for what is near, ordered chunks for what comes later, and a
// heap for what is far away or does not fit. O(1) per event at any load when the bucket width is near the mean gap between arrivals; the
// wheel and the open ends of the chunks stay in the cache however many requests are in service.
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
    // width_s: mean gap between arrivals. in_flight: requests in service at once, roughly; sizes wheel and chunks.
    CompletionQueue(double width_s, double in_flight)
        : inverse_(1.0 / std::max(width_s, 1e-9)),
          ring_(static_cast<std::int64_t>(std::bit_ceil(static_cast<std::uint64_t>(std::clamp(4.0 * in_flight, 64.0, 2048.0))))),
          chunk_shift_(std::countr_zero(static_cast<std::uint64_t>(ring_)) - 4),
          loaded_(ring_),
          counts_(static_cast<std::size_t>(ring_)),
          items_(static_cast<std::size_t>(ring_) * kSlots),
          chunks_(std::bit_ceil(static_cast<std::size_t>(std::clamp(8.0 * in_flight, 64.0, 4194304.0)) >> chunk_shift_)) {}

    void push(double time, double tag) {
        ++size_;
        const double scaled = time * inverse_;
        const std::int64_t index = scaled < 9e18 ? static_cast<std::int64_t>(scaled) : std::numeric_limits<std::int64_t>::max();
        if (index < loaded_) [[likely]] {
            place({time, tag}, std::max(index, cursor_));  // rounding at an edge must not put it behind the cursor
        } else if (((index - loaded_) >> chunk_shift_) < static_cast<std::int64_t>(chunks_.size())) {
            chunkOf(index).push_back({time, tag});
            ++in_chunks_;
        } else {
            putFar({time, tag});
        }
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
                if (in_chunks_ == 0) {
                    drainFar(until, done);
                    skipTo(until);
                    return;
                }
                if (loaded_ > last) break;
                cursor_ = loaded_;
                load();
                continue;
            }
            const auto bucket = static_cast<std::size_t>(cursor_ & (ring_ - 1));
            std::uint8_t& count = counts_[bucket];
            Completion* const items = &items_[bucket * kSlots];
            const bool closing = cursor_ < last;
            while (count != 0) {
                std::uint32_t first = 0;
                for (std::uint32_t i = 1; i < count; ++i)
                    if (items[i].time < items[first].time) first = i;
                const Completion next = items[first];
                if (!closing && next.time > until) break;
                if (!far_.empty() && far_.front().time < next.time) [[unlikely]] {
                    popFar(done);
                    continue;
                }
                items[first] = items[--count];
                --in_wheel_;
                --size_;
                done(next.time, next.tag);
            }
            if (!closing) break;
            ++cursor_;
            if (loaded_ - cursor_ <= ring_ - (std::int64_t{1} << chunk_shift_)) load();
        }
        drainFar(until, done);
    }

    [[nodiscard]] std::size_t size() const { return size_; }

private:
    static constexpr std::uint32_t kSlots = 4;
    static bool later(const Completion& a, const Completion& b) { return a.time > b.time; }
    [[nodiscard]] std::int64_t bucketOf(double time) const {
        const double scaled = time * inverse_;
        return scaled < 9e18 ? static_cast<std::int64_t>(scaled) : std::numeric_limits<std::int64_t>::max() - 2 * ring_;
    }
    std::vector<Completion>& chunkOf(std::int64_t index) {
        return chunks_[static_cast<std::size_t>(index >> chunk_shift_) & (chunks_.size() - 1)];
    }
    void place(Completion item, std::int64_t index) {
        const auto bucket = static_cast<std::size_t>(index & (ring_ - 1));
        std::uint8_t& count = counts_[bucket];
        if (count < kSlots) [[likely]] {
            items_[bucket * kSlots + count++] = item;
            ++in_wheel_;
        } else {
            putFar(item);
        }
    }
    void putFar(Completion item) {
        far_.push_back(item);
        std::push_heap(far_.begin(), far_.end(), later);
    }
    // Moves the chunks that the wheel has room for into it: it holds all from the cursor to `loaded_`.
    void load() {
        const std::int64_t step = std::int64_t{1} << chunk_shift_;
        while (loaded_ - cursor_ <= ring_ - step) {
            auto& chunk = chunkOf(loaded_);
            for (const Completion& item : chunk) place(item, std::max(static_cast<std::int64_t>(item.time * inverse_), cursor_));
            in_chunks_ -= chunk.size();
            chunk.clear();
            loaded_ += step;
        }
    }
    // Nothing is in wheel and chunks.
    void skipTo(double until) {
        cursor_ = std::max(cursor_, bucketOf(until));
        loaded_ = ((cursor_ >> chunk_shift_) << chunk_shift_) + ring_;
    }
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
    std::int64_t ring_;  // buckets of the wheel, a power of two
    int chunk_shift_;    // a chunk spans this many buckets, as a power of two: a sixteenth of the wheel
    std::int64_t cursor_ = 0, loaded_;
    std::size_t size_ = 0, in_wheel_ = 0, in_chunks_ = 0;
    std::vector<std::uint8_t> counts_;              // apart from the items: a push waits for no memory
    std::vector<Completion> items_;                 // kSlots a bucket
    std::vector<std::vector<Completion>> chunks_;  // [chunk modulo size], in order of arrival
    std::vector<Completion> far_;                   // heap, earliest first
};

}  // namespace pilotlight::model
