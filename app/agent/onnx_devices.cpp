#include "app/agent/onnx_devices.h"

#include <fmt/format.h>
#include <sys/mman.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>

#include "app/agent/child.h"
#include "app/agent/nvml.h"
#include "app/agent/onnx_runtime.h"

namespace pilotlight::agent {
namespace {

constexpr double kMostMs = 60'000;  // a first start compiles kernels

// y = Relu(x) on four float32, as a serialised ModelProto (onnx.proto: ir_version 8, opset 13).
constexpr std::string_view kModel(
    "\x08\x08\x3a\x33"
    "\x0a\x0c\x0a\x01x\x12\x01y\x22\x04Relu\x12\x01g"
    "\x5a\x0f\x0a\x01x\x12\x0a\x0a\x08\x08\x01\x12\x04\x0a\x02\x08\x04"
    "\x62\x0f\x0a\x01y\x12\x0a\x0a\x08\x08\x01\x12\x04\x0a\x02\x08\x04"
    "\x42\x02\x10\x0d",
    59);

void say(const char* word, std::string text) {
    std::replace(text.begin(), text.end(), '\n', ' ');
    std::fputs((std::string(word) + " " + text + "\n").c_str(), stdout);
    std::fflush(stdout);
}

// Lines of a child, or what became of it.
Result<std::vector<std::string>> ask(const std::vector<std::string>& arguments, Guardian& guardian) {
    PILOTLIGHT_ASSIGN(const auto limiter, makeNoLimiter());
    std::vector<std::string> command{"/proc/self/exe"};
    command.insert(command.end(), arguments.begin(), arguments.end());
    PILOTLIGHT_ASSIGN(const auto child, Child::start({.command = command, .environment = {{"ORT_DISABLE_TELEMETRY", "1"}}, .keep_output = true}, *limiter, guardian));
    child->feed("", true);
    while (child->pump(std::chrono::milliseconds(100)))
        if (msSince(child->startedAt()) > kMostMs) return fail(ErrorCode::network, fmt::format("It did not answer within {:.0f} s", kMostMs / 1000));
    while (!child->exited()) child->pump(std::chrono::milliseconds(1));
    std::vector<std::string> lines;
    while (auto line = child->takeLine()) lines.push_back(std::move(*line));
    if (child->exited()->status != 0 && lines.empty()) return fail(ErrorCode::internal, "Its process ended with " + describeExit(child->exited()->status));
    return lines;
}

Result<std::string> tryDevice(const std::string& device) {
    PILOTLIGHT_ASSIGN(const auto runtime, OnnxRuntime::load());
    PILOTLIGHT_TRY(runtime->makeEnvironment());
    const int file = ::memfd_create("pilotlight-model", MFD_CLOEXEC);
    if (file < 0 || ::write(file, kModel.data(), kModel.size()) != static_cast<ssize_t>(kModel.size())) return fail(ErrorCode::internal, "The model for the trial could not be written");
    std::vector<double> outputs[2];
    for (int i = 0; i < 2; ++i) {
        PILOTLIGHT_ASSIGN(const auto session, runtime->open({.model = fmt::format("/proc/self/fd/{}", file), .device = i == 0 ? device : "cpu"}));
        PILOTLIGHT_TRY(session->run());
        PILOTLIGHT_ASSIGN(outputs[i], session->outputs());
    }
    ::close(file);
    if (largestDifference(outputs[0], outputs[1]) > kMostDifference) return fail(ErrorCode::internal, "It computes something else than the CPU: its results cannot be used");
    return "ONNX Runtime " + runtime->version();
}

}  // namespace

int runDeviceList() {
    if (const auto nvml = Nvml::open()) {
        for (const auto& gpu : (*nvml)->look()) say("gpu", fmt::format("{}, {:.0f} MB, driver {}", gpu.name, gpu.total_mb, (*nvml)->driver()));
    }
    const auto runtime = OnnxRuntime::load();
    const Status started = runtime ? (*runtime)->makeEnvironment() : Status(tl::unexpected(runtime.error()));
    if (!started) {
        say("why", started.error().text());
        return 1;
    }
    for (const auto& problem : (*runtime)->pluginProblems()) say("plugin-problem", problem);
    for (const auto& device : (*runtime)->devices()) say("device", device);
    std::fflush(stdout);
    ::_exit(0);  // a provider's tear-down is not asked for
}

int runDeviceProbe(const std::string& device) {
    const auto works = tryDevice(device);
    works ? say("works", *works) : say("why", works.error().text());
    std::fflush(stdout);
    ::_exit(works ? 0 : 1);
}

std::vector<bench::Device> probeDevices(Guardian& guardian) {
    std::vector<bench::Device> devices;
    std::string gpu;
    const auto listed = ask({"--onnx-devices"}, guardian);
    if (!listed) return {{"cpu", false, listed.error().text()}};
    for (const auto& line : *listed) {
        const auto space = std::min(line.find(' '), line.size());
        const std::string word = line.substr(0, space), rest = line.substr(std::min(space + 1, line.size()));
        if (word == "gpu") gpu += (gpu.empty() ? "; " : ", and ") + rest;
        if (word == "why") devices.push_back({"cpu", false, rest});
        if (word == "plugin-problem") devices.push_back({"plug-in provider", false, rest});
        if (word == "device") devices.push_back({rest, false, {}});
    }
    for (auto& device : devices) {
        if (!device.detail.empty()) continue;
        const auto answer = ask({"--onnx-device", device.name}, guardian);
        if (!answer || answer->empty()) {
            device.detail = answer ? "It said nothing" : answer.error().text();
            continue;
        }
        const std::string& line = answer->back();
        device.available = line.rfind("works ", 0) == 0;
        device.detail = line.substr(std::min(line.find(' ') + 1, line.size()));
        if (device.available && device.name != "cpu") device.detail += gpu;
    }
    std::stable_partition(devices.begin(), devices.end(), [](const auto& device) { return device.name == "cpu"; });
    return devices;
}

}  // namespace pilotlight::agent
