// What a what-if, a search and a fleet cost in time. CPU time of threads, so that a busy machine disturbs less.
#include <ctime>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <mutex>
#include <thread>
#include <vector>

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
    time("joint search", 5, [&] { (void)engine->search({}, {}); });
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
    oneFunction();
    fleet(count > 1 ? std::atoi(arguments[1]) : 1000);
    return 0;
}
