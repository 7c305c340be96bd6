// What can be set on a Lambda function. Ranges: AWS Lambda developer guide, "Lambda quotas" (2026-09).
#include <fmt/format.h>

#include "core/platform/aws/apply_steps.h"
#include "core/platform/aws/aws_platform.h"

namespace pilotlight::platform::aws {

Capabilities AwsPlatform::capabilities(const Function& function) const {
    std::optional<AccountLimits> limits;
    {
        const std::lock_guard lock(mutex_);
        if (const auto at = limits_.find(function.region); at != limits_.end()) limits = at->second;
    }
    return capabilitiesOf(function, limits);
}

Capabilities capabilitiesOf(const Function& function, const std::optional<AccountLimits>& limits) {
    // 100 instances of the account's limit always stay unreserved.
    const std::int32_t account = limits ? limits->concurrent_executions : kDefaultAccountConcurrency;
    const double most = std::max(0, account - kUnreservedMinimum);
    const std::string account_words =
        limits ? fmt::format("the account's limit of {} less {} that stay unreserved", account, kUnreservedMinimum)
               : fmt::format("the default account limit of {} less {} that stay unreserved", account, kUnreservedMinimum);

    Capabilities capabilities;
    capabilities.compare_and_swap = true;
    capabilities.dry_run = false;  // UpdateFunctionConfiguration has none
    capabilities.traffic_split = true;
    capabilities.settings.push_back(
        {"memory_mb", "memory", kMinMemory, kMaxMemory, 1, {}, "AWS Lambda: 128 to 10,240 MB in steps of 1 MB", true});
    capabilities.settings.push_back(
        {"vcpu", "vCPU", function.vcpuShare(), function.vcpuShare(), 1, {}, "follows memory: 1,769 MB are one vCPU", false});
    capabilities.settings.push_back({"concurrency", "concurrency", 1, 1, 1, {}, "an instance serves one request at once", false});
    capabilities.settings.push_back(
        {"instance_limit", "reserved concurrency", 0, most, 1, {}, "0 stops the function; at most " + account_words, true});
    const bool qualified = std::any_of(function.qualifiers.begin(), function.qualifiers.end(),
                                       [](const Qualifier& each) { return each.version != "$LATEST"; });
    std::string why;
    if (function.snap_start) {
        why = "a version with SnapStart has no provisioned concurrency";
    } else if (!qualified) {
        why = "needs an alias or a published version";
    }
    const bool pool = why.empty();
    const double pool_most = function.instance_limit.kind == InstanceLimit::Kind::limited ? function.instance_limit.value : most;
    if (pool) {
        why =
            function.instance_limit.kind == InstanceLimit::Kind::limited ? "at most the reserved concurrency" : "at most " + account_words;
    }
    capabilities.settings.push_back({"warm_pool", "provisioned concurrency", 0, pool ? pool_most : 0, 1, {}, why, pool});
    capabilities.settings.push_back({"warm_schedule", "scheduled provisioned concurrency", 0, pool ? pool_most : 0, 1, {}, why, pool});
    capabilities.settings.push_back({"timeout_s", "timeout", kMinTimeout, kMaxTimeout, 1, {}, "AWS Lambda: 1 to 900 s", true});
    return capabilities;
}

}  // namespace pilotlight::platform::aws
