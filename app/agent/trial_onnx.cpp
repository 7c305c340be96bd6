// "onnx": this program again, as a worker that loads ONNX Runtime. The worker times itself; it tells stages and samples in lines of words.
#include <fmt/format.h>
#include <sys/wait.h>

#include <cstdlib>
#include <map>
#include <sstream>

#include "app/agent/nvml.h"
#include "app/agent/onnx_runtime.h"
#include "app/agent/trial.h"

namespace pilotlight::agent {
namespace {

// CLOCK_MONOTONIC is one for all processes of the machine.
double msAfter(SteadyClock::time_point begin, long long nanoseconds) {
    return static_cast<double>(nanoseconds) / 1e6 - std::chrono::duration<double, std::milli>(begin.time_since_epoch()).count();
}

// What the worker measured; the rest of the result is ours.
void take(const bench::TrialResult& measured, bench::TrialResult& result) {
    const bench::TrialResult ours = std::move(result);
    result = measured;
    result.limiter = ours.limiter;
    result.memory_limited = ours.memory_limited;
    result.engine = ours.engine;
}

// Memory and use of the first GPU, looked at while the model runs. From here and not from the worker: looking costs time.
class GpuWatch {
public:
    explicit GpuWatch(bool wanted) {
        if (!wanted) return;
        if (auto nvml = Nvml::open()) nvml_ = std::move(*nvml);
        if (const auto gpu = look()) before_mb_ = most_mb_ = gpu->used_mb;
    }
    void lookAgain(bool warm) {
        if (!nvml_ || msSince(looked_) < 100) return;
        looked_ = SteadyClock::now();
        const auto gpu = look();
        if (!gpu) return;
        most_mb_ = std::max(most_mb_, gpu->used_mb);
        if (!warm) return;
        busy_ += gpu->busy;
        ++looks_;
    }
    void tell(bench::TrialResult& result) const {
        if (nvml_ && before_mb_) result.gpu_mb = most_mb_ - *before_mb_;
        if (looks_ > 0) result.gpu_busy = busy_ / looks_;
    }

private:
    [[nodiscard]] std::optional<Gpu> look() const {
        if (!nvml_) return std::nullopt;
        auto gpus = nvml_->look();
        return gpus.empty() ? std::nullopt : std::optional(std::move(gpus.front()));
    }
    std::unique_ptr<Nvml> nvml_;
    SteadyClock::time_point looked_;
    std::optional<double> before_mb_;
    double most_mb_ = 0, busy_ = 0;
    int looks_ = 0;
};

}  // namespace

Status runOnnxTrial(const TrialContext& context, Limiter& limiter, bench::TrialResult& result) {
    const auto& request = context.request;
    if (request.drop_page_cache) {
        dropPageCache(request.target.model);
        dropPageCache(onnxLibrary());
    }
    GpuWatch gpu(request.target.device != "cpu");
    std::vector<std::pair<std::string, std::string>> environment{{"ORT_DISABLE_TELEMETRY", "1"}};
    if (request.huge_pages) {
        const char* const own = std::getenv("GLIBC_TUNABLES");
        environment.emplace_back("GLIBC_TUNABLES", (own != nullptr && *own != '\0' ? std::string(own) + ":" : std::string()) + "glibc.malloc.hugetlb=1");
    }
    PILOTLIGHT_ASSIGN(const auto child, Child::start({.command = {"/proc/self/exe", "--onnx-worker"},
                                                      .environment = std::move(environment),
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
        const bool open = child->pump(std::chrono::milliseconds(100));
        if (context.cancel) return fail(ErrorCode::cancelled, "Cancelled");
        gpu.lookAgain(stage.contains("first"));
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
                take(*measured, result);
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
    gpu.tell(result);
    result.cold.exec_ms = stage.contains("main") ? std::optional(stage["main"]) : std::nullopt;
    result.cold.load_ms = between("main", "load");
    result.cold.environment_ms = between("load", "environment");
    result.cold.session_ms = between("environment", "session");
    result.cold.first_ms = between("go", "first");
    if (stage.contains("session") && result.cold.first_ms) result.cold.total_ms = stage["session"] + *result.cold.first_ms;
    return {};
}

}  // namespace pilotlight::agent
