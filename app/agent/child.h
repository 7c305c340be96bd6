// One child process in a process group of its own, with its output kept to a bounded tail.
#pragma once

#include <sys/types.h>

#include <chrono>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "app/agent/guardian.h"
#include "app/agent/limiter.h"

namespace pilotlight::agent {

using SteadyClock = std::chrono::steady_clock;  // CLOCK_MONOTONIC, the same for parent and child
[[nodiscard]] double msSince(SteadyClock::time_point begin);

struct ChildSpec {
    std::vector<std::string> command;
    std::vector<std::pair<std::string, std::string>> environment;  // added to ours
    int visible_cores = 0;  // 0 = all
    bool keep_output = false; // stdout is for the caller to read (Child::takeLine), else it is drained into the tail
};

struct Exit {
    int status = 0;         // as waitpid tells
    double cpu_ms = 0;      // of the child and the children that it waited for
    double peak_mb = 0;     // ru_maxrss; not below this program's own at the fork
    double seen_ms = 0;     // from the start until the end was noticed
};

class Child {
public:
    // Forks, joins the limiter's groups, and runs the program. Call from the main thread only: the child is killed when that thread ends.
    // not_found: the program cannot be run.
    [[nodiscard]] static Result<std::unique_ptr<Child>> start(const ChildSpec& spec, Limiter& limiter, Guardian& guardian);
    ~Child();  // kills the group and waits
    Child(const Child&) = delete;
    Child& operator=(const Child&) = delete;

    [[nodiscard]] pid_t pid() const { return pid_; }
    [[nodiscard]] SteadyClock::time_point startedAt() const { return started_; }
    // Writes as much as the child takes without blocking it or us; call pump() for the rest. closes: end of input after it.
    void feed(std::string text, bool closes);
    // Moves the bytes there are; waits up to `wait` for some, or for its end. False once all output has ended.
    bool pump(std::chrono::milliseconds wait);
    // A whole line of kept output, without the newline.
    [[nodiscard]] std::optional<std::string> takeLine();
    // Not blocking; the exit is remembered.
    [[nodiscard]] const std::optional<Exit>& exited();
    // Last 4 KiB of what it wrote to stderr (and stdout, where that is not kept).
    [[nodiscard]] const std::string& tail() const { return tail_; }

private:
    Child() = default;
    void closeInput();
    pid_t pid_ = -1;
    int in_ = -1, out_ = -1, error_ = -1;
    int process_ = -1;  // pidfd
    bool keep_output_ = false, closes_ = false;
    SteadyClock::time_point started_;
    std::string input_, output_, tail_;
    std::optional<Exit> exit_;
    Guardian* guardian_ = nullptr;
};

// "exit code 3", "killed by signal 9 (Killed)"
[[nodiscard]] std::string describeExit(int status);

}  // namespace pilotlight::agent
