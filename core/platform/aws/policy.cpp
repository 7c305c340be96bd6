#include "core/platform/aws/policy.h"

#include <fmt/format.h>

#include <nlohmann/json.hpp>
#include <set>

namespace pilotlight::platform::aws {
namespace {

using nlohmann::ordered_json;

constexpr const char* kLinkedRoleAction = "iam:CreateServiceLinkedRole";

const char* sidOf(const OperationInfo& operation) {
    switch (operation.service) {
        case Service::lambda:
            if (operation.write) return "TuneFunctions";
            return operation.on_function ? "LambdaDetail" : "LambdaInventory";
        case Service::cloudwatch:
            return "Metrics";
        case Service::logs:
            return "Logs";
        case Service::scaling:
            return operation.write ? "PoolSchedules" : "Scaling";
        case Service::cost_explorer:
            return "Billing";
        case Service::sts:
        case Service::price_list:
            break;
    }
    return "Other";
}

ordered_json linkedRoleStatement() {
    return {{"Sid", "ScalingServiceLinkedRole"},
            {"Effect", "Allow"},
            {"Action", {kLinkedRoleAction}},
            {"Resource",
             "arn:aws:iam::*:role/aws-service-role/lambda.application-autoscaling.amazonaws.com/"
             "AWSServiceRoleForApplicationAutoScaling_LambdaConcurrency"},
            {"Condition", {{"StringLike", {{"iam:AWSServiceName", "lambda.application-autoscaling.amazonaws.com"}}}}}};
}

std::string partitionOf(const std::string& region) {
    if (region.starts_with("cn-")) return "aws-cn";
    if (region.starts_with("us-gov-")) return "aws-us-gov";
    if (region.starts_with("eusc-")) return "aws-eusc";
    return "aws";
}

// One statement a Sid, actions sorted; only operations that `wanted` takes.
template <typename Wanted>
ordered_json statements(const Wanted& wanted, const std::string& function_resource) {
    std::map<std::string, std::set<std::string>> by_sid;
    std::map<std::string, std::string> resource;
    bool linked_role = false;
    for (const auto& operation : operations()) {
        if (!wanted(operation)) continue;
        for (const char* action : operation.actions) {
            if (std::string_view(action) == kLinkedRoleAction) {
                linked_role = true;
                continue;
            }
            by_sid[sidOf(operation)].insert(action);
            resource[sidOf(operation)] = operation.on_function ? function_resource : "*";
        }
    }
    ordered_json list = ordered_json::array();
    for (const auto& [sid, actions] : by_sid) {
        list.push_back({{"Sid", sid}, {"Effect", "Allow"}, {"Action", actions}, {"Resource", resource[sid]}});
    }
    if (linked_role) list.push_back(linkedRoleStatement());
    return list;
}

std::string document(const ordered_json& statement_list) {
    return ordered_json{{"Version", "2012-10-17"}, {"Statement", statement_list}}.dump(2);
}

}  // namespace

std::string readPolicy() {
    return document(statements([](const OperationInfo& operation) { return !operation.write; }, "*"));
}

std::string applyPolicy(const std::string& account, const std::string& region) {
    const std::string resource =
        fmt::format("arn:{}:lambda:{}:{}:function:*", partitionOf(region), region.empty() ? "*" : region, account.empty() ? "*" : account);
    return document(statements([](const OperationInfo& operation) { return operation.write; }, resource));
}

std::string policyFor(Operation wanted) {
    const auto list = statements([&](const OperationInfo& operation) { return operation.operation == wanted; }, "*");
    return list.empty() ? std::string{} : document(list);
}

}  // namespace pilotlight::platform::aws
