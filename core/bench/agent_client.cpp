#include "core/bench/agent_client.h"

#include <fcntl.h>
#include <poll.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <chrono>
#include <csignal>
#include <cstring>
#include <filesystem>

extern char** environ;  // NOLINT(readability-redundant-declaration)

namespace pilotlight::bench {

struct AgentClient::Impl {
    pid_t pid = -1;
    int in = -1, out = -1;  // towards and from the agent
    std::string buffer;
    Hello hello;

    ~Impl() {
        if (in >= 0) ::close(in);  // the agent takes this as the end, and cleans up
        if (out >= 0) ::close(out);
        if (pid <= 0) return;
        for (int i = 0; i < 200; ++i) {
            if (::waitpid(pid, nullptr, WNOHANG) == pid) return;
            ::poll(nullptr, 0, 10);
        }
        ::kill(pid, SIGKILL);
        ::waitpid(pid, nullptr, 0);
    }

    Status send(const Request& request) const {
        const std::string text = toLine(request) + "\n";
        for (std::size_t done = 0; done < text.size();) {
            const ssize_t wrote = ::write(in, text.data() + done, text.size() - done);
            if (wrote < 0 && errno == EINTR) continue;
            if (wrote < 0) return fail(ErrorCode::protocol, "The bench agent has ended", "No measurement was made.", "Start the benchmark again.");
            done += static_cast<std::size_t>(wrote);
        }
        return {};
    }

    // The next event; nullopt after `wait` without one.
    Result<std::optional<Event>> receive(std::chrono::milliseconds wait) {
        for (;;) {
            if (const auto end = buffer.find('\n'); end != std::string::npos) {
                auto event = parseEvent(std::string_view(buffer).substr(0, end));
                buffer.erase(0, end + 1);
                if (!event) return fail(event.error());
                return std::optional(std::move(*event));
            }
            if (buffer.size() > kMostEventBytes) return fail(ErrorCode::protocol, "The bench agent wrote a line without end");
            pollfd waiting{out, POLLIN, 0};
            const int ready = ::poll(&waiting, 1, static_cast<int>(wait.count()));
            if (ready == 0) return std::optional<Event>();
            if (ready < 0) {
                if (errno == EINTR) continue;
                return fail(ErrorCode::internal, std::string("poll failed: ") + std::strerror(errno));
            }
            char bytes[16384];
            const ssize_t got = ::read(out, bytes, sizeof bytes);
            if (got < 0 && errno == EINTR) continue;
            if (got <= 0) return fail(ErrorCode::protocol, "The bench agent ended without a result", "Results so far are kept.", "Run the benchmark again.");
            buffer.append(bytes, static_cast<std::size_t>(got));
        }
    }
};

AgentClient::AgentClient(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
AgentClient::AgentClient(AgentClient&&) noexcept = default;
AgentClient& AgentClient::operator=(AgentClient&&) noexcept = default;
AgentClient::~AgentClient() = default;
const Hello& AgentClient::hello() const { return impl_->hello; }

Result<AgentClient> AgentClient::start(const std::vector<std::string>& command) {
    if (command.empty()) return fail(ErrorCode::invalid_argument, "There is no agent to start");
    auto impl = std::make_unique<Impl>();
    int to[2], from[2];
    if (::pipe2(to, O_CLOEXEC) != 0) return fail(ErrorCode::internal, std::string("No pipe could be made: ") + std::strerror(errno));
    impl->in = to[1];
    if (::pipe2(from, O_CLOEXEC) != 0) {
        ::close(to[0]);
        return fail(ErrorCode::internal, std::string("No pipe could be made: ") + std::strerror(errno));
    }
    impl->out = from[0];
    posix_spawn_file_actions_t actions;
    posix_spawn_file_actions_init(&actions);
    posix_spawn_file_actions_adddup2(&actions, to[0], 0);
    posix_spawn_file_actions_adddup2(&actions, from[1], 1);
    posix_spawnattr_t attributes;
    posix_spawnattr_init(&attributes);
    // Its own group: Ctrl-C reaches the front end, which then cancels in order. Signals blocked here must not stay blocked there.
    sigset_t none;
    sigemptyset(&none);
    posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETPGROUP | POSIX_SPAWN_SETSIGMASK);
    posix_spawnattr_setpgroup(&attributes, 0);
    posix_spawnattr_setsigmask(&attributes, &none);
    std::vector<char*> arguments;
    for (const auto& word : command) arguments.push_back(const_cast<char*>(word.c_str()));
    arguments.push_back(nullptr);
    const int started = ::posix_spawnp(&impl->pid, arguments[0], &actions, &attributes, arguments.data(), environ);
    posix_spawn_file_actions_destroy(&actions);
    posix_spawnattr_destroy(&attributes);
    ::close(to[0]);
    ::close(from[1]);
    if (started != 0) {
        impl->pid = -1;
        return fail(ErrorCode::not_found, "The bench agent " + command.front() + " could not be started: " + std::strerror(started), {},
                    "Install pilotlight-agent beside this program or in PATH.");
    }
    auto event = impl->receive(std::chrono::seconds(20));
    if (!event || !*event || !std::holds_alternative<Hello>(**event)) {
        std::string words;
        for (const auto& word : command) words += (words.empty() ? "" : " ") + word;
        return fail(ErrorCode::protocol, "The bench agent did not greet within 20 s, or ended before: " + words, "No measurement was made.",
                    "Run that command in a terminal: without a question it must print one line that begins with {\"v\":1.");
    }
    impl->hello = std::get<Hello>(std::move(**event));
    return AgentClient(std::move(impl));
}

Result<TrialResult> AgentClient::run(const TrialRequest& request, const JobContext& job) {
    PILOTLIGHT_TRY(job.check());
    PILOTLIGHT_TRY(impl_->send(request));
    bool asked = false;
    for (;;) {
        PILOTLIGHT_ASSIGN(auto event, impl_->receive(std::chrono::milliseconds(50)));
        if (job.stopRequested() && !asked) {
            asked = true;
            PILOTLIGHT_TRY(impl_->send(CancelRequest{request.id}));
        }
        if (!event) continue;
        if (auto* result = std::get_if<TrialResult>(&*event); result != nullptr && result->id == request.id) {
            if (asked) return fail(ErrorCode::cancelled, "Cancelled");
            return std::move(*result);
        }
        if (const auto* error = std::get_if<ErrorEvent>(&*event)) return fail(ErrorCode::protocol, "The bench agent refused the request: " + error->what);
    }
}

Result<std::vector<Device>> AgentClient::devices(const JobContext& job) {
    PILOTLIGHT_TRY(impl_->send(DevicesRequest{}));
    for (;;) {
        PILOTLIGHT_TRY(job.check());
        PILOTLIGHT_ASSIGN(auto event, impl_->receive(std::chrono::milliseconds(50)));
        if (!event) continue;
        if (auto* found = std::get_if<DevicesEvent>(&*event)) return std::move(found->devices);
        if (const auto* error = std::get_if<ErrorEvent>(&*event)) return fail(ErrorCode::protocol, "The bench agent refused the request: " + error->what);
    }
}

std::string agentProgram() {
    std::error_code ignored;
    const auto self = std::filesystem::read_symlink("/proc/self/exe", ignored);
    const auto beside = self.parent_path() / "pilotlight-agent";
    return !self.empty() && std::filesystem::exists(beside, ignored) ? beside.string() : "pilotlight-agent";
}

}  // namespace pilotlight::bench
