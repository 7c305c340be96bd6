#include "app/sandbox/aws/lambda_common.h"

#include <algorithm>
#include <nlohmann/json.hpp>

namespace pilotlight::sandbox::lambda {

using nlohmann::json;

tl::unexpected<ServiceError> invalid(std::string message) { return refuse(400, "InvalidParameterValueException", std::move(message)); }
tl::unexpected<ServiceError> notFound(std::string message) { return refuse(404, "ResourceNotFoundException", std::move(message)); }

Answer<Named> findFunction(Call& call, const std::string& text) {
    // [arn:aws:lambda:region:][account:function:]name[:qualifier]
    std::string name = text, region = call.region, account = call.world.account(), qualifier;
    if (name.starts_with("arn:")) {
        std::vector<std::string> parts;
        std::size_t i = 0;
        while (i <= name.size()) {
            const auto end = std::min(name.find(':', i), name.size());
            parts.push_back(name.substr(i, end - i));
            i = end + 1;
        }
        if (parts.size() < 7 || parts.size() > 8 || parts[2] != "lambda" || parts[5] != "function")
            return refuse(400, "ValidationException",
                          "1 validation error detected: Value '" + text +
                              "' at 'functionName' failed to satisfy constraint: Member must satisfy regular expression pattern: "
                              "(arn:(aws[a-zA-Z-]*)?:lambda:)?([a-z]{2}(-gov)?-[a-z]+-\\d{1}:)?(\\d{12}:)?(function:)?([a-zA-Z0-9-_\\.]+)(:"
                              "(\\$LATEST|[a-zA-Z0-9-_]+))?");
        region = parts[3];
        account = parts[4];
        name = parts[6];
        if (parts.size() == 8) qualifier = parts[7];
    } else if (const auto marker = name.find(":function:"); marker != std::string::npos) {
        account = name.substr(0, marker);
        name = name.substr(marker + 10);
    }
    if (!text.starts_with("arn:"))
        if (const auto colon = name.find(':'); colon != std::string::npos) {
            qualifier = name.substr(colon + 1);
            name = name.substr(0, colon);
        }
    const std::string arn = "arn:aws:lambda:" + region + ":" + account + ":function:" + name;
    FunctionState* function = region == call.region && account == call.world.account() ? call.world.find(region, name) : nullptr;
    if (function == nullptr) return notFound("Function not found: " + arn + (qualifier.empty() ? "" : ":" + qualifier));
    for (const auto& [key, value] : call.request.query())
        if (key == "Qualifier") {
            if (!qualifier.empty() && qualifier != value)
                return invalid("The derived qualifier from the function name does not match the specified qualifier.");
            qualifier = value;
        }
    if (!function->resolve(qualifier)) return notFound("Function not found: " + arn + ":" + qualifier);
    return Named{function, qualifier};
}

Answer<std::map<std::string, std::string>> parameters(const Call& call, std::initializer_list<const char*> known) {
    std::map<std::string, std::string> found;
    for (const auto& [key, value] : call.request.query()) {
        if (std::none_of(known.begin(), known.end(), [&](const char* name) { return key == name; }))
            return refuse(400, "ValidationException", "Unknown query parameter \"" + key + "\".");
        found[key] = value;
    }
    return found;
}

Answer<Page> page(const std::map<std::string, std::string>& given, std::size_t total, std::size_t most, const std::string& query) {
    Page result;
    std::size_t size = most;
    if (const auto items = given.find("MaxItems"); items != given.end()) {
        const bool numeric =
            !items->second.empty() && items->second.size() < 6 && items->second.find_first_not_of("0123456789") == std::string::npos;
        const int wanted = numeric ? std::stoi(items->second) : 0;
        if (wanted < 1 || wanted > 10'000)
            return refuse(400, "ValidationException",
                          "1 validation error detected: Value '" + items->second +
                              "' at 'maxItems' failed to satisfy constraint: Member must have value between 1 and 10000");
        size = std::min(size, static_cast<std::size_t>(wanted));
    }
    if (const auto marker = given.find("Marker"); marker != given.end() && !marker->second.empty()) {
        const auto position = readToken(marker->second, query);
        if (!position) return invalid("The Marker is not valid.");
        result.from = std::min<std::size_t>(total, *position);
    }
    result.to = std::min(total, result.from + size);
    if (result.to < total) result.next = makeToken(result.to, query);
    return result;
}

json configuration(const Call& call, const FunctionState& f, int number, const std::string& qualifier, bool listed) {
    const VersionState& stored = *f.version(number);
    const bool updating = number == 0 && f.pending.has_value();
    const VersionState& v = updating ? *f.pending : stored;
    json c{{"FunctionName", f.spec.name},
           {"FunctionArn", f.arn + (qualifier.empty() ? "" : ":" + qualifier)},
           {"Role", v.role},
           {"CodeSize", static_cast<std::int64_t>(20'000'000 + stableHash(f.spec.name) % 180'000'000)},
           {"Description", v.description},
           {"Timeout", v.deployment.timeout_s},
           {"MemorySize", v.deployment.memory_mb},
           {"LastModified", isoLambda(updating ? stored.modified : v.modified)},
           {"CodeSha256", v.code_sha256},
           {"Version", number == 0 ? "$LATEST" : std::to_string(number)},
           {"TracingConfig", {{"Mode", v.tracing}}},
           {"RevisionId", stored.revision},
           {"PackageType", f.spec.package},
           {"Architectures", {f.spec.architecture}},
           {"EphemeralStorage", {{"Size", v.deployment.storage_mb}}},
           {"SnapStart", {{"ApplyOn", v.snap_start}, {"OptimizationStatus", "Off"}}},
           {"LoggingConfig", {{"LogFormat", v.json_logs ? "JSON" : "Text"}, {"LogGroup", "/aws/lambda/" + f.spec.name}}}};
    if (v.json_logs) {
        c["LoggingConfig"]["ApplicationLogLevel"] = "INFO";
        c["LoggingConfig"]["SystemLogLevel"] = "INFO";
    }
    if (f.spec.package == "Zip") {
        c["Runtime"] = v.runtime;
        c["Handler"] = v.handler;
    }
    if (!v.environment.empty()) c["Environment"] = {{"Variables", v.environment}};
    for (const auto& layer : v.layers) c["Layers"].push_back({{"Arn", layer}, {"CodeSize", 31'000'000}});
    if (!listed) {
        const bool pending = v.ready_at > call.now();
        c["State"] = pending ? "Pending" : "Active";
        if (pending) {
            c["StateReason"] = "The function is being created.";
            c["StateReasonCode"] = "Creating";
        }
        c["LastUpdateStatus"] = number == 0 ? f.update_status : "Successful";
        if (number == 0 && !f.update_reason.empty()) {
            c["LastUpdateStatusReason"] = f.update_reason;
            c["LastUpdateStatusReasonCode"] = f.update_status == "Failed" ? "InternalError" : "Updating";
        }
    }
    return c;
}

json aliasJson(const FunctionState& f, const AliasState& a) {
    json value{{"AliasArn", f.arn + ":" + a.name},
               {"Name", a.name},
               {"FunctionVersion", std::to_string(a.version)},
               {"Description", a.description},
               {"RevisionId", a.revision}};
    if (!a.extra.empty()) {
        json weights = json::object();
        for (const auto& [version, weight] : a.extra) weights[std::to_string(version)] = weight;
        value["RoutingConfig"] = {{"AdditionalVersionWeights", weights}};
    }
    return value;
}

int provisionedTotal(const FunctionState& f) {
    int total = 0;
    for (const auto& [qualifier, pool] : f.engine->pools()) total += pool.requested;
    return total;
}

}  // namespace pilotlight::sandbox::lambda
