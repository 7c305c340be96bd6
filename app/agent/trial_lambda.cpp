// "lambda": a bootstrap or runtime client runs unchanged against the Runtime API.
#include <cstdlib>
#include <filesystem>

#include "app/agent/processes.h"
#include "app/agent/runtime_api.h"
#include "app/agent/trial.h"

namespace pilotlight::agent {

Status runLambdaTrial(const TrialContext& context, Limiter& limiter, bench::TrialResult& result) {
    const auto& request = context.request;
    PILOTLIGHT_ASSIGN(const auto payload, payloadOf(request.target));
    PILOTLIGHT_ASSIGN(const auto api, RuntimeApi::listen());
    const auto timeout = std::chrono::milliseconds(static_cast<std::int64_t>(request.timeout_s * 1000));
    if (request.drop_page_cache) dropPageCache(request.target.command.front());
    ChildSpec spec{.command = request.target.command, .visible_cores = request.size.visible_cores};
    spec.environment = {{"AWS_LAMBDA_RUNTIME_API", api->address()},
                        {"AWS_LAMBDA_FUNCTION_NAME", "pilotlight-bench"},
                        {"AWS_LAMBDA_FUNCTION_VERSION", "$LATEST"},
                        {"AWS_LAMBDA_FUNCTION_MEMORY_SIZE", std::to_string(request.size.memory_mb)},
                        {"AWS_LAMBDA_INITIALIZATION_TYPE", "on-demand"},
                        {"AWS_LAMBDA_LOG_GROUP_NAME", "/aws/lambda/pilotlight-bench"},
                        {"AWS_LAMBDA_LOG_STREAM_NAME", "bench"},
                        {"TZ", ":UTC"}};
    // A user's own values win where they are set.
    std::error_code ignored;
    const std::string here = std::filesystem::current_path(ignored).string();
    for (const auto& [name, otherwise] : {std::pair<const char*, std::string>{"_HANDLER", "index.handler"}, {"LAMBDA_TASK_ROOT", here}, {"AWS_REGION", "us-east-1"}})
        if (std::getenv(name) == nullptr) spec.environment.emplace_back(name, otherwise);

    PILOTLIGHT_ASSIGN(const auto child, Child::start(spec, limiter, context.guardian));
    Served served(context, *child, result);
    const RuntimeApi::Poll poll = [&] { return served.poll("did not ask for work"); };
    PILOTLIGHT_TRY(api->waitReady(poll));
    served.started();
    result.cold.exec_ms = msSince(child->startedAt());
    PILOTLIGHT_TRY(limiter.setCpu(request.size.vcpu));
    Lanes lanes{.requests = {[&] { return api->invoke(payload, timeout, poll); }}};
    PILOTLIGHT_ASSIGN(result.cold.first_ms, lanes.requests.front()());
    result.cold.total_ms = *result.cold.exec_ms + *result.cold.first_ms;
    const auto measured = measureWarm(request, context.cancel, context.progress, lanes, [&] { return usedCpuMs(limiter, child->pid()); }, result);
    result.peak_mb = processPeakMb(child->pid());
    return measured;
}

}  // namespace pilotlight::agent
