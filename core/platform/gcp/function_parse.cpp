#include "core/platform/gcp/function_parse.h"

#include <fmt/format.h>

#include <nlohmann/json.hpp>

#include "core/platform/gcp/resource_name.h"
#include "core/platform/json_fields.h"

namespace pilotlight::platform::gcp {

using nlohmann::json;

namespace {

constexpr std::int32_t kDefaultRevisionMaximum = 100;  // documented default of template.scaling.maxInstanceCount
constexpr std::int32_t kDefaultTimeout = 300;

bool flag(const json& object, const char* key, bool otherwise) {
    const auto at = object.is_object() ? object.find(key) : object.end();
    return at != object.end() && at->is_boolean() ? at->get<bool>() : otherwise;
}

void readLabels(Function& function, const json& labels) {
    for (const auto& [key, value] : labels.items())
        if (value.is_string()) function.tags[key] = value.get<std::string>();
}

// Labels and clients by which infrastructure code is known.
std::optional<std::string> ownerOf(const std::map<std::string, std::string>& tags, const std::string& client) {
    if (const auto at = tags.find("goog-terraform-provisioned"); at != tags.end() && at->second == "true") return "terraform";
    if (client == "terraform") return "terraform";
    if (tags.contains("goog-config-connector") || tags.contains("cnrm-test") || client == "cnrm") return "config-connector";
    if (tags.contains("pulumi-stack") || tags.contains("pulumi_stack")) return "pulumi";
    if (tags.contains("goog-dm")) return "deployment-manager";
    return std::nullopt;
}

void putPool(Function& function, std::int32_t minimum) {
    Qualifier whole;
    whole.kind = "service";
    whole.warm_pool = minimum;
    function.qualifiers = {whole};
}

}  // namespace

std::string serviceBehind(const json& function) { return textField(objectField(function, "serviceConfig"), "service"); }

Result<Function> parseService(const json& service, const std::string& profile, Timestamp now) {
    Function function;
    function.id = textField(service, "name");
    const auto name = parseResourceName(function.id);
    if (!name || name->kind != "services") return fail(ErrorCode::protocol, "A service without a name was listed", "It is left out.", {});
    function.name = name->name;
    function.profile = profile;
    function.platform = PlatformKind::gcp;
    function.region = name->location;
    function.account = name->project;
    function.settings_as_of = now;
    function.last_modified = parseIso8601(textField(service, "updateTime")).value_or(Timestamp{});
    function.revision = textField(service, "etag");
    readLabels(function, objectField(service, "labels"));
    function.owner = ownerOf(function.tags, textField(service, "client"));

    const json& revision = objectField(service, "template");
    const json& containers = arrayField(revision, "containers");
    double vcpu = 0;
    std::int32_t memory = 0;
    bool idle_cpu = true, boost = false;
    std::string image, accelerator;
    for (const auto& container : containers) {
        const json& resources = objectField(container, "resources");
        const json& limits = objectField(resources, "limits");
        const std::string cpu_text = textField(limits, "cpu"), memory_text = textField(limits, "memory");
        vcpu += cpu_text.empty() ? 1 : parseCpu(cpu_text).value_or(0);
        memory += memory_text.empty() ? 512 : parseMemory(memory_text).value_or(0);
        idle_cpu = idle_cpu && flag(resources, "cpuIdle", false);
        boost = boost || flag(resources, "startupCpuBoost", false);
        if (const std::string gpu = textField(limits, "nvidia.com/gpu"); !gpu.empty())
            accelerator = gpu + " x " + textField(objectField(revision, "nodeSelector"), "accelerator");
        image += (image.empty() ? "" : " ") + textField(container, "image");
    }
    function.memory = Megabytes{memory};
    function.vcpu = vcpu;
    function.code_sha256 = image;
    function.concurrency = countField(revision, "maxInstanceRequestConcurrency").value_or(0);
    if (function.concurrency == 0) function.concurrency = vcpu >= 1 ? 80 : 1;
    function.timeout = seconds{parseSeconds(textField(revision, "timeout")).value_or(kDefaultTimeout)};

    const json& scaling = objectField(service, "scaling");
    const json& revision_scaling = objectField(revision, "scaling");
    const std::int32_t at_service = countField(scaling, "minInstanceCount").value_or(0),
                       at_revision = countField(revision_scaling, "minInstanceCount").value_or(0);
    putPool(function, std::max(at_service, at_revision));
    std::int32_t most = countField(revision_scaling, "maxInstanceCount").value_or(0);
    if (most == 0) most = kDefaultRevisionMaximum;
    if (const auto whole = countField(scaling, "maxInstanceCount").value_or(0); whole > 0) most = std::min(most, whole);
    function.instance_limit = InstanceLimit::of(most);

    auto& untuned = function.untuned;
    const auto managed = function.tags.find("goog-managed-by");
    untuned[kKind] = managed != function.tags.end() && managed->second == "cloudfunctions" ? "gen2" : "service";
    untuned[kBilling] = idle_cpu ? "request" : "instance";
    untuned[kMinimumAt] = at_revision > 0 ? "revision" : "service";
    untuned[untuned_key::kStartupBoost] = boost ? "on" : "off";
    if (containers.size() > 1) untuned[kContainers] = std::to_string(containers.size());
    if (!accelerator.empty()) {
        untuned[kAccelerator] = accelerator;
        const auto off = revision.find("gpuZonalRedundancyDisabled");
        untuned[untuned_key::kGpuRedundancy] = off != revision.end() && off->is_boolean() && off->get<bool>() ? "off" : "on";
    }
    if (textField(scaling, "scalingMode") == "MANUAL") untuned["scaling"] = "manual";
    if (const auto account = textField(revision, "serviceAccount"); !account.empty()) untuned["service_account"] = account;
    if (const auto generation = textField(revision, "executionEnvironment"); !generation.empty()) untuned["environment"] = generation;
    std::string split;
    for (const auto& target : arrayField(service, "traffic"))
        if (!textField(target, "revision").empty())
            split +=
                fmt::format("{}{}={}", split.empty() ? "" : " ", textField(target, "revision"), countField(target, "percent").value_or(0));
    if (!split.empty()) untuned["traffic"] = split;

    const json& condition = objectField(service, "terminalCondition");
    const std::string state = textField(condition, "state");
    function.state = state == "CONDITION_FAILED" ? "Failed" : "Active";
    const bool settled =
        textField(service, "observedGeneration") == textField(service, "generation") && !flag(service, "reconciling", false);
    function.last_update_status = state == "CONDITION_FAILED" ? "Failed" : settled ? "Successful" : "InProgress";
    return function;
}

void joinFunction(Function& row, const json& function) {
    row.untuned[kKind] = "gen2";
    row.untuned[kFunctionName] = textField(function, "name");
    if (const auto name = parseResourceName(textField(function, "name"))) row.name = name->name;
    row.runtime = textField(objectField(function, "buildConfig"), "runtime");
    row.revision += " " + textField(function, "updateTime");
    const std::string state = textField(function, "state");
    if (state == "DEPLOYING") row.last_update_status = "InProgress";
    if (state == "FAILED") row.last_update_status = "Failed";
}

Result<Function> parseFirstGeneration(const json& listed, const std::string& profile, Timestamp now) {
    Function function;
    function.id = textField(listed, "name");
    const auto name = parseResourceName(function.id);
    if (!name || name->kind != "functions") return fail(ErrorCode::protocol, "A function without a name was listed", "It is left out.", {});
    function.name = name->name;
    function.profile = profile;
    function.platform = PlatformKind::gcp;
    function.region = name->location;
    function.account = name->project;
    function.runtime = textField(objectField(listed, "buildConfig"), "runtime");
    function.settings_as_of = now;
    function.last_modified = parseIso8601(textField(listed, "updateTime")).value_or(Timestamp{});
    function.revision = textField(listed, "updateTime");  // there is no etag
    readLabels(function, objectField(listed, "labels"));
    function.owner = ownerOf(function.tags, {});
    const json& config = objectField(listed, "serviceConfig");
    const std::string memory = textField(config, "availableMemory");
    function.memory = Megabytes{memory.empty() ? 256 : parseMemory(memory, true).value_or(0)};
    function.vcpu = defaultFunctionCpu(function.memory.value, true);
    function.concurrency = 1;
    function.timeout = seconds{countField(config, "timeoutSeconds").value_or(60)};
    putPool(function, countField(config, "minInstanceCount").value_or(0));
    const std::int32_t most = countField(config, "maxInstanceCount").value_or(0);
    function.instance_limit = most > 0 ? InstanceLimit::of(most) : InstanceLimit::unlimited();
    function.untuned[kKind] = "gen1";
    function.untuned[kBilling] = "request";
    function.untuned[kFunctionName] = function.id;
    if (const auto account = textField(config, "serviceAccountEmail"); !account.empty()) function.untuned["service_account"] = account;
    const std::string state = textField(listed, "state");
    function.state = state == "FAILED" ? "Failed" : "Active";
    function.last_update_status = state == "DEPLOYING" ? "InProgress" : state == "FAILED" ? "Failed" : "Successful";
    return function;
}

}  // namespace pilotlight::platform::gcp
