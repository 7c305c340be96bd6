#include "app/agent/load.h"

#include <algorithm>
#include <chrono>
#include <condition_variable>
#include <mutex>
#include <random>
#include <thread>
#include <utility>

namespace pilotlight::agent {
namespace {

using SteadyClock = std::chrono::steady_clock;
using Ms = std::chrono::duration<double, std::milli>;

SteadyClock::time_point after(SteadyClock::time_point begin, double ms) { return begin + std::chrono::duration_cast<SteadyClock::duration>(Ms(ms)); }

auto cancelled() { return fail(ErrorCode::cancelled, "Cancelled"); }

constexpr double kWatchMs = 50;  // a stop is noticed after so long

// Writes down what a request took; called by one thread at a time.
using Taken = std::function<void()>;

// Runs `one(i, lane)` for i = 0..count-1, each on the first lane that is free.
template <typename One>
Status runLanes(int count, Lanes& lanes, const KeepGoing& going, const One& one) {
    if (lanes.requests.size() == 1) {
        for (int i = 0; i < count; ++i) {
            PILOTLIGHT_ASSIGN(const Taken taken, one(i, lanes.requests.front()));
            taken();
            if (!going(i + 1)) return cancelled();
        }
        return {};
    }
    std::mutex mutex;
    std::condition_variable changed;
    int next = 0, done = 0;
    std::size_t working = lanes.requests.size();
    Status failure;
    lanes.stop = false;
    std::vector<std::thread> threads;
    for (const auto& request : lanes.requests)
        threads.emplace_back([&] {
            std::unique_lock lock(mutex);
            while (!lanes.stop && next < count) {
                const int i = next++;
                lock.unlock();
                const auto taken = one(i, request);
                lock.lock();
                if (taken) {
                    (*taken)();
                    ++done;
                } else if (!lanes.stop) {
                    failure = fail(taken.error());
                    lanes.stop = true;
                }
            }
            --working;
            changed.notify_all();
        });
    std::unique_lock lock(mutex);
    for (int told = 0; working > 0;) {
        changed.wait_for(lock, std::chrono::milliseconds(5));
        const int so_far = done;
        lock.unlock();
        Status watched = lanes.watch();
        const bool goes_on = so_far == std::exchange(told, so_far) || going(so_far);
        lock.lock();
        if (watched && goes_on) continue;
        if (!lanes.stop) failure = watched ? Status(cancelled()) : watched;
        lanes.stop = true;
    }
    lock.unlock();
    for (auto& thread : threads) thread.join();
    return failure;
}

}  // namespace

Status sendIsolated(int count, double pause_ms, std::uint32_t seed, const Request& request, const KeepGoing& going, std::vector<double>& out) {
    std::mt19937 random(seed);
    std::uniform_real_distribution<double> pause(0.5 * pause_ms, 1.5 * pause_ms);
    for (int i = 0; i < count; ++i) {
        std::this_thread::sleep_for(Ms(pause(random)));
        PILOTLIGHT_ASSIGN(const double took, request());
        out.push_back(took);
        if (!going(i + 1)) return cancelled();
    }
    return {};
}

Status sendSaturated(int count, Lanes& lanes, const KeepGoing& going, Saturated& out) {
    const auto begin = SteadyClock::now();
    return runLanes(count, lanes, going, [&](int, const Request& request) -> Result<Taken> {
        PILOTLIGHT_ASSIGN(const double took, request());
        return [&out, took, wall = Ms(SteadyClock::now() - begin).count()] {
            out.ms.push_back(took);
            out.wall_ms = std::max(out.wall_ms, wall);
        };
    });
}

std::vector<double> plannedArrivals(int count, double rate_per_s, std::uint32_t seed) {
    std::mt19937 random(seed);
    std::exponential_distribution<double> gap(rate_per_s / 1000);
    std::vector<double> out;
    double at = 0;
    for (int i = 0; i < count; ++i) out.push_back(at += gap(random));
    return out;
}

Status sendOpenLoop(int count, double rate_per_s, std::uint32_t seed, Lanes& lanes, const KeepGoing& going, OpenLoop& out) {
    const auto plan = plannedArrivals(count, rate_per_s, seed);
    const auto begin = SteadyClock::now();
    return runLanes(count, lanes, going, [&](int i, const Request& request) -> Result<Taken> {
        const auto planned = after(begin, plan[static_cast<std::size_t>(i)]);
        while (SteadyClock::now() < planned) {
            if (lanes.stop) return cancelled();
            std::this_thread::sleep_until(std::min(planned, after(SteadyClock::now(), kWatchMs)));
        }
        PILOTLIGHT_ASSIGN(const double took, request());
        // Never below the service itself: a request that times itself may have begun a little before the plan's instant was noticed.
        return [&out, took, response = std::max(took, Ms(SteadyClock::now() - planned).count())] {
            out.service_ms.push_back(took);
            out.response_ms.push_back(response);
        };
    });
}

}  // namespace pilotlight::agent
