// The engine for platforms whose instances serve one request at a time (Lambda): replays arrivals in time order.
// Most-recently-used reuse, ordered warm-pool slots with spill, a concurrency cap, a start-up token bucket. Only arrivals and completions
// are events; expiry is evaluated when an idle instance is looked at. With a fixed keep-alive the idle stack is the array L[k] of the
// window-max identity: an arrival that raises concurrency to k is cold exactly when concurrency stayed below k for longer than the
// keep-alive.
#pragma once

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstdint>
#include <limits>
#include <optional>
#include <utility>
#include <vector>

#include "core/model/sim_events.h"
#include "core/model/sim_types.h"

namespace pilotlight::model {

enum class Served : std::uint8_t { warm, cold, pool };

struct EngineOptions {
    // (from when, instances kept warm), ascending; before the first entry there are none.
    std::vector<std::pair<double, std::int32_t>> pool{};
    std::optional<std::int32_t> limit{};  // requests in service at once, pool included; beyond it a request is throttled
    std::optional<ScaleLimit> scale{};
    KeepAlive keep_alive{};
    std::uint64_t seed = 1;                                                             // of the keep-alive draws
    double expected_gap_s = 1;                                                          // between arrivals
    double expected_busy = 1;                                                           // requests in service at once
    double sample_from_s = 0, sample_step_s = std::numeric_limits<double>::infinity();  // where instances are counted
    double end_s = std::numeric_limits<double>::infinity();                             // idle time is accounted up to here
    std::vector<double> initial_busy_until{};                                           // instances busy at 0, and when they end
    std::vector<double> initial_idle_until{};                                           // instances idle since 0, and when they expire
};

// Slots of the warm pool, lowest free index first.
class SlotMap {
public:
    // Index of the lowest free slot; grows as needed.
    [[nodiscard]] std::int32_t lowestFree() {
        while (first_ < words_.size() && words_[first_] == 0) ++first_;
        if (first_ == words_.size()) words_.push_back(~0ULL);
        return static_cast<std::int32_t>(first_ * 64) + std::countr_zero(words_[first_]);
    }
    void take(std::int32_t slot) { words_[static_cast<std::size_t>(slot) / 64] &= ~(1ULL << (slot & 63)); }
    void free(std::int32_t slot) {
        const auto word = static_cast<std::size_t>(slot) / 64;
        words_[word] |= 1ULL << (slot & 63);
        first_ = std::min(first_, word);
    }

private:
    std::vector<std::uint64_t> words_;
    std::size_t first_ = 0;  // no free slot below this word
};

// Source: bool next(double& time) advances to the next arrival (times do not decrease); double warm(), double cold(): its service time in
// seconds on a warm and on a new instance (cold() includes start-up and is called only when the start is cold).
// Sink: served(time, service_s, Served), throttled(time), idle(from, to) an instance idle and alive,
// started(time, alive) a cold start and the instances alive then, instances(time, count) at samples.
template <typename Source, typename Sink>
class Engine1 {
public:
    Engine1(Source& source, Sink& sink, const EngineOptions& options)
        : source_(source),
          sink_(sink),
          options_(options),
          queue_(options.expected_gap_s, options.expected_busy),
          random_(options.seed, 0x6b656570),
          fixed_(options.keep_alive.kind == KeepAlive::Kind::fixed),
          halving_(options.keep_alive.kind == KeepAlive::Kind::halving),
          tau_(options.keep_alive.seconds) {
        if (options.scale) tokens_ = options.scale->burst;
        idle_.reserve(256);
        for (const double until : options.initial_idle_until) idle_.push_back({0, until, 0});
        for (const double until : options.initial_busy_until) {
            queue_.push(until, 0);
            ++busy_;
        }
    }

    void run() {
        double time = 0;
        double next_sample = options_.sample_from_s;
        const bool pooled = !options_.pool.empty();
        const std::int64_t limit = options_.limit ? *options_.limit : std::numeric_limits<std::int64_t>::max();
        while (source_.next(time)) {
            while (next_sample <= time) {
                drain(next_sample);
                sink_.instances(next_sample, aliveAt(next_sample));
                next_sample += options_.sample_step_s;
            }
            drain(time);
            if (pooled) {
                while (next_level_ < options_.pool.size() && options_.pool[next_level_].first <= time)
                    level_ = options_.pool[next_level_++].second;
                if (level_ > 0 && busy_ + busy_pool_ < limit) {
                    const std::int32_t slot = slots_.lowestFree();
                    if (slot < level_) {
                        slots_.take(slot);
                        ++busy_pool_;
                        const double service = source_.warm();
                        queue_.push(time + service, -1.0 - slot);
                        sink_.served(time, service, Served::pool);
                        continue;
                    }
                }
            }
            if (busy_ + busy_pool_ >= limit) {
                sink_.throttled(time);
                continue;
            }
            double birth = time;
            if (takeIdle(time, birth)) {
                const double service = source_.warm();
                ++busy_;
                queue_.push(time + service, birth);
                sink_.served(time, service, Served::warm);
                continue;
            }
            if (options_.scale && !takeToken(time)) {
                sink_.throttled(time);
                continue;
            }
            const double service = source_.cold();
            ++busy_;
            queue_.push(time + service, birth);
            sink_.served(time, service, Served::cold);
            sink_.started(time, busy_ + std::max<std::int64_t>(level_, busy_pool_));  // nothing idle is alive, else it would have served
        }
        const double end = options_.end_s;
        while (next_sample < end) {
            drain(next_sample);
            sink_.instances(next_sample, aliveAt(next_sample));
            next_sample += options_.sample_step_s;
        }
        if (std::isfinite(end)) drain(end);
        if (halving_ && std::isfinite(end)) cull(end);
        for (const auto& instance : idle_) sink_.idle(instance.since, std::min(end, goneAt(instance)));
    }

private:
    struct Idle {
        double since;   // end of its last use
        double expiry;  // gone after this; halving: when it is next looked at
        double birth;
    };

    void drain(double until) {
        queue_.drain(until, [this](double time, double tag) {
            if (tag < 0) {
                slots_.free(static_cast<std::int32_t>(-1.0 - tag));
                --busy_pool_;
                return;
            }
            --busy_;
            double expiry = time + tau_;
            if (!fixed_) {
                const auto& keep = options_.keep_alive;
                expiry = time + (halving_ ? keep.period_s : keep.quantile(random_.uniform()));
                if (halving_) next_cull_ = std::min(next_cull_, expiry);
            }
            idle_.push_back({time, expiry, tag});
        });
    }

    [[nodiscard]] double goneAt(const Idle& instance) const {
        if (!halving_) return instance.expiry;
        return std::max(instance.since, instance.birth + options_.keep_alive.max_life_s);
    }

    // Takes the most recently used instance that is alive.
    bool takeIdle(double time, double& birth) {
        if (halving_ && next_cull_ < time) cull(time);
        while (!idle_.empty()) {
            const Idle instance = idle_.back();
            idle_.pop_back();
            const double gone = goneAt(instance);
            if (time <= gone) [[likely]] {
                sink_.idle(instance.since, time);
                birth = instance.birth;
                return true;
            }
            sink_.idle(instance.since, gone);
        }
        return false;
    }

    // Halving: an instance that has been idle for a period (or survived that long) meets the others that are due within the same
    // tenth of a period: half of them go, which ones is chance.
    void cull(double now) {
        const double period = options_.keep_alive.period_s;
        while (true) {
            double first = std::numeric_limits<double>::infinity();
            for (const auto& instance : idle_) first = std::min(first, instance.expiry);
            next_cull_ = first;
            if (!(first < now)) return;
            due_.clear();
            for (std::size_t i = 0; i < idle_.size(); ++i)
                if (idle_[i].expiry <= first + 0.1 * period) due_.push_back(i);
            // In company an odd one out is as likely to stay as to go; the last one idle goes for certain.
            std::size_t evict = due_.size() / 2;
            if (due_.size() % 2 == 1 && (idle_.size() == 1 || random_.uniform() < 0.5)) ++evict;
            for (std::size_t i = 0; i < due_.size(); ++i) {
                auto& instance = idle_[due_[i]];
                instance.expiry += period;
                if (evict > 0 && random_.below(due_.size() - i) < evict) {
                    --evict;
                    sink_.idle(instance.since, std::min(first, goneAt(instance)));
                    instance.birth = -std::numeric_limits<double>::infinity();
                    instance.since = -1;
                }
            }
            std::erase_if(idle_, [](const Idle& instance) { return instance.since < 0; });
        }
    }

    bool takeToken(double time) {
        tokens_ = std::min(options_.scale->burst, tokens_ + (time - token_time_) * options_.scale->per_s);
        token_time_ = time;
        if (tokens_ < 1) return false;
        tokens_ -= 1;
        return true;
    }

    std::int64_t aliveAt(double time) {
        if (halving_) cull(time);
        std::int64_t alive = busy_ + std::max<std::int64_t>(level_, busy_pool_);
        for (const auto& instance : idle_) alive += time <= goneAt(instance) ? 1 : 0;
        return alive;
    }

    Source& source_;
    Sink& sink_;
    const EngineOptions& options_;
    CompletionQueue queue_;
    Random random_;
    SlotMap slots_;
    std::vector<Idle> idle_;
    std::vector<std::size_t> due_;
    bool fixed_, halving_;
    double tau_;
    double next_cull_ = std::numeric_limits<double>::infinity();
    double tokens_ = 0, token_time_ = 0;
    std::int64_t busy_ = 0, busy_pool_ = 0;
    std::int32_t level_ = 0;
    std::size_t next_level_ = 0;
};

template <typename Source, typename Sink>
void replay(Source& source, Sink& sink, const EngineOptions& options) {
    Engine1<Source, Sink>(source, sink, options).run();
}

}  // namespace pilotlight::model
