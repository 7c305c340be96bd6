// A workspace in a temporary folder, and values that look like the real ones.
#pragma once

#include <gtest/gtest.h>

#include <filesystem>
#include <random>
#include <string>

#include "core/store/store.h"
#include "tests/support/data.h"

namespace pilotlight::store {

inline constexpr Timestamp kDay{std::chrono::sys_days(std::chrono::year(2026) / 11 / 10)};

inline Timestamp at(std::int64_t minute) { return kDay + minutes(minute); }
inline TimeRange range(std::int64_t begin_minute, std::int64_t end_minute) { return {at(begin_minute), at(end_minute)}; }
inline TimeRange days(std::int64_t count) { return {kDay, kDay + hours(24 * count)}; }

struct Workspace {
    test::TemporaryDirectory directory;
    std::string path() const { return directory.path().string(); }
    std::filesystem::path file() const { return directory.path() / "pilotlight.db"; }
    Store writer() const { return open(Access::write); }
    Store reader() const { return open(Access::read); }
    Result<Store> tryOpen(Access access, milliseconds wait = milliseconds(100)) const {
        OpenOptions options;
        options.access = access;
        options.lock_wait = wait;
        options.holder = "test";
        return Store::open(path(), options);
    }

private:
    Store open(Access access) const {
        auto store = tryOpen(access);
        if (!store) throw std::runtime_error(store.error().text());
        return std::move(*store);
    }
};

#define ASSERT_OK(expression)                                                         \
    do {                                                                              \
        const auto& assert_ok_result = (expression);                                  \
        ASSERT_TRUE(assert_ok_result.has_value()) << assert_ok_result.error().text(); \
    } while (false)

inline SeriesKey key(Metric metric, Statistic statistic, const std::string& function = "arn:f", seconds period = seconds(300)) {
    return {function, "", metric, statistic, period};
}

inline MetricSeries makeSeries(SeriesKey key, std::int64_t days_long, const std::function<double(std::size_t)>& value) {
    MetricSeries series{std::move(key), {}, {}};
    const std::int64_t step = series.key.period.count() * 1000;
    std::size_t i = 0;
    for (Timestamp time = kDay; time < kDay + hours(24 * days_long); time += milliseconds(step))
        series.points.push_back({time, value(i++)});
    series.coverage.add(days(days_long));
    return series;
}

inline Function makeFunction(const std::string& id, const std::string& name, const std::string& region = "us-east-1") {
    Function function;
    function.id = id;
    function.name = name;
    function.profile = "prod";
    function.region = region;
    function.account = "123456789012";
    function.runtime = "python3.12";
    function.memory = {1024};
    function.timeout = seconds(30);
    function.instance_limit = InstanceLimit::of(40);
    function.tags = {{"team", "ml"}, {"quote\"", "ü"}};
    function.owner = "terraform";
    function.revision = "r1";
    function.settings_as_of = at(0);
    function.last_modified = at(-600);
    function.vcpu = 0.58;
    Qualifier live;
    live.name = "live";
    live.kind = "alias";
    live.version = "7";
    live.warm_pool = 3;
    live.warm_pool_status = "READY";
    live.scaling = PoolScaling{1, 9, true, {{"morning", "cron(0 8 ? * MON-FRI *)", "Europe/Paris", 2, std::nullopt, std::nullopt, std::nullopt}}, {"ScheduledScalingSuspended"}};
    live.untuned = {{"handler", "app.main"}};
    live.memory = Megabytes{1024};
    Qualifier unknown;
    unknown.name = "7";
    unknown.kind = "version";
    function.qualifiers = {live, unknown};
    function.event_sources = {{"uuid", "arn:queue", "Enabled", 5}, {"uuid2", "arn:stream", "Disabled", std::nullopt}};
    return function;
}

}  // namespace pilotlight::store
