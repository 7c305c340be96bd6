// ONNX Runtime's WebGPU provider on a Vulkan driver that needs no GPU (packaging/software-vulkan): real models, a real provider, a wrong output.
// Its speed says nothing about a GPU.
#include <cstdint>
#include <fstream>

#include "tests/app/agent/onnx_trials.h"

namespace pilotlight::agent {
namespace {

using bench::TrialStatus;

class WebGpu : public OnnxTrials {
protected:
    void SetUp() override {
        OnnxTrials::SetUp();
        if (IsSkipped()) return;
        if (!std::filesystem::exists(PILOTLIGHT_VULKAN)) GTEST_SKIP() << "skipped: packaging/software-vulkan has fetched no driver";
        agent_.emplace(start({{"VK_ICD_FILENAMES", PILOTLIGHT_VULKAN}, {"XDG_RUNTIME_DIR", folder_.path()}, {"XDG_CACHE_HOME", folder_.path() / "cache"}}));
        const auto devices = agent_->devices({});
        ASSERT_TRUE(devices);
        const auto* device = find(*devices, "webgpu");
        if (device == nullptr) GTEST_SKIP() << "skipped: this ONNX Runtime has no WebGPU provider";
        if (!device->available) GTEST_SKIP() << "skipped: WebGPU does not work on this driver: " << device->detail;
    }
    static bench::TrialRequest onWebGpu(const std::string& model) {
        auto request = trial(model, 2);
        request.target.device = "webgpu";
        request.limiter = "none";
        request.size.vcpu = 1;
        request.timeout_s = 240;  // shaders are compiled at the first run
        return request;
    }
    std::optional<bench::AgentClient> agent_;
};

TEST_F(WebGpu, ARealModelRunsOnTheDeviceAndGivesTheCpusOutput) {
    const auto result = run(*agent_, onWebGpu("blazeface.onnx"));
    ASSERT_EQ(result.status, TrialStatus::ok) << result.detail;
    ASSERT_TRUE(result.device_nodes && result.nodes && result.largest_difference);
    EXPECT_GT(*result.device_nodes, 0.9 * *result.nodes);
    EXPECT_LT(*result.largest_difference, 1e-3);
    EXPECT_EQ(result.saturated_ms.size(), 5U);
    std::printf("blazeface: %g of %g nodes, largest difference %.2g, first run %.0f ms, then %.0f ms\n", *result.device_nodes, *result.nodes, *result.largest_difference, *result.cold.first_ms, result.saturated_ms.back());
}

// The provider of 1.30.0 computes this voice detector wrongly. Where a later one does it right, that is said.
TEST_F(WebGpu, AWrongOutputIsNeverAMeasurement) {
    const std::int64_t rate = 16000;
    const std::string header = "{'descr': '<i8', 'fortran_order': False, 'shape': (), }\n";
    std::filesystem::create_directory(folder_.path() / "input");
    std::ofstream(folder_.path() / "input/sr.npy", std::ios::binary) << std::string("\x93NUMPY\x01\x00", 8) << static_cast<char>(header.size()) << '\0' << header << std::string(reinterpret_cast<const char*>(&rate), 8);
    auto request = onWebGpu("silero_vad.onnx");
    request.target.dimensions = {{"input:1", 576}};
    request.target.input = folder_.path() / "input";
    const auto result = run(*agent_, request);
    ASSERT_TRUE(result.largest_difference) << result.detail;
    std::printf("voice detector: largest difference %.3g, %s\n", *result.largest_difference, bench::name(result.status));
    EXPECT_EQ(result.status, *result.largest_difference > 1e-2 ? TrialStatus::wrong_output : TrialStatus::ok);
    if (result.engine.find("1.30.0") != std::string::npos) {
        EXPECT_EQ(result.status, TrialStatus::wrong_output);
    }
}

}  // namespace
}  // namespace pilotlight::agent
