// Speed of the parsers that see the most bytes. Goal: GetMetricData at 100 MB/s or more on one core.
#include <benchmark/benchmark.h>

#include <string>

#include "core/platform/aws/log_page.h"
#include "core/platform/aws/metric_page.h"
#include "core/platform/aws/report_line.h"

namespace {

using namespace pilotlight;
using namespace pilotlight::platform::aws;

// A full page: 500 series of 200 points, timestamps as the service writes them, values with the digits that averages have.
std::string metricPage() {
    std::string text = R"({"Messages":[],"MetricDataResults":[)";
    std::uint64_t state = 1;
    for (int series = 0; series < 500; ++series) {
        text += (series > 0 ? "," : "") + std::string(R"({"Id":"q)") + std::to_string(series) +
                R"(","Label":"Duration p99","StatusCode":"Complete","Timestamps":[)";
        for (int i = 0; i < 200; ++i) text += (i > 0 ? "," : "") + std::to_string(1'763'600'000 + 300 * i) + ".0";
        text += R"(],"Values":[)";
        for (int i = 0; i < 200; ++i) {
            state = state * 6364136223846793005ull + 1442695040888963407ull;
            text += (i > 0 ? "," : "") + std::to_string(static_cast<double>(state >> 40) / 1234.5);
        }
        text += "]}";
    }
    return text + "]}";
}

void parseMetrics(benchmark::State& state) {
    const std::string page = metricPage();
    MetricPageParser parser;
    for (auto _ : state) {
        auto parsed = parser.parse(page, 500);
        if (!parsed) state.SkipWithError("unreadable");
        benchmark::DoNotOptimize(parsed);
    }
    state.SetBytesProcessed(static_cast<std::int64_t>(page.size()) * state.iterations());
    state.SetItemsProcessed(100'000 * state.iterations());
}
BENCHMARK(parseMetrics);

const char* const kText =
    "REPORT RequestId: 8f507cfc-8f50-4697-b07a-ac58fc914c95\tDuration: 133.61 ms\tBilled Duration: 214 ms\tMemory Size: 128 MB\tMax Memory "
    "Used: 31 MB\tInit Duration: 80.00 ms\t\n";
const char* const kJson =
    R"({"time":"2026-11-20T10:00:00.500Z","type":"platform.report","record":{"requestId":"q-1","metrics":{"durationMs":693.92,"billedDurationMs":1092,"memorySizeMB":2048,"maxMemoryUsedMB":840},"status":"success"}})";

void parseLines(benchmark::State& state) {
    const std::string line = state.range(0) == 0 ? kText : kJson;
    for (auto _ : state) benchmark::DoNotOptimize(parseReportLine(line, Timestamp(milliseconds(1))));
    state.SetBytesProcessed(static_cast<std::int64_t>(line.size()) * state.iterations());
    state.SetItemsProcessed(state.iterations());
}
BENCHMARK(parseLines)->Arg(0)->Arg(1);

void parseLogs(benchmark::State& state) {
    std::string page = R"({"events":[)";
    for (int i = 0; i < 4000; ++i) {
        page +=
            std::string(i > 0 ? "," : "") +
            R"({"logStreamName":"2026/11/20/[$LATEST]0123456789abcdef","timestamp":1763632800123,"message":"REPORT RequestId: 8f507cfc\tDuration: 133.61 ms\tBilled Duration: 214 ms\tMemory Size: 128 MB\tMax Memory Used: 31 MB\t\n","ingestionTime":1763632800999,"eventId":"37"})";
    }
    page += "]}";
    for (auto _ : state) benchmark::DoNotOptimize(parseLogPage(page));
    state.SetBytesProcessed(static_cast<std::int64_t>(page.size()) * state.iterations());
}
BENCHMARK(parseLogs);

}  // namespace
