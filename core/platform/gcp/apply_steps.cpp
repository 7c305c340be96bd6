#include "core/platform/gcp/apply_steps.h"

#include <fmt/format.h>

#include <cmath>
#include <nlohmann/json.hpp>

#include "core/platform/gcp/function_parse.h"
#include "core/platform/gcp/resource_name.h"
#include "core/platform/json_fields.h"

namespace pilotlight::platform::gcp {

using nlohmann::json;

namespace {

tl::unexpected<Error> outside(std::string what, std::string action) {
    return fail(ErrorCode::invalid_argument, std::move(what), {}, std::move(action));
}

// CPU, memory and concurrency go together; the service would refuse other combinations.
Status checkTogether(const Function& before, const Wanted& wanted, bool gen1) {
    const double vcpu = wanted.vcpu.value_or(before.vcpuShare());
    const std::int32_t memory = wanted.memory.value_or(before.memory.value), concurrency = wanted.concurrency.value_or(before.concurrency);
    if (gen1) {
        for (const std::int32_t size : {128, 256, 512, 1024, 2048, 4096, 8192})
            if (memory == size) return {};
        return outside(fmt::format("A 1st generation function cannot have {} MB", memory), "Use 128, 256, 512, 1024, 2048, 4096 or 8192.");
    }
    const auto range = memoryFor(vcpu);
    if (!range) return outside(fmt::format("{} vCPU do not exist on Cloud Run", cpuText(vcpu)), "Use 1, 2, 4, 6 or 8.");
    if (memory < range->least || memory > range->most)
        return outside(fmt::format("{} MiB do not go with {} vCPU", memory, cpuText(vcpu)),
                       fmt::format("Use {} to {} MiB, or another number of vCPU (--vcpu).", range->least, range->most));
    if (concurrency < 1 || concurrency > 1000)
        return outside(fmt::format("A concurrency of {} is outside 1 to 1,000", concurrency), "Choose one in that range.");
    if (vcpu < 1 && concurrency > 1)
        return outside("Below 1 vCPU an instance serves one request at once", "Use --vcpu 1 or more, or --concurrency 1.");
    if (vcpu < 1 && before.untunedText(kBilling) == "instance")
        return outside("Below 1 vCPU there is request-based billing only", "Use --vcpu 1 or more.");
    return {};
}

std::string words(const Wanted& wanted) {
    std::string out;
    const auto add = [&](const char* name, const std::string& value) { out += fmt::format(" {}={}", name, value); };
    if (wanted.memory) add("memory", fmt::format("{}Mi", *wanted.memory));
    if (wanted.vcpu) add("cpu", cpuText(*wanted.vcpu));
    if (wanted.concurrency) add("maxInstanceRequestConcurrency", std::to_string(*wanted.concurrency));
    if (wanted.pool) add("minInstanceCount", std::to_string(*wanted.pool));
    if (wanted.limit) add("maxInstanceCount", *wanted.limit == 0 ? "none" : std::to_string(*wanted.limit));
    if (wanted.timeout) add("timeout", fmt::format("{}s", *wanted.timeout));
    return out;
}

}  // namespace

json Wanted::toJson() const {
    json out = json::object();
    if (memory) out["memory_mb"] = *memory;
    if (vcpu) out["vcpu"] = *vcpu;
    if (concurrency) out["concurrency"] = *concurrency;
    if (pool) out["warm_pool"] = *pool;
    if (limit) out["instance_limit"] = *limit;
    if (timeout) out["timeout_s"] = *timeout;
    if (!minimum_at.empty()) out["minimum_at"] = minimum_at;
    return out;
}

Result<Wanted> wantedFromJson(const std::string& arguments) {
    PILOTLIGHT_ASSIGN(const json read, parseObject(arguments, "the journal"));
    Wanted wanted;
    wanted.memory = countField(read, "memory_mb");
    wanted.vcpu = numberField(read, "vcpu");
    wanted.concurrency = countField(read, "concurrency");
    wanted.pool = countField(read, "warm_pool");
    wanted.limit = countField(read, "instance_limit");
    wanted.timeout = countField(read, "timeout_s");
    wanted.minimum_at = textField(read, "minimum_at");
    return wanted;
}

Result<std::vector<ApplyStep>> planSteps(const Function& before, const DesiredSettings& desired, const std::string& alias) {
    if (!alias.empty()) return fail(ErrorCode::unsupported, "Google Cloud has no aliases", {}, "Leave --alias out.");
    if (desired.warm_schedule)
        return fail(ErrorCode::unsupported, "Google Cloud has no schedule for minimum instances", {}, "Use --warm-pool N.");
    const std::string_view kind = before.untunedText(kKind);
    const bool gen1 = kind == "gen1";
    if (kind == "gen2" && before.untunedText(kFunctionName).empty())
        return fail(ErrorCode::unsupported, "The function that manages the service " + before.name + " is not known",
                    "Changing the service behind it would be undone by the next deployment.",
                    "Allow cloudfunctions.functions.list, then sync.");
    if (gen1 && (desired.vcpu || (desired.concurrency && *desired.concurrency != 1)))
        return fail(ErrorCode::unsupported, "CPU and concurrency of a 1st generation function cannot be set", {},
                    "Upgrade it to the 2nd generation first.");
    if ((desired.memory || desired.vcpu) && !before.untunedText(kContainers).empty())
        return fail(ErrorCode::unsupported, before.name + " has several containers", "Pilotlight does not know which of them to change.",
                    "Change them in the service's own definition.");

    Wanted wanted;
    if (desired.memory && *desired.memory != before.memory) wanted.memory = desired.memory->value;
    if (desired.vcpu && std::abs(*desired.vcpu - before.vcpuShare()) > 1e-6) wanted.vcpu = desired.vcpu;
    if (desired.concurrency && *desired.concurrency != before.concurrency) wanted.concurrency = desired.concurrency;
    if (desired.timeout && *desired.timeout != before.timeout) {
        const std::int64_t most = gen1 ? 540 : 3600;
        if (desired.timeout->count() < 1 || desired.timeout->count() > most)
            return outside(fmt::format("{} s is outside 1 to {} s", desired.timeout->count(), most), "Choose a timeout in that range.");
        wanted.timeout = static_cast<std::int32_t>(desired.timeout->count());
    }
    if (desired.warm_pool && before.warmPool() != *desired.warm_pool) {
        if (*desired.warm_pool < 0) return outside("A warm pool cannot be negative", "Use --warm-pool 0 to end it.");
        wanted.pool = desired.warm_pool;
        wanted.minimum_at = before.untunedText(kMinimumAt);
    }
    if (desired.instance_limit && *desired.instance_limit != before.instance_limit) {
        if (desired.instance_limit->kind == InstanceLimit::Kind::none) {
            if (!gen1) return fail(ErrorCode::unsupported, "A Cloud Run service always has a maximum", {}, "Use --instance-limit N.");
            wanted.limit = 0;
        } else if (desired.instance_limit->kind == InstanceLimit::Kind::limited && desired.instance_limit->value >= 1) {
            wanted.limit = desired.instance_limit->value;
        } else {
            return outside("The instance limit is not a number from 1 on", "Use --instance-limit N.");
        }
    }
    if (wanted.toJson().empty()) return std::vector<ApplyStep>{};
    PILOTLIGHT_TRY(checkTogether(before, wanted, gen1));
    const char* operation = gen1 ? step::kPatchFunctionV1 : kind == "gen2" ? step::kPatchFunction : step::kPatchService;
    std::string describe = operation + words(wanted);
    describe += kind == "service" ? " etag=" + before.revision : " (no etag: read, compare, write)";
    if (!gen1) describe += ", tried with validateOnly first";
    return std::vector<ApplyStep>{{operation, std::move(describe), wanted.toJson().dump()}};
}

Result<Patch> servicePatch(const json& service, const Wanted& wanted) {
    const json& revision = objectField(service, "template");
    json body = {{"name", textField(service, "name")}, {"etag", textField(service, "etag")}};
    json changed = json::object();
    std::string mask;
    const auto masked = [&](const char* path) { mask += (mask.empty() ? "" : ",") + std::string(path); };
    if (wanted.memory || wanted.vcpu) {
        json containers = arrayField(revision, "containers");
        if (containers.size() != 1 || !containers[0].is_object())
            return fail(ErrorCode::protocol, "The service does not have one container", "Nothing was changed.",
                        "Change it in its own definition.");
        json& resources = containers[0]["resources"];
        if (!resources.is_object()) resources = json::object();
        if (!resources.contains("cpuIdle")) resources["cpuIdle"] = false;  // what leaving it out means
        json& limits = resources["limits"];
        if (!limits.is_object()) limits = json::object();
        if (wanted.memory) limits["memory"] = fmt::format("{}Mi", *wanted.memory);
        if (wanted.vcpu) limits["cpu"] = cpuText(*wanted.vcpu);
        changed["containers"] = std::move(containers);
        masked("template.containers");
    }
    if (wanted.concurrency) {
        changed["maxInstanceRequestConcurrency"] = *wanted.concurrency;
        masked("template.maxInstanceRequestConcurrency");
    }
    if (wanted.timeout) {
        changed["timeout"] = fmt::format("{}s", *wanted.timeout);
        masked("template.timeout");
    }
    json scaling = objectField(revision, "scaling");
    bool revision_scaling = false;
    if (wanted.limit) {
        scaling["maxInstanceCount"] = *wanted.limit;
        revision_scaling = true;
        // A lower maximum of the whole service would still bind.
        if (integerField(objectField(service, "scaling"), "maxInstanceCount")) {
            body["scaling"]["maxInstanceCount"] = *wanted.limit;
            masked("scaling.maxInstanceCount");
        }
    }
    if (wanted.pool) {
        if (wanted.minimum_at == "revision") {
            scaling["minInstanceCount"] = *wanted.pool;
            revision_scaling = true;
        } else {
            body["scaling"]["minInstanceCount"] = *wanted.pool;  // takes effect without a new revision
            masked("scaling.minInstanceCount");
        }
    }
    if (revision_scaling) {
        changed["scaling"] = std::move(scaling);
        masked("template.scaling");
    }
    if (!changed.empty()) {
        body["template"] = std::move(changed);
        masked("template.revision");  // absent in the body: a name that was given by hand is cleared
    }
    return Patch{std::move(mask), body.dump()};
}

Patch functionPatch(const json& function, const Wanted& wanted) {
    json config = json::object();
    std::string mask;
    const auto put = [&](const char* name, json value) {
        config[name] = std::move(value);
        mask += (mask.empty() ? "" : ",") + std::string("serviceConfig.") + name;
    };
    if (wanted.memory || wanted.vcpu) {
        const json& before = objectField(function, "serviceConfig");
        const auto memory = wanted.memory ? *wanted.memory : parseMemory(textField(before, "availableMemory")).value_or(256);
        std::string cpu = textField(before, "availableCpu");
        if (wanted.vcpu) cpu = cpuText(*wanted.vcpu);
        if (cpu.empty()) cpu = cpuText(defaultFunctionCpu(memory, false));
        put("availableMemory", fmt::format("{}Mi", memory));
        put("availableCpu", cpu);
    }
    if (wanted.concurrency) put("maxInstanceRequestConcurrency", *wanted.concurrency);
    if (wanted.timeout) put("timeoutSeconds", *wanted.timeout);
    if (wanted.pool) put("minInstanceCount", *wanted.pool);
    if (wanted.limit) put("maxInstanceCount", *wanted.limit);
    return {std::move(mask), json{{"name", textField(function, "name")}, {"serviceConfig", config}}.dump()};
}

Patch functionPatchV1(const std::string& name, const Wanted& wanted) {
    json body = {{"name", name}};
    std::string mask;
    const auto put = [&](const char* field, json value) {
        body[field] = std::move(value);
        mask += (mask.empty() ? "" : ",") + std::string(field);
    };
    if (wanted.memory) put("availableMemoryMb", *wanted.memory);
    if (wanted.timeout) put("timeout", fmt::format("{}s", *wanted.timeout));
    if (wanted.pool) put("minInstances", *wanted.pool);
    if (wanted.limit) put("maxInstances", *wanted.limit);
    return {std::move(mask), body.dump()};
}

bool holds(const Function& now, const Wanted& wanted) {
    if (wanted.memory && now.memory.value != *wanted.memory) return false;
    if (wanted.vcpu && std::abs(now.vcpuShare() - *wanted.vcpu) > 5e-4) return false;
    if (wanted.concurrency && now.concurrency != *wanted.concurrency) return false;
    if (wanted.timeout && now.timeout.count() != *wanted.timeout) return false;
    if (wanted.pool && now.warmPool() != *wanted.pool) return false;
    if (wanted.limit && now.instance_limit != (*wanted.limit == 0 ? InstanceLimit::unlimited() : InstanceLimit::of(*wanted.limit)))
        return false;
    return true;
}

}  // namespace pilotlight::platform::gcp
