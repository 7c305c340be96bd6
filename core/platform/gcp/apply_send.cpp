// Sending a step: read, compare, try (validateOnly), write; and whether it has happened.
#include <fmt/format.h>

#include <nlohmann/json.hpp>

#include "core/platform/gcp/apply_steps.h"
#include "core/platform/gcp/function_parse.h"
#include "core/platform/gcp/gcp_platform.h"
#include "core/platform/gcp/inventory.h"
#include "core/platform/json_fields.h"

namespace pilotlight::platform::gcp {

using nlohmann::json;

namespace {

tl::unexpected<Error> changedMeanwhile(const Function& before, const std::string& found) {
    return fail(ErrorCode::stale, fmt::format("{} was changed since the plan was made ({} is now {})", before.name, before.revision, found),
                "Nothing was changed.", "Make a new plan.");
}

GcpRequest patchRequest(Operation operation, const std::string& path, const Patch& patch, const std::string& plan_id) {
    GcpRequest request{operation, "PATCH", path, {{"updateMask", patch.mask}}, patch.body};
    request.plan_id = plan_id;
    if (operation == Operation::preview_service) request.query.emplace_back("validateOnly", "true");
    return request;
}

}  // namespace

Result<std::vector<ApplyStep>> GcpPlatform::steps(const Function& before, const DesiredSettings& desired, const std::string& alias) const {
    return planSteps(before, desired, alias);
}

Result<StepResult> GcpPlatform::send(const Function& before, const ApplyStep& step, const std::string&, const std::string& plan_id,
                                     const JobContext& job) {
    PILOTLIGHT_ASSIGN(const Wanted wanted, wantedFromJson(step.arguments));
    const ReadContext context{client_, profile_, clock()->now(), job};
    const std::string_view kind = before.untunedText(kKind);
    const std::string function_name(before.untunedText(kFunctionName));
    std::string revision;
    json service, function;
    if (kind != "gen1") {
        PILOTLIGHT_ASSIGN(service, readDocument(context, Operation::get_service, "/v2/" + before.id));
        revision = textField(service, "etag");
    }
    if (!function_name.empty()) {
        PILOTLIGHT_ASSIGN(function, readDocument(context, Operation::get_function, "/v2/" + function_name));
        revision += (revision.empty() ? "" : " ") + textField(function, "updateTime");
    }
    if (revision != before.revision) return changedMeanwhile(before, revision);

    Patch patch;
    Operation operation = Operation::patch_service;
    std::string path = "/v2/" + before.id;
    if (kind != "gen1") {
        Wanted tried = wanted;
        if (kind == "gen2") tried.minimum_at = "revision";
        PILOTLIGHT_ASSIGN(patch, servicePatch(service, tried));
        // What the service would refuse is learnt here, before anything is written.
        PILOTLIGHT_TRY(client_.call(patchRequest(Operation::preview_service, path, patch, plan_id), job));
    }
    if (kind == "gen2") {
        patch = functionPatch(function, wanted);
        operation = Operation::patch_function;
        path = "/v2/" + function_name;
    } else if (kind == "gen1") {
        patch = functionPatchV1(before.id, wanted);
        operation = Operation::patch_function_v1;
        path = "/v1/" + before.id;
    }
    PILOTLIGHT_ASSIGN(const auto response, client_.call(patchRequest(operation, path, patch, plan_id), job));
    PILOTLIGHT_ASSIGN(const json reply, parseObject(response.body, info(operation).name));
    const std::string name = textField(reply, "name");
    if (!name.empty()) {
        const std::lock_guard lock(mutex_);
        operations_[before.id] = (kind == "gen1" ? "/v1/" : "/v2/") + name;
    }
    return StepResult{name, json{{"operation", name}}.dump()};
}

Result<bool> GcpPlatform::hasHappened(const Function& before, const ApplyStep& step, const std::string&, const JobContext& job) {
    PILOTLIGHT_ASSIGN(const Wanted wanted, wantedFromJson(step.arguments));
    PILOTLIGHT_ASSIGN(const Function now, readFunction(before.id, job));
    return holds(now, wanted);
}

Result<ConvergenceReport> GcpPlatform::convergence(const std::string& function_id, const JobContext& job) {
    std::string path;
    {
        const std::lock_guard lock(mutex_);
        if (const auto at = operations_.find(function_id); at != operations_.end()) path = at->second;
    }
    if (!path.empty()) {
        const bool run = path.starts_with("/v2/") && knownFunctionName(function_id).empty();
        const ReadContext context{client_, profile_, clock()->now(), job};
        auto operation = readDocument(context, run ? Operation::get_run_operation : Operation::get_function_operation, path);
        // Operations are kept for a while only; the resource itself tells as well.
        if (!operation && operation.error().code != ErrorCode::not_found) return fail(operation.error());
        if (operation) {
            const auto done = operation->find("done");
            if (done == operation->end() || !done->is_boolean() || !done->get<bool>())
                return ConvergenceReport{Convergence::in_progress, "the operation has not ended"};
            if (operation->contains("error")) {
                const std::lock_guard lock(mutex_);
                operations_.erase(function_id);
                return ConvergenceReport{Convergence::failed, textField(objectField(*operation, "error"), "message")};
            }
        }
        const std::lock_guard lock(mutex_);
        operations_.erase(function_id);
    }
    PILOTLIGHT_ASSIGN(const Function now, readFunction(function_id, job));
    if (now.last_update_status == "Failed")
        return ConvergenceReport{Convergence::failed, "the new revision is not ready; the one before it still serves"};
    if (now.last_update_status == "InProgress") return ConvergenceReport{Convergence::in_progress, "the new revision is being started"};
    return ConvergenceReport{Convergence::done, {}};
}

}  // namespace pilotlight::platform::gcp
