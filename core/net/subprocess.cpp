#include "core/net/subprocess.h"

#include <fcntl.h>
#include <poll.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <csignal>
#include <cstring>

extern char** environ;  // NOLINT(readability-redundant-declaration)

namespace pilotlight::net {
namespace {

constexpr std::size_t kMaxOutput = 1u << 20;
constexpr int kPollMilliseconds = 50;

struct Pipe {
    int read_end = -1, write_end = -1;
    bool open() {
        int ends[2];
        if (pipe2(ends, O_CLOEXEC) != 0) return false;
        read_end = ends[0];
        write_end = ends[1];
        return true;
    }
    static void shut(int& end) {
        if (end >= 0) close(end);
        end = -1;
    }
    ~Pipe() {
        shut(read_end);
        shut(write_end);
    }
};

// False at the end of the stream.
bool drain(int fd, std::string& into) {
    std::array<char, 4096> buffer;  // NOLINT(cppcoreguidelines-pro-type-member-init)
    const ssize_t got = read(fd, buffer.data(), buffer.size());
    if (got < 0) return errno == EINTR || errno == EAGAIN;
    if (got == 0) return false;
    if (into.size() < kMaxOutput) into.append(buffer.data(), static_cast<std::size_t>(got));
    return true;
}

}  // namespace

Result<std::vector<std::string>> splitCommand(std::string_view command) {
    std::vector<std::string> words;
    std::string word;
    bool in_word = false;
    char quote = 0;
    for (std::size_t i = 0; i < command.size(); ++i) {
        const char c = command[i];
        if (quote == '\'') {
            if (c == '\'')
                quote = 0;
            else
                word += c;
        } else if (c == '\\' && i + 1 < command.size() && (quote == 0 || command[i + 1] == '"' || command[i + 1] == '\\')) {
            word += command[++i];
            in_word = true;
        } else if (quote == '"') {
            if (c == '"')
                quote = 0;
            else
                word += c;
        } else if (c == '"' || c == '\'') {
            quote = c;
            in_word = true;
        } else if (c == ' ' || c == '\t' || c == '\n' || c == '\r') {
            if (in_word) words.push_back(std::move(word));
            word.clear();
            in_word = false;
        } else {
            word += c;
            in_word = true;
        }
    }
    if (quote != 0) return fail(ErrorCode::invalid_argument, "A quote is not closed in the command");
    if (in_word) words.push_back(std::move(word));
    if (words.empty()) return fail(ErrorCode::invalid_argument, "The command is empty");
    return words;
}

Result<ProcessOutput> runProcess(const std::vector<std::string>& words, milliseconds timeout, std::stop_token stop) {
    if (words.empty()) return fail(ErrorCode::invalid_argument, "The command is empty");
    Pipe out, error;
    if (!out.open() || !error.open()) return fail(ErrorCode::internal, std::string("No pipe could be made: ") + std::strerror(errno));

    posix_spawn_file_actions_t actions;
    posix_spawn_file_actions_init(&actions);
    posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0);
    posix_spawn_file_actions_adddup2(&actions, out.write_end, 1);
    posix_spawn_file_actions_adddup2(&actions, error.write_end, 2);
    posix_spawnattr_t attributes;
    posix_spawnattr_init(&attributes);
    posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETPGROUP);
    posix_spawnattr_setpgroup(&attributes, 0);
    std::vector<char*> arguments;
    arguments.reserve(words.size() + 1);
    for (const auto& word : words) arguments.push_back(const_cast<char*>(word.c_str()));
    arguments.push_back(nullptr);
    pid_t child = 0;
    const int started = posix_spawnp(&child, words[0].c_str(), &actions, &attributes, arguments.data(), environ);
    posix_spawn_file_actions_destroy(&actions);
    posix_spawnattr_destroy(&attributes);
    if (started != 0) {
        return fail(ErrorCode::not_found, "The program " + words[0] + " could not be started: " + std::strerror(started));
    }
    Pipe::shut(out.write_end);
    Pipe::shut(error.write_end);

    ProcessOutput output;
    const auto deadline = std::chrono::steady_clock::now() + timeout;
    bool out_open = true, error_open = true, ended = false;
    int status = 0;
    std::optional<Error> broken;
    while (!ended) {
        if (stop.stop_requested()) {
            broken = Error{ErrorCode::cancelled, "Cancelled", "", ""};
        } else if (std::chrono::steady_clock::now() >= deadline) {
            broken = Error{ErrorCode::network, words[0] + " did not end within " + std::to_string(timeout.count() / 1000) + " s", "", ""};
        }
        if (broken) break;
        std::array<pollfd, 2> fds{pollfd{out_open ? out.read_end : -1, POLLIN, 0}, pollfd{error_open ? error.read_end : -1, POLLIN, 0}};
        poll(fds.data(), fds.size(), out_open || error_open ? kPollMilliseconds : 5);
        if (fds[0].revents != 0) out_open = drain(out.read_end, output.out);
        if (fds[1].revents != 0) error_open = drain(error.read_end, output.error);
        if (!out_open && !error_open) ended = waitpid(child, &status, WNOHANG) == child;
    }
    if (broken) {
        kill(-child, SIGKILL);
        waitpid(child, &status, 0);
        return fail(*broken);
    }
    output.exit_code = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
    return output;
}

}  // namespace pilotlight::net
