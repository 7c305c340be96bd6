// How long a fit, a look-up, a choice and the next size take. CPU time.
#include <benchmark/benchmark.h>

#include "core/model/memory_choice.h"

namespace pilotlight::model {
namespace {

LatencyModel fitted(int sizes) {
    std::vector<Observation> out;
    double memory = 128;
    for (int i = 0; i < sizes; ++i, memory *= 1.7) {
        Observation observation;
        observation.memory = Megabytes{static_cast<int>(memory)};
        observation.mean_ms = 1000 * (0.1 + std::max(1.0, 1769 / memory));
        observation.count = 100;
        out.push_back(observation);
    }
    return LatencyModel::fit(out, {}).value();
}

void fit(benchmark::State& state) {
    for (auto _ : state) benchmark::DoNotOptimize(fitted(static_cast<int>(state.range(0))));
}
BENCHMARK(fit)->Arg(1)->Arg(3)->Arg(5)->Arg(9)->Unit(benchmark::kMillisecond);

void lookUp(benchmark::State& state) {
    const auto model = fitted(3);
    int size = 200;
    for (auto _ : state) benchmark::DoNotOptimize(model.at(Megabytes{size = size % 3000 + 1}));
}
BENCHMARK(lookUp)->Unit(benchmark::kMicrosecond);

void choose(benchmark::State& state) {
    const auto model = fitted(3);
    ChoiceOptions options;
    options.price.usd_per_gb_second = 1.66667e-5;
    for (auto _ : state) benchmark::DoNotOptimize(chooseMemory(model, options));
}
BENCHMARK(choose)->Unit(benchmark::kMillisecond);

void next(benchmark::State& state) {
    const auto model = fitted(3);
    const auto sizes = candidateSizes(model);
    PricePlan price;
    price.usd_per_gb_second = 1.66667e-5;
    for (auto _ : state) benchmark::DoNotOptimize(nextSize(model, sizes, price, 0));
}
BENCHMARK(next)->Unit(benchmark::kMillisecond);

}  // namespace
}  // namespace pilotlight::model
