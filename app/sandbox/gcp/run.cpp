// Cloud Run Admin API v2 (google/cloud/run/v2/service.proto) and the location list of v1.
#include <algorithm>
#include <nlohmann/json.hpp>
#include <set>

#include "app/sandbox/gcp/google.h"

namespace pilotlight::sandbox::gcp {

using nlohmann::json;

namespace {

const json& containerShape() {
    static const json shape = json::parse(R"({"name":1,"image":1,"command":1,"args":1,
      "env":[{"name":1,"value":1,"valueSource":{"secretKeyRef":{"secret":1,"version":1}}}],
      "resources":{"limits":{"cpu":1,"memory":1,"nvidia.com/gpu":1},"cpuIdle":1,"startupCpuBoost":1},
      "ports":[{"name":1,"containerPort":1}],"volumeMounts":[{"name":1,"mountPath":1,"subPath":1}],"workingDir":1,
      "livenessProbe":{"*":1},"startupProbe":{"*":1},"readinessProbe":{"*":1},"dependsOn":1,"baseImageUri":1,"buildInfo":{"*":1},
      "sourceCode":{"*":1}})");
    return shape;
}

const json& serviceShape() {
    static const json shape = [] {
        json s = json::parse(R"({"name":1,"description":1,"uid":1,"generation":1,"labels":{"*":1},"annotations":{"*":1},"createTime":1,
      "updateTime":1,"deleteTime":1,"expireTime":1,"creator":1,"lastModifier":1,"client":1,"clientVersion":1,"ingress":1,"launchStage":1,
      "binaryAuthorization":{"*":1},
      "template":{"revision":1,"labels":{"*":1},"annotations":{"*":1},
        "scaling":{"minInstanceCount":1,"maxInstanceCount":1,"concurrencyUtilization":1,"cpuUtilization":1},"vpcAccess":{"*":1},"timeout":1,
        "serviceAccount":1,"containers":[],"volumes":1,"executionEnvironment":1,"encryptionKey":1,"maxInstanceRequestConcurrency":1,
        "serviceMesh":{"*":1},"encryptionKeyRevocationAction":1,"encryptionKeyShutdownDuration":1,"sessionAffinity":1,
        "healthCheckDisabled":1,"nodeSelector":{"accelerator":1},"gpuZonalRedundancyDisabled":1,"client":1,"clientVersion":1},
      "traffic":[{"type":1,"revision":1,"percent":1,"tag":1}],
      "scaling":{"minInstanceCount":1,"maxInstanceCount":1,"scalingMode":1,"manualInstanceCount":1},
      "invokerIamDisabled":1,"defaultUriDisabled":1,"urls":1,"iapEnabled":1,"multiRegionSettings":{"*":1},"customAudiences":1,
      "observedGeneration":1,"terminalCondition":{"*":1},"conditions":1,"latestReadyRevision":1,"latestCreatedRevision":1,
      "trafficStatuses":1,"uri":1,"satisfiesPzs":1,"threatDetectionEnabled":1,"buildConfig":{"*":1},"reconciling":1,"etag":1})");
        s["template"]["containers"] = json::array({containerShape()});
        return s;
    }();
    return shape;
}

Answer<void> checkScaling(const json& scaling, const std::string& where) {
    for (const char* key : {"minInstanceCount", "maxInstanceCount"}) {
        const auto at = scaling.find(key);
        if (at != scaling.end() && (!at->is_number_integer() || at->get<int>() < 0))
            return badRequest("Violation in " + where + "." + key + ": must be a non-negative integer.");
    }
    if (scaling.value("maxInstanceCount", 0) > 0 && scaling.value("minInstanceCount", 0) > scaling.value("maxInstanceCount", 0))
        return badRequest("Violation in " + where + ": min_instance_count must be less than or equal to max_instance_count.");
    return {};
}

// What the service would refuse (docs: configuring CPU, memory limits, concurrency, timeout); fills in defaults.
Answer<void> complete(json& service) {
    json& revision = service["template"];
    if (!revision.contains("containers") || !revision["containers"].is_array() || revision["containers"].empty())
        return badRequest("Violation in template.containers: at least one container is required.");
    for (auto& container : revision["containers"]) {
        if (container.value("image", "").empty()) return badRequest("Violation in template.containers[0].image: must not be empty.");
        const bool had = container.contains("resources");
        json& resources = container["resources"];
        if (!had) resources["cpuIdle"] = true;
        if (!resources.contains("cpuIdle")) resources["cpuIdle"] = false;  // resources without it: CPU always allocated
        json& limits = resources["limits"];
        if (!limits.is_object()) limits = json::object();
        if (!limits.contains("cpu")) limits["cpu"] = "1";
        if (!limits.contains("memory")) limits["memory"] = "512Mi";
        if (!limits["cpu"].is_string() || !limits["memory"].is_string())
            return badRequest("Violation in resources.limits: quantities must be strings.");
        const double cpu = cpus(limits["cpu"].get<std::string>());
        const int memory = mebibytes(limits["memory"].get<std::string>());
        const bool whole = cpu == 1 || cpu == 2 || cpu == 4 || cpu == 6 || cpu == 8;
        if (cpu < 0.08 || (cpu > 1 && !whole))
            return badRequest("Invalid value specified for cpu. Value must be 1, 2, 4, 6 or 8, or below 1 and at least 0.08.");
        const int most = cpu < 0.5 ? 512 : cpu < 1 ? 1024 : cpu == 1 ? 4096 : cpu == 2 ? 8192 : cpu == 4 ? 16384 : cpu == 6 ? 24576 : 32768;
        const int least = cpu == 4 ? 2048 : cpu >= 6 ? 4096 : 128;
        if (memory < least || memory > most)
            return badRequest("Invalid value specified for container memory: for " + limits["cpu"].get<std::string>() +
                              " CPU, memory must be between " + std::to_string(least) + "Mi and " + std::to_string(most) + "Mi inclusive.");
        // docs: configuring GPU. One GPU an instance; CPU always allocated.
        if (limits.contains("nvidia.com/gpu")) {
            if (limits["nvidia.com/gpu"] != "1" || !revision.value("nodeSelector", json::object()).contains("accelerator"))
                return badRequest("Violation in resources.limits: one nvidia.com/gpu with a node selector accelerator is supported.");
            if (cpu < 4 || memory < 16384) return badRequest("Invalid value specified for cpu or memory. A GPU needs at least 4 CPU and 16Gi.");
            if (!resources["cpuIdle"].is_boolean() || resources["cpuIdle"].get<bool>())
                return badRequest("Violation in resources.cpu_idle: a GPU needs CPU always allocated.");
        }
        const int concurrency = revision.value("maxInstanceRequestConcurrency", cpu >= 1 ? 80 : 1);
        if (cpu < 1 && concurrency > 1)
            return badRequest("Invalid value specified for cpu. Total cpu < 1 is not supported with concurrency > 1.");
        if (cpu < 1 && !resources["cpuIdle"].get<bool>())
            return badRequest("Invalid value specified for cpu. Total cpu < 1 is not supported with CPU always allocated.");
        if (concurrency < 1 || concurrency > 1000)
            return badRequest("Violation in template.max_instance_request_concurrency: must be between 1 and 1000.");
        if (!revision.contains("maxInstanceRequestConcurrency")) revision["maxInstanceRequestConcurrency"] = concurrency;
    }
    const std::string timeout = revision.value("timeout", "300s");
    const double s = std::strtod(timeout.c_str(), nullptr);
    if (timeout.empty() || timeout.back() != 's' || s < 1 || s > 3600)
        return badRequest("Violation in template.timeout: must be between 1s and 3600s.");
    revision["timeout"] = timeout;
    if (!revision["scaling"].is_object()) revision["scaling"] = json::object();
    GOOGLE_TRY(checkScaling(revision["scaling"], "template.scaling"));
    if (!revision["scaling"].contains("maxInstanceCount")) revision["scaling"]["maxInstanceCount"] = 100;
    if (service.contains("scaling")) GOOGLE_TRY(checkScaling(service["scaling"], "scaling"));
    return {};
}

bool flag(const Call& call, const char* name) { return call.parameter(name) == "true"; }

Answer<HttpResponse> patch(Call& call, Resource& r) {
    GOOGLE_TRY(checkParameters(call, {"updateMask", "update_mask", "validateOnly", "allowMissing", "forceNewRevision"}));
    auto body = bodyOf(call);
    if (!body) return tl::unexpected(body.error());
    GOOGLE_TRY(checkFields(*body, serviceShape(), "service"));
    std::string mask_text = call.parameter("updateMask");
    if (mask_text.empty()) mask_text = call.parameter("update_mask");
    const auto mask = maskOf(mask_text, serviceShape());
    if (!mask) return tl::unexpected(mask.error());
    if (const auto etag = body->find("etag"); etag != body->end() && *etag != r.service["etag"])
        return refuse(409, "ABORTED",
                      "Conflict for resource '" + r.spec.name + "': version '" + etag->dump() + "' was specified but current version is '" +
                          r.service["etag"].dump() + "'.");
    json next = r.service;
    static const std::set<std::string> kWritable{"description",
                                                 "labels",
                                                 "annotations",
                                                 "ingress",
                                                 "launchStage",
                                                 "template",
                                                 "traffic",
                                                 "scaling",
                                                 "client",
                                                 "clientVersion",
                                                 "binaryAuthorization",
                                                 "customAudiences",
                                                 "invokerIamDisabled",
                                                 "defaultUriDisabled"};
    if (mask->empty()) {
        for (const auto& name : kWritable) copyField(*body, next, name);
    }
    for (const auto& path : *mask) {
        const std::string top = path.substr(0, path.find('.'));
        if (top == "name" || top == "etag") continue;
        if (!kWritable.contains(top)) return badRequest("Field '" + path + "' is output only or immutable and cannot be updated.");
        copyField(*body, next, path);
    }
    GOOGLE_TRY(complete(next));
    if (next["template"] != r.service["template"]) {
        const std::string revision = next["template"].value("revision", "");
        if (!revision.empty() && r.revisions_used.find(" " + revision + " ") != std::string::npos)
            return refuse(409, "ALREADY_EXISTS", "Revision named '" + revision + "' with different configuration already exists.");
    }
    if (flag(call, "validateOnly")) {
        json shown = {{"name", r.service["name"].get<std::string>().substr(0, r.service["name"].get<std::string>().find("/services")) +
                                   "/operations/validate"},
                      {"done", true},
                      {"metadata", next},
                      {"response", next}};
        shown["metadata"]["@type"] = shown["response"]["@type"] = "type.googleapis.com/google.cloud.run.v2.Service";
        return reply(shown);
    }
    json function;
    const auto& operation = call.project.change(r, std::move(next), std::move(function), 2);
    return reply(call.project.show(operation));
}

Answer<HttpResponse> list(Call& call) {
    GOOGLE_TRY(checkParameters(call, {"pageSize", "pageToken", "showDeleted"}));
    const std::string& location = call.path[4];
    const auto known = call.project.locations();
    if (std::find(known.begin(), known.end(), location) == known.end())
        return badRequest("Location " + location + " is not found or access is unauthorized.");
    std::vector<const Resource*> found;
    for (const auto& each : call.project.resources())
        if (!each->service.is_null() && each->spec.region == location) found.push_back(each.get());
    const auto page = pageOf(call, found.size(), 100, 100, "services/" + location);
    if (!page) return tl::unexpected(page.error());
    json body = json::object();
    for (std::size_t i = page->first; i < page->last; ++i) body["services"].push_back(found[i]->service);
    if (!page->next.empty()) body["nextPageToken"] = page->next;
    return reply(body);
}

}  // namespace

Answer<HttpResponse> handleRun(Call& call) {
    const auto& path = call.path;
    const std::string& method = call.request.method;
    if (path[0] == "v1") {
        GOOGLE_TRY(checkParameters(call, {"pageSize", "pageToken", "filter"}));
        json body = {{"locations", json::array()}};
        for (const auto& location : call.project.locations())
            body["locations"].push_back({{"name", "projects/" + call.project.id() + "/locations/" + location}, {"locationId", location}});
        return reply(body);
    }
    if (path[5] == "operations" && path.size() == 7) {
        const auto* operation = call.project.findOperation(call.request.path.substr(4, call.request.path.find(':') - 4));
        if (operation == nullptr) return notFound("Operation " + path[6]);
        return reply(call.project.show(*operation));
    }
    if (path[5] != "services") return notFound("Method");
    if (path.size() == 6) {
        if (method != "GET") return refuse(501, "UNIMPLEMENTED", "The sandbox creates no services.");
        return list(call);
    }
    Resource* r = call.project.findService(path[4], path[6]);
    if (r == nullptr || path.size() > 7)
        return refuse(404, "NOT_FOUND",
                      "Resource '" + path[6] + "' of kind 'SERVICE' in region '" + path[4] + "' in project '" + call.project.id() +
                          "' does not exist.");
    if (call.verb == "testIamPermissions") {
        auto body = bodyOf(call);
        if (!body) return tl::unexpected(body.error());
        return reply({{"permissions", body->value("permissions", json::array())}});
    }
    if (method == "GET") {
        GOOGLE_TRY(checkParameters(call, {}));
        return reply(r->service);
    }
    if (method == "PATCH") return patch(call, *r);
    return refuse(501, "UNIMPLEMENTED", "The sandbox does not offer " + method + " here.");
}

}  // namespace pilotlight::sandbox::gcp
