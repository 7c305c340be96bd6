#include <gtest/gtest.h>

#include <atomic>
#include <condition_variable>
#include <mutex>
#include <set>
#include <thread>

#include "app/common/thread_pool.h"

using pilotlight::common::ThreadPool;

TEST(ThreadPool, RunsEverythingBeforeItEnds) {
    std::atomic<int> ran{0};
    {
        ThreadPool pool(3);
        EXPECT_EQ(pool.parallelism(), 3U);
        for (int i = 0; i < 1000; ++i) pool.post([&] { ++ran; });
    }
    EXPECT_EQ(ran.load(), 1000);
}

TEST(ThreadPool, RunsAsManyAtOnceAsItSays) {
    std::mutex mutex;
    std::condition_variable met;
    int inside = 0;
    ThreadPool pool(2);  // ends before what its tasks use
    const auto meet = [&] {
        std::unique_lock lock(mutex);
        ++inside;
        met.notify_all();
        met.wait(lock, [&] { return inside == 3; });
    };
    pool.post(meet);
    pool.post(meet);
    std::unique_lock lock(mutex);
    ASSERT_TRUE(met.wait_for(lock, std::chrono::seconds(20), [&] { return inside == 2; }));
    ++inside;
    met.notify_all();
}

TEST(ThreadPool, NestedParallelForDoesNotDeadlock) {
    ThreadPool pool(2);
    std::atomic<int> sum{0};
    pilotlight::parallelFor(pool, 8, [&](std::size_t) { pilotlight::parallelFor(pool, 8, [&](std::size_t) { ++sum; }); });
    EXPECT_EQ(sum.load(), 64);
}
