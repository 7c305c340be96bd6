// The engine for platforms whose instances serve several requests at once (Cloud Run, Azure Flex): most-loaded-first packing, waiting for
// a starting instance, a queue in front of the instance limit, processor sharing S(n) = S(1) (1 + alpha (n - 1)).
#pragma once

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstdint>
#include <deque>
#include <limits>
#include <optional>
#include <vector>

#include "core/model/sim_engine.h"

namespace pilotlight::model {

struct SharedOptions {
    std::int32_t concurrency = 1;  // requests one instance serves at once
    double slowdown_alpha = 0;
    double startup_s = 0;                 // before a new instance serves
    double queue_s = 0;                   // how long a request waits for room at the instance limit; 0: refused at once
    std::int32_t min_instances = 0;       // never fewer than this, ready
    std::optional<std::int32_t> limit{};  // instances
    std::optional<ScaleLimit> scale{};
    KeepAlive keep_alive{};  // halving is taken by its marginal law
    std::uint64_t seed = 1;
    double expected_gap_s = 1, expected_busy = 1;
    double sample_from_s = 0, sample_step_s = std::numeric_limits<double>::infinity();
    double end_s = std::numeric_limits<double>::infinity();
};

// Source and Sink as in sim_engine.h, but served(time of arrival, latency_s, Served) is told at the end of the request (latency includes
// waiting), and busy(from, to) tells when an instance had work. A request that opens an instance or waits for a starting one is cold.
template <typename Source, typename Sink>
class SharedEngine {
public:
    SharedEngine(Source& source, Sink& sink, const SharedOptions& options)
        : source_(source),
          sink_(sink),
          options_(options),
          queue_(options.expected_gap_s, options.expected_busy * 2),
          random_(options.seed, 0x73686172),
          by_load_(static_cast<std::size_t>(options.concurrency) + 1),
          occupied_(static_cast<std::size_t>(options.concurrency) / 64 + 1, 0) {
        if (options.scale) tokens_ = options.scale->burst;
    }

    void run() {
        double time = 0;
        double next_sample = options_.sample_from_s;
        while (source_.next(time)) {
            while (next_sample <= time) {
                drain(next_sample);
                sink_.instances(next_sample, aliveAt(next_sample));
                next_sample += options_.sample_step_s;
            }
            drain(time);
            arrive(time);
        }
        const double end = options_.end_s;
        while (next_sample < end) {
            drain(next_sample);
            sink_.instances(next_sample, aliveAt(next_sample));
            next_sample += options_.sample_step_s;
        }
        drain(std::isfinite(end) ? end : 1e18);
        for (const auto& instance : instances_)
            if (instance.load > 0) sink_.busy(instance.busy_since, end);
        for (const std::uint32_t id : idle_) sink_.idle(instances_[id].idle_since, std::min(end, instances_[id].expiry));
        for (const auto& waiting : waiting_) sink_.throttled(waiting.arrival);
    }

private:
    struct Request {
        double arrival, service;
        bool cold;
        double target = 0;  // progress of the instance at which it ends
    };
    struct Instance {
        std::int32_t load = 0;
        std::uint32_t place = 0;    // in by_load_[load]
        std::uint32_t version = 0;  // of the pending completion event
        bool starting = false;
        double ready = 0, busy_since = 0, idle_since = 0, expiry = 0;
        double progress = 0, updated = 0;  // service done for each request since the instance began, up to `updated`
        std::vector<Request> requests;
    };
    static constexpr double kVersions = 1048576;

    void arrive(double time) {
        while (!starting_.empty() && instances_[starting_.front()].ready <= time) promote();
        Request request{time, 0, false};
        if (const auto id = mostLoaded()) {
            request.service = source_.warm();
            begin(*id, request, time);
            return;
        }
        // Idle ones, most recently used first; the platform keeps at least min_instances ready whatever their age.
        while (!idle_.empty()) {
            const std::uint32_t id = idle_.back();
            auto& instance = instances_[id];
            if (time > instance.expiry && busy_instances_ >= options_.min_instances) {
                idle_.pop_back();
                sink_.idle(instance.idle_since, instance.expiry);
                free_.push_back(id);
                continue;
            }
            idle_.pop_back();
            sink_.idle(instance.idle_since, time);
            request.service = source_.warm();
            begin(id, request, time);
            return;
        }
        if (busy_instances_ < options_.min_instances) {  // one that was kept but never used yet
            const std::uint32_t id = create(time, 0);
            request.service = source_.warm();
            begin(id, request, time);
            return;
        }
        for (const std::uint32_t id : starting_) {
            if (instances_[id].load >= options_.concurrency) continue;
            request.service = source_.warm();
            request.cold = true;
            begin(id, request, time);
            return;
        }
        const bool room = !options_.limit || busy_instances_ < *options_.limit;
        if (room && (!options_.scale || takeToken(time))) {
            const std::uint32_t id = create(time, options_.startup_s);
            request.service = source_.cold();
            request.cold = true;
            begin(id, request, time);
            sink_.started(time, busy_instances_);
            return;
        }
        if (options_.queue_s > 0) {
            request.service = source_.warm();
            waiting_.push_back(request);
        } else {
            sink_.throttled(time);
        }
    }

    void begin(std::uint32_t id, Request request, double time) {
        auto& instance = instances_[id];
        if (instance.load == 0) {
            ++busy_instances_;
            instance.busy_since = time;
            instance.updated = std::max(time, instance.ready);
        }
        advance(instance, time);
        if (options_.slowdown_alpha <= 0) {
            const double end = std::max(time, instance.ready) + request.service;
            request.target = end;
            queue_.push(end, static_cast<double>(id));
        } else {
            request.target = instance.progress + request.service;
        }
        instance.requests.push_back(request);
        move(id, instance.load + 1);
        if (options_.slowdown_alpha > 0) schedule(id, time);
    }

    // Progress of a shared instance up to `time`.
    void advance(Instance& instance, double time) {
        if (options_.slowdown_alpha <= 0 || time <= instance.updated) return;
        if (instance.load > 0) instance.progress += (time - instance.updated) / (1 + options_.slowdown_alpha * (instance.load - 1));
        instance.updated = time;
    }
    void schedule(std::uint32_t id, double time) {
        auto& instance = instances_[id];
        instance.version = (instance.version + 1) % static_cast<std::uint32_t>(kVersions);
        if (instance.requests.empty()) return;
        double first = std::numeric_limits<double>::infinity();
        for (const auto& request : instance.requests) first = std::min(first, request.target);
        const double from = std::max(time, instance.updated);
        const double at = from + std::max(0.0, first - instance.progress) * (1 + options_.slowdown_alpha * (instance.load - 1));
        queue_.push(at, static_cast<double>(id) * kVersions + instance.version);
    }

    void drain(double until) {
        queue_.drain(until, [this](double time, double tag) {
            if (options_.slowdown_alpha <= 0) {
                end(static_cast<std::uint32_t>(tag), time);
                return;
            }
            const double whole = std::floor(tag / kVersions);
            const auto id = static_cast<std::uint32_t>(whole);
            if (instances_[id].version != static_cast<std::uint32_t>(tag - whole * kVersions)) return;  // its load has changed since
            advance(instances_[id], time);
            end(id, time);
        });
    }

    // The request of the instance that is due first has ended.
    void end(std::uint32_t id, double time) {
        auto& instance = instances_[id];
        std::size_t first = 0;
        for (std::size_t i = 1; i < instance.requests.size(); ++i)
            if (instance.requests[i].target < instance.requests[first].target) first = i;
        const Request done = instance.requests[first];
        instance.requests[first] = instance.requests.back();
        instance.requests.pop_back();
        sink_.served(done.arrival, time - done.arrival, done.cold ? Served::cold : Served::warm);
        if (instance.starting) {
            while (!starting_.empty() && instances_[starting_.front()].ready <= time) promote();
        }
        move(id, instance.load - 1);
        if (instance.load == 0) {
            --busy_instances_;
            sink_.busy(instance.busy_since, time);
        }
        while (!waiting_.empty()) {
            const Request next = waiting_.front();
            waiting_.pop_front();
            if (time > next.arrival + options_.queue_s) {
                sink_.throttled(next.arrival);
                continue;
            }
            begin(id, next, time);
            return;
        }
        if (instance.load == 0) {
            instance.idle_since = time;
            instance.expiry =
                time + options_.keep_alive.quantile(options_.keep_alive.kind == KeepAlive::Kind::fixed ? 0 : random_.uniform());
            idle_.push_back(id);
        } else if (options_.slowdown_alpha > 0) {
            schedule(id, time);
        }
    }

    std::uint32_t create(double time, double startup) {
        std::uint32_t id = 0;
        if (free_.empty()) {
            id = static_cast<std::uint32_t>(instances_.size());
            instances_.emplace_back();
        } else {
            id = free_.back();
            free_.pop_back();
        }
        auto& instance = instances_[id];
        instance.ready = time + startup;
        instance.starting = startup > 0;
        if (instance.starting) starting_.push_back(id);
        return id;
    }
    void promote() {
        const std::uint32_t id = starting_.front();
        starting_.pop_front();
        auto& instance = instances_[id];
        instance.starting = false;
        place(id);
    }

    // by_load_[n]: ready instances with n requests, 0 < n < concurrency.
    void move(std::uint32_t id, std::int32_t load) {
        auto& instance = instances_[id];
        if (!instance.starting) unplace(id);
        instance.load = load;
        if (!instance.starting) place(id);
    }
    void place(std::uint32_t id) {
        auto& instance = instances_[id];
        if (instance.load <= 0 || instance.load >= options_.concurrency) return;
        auto& list = by_load_[static_cast<std::size_t>(instance.load)];
        instance.place = static_cast<std::uint32_t>(list.size());
        list.push_back(id);
        occupied_[static_cast<std::size_t>(instance.load) / 64] |= 1ULL << (instance.load & 63);
    }
    void unplace(std::uint32_t id) {
        auto& instance = instances_[id];
        if (instance.load <= 0 || instance.load >= options_.concurrency) return;
        auto& list = by_load_[static_cast<std::size_t>(instance.load)];
        list[instance.place] = list.back();
        instances_[list.back()].place = instance.place;
        list.pop_back();
        if (list.empty()) occupied_[static_cast<std::size_t>(instance.load) / 64] &= ~(1ULL << (instance.load & 63));
    }
    std::optional<std::uint32_t> mostLoaded() const {
        for (std::size_t w = occupied_.size(); w-- > 0;) {
            if (occupied_[w] == 0) continue;
            return by_load_[w * 64 + 63 - static_cast<std::size_t>(std::countl_zero(occupied_[w]))].back();
        }
        return std::nullopt;
    }

    bool takeToken(double time) {
        tokens_ = std::min(options_.scale->burst, tokens_ + (time - token_time_) * options_.scale->per_s);
        token_time_ = time;
        if (tokens_ < 1) return false;
        tokens_ -= 1;
        return true;
    }
    std::int64_t aliveAt(double time) const {
        std::int64_t alive = busy_instances_;
        for (const std::uint32_t id : idle_) alive += time <= instances_[id].expiry ? 1 : 0;
        return std::max<std::int64_t>(alive, options_.min_instances);
    }

    Source& source_;
    Sink& sink_;
    const SharedOptions& options_;
    CompletionQueue queue_;
    Random random_;
    std::vector<std::vector<std::uint32_t>> by_load_;
    std::vector<std::uint64_t> occupied_;
    std::vector<Instance> instances_;
    std::vector<std::uint32_t> idle_, free_;
    std::deque<std::uint32_t> starting_;
    std::deque<Request> waiting_;
    std::int32_t busy_instances_ = 0;
    double tokens_ = 0, token_time_ = 0;
};

}  // namespace pilotlight::model
