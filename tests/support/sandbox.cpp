#include "tests/support/sandbox.h"

#include <nlohmann/json.hpp>

namespace pilotlight::test {

SandboxSession::SandboxSession(const std::vector<std::string>& arguments) {
    std::vector<std::string> command{builtProgram("pilotlight-sandbox"), "--port", "0", "--exit-with-parent"};
    command.insert(command.end(), arguments.begin(), arguments.end());
    process_ = std::make_unique<Background>(command);
    const auto line = nlohmann::json::parse(process_->readLine(), nullptr, false);
    if (!line.is_object()) return;
    endpoint_ = line["endpoints"].value("aws", "");
    if (line["ca"].is_string()) ca_ = line["ca"].get<std::string>();
    for (const auto& [name, value] : line["environment"].items()) {
        if (value.is_string()) environment_[name] = value.get<std::string>();
    }
    // Nothing of the machine's own may take part.
    environment_["AWS_CONFIG_FILE"] = (directory_.path() / "no-config").string();
    environment_["AWS_SHARED_CREDENTIALS_FILE"] = (directory_.path() / "no-credentials").string();
    environment_["AWS_EC2_METADATA_DISABLED"] = "true";
    environment_["AWS_DEFAULT_REGION"] = "us-east-1";
    environment_["AWS_PAGER"] = "";
    environment_["HOME"] = directory_.path().string();
    if (!ca_.empty()) environment_["AWS_CA_BUNDLE"] = ca_;
}

Finished SandboxSession::ctl(std::vector<std::string> arguments, std::chrono::seconds timeout) const {
    arguments.insert(arguments.begin(), {builtProgram("pilotlightctl"), "--workspace", workspace()});
    return runProgram(arguments, environment_, timeout);
}

Finished SandboxSession::aws(std::vector<std::string> arguments) const {
    arguments.insert(arguments.begin(), {"aws", "--endpoint-url", endpoint_, "--region", "us-east-1", "--output", "json"});
    return runProgram(arguments, environment_);
}

} // namespace pilotlight::test
