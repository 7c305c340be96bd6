// One trial: a fresh child under a limiter, from its start to a result. Whatever happens to the child is a result, never an error of ours.
#pragma once

#include <atomic>
#include <functional>

#include "app/agent/child.h"
#include "app/agent/limiter.h"
#include "app/agent/load.h"
#include "app/agent/machine_look.h"
#include "core/bench/protocol.h"

namespace pilotlight::agent {

using TrialProgress = std::function<void(const std::string& stage, int done, int of)>;

struct TrialContext {
    const bench::TrialRequest& request;
    Guardian& guardian;
    const std::atomic<bool>& cancel;
    TrialProgress progress;
};

[[nodiscard]] bench::TrialResult runTrial(const TrialContext& context);

// Of one kind each: fill what they measured into `result`. The error, if any, becomes the trial's status:
// network = time-out, cancelled, unsupported, else failed.
[[nodiscard]] Status runOnnxTrial(const TrialContext& context, Limiter& limiter, bench::TrialResult& result);
[[nodiscard]] Status runLambdaTrial(const TrialContext& context, Limiter& limiter, bench::TrialResult& result);
[[nodiscard]] Status runCommandTrial(const TrialContext& context, Limiter& limiter, bench::TrialResult& result);
[[nodiscard]] Status runHttpTrial(const TrialContext& context, Limiter& limiter, bench::TrialResult& result);

// Isolated requests on the first lane, then saturated and open-loop ones on all, as `asked`, after the first answer. `cpu_ms`: CPU time used so far, for the time of one request.
// On an error or a cancel, `result` keeps the samples until then.
[[nodiscard]] Status measureWarm(const bench::TrialRequest& asked, const std::atomic<bool>& cancel, const TrialProgress& progress,
                                 Lanes& lanes, const std::function<std::optional<double>()>& cpu_ms, bench::TrialResult& result);

// A child that serves requests while it runs (lambda, http): moves its output, and tells why no more answers can come: cancelled, or its end.
class Served {
public:
    Served(const TrialContext& context, Child& child, bench::TrialResult& result) : context_(context), child_(child), result_(result) {}
    // Until started() an error too once the time-out has passed since the child began; `missing`: "did not ask for work".
    [[nodiscard]] Status poll(const char* missing);
    void started() { starting_ = false; }

private:
    const TrialContext& context_;
    Child& child_;
    bench::TrialResult& result_;
    bool starting_ = true;
};

// As the limiter accounts it, else of the process alone.
[[nodiscard]] std::optional<double> usedCpuMs(const Limiter& limiter, pid_t pid);

// Forgets the file's pages, as far as other processes let it.
void dropPageCache(const std::string& path);
// The payload of a command or lambda target: the file, else "{}".
[[nodiscard]] Result<std::string> payloadOf(const bench::Target& target);

}  // namespace pilotlight::agent
