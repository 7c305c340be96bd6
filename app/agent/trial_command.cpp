// "command": every request is a run of the program, payload on its stdin, its end the answer.
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>

#include "app/agent/processes.h"
#include "app/agent/trial.h"

namespace pilotlight::agent {
namespace {

struct Runs {
    const TrialContext& context;
    Limiter& limiter;
    bench::TrialResult& result;
    std::string payload;
    double cpu_ms = 0;

    Result<double> once() {
        const double timeout_ms = context.request.timeout_s * 1000;
        PILOTLIGHT_ASSIGN(const auto child, Child::start({.command = context.request.target.command, .visible_cores = context.request.size.visible_cores}, limiter, context.guardian));
        child->feed(payload, true);
        double peak = 0;
        while (!child->exited()) {
            if (context.cancel) return fail(ErrorCode::cancelled, "Cancelled");
            if (msSince(child->startedAt()) > timeout_ms) return fail(ErrorCode::network, "The command did not end in time", {}, "Raise the time-out, or make the payload smaller.");
            child->pump(std::chrono::milliseconds(5));  // wakes at its end too
            peak = std::max(peak, processPeakMb(child->pid()).value_or(0));
        }
        const Exit& exit = *child->exited();
        cpu_ms += exit.cpu_ms;
        // ru_maxrss starts with ours; it counts where it is larger.
        static const double kOurs = processPeakMb(::getpid()).value_or(0);
        if (exit.peak_mb > kOurs + 1) peak = std::max(peak, exit.peak_mb);
        if (peak > 0) result.peak_mb = std::max(peak, result.peak_mb.value_or(0));
        if (exit.status != 0) {
            if (WIFSIGNALED(exit.status)) result.status = bench::TrialStatus::killed;
            return fail(ErrorCode::internal, "The command ended with " + describeExit(exit.status), {}, child->tail());
        }
        return exit.seen_ms;
    }
};

}  // namespace

Status runCommandTrial(const TrialContext& context, Limiter& limiter, bench::TrialResult& result) {
    PILOTLIGHT_ASSIGN(auto payload, payloadOf(context.request.target));
    if (context.request.drop_page_cache) dropPageCache(context.request.target.command.front());
    Runs runs{context, limiter, result, std::move(payload)};
    // There is no INIT apart: each request starts the program at its share.
    PILOTLIGHT_TRY(limiter.setCpu(context.request.size.vcpu));
    PILOTLIGHT_ASSIGN(const double first, runs.once());
    result.cold.first_ms = first;
    result.cold.total_ms = first;
    Lanes lanes{.requests = {[&] { return runs.once(); }}};
    return measureWarm(context.request, context.cancel, context.progress, lanes, [&] { return std::optional(runs.cpu_ms); }, result);
}

}  // namespace pilotlight::agent
