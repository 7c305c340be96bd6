// The child that runs a model. Everything it does counts against the emulated size, so it does little.
#include <time.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <cstdio>
#include <iostream>

#include "app/agent/load.h"
#include "app/agent/onnx_runtime.h"
#include "app/agent/processes.h"
#include "app/agent/trial.h"

namespace pilotlight::agent {
namespace {

long long nanoseconds(clockid_t clock) {
    timespec t{};
    ::clock_gettime(clock, &t);
    return t.tv_sec * 1'000'000'000LL + t.tv_nsec;
}

void say(const std::string& text) {
    std::fputs((text + "\n").c_str(), stdout);
    std::fflush(stdout);
}
void stage(const char* name) { say(std::string("stage ") + name + " " + std::to_string(nanoseconds(CLOCK_MONOTONIC))); }

// Where the nodes ran, and whether what came out is what the CPU computes. `session`: the measured one, after an answer; is let go, so that
// no two models are in memory at once.
Status compareWithCpu(OnnxRuntime& runtime, SessionOptions options, std::unique_ptr<OnnxRuntime::Session>& session, bench::TrialResult& result) {
    PILOTLIGHT_TRY(session->run());
    PILOTLIGHT_ASSIGN(const auto given, session->outputs());
    session.reset();
    options.count_nodes = true;
    PILOTLIGHT_ASSIGN(session, runtime.open(options));
    PILOTLIGHT_TRY(session->run());
    PILOTLIGHT_ASSIGN(const auto placement, session->placement());
    session.reset();
    result.device_nodes = placement.on_device;
    result.nodes = placement.all;
    const std::string device = std::exchange(options.device, "cpu");
    if (placement.on_device == 0) return fail(ErrorCode::unsupported, "No part of the model runs on " + device + ": all of it ran on the CPU", {}, "Measure it on the device cpu.");
    options.count_nodes = false;
    PILOTLIGHT_ASSIGN(session, runtime.open(options));
    PILOTLIGHT_TRY(session->run());
    PILOTLIGHT_ASSIGN(const auto expected, session->outputs());
    const double difference = largestDifference(given, expected);
    result.largest_difference = std::min(difference, 1e9);
    if (difference > kMostDifference) {
        result.status = bench::TrialStatus::wrong_output;
        result.detail = device + " gives another output than the CPU: its speed means nothing";
    }
    return {};
}

Status work(const bench::TrialRequest& request) {
    PILOTLIGHT_ASSIGN(const auto runtime, OnnxRuntime::load());
    stage("load");
    PILOTLIGHT_TRY(runtime->makeEnvironment());
    stage("environment");
    SessionOptions options{.model = request.target.model, .device = request.target.device, .threads = request.threads, .spin = request.spin, .batch = request.target.batch, .input = request.target.input};
    options.dimensions.insert(request.target.dimensions.begin(), request.target.dimensions.end());
    PILOTLIGHT_ASSIGN(auto session, runtime->open(options));
    stage("session");
    say("engine ONNX Runtime " + runtime->version() + "; " + session->inputText());
    std::string word;
    if (!std::getline(std::cin, word) || word != "go") return fail(ErrorCode::cancelled, "Cancelled");
    stage("go");
    bench::TrialResult result;
    result.id = request.id;
    const int tokens = request.target.tokens;
    const auto answer = [&](bool kept) -> Status {
        if (tokens == 0) return session->run();
        PILOTLIGHT_ASSIGN(const auto generation, session->generate(tokens));
        if (!kept) return {};
        result.first_token_ms.push_back(generation.first_ms);
        if (generation.tokens > 1) result.tokens_per_s.push_back((generation.tokens - 1) * 1000.0 / std::max(generation.rest_ms, 1e-6));
        return {};
    };
    PILOTLIGHT_TRY(answer(false));
    stage("first");

    const auto timed = [](const auto& run) -> Result<double> {
        const long long begin = nanoseconds(CLOCK_MONOTONIC);
        PILOTLIGHT_TRY(run());
        return static_cast<double>(nanoseconds(CLOCK_MONOTONIC) - begin) / 1e6;
    };
    Lanes lanes;
    if (request.concurrency == 1)
        lanes.requests.emplace_back([&] { return timed([&] { return answer(true); }); });
    else  // one session for all, as servers use it
        lanes.requests.assign(static_cast<std::size_t>(request.concurrency), [&] { return timed([&] { return session->runBeside(); }); });
    const auto cpu = [] { return std::optional(static_cast<double>(nanoseconds(CLOCK_PROCESS_CPUTIME_ID)) / 1e6); };
    const std::atomic<bool> never{false};
    const auto progress = [](const std::string& name, int done, int of) { say("progress " + name + " " + std::to_string(done) + " " + std::to_string(of)); };
    PILOTLIGHT_TRY(measureWarm(request, never, progress, lanes, cpu, result));
    result.peak_mb = processPeakMb(::getpid());
    result.status = bench::TrialStatus::ok;
    if (request.target.device != "cpu") PILOTLIGHT_TRY(compareWithCpu(*runtime, options, session, result));
    say("result " + bench::toLine(bench::Event(result)));
    return {};
}

}  // namespace

int runOnnxWorker() {
    stage("main");
    std::string line;
    if (!std::getline(std::cin, line)) return 2;
    const auto request = bench::parseRequest(line);
    if (!request || !std::holds_alternative<bench::TrialRequest>(*request)) return 2;
    const auto done = work(std::get<bench::TrialRequest>(*request));
    std::string what = done ? "" : done.error().text();
    for (char& c : what)
        if (c == '\n') c = ' ';
    if (!done) say(std::string("problem ") + name(done.error().code) + " " + what);
    std::fflush(stdout);
    ::_exit(done ? 0 : 1);  // the library's own tear-down is not what is measured
}

}  // namespace pilotlight::agent
