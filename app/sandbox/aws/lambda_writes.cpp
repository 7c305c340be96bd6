// Lambda: UpdateFunctionConfiguration, PublishVersion, CreateAlias, UpdateAlias.
#include <algorithm>
#include <nlohmann/json.hpp>

#include "app/sandbox/aws/lambda_common.h"

namespace pilotlight::sandbox::lambda {

using nlohmann::json;

namespace {

std::optional<ServiceError> range(const std::optional<std::int64_t>& value, std::int64_t low, std::int64_t high, const std::string& name) {
    if (!value || (*value >= low && *value <= high)) return std::nullopt;
    const bool small = *value < low;
    return ServiceError{400,
                        "InvalidParameterValueException",
                        "'" + name + "' value failed to satisfy constraint: Member must have value " +
                            (small ? "greater than or equal to " : "less than or equal to ") + std::to_string(small ? low : high),
                        {},
                        {}};
}

tl::unexpected<ServiceError> stale(const char* what) {
    return refuse(412, "PreconditionFailedException",
                  std::string("The RevisionId provided does not match the latest RevisionId of the ") + what +
                      ". Call the GetFunction/GetAlias API to retrieve the latest RevisionId");
}

tl::unexpected<ServiceError> busyUpdating(const FunctionState& f) {
    return refuse(409, "ResourceConflictException",
                  "The operation cannot be performed at this time. An update is in progress for resource: " + f.arn);
}

// AdditionalVersionWeights of a RoutingConfig.
Answer<std::map<int, double>> routing(const FunctionState& f, const json& body) {
    std::map<int, double> extra;
    const auto config = body.find("RoutingConfig");
    if (config == body.end() || config->is_null()) return extra;
    if (!config->is_object()) return refuse(400, "SerializationException", "RoutingConfig must be a structure.");
    if (auto error = unknownMember(*config, {"AdditionalVersionWeights"}, "ValidationException")) return tl::unexpected(*error);
    const auto weights = config->find("AdditionalVersionWeights");
    if (weights == config->end() || weights->is_null()) return extra;
    double total = 0;
    for (const auto& [version, weight] : weights->items()) {
        const auto number = f.resolve(version);
        if (!number || *number == 0) return notFound("Function not found: " + f.arn + ":" + version);
        if (!weight.is_number() || weight.get<double>() < 0 || weight.get<double>() > 1)
            return invalid("Invalid weight for version " + version + ".");
        extra[*number] = weight.get<double>();
        total += weight.get<double>();
    }
    if (extra.size() > 1) return invalid("Only one additional version is allowed in a routing configuration.");
    if (total > 1) return invalid("The sum of the weights is more than 1.");
    return extra;
}

}  // namespace

Answer<HttpResponse> updateConfiguration(Call& call, Named named) {
    FunctionState& f = *named.function;
    if (const auto given = parameters(call, {}); !given) return tl::unexpected(given.error());
    if (!named.qualifier.empty() && named.qualifier != "$LATEST")
        return invalid("The operation cannot be performed on a published version or an alias; only $LATEST can be updated.");
    const auto parsed = jsonBody(call);
    if (!parsed) return tl::unexpected(parsed.error());
    const json& body = *parsed;
    SANDBOX_REFUSE_IF(unknownMember(body,
                                    {"Description", "Handler", "MemorySize", "Role", "Runtime", "Timeout", "Environment", "TracingConfig",
                                     "RevisionId", "Layers", "EphemeralStorage", "SnapStart", "LoggingConfig", "VpcConfig",
                                     "DeadLetterConfig", "KMSKeyArn", "FileSystemConfigs", "ImageConfig"},
                                    "ValidationException"));
    for (const char* key : {"VpcConfig", "DeadLetterConfig", "KMSKeyArn", "FileSystemConfigs", "ImageConfig"})
        if (body.contains(key)) return invalid(std::string(key) + " cannot be changed on this function.");
    VersionState next = f.latest;
    std::string revision;
    std::optional<std::int64_t> memory, timeout, storage;
    SANDBOX_REFUSE_IF(readText(body, "Description", next.description));
    SANDBOX_REFUSE_IF(readText(body, "Handler", next.handler));
    SANDBOX_REFUSE_IF(readText(body, "Role", next.role));
    SANDBOX_REFUSE_IF(readText(body, "Runtime", next.runtime));
    SANDBOX_REFUSE_IF(readText(body, "RevisionId", revision));
    SANDBOX_REFUSE_IF(readInteger(body, "MemorySize", memory));
    SANDBOX_REFUSE_IF(readInteger(body, "Timeout", timeout));
    SANDBOX_REFUSE_IF(range(memory, 128, 10240, "MemorySize"));
    SANDBOX_REFUSE_IF(range(timeout, 1, 900, "Timeout"));
    if (next.description.size() > 256)
        return refuse(400, "ValidationException",
                      "1 validation error detected: Value at 'description' failed to satisfy constraint: Member must have length less than "
                      "or equal to 256");
    const auto structure = [&](const char* key, std::initializer_list<const char*> members) -> Answer<const json*> {
        const auto found = body.find(key);
        if (found == body.end() || found->is_null()) return nullptr;
        if (!found->is_object()) return refuse(400, "SerializationException", std::string(key) + " must be a structure.");
        if (auto error = unknownMember(*found, members, "ValidationException")) return tl::unexpected(*error);
        return &*found;
    };
    const auto ephemeral = structure("EphemeralStorage", {"Size"});
    if (!ephemeral) return tl::unexpected(ephemeral.error());
    if (*ephemeral) SANDBOX_REFUSE_IF(readInteger(**ephemeral, "Size", storage));
    SANDBOX_REFUSE_IF(range(storage, 512, 10240, "EphemeralStorage.Size"));
    const auto tracing = structure("TracingConfig", {"Mode"});
    if (!tracing) return tl::unexpected(tracing.error());
    if (*tracing) SANDBOX_REFUSE_IF(readText(**tracing, "Mode", next.tracing));
    if (next.tracing != "Active" && next.tracing != "PassThrough") return invalid("TracingConfig.Mode must be Active or PassThrough.");
    const auto snap = structure("SnapStart", {"ApplyOn"});
    if (!snap) return tl::unexpected(snap.error());
    if (*snap) SANDBOX_REFUSE_IF(readText(**snap, "ApplyOn", next.snap_start));
    if (next.snap_start != "None") return invalid("SnapStart is not available for the functions of this account.");
    const auto logging = structure("LoggingConfig", {"LogFormat", "ApplicationLogLevel", "SystemLogLevel", "LogGroup"});
    if (!logging) return tl::unexpected(logging.error());
    if (*logging) {
        std::string format = next.json_logs ? "JSON" : "Text";
        SANDBOX_REFUSE_IF(readText(**logging, "LogFormat", format));
        if (format != "JSON" && format != "Text") return invalid("LoggingConfig.LogFormat must be JSON or Text.");
        next.json_logs = format == "JSON";
    }
    const auto environment = structure("Environment", {"Variables"});
    if (!environment) return tl::unexpected(environment.error());
    if (*environment) {
        next.environment.clear();
        if ((*environment)->contains("Variables"))
            for (const auto& [key, value] : (**environment)["Variables"].items()) {
                if (!value.is_string()) return refuse(400, "SerializationException", "Environment.Variables must map strings to strings.");
                next.environment[key] = value.get<std::string>();
            }
    }
    if (const auto layers = body.find("Layers"); layers != body.end() && layers->is_array()) {
        next.layers.clear();
        for (const auto& layer : *layers) {
            if (!layer.is_string()) return refuse(400, "SerializationException", "Layers must be a list of strings.");
            next.layers.push_back(layer.get<std::string>());
        }
        if (next.layers.size() > 5) return invalid("A function can have at most 5 layers.");
    }
    if (!revision.empty() && revision != f.latest.revision) return stale("Lambda Function");
    if (f.update_status == "InProgress") return busyUpdating(f);
    if (memory) next.deployment.memory_mb = static_cast<int>(*memory);
    if (timeout) next.deployment.timeout_s = static_cast<int>(*timeout);
    if (storage) next.deployment.storage_mb = static_cast<int>(*storage);
    call.world.beginUpdate(f, std::move(next));
    return jsonResponse(configuration(call, f, 0, "", false));
}

Answer<HttpResponse> publishVersion(Call& call, Named named) {
    FunctionState& f = *named.function;
    const auto parsed = jsonBody(call);
    if (!parsed) return tl::unexpected(parsed.error());
    SANDBOX_REFUSE_IF(unknownMember(*parsed, {"CodeSha256", "Description", "RevisionId"}, "ValidationException"));
    std::string sha, description, revision;
    SANDBOX_REFUSE_IF(readText(*parsed, "CodeSha256", sha));
    SANDBOX_REFUSE_IF(readText(*parsed, "Description", description));
    SANDBOX_REFUSE_IF(readText(*parsed, "RevisionId", revision));
    if (!revision.empty() && revision != f.latest.revision) return stale("Lambda Function");
    if (f.update_status == "InProgress") return busyUpdating(f);
    if (!sha.empty() && sha != f.latest.code_sha256)
        return invalid("CodeSHA256 (" + sha + ") is different from current CodeSHA256 in $LATEST (" + f.latest.code_sha256 +
                       "). Please try again with the CodeSHA256 in $LATEST.");
    const int number = call.world.publish(f, description);
    return jsonResponse(configuration(call, f, number, std::to_string(number), false), 201);
}

Answer<HttpResponse> createAlias(Call& call, Named named) {
    FunctionState& f = *named.function;
    const auto parsed = jsonBody(call);
    if (!parsed) return tl::unexpected(parsed.error());
    SANDBOX_REFUSE_IF(unknownMember(*parsed, {"Name", "FunctionVersion", "Description", "RoutingConfig"}, "ValidationException"));
    AliasState alias;
    std::string version;
    SANDBOX_REFUSE_IF(readText(*parsed, "Name", alias.name));
    SANDBOX_REFUSE_IF(readText(*parsed, "FunctionVersion", version));
    SANDBOX_REFUSE_IF(readText(*parsed, "Description", alias.description));
    const bool digits = !alias.name.empty() && alias.name.find_first_not_of("0123456789") == std::string::npos;
    const bool odd = alias.name.find_first_not_of("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_") != std::string::npos;
    if (alias.name.empty() || alias.name.size() > 128 || digits || odd)
        return refuse(
            400, "ValidationException",
            "1 validation error detected: Value '" + alias.name +
                "' at 'name' failed to satisfy constraint: Member must satisfy regular expression pattern: (?!^[0-9]+$)([a-zA-Z0-9-_]+)");
    if (f.aliases.contains(alias.name))
        return refuse(409, "ResourceConflictException", "Alias already exists: " + f.arn + ":" + alias.name);
    const auto number = f.aliases.contains(version) ? std::nullopt : f.resolve(version);
    if (version.empty() || !number) return notFound("Function not found: " + f.arn + ":" + version);
    if (*number == 0) return invalid("An alias of $LATEST is not offered by this sandbox; publish a version first.");
    alias.version = *number;
    const auto extra = routing(f, *parsed);
    if (!extra) return tl::unexpected(extra.error());
    alias.extra = *extra;
    call.world.setAlias(f, alias);
    return jsonResponse(aliasJson(f, f.aliases.at(alias.name)), 201);
}

Answer<HttpResponse> updateAlias(Call& call, Named named, const std::string& name) {
    FunctionState& f = *named.function;
    const auto found = f.aliases.find(name);
    if (found == f.aliases.end()) return notFound("Alias not found: " + f.arn + ":" + name);
    const auto parsed = jsonBody(call);
    if (!parsed) return tl::unexpected(parsed.error());
    SANDBOX_REFUSE_IF(unknownMember(*parsed, {"FunctionVersion", "Description", "RoutingConfig", "RevisionId"}, "ValidationException"));
    AliasState alias = found->second;
    std::string version, revision;
    SANDBOX_REFUSE_IF(readText(*parsed, "FunctionVersion", version));
    SANDBOX_REFUSE_IF(readText(*parsed, "Description", alias.description));
    SANDBOX_REFUSE_IF(readText(*parsed, "RevisionId", revision));
    if (!revision.empty() && revision != alias.revision) return stale("Alias");
    if (!version.empty()) {
        const auto number = f.aliases.contains(version) ? std::nullopt : f.resolve(version);
        if (!number || *number == 0) return notFound("Function not found: " + f.arn + ":" + version);
        alias.version = *number;
    }
    if (parsed->contains("RoutingConfig")) {
        const auto extra = routing(f, *parsed);
        if (!extra) return tl::unexpected(extra.error());
        alias.extra = *extra;
    }
    call.world.setAlias(f, alias);
    return jsonResponse(aliasJson(f, f.aliases.at(name)));
}

}  // namespace pilotlight::sandbox::lambda
