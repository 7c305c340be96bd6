#include "app/sandbox/gcp/project.h"

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <nlohmann/json.hpp>
#include <set>

#include "app/sandbox/aws/wire.h"
#include "app/sandbox/engine/world.h"

namespace pilotlight::sandbox::gcp {

using nlohmann::json;

struct Documents {
    json service, function;
};
Resource::Resource() : documents(std::make_unique<Documents>()), service(documents->service), function(documents->function) {}
Resource::~Resource() = default;

namespace {

constexpr Micros kKeepRecords = 45 * kDay;

std::string shortNumber(double value) {
    char text[32];
    std::snprintf(text, sizeof text, "%g", value);
    return text;
}

int intAt(const json& object, const char* key, int otherwise) {
    const auto at = object.find(key);
    return at != object.end() && at->is_number() ? at->get<int>() : otherwise;
}

json condition(const char* state) { return {{"type", "Ready"}, {"state", state}}; }

}  // namespace

int mebibytes(const std::string& quantity) {
    char* end = nullptr;
    const double value = std::strtod(quantity.c_str(), &end);
    const std::string unit = end;
    double bytes = 0;
    if (unit == "Mi" || unit == "M") bytes = value * 1048576;
    if (unit == "Gi" || unit == "G") bytes = value * 1073741824;
    if (unit == "Ki" || unit == "k") bytes = value * 1024;
    if (unit.empty()) bytes = value;
    return bytes > 0 && bytes < 1e12 ? static_cast<int>(std::lround(bytes / 1048576)) : 0;
}

double cpus(const std::string& quantity) {
    char* end = nullptr;
    const double value = std::strtod(quantity.c_str(), &end);
    if (end == quantity.c_str() || value <= 0 || value > 1e6) return 0;
    if (*end == '\0') return value;
    return std::string(end) == "m" ? value / 1000 : 0;
}

bool instanceBilled(const Resource& resource) {
    if (resource.isGen1()) return false;
    return !resource.service["template"]["containers"][0]["resources"].value("cpuIdle", false);
}

SharedDeployment deploymentOf(const Resource& resource) {
    SharedDeployment d;
    if (resource.isGen1()) {
        const json& config = resource.function["serviceConfig"];
        d.memory_mb = mebibytes(config.value("availableMemory", "256M"));
        d.vcpu = cpus(config.value("availableCpu", "0.1667"));
        d.min_instances = intAt(config, "minInstanceCount", 0);
        d.max_instances = intAt(config, "maxInstanceCount", 0);
        if (d.max_instances == 0) d.max_instances = 3000;
        d.timeout_s = intAt(config, "timeoutSeconds", 60);
        return d;
    }
    const json& revision = resource.service["template"];
    const json& resources = revision["containers"][0]["resources"];
    d.memory_mb = mebibytes(resources["limits"].value("memory", "512Mi"));
    d.vcpu = cpus(resources["limits"].value("cpu", "1"));
    d.concurrency = intAt(revision, "maxInstanceRequestConcurrency", d.vcpu >= 1 ? 80 : 1);
    const json service_scaling = resource.service.value("scaling", json::object()), scaling = revision.value("scaling", json::object());
    d.min_instances = std::max(intAt(service_scaling, "minInstanceCount", 0), intAt(scaling, "minInstanceCount", 0));
    d.max_instances = intAt(scaling, "maxInstanceCount", 100);
    if (const int most = intAt(service_scaling, "maxInstanceCount", 0); most > 0) d.max_instances = std::min(d.max_instances, most);
    d.timeout_s = std::max(1, std::atoi(revision.value("timeout", "300s").c_str()));
    d.boost = resources.value("startupCpuBoost", false);
    return d;
}

Project::Project(const Scenario& scenario, std::uint64_t seed, Micros start)
    : id_(scenario.project), now_(start), random_(mix(seed ^ 0x676370ULL)) {
    for (const auto& spec : scenario.of("gcp")) build(spec, random_.fork(spec.name), start);
}

std::string Project::newEtag() {
    char text[40];
    std::snprintf(text, sizeof text, "\"CP%016llx\"", static_cast<unsigned long long>(mix(++counter_ * 77 + random_.next())));
    return text;
}

void Project::build(const FunctionSpec& spec, const Random& random, Micros start) {
    auto made = std::make_unique<Resource>();
    Resource& r = *made;
    r.spec = spec;
    const std::string place = "projects/" + id_ + "/locations/" + spec.region;
    const std::string created = isoMillis(start - 40 * kDay), updated = isoMillis(start - 3 * kDay);
    const std::string account = "runtime@" + id_ + ".iam.gserviceaccount.com";
    json labels = spec.tags;
    if (labels.is_null()) labels = json::object();
    if (spec.kind != "gen1") {
        r.revision = 3;
        const std::string revision = spec.name + "-00003-abc";
        r.revisions_used = " " + revision + " ";
        json service_labels = labels;
        if (spec.kind == "gen2") service_labels["goog-managed-by"] = "cloudfunctions";
        json container = {{"image", "europe-docker.pkg.dev/" + id_ + "/images/" + spec.name + ":latest"},
                          {"resources",
                           {{"limits", {{"cpu", shortNumber(spec.vcpu)}, {"memory", std::to_string(spec.memory_mb) + "Mi"}}},
                            {"cpuIdle", !spec.instance_billed},
                            {"startupCpuBoost", true}}},
                          {"ports", {{{"name", "http1"}, {"containerPort", 8080}}}},
                          {"env", {{{"name", "MODEL_PATH"}, {"value", "/models/current"}}}}};
        json revision_template = {{"scaling", {{"maxInstanceCount", spec.max_instances}}},
                                  {"timeout", std::to_string(spec.timeout_s) + "s"},
                                  {"serviceAccount", account},
                                  {"containers", {container}},
                                  {"maxInstanceRequestConcurrency", spec.concurrency}};
        if (!spec.accelerator.empty()) {
            revision_template["containers"][0]["resources"]["limits"]["nvidia.com/gpu"] = "1";
            revision_template["nodeSelector"] = {{"accelerator", spec.accelerator}};
            if (!spec.gpu_redundant) revision_template["gpuZonalRedundancyDisabled"] = true;
        }
        // A revision name that was given by hand: it stays in the template and must be cleared with the next change.
        if (spec.kind == "service" && spec.tags.contains("pinned-revision")) revision_template["revision"] = revision;
        r.service = {{"name", place + "/services/" + spec.name},
                     {"uid", uuidOf(stableHash(spec.name, 1), stableHash(spec.name, 2))},
                     {"generation", "3"},
                     {"labels", service_labels},
                     {"createTime", created},
                     {"updateTime", updated},
                     {"creator", "deploy@" + id_ + ".iam.gserviceaccount.com"},
                     {"lastModifier", "deploy@" + id_ + ".iam.gserviceaccount.com"},
                     {"client", spec.tags.contains("goog-terraform-provisioned") ? "terraform" : "gcloud"},
                     {"ingress", "INGRESS_TRAFFIC_ALL"},
                     {"launchStage", "GA"},
                     {"template", revision_template},
                     {"traffic", {{{"type", "TRAFFIC_TARGET_ALLOCATION_TYPE_LATEST"}, {"percent", 100}}}},
                     {"observedGeneration", "3"},
                     {"terminalCondition", condition("CONDITION_SUCCEEDED")},
                     {"latestReadyRevision", place + "/services/" + spec.name + "/revisions/" + revision},
                     {"latestCreatedRevision", place + "/services/" + spec.name + "/revisions/" + revision},
                     {"uri", "https://" + spec.name + "-sandbox.a.run.app"},
                     {"etag", newEtag()}};
        if (spec.min_instances > 0) {
            // Functions keep their minimum with the revision, services with the service.
            (spec.kind == "gen2" ? r.service["template"]["scaling"] : r.service["scaling"])["minInstanceCount"] = spec.min_instances;
        }
    }
    if (spec.kind != "service") {
        const bool gen1 = spec.kind == "gen1";
        json config = {{"availableMemory", std::to_string(spec.memory_mb) + (gen1 ? "M" : "Mi")},
                       {"timeoutSeconds", spec.timeout_s},
                       {"maxInstanceCount", spec.max_instances},
                       {"ingressSettings", "ALLOW_ALL"},
                       {"serviceAccountEmail", account},
                       {"uri", "https://" + spec.region + "-" + id_ + ".cloudfunctions.net/" + spec.name}};
        if (spec.min_instances > 0) config["minInstanceCount"] = spec.min_instances;
        if (!gen1) {
            config["availableCpu"] = shortNumber(spec.vcpu);
            config["maxInstanceRequestConcurrency"] = spec.concurrency;
            config["service"] = r.service["name"];
            config["revision"] = spec.name + "-00003-abc";
            config["allTrafficOnLatestRevision"] = true;
        }
        r.function = {{"name", place + "/functions/" + spec.name},
                      {"environment", gen1 ? "GEN_1" : "GEN_2"},
                      {"state", "ACTIVE"},
                      {"buildConfig", {{"runtime", spec.runtime == "python3.12" ? "python312" : spec.runtime}, {"entryPoint", "handler"}}},
                      {"serviceConfig", config},
                      {"createTime", created},
                      {"updateTime", updated},
                      {"labels", labels},
                      {"url", config["uri"]}};
    }
    if (r.isGen1()) r.function["serviceConfig"]["availableCpu"] = shortNumber(spec.vcpu);
    r.engine = std::make_unique<SharedEngine>(spec, deploymentOf(r), random, start, SharedEngine::ExecutionRounding{});
    resources_.push_back(std::move(made));
}

std::vector<std::string> Project::locations() const {
    std::set<std::string> found{"us-central1", "europe-west1", "asia-northeast1"};
    for (const auto& each : resources_) found.insert(each->spec.region);
    return {found.begin(), found.end()};
}

Resource* Project::findService(const std::string& location, const std::string& name) {
    for (auto& each : resources_)
        if (!each->service.is_null() && each->spec.region == location && each->spec.name == name) return each.get();
    return nullptr;
}

Resource* Project::findFunction(const std::string& location, const std::string& name) {
    for (auto& each : resources_)
        if (!each->function.is_null() && each->spec.region == location && each->spec.name == name) return each.get();
    return nullptr;
}

const Operation* Project::findOperation(const std::string& name) const {
    const auto found = operations_.find(name);
    return found == operations_.end() ? nullptr : &found->second;
}

void Project::settle(Resource& r, bool failed) {
    if (!r.service.is_null()) {
        r.service["observedGeneration"] = r.service["generation"];
        r.service.erase("reconciling");
        r.service["terminalCondition"] = condition(failed ? "CONDITION_FAILED" : "CONDITION_SUCCEEDED");
        if (failed) {
            r.service["terminalCondition"]["message"] =
                "The user-provided container failed to start and listen on the port defined by the PORT environment variable.";
            r.service["terminalCondition"]["revisionReason"] = "CONTAINER_MISSING";
        } else {
            r.service["latestReadyRevision"] = r.service["latestCreatedRevision"];
        }
    }
    if (!r.function.is_null()) r.function["state"] = failed ? "FAILED" : "ACTIVE";
    if (!failed) r.engine->deploy(deploymentOf(r));
}

const Operation& Project::change(Resource& r, json service, json function, int version) {
    const std::string now = isoMillis(now_);
    const bool of_function = !function.is_null();
    if (!service.is_null()) {
        const bool same_template = service["template"] == r.service["template"];
        r.service = std::move(service);
        r.service["generation"] = std::to_string(std::stoi(r.service["generation"].get<std::string>()) + 1);
        r.service["updateTime"] = now;
        r.service["etag"] = newEtag();
        r.service["reconciling"] = true;
        r.service["terminalCondition"] = condition("CONDITION_RECONCILING");
        if (!same_template) {
            ++r.revision;
            char suffix[24];
            std::snprintf(suffix, sizeof suffix, "-%05d-%03x", r.revision, static_cast<unsigned>(mix(++counter_) & 0xfff));
            const std::string revision = r.service["template"].value("revision", r.spec.name + suffix);
            r.revisions_used += revision + " ";
            r.service["latestCreatedRevision"] = r.service["name"].get<std::string>() + "/revisions/" + revision;
        }
    }
    if (of_function) {
        r.function = std::move(function);
        r.function["updateTime"] = now;
        r.function["state"] = "DEPLOYING";
    }
    Operation operation;
    operation.resource = &r;
    operation.of_function = of_function;
    operation.version = version;
    operation.fails = std::exchange(next_change_fails, false);
    operation.done_at = now_ + static_cast<Micros>((of_function ? 40.0 : 8.0) * random_.between(0.6, 1.4) * convergence_factor * kSecond);
    char function_id[40];
    ++counter_;
    std::snprintf(function_id, sizeof function_id, "operation-%016llx", static_cast<unsigned long long>(mix(counter_ + 99)));
    const std::string id = of_function ? function_id : uuidOf(mix(counter_ + 99), mix(counter_ * 7));  // each API names its own
    operation.name =
        version == 1 ? std::string("operations/") + id : "projects/" + id_ + "/locations/" + r.spec.region + "/operations/" + id;
    r.engine->at(operation.done_at, [this, &r, fails = operation.fails] { settle(r, fails); });
    return operations_[operation.name] = operation;
}

json Project::show(const Operation& operation) const {
    const Resource& r = *operation.resource;
    const json& target = operation.of_function ? r.function : r.service;
    json shown = {{"name", operation.name}};
    if (operation.of_function) {
        shown["metadata"] = {{"@type", operation.version == 1 ? "type.googleapis.com/google.cloud.functions.v1.OperationMetadataV1"
                                                              : "type.googleapis.com/google.cloud.functions.v2.OperationMetadata"},
                             {"target", target["name"]}};
    } else {
        shown["metadata"] = target;
        shown["metadata"]["@type"] = "type.googleapis.com/google.cloud.run.v2.Service";
    }
    const bool done = now_ >= operation.done_at;
    shown["done"] = done;
    if (done && operation.fails) {
        shown["error"] = {{"code", 9},
                          {"message", "Revision '" + r.spec.name +
                                          "' is not ready and cannot serve traffic. The user-provided container failed to start."}};
    } else if (done) {
        shown["response"] = target;
        shown["response"]["@type"] = operation.of_function ? "type.googleapis.com/google.cloud.functions.v2.Function"
                                                           : "type.googleapis.com/google.cloud.run.v2.Service";
    }
    return shown;
}

void Project::advance(Micros t) {
    if (t <= now_) return;
    now_ = t;
    for (auto& each : resources_) each->engine->advance(t);
    if (now_ - pruned_ > kDay) {
        pruned_ = now_;
        for (auto& each : resources_) each->engine->dropBefore((now_ - kKeepRecords) / 1000);
    }
}

}  // namespace pilotlight::sandbox::gcp
