// Handlers for the agent to run, and what is left behind by them.
#pragma once

#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <sstream>
#include <string>
#include <vector>

#include "core/bench/agent_client.h"
#include "tests/support/process.h"

namespace pilotlight::test {

// A folder of the test's own, removed with it.
class Folder {
public:
    Folder() {
        char name[] = "/tmp/pilotlight-agent-test-XXXXXX";
        path_ = ::mkdtemp(name);
    }
    ~Folder() {
        std::error_code ignored;
        std::filesystem::remove_all(path_, ignored);
    }
    Folder(const Folder&) = delete;
    Folder& operator=(const Folder&) = delete;
    // Writes an executable script.
    std::string script(const std::string& name, const std::string& text) const {
        const std::string path = path_ + "/" + name;
        std::ofstream(path) << text;
        ::chmod(path.c_str(), 0755);
        return path;
    }
    [[nodiscard]] std::string file(const std::string& name) const { return path_ + "/" + name; }

private:
    std::string path_;
};

// A custom runtime: polls the Runtime API as a bootstrap does; `handler` is the body of a Python function of `event` (bytes).
inline std::string bootstrap(const std::string& handler, const std::string& init = "") {
    std::string body;
    for (std::size_t at = 0; at < handler.size();) {
        const auto end = std::min(handler.find('\n', at), handler.size());
        body += "    " + handler.substr(at, end - at) + "\n";
        at = end + 1;
    }
    return "#!/usr/bin/env python3\nimport http.client, os, sys, time\n" + init + "\ndef handle(event):\n" + body +
           R"(
api = http.client.HTTPConnection(os.environ["AWS_LAMBDA_RUNTIME_API"])
base = "/2018-06-01/runtime/"
while True:
    api.request("GET", base + "invocation/next")
    got = api.getresponse()
    event = got.read()
    id = got.headers["Lambda-Runtime-Aws-Request-Id"]
    try:
        out, kind = handle(event), "response"
    except Exception as e:
        out, kind = str(e).encode(), "error"
    api.request("POST", base + "invocation/" + id + "/" + kind, out)
    api.getresponse().read()
)";
}

inline bench::TrialRequest trialOf(bench::Target target, double vcpu = 1, std::int32_t memory_mb = 512) {
    bench::TrialRequest t;
    t.id = "t";
    t.target = std::move(target);
    t.size = {.memory_mb = memory_mb, .vcpu = vcpu};
    t.timeout_s = 30;
    return t;
}

inline bench::AgentClient startAgent() {
    auto agent = bench::AgentClient::start({builtProgram("pilotlight-agent")});
    if (!agent) {
        ADD_FAILURE() << agent.error().text();
        std::abort();
    }
    return std::move(*agent);
}

inline bool hasLimiter(const bench::AgentClient& agent, const std::string& name) {
    for (const auto& one : agent.hello().limiters)
        if (one.name == name) return one.available;
    return false;
}

// The control groups that agents of this build have made and not removed; another build's living agent may have its own.
inline std::vector<std::string> controlGroups() {
    std::vector<std::string> out;
    std::error_code ignored;
    for (std::filesystem::recursive_directory_iterator at("/sys/fs/cgroup", ignored), end; at != end; at.increment(ignored)) {
        if (ignored) break;
        int owner = 0;
        if (!at->is_directory(ignored) || std::sscanf(at->path().filename().c_str(), "pilotlight-%d-", &owner) != 1) continue;
        const auto program = std::filesystem::read_symlink("/proc/" + std::to_string(owner) + "/exe", ignored);
        if (program.empty() || program == builtProgram("pilotlight-agent")) out.push_back(at->path());
    }
    return out;
}

// Processes whose command line holds `mark`, with their state ("S", "T" = stopped).
inline std::vector<std::pair<int, char>> processesWith(const std::string& mark) {
    std::vector<std::pair<int, char>> out;
    std::error_code ignored;
    for (const auto& entry : std::filesystem::directory_iterator("/proc", ignored)) {
        const int pid = std::atoi(entry.path().filename().c_str());
        if (pid <= 0 || pid == ::getpid()) continue;
        std::ifstream file(entry.path() / "cmdline");
        std::ostringstream line;
        line << file.rdbuf();  // reading fails, and must not throw, where the process ends meanwhile
        if (line.str().find(mark) == std::string::npos) continue;
        std::ifstream stat(entry.path() / "stat");
        std::string text;
        std::getline(stat, text);
        const auto close = text.rfind(')');
        if (close != std::string::npos && close + 2 < text.size()) out.emplace_back(pid, text[close + 2]);
    }
    return out;
}

}  // namespace pilotlight::test
