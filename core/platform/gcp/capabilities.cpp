// What can be set on a Cloud Run service or a Cloud Function, by kind. Ranges: Cloud Run docs (configuring CPU, memory limits, concurrency,
// request timeout), Cloud Functions docs (memory limits, quotas), 2026-06.
#include <fmt/format.h>

#include "core/platform/gcp/function_parse.h"
#include "core/platform/gcp/gcp_platform.h"
#include "core/platform/gcp/resource_name.h"

namespace pilotlight::platform::gcp {
namespace {

void firstGeneration(Capabilities& out, const Function& function) {
    out.settings.push_back(
        {"memory_mb", "memory", 128, 8192, 1, {128, 256, 512, 1024, 2048, 4096, 8192}, "1st generation functions: seven sizes", true});
    out.settings.push_back(
        {"vcpu", "CPU", function.vcpuShare(), function.vcpuShare(), 1, {}, "follows memory in the 1st generation", false});
    out.settings.push_back(
        {"concurrency", "concurrency", 1, 1, 1, {}, "an instance of the 1st generation serves one request at once", false});
    out.settings.push_back({"warm_pool", "minimum instances", 0, 1000, 1, {}, "at most the maximum", true});
    out.settings.push_back({"instance_limit", "maximum instances", 1, 3000, 1, {}, "1 to 3,000, or none", true});
    out.settings.push_back({"timeout_s", "timeout", 1, 540, 1, {}, "1st generation functions: 1 to 540 s", true});
}

void service(Capabilities& out, const Function& function) {
    const double vcpu = function.vcpuShare();
    const std::string several(function.untunedText(kContainers)), gpu(function.untunedText(kAccelerator));
    std::string why_not;
    if (!several.empty()) why_not = several + " containers share the instance: their sizes are set in the service's own definition";
    if (!gpu.empty()) why_not = "an instance with a GPU (" + gpu + ") has fixed CPU and memory here";
    const bool resources = why_not.empty();
    const auto range = memoryFor(vcpu);
    const double least = range ? range->least : 128, most = range ? range->most : 32768;
    out.settings.push_back({"memory_mb",
                            "memory",
                            resources ? least : function.memory.value,
                            resources ? most : function.memory.value,
                            1,
                            {},
                            resources ? fmt::format("Cloud Run: {:g} to {:g} MiB with {} vCPU", least, most, cpuText(vcpu)) : why_not,
                            resources});
    out.settings.push_back({"vcpu",
                            "CPU",
                            resources ? 0.08 : vcpu,
                            resources ? 8 : vcpu,
                            1,
                            {1, 2, 4, 6, 8},
                            resources ? "Cloud Run: 1, 2, 4, 6 or 8 vCPU (fractions below 1 are left alone)" : why_not,
                            resources});
    const double together = vcpu < 1 ? 1 : 1000;
    out.settings.push_back({"concurrency",
                            "concurrency",
                            1,
                            together,
                            1,
                            {},
                            vcpu < 1 ? "below 1 vCPU an instance serves one request at once" : "Cloud Run: 1 to 1,000 requests at once",
                            vcpu >= 1});
    const bool manual = function.untunedText("scaling") == "manual";
    const double limit = function.instance_limit.kind == InstanceLimit::Kind::limited ? function.instance_limit.value : 1000;
    out.settings.push_back({"warm_pool",
                            "minimum instances",
                            0,
                            manual ? 0 : limit,
                            1,
                            {},
                            manual ? "the service is scaled by hand" : "at most the maximum",
                            !manual});
    out.settings.push_back(
        {"instance_limit", "maximum instances", 1, 1000, 1, {}, "Cloud Run: 1 to 1,000 without a raised quota", !manual});
    out.settings.push_back({"timeout_s", "timeout", 1, 3600, 1, {}, "Cloud Run: 1 to 3,600 s", true});
}

}  // namespace

Capabilities GcpPlatform::capabilities(const Function& function) const { return capabilitiesOf(function); }

Capabilities capabilitiesOf(const Function& function) {
    Capabilities out;
    const std::string_view kind = function.untunedText(kKind);
    // Run compares its etag; the Functions API has none, so the state is read and compared just before the change.
    out.compare_and_swap = kind == "service";
    out.dry_run = kind != "gen1";
    out.traffic_split = kind == "service";
    if (kind == "gen1") {
        firstGeneration(out, function);
    } else {
        service(out, function);
    }
    out.settings.push_back(
        {"warm_schedule", "scheduled minimum instances", 0, 0, 1, {}, "Google Cloud has no schedule for minimum instances", false});
    if (kind == "gen2" && function.untunedText(kFunctionName).empty())
        for (auto& each : out.settings) {
            each.settable = false;
            each.why = "the function that manages this service could not be read (cloudfunctions.functions.list)";
        }
    return out;
}

}  // namespace pilotlight::platform::gcp
