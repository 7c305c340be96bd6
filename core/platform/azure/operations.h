// Every Azure operation that Pilotlight calls, in one table. Requests are made from it and the custom role is generated from it.
#pragma once

#include <span>
#include <string>
#include <vector>

namespace pilotlight::platform::azure {

enum class Operation {
    list_subscriptions,
    list_locations,
    list_sites,
    get_site,
    get_config,
    list_app_functions,
    get_plan,
    list_plans,
    list_metrics,
    list_components,
    get_component,
    query_insights,
    query_costs,
    read_prices,
    get_operation,
    put_site,
    patch_config,
};

struct OperationInfo {
    Operation operation;
    const char* name;                  // "Microsoft.Web/sites/read": shown, and the key of rate classes
    const char* api_version;           // nullptr = none
    std::vector<const char*> actions;  // of a custom role
    bool write;                        // changes something
    bool idempotent;                   // sending it twice does no harm
};
[[nodiscard]] const OperationInfo& info(Operation operation);
[[nodiscard]] std::span<const OperationInfo> operations();

// A custom role definition for `az role definition create --role-definition FILE`; what reading needs, and what applying needs besides.
[[nodiscard]] std::string readPolicy(const std::string& subscription);
[[nodiscard]] std::string applyPolicy(const std::string& subscription);
// The built-in role that would allow this operation, as a command; empty where none is needed.
[[nodiscard]] std::string policyFor(Operation operation, const std::string& subscription);

}  // namespace pilotlight::platform::azure
