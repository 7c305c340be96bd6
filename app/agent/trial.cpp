#include "app/agent/trial.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sched.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmath>
#include <fstream>

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

Status measureWarm(const bench::TrialRequest& asked, const std::atomic<bool>& cancel, const TrialProgress& progress, Lanes& lanes,
                   const std::function<std::optional<double>()>& cpu_ms, bench::TrialResult& result) {
    const auto going = [&](const char* stage, int of) {
        return [&cancel, &progress, stage, of, most_ms = asked.most_s > 0 ? asked.most_s * 1000 : INFINITY, begin = SteadyClock::now(), told = SteadyClock::now()](int done) mutable {
            if (msSince(told) > 250 || done == of) {
                progress(stage, done, of);
                told = SteadyClock::now();
            }
            return !cancel && msSince(begin) < most_ms;
        };
    };
    // A mode that ended for want of time is as good as one that was asked for less.
    const auto enough = [&cancel](Status sent) { return !sent && sent.error().code == ErrorCode::cancelled && !cancel ? Status() : sent; };
    const auto perRequest = [&](std::optional<double> before, std::size_t count) -> std::optional<double> {
        const auto now = cpu_ms();
        return before && now && count > 0 ? std::optional((*now - *before) / static_cast<double>(count)) : std::nullopt;
    };
    if (asked.isolated > 0) {
        const auto before = cpu_ms();
        PILOTLIGHT_TRY(enough(sendIsolated(asked.isolated, asked.pause_ms, asked.seed, lanes.requests.front(), going("isolated", asked.isolated), result.isolated_ms)));
        result.cpu_ms = perRequest(before, result.isolated_ms.size());
    }
    if (asked.saturated > 0) {
        const auto before = cpu_ms();
        Saturated saturated;
        const Status sent = enough(sendSaturated(asked.saturated, lanes, going("saturated", asked.saturated), saturated));
        result.saturated_ms = std::move(saturated.ms);
        result.saturated_wall_ms = saturated.wall_ms;
        PILOTLIGHT_TRY(sent);
        result.cpu_ms = perRequest(before, result.saturated_ms.size());
        if (result.cpu_ms && saturated.wall_ms > 0)
            result.cpu_share = *result.cpu_ms * static_cast<double>(result.saturated_ms.size()) / saturated.wall_ms;
    }
    if (asked.open_loop > 0) {
        OpenLoop open;
        const Status sent = enough(sendOpenLoop(asked.open_loop, asked.rate_per_s, asked.seed, lanes, going("open_loop", asked.open_loop), open));
        result.open_loop_ms = std::move(open.response_ms);
        result.open_loop_service_ms = std::move(open.service_ms);
        PILOTLIGHT_TRY(sent);
    }
    return {};
}

std::optional<double> usedCpuMs(const Limiter& limiter, pid_t pid) {
    const auto used = limiter.cpuMs();
    return used ? used : processCpuMs(pid);
}

Status Served::poll(const char* missing) {
    child_.pump(std::chrono::milliseconds(0));
    if (context_.cancel) return fail(ErrorCode::cancelled, "Cancelled");
    if (const auto& exit = child_.exited()) {
        child_.pump(std::chrono::milliseconds(0));
        if (WIFSIGNALED(exit->status)) result_.status = TrialStatus::killed;
        return fail(ErrorCode::internal, std::string("The handler ended with ") + describeExit(exit->status) + (starting_ ? ": it " + std::string(missing) : " during a request"), {},
                    child_.tail());
    }
    if (starting_ && msSince(child_.startedAt()) > context_.request.timeout_s * 1000)
        return fail(ErrorCode::network, fmt::format("The handler {} within {:g} s", missing, context_.request.timeout_s), {}, child_.tail());
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
                          : request.target.kind == Target::Kind::http   ? runHttpTrial(context, **limiter, result)
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
    killDescendants();
    return result;
}

}  // namespace pilotlight::agent
