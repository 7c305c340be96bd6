#include "app/agent/trial.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sched.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmath>
#include <fstream>

#include "app/agent/load.h"
#include "app/agent/processes.h"

namespace pilotlight::agent {

using bench::Target;
using bench::TrialStatus;

void dropPageCache(const std::string& path) {
    const int fd = ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
    if (fd < 0) return;
    ::posix_fadvise(fd, 0, 0, POSIX_FADV_DONTNEED);
    ::close(fd);
}

Result<std::string> payloadOf(const Target& target) {
    if (target.input.empty()) return std::string("{}");
    std::ifstream file(target.input, std::ios::binary);
    if (!file) return fail(ErrorCode::invalid_argument, "The payload " + target.input + " cannot be read");
    return std::string(std::istreambuf_iterator<char>(file), {});
}

Status measureWarm(const TrialContext& context, const std::function<Result<double>()>& request, const std::function<std::optional<double>()>& cpu_ms,
                   bench::TrialResult& result) {
    const auto& asked = context.request;
    const auto going = [&](const char* stage, int of) {
        return [&context, stage, of, told = SteadyClock::now()](int done) mutable {
            if (msSince(told) > 250 || done == of) {
                context.progress(stage, done, of);
                told = SteadyClock::now();
            }
            return !context.cancel;
        };
    };
    const auto perRequest = [&](std::optional<double> before, std::size_t count) -> std::optional<double> {
        const auto now = cpu_ms();
        return before && now && count > 0 ? std::optional((*now - *before) / static_cast<double>(count)) : std::nullopt;
    };
    if (asked.isolated > 0) {
        const auto before = cpu_ms();
        PILOTLIGHT_ASSIGN(result.isolated_ms, sendIsolated(asked.isolated, asked.pause_ms, asked.seed, request, going("isolated", asked.isolated)));
        result.cpu_ms = perRequest(before, result.isolated_ms.size());
    }
    if (asked.saturated > 0) {
        const auto before = cpu_ms();
        PILOTLIGHT_ASSIGN(auto saturated, sendSaturated(asked.saturated, request, going("saturated", asked.saturated)));
        result.saturated_ms = std::move(saturated.ms);
        result.saturated_wall_ms = saturated.wall_ms;
        result.cpu_ms = perRequest(before, result.saturated_ms.size());
        if (result.cpu_ms && saturated.wall_ms > 0)
            result.cpu_share = *result.cpu_ms * static_cast<double>(result.saturated_ms.size()) / saturated.wall_ms;
    }
    if (asked.open_loop > 0) {
        PILOTLIGHT_ASSIGN(auto open, sendOpenLoop(asked.open_loop, asked.rate_per_s, asked.seed, request, going("open_loop", asked.open_loop)));
        result.open_loop_ms = std::move(open.response_ms);
        result.open_loop_service_ms = std::move(open.service_ms);
    }
    return {};
}

bench::TrialResult runTrial(const TrialContext& context) {
    const auto& request = context.request;
    bench::TrialResult result;
    result.id = request.id;
    const auto end = [&](const Error& error) {
        switch (error.code) {
            case ErrorCode::network: result.status = TrialStatus::timeout; break;
            case ErrorCode::cancelled: result.status = TrialStatus::cancelled; break;
            case ErrorCode::unsupported: result.status = TrialStatus::unsupported; break;
            default: result.status = TrialStatus::failed;
        }
        result.detail = error.text();
    };
    cpu_set_t cores;
    const int cpus = ::sched_getaffinity(0, sizeof cores, &cores) == 0 ? CPU_COUNT(&cores) : 1;
    if (request.size.vcpu > cpus) {
        end({ErrorCode::unsupported, fmt::format("This machine has {} CPUs: {:.2f} vCPU cannot be emulated", cpus, request.size.vcpu), {}, {}});
        return result;
    }
    auto size = request.size;
    size.init_vcpu = std::min(size.init_vcpu, static_cast<double>(cpus));
    auto limiter = makeLimiter(request.limiter, size, context.guardian);
    if (!limiter) {
        end(limiter.error());
        return result;
    }
    result.limiter = (*limiter)->name();
    result.memory_limited = (*limiter)->limitsMemory();
    const Disturbance disturbance;
    context.progress("start", 0, 1);
    const Status status = request.target.kind == Target::Kind::onnx     ? runOnnxTrial(context, **limiter, result)
                          : request.target.kind == Target::Kind::lambda ? runLambdaTrial(context, **limiter, result)
                                                                        : runCommandTrial(context, **limiter, result);
    result.peak_group_mb = (*limiter)->peakMb();
    const bool out_of_memory = (*limiter)->ranOutOfMemory();
    if (const auto own = (*limiter)->cpuMs()) result.other_cpu_share = disturbance.otherShare(*own);
    result.pressure_ms = disturbance.pressureMs();
    if (status) {
        if (result.status == TrialStatus::failed) result.status = TrialStatus::ok;
    } else {
        const auto ended = result.status;  // killed, where the trial saw that
        end(status.error());
        if (ended == TrialStatus::killed && result.status == TrialStatus::failed) result.status = TrialStatus::killed;
    }
    if (out_of_memory && result.status != TrialStatus::ok) {
        result.status = TrialStatus::out_of_memory;
        result.detail = fmt::format("Killed by the kernel: {} MB of memory is not enough", request.size.memory_mb);
    }
    limiter->reset();
    killDescendants(context.guardian.pid());
    return result;
}

}  // namespace pilotlight::agent
