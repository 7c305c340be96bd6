// The plain truth to compare with: every instance an object, every choice a scan. Slow on purpose, shares no code with the engine.
#pragma once

#include <cstdint>
#include <limits>
#include <vector>

namespace pilotlight::test {

struct OracleResult {
    std::vector<int> served;  // per arrival: 0 warm, 1 cold, 2 pool, 3 throttled
    double pool_busy_s = 0;
    double alive_idle_s = 0;  // idle and alive, outside the pool
    std::vector<double> lifespans_s;  // of the instances outside the pool that are gone by the last arrival
};

struct OracleInstance {
    double busy_until = 0;
    double last_used = 0;
    bool pool = false;
    double born = 0;
};

// Most recently used reuse, fixed keep-alive, ordered pool slots, concurrency limit.
inline OracleResult oracle(const std::vector<double>& arrivals, const std::vector<double>& warm, const std::vector<double>& cold,
                           double keep_alive, int pool, int limit, double end) {
    OracleResult result;
    std::vector<OracleInstance> slots(static_cast<std::size_t>(pool), OracleInstance{-1, -1, true});
    std::vector<OracleInstance> instances;
    for (std::size_t n = 0; n < arrivals.size(); ++n) {
        const double t = arrivals[n];
        int busy = 0;
        for (const auto& i : slots) busy += i.busy_until > t ? 1 : 0;
        for (const auto& i : instances) busy += i.busy_until > t ? 1 : 0;
        if (busy >= limit) {
            result.served.push_back(3);
            continue;
        }
        OracleInstance* chosen = nullptr;
        for (auto& i : slots)
            if (i.busy_until <= t) {
                chosen = &i;
                break;
            }
        if (chosen != nullptr) {
            chosen->busy_until = t + warm[n];
            result.pool_busy_s += warm[n];
            result.served.push_back(2);
            continue;
        }
        // Expire, then take the one used last.
        for (std::size_t i = 0; i < instances.size();) {
            if (instances[i].busy_until <= t && t - instances[i].busy_until > keep_alive) {
                result.alive_idle_s += keep_alive;
                result.lifespans_s.push_back(instances[i].busy_until + keep_alive - instances[i].born);
                instances[i] = instances.back();
                instances.pop_back();
            } else {
                ++i;
            }
        }
        for (auto& i : instances)
            if (i.busy_until <= t && (chosen == nullptr || i.busy_until > chosen->busy_until)) chosen = &i;
        if (chosen != nullptr) {
            result.alive_idle_s += t - chosen->busy_until;
            chosen->busy_until = t + warm[n];
            result.served.push_back(0);
        } else {
            instances.push_back({t + cold[n], 0, false, t});
            result.served.push_back(1);
        }
    }
    for (const auto& i : instances) result.alive_idle_s += std::min(keep_alive, std::max(0.0, end - i.busy_until));
    return result;
}

}  // namespace pilotlight::test
