#include <gtest/gtest.h>

#include <atomic>
#include <thread>

#include "core/base/clock.h"
#include "core/base/executor.h"
#include "core/base/job_context.h"
#include "core/base/log.h"

namespace pilotlight {
namespace {

TEST(Error, SaysAllThreeSentences) {
    EXPECT_EQ((Error{ErrorCode::network, "No answer", "Nothing was changed", "Try again"}).text(), "No answer. Nothing was changed. Try again");
    EXPECT_EQ((Error{ErrorCode::network, "No answer.", "", "Try again"}).text(), "No answer. Try again");
}

TEST(Log, CutsOutSecrets) {
    addSecret("Zq81hunter2secretvalue");
    EXPECT_EQ(redacted("key Zq81hunter2secretvalue here"), "key [redacted] here");
    EXPECT_EQ(redacted(R"({"SecretAccessKey":"abcdefghijklmnop","n":1})"), R"({"SecretAccessKey":"[redacted]","n":1})");
    EXPECT_EQ(redacted("Authorization: Bearer eyJhbGciOi.J9.x"), "Authorization: Bearer [redacted]");
    EXPECT_EQ(redacted("GET /x?X-Amz-Signature=0123456789abcdef&a=1"), "GET /x?X-Amz-Signature=[redacted]&a=1");
    EXPECT_EQ(redacted("-----BEGIN PRIVATE KEY-----\nMIIE\n-----END PRIVATE KEY-----\nrest"), "[redacted]\nrest");
    EXPECT_EQ(redacted("the signature is wrong"), "the signature is wrong") << "prose stays";
}

class Threads final : public Executor {
public:
    void post(std::function<void()> task) override { threads_.emplace_back(std::move(task)); }
    [[nodiscard]] std::size_t parallelism() const override { return 4; }
    ~Threads() override { for (auto& thread : threads_) thread.join(); }
    std::vector<std::thread> threads_;
};

TEST(ParallelFor, RunsEveryIndexOnce) {
    Threads executor;
    std::vector<std::atomic<int>> counts(1000);
    parallelFor(executor, counts.size(), [&](std::size_t i) { ++counts[i]; });
    for (const auto& count : counts) ASSERT_EQ(count, 1);
}

// Takes tasks and never runs them.
class Busy final : public Executor {
public:
    void post(std::function<void()> task) override { waiting.push_back(std::move(task)); }
    [[nodiscard]] std::size_t parallelism() const override { return 8; }
    std::vector<std::function<void()>> waiting;
};

TEST(ParallelFor, DoesNotNeedAFreeThread) {
    Busy executor;
    int sum = 0;
    parallelFor(executor, 10, [&](std::size_t i) { sum += static_cast<int>(i); });
    EXPECT_EQ(sum, 45);
    for (auto& task : executor.waiting) task(); // late helpers find nothing to do
    EXPECT_EQ(sum, 45);
}

TEST(Clock, ScaledTimeRunsFaster) {
    const ScaledClock clock(Timestamp(hours(1000)), 600);
    const auto start = clock.now();
    EXPECT_TRUE(clock.sleepFor(seconds(12), {})); // 20 ms of real time
    EXPECT_GE(clock.now() - start, seconds(12));
}

TEST(Clock, SleepEndsWhenStopped) {
    std::stop_source source;
    source.request_stop();
    EXPECT_FALSE(RealClock().sleepFor(hours(1), source.get_token()));
    EXPECT_FALSE(JobContext(source.get_token()).check());
}

} // namespace
} // namespace pilotlight
