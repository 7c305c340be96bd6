#include "core/platform/azure/operations.h"

#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>
#include <set>

namespace pilotlight::platform::azure {

using nlohmann::ordered_json;

std::span<const OperationInfo> operations() {
    using enum Operation;
    static constexpr const char* kWeb = "2024-04-01";  // the oldest that knows Flex Consumption
    static const std::vector<OperationInfo> table = {
        {list_subscriptions,
         "Microsoft.Resources/subscriptions/read",
         "2022-12-01",
         {"Microsoft.Resources/subscriptions/read"},
         false,
         true},
        {list_locations,
         "Microsoft.Resources/subscriptions/locations/read",
         "2022-12-01",
         {"Microsoft.Resources/subscriptions/read"},
         false,
         true},
        {list_sites, "Microsoft.Web/sites/read", kWeb, {"Microsoft.Web/sites/read"}, false, true},
        {get_site, "Microsoft.Web/sites/read", kWeb, {"Microsoft.Web/sites/read"}, false, true},
        {get_config, "Microsoft.Web/sites/config/read", kWeb, {"Microsoft.Web/sites/config/read"}, false, true},
        {list_app_functions, "Microsoft.Web/sites/functions/read", kWeb, {"Microsoft.Web/sites/functions/read"}, false, true},
        {get_plan, "Microsoft.Web/serverfarms/read", kWeb, {"Microsoft.Web/serverfarms/read"}, false, true},
        {list_plans, "Microsoft.Web/serverfarms/read", kWeb, {"Microsoft.Web/serverfarms/read"}, false, true},
        {list_components, "Microsoft.Insights/components/read", "2020-02-02", {"Microsoft.Insights/components/read"}, false, true},
        {get_component, "Microsoft.Insights/components/read", "2020-02-02", {"Microsoft.Insights/components/read"}, false, true},
        {query_insights,
         "api.applicationinsights.io/query",
         nullptr,
         {"Microsoft.Insights/components/*/read", "Microsoft.OperationalInsights/workspaces/query/*/read"},
         false,
         true},
        {list_metrics, "Microsoft.Insights/metrics/read", "2018-01-01", {"Microsoft.Insights/metrics/read"}, false, true},
        {query_costs,
         "Microsoft.CostManagement/query/action",
         "2023-11-01",
         {"Microsoft.CostManagement/query/read", "Microsoft.CostManagement/query/action"},
         false,
         true},
        {read_prices, "prices.azure.com", "2023-01-01-preview", {}, false, true},
        {get_operation, "Microsoft.Web/locations/operations/read", kWeb, {"Microsoft.Web/locations/operations/read"}, false, true},
        {put_site, "Microsoft.Web/sites/write", kWeb, {"Microsoft.Web/sites/write", "Microsoft.Web/serverfarms/join/action"}, true, false},
        {patch_config, "Microsoft.Web/sites/config/write", kWeb, {"Microsoft.Web/sites/config/write"}, true, false},
    };
    return table;
}

const OperationInfo& info(Operation operation) {
    const auto all = operations();
    return *std::find_if(all.begin(), all.end(), [&](const OperationInfo& each) { return each.operation == operation; });
}

namespace {

std::string roleOf(const char* name, const char* description, bool write, const std::string& subscription) {
    std::set<std::string> actions;
    for (const auto& operation : operations())
        if (operation.write == write) actions.insert(operation.actions.begin(), operation.actions.end());
    return ordered_json{{"Name", name},
                        {"IsCustom", true},
                        {"Description", description},
                        {"Actions", actions},
                        {"NotActions", ordered_json::array()},
                        {"AssignableScopes", {"/subscriptions/" + (subscription.empty() ? std::string("SUBSCRIPTION") : subscription)}}}
        .dump(2);
}

}  // namespace

std::string readPolicy(const std::string& subscription) {
    return roleOf("Pilotlight read", "What Pilotlight reads of function apps", false, subscription);
}
std::string applyPolicy(const std::string& subscription) {
    return roleOf("Pilotlight apply", "What Pilotlight changes on function apps", true, subscription);
}

std::string policyFor(Operation operation, const std::string& subscription) {
    if (info(operation).actions.empty()) return {};
    const char* role = operation == Operation::query_costs    ? "Cost Management Reader"
                       : operation == Operation::list_metrics ? "Monitoring Reader"
                       : operation == Operation::query_insights ? "Log Analytics Reader"
                       : info(operation).write                ? "Website Contributor"
                                                              : "Reader";
    return fmt::format("az role assignment create --assignee PRINCIPAL --role \"{}\" --scope /subscriptions/{}", role,
                       subscription.empty() ? "SUBSCRIPTION" : subscription);
}

}  // namespace pilotlight::platform::azure
