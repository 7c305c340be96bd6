#include "app/sandbox/engine/shared_engine.h"

#include <algorithm>
#include <cmath>
#include <numbers>

namespace pilotlight::sandbox {
namespace {

constexpr Micros kLongestWait = 10 * kSecond;  // at the limit, before a request is refused
constexpr std::int64_t kBilledStep = 100'000;  // active stretches are billed in steps of 100 ms

}  // namespace

SharedEngine::SharedEngine(const FunctionSpec& spec, const SharedDeployment& deployment, Random random, Micros start,
                           ExecutionRounding rounding)
    : spec_(spec),
      deployment_(deployment),
      rounding_(rounding),
      random_(random.fork("serve")),
      start_(start),
      now_(start),
      arrivals_(spec.arrivals, random.fork("arrive"), start),
      integrated_(start) {
    Random shape = random.fork("drift");
    for (double& phase : drift_phase_) phase = shape.between(0, 2 * std::numbers::pi);
    // Nobody is told the exact keep-alive.
    const double hidden = shape.between(0.93, 1.07);
    spec_.keep_alive.from_s *= hidden;
    spec_.keep_alive.to_s *= hidden;
    keepMinimum(start);
}

SharedMinute& SharedEngine::minuteAt(Micros t) {
    const auto i = static_cast<std::size_t>(std::max<Micros>(0, t / kMinute - start_ / kMinute));
    if (minutes_.size() <= i) minutes_.resize(i + 1);
    return minutes_[i];
}

const SharedMinute* SharedEngine::minute(std::int64_t minute) const {
    const auto i = minute - start_ / kMinute;
    return i >= 0 && i < static_cast<std::int64_t>(minutes_.size()) ? &minutes_[static_cast<std::size_t>(i)] : nullptr;
}

void SharedEngine::integrate(Micros t) {
    const auto active = static_cast<std::int64_t>(active_.size()), alive = active + static_cast<std::int64_t>(idle_.size());
    const std::int64_t kept = std::max<std::int64_t>(0, std::min<std::int64_t>(deployment_.min_instances, alive) - active);
    while (integrated_ < t) {
        const Micros next = std::min(t, (integrated_ / kMinute + 1) * kMinute);
        // Whole milliseconds by difference, so that nothing is lost to rounding.
        const std::int64_t ms = next / 1000 - integrated_ / 1000;
        SharedMinute& m = minuteAt(integrated_);
        m.active_ms += active * ms;
        m.alive_ms += alive * ms;
        m.idle_min_ms += kept * ms;
        const std::int64_t on_kept = std::min<std::int64_t>(deployment_.min_instances, active);
        m.active_min_ms += on_kept * ms;
        m.peak_active = std::max<std::uint16_t>(m.peak_active, static_cast<std::uint16_t>(active));
        m.peak_alive = std::max<std::uint16_t>(m.peak_alive, static_cast<std::uint16_t>(alive));
        auto& day = days_[static_cast<std::int32_t>(integrated_ / kDay)];
        const auto milli = static_cast<std::int64_t>(std::llround(deployment_.vcpu * 1000));
        day.active_cpu += active * ms * milli;
        day.active_memory += active * ms * deployment_.memory_mb;
        day.idle_cpu += kept * ms * milli;
        day.idle_memory += kept * ms * deployment_.memory_mb;
        day.alive_ms += alive * ms;
        day.alive_cpu += alive * ms * milli;
        day.alive_memory += alive * ms * deployment_.memory_mb;
        day.active_min_memory += on_kept * ms * deployment_.memory_mb;
        integrated_ = next;
    }
    now_ = std::max(now_, t);
}

double SharedEngine::driftAt(Micros t) const {
    const auto age = static_cast<double>(t - start_);
    return std::exp(spec_.drift * (std::sin(2 * std::numbers::pi * age / (9.0 * kDay) + drift_phase_[0]) +
                                   0.6 * std::sin(2 * std::numbers::pi * age / (31.0 * kHour) + drift_phase_[1])));
}

std::uint32_t SharedEngine::create(Micros t, bool for_request) {
    std::uint32_t index = 0;
    if (free_.empty()) {
        index = static_cast<std::uint32_t>(instances_.size());
        instances_.emplace_back();
    } else {
        index = free_.back();
        free_.pop_back();
    }
    const double cpu = deployment_.boost ? std::min(8.0, 2 * std::max(1.0, deployment_.vcpu)) * 1769.0 : cpuMegabytes();
    const double took = spec_.init_ms.at(cpu) * random_.jitter(spec_.init_jitter);
    Instance instance;
    instance.alive = instance.starting = true;
    instance.generation = generation_;
    instance.id = next_id_++;
    instance.speed = random_.jitter(spec_.instance_jitter);
    instance.ready = t + fromMs(took);
    instance.active_since = t;
    instances_[index] = instance;
    active_.push_back(index);
    starts_.push_back({t / 1000, static_cast<std::uint32_t>(std::llround(took))});
    if (!for_request) events_.push({instance.ready, index, true, 0});
    return index;
}

void SharedEngine::place(std::uint32_t index, Micros t, Micros arrived) {
    Instance& instance = instances_[index];
    const Micros begins = std::max(t, instance.ready);
    ++instance.load;
    const double limit = deployment_.memory_mb;
    const double own = spec_.memory.request_mb * random_.jitter(spec_.memory.sigma);
    instance.used_mb += own;
    const double need = spec_.memory.base_mb + instance.used_mb;
    double ms = spec_.warm_ms.at(cpuMegabytes()) * random_.jitter(spec_.jitter) * instance.speed * driftAt(t);
    ms *= 1 + spec_.slowdown * (instance.load - 1);
    if (begins > t && instance.starting) ms *= spec_.first_call_factor;
    const double squeezed = std::clamp((need / limit - 0.85) / 0.15, 0.0, 1.0);
    ms *= 1.0 + spec_.memory.squeeze * squeezed * squeezed;
    Invocation row;
    if (need > limit) {
        ms *= random_.between(0.3, 0.9);
        row.flags |= Invocation::failed | Invocation::out_of_memory;
        instance.doomed = true;
    } else if (random_.uniform() < spec_.error_rate) {
        ms *= random_.between(0.05, 1.0);
        row.flags |= Invocation::failed;
    }
    if (ms >= deployment_.timeout_s * 1000.0) {
        ms = deployment_.timeout_s * 1000.0;
        row.flags |= Invocation::failed | Invocation::timed_out;
    }
    row.start_ms = arrived / 1000;
    row.init_cms = begins > arrived ? hundredths(static_cast<double>(begins - arrived) / 1000.0) : 0;
    row.duration_cms = hundredths(ms);
    row.instance = instance.id;
    row.memory_mb = static_cast<std::uint16_t>(std::min(65'535, deployment_.memory_mb));
    row.used_mb = static_cast<std::uint16_t>(std::lround(std::min(need, limit)));
    const Micros finish = begins + fromMs(row.duration_cms / 100.0);
    SharedMinute& m = minuteAt(t);
    m.peak_load = std::max<std::uint16_t>(m.peak_load, static_cast<std::uint16_t>(instance.load));
    m.peak_used_mb = std::max(m.peak_used_mb, row.used_mb);
    minuteAt(finish).request_ms += row.duration_cms / 100;
    auto& day = days_[static_cast<std::int32_t>(arrived / kDay)];
    ++day.requests;
    const std::int64_t step = rounding_.step_ms;
    const std::int64_t billed = std::max<std::int64_t>(rounding_.least_ms, (row.duration_cms / 100 + step) / step * step);
    const int rounded_memory = rounding_.memory_step_mb > 0
                                   ? (row.used_mb + rounding_.memory_step_mb - 1) / rounding_.memory_step_mb * rounding_.memory_step_mb
                                   : row.memory_mb;
    day.executions_mb_ms += billed * rounded_memory;
    SharedMinute& last = minuteAt(finish);
    last.execution_mb_ms += billed * rounded_memory;
    ++last.requests;
    rows_.push_back(row);
    events_.push({finish, index, false, own});
}

void SharedEngine::arrive(Micros t, bool waited, Micros arrived) {
    // Busiest with room, ready ones first.
    std::uint32_t best = UINT32_MAX, starting = UINT32_MAX;
    for (const auto index : active_) {
        const Instance& instance = instances_[index];
        if (instance.generation != generation_ || instance.doomed || instance.load >= deployment_.concurrency) continue;
        if (instance.starting && instance.ready > t) {
            if (starting == UINT32_MAX) starting = index;
        } else if (best == UINT32_MAX || instance.load > instances_[best].load) {
            best = index;
        }
    }
    if (best == UINT32_MAX && !idle_.empty()) {
        best = idle_.back();
        idle_.pop_back();
        active_.push_back(best);
        instances_[best].active_since = t;
    }
    if (best == UINT32_MAX) best = starting;
    if (best == UINT32_MAX) {
        if (static_cast<int>(active_.size() + idle_.size()) < deployment_.max_instances) {
            best = create(t, true);
        } else {
            if (!waited) waiting_.push_back(arrived);
            return;
        }
    }
    if (waited) waiting_.pop_front();
    place(best, t, arrived);
}

void SharedEngine::serveWaiting(Micros t) {
    while (!waiting_.empty()) {
        if (t - waiting_.front() > kLongestWait) {
            ++refused_;
            waiting_.pop_front();
            continue;
        }
        const std::size_t before = waiting_.size();
        arrive(t, true, waiting_.front());
        if (waiting_.size() == before) return;
    }
}

void SharedEngine::destroy(std::uint32_t index) {
    instances_[index].alive = false;
    free_.push_back(index);
}

void SharedEngine::goIdle(std::uint32_t index, Micros t) {
    Instance& instance = instances_[index];
    std::erase(active_, index);
    const std::int64_t length = t - instance.active_since;
    const std::int64_t least = std::max<std::int64_t>(length, rounding_.stretch_least_ms * std::int64_t{1000});
    const std::int64_t more_ms = ((least + kBilledStep - 1) / kBilledStep * kBilledStep - length) / 1000;
    minuteAt(t).rounding_ms += more_ms;
    auto& day = days_[static_cast<std::int32_t>(t / kDay)];
    day.active_cpu += more_ms * static_cast<std::int64_t>(std::llround(deployment_.vcpu * 1000));
    day.active_memory += more_ms * deployment_.memory_mb;
    if (static_cast<int>(active_.size()) < deployment_.min_instances) {
        minuteAt(t).rounding_min_ms += more_ms;
        day.rounding_min_memory += more_ms * deployment_.memory_mb;
    }
    if (instance.doomed || instance.generation != generation_) {
        destroy(index);
        return;
    }
    instance.starting = false;
    instance.expires = t + fromMs(random_.between(spec_.keep_alive.from_s, spec_.keep_alive.to_s) * 1000);
    idle_.push_back(index);
}

void SharedEngine::end(const Event& event) {
    Instance& instance = instances_[event.instance];
    if (!event.ready) {
        --instance.load;
        instance.used_mb = std::max(0.0, instance.used_mb - event.used_mb);
    }
    if (instance.load == 0) goIdle(event.instance, event.at);
    serveWaiting(event.at);
    keepMinimum(event.at);
}

void SharedEngine::keepMinimum(Micros t) {
    const auto wanted = static_cast<std::size_t>(std::min(deployment_.min_instances, deployment_.max_instances));
    while (active_.size() + idle_.size() < wanted) create(t, false);
}

Micros SharedEngine::nextExpiry() const {
    if (static_cast<int>(active_.size() + idle_.size()) <= deployment_.min_instances) return INT64_MAX;
    Micros next = INT64_MAX;
    for (const auto index : idle_) next = std::min(next, instances_[index].expires);
    return next;
}

void SharedEngine::expire(Micros t) {
    for (std::size_t i = 0; i < idle_.size(); ++i) {
        if (instances_[idle_[i]].expires > t) continue;
        destroy(idle_[i]);
        idle_.erase(idle_.begin() + static_cast<std::ptrdiff_t>(i));
        return;
    }
}

void SharedEngine::deploy(const SharedDeployment& deployment) {
    integrate(now_);
    const bool same = deployment_.sameInstances(deployment);
    deployment_ = deployment;
    if (!same) {
        ++generation_;
        for (const auto index : idle_) destroy(index);
        idle_.clear();
    }
    keepMinimum(now_);
    serveWaiting(now_);
}

void SharedEngine::advance(Micros t) {
    while (true) {
        const Micros arrival = arrivals_.peek();
        const Micros event = events_.empty() ? INT64_MAX : events_.top().at;
        const Micros timer = timers_.empty() ? INT64_MAX : timers_.begin()->first;
        const Micros expiry = nextExpiry();
        const Micros next = std::min({arrival, event, timer, expiry});
        if (next > t) break;
        integrate(std::max(next, now_));
        if (timer == next) {
            auto node = timers_.extract(timers_.begin());
            node.mapped()();
        } else if (event == next) {
            const Event done = events_.top();
            events_.pop();
            end(done);
        } else if (expiry == next) {
            expire(next);
        } else {
            arrivals_.pop();
            serveWaiting(next);
            arrive(next, false, next);
        }
    }
    integrate(t);
}

void SharedEngine::dropBefore(std::int64_t ms) {
    while (!rows_.empty() && rows_.front().start_ms < ms) rows_.pop_front();
    while (!starts_.empty() && starts_.front().at_ms < ms) starts_.pop_front();
}

}  // namespace pilotlight::sandbox
