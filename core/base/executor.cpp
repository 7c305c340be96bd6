#include "core/base/executor.h"

#include <algorithm>
#include <atomic>
#include <condition_variable>
#include <memory>
#include <mutex>

namespace pilotlight {
namespace {

// Shared by the caller and the helpers, which may start after the caller has left.
struct Loop {
    std::function<void(std::size_t)> body;
    std::size_t count = 0;
    std::atomic<std::size_t> next{0};
    std::mutex mutex;
    std::condition_variable finished;
    std::size_t done = 0;

    void work() {
        std::size_t mine = 0;
        for (auto i = next.fetch_add(1); i < count; i = next.fetch_add(1)) {
            body(i);
            ++mine;
        }
        if (mine == 0) return;
        const std::lock_guard lock(mutex);
        done += mine;
        if (done == count) finished.notify_all();
    }
};

} // namespace

void parallelFor(Executor& executor, std::size_t count, const std::function<void(std::size_t)>& body) {
    if (count == 0) return;
    const auto helpers = std::min(executor.parallelism(), count) - 1;
    if (helpers == 0) {
        for (std::size_t i = 0; i < count; ++i) body(i);
        return;
    }
    auto loop = std::make_shared<Loop>();
    loop->body = body;
    loop->count = count;
    for (std::size_t i = 0; i < helpers; ++i) executor.post([loop] { loop->work(); });
    loop->work();
    std::unique_lock lock(loop->mutex);
    loop->finished.wait(lock, [&] { return loop->done == count; });
}

} // namespace pilotlight
