#include "core/platform/aws/function_parse.h"

#include <nlohmann/json.hpp>

#include "core/platform/json_fields.h"
#include "core/platform/aws/owner.h"
#include "core/platform/aws/regions.h"

namespace pilotlight::platform::aws {

using nlohmann::json;

namespace {

constexpr std::int32_t kDefaultStorageMegabytes = 512;  // documented default of EphemeralStorage
constexpr std::int32_t kDefaultTimeoutSeconds = 3;
constexpr std::int32_t kDefaultMemoryMegabytes = 128;

std::int32_t small(std::optional<std::int64_t> value, std::int32_t otherwise) {
    if (!value || *value < INT32_MIN || *value > INT32_MAX) return otherwise;
    return static_cast<std::int32_t>(*value);
}

std::string architectureOf(const json& configuration) {
    const json& list = arrayField(configuration, "Architectures");
    return !list.empty() && list[0].is_string() ? list[0].get<std::string>() : "x86_64";
}

}  // namespace

Timestamp parseLambdaTime(std::string text) {
    if (text.size() > 5 && (text[text.size() - 5] == '+' || text[text.size() - 5] == '-')) text.insert(text.size() - 2, ":");
    return parseIso8601(text).value_or(Timestamp{});
}

Result<Function> parseConfiguration(const json& configuration, const std::string& profile, Timestamp now) {
    Function function;
    function.name = textField(configuration, "FunctionName");
    const auto arn = parseFunctionArn(textField(configuration, "FunctionArn"));
    if (function.name.empty() || !arn) {
        return fail(ErrorCode::protocol, "A function without name or ARN was listed", "It is left out.", {});
    }
    function.id = arn->unqualified();
    function.profile = profile;
    function.platform = PlatformKind::aws;
    function.region = arn->region;
    function.account = arn->account;
    function.architecture = architectureOf(configuration) == "arm64" ? Architecture::arm64 : Architecture::x86_64;
    function.runtime = textField(configuration, "Runtime");
    function.memory = Megabytes{small(integerField(configuration, "MemorySize"), kDefaultMemoryMegabytes)};
    function.concurrency = 1;
    function.timeout = seconds{small(integerField(configuration, "Timeout"), kDefaultTimeoutSeconds)};
    function.ephemeral_storage =
        Megabytes{small(integerField(objectField(configuration, "EphemeralStorage"), "Size"), kDefaultStorageMegabytes)};
    const json& logging = objectField(configuration, "LoggingConfig");
    function.log_group = textField(logging, "LogGroup");
    if (function.log_group.empty()) function.log_group = "/aws/lambda/" + function.name;
    function.json_logs = textField(logging, "LogFormat") == "JSON";
    function.state = textField(configuration, "State");
    function.last_update_status = textField(configuration, "LastUpdateStatus");
    function.code_sha256 = textField(configuration, "CodeSha256");
    function.untuned = untunedSettings(configuration, configuration);
    function.revision = textField(configuration, "RevisionId");
    function.settings_as_of = now;
    function.last_modified = parseLambdaTime(textField(configuration, "LastModified"));
    function.snap_start = textField(objectField(configuration, "SnapStart"), "ApplyOn") == "PublishedVersions";
    function.init_billed = true;  // all Lambda functions since 2025-08-01
    return function;
}

void applyDetails(Function& function, const json& reply) {
    const json& concurrency = objectField(reply, "Concurrency");
    const auto reserved = integerField(concurrency, "ReservedConcurrentExecutions");
    function.instance_limit = reserved ? InstanceLimit::of(small(reserved, 0)) : InstanceLimit::unlimited();
    for (const auto& [key, value] : objectField(reply, "Tags").items()) {
        if (value.is_string()) function.tags[key] = value.get<std::string>();
    }
    function.owner = ownerFromTags(function.tags);
}

Qualifier parseAlias(const json& alias) {
    Qualifier qualifier;
    qualifier.name = textField(alias, "Name");
    qualifier.kind = "alias";
    qualifier.version = textField(alias, "FunctionVersion");
    qualifier.revision = textField(alias, "RevisionId");
    for (const auto& [version, weight] : objectField(objectField(alias, "RoutingConfig"), "AdditionalVersionWeights").items()) {
        if (weight.is_number()) qualifier.untuned["routing"] += version + "=" + weight.dump() + " ";
    }
    return qualifier;
}

PoolReading parsePool(const json& item) {
    PoolReading reading;
    if (const auto arn = parseFunctionArn(textField(item, "FunctionArn"))) reading.qualifier = arn->qualifier;
    reading.requested = small(integerField(item, "RequestedProvisionedConcurrentExecutions"), 0);
    reading.allocated = small(integerField(item, "AllocatedProvisionedConcurrentExecutions"), 0);
    reading.status = textField(item, "Status");
    reading.status_reason = textField(item, "StatusReason");
    return reading;
}

std::map<std::string, std::string> untunedSettings(const json& configuration, const json& latest) {
    std::map<std::string, std::string> settings;
    const auto put = [&](const char* key, std::string value) {
        if (!value.empty()) settings[key] = std::move(value);
    };
    put("runtime", textField(configuration, "Runtime"));
    put("handler", textField(configuration, "Handler"));
    put("role", textField(configuration, "Role"));
    put("package", textField(configuration, "PackageType"));
    put("architecture", architectureOf(configuration));
    put("timeout_s", std::to_string(small(integerField(configuration, "Timeout"), kDefaultTimeoutSeconds)));
    put("ephemeral_storage_mb",
        std::to_string(small(integerField(objectField(configuration, "EphemeralStorage"), "Size"), kDefaultStorageMegabytes)));
    put("snap_start", textField(objectField(configuration, "SnapStart"), "ApplyOn"));
    put("tracing", textField(objectField(configuration, "TracingConfig"), "Mode"));
    put("kms_key", textField(configuration, "KMSKeyArn"));
    put("dead_letter", textField(objectField(configuration, "DeadLetterConfig"), "TargetArn"));
    std::string layers;
    for (const auto& layer : arrayField(configuration, "Layers")) layers += (layers.empty() ? "" : " ") + textField(layer, "Arn");
    put("layers", layers);
    std::string network;
    for (const char* key : {"SubnetIds", "SecurityGroupIds"}) {
        for (const auto& id : arrayField(objectField(configuration, "VpcConfig"), key)) {
            if (id.is_string()) network += (network.empty() ? "" : " ") + id.get<std::string>();
        }
    }
    put("network", network);
    std::string files;
    for (const auto& system : arrayField(configuration, "FileSystemConfigs"))
        files += (files.empty() ? "" : " ") + textField(system, "Arn");
    put("file_systems", files);
    put("log_format", textField(objectField(configuration, "LoggingConfig"), "LogFormat"));
    const auto environment = [](const json& of) { return objectField(objectField(of, "Environment"), "Variables"); };
    settings["environment"] = environment(configuration) == environment(latest) ? "that of $LATEST" : "not that of $LATEST";
    return settings;
}

void applyVersion(Qualifier& qualifier, const json& configuration, const json& latest) {
    const auto routing = qualifier.untuned.find("routing");
    const std::string kept = routing == qualifier.untuned.end() ? std::string{} : routing->second;
    qualifier.untuned = untunedSettings(configuration, latest);
    if (!kept.empty()) qualifier.untuned["routing"] = kept;
    qualifier.code_sha256 = textField(configuration, "CodeSha256");
    if (const auto memory = integerField(configuration, "MemorySize")) qualifier.memory = Megabytes{small(memory, 0)};
    if (const std::string version = textField(configuration, "Version"); !version.empty()) qualifier.version = version;
}

}  // namespace pilotlight::platform::aws
