// The Executor that programs hand to core: a fixed number of threads and one queue.
#pragma once

#include <condition_variable>
#include <deque>
#include <functional>
#include <mutex>
#include <thread>
#include <vector>

#include "core/base/executor.h"

namespace pilotlight::common {

class ThreadPool final : public Executor {
public:
    // 0 = one thread a core (at least 1). Threads start at once.
    explicit ThreadPool(std::size_t threads = 0);
    // Runs what is queued, then joins. Nothing may post any more.
    ~ThreadPool() override;
    ThreadPool(const ThreadPool&) = delete;
    ThreadPool& operator=(const ThreadPool&) = delete;

    void post(std::function<void()> task) override;
    [[nodiscard]] std::size_t parallelism() const override { return threads_.size(); }

private:
    void work();

    std::mutex mutex_;
    std::condition_variable wake_;
    std::deque<std::function<void()>> queue_;
    bool ending_ = false;
    std::vector<std::thread> threads_;
};

}  // namespace pilotlight::common
