#include "app/sandbox/engine/function_engine.h"

#include <algorithm>
#include <cmath>
#include <numbers>

namespace pilotlight::sandbox {
namespace {

constexpr double kLongestInitMs = 9'800;  // on demand; longer ones would be cut at 10 s

}  // namespace

int Pool::busyCount() const { return static_cast<int>(std::count(busy.begin(), busy.end(), true)); }

FunctionEngine::FunctionEngine(const FunctionSpec& spec, Random random, Micros start, std::uint32_t index)
    : spec_(spec),
      random_(random.fork("serve")),
      start_(start),
      index_(index),
      arrivals_(spec.arrivals, random.fork("arrive"), start),
      tokens_at_(start),
      concurrency_(start) {
    Random shape = random.fork("drift");
    for (int i = 0; i < 3; ++i) {
        drift_phase_[i] = shape.between(0, 2 * std::numbers::pi);
        drift_period_[i] = shape.between(0.8, 1.25) * (i == 0 ? 9.0 * kDay : i == 1 ? 31.0 * kHour : 5.0 * kHour);
    }
    // Nobody is told the exact keep-alive.
    const double hidden = shape.between(0.93, 1.07);
    spec_.keep_alive.from_s *= hidden;
    spec_.keep_alive.to_s *= hidden;
    spec_.keep_alive.period_s *= hidden;
    for (const auto& [qualifier, share] : spec_.traffic) {
        Route route(start);
        route.qualifier = qualifier;
        route.share = share;
        route.versions = {{0, 1.0}};
        routes_.push_back(std::move(route));
    }
}

void FunctionEngine::deploy(int version, const Deployment& deployment) {
    auto& e = environments_[version];
    if (e.generation > 0 && e.deployment == deployment) return;
    e.deployment = deployment;
    e.warm_ms = spec_.warm_ms.at(deployment.memory_mb);
    e.init_ms = spec_.init_ms.at(deployment.memory_mb);
    ++e.generation;
    for (const auto i : e.idle) destroy(i);
    e.idle.clear();
    e.next_expiry = INT64_MAX;
}

void FunctionEngine::setRoute(const std::string& qualifier, std::vector<std::pair<int, double>> versions) {
    for (auto& route : routes_)
        if (route.qualifier == qualifier) {
            route.versions = std::move(versions);
            return;
        }
    Route route(start_);
    route.qualifier = qualifier;
    route.versions = std::move(versions);
    routes_.push_back(std::move(route));
}

Pool& FunctionEngine::pool(const std::string& qualifier, Micros) { return pools_.try_emplace(qualifier, start_).first->second; }

void FunctionEngine::keepSegment(Pool& p, int count, int memory_mb, Micros t) {
    if (p.open) p.kept.back().to = t;
    p.open = count > 0;
    if (p.open) p.kept.push_back({t, t, count, memory_mb});
}

void FunctionEngine::resize(Pool& p, int count, int version, Micros t) {
    if (p.version != version) {  // other environments altogether
        p.slots.clear();
        p.busy.clear();
        p.version = version;
    }
    while (static_cast<int>(p.slots.size()) < count) {
        p.slots.push_back(newId(t));
        p.busy.push_back(false);
    }
    p.slots.resize(static_cast<std::size_t>(count));
    p.busy.resize(static_cast<std::size_t>(count));
    p.available = count;
    p.size.change(t, count);
    p.used.change(t, p.busyCount());
}

std::uint64_t FunctionEngine::requestPool(const std::string& qualifier, int count, Micros t) {
    Pool& p = pool(qualifier, t);
    int version = 0;
    for (const auto& route : routes_)
        if (route.qualifier == qualifier && !route.versions.empty()) version = route.versions.front().first;
    p.requested = count;
    p.changed = t;
    p.token = next_token_++;
    if (count < p.available && p.version == version) resize(p, count, version, t);
    p.in_progress = p.available != count || p.version != version;
    keepSegment(p, count, environments_[version].deployment.memory_mb, t);
    return p.token;
}

void FunctionEngine::finishPool(const std::string& qualifier, std::uint64_t token, Micros t) {
    const auto found = pools_.find(qualifier);
    if (found == pools_.end() || found->second.token != token) return;
    Pool& p = found->second;
    int version = 0;
    for (const auto& route : routes_)
        if (route.qualifier == qualifier && !route.versions.empty()) version = route.versions.front().first;
    resize(p, p.requested, version, t);
    p.in_progress = false;
}

void FunctionEngine::removePool(const std::string& qualifier, Micros t) {
    const auto found = pools_.find(qualifier);
    if (found == pools_.end()) return;
    Pool& p = found->second;
    p.requested = 0;
    p.token = next_token_++;
    p.in_progress = false;
    p.changed = t;
    resize(p, 0, p.version, t);
    keepSegment(p, 0, 0, t);
}

void FunctionEngine::reap(Environments& e, Micros t) {
    const auto drop = [&](auto condition) {
        std::erase_if(e.idle, [&](std::uint32_t i) {
            if (!condition(slab_[i])) return false;
            destroy(i);
            return true;
        });
    };
    if (e.next_expiry <= t) {
        drop([&](const Instance& i) { return std::min(i.expires, i.dies) <= t; });
        e.next_expiry = INT64_MAX;
        for (const auto i : e.idle) e.next_expiry = std::min({e.next_expiry, slab_[i].expires, slab_[i].dies});
    }
    if (spec_.keep_alive.kind != KeepAliveSpec::Kind::halving) return;
    const Micros period = fromMs(spec_.keep_alive.period_s * 1000);
    if (e.next_tick == 0) e.next_tick = t - t % period + period;
    for (; e.next_tick <= t; e.next_tick += period) {
        if (e.idle.empty()) {
            e.next_tick += (t - e.next_tick) / period * period;
            continue;
        }
        const auto half = static_cast<std::ptrdiff_t>((e.idle.size() + 1) / 2);
        for (auto i = e.idle.begin(); i != e.idle.begin() + half; ++i) destroy(*i);
        e.idle.erase(e.idle.begin(), e.idle.begin() + half);
    }
}

std::uint32_t FunctionEngine::newId(Micros t) {
    births_.push_back(static_cast<std::uint32_t>(std::max<Micros>(0, t - start_) / kMinute));
    return next_id_++;
}

std::uint32_t FunctionEngine::create(int version, Micros t) {
    std::uint32_t index = 0;
    if (free_.empty()) {
        index = static_cast<std::uint32_t>(slab_.size());
        slab_.emplace_back();
    } else {
        index = free_.back();
        free_.pop_back();
    }
    Instance instance;
    instance.version = version;
    instance.generation = environments_[version].generation;
    instance.dies = t + fromMs((spec_.keep_alive.max_life_s + random_.between(-200, 200)) * 1000);
    instance.speed = random_.jitter(spec_.instance_jitter);
    slab_[index] = instance;
    return index;
}

double FunctionEngine::driftAt(Micros t) {
    if (t / kMinute != drift_minute_) {
        drift_minute_ = t / kMinute;
        double sum = 0;
        const double weights[3] = {1.0, 0.6, 0.4};
        for (int i = 0; i < 3; ++i)
            sum += weights[i] * std::sin(2 * std::numbers::pi * static_cast<double>(t - start_) / drift_period_[i] + drift_phase_[i]);
        drift_value_ = std::exp(spec_.drift * sum);
    }
    return drift_value_;
}

std::size_t FunctionEngine::pickRoute() {
    if (routes_.size() == 1) return 0;
    double total = 0;
    for (const auto& route : routes_) total += route.share;
    double at = random_.uniform() * total;
    for (std::size_t i = 0; i < routes_.size(); ++i) {
        if (routes_[i].share <= 0) continue;
        at -= routes_[i].share;
        if (at < 0) return i;
    }
    return 0;
}

int FunctionEngine::pickVersion(const Route& route) {
    if (route.versions.size() == 1) return route.versions.front().first;
    double at = random_.uniform();
    for (const auto& [version, weight] : route.versions) {
        at -= weight;
        if (at < 0) return version;
    }
    return route.versions.front().first;
}

void FunctionEngine::serve(Instance& instance, const Environments& e, Micros t, Invocation& row) {
    const double limit = e.deployment.memory_mb;
    const double need = spec_.memory.base_mb + spec_.memory.request_mb * random_.jitter(spec_.memory.sigma);
    double ms = e.warm_ms * random_.jitter(spec_.jitter) * instance.speed * driftAt(t);
    if (instance.fresh) ms *= spec_.first_call_factor;
    const double squeezed = std::clamp((need / limit - 0.85) / 0.15, 0.0, 1.0);
    ms *= 1.0 + spec_.memory.squeeze * squeezed * squeezed;
    instance.peak_mb = std::max(instance.peak_mb, std::min(need, limit));
    const double fate = random_.uniform();
    if (need > limit) {
        ms *= random_.between(0.3, 0.9);
        row.flags |= Invocation::failed | Invocation::out_of_memory;
        instance.doomed = true;
    } else if (fate < spec_.error_rate) {
        ms *= random_.between(0.05, 1.0);
        row.flags |= Invocation::failed;
    }
    const double timeout_ms = e.deployment.timeout_s * 1000.0;
    if (ms >= timeout_ms) {
        ms = timeout_ms;
        row.flags |= Invocation::failed | Invocation::timed_out;
        instance.doomed = true;
    }
    instance.fresh = false;
    row.duration_cms = hundredths(ms);
    row.used_mb = static_cast<std::uint16_t>(std::lround(instance.peak_mb));
    row.memory_mb = static_cast<std::uint16_t>(e.deployment.memory_mb);
}

FunctionEngine::Verdict FunctionEngine::invoke(Micros t, int room, Completion& out) {
    const std::size_t r = pickRoute();
    Route& route = routes_[r];
    const int version = pickVersion(route);
    Environments& e = environments_[version];
    reap(e, t);
    Invocation row;
    row.start_ms = t / 1000;
    row.route = static_cast<std::uint8_t>(r);
    row.version = static_cast<std::uint16_t>(version);
    std::uint32_t index = 0;
    const auto pooled = pools_.find(route.qualifier);
    int slot = -1;
    if (pooled != pools_.end() && pooled->second.version == version) {
        const auto& busy = pooled->second.busy;
        const auto free_slot = std::find(busy.begin(), busy.end(), false);
        if (free_slot != busy.end()) slot = static_cast<int>(free_slot - busy.begin());
    }
    const auto refuse = [&] {
        throttles_.push_back({row.start_ms, row.route});
        return Verdict::throttled;
    };
    if (slot >= 0) {
        Pool& p = pooled->second;
        p.busy[static_cast<std::size_t>(slot)] = true;
        p.used.change(t, p.busyCount());
        index = create(version, t);
        Instance& instance = slab_[index];
        instance.id = p.slots[static_cast<std::size_t>(slot)];
        instance.slot = slot;
        instance.fresh = false;
        instance.pool = const_cast<std::string*>(&pooled->first);
        row.flags |= Invocation::pooled;
    } else {
        if (room <= 0) return refuse();
        if (pooled != pools_.end() && pooled->second.requested > 0) row.flags |= Invocation::spilled;
        if (!e.idle.empty()) {
            index = e.idle.back();
            e.idle.pop_back();
        } else {
            tokens_ = std::min(1000.0, tokens_ + static_cast<double>(t - tokens_at_) / kSecond * 100.0);
            tokens_at_ = t;
            if (tokens_ < 1) return refuse();
            tokens_ -= 1;
            index = create(version, t);
            slab_[index].id = newId(t);
            row.init_cms = hundredths(std::min(kLongestInitMs, e.init_ms * random_.jitter(spec_.init_jitter)));
        }
        ++busy_on_demand_;
    }
    Instance& instance = slab_[index];
    instance.route = row.route;
    serve(instance, e, t, row);
    row.instance = instance.id;
    ++busy_;
    concurrency_.change(t, busy_);
    route.busy.change(t, route.busy.level() + 1);
    out = {t + fromMs((row.init_cms + row.duration_cms) / 100.0), index_, index};
    auto& day = usage_[static_cast<std::int32_t>(t / kDay)];
    ++day.requests;
    (slot >= 0 ? day.pooled_mb_ms : day.on_demand_mb_ms) += row.billedMs() * row.memory_mb;
    day.storage_mb_ms += row.billedMs() * std::max(0, e.deployment.storage_mb - 512);
    invocations_.push_back(row);
    return Verdict::served;
}

void FunctionEngine::complete(const Completion& c) {
    Instance& instance = slab_[c.instance];
    Environments& e = environments_[instance.version];
    --busy_;
    concurrency_.change(c.finish, busy_);
    Route& route = routes_[instance.route];
    route.busy.change(c.finish, route.busy.level() - 1);
    if (instance.slot >= 0) {
        Pool& p = pools_.at(*instance.pool);
        const auto slot = static_cast<std::size_t>(instance.slot);
        if (slot < p.slots.size() && p.slots[slot] == instance.id) {
            p.busy[slot] = false;
            if (instance.doomed) p.slots[slot] = newId(c.finish);
        }
        p.used.change(c.finish, p.busyCount());
        destroy(c.instance);
        return;
    }
    --busy_on_demand_;
    if (instance.doomed || instance.generation != e.generation || instance.dies <= c.finish) {
        destroy(c.instance);
        return;
    }
    reap(e, c.finish);
    instance.expires = INT64_MAX;
    if (spec_.keep_alive.kind == KeepAliveSpec::Kind::window)
        instance.expires = c.finish + fromMs(random_.between(spec_.keep_alive.from_s, spec_.keep_alive.to_s) * 1000);
    e.idle.push_back(c.instance);
    e.next_expiry = std::min({e.next_expiry, instance.expires, instance.dies});
}

int FunctionEngine::alive() const {
    int n = busy_on_demand_;
    for (const auto& [version, e] : environments_) n += static_cast<int>(e.idle.size());
    for (const auto& [qualifier, p] : pools_) n += p.available;
    return n;
}

void FunctionEngine::dropBefore(std::int64_t ms) {
    const auto keep = std::partition_point(invocations_.begin(), invocations_.end(), [&](const Invocation& i) { return i.start_ms < ms; });
    first_index_ += static_cast<std::uint64_t>(keep - invocations_.begin());
    invocations_.erase(invocations_.begin(), keep);
    std::erase_if(throttles_, [&](const Throttle& throttle) { return throttle.at_ms < ms; });
}

}  // namespace pilotlight::sandbox
