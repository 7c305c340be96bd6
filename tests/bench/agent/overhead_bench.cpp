// What the agent adds to a measured inference.
#include <time.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <string>
#include <vector>

#include "app/agent/onnx_runtime.h"
#include "app/agent/processes.h"
#include "core/bench/agent_client.h"
#include "core/bench/quantiles.h"
#include "tests/support/process.h"

namespace {

using namespace pilotlight;

double milliseconds(clockid_t clock) {
    timespec t{};
    ::clock_gettime(clock, &t);
    return static_cast<double>(t.tv_sec) * 1e3 + static_cast<double>(t.tv_nsec) / 1e6;
}

[[noreturn]] void giveUp(const Error& error) {
    std::fprintf(stderr, "%s\n", error.text().c_str());
    std::exit(1);
}
template <typename T>
T need(Result<T> result) {
    if (!result) giveUp(result.error());
    return std::move(*result);
}
void need(const Status& done) {
    if (!done) giveUp(done.error());
}

// This program again: CPU and wall time of one inference in a loop without anything else.
int bare(const char* model, int count) {
    const auto runtime = need(agent::OnnxRuntime::load());
    need(runtime->makeEnvironment());
    const auto session = need(runtime->open({.model = model}));
    need(session->run());
    const double cpu = milliseconds(CLOCK_PROCESS_CPUTIME_ID), wall = milliseconds(CLOCK_MONOTONIC);
    for (int i = 0; i < count; ++i) need(session->run());
    std::printf("%.9g %.9g\n", (milliseconds(CLOCK_PROCESS_CPUTIME_ID) - cpu) / count, (milliseconds(CLOCK_MONOTONIC) - wall) / count);
    std::fflush(stdout);
    ::_exit(0);
}

double cpuOf(const std::vector<pid_t>& processes) {
    double sum = 0;
    for (const pid_t one : processes) sum += agent::processCpuMs(one).value_or(0);
    return sum;
}

}  // namespace

int main(int argc, char** argv) {
    if (argc == 4 && std::strcmp(argv[1], "--bare") == 0) return bare(argv[2], std::atoi(argv[3]));
    const int rounds = argc > 1 ? std::max(1, std::atoi(argv[1])) : 7;
    auto client = need(bench::AgentClient::start({test::builtProgram("pilotlight-agent")}));
    const auto processes = agent::descendants(::getpid());  // the agent and its guardian
    std::printf("%-26s %14s %14s %12s %14s %14s %18s\n", "", "bare CPU us", "trial CPU us", "added us", "bare wall us", "trial wall us", "agent, % of a CPU");
    for (const auto& [name, count] : {std::pair("blazeface.onnx", 1500), std::pair("light/light_squeezenet.onnx", 400)}) {
        const std::string model = std::filesystem::path(PILOTLIGHT_MODELS) / name;
        std::vector<double> bare_cpu, bare_wall, trial_cpu, trial_wall, own;
        for (int round = 0; round < rounds; ++round) {
            const auto loop = test::runProgram({"/proc/self/exe", "--bare", model, std::to_string(count)});
            double cpu = 0, wall = 0;
            if (std::sscanf(loop.out.c_str(), "%lf %lf", &cpu, &wall) != 2) return std::fprintf(stderr, "%s\n", loop.err.c_str()), 1;
            bare_cpu.push_back(cpu * 1e3);
            bare_wall.push_back(wall * 1e3);
            bench::TrialRequest request;
            request.id = "overhead";
            request.target.kind = bench::Target::Kind::onnx;
            request.target.model = model;
            request.size.memory_mb = 2048;
            request.size.vcpu = 1;
            request.limiter = "none";
            request.saturated = count;
            const double before = cpuOf(processes), begin = milliseconds(CLOCK_MONOTONIC);
            const auto result = need(client.run(request, {}));
            if (result.status != bench::TrialStatus::ok || !result.cpu_ms) return std::fprintf(stderr, "%s\n", result.detail.c_str()), 1;
            own.push_back((cpuOf(processes) - before) / (milliseconds(CLOCK_MONOTONIC) - begin) * 100);
            trial_cpu.push_back(*result.cpu_ms * 1e3);
            trial_wall.push_back(bench::mean(result.saturated_ms) * 1e3);
        }
        // The shortest: whatever else runs can only add.
        const auto least = [](const std::vector<double>& values) { return *std::min_element(values.begin(), values.end()); };
        std::printf("%-26s %14.1f %14.1f %12.1f %14.1f %14.1f %18.2f\n", name, least(bare_cpu), least(trial_cpu), least(trial_cpu) - least(bare_cpu), least(bare_wall), least(trial_wall),
                    bench::median(own));
    }
    return 0;
}
