// Invocations through the file: exact, idempotent, compact.
#include <cmath>

#include "tests/core/store/store_support.h"

namespace pilotlight::store {
namespace {

std::vector<Invocation> traffic(std::size_t count, TimeRange over, std::uint64_t seed) {
    std::mt19937_64 random(seed);
    std::lognormal_distribution<double> duration(6, 0.4);
    std::vector<Invocation> rows(count);
    for (Invocation& row : rows) {
        row.time = over.begin + milliseconds(static_cast<std::int64_t>(random() % static_cast<std::uint64_t>(over.length().count())));
        row.duration_ms = static_cast<float>(std::round(duration(random) * 100) / 100);
        row.init_ms = random() % 100 == 0 ? static_cast<float>(std::round(duration(random) * 500) / 100) : -1.0f;
        row.billed_ms = static_cast<float>(std::ceil(double(row.duration_ms) + (row.cold() ? row.init_ms : 0.0)));
        row.max_memory_used_mb = static_cast<float>(300 + random() % 20);
        row.memory_mb = 1024;
        row.instance = 1000 + random() % 12;
        row.request = random();
        row.failed = random() % 200 == 0;
        row.provisioned = random() % 3 == 0;
    }
    std::sort(rows.begin(), rows.end(),
              [](const Invocation& a, const Invocation& b) { return std::pair(a.time, a.request) < std::pair(b.time, b.request); });
    return rows;
}

bool same(const Invocation& a, const Invocation& b) {
    return a.time == b.time && a.duration_ms == b.duration_ms && a.billed_ms == b.billed_ms && a.init_ms == b.init_ms &&
           a.max_memory_used_mb == b.max_memory_used_mb && a.memory_mb == b.memory_mb && a.instance == b.instance &&
           a.request == b.request && a.failed == b.failed && a.timed_out == b.timed_out && a.provisioned == b.provisioned;
}

TEST(Invocations, ComeBackExactly) {
    Workspace workspace;
    Store store = workspace.writer();
    InvocationLog log;
    log.invocations = traffic(20'000, days(2), 1);
    log.complete.add(range(0, 1000));
    log.cold_only.add(range(500, 2880));
    ASSERT_OK(store.putInvocations("arn:f", log));
    const auto read = store.invocations("arn:f", days(2)).value();
    ASSERT_EQ(read.invocations.size(), log.invocations.size());
    for (std::size_t i = 0; i < read.invocations.size(); ++i) ASSERT_TRUE(same(read.invocations[i], log.invocations[i])) << i;
    EXPECT_EQ(read.complete, log.complete);
    EXPECT_TRUE(read.cold_only.covers(range(0, 2880))) << "complete includes the cold starts";
    const auto part = store.invocations("arn:f", range(61, 119)).value();
    ASSERT_FALSE(part.invocations.empty());
    EXPECT_GE(part.invocations.front().time, at(61));
    EXPECT_LT(part.invocations.back().time, at(119));
    const auto coverage = store.invocationCoverage("arn:f", range(61, 119)).value();
    EXPECT_TRUE(coverage.invocations.empty());
    EXPECT_TRUE(coverage.complete.covers(range(61, 119)));
    EXPECT_TRUE(store.invocations("arn:g", days(2))->invocations.empty());
    EXPECT_EQ(store.invocations("arn:f", {Timestamp::min(), Timestamp::max()})->invocations.size(), 20'000u);
}

TEST(Invocations, ReadingTheSameLinesAgainAddsNothing) {
    Workspace workspace;
    Store store = workspace.writer();
    InvocationLog log;
    log.invocations = traffic(5'000, days(1), 2);
    ASSERT_OK(store.putInvocations("arn:f", log));
    InvocationLog half;
    half.invocations.assign(log.invocations.begin() + 1000, log.invocations.begin() + 4000);
    std::reverse(half.invocations.begin(), half.invocations.end());
    half.invocations.front().failed = true;  // the later reading is believed
    const auto changed = half.invocations.front().request;
    ASSERT_OK(store.putInvocations("arn:f", half));
    const auto read = store.invocations("arn:f", days(1)).value();
    ASSERT_EQ(read.invocations.size(), 5'000u);
    for (const auto& row : read.invocations) {
        if (row.request == changed) {
            EXPECT_TRUE(row.failed);
        }
    }
}

TEST(Invocations, WithoutARequestIdOnlyTheSameLineIsTheSame) {
    Workspace workspace;
    Store store = workspace.writer();
    Invocation row;
    row.time = at(1);
    row.duration_ms = 5;
    row.instance = 1;
    Invocation other = row;
    other.instance = 2;
    Invocation third = row;
    third.duration_ms = 6;
    InvocationLog log;
    log.invocations = {row, other, third, row};
    ASSERT_OK(store.putInvocations("arn:f", log));
    ASSERT_OK(store.putInvocations("arn:f", log));
    EXPECT_EQ(store.invocations("arn:f", days(1))->invocations.size(), 3u);
}

TEST(Invocations, AreCompact) {
    Workspace workspace;
    const std::size_t count = 200'000;
    {
        Store store = workspace.writer();
        InvocationLog log;
        log.invocations = traffic(count, days(14), 3);
        ASSERT_OK(store.putInvocations("arn:f", log));
    }
    const double bytes = double(std::filesystem::file_size(workspace.file())) / double(count);
    std::printf("bytes an invocation: %.2f (8 of them the hash of the request)\n", bytes);
    EXPECT_LT(bytes, 20);
}

}  // namespace
}  // namespace pilotlight::store
