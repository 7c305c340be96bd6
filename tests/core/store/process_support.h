// Child processes for tests of locks and crashes.
#pragma once

#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <functional>
#include <stdexcept>

namespace pilotlight::store {

// Runs `body` in a child made by fork; its return value is the exit code. Nothing of gtest runs in the child.
inline pid_t inChild(const std::function<int()>& body) {
    std::fflush(nullptr);
    const pid_t child = fork();
    if (child != 0) return child;
    int code = 99;
    try {
        code = body();
    } catch (...) {
    }
    _exit(code);
}

// Exit code, or -signal.
inline int waitFor(pid_t child) {
    int status = 0;
    while (waitpid(child, &status, 0) < 0 && errno == EINTR) {
    }
    return WIFEXITED(status) ? WEXITSTATUS(status) : -WTERMSIG(status);
}

// A one-way signal between the two processes.
class Gate {
public:
    Gate() {
        if (pipe(ends_) != 0) throw std::runtime_error("pipe");
    }
    ~Gate() {
        close(ends_[0]);
        close(ends_[1]);
    }
    Gate(const Gate&) = delete;
    Gate& operator=(const Gate&) = delete;
    void open() {
        if (write(ends_[1], "x", 1) != 1) throw std::runtime_error("gate");
    }
    void pass() {
        char c;
        if (read(ends_[0], &c, 1) != 1) throw std::runtime_error("gate");
    }

private:
    int ends_[2];
};

}  // namespace pilotlight::store
