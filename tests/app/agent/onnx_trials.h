// Trials of models through the agent program of this build.
#pragma once

#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <map>

#include "core/bench/agent_client.h"
#include "tests/support/data.h"
#include "tests/support/left_behind.h"
#include "tests/support/process.h"

namespace pilotlight::agent {

class OnnxTrials : public testing::Test {
protected:
    void SetUp() override {
        if (!std::filesystem::exists(PILOTLIGHT_MODELS)) GTEST_SKIP() << "skipped: packaging/onnxruntime has not been run";
    }
    static bench::AgentClient start(const std::map<std::string, std::string>& environment = {}) {
        std::vector<std::string> command{"/usr/bin/env"};
        for (const auto& [name, value] : environment) command.push_back(name + "=" + value);
        command.push_back(test::builtProgram("pilotlight-agent"));
        auto agent = bench::AgentClient::start(command);
        if (!agent) throw std::runtime_error(agent.error().text());
        return std::move(*agent);
    }
    static bench::TrialRequest trial(const std::string& model, double vcpu) {
        bench::TrialRequest request;
        request.id = "t";
        request.target.kind = bench::Target::Kind::onnx;
        request.target.model = std::filesystem::path(PILOTLIGHT_MODELS) / model;
        request.size.memory_mb = 2048;
        request.size.vcpu = vcpu;
        request.saturated = 5;
        return request;
    }
    static bench::TrialResult run(bench::AgentClient& agent, const bench::TrialRequest& request) {
        auto result = agent.run(request, {});
        if (!result) throw std::runtime_error(result.error().text());
        return std::move(*result);
    }
    static std::map<std::string, std::string> fakes() {
        return {{"LD_LIBRARY_PATH", PILOTLIGHT_FAKES "/nvml"}, {"PILOTLIGHT_ONNX_PROVIDERS", PILOTLIGHT_FAKES "/libpilotfake.so"}, {"PILOTLIGHT_FAKE_GPUS", "2"}};
    }
    static bool hasProvider() { return std::filesystem::exists(PILOTLIGHT_FAKES "/libpilotfake.so"); }
    static const bench::Device* find(const std::vector<bench::Device>& devices, const std::string& name) {
        const auto found = std::find_if(devices.begin(), devices.end(), [&](const auto& one) { return one.name == name; });
        return found == devices.end() ? nullptr : &*found;
    }
    test::TemporaryDirectory folder_;
};

}  // namespace pilotlight::agent
