// Cloud Functions v2 (google/cloud/functions/v2/functions.proto), and v1 for functions of the 1st generation.
#include <algorithm>
#include <cmath>
#include <nlohmann/json.hpp>
#include <set>

#include "app/sandbox/gcp/google.h"

namespace pilotlight::sandbox::gcp {

using nlohmann::json;

namespace {

const json& functionShape() {
    static const json shape = json::parse(R"({"name":1,"description":1,"buildConfig":{"*":1},
      "serviceConfig":{"service":1,"timeoutSeconds":1,"availableMemory":1,"availableCpu":1,"environmentVariables":{"*":1},
        "maxInstanceCount":1,"minInstanceCount":1,"vpcConnector":1,"vpcConnectorEgressSettings":1,"directVpcNetworkInterface":1,
        "directVpcEgress":1,"ingressSettings":1,"uri":1,"serviceAccountEmail":1,"allTrafficOnLatestRevision":1,
        "secretEnvironmentVariables":1,"secretVolumes":1,"revision":1,"maxInstanceRequestConcurrency":1,"securityLevel":1,
        "binaryAuthorizationPolicy":1},
      "eventTrigger":{"*":1},"state":1,"updateTime":1,"labels":{"*":1},"stateMessages":1,"environment":1,"url":1,"kmsKeyName":1,
      "satisfiesPzs":1,"createTime":1,"upgradeInfo":{"*":1},"satisfiesPzi":1})");
    return shape;
}

const json& shapeV1() {
    static const json shape = json::parse(R"({"name":1,"description":1,"status":1,"entryPoint":1,"runtime":1,"timeout":1,
      "availableMemoryMb":1,"serviceAccountEmail":1,"updateTime":1,"versionId":1,"labels":{"*":1},"environmentVariables":{"*":1},
      "maxInstances":1,"minInstances":1,"httpsTrigger":{"*":1},"eventTrigger":{"*":1},"ingressSettings":1,"buildId":1,"dockerRegistry":1,
      "sourceArchiveUrl":1,"sourceRepository":{"*":1},"network":1,"vpcConnector":1,"secretEnvironmentVariables":1})");
    return shape;
}

// CPU by memory where none is set (docs: memory limits of functions).
const char* defaultCpu(int memory) {
    return memory <= 128     ? "0.083"
           : memory <= 256   ? "0.167"
           : memory <= 512   ? "0.333"
           : memory <= 1024  ? "0.583"
           : memory <= 2048  ? "1"
           : memory <= 8192  ? "2"
           : memory <= 16384 ? "4"
                             : "8";
}

// Settings of a function, put on the service behind it.
void project(const json& function, json& service) {
    const json& config = function["serviceConfig"];
    json& revision = service["template"];
    json& limits = revision["containers"][0]["resources"]["limits"];
    limits["memory"] = std::to_string(mebibytes(config.value("availableMemory", "256Mi"))) + "Mi";
    limits["cpu"] = config.value("availableCpu", "1");
    revision["maxInstanceRequestConcurrency"] = config.value("maxInstanceRequestConcurrency", 1);
    revision["timeout"] = std::to_string(config.value("timeoutSeconds", 60)) + "s";
    json& scaling = revision["scaling"];
    scaling["maxInstanceCount"] = config.value("maxInstanceCount", 100);
    scaling.erase("minInstanceCount");
    if (config.value("minInstanceCount", 0) > 0) scaling["minInstanceCount"] = config["minInstanceCount"];
}

Answer<void> check(const json& config) {
    const int memory = mebibytes(config.value("availableMemory", ""));
    const double cpu = cpus(config.value("availableCpu", ""));
    const bool whole = cpu == 1 || cpu == 2 || cpu == 4 || cpu == 6 || cpu == 8;
    if (memory < 128 || memory > 32768) return badRequest("Could not validate function: availableMemory is out of range.");
    if (cpu < 0.08 || (cpu > 1 && !whole)) return badRequest("Could not validate function: availableCpu is not a supported value.");
    const int most = cpu < 0.5 ? 512 : cpu < 1 ? 1024 : cpu == 1 ? 4096 : cpu == 2 ? 8192 : cpu == 4 ? 16384 : cpu == 6 ? 24576 : 32768;
    if (memory > most)
        return badRequest("Could not validate function: memory must be at most " + std::to_string(most) + "Mi for that CPU.");
    const int concurrency = config.value("maxInstanceRequestConcurrency", 1);
    if (concurrency < 1 || concurrency > 1000) return badRequest("maxInstanceRequestConcurrency must be between 1 and 1000.");
    if (concurrency > 1 && cpu < 1) return badRequest("Total cpu < 1 is not supported with concurrency > 1.");
    const int timeout = config.value("timeoutSeconds", 60);
    if (timeout < 1 || timeout > 3600) return badRequest("timeoutSeconds must be between 1 and 3600.");
    const int low = config.value("minInstanceCount", 0), high = config.value("maxInstanceCount", 100);
    if (low < 0 || high < 1 || low > high) return badRequest("minInstanceCount must be at most maxInstanceCount.");
    return {};
}

Answer<HttpResponse> patchV2(Call& call, Resource& r) {
    GOOGLE_TRY(checkParameters(call, {"updateMask"}));
    auto body = bodyOf(call);
    if (!body) return tl::unexpected(body.error());
    GOOGLE_TRY(checkFields(*body, functionShape(), "function"));
    const auto mask = maskOf(call.parameter("updateMask"), functionShape());
    if (!mask) return tl::unexpected(mask.error());
    if (r.isGen1()) return badRequest("Function " + r.spec.name + " is of the 1st generation and is updated by the v1 API.");
    if (mask->empty()) return badRequest("Without an update mask every field is replaced: buildConfig.source is required.");
    json next = r.function;
    for (const auto& path : *mask) {
        const std::string top = path.substr(0, path.find('.'));
        if (top != "serviceConfig" && top != "labels" && top != "description")
            return badRequest("Field '" + path + "' cannot be updated in the sandbox.");
        for (const char* fixed : {"serviceConfig.service", "serviceConfig.uri", "serviceConfig.revision"})
            if (path == fixed) return badRequest("Field '" + path + "' is output only.");
        copyField(*body, next, path);
    }
    json& config = next["serviceConfig"];
    if (!config.contains("availableMemory")) config["availableMemory"] = "256Mi";
    const bool memory_alone = std::find(mask->begin(), mask->end(), "serviceConfig.availableMemory") != mask->end() &&
                              std::find(mask->begin(), mask->end(), "serviceConfig.availableCpu") == mask->end();
    if (memory_alone || !config.contains("availableCpu"))
        config["availableCpu"] = defaultCpu(mebibytes(config["availableMemory"].get<std::string>()));
    GOOGLE_TRY(check(config));
    json service = r.service;
    project(next, service);
    service["template"].erase("revision");
    return reply(call.project.show(call.project.change(r, std::move(service), std::move(next), 2)));
}

json asV1(const Resource& r) {
    const json& f = r.function;
    const json& config = f["serviceConfig"];
    json v1 = {{"name", f["name"]},
               {"status", f["state"] == "ACTIVE"      ? "ACTIVE"
                          : f["state"] == "DEPLOYING" ? "DEPLOY_IN_PROGRESS"
                                                      : "OFFLINE"},
               {"entryPoint", "handler"},
               {"runtime", f["buildConfig"]["runtime"]},
               {"timeout", std::to_string(config.value("timeoutSeconds", 60)) + "s"},
               {"availableMemoryMb", mebibytes(config.value("availableMemory", "256M"))},
               {"updateTime", f["updateTime"]},
               {"versionId", std::to_string(r.revision)},
               {"labels", f["labels"]},
               {"maxInstances", config.value("maxInstanceCount", 0)},
               {"httpsTrigger", {{"url", f["url"]}, {"securityLevel", "SECURE_ALWAYS"}}}};
    if (config.value("minInstanceCount", 0) > 0) v1["minInstances"] = config["minInstanceCount"];
    return v1;
}

Answer<HttpResponse> patchV1(Call& call, Resource& r) {
    GOOGLE_TRY(checkParameters(call, {"updateMask"}));
    auto body = bodyOf(call);
    if (!body) return tl::unexpected(body.error());
    GOOGLE_TRY(checkFields(*body, shapeV1(), "function"));
    const auto mask = maskOf(call.parameter("updateMask"), shapeV1());
    if (!mask) return tl::unexpected(mask.error());
    json v1 = asV1(r);
    for (const auto& path : *mask) {
        if (path != "availableMemoryMb" && path != "timeout" && path != "minInstances" && path != "maxInstances" && path != "labels")
            return badRequest("Field '" + path + "' cannot be updated in the sandbox.");
        copyField(*body, v1, path);
    }
    const int memory = v1.value("availableMemoryMb", 256);
    const std::set<int> sizes{128, 256, 512, 1024, 2048, 4096, 8192};
    if (!sizes.contains(memory))
        return badRequest("The request has errors: availableMemoryMb must be one of 128, 256, 512, 1024, 2048, 4096, 8192.");
    const int timeout = std::atoi(v1.value("timeout", "60s").c_str());
    if (timeout < 1 || timeout > 540) return badRequest("The request has errors: timeout must be between 1s and 540s.");
    json next = r.function;
    json& config = next["serviceConfig"];
    config["availableMemory"] = std::to_string(memory) + "M";
    config["availableCpu"] = defaultCpu(memory);
    config["timeoutSeconds"] = timeout;
    config["maxInstanceCount"] = v1.value("maxInstances", 0);
    config.erase("minInstanceCount");
    if (v1.value("minInstances", 0) > 0) config["minInstanceCount"] = v1["minInstances"];
    ++r.revision;
    json none;
    return reply(call.project.show(call.project.change(r, std::move(none), std::move(next), 1)));
}

}  // namespace

Answer<HttpResponse> handleFunctions(Call& call) {
    const auto& path = call.path;
    if (path.size() == 6) {
        GOOGLE_TRY(checkParameters(call, {"pageSize", "pageToken", "filter", "orderBy"}));
        std::vector<const Resource*> found;
        for (const auto& each : call.project.resources())
            if (!each->function.is_null() && (path[4] == "-" || each->spec.region == path[4])) found.push_back(each.get());
        const auto page = pageOf(call, found.size(), 1000, 1000, "functions/" + path[4]);
        if (!page) return tl::unexpected(page.error());
        json body = json::object();
        for (std::size_t i = page->first; i < page->last; ++i) body["functions"].push_back(found[i]->function);
        if (!page->next.empty()) body["nextPageToken"] = page->next;
        return reply(body);
    }
    Resource* r = path.size() == 7 ? call.project.findFunction(path[4], path[6]) : nullptr;
    if (r == nullptr)
        return refuse(404, "NOT_FOUND",
                      "Resource 'projects/" + call.project.id() + "/locations/" + path[4] + "/functions/" + path[6] + "' was not found");
    if (call.request.method == "GET") {
        GOOGLE_TRY(checkParameters(call, {"revision"}));
        return reply(r->function);
    }
    if (call.request.method == "PATCH") return patchV2(call, *r);
    return refuse(501, "UNIMPLEMENTED", "The sandbox does not offer " + call.request.method + " here.");
}

Answer<HttpResponse> handleFunctionsV1(Call& call) {
    const auto& path = call.path;
    if (path[1] == "operations") {
        const auto* operation = path.size() == 3 ? call.project.findOperation("operations/" + path[2]) : nullptr;
        if (operation == nullptr) return notFound("Operation");
        return reply(call.project.show(*operation));
    }
    if (path[2] != call.project.id())
        return refuse(403, "PERMISSION_DENIED", "Permission 'cloudfunctions.functions.get' denied on resource.");
    if (path.size() == 6) {
        GOOGLE_TRY(checkParameters(call, {"pageSize", "pageToken"}));
        json body = json::object();
        for (const auto& each : call.project.resources())
            if (each->isGen1() && (path[4] == "-" || each->spec.region == path[4])) body["functions"].push_back(asV1(*each));
        return reply(body);
    }
    Resource* r = path.size() == 7 ? call.project.findFunction(path[4], path[6]) : nullptr;
    if (r == nullptr || !r->isGen1()) return notFound("Function " + path.back());
    if (call.request.method == "GET") return reply(asV1(*r));
    if (call.request.method == "PATCH") return patchV1(call, *r);
    return refuse(501, "UNIMPLEMENTED", "The sandbox does not offer " + call.request.method + " here.");
}

}  // namespace pilotlight::sandbox::gcp
