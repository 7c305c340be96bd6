#include "app/common/sandbox_process.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <nlohmann/json.hpp>
#include <thread>

extern char** environ;

namespace pilotlight::common {

namespace fs = std::filesystem;

std::string programFolder() {
    std::error_code error;
    const auto self = fs::read_symlink("/proc/self/exe", error);
    return error ? std::string() : self.parent_path().string();
}

Result<SandboxReady> parseSandboxReady(const std::string& line) {
    const auto json = nlohmann::json::parse(line, nullptr, false);
    const auto unreadable = [&](const char* why) {
        return fail(ErrorCode::protocol, std::string("The sandbox's first line ") + why, "The sandbox cannot be used.",
                    "Start pilotlight-sandbox in a terminal and look at what it prints.");
    };
    if (!json.is_object()) return unreadable("is not JSON");
    if (!json.contains("endpoints") || !json["endpoints"].is_object()) return unreadable("names no endpoints");
    const auto text = [](const nlohmann::json& value) {
        return value.is_string() ? value.get<std::string>() : value.is_null() ? std::string() : value.dump();
    };
    SandboxReady ready;
    for (const auto& [name, url] : json["endpoints"].items()) {
        if (auto address = text(url); !address.empty()) ready.endpoints[name] = std::move(address);
    }
    if (json.contains("token_endpoint")) ready.token_endpoint = text(json["token_endpoint"]);
    if (json.contains("ca")) ready.certificate_authority = text(json["ca"]);
    if (json.contains("environment") && json["environment"].is_object()) {
        for (const auto& [name, value] : json["environment"].items()) ready.environment[name] = text(value);
    }
    return ready;
}

void exportEnvironment(const SandboxReady& ready) {
    for (const auto& [name, value] : ready.environment) ::setenv(name.c_str(), value.c_str(), 1);
}

struct SandboxProcess::Impl {
    pid_t pid = -1;
    int output = -1;
    std::string buffer;
    bool reaped = false;

    bool ended() {
        if (reaped || pid <= 0) return true;
        int status = 0;
        const pid_t got = ::waitpid(pid, &status, WNOHANG);
        if (got == pid || (got < 0 && errno == ECHILD)) reaped = true;
        return reaped;
    }
    ~Impl() {
        if (!ended()) {
            ::kill(pid, SIGTERM);
            for (int i = 0; i < 300 && !ended(); ++i) std::this_thread::sleep_for(std::chrono::milliseconds(10));
            if (!ended()) {
                ::kill(pid, SIGKILL);
                int status = 0;
                ::waitpid(pid, &status, 0);
            }
        }
        if (output >= 0) ::close(output);
    }
};

SandboxProcess::SandboxProcess(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
SandboxProcess::SandboxProcess(SandboxProcess&&) noexcept = default;
SandboxProcess& SandboxProcess::operator=(SandboxProcess&&) noexcept = default;
SandboxProcess::~SandboxProcess() = default;

int SandboxProcess::pid() const { return impl_->pid; }
bool SandboxProcess::running() const { return !impl_->ended(); }

Result<SandboxProcess> SandboxProcess::start(const SandboxOptions& options) {
    std::string program = options.program;
    if (program.empty()) {
        const auto beside = fs::path(programFolder()) / "pilotlight-sandbox";
        std::error_code error;
        program = fs::exists(beside, error) ? beside.string() : "pilotlight-sandbox";
    }
    char speed[32];
    std::snprintf(speed, sizeof speed, "%g", options.speed);
    std::vector<std::string> arguments{program,
                                       "--port",
                                       "0",
                                       "--days",
                                       std::to_string(options.days),
                                       "--speed",
                                       speed,
                                       "--seed",
                                       std::to_string(options.seed),
                                       "--exit-with-parent"};
    arguments.insert(arguments.end(), options.more.begin(), options.more.end());
    std::vector<char*> argv;
    for (auto& argument : arguments) argv.push_back(argument.data());
    argv.push_back(nullptr);

    int ends[2];
    if (::pipe2(ends, O_CLOEXEC) != 0) {
        return fail(ErrorCode::internal, std::string("No pipe for the sandbox: ") + std::strerror(errno));
    }
    posix_spawn_file_actions_t actions;
    ::posix_spawn_file_actions_init(&actions);
    ::posix_spawn_file_actions_adddup2(&actions, ends[1], STDOUT_FILENO);
    auto impl = std::make_unique<Impl>();
    const int failed = ::posix_spawnp(&impl->pid, program.c_str(), &actions, nullptr, argv.data(), environ);
    ::posix_spawn_file_actions_destroy(&actions);
    ::close(ends[1]);
    if (failed != 0) {
        ::close(ends[0]);
        impl->pid = -1;
        return fail(ErrorCode::not_found, "pilotlight-sandbox cannot be started: " + std::string(std::strerror(failed)),
                    "There is no sandbox to connect to.", "Install it beside this program, or put it on PATH.");
    }
    impl->output = ends[0];
    return SandboxProcess(std::move(impl));
}

Result<SandboxReady> SandboxProcess::waitReady(std::chrono::milliseconds timeout, std::stop_token stop) {
    using Clock = std::chrono::steady_clock;
    const auto deadline = Clock::now() + timeout;
    const auto ended = [] {
        return fail(ErrorCode::network, "The sandbox ended before it was ready", "There is nothing to connect to.",
                    "Start pilotlight-sandbox in a terminal and look at what it says on stderr.");
    };
    for (;;) {
        if (const auto end = impl_->buffer.find('\n'); end != std::string::npos) return parseSandboxReady(impl_->buffer.substr(0, end));
        if (stop.stop_requested()) return fail(ErrorCode::cancelled, "Cancelled while the sandbox was starting");
        if (Clock::now() >= deadline) {
            return fail(ErrorCode::network, "The sandbox was not ready in " + std::to_string(timeout.count() / 1000) + " s",
                        "There is nothing to connect to yet.", "Try again with fewer days of history.");
        }
        pollfd watched{impl_->output, POLLIN, 0};
        const int ready = ::poll(&watched, 1, 50);
        if (ready < 0 && errno != EINTR) return ended();
        if (ready <= 0) continue;
        char chunk[4096];
        const ssize_t got = ::read(impl_->output, chunk, sizeof chunk);
        if (got > 0) {
            impl_->buffer.append(chunk, static_cast<std::size_t>(got));
        } else if (got == 0) {
            return ended();
        } else if (errno != EINTR) {
            return ended();
        }
    }
}

}  // namespace pilotlight::common
