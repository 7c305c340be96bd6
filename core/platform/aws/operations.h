// Every AWS operation that Pilotlight calls, in one table. Requests are made from it and the IAM policies are generated from it.
#pragma once

#include <span>
#include <string>
#include <vector>

#include "core/base/money.h"

namespace pilotlight::platform::aws {

enum class Service { lambda, cloudwatch, logs, scaling, sts, cost_explorer, price_list };

struct ServiceInfo {
    Service service;
    const char* host_prefix;  // "monitoring": host is <prefix>.<region>.<dns suffix>
    const char* signing_name;
    const char* service_id;    // of AWS_ENDPOINT_URL_<ID>
    const char* fixed_region;  // nullptr = regional
};
[[nodiscard]] const ServiceInfo& info(Service service);

enum class Operation {
    list_functions,
    get_function,
    get_function_configuration,
    get_function_concurrency,
    list_aliases,
    get_alias,
    list_versions,
    list_pools,
    get_pool,
    list_event_sources,
    get_account_settings,
    describe_scalable_targets,
    describe_scheduled_actions,
    describe_scaling_policies,
    get_metric_data,
    filter_log_events,
    get_cost_and_usage,
    get_caller_identity,
    read_price_list,
    update_function_configuration,
    put_function_concurrency,
    delete_function_concurrency,
    put_pool,
    delete_pool,
    publish_version,
    update_alias,
    register_scalable_target,
    deregister_scalable_target,
    put_scheduled_action,
    delete_scheduled_action,
};

struct OperationInfo {
    Operation operation;
    Service service;
    const char* name;                  // "lambda:ListFunctions": shown, and the key of rate classes
    const char* target;                // X-Amz-Target; nullptr for REST and query calls
    std::vector<const char*> actions;  // IAM actions that it needs
    bool write;                        // changes something
    bool on_function;                  // the policy can name function ARNs
    bool idempotent;                   // sending it twice does no harm
    Money price;                       // of one call, us-east-1 list price
};
[[nodiscard]] const OperationInfo& info(Operation operation);
[[nodiscard]] std::span<const OperationInfo> operations();

// CloudWatch: a metric requested through GetMetricData, with up to 5 statistics in the same call ($0.01 per 1,000).
inline constexpr Money kMetricPrice = Money::fromUnits(100'000);
// Cost Explorer: a paginated request ($0.01).
inline constexpr Money kCostExplorerPrice = Money::fromUnits(100'000'000);

}  // namespace pilotlight::platform::aws
