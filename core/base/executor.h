// Parallel work runs on the Executor that core is handed; core creates no thread of its own.
#pragma once

#include <cstddef>
#include <functional>

namespace pilotlight {

class Executor {
public:
    virtual ~Executor() = default;
    // Runs `task` at some time, maybe before returning. Tasks do not throw.
    virtual void post(std::function<void()> task) = 0;
    // How many tasks can run at once (at least 1).
    [[nodiscard]] virtual std::size_t parallelism() const = 0;
};

// Runs everything at once on the caller's thread: tests and single-core use.
class InlineExecutor final : public Executor {
public:
    void post(std::function<void()> task) override { task(); }
    [[nodiscard]] std::size_t parallelism() const override { return 1; }
};

// Calls body(i) for i in [0, count), in any order, on the executor and on the calling thread; returns when all have ended.
// Safe to nest: the caller always takes part, so it never waits for a thread that is not there.
void parallelFor(Executor& executor, std::size_t count, const std::function<void(std::size_t)>& body);

} // namespace pilotlight
