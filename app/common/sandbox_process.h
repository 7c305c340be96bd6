// Starts pilotlight-sandbox and waits for its ready line (contracts.md, Sandbox).
#pragma once

#include <chrono>
#include <map>
#include <memory>
#include <stop_token>
#include <string>
#include <vector>

#include "core/base/result.h"

namespace pilotlight::common {

struct SandboxOptions {
    std::string program;  // empty = pilotlight-sandbox beside this program, else on PATH
    int days = 14;        // of history
    double speed = 60;    // sandbox seconds a second
    std::uint64_t seed = 1;
    std::vector<std::string> more;  // further arguments, e.g. {"--faults", "f.json"}
};

// What the ready line says.
struct SandboxReady {
    std::map<std::string, std::string> endpoints;    // "aws" -> "http://127.0.0.1:41231"
    std::string token_endpoint;                      // empty = none
    std::string certificate_authority;               // path; empty = no TLS
    std::map<std::string, std::string> environment;  // credentials: for this process only, never written anywhere
};

// One line of JSON from the sandbox. protocol when it is something else.
[[nodiscard]] Result<SandboxReady> parseSandboxReady(const std::string& line);

class SandboxProcess {
public:
    // Quick: the process has started, history is being made. not_found when there is no such program. The sandbox gets
    // --exit-with-parent, so it ends with this process whatever happens; call this from a thread that lives as long as the program.
    [[nodiscard]] static Result<SandboxProcess> start(const SandboxOptions& options);
    SandboxProcess(SandboxProcess&&) noexcept;
    SandboxProcess& operator=(SandboxProcess&&) noexcept;
    // SIGTERM, then SIGKILL after 3 s.
    ~SandboxProcess();

    // Blocks until the ready line. network: it ended or said nothing in time; cancelled.
    [[nodiscard]] Result<SandboxReady> waitReady(std::chrono::milliseconds timeout, std::stop_token stop);
    [[nodiscard]] int pid() const;
    [[nodiscard]] bool running() const;

private:
    struct Impl;
    explicit SandboxProcess(std::unique_ptr<Impl> impl);
    std::unique_ptr<Impl> impl_;
};

// Puts the credentials into this process's environment. Before other threads read it.
void exportEnvironment(const SandboxReady& ready);

// Folder of the running program; empty where the system does not say.
[[nodiscard]] std::string programFolder();

}  // namespace pilotlight::common
