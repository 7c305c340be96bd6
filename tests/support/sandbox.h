// A running pilotlight-sandbox and a workspace connected to it, for flows.
#pragma once

#include <map>
#include <memory>
#include <string>
#include <vector>

#include "tests/support/data.h"
#include "tests/support/process.h"

namespace pilotlight::test {

class SandboxSession {
public:
    // Further arguments for pilotlight-sandbox: {"--days", "2", "--speed", "60"}. `ready` is false where it did not start.
    explicit SandboxSession(const std::vector<std::string>& arguments);
    [[nodiscard]] bool ready() const { return !endpoint_.empty(); }
    [[nodiscard]] const std::string& endpoint() const { return endpoint_; }
    [[nodiscard]] const std::string& certificateAuthority() const { return ca_; }
    [[nodiscard]] const std::map<std::string, std::string>& environment() const { return environment_; }
    [[nodiscard]] std::string workspace() const { return (directory_.path() / "workspace").string(); }
    [[nodiscard]] const std::filesystem::path& directory() const { return directory_.path(); }
    [[nodiscard]] Background& process() { return *process_; }

    // pilotlightctl --workspace ... on this sandbox.
    [[nodiscard]] Finished ctl(std::vector<std::string> arguments, std::chrono::seconds timeout = std::chrono::seconds(180)) const;
    // aws --endpoint-url ... --region us-east-1 --output json
    [[nodiscard]] Finished aws(std::vector<std::string> arguments) const;

private:
    TemporaryDirectory directory_;
    std::unique_ptr<Background> process_;
    std::string endpoint_, ca_;
    std::map<std::string, std::string> environment_;
};

} // namespace pilotlight::test
