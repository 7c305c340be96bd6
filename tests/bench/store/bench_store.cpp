// What the store costs: points in, series and invocations out. Items are points or rows; times are CPU time of this process.
#include <benchmark/benchmark.h>

#include <cmath>
#include <random>

#include "core/store/store.h"
#include "tests/support/data.h"

namespace pilotlight::store {
namespace {

constexpr Timestamp kDay{std::chrono::sys_days(std::chrono::year(2026) / 11 / 10)};
constexpr int kDays = 14;
constexpr std::size_t kPointsASeries = kDays * 288;
const TimeRange kRange{kDay, kDay + hours(24 * kDays)};

struct Workspace {
    test::TemporaryDirectory directory;
    Store open(Access access) const {
        OpenOptions options;
        options.access = access;
        return std::move(*Store::open(directory.path().string(), options));
    }
};

// A parsed page of GetMetricData: so many series of 14 days, values as CloudWatch gives them (half counts, half full mantissas).
std::vector<MetricSeries> page(int first_function, std::size_t series) {
    std::mt19937_64 random(static_cast<std::uint64_t>(first_function) + 1);
    std::lognormal_distribution<double> noise(0, 0.2);
    std::vector<MetricSeries> out;
    constexpr std::pair<Metric, Statistic> kinds[] = {{Metric::invocations, Statistic::sum},  {Metric::errors, Statistic::sum},
                                                      {Metric::throttles, Statistic::sum},    {Metric::concurrency, Statistic::maximum},
                                                      {Metric::duration, Statistic::average}, {Metric::duration, Statistic::p50},
                                                      {Metric::duration, Statistic::p95},     {Metric::duration, Statistic::p99}};
    for (std::size_t s = 0; s < series; ++s) {
        const auto [metric, statistic] = kinds[s % std::size(kinds)];
        MetricSeries one{
            {"arn:" + std::to_string(first_function + static_cast<int>(s / std::size(kinds))), "", metric, statistic, seconds(300)},
            {},
            {}};
        for (std::size_t i = 0; i < kPointsASeries; ++i) {
            const double value = metric == Metric::duration      ? 812 * noise(random)
                                 : metric == Metric::invocations ? std::round(400 * noise(random))
                                                                 : double(random() % 3);
            one.points.push_back({kDay + seconds(300) * static_cast<std::int64_t>(i), value});
        }
        one.coverage.add(kRange);
        out.push_back(std::move(one));
    }
    return out;
}

// 25 series a page, which is what 100,800 points hold; one transaction a page, a new file for each round.
void putPages(benchmark::State& state) {
    constexpr int kPages = 8;
    std::vector<std::vector<MetricSeries>> pages;
    for (int p = 0; p < kPages; ++p) pages.push_back(page(p * 10, 24));
    for (auto _ : state) {
        state.PauseTiming();
        {
            Workspace workspace;
            Store store = workspace.open(Access::write);
            state.ResumeTiming();
            for (const auto& one : pages) {
                if (!store.putSeries(one)) state.SkipWithError("putSeries");
            }
            state.PauseTiming();
        }
        state.ResumeTiming();
    }
    state.SetItemsProcessed(state.iterations() * kPages * 24 * static_cast<std::int64_t>(kPointsASeries));
}
BENCHMARK(putPages)->Unit(benchmark::kMillisecond)->UseRealTime();
BENCHMARK(putPages)->Unit(benchmark::kMillisecond);

// What a refresh writes: 3 new points for each of 1,000 series, into chunks that are there.
void putRefresh(benchmark::State& state) {
    Workspace workspace;
    Store store = workspace.open(Access::write);
    std::vector<MetricSeries> series = page(0, 1'000);
    for (auto& one : series) one.points.resize(4'000);
    if (!store.putSeries(series)) state.SkipWithError("putSeries");
    for (auto& one : series) one.points.erase(one.points.begin(), one.points.end() - 3);
    for (auto _ : state) {
        if (!store.putSeries(series)) state.SkipWithError("putSeries");
    }
    state.SetItemsProcessed(state.iterations() * 3'000);
}
BENCHMARK(putRefresh)->Unit(benchmark::kMillisecond);

struct Filled {
    Workspace workspace;
    Filled() {
        Store store = workspace.open(Access::write);
        for (int p = 0; p < 10; ++p) (void)store.putSeries(page(p * 10, 80));
        std::mt19937_64 random(3);
        std::lognormal_distribution<double> duration(6, 0.4);
        InvocationLog log;
        for (int i = 0; i < 200'000; ++i) {
            Invocation row;
            row.time = kDay + milliseconds(static_cast<std::int64_t>(random() % static_cast<std::uint64_t>(kRange.length().count())));
            row.duration_ms = static_cast<float>(std::round(duration(random) * 100) / 100);
            row.billed_ms = std::ceil(row.duration_ms);
            row.max_memory_used_mb = static_cast<float>(300 + random() % 20);
            row.memory_mb = 1024;
            row.instance = random() % 40;
            row.request = random();
            log.invocations.push_back(row);
        }
        std::sort(log.invocations.begin(), log.invocations.end(), [](const auto& a, const auto& b) { return a.time < b.time; });
        (void)store.putInvocations("arn:0", log);
    }
};
Filled& filled() {
    static Filled once;
    return once;
}

void readSeries14Days(benchmark::State& state) {
    Store store = filled().workspace.open(Access::read);
    for (auto _ : state) benchmark::DoNotOptimize(store.series({"arn:7", "", Metric::duration, Statistic::p95, seconds(300)}, kRange));
    state.SetItemsProcessed(state.iterations() * static_cast<std::int64_t>(kPointsASeries));
}
BENCHMARK(readSeries14Days)->Unit(benchmark::kMicrosecond);

void rollUp14DaysToHours(benchmark::State& state) {
    Store store = filled().workspace.open(Access::read);
    for (auto _ : state)
        benchmark::DoNotOptimize(store.rolledUp({"arn:7", "", Metric::invocations, Statistic::sum, seconds(300)}, kRange, seconds(3600)));
}
BENCHMARK(rollUp14DaysToHours)->Unit(benchmark::kMicrosecond);

void rollUp14DaysToDays(benchmark::State& state) {
    Store store = filled().workspace.open(Access::read);
    for (auto _ : state)
        benchmark::DoNotOptimize(store.rolledUp({"arn:7", "", Metric::invocations, Statistic::sum, seconds(300)}, kRange, seconds(86'400)));
}
BENCHMARK(rollUp14DaysToDays)->Unit(benchmark::kMicrosecond);

void read200kInvocations(benchmark::State& state) {
    Store store = filled().workspace.open(Access::read);
    for (auto _ : state) {
        const auto log = store.invocations("arn:0", kRange);
        if (!log || log->invocations.size() != 200'000) state.SkipWithError("invocations");
    }
    state.SetItemsProcessed(state.iterations() * 200'000);
}
BENCHMARK(read200kInvocations)->Unit(benchmark::kMillisecond);

}  // namespace
}  // namespace pilotlight::store
