// Pending completions in time order. Time is cut into windows; a completion waits unsorted in its window, and a window is sorted when its
// turn comes. O(1) per event at any load when a window spans a few mean gaps between arrivals: what is touched at random is the open ends
// of the windows, a few kilobytes, however many requests are in service. Far completions lie in a heap.
#pragma once

#include <algorithm>
#include <array>
#include <bit>
#include <cstdint>
#include <limits>
#include <utility>
#include <vector>

namespace pilotlight::model {

struct Completion {
    double time;
    double tag;  // the caller's
};

class CompletionQueue {
public:
    // gap_s: mean gap between arrivals. in_flight: requests in service at once, roughly. They decide about speed only.
    CompletionQueue(double gap_s, double in_flight) {
        const double load = std::clamp(in_flight, 1.0, 4e6);
        const auto gaps = std::bit_floor(static_cast<std::uint64_t>(std::clamp(load / 4, 8.0, 256.0)));  // that a window spans
        inverse_ = 1 / (std::max(gap_s, 1e-9) * static_cast<double>(gaps));
        windows_.resize(std::bit_ceil(static_cast<std::size_t>(8 * load / static_cast<double>(gaps)) + 16));
        current_.resize(64);
        current_[0].time = kNever;
    }

    // `time` may lie before what was drained already: then it is next.
    void push(double time, double tag) {
        const std::int64_t index = windowOf(time);
        if (index <= cursor_) {
            insert({time, tag});
        } else if (index - cursor_ < static_cast<std::int64_t>(windows_.size())) [[likely]] {
            Window& window = windows_[static_cast<std::size_t>(index) & (windows_.size() - 1)];
            const std::uint32_t place = window.count % kBlock;
            if (place == 0) addBlock(window);
            blocks_[window.last][place] = {time, tag};
            ++window.count;
            ++in_windows_;
        } else {
            putFar({time, tag});
        }
    }

    // Calls done(time, tag) for every completion at or before `until`, in time order; equal times in the order of their pushes but for
    // those in the heap. done may push.
    template <typename Done>
    void drain(double until, Done&& done) {
        while (true) {
            while (current_[head_].time <= until) {
                if (far_time_ < current_[head_].time) [[unlikely]] {
                    popFar(done);
                    continue;
                }
                const Completion next = current_[head_++];
                done(next.time, next.tag);
            }
            if (head_ == tail_) {  // a window between may hold something earlier than the heap does
                const std::int64_t last = windowOf(until);
                if (cursor_ < last) {
                    advance(last);
                    continue;
                }
            }
            if (!(far_time_ <= until)) [[likely]]
                return;
            popFar(done);
        }
    }

    [[nodiscard]] std::size_t size() const { return tail_ - head_ + in_windows_ + far_.size(); }

private:
    static constexpr double kNever = std::numeric_limits<double>::infinity();
    static constexpr std::uint32_t kBlock = 16;       // completions
    static constexpr std::size_t kMostShifted = 32;   // by an insertion; one that would shift more goes to the heap
    static constexpr std::size_t kFew = 4;           // sorted by insertion at once
    static constexpr std::size_t kMostBins = 1024;
    struct Window {
        std::uint32_t first = 0, last = 0;  // blocks, where there are any
        std::uint32_t count = 0;
    };
    struct alignas(64) Block : std::array<Completion, kBlock> {};

    static bool later(const Completion& a, const Completion& b) { return a.time > b.time; }
    [[nodiscard]] std::int64_t windowOf(double time) const {
        const double scaled = time * inverse_;
        return scaled < 4e18 ? static_cast<std::int64_t>(scaled) : std::int64_t{4'000'000'000'000'000'000};
    }

    void addBlock(Window& window) {
        std::uint32_t block = 0;
        if (free_ != kNone) {
            block = free_;
            free_ = next_[block];
        } else {
            block = static_cast<std::uint32_t>(blocks_.size());
            blocks_.emplace_back();
            next_.push_back(kNone);
        }
        if (window.count == 0)
            window.first = block;
        else
            next_[window.last] = block;
        window.last = block;
    }

    // Into the sorted window, behind its equals.
    void insert(Completion item) {
        if (tail_ - head_ > kMostShifted && current_[tail_ - kMostShifted].time > item.time) [[unlikely]] {
            putFar(item);
            return;
        }
        if (tail_ + 2 > current_.size()) [[unlikely]] {
            if (head_ > current_.size() / 2) {
                std::copy(current_.begin() + static_cast<std::ptrdiff_t>(head_), current_.begin() + static_cast<std::ptrdiff_t>(tail_),
                          current_.begin());
                tail_ -= head_;
                head_ = 0;
            } else {
                current_.resize(2 * current_.size());
            }
        }
        std::size_t at = tail_++;
        for (; at > head_ && current_[at - 1].time > item.time; --at) current_[at] = current_[at - 1];
        current_[at] = item;
        current_[tail_].time = kNever;
    }

    // To the next window that holds something, `last` at most; the current one is empty.
    void advance(std::int64_t last) {
        head_ = tail_ = 0;
        current_[0].time = kNever;
        if (in_windows_ == 0) {
            cursor_ = last;
            return;
        }
        while (cursor_ < last) {
            Window& window = windows_[static_cast<std::size_t>(++cursor_) & (windows_.size() - 1)];
            if (window.count == 0) continue;
            load(window);
            return;
        }
    }

    // Sorts the window into current_: by counting, and by insertion what fell together. Stable.
    void load(Window& window) {
        const std::size_t n = window.count;
        if (n + 1 > current_.size()) current_.resize(2 * n);
        const auto each = [&](auto&& visit) {
            std::size_t left = n;
            for (std::uint32_t block = window.first; left > 0; block = next_[block]) {
                const std::size_t here = std::min<std::size_t>(left, kBlock);
                for (std::size_t i = 0; i < here; ++i) visit(blocks_[block][i]);
                left -= here;
            }
        };
        if (n <= kFew) {
            std::size_t i = 0;
            each([&](const Completion& item) { current_[i++] = item; });
        } else {
            const std::size_t bins = std::bit_ceil(std::min(2 * n, kMostBins));
            const auto begin = static_cast<double>(cursor_), fine = static_cast<double>(bins);
            keys_.resize(n);
            std::fill_n(starts_.begin(), bins, 0U);
            std::size_t i = 0;
            each([&](const Completion& item) {
                const auto bin = static_cast<std::int64_t>((item.time * inverse_ - begin) * fine);
                const auto key = static_cast<std::uint16_t>(std::clamp<std::int64_t>(bin, 0, static_cast<std::int64_t>(bins) - 1));
                keys_[i++] = key;
                ++starts_[key];
            });
            std::uint32_t before = 0;
            for (std::size_t b = 0; b < bins; ++b) before += std::exchange(starts_[b], before);
            i = 0;
            each([&](const Completion& item) { current_[starts_[keys_[i++]]++] = item; });
        }
        sortNearly(n);
        next_[window.last] = free_;
        free_ = window.first;
        in_windows_ -= n;
        window.count = 0;
        head_ = 0;
        tail_ = n;
        current_[n].time = kNever;
    }
    void sortNearly(std::size_t n) {
        std::size_t budget = 8 * n + 64;  // of moves: many at about one time would take n^2
        for (std::size_t i = 1; i < n; ++i) {
            const Completion item = current_[i];
            std::size_t at = i;
            for (; at > 0 && current_[at - 1].time > item.time; --at) current_[at] = current_[at - 1];
            current_[at] = item;
            if (i - at <= budget) {
                budget -= i - at;
                continue;
            }
            std::stable_sort(current_.begin(), current_.begin() + static_cast<std::ptrdiff_t>(n),
                             [](const Completion& a, const Completion& b) { return a.time < b.time; });
            return;
        }
    }

    void putFar(Completion item) {
        far_.push_back(item);
        std::push_heap(far_.begin(), far_.end(), later);
        far_time_ = far_.front().time;
    }
    template <typename Done>
    void popFar(Done&& done) {
        std::pop_heap(far_.begin(), far_.end(), later);
        const Completion next = far_.back();
        far_.pop_back();
        far_time_ = far_.empty() ? kNever : far_.front().time;
        done(next.time, next.tag);
    }

    static constexpr std::uint32_t kNone = 0xffffffff;
    double inverse_ = 1;        // windows a second
    std::int64_t cursor_ = 0;   // window that current_ holds
    std::vector<Completion> current_;  // [head_, tail_) sorted; behind it a time that never comes
    std::size_t head_ = 0, tail_ = 0;
    std::vector<Window> windows_;  // [index modulo size, a power of two]: those after the cursor
    std::size_t in_windows_ = 0;
    std::vector<Block> blocks_;
    std::vector<std::uint32_t> next_;  // block -> the next one of its window, or of the free ones
    std::uint32_t free_ = kNone;       // the one freed last is taken first: it is in the cache
    std::vector<Completion> far_;      // heap, earliest first
    double far_time_ = kNever;
    std::vector<std::uint16_t> keys_;
    std::array<std::uint32_t, kMostBins> starts_{};
};

}  // namespace pilotlight::model
