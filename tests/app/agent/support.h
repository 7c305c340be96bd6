// Handlers for the agent to run, and what is left behind by them.
#pragma once

#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <string>
#include <vector>

#include "core/bench/agent_client.h"
#include "tests/support/left_behind.h"
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

}  // namespace pilotlight::test
