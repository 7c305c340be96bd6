// Tables of 1,000 functions with 10 M points, as a console reads them. Times are real times of one call on an open workspace.
#include <benchmark/benchmark.h>

#include <cstdio>
#include <cstdlib>
#include <filesystem>

#include "app/common/thread_pool.h"
#include "core/store/store.h"
#include "core/workspace.h"
#include "tests/support/big_store.h"
#include "tests/support/data.h"

namespace pilotlight {
namespace {

struct Fleet {
    test::TemporaryDirectory directory;
    common::ThreadPool pool;
    std::string path;
    std::optional<Workspace> workspace;
    Fleet() {
        const char* given = std::getenv("PILOTLIGHT_BIG_STORE");
        path = given != nullptr ? given : directory.path().string();
        if (given == nullptr) {
            if (const auto made = test::makeBigStore(path, {}, pool); !made) {
                std::fprintf(stderr, "%s\n", made.error().text().c_str());
                std::exit(1);
            }
        } else if (auto opened = Workspace::open({.directory = path, .program = "bench"}, pool); opened) {
            (void)opened->summarise({});
        }
        std::fprintf(stderr, "store: %.0f MB\n", static_cast<double>(std::filesystem::file_size(path + "/pilotlight.db")) / 1e6);
        workspace.emplace(std::move(*Workspace::open({.directory = path, .program = "bench"}, pool)));
    }
    TimeRange fortnight() {
        const auto now = workspace->now();
        return {now - hours(24 * 14), now};
    }
};
Fleet& fleet() {
    static Fleet once;
    return once;
}

void openAndListKept(benchmark::State& state) {
    Fleet& all = fleet();
    for (auto _ : state) {
        auto opened = Workspace::open({.directory = all.path, .program = "bench"}, all.pool);
        const auto rows = opened->functions(all.fortnight(), Figures::kept);
        if (!rows || rows->empty()) state.SkipWithError("functions");
    }
}
BENCHMARK(openAndListKept)->Unit(benchmark::kMillisecond)->UseRealTime();

void functionsKept(benchmark::State& state) {
    for (auto _ : state) benchmark::DoNotOptimize(fleet().workspace->functions(fleet().fortnight(), Figures::kept));
}
BENCHMARK(functionsKept)->Unit(benchmark::kMillisecond)->UseRealTime();

void costsKept(benchmark::State& state) {
    for (auto _ : state) benchmark::DoNotOptimize(fleet().workspace->costs(fleet().fortnight(), CostKind::computed, Figures::kept));
}
BENCHMARK(costsKept)->Unit(benchmark::kMillisecond)->UseRealTime();

void functionsExact(benchmark::State& state) {
    for (auto _ : state) benchmark::DoNotOptimize(fleet().workspace->functions(fleet().fortnight()));
}
BENCHMARK(functionsExact)->Unit(benchmark::kMillisecond)->UseRealTime();

// All functions outdated: what a sync of everything adds at its end.
void summariseAll(benchmark::State& state) {
    for (auto _ : state) {
        state.PauseTiming();
        {
            auto store = std::move(*store::Store::open(fleet().path, {.access = store::Access::write, .holder = "bench"}));
            (void)store.putProfile(store.profile("fleet").value());
        }
        state.ResumeTiming();
        if (!fleet().workspace->summarise({})) state.SkipWithError("summarise");
    }
}
BENCHMARK(summariseAll)->Unit(benchmark::kMillisecond)->UseRealTime()->Iterations(1);

}  // namespace
}  // namespace pilotlight
