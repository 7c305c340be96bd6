// Knative's pod autoscaler, instance by instance: an oracle that shares no code with the simulator. Rules as in knative/serving
// autoscaler.go: a decision every 2 s; stable window 60 s, panic window 6 s, panic at twice what is ready and no scaling down in it,
// rates limited to a half and a thousandfold.
#pragma once

#include <algorithm>
#include <cmath>
#include <limits>
#include <vector>

#include "core/model/sim_random.h"

namespace pilotlight::test {

struct Knative {
    double rate = 15;         // Poisson arrivals a second
    double service_s = 1.18;  // mean of an exponential, alone on its instance
    double alpha = 0.102;     // n requests at once take 1 + alpha (n - 1) times as long
    int concurrency = 10;     // hard limit of an instance
    double target = 3.5;      // concurrency aimed at
    double startup_s = 2;
    bool least_loaded = true;  // else a random instance with room
    double span_s = 20000, warmup_s = 600;
    std::uint64_t seed = 1;
};
struct KnativeResult {
    double ready = 0, ordered = 0, per_instance = 0, latency_s = 0, latency_p90_s = 0;
};

inline KnativeResult runKnative(const Knative& k) {
    struct Request {
        double arrival, left;
    };
    struct Pod {
        double ready_at;
        bool leaving = false;
        std::vector<Request> work;
    };
    model::Random random(k.seed, 9);
    std::vector<Pod> pods(7, Pod{0});
    std::vector<Request> waiting;
    std::vector<double> concurrency;  // mean of each 2 s
    double now = 0, next_arrival = random.exponential() / k.rate, next_tick = 2, in_tick = 0, panic_since = -1e9;
    double panic_most = 0;
    double ready_area = 0, ordered_area = 0, busy_area = 0, area = 0, latency = 0;
    std::vector<double> latencies;
    const auto ready = [&] { return std::count_if(pods.begin(), pods.end(), [&](const Pod& p) { return p.ready_at <= now && !p.leaving; }); };
    const auto place = [&](Request request) {
        std::vector<Pod*> room;
        for (auto& p : pods)
            if (p.ready_at <= now && !p.leaving && static_cast<int>(p.work.size()) < k.concurrency) room.push_back(&p);
        if (room.empty()) return false;
        Pod* to = room[random.below(room.size())];
        if (k.least_loaded)
            for (auto* p : room)
                if (p->work.size() < to->work.size()) to = p;
        to->work.push_back(request);
        return true;
    };
    while (now < k.span_s) {
        double next = std::min(next_arrival, next_tick);
        for (const auto& p : pods) {
            if (p.ready_at > now) next = std::min(next, p.ready_at);
            const double slow = 1 + k.alpha * (static_cast<double>(p.work.size()) - 1);
            for (const auto& r : p.work) next = std::min(next, now + std::max(0.0, r.left) * slow);
        }
        const double step = next - now;
        double busy = static_cast<double>(waiting.size());
        for (auto& p : pods) {
            const double slow = 1 + k.alpha * (static_cast<double>(p.work.size()) - 1);
            busy += static_cast<double>(p.work.size());
            for (auto& r : p.work) r.left -= step / slow;
        }
        in_tick += busy * step;
        if (now > k.warmup_s) {
            ready_area += static_cast<double>(ready()) * step;
            ordered_area += static_cast<double>(std::count_if(pods.begin(), pods.end(), [](const Pod& p) { return !p.leaving; })) * step;
            busy_area += (busy - static_cast<double>(waiting.size())) * step;
            area += step;
        }
        now = next;
        for (auto& p : pods)
            std::erase_if(p.work, [&](const Request& r) {
                if (r.left > 1e-9) return false;
                if (r.arrival > k.warmup_s) {
                    latency += now - r.arrival;
                    latencies.push_back(now - r.arrival);
                }
                return true;
            });
        std::erase_if(pods, [](const Pod& p) { return p.leaving && p.work.empty(); });
        while (!waiting.empty() && place(waiting.front())) waiting.erase(waiting.begin());
        if (now >= next_arrival) {
            const Request request{now, k.service_s * random.exponential()};
            if (!place(request)) waiting.push_back(request);
            next_arrival = now + random.exponential() / k.rate;
        }
        if (now >= next_tick) {
            concurrency.push_back(in_tick / 2);
            in_tick = 0;
            next_tick += 2;
            const auto mean = [&](std::size_t ticks) {
                const std::size_t n = std::min(ticks, concurrency.size());
                double sum = 0;
                for (std::size_t i = concurrency.size() - n; i < concurrency.size(); ++i) sum += concurrency[i];
                return sum / static_cast<double>(n);
            };
            const auto have = std::max<double>(1, static_cast<double>(ready()));
            const auto clamped = [&](double wanted) { return std::clamp(wanted, std::floor(have / 2), std::ceil(1000 * have)); };
            const double stable = clamped(std::ceil(mean(30) / k.target)), panic = clamped(std::ceil(mean(3) / k.target));
            if (panic / have >= 2) panic_since = now;
            double wanted = stable;
            if (now - panic_since < 60) {
                panic_most = std::max({panic_most, stable, panic, have});
                wanted = panic_most;
            } else {
                panic_most = 0;
            }
            wanted = std::max(1.0, wanted);
            auto ordered = static_cast<double>(std::count_if(pods.begin(), pods.end(), [](const Pod& p) { return !p.leaving; }));
            for (; ordered < wanted; ++ordered) pods.push_back(Pod{now + k.startup_s});
            for (auto p = pods.rbegin(); p != pods.rend() && ordered > wanted; ++p) {
                if (p->leaving) continue;
                p->leaving = true;
                --ordered;
            }
        }
    }
    std::sort(latencies.begin(), latencies.end());
    const auto served = static_cast<double>(latencies.size());
    return {ready_area / area, ordered_area / area, busy_area / ready_area, latency / served,
            latencies[static_cast<std::size_t>(0.9 * served)]};
}

}  // namespace pilotlight::test
