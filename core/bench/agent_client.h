// One running pilotlight-agent, as a child process of this one.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "core/base/job_context.h"
#include "core/bench/protocol.h"

namespace pilotlight::bench {

// For one thread at a time. The agent ends with this object, and by itself when this process dies.
class AgentClient {
public:
    // `command`: the agent and its arguments (or ssh, a host and the agent). Waits for its hello. Errors: not_found (no such program), protocol.
    [[nodiscard]] static Result<AgentClient> start(const std::vector<std::string>& command);
    AgentClient(AgentClient&&) noexcept;
    AgentClient& operator=(AgentClient&&) noexcept;
    ~AgentClient();

    [[nodiscard]] const Hello& hello() const;
    // Runs one trial to its result, whatever that is. On stop: cancels it, returns `cancelled`. protocol: the agent ended or spoke nonsense.
    [[nodiscard]] Result<TrialResult> run(const TrialRequest& request, const JobContext& job);
    [[nodiscard]] Result<std::vector<Device>> devices(const JobContext& job);

private:
    struct Impl;
    explicit AgentClient(std::unique_ptr<Impl> impl);
    std::unique_ptr<Impl> impl_;
};

// The agent beside the running program, else "pilotlight-agent" from PATH.
[[nodiscard]] std::string agentProgram();

}  // namespace pilotlight::bench
