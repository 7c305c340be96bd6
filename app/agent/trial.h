// One trial: a fresh child under a limiter, from its start to a result. Whatever happens to the child is a result, never an error of ours.
#pragma once

#include <atomic>
#include <functional>

#include "app/agent/child.h"
#include "app/agent/limiter.h"
#include "app/agent/machine_look.h"
#include "core/bench/protocol.h"

namespace pilotlight::agent {

struct TrialContext {
    const bench::TrialRequest& request;
    Guardian& guardian;
    const std::atomic<bool>& cancel;
    std::function<void(const std::string& stage, int done, int of)> progress;
};

[[nodiscard]] bench::TrialResult runTrial(const TrialContext& context);

// Of one kind each: fill what they measured into `result`. The error, if any, becomes the trial's status:
// network = time-out, cancelled, unsupported, else failed.
[[nodiscard]] Status runOnnxTrial(const TrialContext& context, Limiter& limiter, bench::TrialResult& result);
[[nodiscard]] Status runLambdaTrial(const TrialContext& context, Limiter& limiter, bench::TrialResult& result);
[[nodiscard]] Status runCommandTrial(const TrialContext& context, Limiter& limiter, bench::TrialResult& result);

// Isolated, saturated and open-loop requests as asked, after the first answer. `cpu_ms`: CPU time used so far, for the time of one request.
[[nodiscard]] Status measureWarm(const TrialContext& context, const std::function<Result<double>()>& request, const std::function<std::optional<double>()>& cpu_ms,
                                 bench::TrialResult& result);

// Forgets the file's pages, as far as other processes let it.
void dropPageCache(const std::string& path);
// The payload of a command or lambda target: the file, else "{}".
[[nodiscard]] Result<std::string> payloadOf(const bench::Target& target);

}  // namespace pilotlight::agent
