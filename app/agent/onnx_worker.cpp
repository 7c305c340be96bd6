// The child that runs a model. Everything it does counts against the emulated size, so it does little.
#include <time.h>
#include <unistd.h>

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

Status work(const bench::TrialRequest& request) {
    PILOTLIGHT_ASSIGN(const auto runtime, OnnxRuntime::load());
    stage("load");
    PILOTLIGHT_TRY(runtime->makeEnvironment());
    stage("environment");
    PILOTLIGHT_ASSIGN(const auto session, runtime->open(request.target.model, request.target.device, request.threads, request.spin));
    stage("session");
    say("engine ONNX Runtime " + runtime->version() + "; " + session->inputText());
    std::string word;
    if (!std::getline(std::cin, word) || word != "go") return fail(ErrorCode::cancelled, "Cancelled");
    stage("go");
    PILOTLIGHT_TRY(session->run());
    stage("first");

    const auto once = [&]() -> Result<double> {
        const long long begin = nanoseconds(CLOCK_MONOTONIC);
        PILOTLIGHT_TRY(session->run());
        return static_cast<double>(nanoseconds(CLOCK_MONOTONIC) - begin) / 1e6;
    };
    const auto cpu = [] { return std::optional(static_cast<double>(nanoseconds(CLOCK_PROCESS_CPUTIME_ID)) / 1e6); };
    bench::TrialResult result;
    result.id = request.id;
    const std::atomic<bool> never{false};
    Guardian* const none = nullptr;
    const TrialContext context{request, *none, never, [](const std::string& name, int done, int of) {
                                   say("progress " + name + " " + std::to_string(done) + " " + std::to_string(of));
                               }};
    PILOTLIGHT_TRY(measureWarm(context, once, cpu, result));
    result.peak_mb = processPeakMb(::getpid());
    result.status = bench::TrialStatus::ok;
    if (request.target.device != "cpu") {
        PILOTLIGHT_TRY(session->run());
        PILOTLIGHT_ASSIGN(const auto given, session->outputs());
        PILOTLIGHT_ASSIGN(const auto reference, runtime->open(request.target.model, "cpu", 1, false));
        PILOTLIGHT_TRY(reference->run());
        PILOTLIGHT_ASSIGN(const auto expected, reference->outputs());
        result.largest_difference = largestDifference(given, expected);
        if (*result.largest_difference > kMostDifference) {
            result.largest_difference = std::min(*result.largest_difference, 1e9);
            result.status = bench::TrialStatus::wrong_output;
            result.detail = request.target.device + " gives another output than the CPU: its speed means nothing";
        }
    }
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
