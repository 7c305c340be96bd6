// "onnx": this program again, as a worker that loads ONNX Runtime. The worker times itself; it tells stages and samples in lines of words.
#include <fmt/format.h>
#include <sys/wait.h>

#include <cstdlib>
#include <map>
#include <sstream>

#include "app/agent/onnx_runtime.h"
#include "app/agent/trial.h"

namespace pilotlight::agent {
namespace {

// CLOCK_MONOTONIC is one for all processes of the machine.
double msAfter(SteadyClock::time_point begin, long long nanoseconds) {
    return static_cast<double>(nanoseconds) / 1e6 - std::chrono::duration<double, std::milli>(begin.time_since_epoch()).count();
}

}  // namespace

Status runOnnxTrial(const TrialContext& context, Limiter& limiter, bench::TrialResult& result) {
    const auto& request = context.request;
    if (!request.target.input.empty()) return fail(ErrorCode::unsupported, "Input files for models are not supported yet", {}, "Leave the input out: it is made from the model's own shapes.");
    if (request.drop_page_cache) {
        dropPageCache(request.target.model);
        dropPageCache(onnxLibrary());
    }
    PILOTLIGHT_ASSIGN(const auto child, Child::start({.command = {"/proc/self/exe", "--onnx-worker"},
                                                      .environment = {{"ORT_DISABLE_TELEMETRY", "1"}},
                                                      .visible_cores = request.size.visible_cores,
                                                      .keep_output = true},
                                                     limiter, context.guardian));
    child->feed(bench::toLine(bench::Request(request)) + "\n", false);
    std::map<std::string, double> stage;  // end of each, ms from the start
    const auto between = [&](const char* from, const char* to) -> std::optional<double> {
        const auto a = stage.find(from), b = stage.find(to);
        return a == stage.end() || b == stage.end() ? std::nullopt : std::optional(b->second - a->second);
    };
    double heard = msSince(child->startedAt());
    for (bool done = false; !done;) {
        const bool open = child->pump(std::chrono::milliseconds(20));
        if (context.cancel) return fail(ErrorCode::cancelled, "Cancelled");
        while (const auto line = child->takeLine()) {
            heard = msSince(child->startedAt());
            std::istringstream words(*line);
            std::string word, name;
            words >> word;
            if (word == "stage") {
                long long at = 0;
                words >> name >> at;
                stage[name] = msAfter(child->startedAt(), at);
                if (name == "session") {
                    PILOTLIGHT_TRY(limiter.setCpu(request.size.vcpu));
                    child->feed("go\n", false);
                }
            } else if (word == "progress") {
                int count = 0, of = 0;
                words >> name >> count >> of;
                context.progress(name, count, of);
            } else if (word == "engine") {
                result.engine = line->substr(7);
            } else if (word == "problem") {
                words >> name;
                result.detail = line->size() > 9 + name.size() ? line->substr(9 + name.size()) : "";
                return fail(name == "unsupported" ? ErrorCode::unsupported : ErrorCode::internal, result.detail);
            } else if (word == "result") {
                PILOTLIGHT_ASSIGN(const auto event, bench::parseEvent(std::string_view(*line).substr(7)));
                const auto* measured = std::get_if<bench::TrialResult>(&event);
                if (measured == nullptr) return fail(ErrorCode::internal, "The worker spoke nonsense");
                result.isolated_ms = measured->isolated_ms;
                result.saturated_ms = measured->saturated_ms;
                result.open_loop_ms = measured->open_loop_ms;
                result.open_loop_service_ms = measured->open_loop_service_ms;
                result.saturated_wall_ms = measured->saturated_wall_ms;
                result.cpu_ms = measured->cpu_ms;
                result.cpu_share = measured->cpu_share;
                result.peak_mb = measured->peak_mb;
                result.largest_difference = measured->largest_difference;
                if (measured->status == bench::TrialStatus::wrong_output) {
                    result.status = measured->status;
                    result.detail = measured->detail;
                }
                done = true;
            }
        }
        if (done) break;
        if (!open) {
            while (!child->exited()) child->pump(std::chrono::milliseconds(1));
            const auto& exit = *child->exited();
            if (WIFSIGNALED(exit.status)) result.status = bench::TrialStatus::killed;
            return fail(ErrorCode::internal, "The model's process ended with " + describeExit(exit.status), {}, child->tail());
        }
        if (msSince(child->startedAt()) - heard > request.timeout_s * 1000)
            return fail(ErrorCode::network, fmt::format("The model did not answer within {:.0f} s", request.timeout_s), {}, "Raise the time-out, or measure a larger size.");
    }
    result.cold.exec_ms = stage.contains("main") ? std::optional(stage["main"]) : std::nullopt;
    result.cold.load_ms = between("main", "load");
    result.cold.environment_ms = between("load", "environment");
    result.cold.session_ms = between("environment", "session");
    result.cold.first_ms = between("go", "first");
    if (stage.contains("session") && result.cold.first_ms) result.cold.total_ms = stage["session"] + *result.cold.first_ms;
    return {};
}

}  // namespace pilotlight::agent
