#include "tests/support/big_store.h"

#include <algorithm>
#include <cmath>
#include <random>

#include "core/store/store.h"
#include "core/workspace.h"

namespace pilotlight::test {
namespace {

constexpr seconds kPeriod{300};
constexpr std::pair<Metric, Statistic> kKinds[] = {
    {Metric::invocations, Statistic::sum}, {Metric::errors, Statistic::sum},   {Metric::throttles, Statistic::sum},
    {Metric::duration, Statistic::average}, {Metric::duration, Statistic::p50}, {Metric::duration, Statistic::p90},
    {Metric::duration, Statistic::p95},     {Metric::duration, Statistic::p99}, {Metric::duration, Statistic::sample_count},
    {Metric::concurrency, Statistic::maximum}};

Function functionOf(std::size_t i, std::mt19937_64& random, Timestamp now) {
    static constexpr const char* kNames[] = {"chat", "embed", "ocr", "speech", "rank", "classify", "caption", "moderate"};
    static constexpr const char* kRegions[] = {"us-east-1", "us-east-1", "eu-west-1"};  // of which there are bundled prices
    static constexpr std::int32_t kSizes[] = {512, 1024, 1769, 2048, 3008, 4096};
    Function function;
    function.region = kRegions[i % std::size(kRegions)];
    function.name = std::string(kNames[i % std::size(kNames)]) + "-" + std::to_string(i);
    function.account = "123456789012";
    function.id = "arn:aws:lambda:" + function.region + ":" + function.account + ":function:" + function.name;
    function.profile = "fleet";
    function.runtime = "python3.12";
    function.memory = Megabytes{kSizes[random() % std::size(kSizes)]};
    function.timeout = seconds(60);
    function.instance_limit = InstanceLimit::unlimited();
    function.tags = {{"team", i % 3 == 0 ? "vision" : "language"}, {"stage", "prod"}};
    function.log_group = "/aws/lambda/" + function.name;
    function.state = "Active";
    function.last_update_status = "Successful";
    function.revision = "00000000-0000-0000-0000-" + std::to_string(100'000'000'000 + i);
    function.last_modified = now - hours(24 * 60);
    function.settings_as_of = now;
    return function;
}

}  // namespace

Status makeBigStore(const std::string& directory, const BigStore& size, Executor& executor) {
    const Timestamp end = floorTo(size.end == Timestamp{} ? std::chrono::floor<milliseconds>(std::chrono::system_clock::now()) : size.end, minutes(1));
    const TimeRange range{end - hours(24 * 14), end};
    const auto periods = static_cast<std::size_t>(range.length() / kPeriod);
    const std::size_t points_a_series = size.points / size.functions / std::size(kKinds);
    {
        PILOTLIGHT_ASSIGN(auto store, store::Store::open(directory, {.access = store::Access::write, .holder = "big-store"}));
        Profile profile;
        profile.name = "fleet";
        profile.regions = {"us-east-1", "eu-west-1"};
        PILOTLIGHT_TRY(store.putProfile(profile));
        std::mt19937_64 random(1);
        for (std::size_t i = 0; i < size.functions; ++i) {
            const Function function = functionOf(i, random, end);
            std::lognormal_distribution<double> duration(5 + static_cast<double>(i % 7) * 0.4, 0.4);
            // In use for a part of each day, which begins at an hour of its own.
            const double share = std::min(1.0, static_cast<double>(points_a_series) / static_cast<double>(periods));
            const auto in_use = [&](std::size_t period) {
                const double of_day = static_cast<double>((period + i * 37) % 288) / 288;
                return of_day < share;
            };
            std::vector<MetricSeries> series(std::size(kKinds));
            for (std::size_t k = 0; k < std::size(kKinds); ++k) {
                series[k].key = {function.id, "", kKinds[k].first, kKinds[k].second, kPeriod};
                series[k].coverage.add(range);
            }
            const Timestamp first = floorTo(range.begin, kPeriod) + kPeriod;
            std::vector<Timestamp> used;
            for (std::size_t p = 0; p + 1 < periods; ++p) {
                if (in_use(p)) used.push_back(first + kPeriod * static_cast<std::int64_t>(p));
            }
            if (used.empty()) used.push_back(first);
            const double a_period = std::max(1.0, static_cast<double>(size.lines) / static_cast<double>(used.size()));
            InvocationLog log;
            log.complete.add(range);
            log.cold_only.add(range);
            double owed = 0;
            for (const Timestamp time : used) {
                owed += a_period;
                std::vector<double> durations;
                for (; owed >= 1; owed -= 1) durations.push_back(std::round(duration(random) * 100) / 100);
                for (std::size_t n = 0; n < durations.size() && log.invocations.size() < size.lines; ++n) {
                    Invocation line;
                    line.time = time + milliseconds(static_cast<std::int64_t>(n) * 900 + static_cast<std::int64_t>(random() % 800));
                    line.duration_ms = static_cast<float>(durations[n]);
                    line.init_ms = random() % 25 == 0 ? 900.0f : -1.0f;
                    line.billed_ms = std::ceil(line.duration_ms + std::max(0.0f, line.init_ms));
                    line.max_memory_used_mb = static_cast<float>(function.memory.value) * 0.6f + static_cast<float>(random() % 20);
                    line.memory_mb = function.memory.value;
                    line.instance = random() % 8;
                    line.request = random();
                    log.invocations.push_back(line);
                }
                std::sort(durations.begin(), durations.end());
                const auto at = [&](double q) { return durations[static_cast<std::size_t>(q * static_cast<double>(durations.size() - 1))]; };
                double sum = 0;
                for (const double each : durations) sum += each;
                const double count = static_cast<double>(durations.size());
                const double values[] = {count, random() % 40 == 0 ? 1.0 : 0.0, 0.0, sum / count, at(0.5), at(0.9), at(0.95), at(0.99), count, std::min(count, 3.0)};
                for (std::size_t k = 0; k < std::size(kKinds); ++k) series[k].points.push_back({time, values[k]});
            }
            PILOTLIGHT_TRY(store.transaction([&]() -> Status {
                PILOTLIGHT_TRY(store.putFunction(function));
                PILOTLIGHT_TRY(store.putSeries(series));
                return store.putInvocations(function.id, log);
            }));
        }
        store::ImportRecord record{.profile = "fleet", .kind = "sync", .started = end - minutes(3), .ended = end, .range = range, .functions = static_cast<std::int64_t>(size.functions)};
        PILOTLIGHT_TRY(store.putImport(record));
    }
    PILOTLIGHT_ASSIGN(auto workspace, Workspace::open({.directory = directory, .program = "big-store"}, executor));
    return workspace.summarise({});
}

}  // namespace pilotlight::test
