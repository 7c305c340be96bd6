#include "tests/support/process.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>

namespace pilotlight::test {
namespace {

int exitCodeOf(int status) { return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status); }

// Child with its stdout (and stderr) on the given descriptors.
int launch(const std::vector<std::string>& arguments, const std::map<std::string, std::string>& environment, int out, int err) {
    std::vector<char*> argv;
    for (const auto& argument : arguments) argv.push_back(const_cast<char*>(argument.c_str()));
    argv.push_back(nullptr);
    const int pid = fork();
    if (pid != 0) return pid;
    for (const auto& [name, value] : environment) setenv(name.c_str(), value.c_str(), 1);
    const int null = open("/dev/null", O_RDONLY | O_CLOEXEC);
    dup2(null, STDIN_FILENO);
    dup2(out, STDOUT_FILENO);
    if (err >= 0) dup2(err, STDERR_FILENO);
    sigset_t none;
    sigemptyset(&none);
    sigprocmask(SIG_SETMASK, &none, nullptr);
    execvp(argv[0], argv.data());
    _exit(127);
}

} // namespace

Finished runProgram(const std::vector<std::string>& arguments, const std::map<std::string, std::string>& environment, std::chrono::seconds timeout) {
    int out[2], err[2];
    if (pipe2(out, O_CLOEXEC) != 0 || pipe2(err, O_CLOEXEC) != 0) return {};
    const int pid = launch(arguments, environment, out[1], err[1]);
    close(out[1]);
    close(err[1]);
    Finished finished;
    const auto deadline = std::chrono::steady_clock::now() + timeout;
    pollfd fds[2] = {{out[0], POLLIN, 0}, {err[0], POLLIN, 0}};
    std::string* texts[2] = {&finished.out, &finished.err};
    int open_ends = 2;
    bool killed = false;
    while (open_ends > 0) {
        const auto left = std::chrono::duration_cast<std::chrono::milliseconds>(deadline - std::chrono::steady_clock::now()).count();
        if (left <= 0 && !killed) {
            ::kill(pid, SIGKILL);
            killed = true;
        }
        if (poll(fds, 2, killed ? 1000 : static_cast<int>(std::min<long long>(left, 1000))) == 0 && killed) break;
        for (int i = 0; i < 2; ++i) {
            if (fds[i].fd < 0 || fds[i].revents == 0) continue;
            char chunk[65536];
            const auto count = read(fds[i].fd, chunk, sizeof chunk);
            if (count > 0) {
                texts[i]->append(chunk, static_cast<std::size_t>(count));
            } else {
                fds[i].fd = -1;
                --open_ends;
            }
        }
    }
    close(out[0]);
    close(err[0]);
    int status = 0;
    rusage used{};
    wait4(pid, &status, 0, &used);
    finished.exit_code = exitCodeOf(status);
    finished.most_mb = static_cast<double>(used.ru_maxrss) / 1024;
    return finished;
}

Background::Background(const std::vector<std::string>& arguments, const std::map<std::string, std::string>& environment) {
    int out[2];
    if (pipe2(out, O_CLOEXEC) != 0) return;
    pid_ = launch(arguments, environment, out[1], -1);
    close(out[1]);
    out_ = out[0];
}

Background::~Background() {
    if (!ended_ && pid_ > 0) {
        ::kill(pid_, SIGKILL);
        wait();
    }
    if (out_ >= 0) close(out_);
}

std::string Background::readLine(std::chrono::seconds timeout) {
    const auto deadline = std::chrono::steady_clock::now() + timeout;
    for (;;) {
        if (const auto end = buffer_.find('\n'); end != std::string::npos) {
            auto line = buffer_.substr(0, end);
            buffer_.erase(0, end + 1);
            return line;
        }
        const auto left = std::chrono::duration_cast<std::chrono::milliseconds>(deadline - std::chrono::steady_clock::now()).count();
        pollfd fd{out_, POLLIN, 0};
        if (left <= 0 || poll(&fd, 1, static_cast<int>(left)) <= 0) return {};
        char chunk[4096];
        const auto count = read(out_, chunk, sizeof chunk);
        if (count <= 0) return {};
        buffer_.append(chunk, static_cast<std::size_t>(count));
    }
}

void Background::kill(int signal) {
    if (!ended_) ::kill(pid_, signal);
}

int Background::wait() {
    if (!ended_) {
        int status = 0;
        waitpid(pid_, &status, 0);
        exit_code_ = exitCodeOf(status);
        ended_ = true;
    }
    return exit_code_;
}

std::string builtProgram(const std::string& name) {
    std::error_code ignored;
    return (std::filesystem::read_symlink("/proc/self/exe", ignored).parent_path() / name).string();
}

} // namespace pilotlight::test
