// Settings -> one call, sent after reading and comparing; and whether it has happened.
#include <fmt/format.h>

#include <nlohmann/json.hpp>

#include "core/net/url.h"
#include "core/platform/azure/apply_parts.h"
#include "core/platform/azure/azure_platform.h"
#include "core/platform/azure/site_parse.h"
#include "core/platform/json_fields.h"

namespace pilotlight::platform::azure {

using nlohmann::json;

namespace {

bool flexIn(const Function& f) { return f.untunedText(untuned_key::kKind) == "flex"; }

}  // namespace

json Wanted::toJson() const {
    json out = json::object();
    if (memory) out["memory_mb"] = *memory;
    if (concurrency) out["concurrency"] = *concurrency;
    if (limit) out["instance_limit"] = *limit;
    if (pool) {
        out["warm_pool"] = *pool;
        out["group"] = group;
    }
    return out;
}

Result<Wanted> wantedFromJson(const std::string& arguments) {
    PILOTLIGHT_ASSIGN(const json read, parseObject(arguments, "the journal"));
    Wanted wanted;
    wanted.memory = countField(read, "memory_mb");
    wanted.concurrency = countField(read, "concurrency");
    wanted.limit = countField(read, "instance_limit");
    wanted.pool = countField(read, "warm_pool");
    wanted.group = textField(read, "group");
    return wanted;
}

Result<std::vector<ApplyStep>> planSteps(const Function& before, const DesiredSettings& desired, const std::string& alias) {
    const std::string_view kind = before.untunedText(untuned_key::kKind);
    if (!alias.empty()) return fail(ErrorCode::unsupported, "Azure Functions have no aliases", {}, "Leave --alias out.");
    if (desired.warm_schedule)
        return fail(ErrorCode::unsupported, "Azure has no schedule for always-ready instances", {}, "Use --warm-pool N.");
    if (desired.vcpu) return fail(ErrorCode::unsupported, "vCPU goes with the instance's size", {}, "Use --memory on Flex Consumption.");
    if (desired.timeout) return fail(ErrorCode::unsupported, "The timeout is set in the app's host.json", {}, "Change it there.");
    if (kind != "flex" && kind != "premium" && kind != "consumption")
        return fail(ErrorCode::unsupported, "Apps on a dedicated plan are shown and left alone", {}, {});
    if (kind != "flex" && (desired.memory || desired.concurrency))
        return fail(ErrorCode::unsupported, "The size of an instance is the plan's, its concurrency that of host.json", {},
                    "Change the plan or host.json.");
    if (kind == "consumption" && desired.warm_pool.value_or(0) > 0)
        return fail(ErrorCode::unsupported, "The Consumption plan keeps no instance ready", {}, "Flex Consumption does.");
    Wanted wanted;
    if (desired.memory && *desired.memory != before.memory) {
        if (desired.memory->value != 512 && desired.memory->value != 2048 && desired.memory->value != 4096)
            return fail(ErrorCode::invalid_argument, fmt::format("{} MB is no size of Flex Consumption", desired.memory->value), {},
                        "Use 512, 2048 or 4096.");
        wanted.memory = desired.memory->value;
    }
    if (desired.concurrency && *desired.concurrency != before.concurrency) {
        if (*desired.concurrency < 1 || *desired.concurrency > 1000)
            return fail(ErrorCode::invalid_argument, "The concurrency is outside 1 to 1,000", {}, "Choose one in that range.");
        wanted.concurrency = desired.concurrency;
    }
    if (desired.warm_pool) {
        wanted.group = desired.pool_qualifier;
        if (kind == "flex" && wanted.group.empty()) wanted.group = "http";
        std::int32_t now = 0;
        for (const auto& q : before.qualifiers)
            if (q.name == wanted.group) now = q.warm_pool.value_or(0);
        const std::int32_t least = kind == "premium" ? 1 : 0, most = kind == "premium" ? 20 : 1000;
        if (*desired.warm_pool < least || *desired.warm_pool > most)
            return fail(ErrorCode::invalid_argument, fmt::format("Always-ready instances must be {} to {}", least, most), {},
                        "Choose a number in that range.");
        if (*desired.warm_pool != now) wanted.pool = desired.warm_pool;
    }
    if (desired.instance_limit && *desired.instance_limit != before.instance_limit) {
        const bool none = desired.instance_limit->kind == InstanceLimit::Kind::none;
        if (none && kind == "flex")
            return fail(ErrorCode::unsupported, "A Flex Consumption app always has a maximum", {}, "Use --instance-limit N.");
        if (!none && (desired.instance_limit->kind != InstanceLimit::Kind::limited || desired.instance_limit->value < 1))
            return fail(ErrorCode::invalid_argument, "The instance limit is not a number from 1 on", {}, "Use --instance-limit N.");
        wanted.limit = none ? 0 : desired.instance_limit->value;
    }
    const json arguments = wanted.toJson();
    if (arguments.empty()) return std::vector<ApplyStep>{};
    const bool flex = kind == "flex";
    std::string words = flex ? "PUT site functionAppConfig" : "PATCH config/web";
    if (wanted.memory) words += fmt::format(" instanceMemoryMB={}", *wanted.memory);
    if (wanted.concurrency) words += fmt::format(" perInstanceConcurrency={}", *wanted.concurrency);
    if (wanted.pool)
        words += flex ? fmt::format(" alwaysReady[{}]={}", wanted.group, *wanted.pool)
                      : fmt::format(" minimumElasticInstanceCount={}", *wanted.pool);
    if (wanted.limit) words += fmt::format(" {}={}", flex ? "maximumInstanceCount" : "functionAppScaleLimit", *wanted.limit);
    return std::vector<ApplyStep>{
        {flex ? step::kPutSite : step::kPatchConfig, words + " (no etag: read, compare, write, read back)", arguments.dump()}};
}

std::string siteBody(json site, const Wanted& wanted) {
    json& properties = site["properties"];
    json& scale = properties["functionAppConfig"]["scaleAndConcurrency"];
    if (!scale.is_object()) scale = json::object();
    if (wanted.memory) scale["instanceMemoryMB"] = *wanted.memory;
    if (wanted.limit) scale["maximumInstanceCount"] = *wanted.limit;
    if (wanted.concurrency) scale["triggers"]["http"]["perInstanceConcurrency"] = *wanted.concurrency;
    if (wanted.pool) {
        json kept = json::array();
        for (const auto& group : arrayField(scale, "alwaysReady"))
            if (textField(group, "name") != wanted.group) kept.push_back(group);
        if (*wanted.pool > 0) kept.push_back({{"name", wanted.group}, {"instanceCount", *wanted.pool}});
        scale["alwaysReady"] = std::move(kept);
    }
    properties.erase("siteConfig");  // its appSettings, sent, would replace all settings
    return site.dump();
}

std::string configBody(const Wanted& wanted) {
    json properties = json::object();
    if (wanted.pool) properties["minimumElasticInstanceCount"] = *wanted.pool;
    if (wanted.limit) properties["functionAppScaleLimit"] = *wanted.limit;
    return json{{"properties", properties}}.dump();
}

bool holds(const Function& now, const Wanted& wanted) {
    if (wanted.memory && now.memory.value != *wanted.memory) return false;
    if (wanted.concurrency && now.concurrency != *wanted.concurrency) return false;
    if (wanted.limit && now.instance_limit != (*wanted.limit == 0 ? InstanceLimit::unlimited() : InstanceLimit::of(*wanted.limit)))
        return false;
    if (wanted.pool) {
        std::int32_t there = 0;
        for (const auto& q : now.qualifiers)
            if (q.name == wanted.group) there = q.warm_pool.value_or(0);
        if (there != *wanted.pool) return false;
    }
    return true;
}

Result<std::vector<ApplyStep>> AzurePlatform::steps(const Function& before, const DesiredSettings& desired,
                                                    const std::string& alias) const {
    return planSteps(before, desired, alias);
}

Result<StepResult> AzurePlatform::send(const Function& before, const ApplyStep& step, const std::string&, const std::string& plan_id,
                                       const JobContext& job) {
    PILOTLIGHT_ASSIGN(const Wanted wanted, wantedFromJson(step.arguments));
    PILOTLIGHT_ASSIGN(const Function fresh, readFunction(before.id, job));
    const bool same = fresh.revision == before.revision && fresh.memory == before.memory && fresh.concurrency == before.concurrency &&
                      fresh.instance_limit == before.instance_limit && fresh.qualifiers == before.qualifiers;
    if (!same)
        return fail(ErrorCode::stale,
                    fmt::format("{} was changed since the plan was made ({} is now {})", before.name, before.revision, fresh.revision),
                    "Nothing was changed.", "Make a new plan.");
    AzureRequest request;
    if (flexIn(before)) {
        PILOTLIGHT_ASSIGN(json site, document(Operation::get_site, before.id, job));
        if (textField(objectField(site, "properties"), "lastModifiedTimeUtc") != before.revision)
            return fail(ErrorCode::stale, before.name + " was changed this very moment", "Nothing was changed.", "Make a new plan.");
        request = {Operation::put_site, "PUT", before.id, {}, siteBody(std::move(site), wanted)};
    } else {
        request = {Operation::patch_config, "PATCH", before.id + "/config/web", {}, configBody(wanted)};
    }
    request.plan_id = plan_id;
    PILOTLIGHT_ASSIGN(const auto response, client_.call(request, job));
    if (const std::string address(response.header("azure-asyncoperation")); response.status == 202 && !address.empty()) {
        const std::lock_guard lock(mutex_);
        operations_[before.id] = address;
    }
    return StepResult{std::string(response.header("x-ms-request-id")), "{}"};
}

Result<bool> AzurePlatform::hasHappened(const Function& before, const ApplyStep& step, const std::string&, const JobContext& job) {
    PILOTLIGHT_ASSIGN(const Wanted wanted, wantedFromJson(step.arguments));
    PILOTLIGHT_ASSIGN(const Function now, readFunction(before.id, job));
    return holds(now, wanted);
}

Result<ConvergenceReport> AzurePlatform::convergence(const std::string& function_id, const JobContext& job) {
    std::string address;
    {
        const std::lock_guard lock(mutex_);
        if (const auto at = operations_.find(function_id); at != operations_.end()) address = at->second;
    }
    if (!address.empty()) {
        // The address is the service's own word: only its path is taken, the host stays ours.
        const auto parts = net::splitUrl(address);
        auto operation = document(Operation::get_operation, parts.path, job);
        if (!operation && operation.error().code != ErrorCode::not_found) return fail(operation.error());
        const std::string status = operation ? textField(*operation, "status") : "Succeeded";
        if (status == "InProgress" || status == "Running" || status == "Accepted")
            return ConvergenceReport{Convergence::in_progress, "the operation has not ended"};
        const std::lock_guard lock(mutex_);
        operations_.erase(function_id);
        if (status == "Failed" || status == "Canceled")
            return ConvergenceReport{Convergence::failed, textField(objectField(*operation, "error"), "message")};
    }
    PILOTLIGHT_ASSIGN(const Function now, readFunction(function_id, job));
    if (now.state == "Stopped") return ConvergenceReport{Convergence::failed, "the app is stopped"};
    return ConvergenceReport{Convergence::done, {}};
}

}  // namespace pilotlight::platform::azure
