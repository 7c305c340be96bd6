// What a what-if, a search and a fleet cost in time. CPU time of threads, so that a busy machine disturbs less.
#include <ctime>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <mutex>
#include <thread>
#include <vector>

#include "core/model/sim_surface.h"
#include "core/tuning/engine.h"
#include "tests/core/tuning/truth.h"

namespace {

using namespace pilotlight;
using tuning::Engine;

double threadCpu() {
    timespec t{};
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
    return static_cast<double>(t.tv_sec) + 1e-9 * static_cast<double>(t.tv_nsec);
}

tuning::Evidence evidence(std::uint64_t seed, double requests, bool pool) {
    test::Truth t;
    t.seed = seed;
    t.rate = requests / (t.days * 86400);
    t.memory = std::array{256, 512, 1024, 1769, 3008}[seed % 5];
    t.serial_ms = 20 + static_cast<double>(seed % 7) * 30;
    t.cpu_ms = 100 + static_cast<double>(seed % 11) * 120;
    t.pool = pool ? 2 : 0;
    const auto run = test::runTruth(t);
    auto e = test::evidenceOf(t, run, 14);
    e.function.id += std::to_string(seed);
    for (const std::int32_t size : {512, 1769, 3008})
        if (size != t.memory) e.observations.push_back(test::observed(t, size, 200));
    return e;
}

void oneFunction() {
    const auto e = evidence(1, 200'000, true);
    InlineExecutor executor;
    double before = threadCpu();
    const auto engine = *Engine::build(e, executor, {});
    std::printf("build, 200 k requests                      %8.1f ms\n", 1e3 * (threadCpu() - before));
    WhatIf what;
    const auto time = [&](const char* label, int rounds, auto&& ask) {
        std::vector<double> took;
        for (int i = 0; i < rounds; ++i) {
            what.settings.memory = Megabytes{600 + 37 * i % 2400};
            what.settings.warm_pool = i % 5;
            const double start = threadCpu();
            ask();
            took.push_back(1e3 * (threadCpu() - start));
        }
        std::sort(took.begin(), took.end());
        std::printf("%-42s %8.3f ms median, %.3f ms p95\n", label, took[took.size() / 2], took[took.size() * 95 / 100]);
    };
    time("what-if by look-up, priced, with intervals", 200, [&] { (void)engine->quick(what); });
    time("what-if by replay, 200 k requests", 40, [&] { (void)engine->exact(what, {}); });
    what.traffic = 2;
    time("the same at twice the traffic", 20, [&] { (void)engine->exact(what, {}); });
}

// Memory sizes x pools of 0 to 50 x schedules: some 25 requests in service on average, 40 in the afternoon.
void jointSearch() {
    test::Truth t;
    t.rate = 200'000 / (t.days * 86400);
    t.memory = 1769;
    t.serial_ms = 2000;
    t.cpu_ms = 150'000;
    t.pool = 4;
    const auto run = test::runTruth(t);
    auto e = test::evidenceOf(t, run, 14);
    e.function.timeout = seconds(900);
    for (const std::int32_t size : {512, 3008}) e.observations.push_back(test::observed(t, size, 200));
    InlineExecutor executor;
    const auto engine = *Engine::build(std::move(e), executor, {});
    std::vector<double> took;
    std::size_t candidates = 0;
    std::int32_t most = 0;
    for (int i = 0; i < 9; ++i) {
        const double before = threadCpu();
        const auto found = engine->search({}, {});
        took.push_back(1e3 * (threadCpu() - before));
        candidates = found->candidates.size();
        for (const auto& c : found->candidates) most = std::max(most, c.settings.warm_pool.value_or(0));
    }
    std::sort(took.begin(), took.end());
    std::printf("joint search, %zu candidates, pools to %d   %8.1f ms median\n", candidates, most, took[took.size() / 2]);
}

// The surfaces of the memory grid alone, with the tables for every five minutes of a week that the engine asks for.
void surfaces() {
    model::Random random(5);
    std::vector<double> arrivals;
    std::vector<float> services;
    double t = 0;
    for (std::size_t i = 0; i < 200'000; ++i) {
        arrivals.push_back(t += 6.05 * random.exponential());
        services.push_back(static_cast<float>(8 * random.exponential()));
    }
    model::SurfaceBins bins;
    bins.bin_s = 300;
    bins.bins = 2016;
    bins.depth = 48;
    bins.keep_alive.seconds = 400;
    const double before = threadCpu();
    std::size_t levels = 0;
    for (int size = 0; size < 18; ++size) {
        std::vector<float> scaled(services.size());
        for (std::size_t k = 0; k < services.size(); ++k) scaled[k] = services[k] * (0.2F + 0.2F * static_cast<float>(size));
        levels += model::buildSurface(arrivals, scaled, t, bins).levels.size();
    }
    std::printf("surfaces of 18 sizes, 200 k requests       %8.1f ms (%zu levels)\n", 1e3 * (threadCpu() - before), levels);
}

void fleet(int functions) {
    const double each = 20e6 / 1000;
    std::mutex mutex;
    int next = 0, done = 0;
    double cpu = 0, requests = 0;
    const auto work = [&] {
        InlineExecutor executor;
        while (true) {
            int mine = 0;
            {
                const std::scoped_lock lock(mutex);
                if (next >= functions) return;
                mine = next++;
            }
            const auto e = evidence(static_cast<std::uint64_t>(mine) + 10, each, mine % 4 == 0);
            const double before = threadCpu();
            const auto engine = Engine::build(e, executor, {});
            if (engine) (void)(*engine)->search({}, {});
            const double took = threadCpu() - before;
            const std::scoped_lock lock(mutex);
            cpu += took;
            requests += static_cast<double>(e.log.invocations.size());
            ++done;
        }
    };
    std::vector<std::jthread> threads;
    for (int i = 0; i < 2; ++i) threads.emplace_back(work);
    threads.clear();
    std::printf("fleet: %d functions, %.1f M requests         %8.1f s CPU, %.1f s on two cores\n", done, requests / 1e6, cpu, cpu / 2);
}

}  // namespace

int main(int count, char** arguments) {
    surfaces();
    oneFunction();
    jointSearch();
    fleet(count > 1 ? std::atoi(arguments[1]) : 1000);
    return 0;
}
