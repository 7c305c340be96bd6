// Points, coverage and rollups through the file.
#include <cmath>

#include "core/store/qualifier_series.h"
#include "tests/core/store/store_support.h"

namespace pilotlight::store {
namespace {

TEST(Metrics, ComeBackExactlyAndClipped) {
    Workspace workspace;
    Store store = workspace.writer();
    const auto k = key(Metric::duration, Statistic::p95);
    const auto series = makeSeries(k, 14, [](std::size_t i) { return 700 + std::sin(double(i)) * 100; });
    ASSERT_OK(store.putSeries(std::vector{series}));
    const auto all = store.series(k, days(14)).value();
    EXPECT_EQ(all.points, series.points);
    EXPECT_EQ(all.coverage, series.coverage);
    EXPECT_EQ(all.key, k);
    const auto part = store.series(k, range(7, 1447)).value();
    ASSERT_EQ(part.points.size(), 288u);
    EXPECT_EQ(part.points.front().time, at(10));
    EXPECT_EQ(part.points.back().time, at(1445));
    EXPECT_EQ(part.coverage.ranges().front(), range(7, 1447));
    const TimeRange everything{Timestamp::min(), Timestamp::max()};
    EXPECT_EQ(store.series(k, everything)->points.size(), series.points.size());
    EXPECT_TRUE(store.series(key(Metric::errors, Statistic::sum), days(14))->points.empty());
    EXPECT_TRUE(store.series(k, {at(5), at(5)})->points.empty());
}

TEST(Metrics, SumsOverQualifiersWhereTheFunctionHasNoSeriesOfItsOwn) {
    Workspace workspace;
    Store store = workspace.writer();
    auto alias = key(Metric::pool_invocations, Statistic::sum), version = alias;
    alias.qualifier = "prod";
    version.qualifier = "4";
    auto hourly = alias;
    hourly.period = seconds(3600);  // the same requests again, coarser: left out
    ASSERT_OK(store.putSeries(std::vector{makeSeries(alias, 1, [](std::size_t) { return 2.0; }),
                                          makeSeries(version, 1, [](std::size_t i) { return i == 0 ? 3.0 : 0.0; }),
                                          makeSeries(hourly, 1, [](std::size_t) { return 24.0; })}));
    const auto sum = sumOverQualifiers(store, {alias, version, hourly}, Metric::pool_invocations, days(1)).value();
    ASSERT_EQ(sum.points.size(), 288u);
    EXPECT_EQ(sum.points[0].value, 5);
    EXPECT_EQ(sum.points[1].value, 2);
    EXPECT_TRUE(sum.coverage.covers(days(1)));
    auto own = alias;
    own.qualifier.clear();
    ASSERT_OK(store.putSeries(std::vector{makeSeries(own, 1, [](std::size_t) { return 7.0; })}));
    EXPECT_EQ(sumOverQualifiers(store, {alias, own}, Metric::pool_invocations, days(1))->points[0].value, 7);
    EXPECT_TRUE(sumOverQualifiers(store, {}, Metric::pool_invocations, days(1))->points.empty());
}

TEST(Metrics, NewPointsReplaceAndOldOnesStay) {
    Workspace workspace;
    Store store = workspace.writer();
    const auto k = key(Metric::invocations, Statistic::sum);
    ASSERT_OK(store.putSeries(std::vector{makeSeries(k, 1, [](std::size_t) { return 1.0; })}));
    MetricSeries newer{k, {{at(20), 5}, {at(10), 7}, {at(20), 6}, {at(1440), 9}}, RangeSet({range(1440, 1445)})};
    ASSERT_OK(store.putSeries(std::vector{newer}));
    const auto read = store.series(k, days(2)).value();
    ASSERT_EQ(read.points.size(), 289u);
    EXPECT_EQ(read.points[2].value, 7);
    EXPECT_EQ(read.points[3].value, 1);
    EXPECT_EQ(read.points[4].value, 6) << "the last of equal instants";
    EXPECT_EQ(read.points.back().value, 9);
    EXPECT_EQ(read.coverage.ranges().size(), 1u);
    EXPECT_EQ(read.coverage.ranges().front(), range(0, 1445)) << "adjacent ranges join";
}

TEST(Metrics, TheSameSeriesTwiceInOneCall) {
    Workspace workspace;
    Store store = workspace.writer();
    const auto k = key(Metric::invocations, Statistic::sum);
    const std::vector<MetricSeries> both{{k, {{at(0), 1}, {at(5), 2}}, {}}, {k, {{at(5), 3}, {at(10), 4}}, {}}};
    ASSERT_OK(store.putSeries(both));
    const auto read = store.series(k, days(1)).value();
    ASSERT_EQ(read.points.size(), 3u);
    EXPECT_EQ(read.points[1].value, 3);
}

TEST(Metrics, MissingIsNotZero) {
    Workspace workspace;
    Store store = workspace.writer();
    const auto k = key(Metric::errors, Statistic::sum);
    MetricSeries sparse{k, {{at(50), 2}}, RangeSet({range(0, 100), range(200, 300)})};
    ASSERT_OK(store.putSeries(std::vector{sparse}));
    const RangeSet covered = store.coverage(k, range(0, 400)).value();
    EXPECT_EQ(covered, sparse.coverage);
    EXPECT_EQ(covered.missingIn(range(0, 400)).ranges().size(), 2u);
    EXPECT_TRUE(store.coverage(key(Metric::throttles, Statistic::sum), range(0, 400))->ranges().empty());
    MetricSeries only_coverage{k, {}, RangeSet({range(90, 210)})};
    ASSERT_OK(store.putSeries(std::vector{only_coverage}));
    EXPECT_TRUE(store.coverage(k, range(0, 300))->covers(range(0, 300)));
    EXPECT_EQ(store.series(k, range(0, 300))->points.size(), 1u);
}

TEST(Metrics, KeysAreListed) {
    Workspace workspace;
    Store store = workspace.writer();
    SeriesKey alias = key(Metric::pool_utilization, Statistic::maximum);
    alias.qualifier = "live";
    const std::vector<MetricSeries> series{{alias, {{at(0), 0.5}}, {}},
                                           {key(Metric::invocations, Statistic::sum), {{at(0), 1}}, {}},
                                           {key(Metric::invocations, Statistic::sum, "arn:g"), {{at(0), 1}}, {}}};
    ASSERT_OK(store.putSeries(series));
    const auto keys = store.seriesKeys("arn:f").value();
    ASSERT_EQ(keys.size(), 2u);
    EXPECT_EQ(keys[0], series[1].key);
    EXPECT_EQ(keys[1], alias);
    EXPECT_TRUE(store.seriesKeys("nobody")->empty());
}

TEST(Metrics, OddTimesAndBadOnes) {
    Workspace workspace;
    Store store = workspace.writer();
    const auto k = key(Metric::duration, Statistic::average);
    const double nan = std::numeric_limits<double>::quiet_NaN(), inf = std::numeric_limits<double>::infinity();
    MetricSeries odd{k, {{at(0) + milliseconds(1), 1.5}, {at(0) + milliseconds(2), nan}, {at(7), -inf}, {at(9), -0.0}}, {}};
    ASSERT_OK(store.putSeries(std::vector{odd}));
    const auto read = store.series(k, days(1)).value();
    ASSERT_EQ(read.points.size(), 4u);
    EXPECT_EQ(read.points[0], odd.points[0]);
    EXPECT_TRUE(std::isnan(read.points[1].value));
    EXPECT_EQ(read.points[2].value, -inf);
    EXPECT_TRUE(std::signbit(read.points[3].value));
    MetricSeries before_1970{k, {{Timestamp(milliseconds(-1)), 1}}, {}};
    EXPECT_EQ(store.putSeries(std::vector{before_1970}).error().code, ErrorCode::invalid_argument);
    MetricSeries no_period{key(Metric::duration, Statistic::average, "f", seconds(0)), {{at(0), 1}}, {}};
    EXPECT_EQ(store.putSeries(std::vector{no_period}).error().code, ErrorCode::invalid_argument);
}

TEST(Rollup, SumsMaximaAndWeightedAverages) {
    Workspace workspace;
    Store store = workspace.writer();
    const auto sum = key(Metric::invocations, Statistic::sum), high = key(Metric::concurrency, Statistic::maximum),
               low = key(Metric::duration, Statistic::minimum), mean = key(Metric::duration, Statistic::average),
               count = key(Metric::duration, Statistic::sample_count), p95 = key(Metric::duration, Statistic::p95);
    const auto value = [](std::size_t i) { return double((i * 7919) % 1000); };
    std::vector<MetricSeries> series;
    for (const auto& k : {sum, high, low, mean, count, p95}) series.push_back(makeSeries(k, 14, value));
    ASSERT_OK(store.putSeries(series));
    for (const seconds period : {seconds(3600), seconds(86'400), seconds(7'200), seconds(172'800)}) {
        const std::size_t per = static_cast<std::size_t>(period.count() / 300);
        const auto sums = store.rolledUp(sum, days(14), period).value();
        const auto highs = store.rolledUp(high, days(14), period).value();
        const auto lows = store.rolledUp(low, days(14), period).value();
        const auto means = store.rolledUp(mean, days(14), period).value();
        // Buckets are aligned to 1970; two-day ones may begin a day before the data.
        std::map<Timestamp, std::array<double, 5>> expected;
        for (std::size_t i = 0; i < 14 * 288; ++i) {
            auto& e =
                expected.try_emplace(floorTo(series[0].points[i].time, period), std::array<double, 5>{0, -1, 1e9, 0, 0}).first->second;
            e[0] += value(i);
            e[1] = std::max(e[1], value(i));
            e[2] = std::min(e[2], value(i));
            e[3] += value(i) * value(i);
            e[4] += value(i);
        }
        ASSERT_EQ(sums.points.size(), expected.size()) << per;
        ASSERT_EQ(means.points.size(), expected.size());
        std::size_t at_bucket = 0;
        for (const auto& [time, e] : expected) {
            EXPECT_EQ(sums.points[at_bucket].time, time);
            EXPECT_EQ(sums.points[at_bucket].value, e[0]);
            EXPECT_EQ(highs.points[at_bucket].value, e[1]);
            EXPECT_EQ(lows.points[at_bucket].value, e[2]);
            EXPECT_NEAR(means.points[at_bucket].value, e[3] / e[4], 1e-9);
            ++at_bucket;
        }
        EXPECT_EQ(sums.key.period, period);
    }
    EXPECT_EQ(store.rolledUp(p95, days(14), seconds(3600)).error().code, ErrorCode::unsupported);
    EXPECT_EQ(store.rolledUp(p95, days(14), seconds(300))->points.size(), 14u * 288);
    EXPECT_EQ(store.rolledUp(sum, days(14), seconds(450)).error().code, ErrorCode::invalid_argument);
    EXPECT_EQ(store.rolledUp(key(Metric::memory_used, Statistic::average), days(14), seconds(3600))->points.size(), 0u);
}

TEST(Rollup, FollowsRewritesAndSaysWhichBucketsAreWhole) {
    Workspace workspace;
    Store store = workspace.writer();
    const auto sum = key(Metric::invocations, Statistic::sum);
    MetricSeries morning{sum, {{at(0), 1}, {at(5), 2}, {at(65), 10}}, RangeSet({range(0, 90)})};
    ASSERT_OK(store.putSeries(std::vector{morning}));
    MetricSeries again{sum, {{at(5), 5}}, RangeSet({range(0, 10)})};
    ASSERT_OK(store.putSeries(std::vector{again}));
    const auto hour = store.rolledUp(sum, range(5, 80), seconds(3600)).value();  // widened to whole hours
    ASSERT_EQ(hour.points.size(), 2u);
    EXPECT_EQ(hour.points[0].value, 6);
    EXPECT_EQ(hour.points[1].value, 10);
    ASSERT_EQ(hour.coverage.ranges().size(), 1u);
    EXPECT_EQ(hour.coverage.ranges()[0], range(0, 60)) << "the second hour is not known to its end";
    const auto day = store.rolledUp(sum, days(1), seconds(86'400)).value();
    ASSERT_EQ(day.points.size(), 1u);
    EXPECT_EQ(day.points[0].value, 16);
    EXPECT_TRUE(day.coverage.ranges().empty());
}

TEST(Rollup, AveragesAreWeighedByInvocationsWhereThatIsTheSampleCount) {
    Workspace workspace;
    Store store = workspace.writer();
    const auto mean = key(Metric::duration, Statistic::average);
    ASSERT_OK(store.putSeries(std::vector{MetricSeries{mean, {{at(0), 100}, {at(5), 200}}, {}}}));
    EXPECT_EQ(store.rolledUp(mean, days(1), seconds(3600)).error().code, ErrorCode::unsupported);
    ASSERT_OK(store.putSeries(std::vector{MetricSeries{key(Metric::invocations, Statistic::sum), {{at(0), 3}, {at(5), 1}}, {}}}));
    EXPECT_EQ(store.rolledUp(mean, days(1), seconds(3600))->points.at(0).value, 125);
}

// Values as CloudWatch gives them: counts with a daily swing, many empty periods for errors, averages and percentiles with full mantissas.
TEST(Compactness, FiveMinuteSeriesTakeLessThanEightBytesAPoint) {
    Workspace workspace;
    std::mt19937_64 random(7);
    std::lognormal_distribution<double> noise(0, 0.2);
    std::size_t points = 0;
    const auto swing = [](std::size_t i) { return 1.2 + std::sin(double(i) / 288 * 6.283); };
    {
        Store store = workspace.writer();
        for (int f = 0; f < 20; ++f) {
            const std::string id = "arn:aws:lambda:us-east-1:123456789012:function:inference-" + std::to_string(f);
            std::vector<MetricSeries> page;
            page.push_back(makeSeries(key(Metric::invocations, Statistic::sum, id), 14,
                                      [&](std::size_t i) { return std::round(400 * swing(i) * noise(random)); }));
            page.push_back(
                makeSeries(key(Metric::errors, Statistic::sum, id), 14, [&](std::size_t) { return random() % 20 == 0 ? 1.0 : 0.0; }));
            page.push_back(makeSeries(key(Metric::throttles, Statistic::sum, id), 14, [&](std::size_t) { return 0.0; }));
            page.push_back(makeSeries(key(Metric::concurrency, Statistic::maximum, id), 14,
                                      [&](std::size_t i) { return std::round(12 * swing(i) * noise(random)); }));
            for (const Statistic s : {Statistic::average, Statistic::p50, Statistic::p90, Statistic::p95, Statistic::p99}) {
                page.push_back(makeSeries(key(Metric::duration, s, id), 14, [&](std::size_t) { return 812 * noise(random); }));
            }
            page.push_back(makeSeries(key(Metric::duration, Statistic::maximum, id), 14,
                                      [&](std::size_t) { return std::round(2100 * noise(random) * 100) / 100; }));
            for (const auto& one : page) points += one.points.size();
            ASSERT_OK(store.putSeries(page));
        }
    }
    const double mixed = double(std::filesystem::file_size(workspace.file())) / double(points);
    RecordProperty("bytes_per_point_mixed", std::to_string(mixed));
    std::printf("bytes a point, mixed: %.3f over %zu points\n", mixed, points);
    EXPECT_LT(mixed, 8.0);
    EXPECT_LT(mixed, 5.5) << "what was reached when this was written, with a margin";

    // The worst case: nothing but full mantissas.
    Workspace worst;
    points = 0;
    {
        Store store = worst.writer();
        for (int f = 0; f < 100; ++f) {
            std::vector<MetricSeries> page{makeSeries(key(Metric::duration, Statistic::average, "arn:" + std::to_string(f)), 14,
                                                      [&](std::size_t) { return 812 * noise(random); })};
            points += page[0].points.size();
            ASSERT_OK(store.putSeries(page));
        }
    }
    const double worst_bytes = double(std::filesystem::file_size(worst.file())) / double(points);
    std::printf("bytes a point, full mantissas: %.3f\n", worst_bytes);
    EXPECT_LT(worst_bytes, 8.0);
}

// The same points as an hourly refresh writes them: many small rewrites must not bloat the file.
TEST(Compactness, HoldsForPointsThatTrickleIn) {
    Workspace workspace;
    std::mt19937_64 random(11);
    std::lognormal_distribution<double> noise(0, 0.2);
    std::size_t points = 0;
    {
        Store store = workspace.writer();
        for (int slot = 0; slot < 2 * 288; slot += 12) {
            std::vector<MetricSeries> page;
            for (int f = 0; f < 40; ++f) {
                const std::string id = "arn:" + std::to_string(f);
                const auto add = [&](Metric metric, Statistic statistic, const std::function<double()>& value) {
                    MetricSeries series{key(metric, statistic, id), {}, RangeSet({range(5 * slot, 5 * slot + 60)})};
                    for (int i = 0; i < 12; ++i) series.points.push_back({at(5 * (slot + i)), value()});
                    points += 12;
                    page.push_back(std::move(series));
                };
                add(Metric::invocations, Statistic::sum, [&] { return std::round(400 * noise(random)); });
                add(Metric::errors, Statistic::sum, [&] { return random() % 20 == 0 ? 1.0 : 0.0; });
                add(Metric::throttles, Statistic::sum, [] { return 0.0; });
                add(Metric::concurrency, Statistic::maximum, [&] { return std::round(12 * noise(random)); });
                for (const Statistic s : {Statistic::average, Statistic::p50, Statistic::p95, Statistic::p99}) {
                    add(Metric::duration, s, [&] { return 812 * noise(random); });
                }
            }
            ASSERT_OK(store.putSeries(page));
        }
        EXPECT_EQ(store.coverage(key(Metric::duration, Statistic::p95, "arn:0"), days(2))->ranges().size(), 1u);
    }
    const double bytes = double(std::filesystem::file_size(workspace.file())) / double(points);
    std::printf("bytes a point, trickled: %.3f over %zu points\n", bytes, points);
    EXPECT_LT(bytes, 8.0);
}

}  // namespace
}  // namespace pilotlight::store
