// Models run by the agent program, as a front end sees it; a GPU's provider and NVIDIA's library are stood for by fakes at their dlopen seams.
#include <gtest/gtest.h>

#include <atomic>
#include <chrono>
#include <filesystem>
#include <fstream>
#include <thread>

#include "core/bench/agent_client.h"
#include "core/bench/quantiles.h"
#include "tests/app/agent/onnx_trials.h"
#include "tests/support/onnx_model.h"

namespace pilotlight::agent {
namespace {

using bench::TrialStatus;
namespace fs = std::filesystem;

using OnnxTrial = OnnxTrials;

TEST_F(OnnxTrial, AModelIsMeasuredByStages) {
    auto agent = start();
    auto request = trial("blazeface.onnx", 0.5);
    request.isolated = 5;
    request.pause_ms = 5;
    request.saturated = 40;
    request.open_loop = 10;
    request.rate_per_s = 100;
    const auto result = run(agent, request);
    ASSERT_EQ(result.status, TrialStatus::ok) << result.detail;
    EXPECT_EQ(result.isolated_ms.size(), 5U);
    EXPECT_EQ(result.saturated_ms.size(), 40U);
    EXPECT_EQ(result.open_loop_ms.size(), 10U);
    ASSERT_TRUE(result.cold.exec_ms && result.cold.load_ms && result.cold.environment_ms && result.cold.session_ms && result.cold.first_ms && result.cold.total_ms);
    for (const double ms : {*result.cold.exec_ms, *result.cold.load_ms, *result.cold.environment_ms, *result.cold.session_ms, *result.cold.first_ms}) EXPECT_GT(ms, 0);
    EXPECT_NEAR(*result.cold.total_ms, *result.cold.exec_ms + *result.cold.load_ms + *result.cold.environment_ms + *result.cold.session_ms + *result.cold.first_ms, 1);
    ASSERT_TRUE(result.cpu_ms && result.peak_mb);
    EXPECT_GT(*result.cpu_ms, 0.1);
    EXPECT_GT(*result.peak_mb, 20);
    EXPECT_EQ(result.engine.rfind("ONNX Runtime 1.", 0), 0U) << result.engine;
    EXPECT_NE(result.engine.find("float32 1x128x128x3"), std::string::npos) << result.engine;
    EXPECT_FALSE(result.largest_difference);
}

TEST_F(OnnxTrial, InferencesRunBesideEachOther) {
    auto agent = start();
    auto request = trial("blazeface.onnx", 1);
    request.saturated = 60;
    request.concurrency = 3;
    request.open_loop = 20;
    request.rate_per_s = 200;
    const auto result = run(agent, request);
    ASSERT_EQ(result.status, TrialStatus::ok) << result.detail;
    EXPECT_EQ(result.saturated_ms.size(), 60U);
    EXPECT_EQ(result.open_loop_ms.size(), 20U);
    // Three at once: their times overlap, so that they add up to more than the wall time.
    double sum = 0;
    for (const double ms : result.saturated_ms) sum += ms;
    EXPECT_GT(sum, 1.5 * result.saturated_wall_ms);
}

TEST_F(OnnxTrial, NoFileAppearsUnderHome) {
    const test::TemporaryDirectory home;
    {
        auto agent = start({{"HOME", home.path()}, {"XDG_CACHE_HOME", ""}, {"TMPDIR", home.path()}});
        EXPECT_EQ(run(agent, trial("blazeface.onnx", 1)).status, TrialStatus::ok);
        ASSERT_TRUE(agent.devices({}));
    }
    std::string found;
    for (const auto& one : fs::recursive_directory_iterator(home.path())) found += one.path().string() + "\n";
    EXPECT_EQ(found, "");
}

TEST_F(OnnxTrial, BadModelsAndMissingLibrariesAreResults) {
    auto agent = start();
    std::ofstream(folder_.path() / "sparse.onnx");
    fs::resize_file(folder_.path() / "sparse.onnx", 3ULL << 30);
    std::ofstream(folder_.path() / "corrupt.onnx") << "this is no model";
    for (const char* name : {"sparse.onnx", "corrupt.onnx", "absent.onnx"}) {
        auto request = trial("blazeface.onnx", 1);
        request.target.model = folder_.path() / name;
        const auto result = run(agent, request);
        EXPECT_EQ(result.status, TrialStatus::failed) << name;
        EXPECT_NE(result.detail.find("could not be loaded"), std::string::npos) << result.detail;
    }
    EXPECT_EQ(run(agent, trial("blazeface.onnx", 1)).status, TrialStatus::ok);  // the agent is as before

    auto without = start({{"PILOTLIGHT_ONNXRUNTIME", "/absent/libonnxruntime.so"}});
    const auto result = run(without, trial("blazeface.onnx", 1));
    EXPECT_EQ(result.status, TrialStatus::unsupported);
    EXPECT_NE(result.detail.find("PILOTLIGHT_ONNXRUNTIME"), std::string::npos) << result.detail;
    const auto devices = without.devices({});
    ASSERT_TRUE(devices);
    ASSERT_EQ(devices->size(), 1U);
    EXPECT_FALSE(devices->front().available);

    auto another = start({{"PILOTLIGHT_ONNXRUNTIME", PILOTLIGHT_FAKES "/nvml/libnvidia-ml.so.1"}});
    EXPECT_EQ(run(another, trial("blazeface.onnx", 1)).status, TrialStatus::unsupported);
}

TEST_F(OnnxTrial, TooLittleMemoryIsToldFromOutside) {
    auto agent = start();
    auto request = trial("light/light_resnet50.onnx", 2);
    request.size.memory_mb = 128;
    const auto result = run(agent, request);
    if (!result.memory_limited) GTEST_SKIP() << "skipped: no limiter of memory works here";
    EXPECT_EQ(result.status, TrialStatus::out_of_memory) << result.detail;
    EXPECT_NE(result.detail.find("128 MB"), std::string::npos) << result.detail;
}

TEST_F(OnnxTrial, DevicesAreTriedOneByOne) {
    auto agent = start(fakes());
    const auto devices = agent.devices({});
    ASSERT_TRUE(devices) << devices.error().text();
    ASSERT_FALSE(devices->empty());
    EXPECT_EQ(devices->front().name, "cpu");
    EXPECT_TRUE(devices->front().available) << devices->front().detail;
    if (!hasProvider()) GTEST_SKIP() << "skipped: ONNX Runtime's headers are older than plug-in providers";
    const auto* fake = find(*devices, "pilotfake");
    ASSERT_NE(fake, nullptr);
    EXPECT_TRUE(fake->available) << fake->detail;
    EXPECT_NE(fake->detail.find("Fake GPU 0, 24576 MB, driver 550.1, and Fake GPU 1"), std::string::npos) << fake->detail;
    for (const auto& device : *devices) EXPECT_NE(device.detail, "") << device.name;

    // Without a driver; a provider that computes nonsense; one that dies; one that is no library.
    auto environment = fakes();
    environment["PILOTLIGHT_FAKE_NVML_ERROR"] = "9";
    environment["PILOTLIGHT_FAKE_WRONG"] = "1";
    auto wrong_agent = start(environment);
    const auto wrong = wrong_agent.devices({});
    ASSERT_TRUE(wrong);
    ASSERT_NE(find(*wrong, "pilotfake"), nullptr);
    EXPECT_FALSE(find(*wrong, "pilotfake")->available);
    EXPECT_NE(find(*wrong, "pilotfake")->detail.find("something else than the CPU"), std::string::npos) << find(*wrong, "pilotfake")->detail;

    environment.erase("PILOTLIGHT_FAKE_WRONG");
    environment["PILOTLIGHT_FAKE_CRASH"] = "1";
    environment["PILOTLIGHT_ONNX_PROVIDERS"] += ":/absent/provider.so";
    auto crash_agent = start(environment);
    const auto crash = crash_agent.devices({});
    ASSERT_TRUE(crash);
    ASSERT_NE(find(*crash, "pilotfake"), nullptr);
    EXPECT_FALSE(find(*crash, "pilotfake")->available);
    EXPECT_NE(find(*crash, "pilotfake")->detail.find("signal 6"), std::string::npos) << find(*crash, "pilotfake")->detail;
    EXPECT_TRUE(crash->front().available);
    ASSERT_NE(find(*crash, "plug-in provider"), nullptr);
    EXPECT_NE(find(*crash, "plug-in provider")->detail.find("/absent/provider.so"), std::string::npos);
}

TEST_F(OnnxTrial, ADevicesOutputIsComparedWithTheCpus) {
    if (!hasProvider()) GTEST_SKIP() << "skipped: ONNX Runtime's headers are older than plug-in providers";
    auto agent = start(fakes());
    auto request = trial("light/light_squeezenet.onnx", 1);
    request.target.device = "pilotfake";
    request.saturated = 60;
    const auto right = run(agent, request);
    ASSERT_EQ(right.status, TrialStatus::ok) << right.detail;
    ASSERT_TRUE(right.largest_difference && right.device_nodes && right.nodes);
    EXPECT_LT(*right.largest_difference, 1e-5);
    EXPECT_EQ(*right.device_nodes, 26);  // squeezenet's Relu nodes
    EXPECT_GT(*right.nodes, *right.device_nodes);
    ASSERT_TRUE(right.gpu_mb && right.gpu_busy);
    EXPECT_GE(*right.gpu_mb, 100);
    EXPECT_DOUBLE_EQ(*right.gpu_busy, 0.4);

    auto environment = fakes();
    environment["PILOTLIGHT_FAKE_WRONG"] = "1";
    auto wrong_agent = start(environment);
    // The light models' outputs are the same whatever is added to each Relu, so a real network stands here.
    std::ofstream(folder_.path() / "relu.onnx", std::ios::binary) << test::OnnxModel().input("x", 1, {"batch", "8"}).output("y", 1, {"batch", "8"}).node("Relu", {"x"}, {"y"}).bytes();
    request.target.model = folder_.path() / "relu.onnx";
    const auto wrong = run(wrong_agent, request);
    EXPECT_EQ(wrong.status, TrialStatus::wrong_output) << wrong.detail;
    EXPECT_NE(wrong.detail.find("pilotfake"), std::string::npos) << wrong.detail;
    ASSERT_TRUE(wrong.largest_difference);
    EXPECT_GT(*wrong.largest_difference, 0.2);

    // Nothing for it to run: not a measurement of the device.
    request.target.model = fs::path(PILOTLIGHT_MODELS) / "node/test_add/model.onnx";
    const auto none = run(agent, request);
    EXPECT_EQ(none.status, TrialStatus::unsupported) << none.detail;
    EXPECT_NE(none.detail.find("No part of the model"), std::string::npos) << none.detail;
}

TEST_F(OnnxTrial, HugePagesAreAskedOfTheWorkersAllocator) {
    auto agent = start({{"GLIBC_TUNABLES", "glibc.malloc.perturb=0"}});
    auto request = trial("blazeface.onnx", 1);
    request.isolated = 20;
    request.huge_pages = true;
    std::atomic<bool> over{false}, seen{false};
    std::thread other([&] {
        for (; !over && !seen; std::this_thread::sleep_for(std::chrono::milliseconds(10)))
            for (const char between : {':', '\0'})  // glibc may end each tunable in place
                if (!test::processesWith(std::string("glibc.malloc.perturb=0") + between + "glibc.malloc.hugetlb=1", "environ").empty()) seen = true;
    });
    const auto result = run(agent, request);
    over = true;
    other.join();
    EXPECT_EQ(result.status, TrialStatus::ok) << result.detail;
    EXPECT_TRUE(seen);
}

TEST_F(OnnxTrial, TokensAreTimed) {
    auto model = test::OnnxModel().input("input_ids", 7, {"batch", "sequence"}).output("logits", 1, {"batch", "sequence", "8"});
    model.constant("E", {100, 8}, std::vector<float>(800, 0.5F)).node("Gather", {"E", "input_ids"}, {"logits"});
    std::ofstream(folder_.path() / "lm.onnx", std::ios::binary) << model.bytes();
    auto agent = start();
    auto request = trial("blazeface.onnx", 1);
    request.target.model = folder_.path() / "lm.onnx";
    request.target.tokens = 8;
    request.target.dimensions["sequence"] = 16;
    request.saturated = 10;
    const auto result = run(agent, request);
    ASSERT_EQ(result.status, TrialStatus::ok) << result.detail;
    EXPECT_EQ(result.first_token_ms.size(), 10U);
    EXPECT_EQ(result.tokens_per_s.size(), 10U);
    EXPECT_NE(result.engine.find("1x16"), std::string::npos) << result.engine;
    for (std::size_t i = 0; i < 10; ++i) EXPECT_NEAR(result.first_token_ms[i] + 7000 / result.tokens_per_s[i], result.saturated_ms[i], 0.2 + 0.3 * result.saturated_ms[i]);
}

}  // namespace
}  // namespace pilotlight::agent
