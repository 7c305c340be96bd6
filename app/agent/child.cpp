#include "app/agent/child.h"

#include <fcntl.h>
#include <poll.h>
#include <sched.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <cstring>

#include "app/agent/processes.h"

extern char** environ;  // NOLINT(readability-redundant-declaration)

namespace pilotlight::agent {
namespace {

constexpr std::size_t kTail = 4096;
constexpr std::size_t kMostLine = 16U << 20;
constexpr int kPipeBytes = 1 << 20;  // so that a handler that logs much does not wait for us

struct Pipe {
    int read_end = -1, write_end = -1;
    Pipe() {
        int ends[2];
        if (::pipe2(ends, O_CLOEXEC) != 0) return;
        read_end = ends[0];
        write_end = ends[1];
    }
    ~Pipe() {
        if (read_end >= 0) ::close(read_end);
        if (write_end >= 0) ::close(write_end);
    }
    int takeRead() { return std::exchange(read_end, -1); }
    int takeWrite() { return std::exchange(write_end, -1); }
};

void append(std::string& tail, const char* bytes, std::size_t count) {
    tail.append(bytes, count);
    if (tail.size() > 2 * kTail) tail.erase(0, tail.size() - kTail);
}

}  // namespace

double msSince(SteadyClock::time_point begin) { return std::chrono::duration<double, std::milli>(SteadyClock::now() - begin).count(); }

std::string describeExit(int status) {
    if (WIFSIGNALED(status)) return "killed by signal " + std::to_string(WTERMSIG(status)) + " (" + ::strsignal(WTERMSIG(status)) + ")";
    return "exit code " + std::to_string(WEXITSTATUS(status));
}

Result<std::unique_ptr<Child>> Child::start(const ChildSpec& spec, Limiter& limiter, Guardian& guardian) {
    Pipe in, out, error, failure;
    if (in.read_end < 0 || out.read_end < 0 || error.read_end < 0 || failure.read_end < 0)
        return fail(ErrorCode::internal, std::string("No pipe could be made: ") + std::strerror(errno));
    // All that the child needs between fork and exec is made before: other threads may hold locks at the fork.
    std::vector<char*> arguments;
    for (const auto& word : spec.command) arguments.push_back(const_cast<char*>(word.c_str()));
    arguments.push_back(nullptr);
    std::vector<std::string> variables;
    for (const auto& [name, value] : spec.environment) variables.push_back(name + "=" + value);
    for (char** one = environ; *one != nullptr; ++one) {
        const std::string name(*one, std::strcspn(*one, "="));
        bool replaced = false;
        for (const auto& [given, value] : spec.environment) replaced = replaced || given == name;
        if (!replaced) variables.emplace_back(*one);
    }
    std::vector<char*> environment;
    for (auto& one : variables) environment.push_back(one.data());
    environment.push_back(nullptr);
    const auto groups = limiter.joinFiles();
    cpu_set_t cores;
    bool confine = false;
    if (spec.visible_cores > 0 && ::sched_getaffinity(0, sizeof cores, &cores) == 0 && CPU_COUNT(&cores) > spec.visible_cores) {
        confine = true;
        for (int cpu = CPU_SETSIZE - 1, extra = CPU_COUNT(&cores) - spec.visible_cores; cpu >= 0 && extra > 0; --cpu) {
            if (!CPU_ISSET(cpu, &cores)) continue;
            CPU_CLR(cpu, &cores);
            --extra;
        }
    }

    auto child = std::unique_ptr<Child>(new Child);
    child->keep_output_ = spec.keep_output;
    child->guardian_ = &guardian;
    child->started_ = SteadyClock::now();
    const pid_t parent = ::getpid();
    const pid_t pid = ::fork();
    if (pid < 0) return fail(ErrorCode::internal, std::string("fork failed: ") + std::strerror(errno));
    if (pid == 0) {
        const auto giveUp = [&](const char* what) {
            const std::string text = std::string(what) + ": " + std::strerror(errno);
            (void)!::write(failure.write_end, text.data(), text.size());
            ::_exit(127);
        };
        ::setpgid(0, 0);
        ::prctl(PR_SET_PDEATHSIG, SIGKILL);
        if (::getppid() != parent) ::_exit(127);
        sigset_t none;
        sigemptyset(&none);
        ::sigprocmask(SIG_SETMASK, &none, nullptr);
        ::signal(SIGPIPE, SIG_DFL);
        for (const auto& file : groups) {
            const int fd = ::open(file.c_str(), O_WRONLY | O_CLOEXEC);
            if (fd < 0 || ::write(fd, "0", 1) != 1) giveUp("The control group could not be joined");
            ::close(fd);
        }
        if (confine) ::sched_setaffinity(0, sizeof cores, &cores);
        ::dup2(in.read_end, 0);
        ::dup2(out.write_end, 1);
        ::dup2(error.write_end, 2);
        ::execvpe(arguments[0], arguments.data(), environment.data());
        giveUp(arguments[0]);
    }
    ::setpgid(pid, pid);
    guardian.watchGroup(pid);
    child->pid_ = pid;
    child->in_ = in.takeWrite();
    child->out_ = out.takeRead();
    child->error_ = error.takeRead();
    for (const int fd : {child->in_, child->out_, child->error_}) ::fcntl(fd, F_SETFL, O_NONBLOCK);
    for (const int fd : {child->out_, child->error_}) ::fcntl(fd, F_SETPIPE_SZ, kPipeBytes);
    child->process_ = holdProcess(pid);
    ::close(failure.takeWrite());
    char text[512];
    const ssize_t got = ::read(failure.read_end, text, sizeof text);  // ends with the exec
    if (got > 0)
        return fail(ErrorCode::not_found, "The child could not be started: " + std::string(text, static_cast<std::size_t>(got)), {}, "Check the command.");
    PILOTLIGHT_TRY(limiter.started(pid));
    return child;
}

Child::~Child() {
    for (const int fd : {in_, out_, error_, process_})
        if (fd >= 0) ::close(fd);
    if (pid_ <= 0) return;
    ::kill(-pid_, SIGKILL);  // the group's number is not given out again while the child is not reaped or others are in it
    if (!exit_) {
        ::kill(pid_, SIGKILL);
        ::waitpid(pid_, nullptr, 0);
    }
    guardian_->forgetGroup(pid_);
}

void Child::closeInput() {
    if (in_ >= 0) ::close(std::exchange(in_, -1));
}

void Child::feed(std::string text, bool closes) {
    input_ += std::move(text);
    closes_ = closes_ || closes;
    pump(std::chrono::milliseconds(0));
}

bool Child::pump(std::chrono::milliseconds wait) {
    if (in_ >= 0 && input_.empty() && closes_) closeInput();
    pollfd fds[4] = {{input_.empty() ? -1 : in_, POLLOUT, 0}, {out_, POLLIN, 0}, {error_, POLLIN, 0}, {process_, POLLIN, 0}};
    if (::poll(fds, 4, static_cast<int>(wait.count())) <= 0) return out_ >= 0 || error_ >= 0;
    if (fds[0].revents != 0) {
        const ssize_t wrote = ::write(in_, input_.data(), input_.size());
        if (wrote > 0)
            input_.erase(0, static_cast<std::size_t>(wrote));
        else if (errno != EAGAIN && errno != EINTR)
            input_.clear(), closes_ = true;  // it does not read its input; that is its right
        if (input_.empty() && closes_) closeInput();
    }
    char bytes[65536];
    for (int* fd : {&out_, &error_}) {
        if (fds[fd == &out_ ? 1 : 2].revents == 0) continue;
        // A pipe's worth at most: one that never stops writing must not keep us here.
        for (int i = 0; i < 2 * kPipeBytes / static_cast<int>(sizeof bytes); ++i) {
            const ssize_t got = ::read(*fd, bytes, sizeof bytes);
            if (got > 0) {
                if (fd == &out_ && keep_output_ && output_.size() < kMostLine)
                    output_.append(bytes, static_cast<std::size_t>(got));
                else
                    append(tail_, bytes, static_cast<std::size_t>(got));
                continue;
            }
            if (got == 0 || (errno != EAGAIN && errno != EINTR)) ::close(std::exchange(*fd, -1));
            break;
        }
    }
    return out_ >= 0 || error_ >= 0;
}

std::optional<std::string> Child::takeLine() {
    const auto end = output_.find('\n');
    if (end == std::string::npos) return std::nullopt;
    std::string line = output_.substr(0, end);
    output_.erase(0, end + 1);
    return line;
}

const std::optional<Exit>& Child::exited() {
    if (exit_ || pid_ <= 0) return exit_;
    int status = 0;
    rusage usage{};
    if (::wait4(pid_, &status, WNOHANG, &usage) == pid_) {
        const auto ms = [](const timeval& t) { return static_cast<double>(t.tv_sec) * 1e3 + static_cast<double>(t.tv_usec) / 1e3; };
        exit_ = Exit{status, ms(usage.ru_utime) + ms(usage.ru_stime), static_cast<double>(usage.ru_maxrss) / 1024, msSince(started_)};
    }
    return exit_;
}

}  // namespace pilotlight::agent
