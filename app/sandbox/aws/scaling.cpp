// Application Auto Scaling for provisioned concurrency: targets and scheduled actions that act in sandbox time.
#include <algorithm>
#include <nlohmann/json.hpp>

#include "app/sandbox/aws/call.h"

namespace pilotlight::sandbox {

using nlohmann::json;

namespace {

constexpr const char* kDimension = "lambda:function:ProvisionedConcurrency";

tl::unexpected<ServiceError> invalid(const std::string& message) { return refuse(400, "ValidationException", message); }

struct Target {
    std::string resource;
    std::string key;  // region|resource
};

// ServiceNamespace, ResourceId and ScalableDimension of a writing call.
Answer<Target> targetOf(Call& call, const json& body) {
    std::string name_space, resource, dimension;
    SANDBOX_REFUSE_IF(readText(body, "ServiceNamespace", name_space));
    SANDBOX_REFUSE_IF(readText(body, "ResourceId", resource));
    SANDBOX_REFUSE_IF(readText(body, "ScalableDimension", dimension));
    if (name_space != "lambda") return invalid("ServiceNamespace must be lambda on this endpoint.");
    if (dimension != kDimension) return invalid("Unsupported service namespace, resource type or scalable dimension");
    const auto first = resource.find(':'), last = resource.rfind(':');
    if (!resource.starts_with("function:") || last == first)
        return invalid("ResourceId must have the form function:name:alias-or-version.");
    const FunctionState* f = call.world.find(call.region, resource.substr(first + 1, last - first - 1));
    const std::string qualifier = resource.substr(last + 1);
    if (f == nullptr || !f->resolve(qualifier) || qualifier == "$LATEST")
        return invalid("ResourceId " + resource + " names no alias or version of a function.");
    return Target{resource, call.region + "|" + resource};
}

std::string targetArn(const Call& call, const ScalableTarget& t) {
    return "arn:aws:application-autoscaling:" + t.region + ":" + call.world.account() + ":scalable-target/" +
           uuidOf(stableHash(t.region + t.resource), stableHash(t.resource)).substr(0, 24);
}

Answer<json> registerTarget(Call& call, const json& body) {
    SANDBOX_REFUSE_IF(unknownMember(
        body, {"ServiceNamespace", "ResourceId", "ScalableDimension", "MinCapacity", "MaxCapacity", "RoleARN", "SuspendedState", "Tags"},
        "ValidationException"));
    const auto target = targetOf(call, body);
    if (!target) return tl::unexpected(target.error());
    std::optional<std::int64_t> min, max;
    SANDBOX_REFUSE_IF(readInteger(body, "MinCapacity", min));
    SANDBOX_REFUSE_IF(readInteger(body, "MaxCapacity", max));
    const auto known = call.world.targets().find(target->key);
    if (known == call.world.targets().end() && (!min || !max))
        return invalid("MinCapacity and MaxCapacity are required to register a scalable target.");
    ScalableTarget t = known == call.world.targets().end()
                           ? ScalableTarget{call.region, target->resource, 0, 0, false, false, false, call.now()}
                           : known->second;
    t.min = static_cast<int>(min.value_or(t.min));
    t.max = static_cast<int>(max.value_or(t.max));
    if (t.min < 0 || t.max < t.min || t.max > call.world.concurrencyLimit())
        return invalid("Maximum capacity cannot be less than minimum capacity, and neither may be negative or beyond the account's limit.");
    if (const auto state = body.find("SuspendedState"); state != body.end()) {
        SANDBOX_REFUSE_IF(unknownMember(*state, {"DynamicScalingInSuspended", "DynamicScalingOutSuspended", "ScheduledScalingSuspended"},
                                        "ValidationException"));
        t.suspended_in = state->value("DynamicScalingInSuspended", t.suspended_in);
        t.suspended_out = state->value("DynamicScalingOutSuspended", t.suspended_out);
        t.suspended_schedule = state->value("ScheduledScalingSuspended", t.suspended_schedule);
    }
    call.world.targets()[target->key] = t;
    call.world.enforce(t, "capacity was outside of the new bounds");
    return json{{"ScalableTargetARN", targetArn(call, t)}};
}

Answer<json> deregisterTarget(Call& call, const json& body) {
    SANDBOX_REFUSE_IF(unknownMember(body, {"ServiceNamespace", "ResourceId", "ScalableDimension"}, "ValidationException"));
    const auto target = targetOf(call, body);
    if (!target) return tl::unexpected(target.error());
    if (call.world.targets().erase(target->key) == 0)
        return refuse(400, "ObjectNotFoundException",
                      "No scalable target found for service namespace: lambda, resource ID: " + target->resource +
                          ", scalable dimension: " + kDimension);
    std::erase_if(call.world.actions(),
                  [&](const ScheduledAction& a) { return a.region == call.region && a.resource == target->resource; });
    return json::object();
}

Answer<json> putAction(Call& call, const json& body) {
    SANDBOX_REFUSE_IF(unknownMember(body,
                                    {"ServiceNamespace", "ResourceId", "ScalableDimension", "ScheduledActionName", "Schedule", "Timezone",
                                     "StartTime", "EndTime", "ScalableTargetAction"},
                                    "ValidationException"));
    const auto target = targetOf(call, body);
    if (!target) return tl::unexpected(target.error());
    if (!call.world.targets().contains(target->key))
        return refuse(400, "ObjectNotFoundException",
                      "No scalable target found for service namespace: lambda, resource ID: " + target->resource +
                          ", scalable dimension: " + kDimension);
    ScheduledAction action;
    action.region = call.region;
    action.resource = target->resource;
    action.timezone = "UTC";
    SANDBOX_REFUSE_IF(readText(body, "ScheduledActionName", action.name));
    SANDBOX_REFUSE_IF(readText(body, "Schedule", action.expression));
    SANDBOX_REFUSE_IF(readText(body, "Timezone", action.timezone));
    if (action.name.empty() || action.name.size() > 256) return invalid("ScheduledActionName must have 1 to 256 characters.");
    const auto old = std::find_if(call.world.actions().begin(), call.world.actions().end(), [&](const ScheduledAction& a) {
        return a.region == action.region && a.resource == action.resource && a.name == action.name;
    });
    if (old != call.world.actions().end()) {
        if (action.expression.empty()) action.expression = old->expression;
        action.min = old->min;
        action.max = old->max;
    }
    const auto schedule = Schedule::parse(action.expression, action.timezone);
    if (!schedule) return invalid("Invalid schedule expression or time zone: " + action.expression + " " + action.timezone);
    action.schedule = *schedule;
    if (const auto bounds = body.find("ScalableTargetAction"); bounds != body.end()) {
        SANDBOX_REFUSE_IF(unknownMember(*bounds, {"MinCapacity", "MaxCapacity"}, "ValidationException"));
        std::optional<std::int64_t> min, max;
        SANDBOX_REFUSE_IF(readInteger(*bounds, "MinCapacity", min));
        SANDBOX_REFUSE_IF(readInteger(*bounds, "MaxCapacity", max));
        if (min) action.min = static_cast<int>(*min);
        if (max) action.max = static_cast<int>(*max);
    }
    if (!action.min && !action.max) return invalid("ScalableTargetAction must give MinCapacity or MaxCapacity.");
    if (action.min.value_or(0) < 0 || (action.min && action.max && *action.max < *action.min))
        return invalid("Maximum capacity cannot be less than minimum capacity.");
    for (const auto& [key, out] : {std::pair{"StartTime", &action.begin}, std::pair{"EndTime", &action.end}})
        if (const auto found = body.find(key); found != body.end()) {
            if (!found->is_number()) return refuse(400, "SerializationException", std::string(key) + " must be a timestamp.");
            *out = static_cast<Micros>(found->get<double>() * 1e6);
        }
    call.world.putAction(std::move(action));
    return json::object();
}

Answer<json> deleteAction(Call& call, const json& body) {
    SANDBOX_REFUSE_IF(
        unknownMember(body, {"ServiceNamespace", "ResourceId", "ScalableDimension", "ScheduledActionName"}, "ValidationException"));
    const auto target = targetOf(call, body);
    if (!target) return tl::unexpected(target.error());
    std::string name;
    SANDBOX_REFUSE_IF(readText(body, "ScheduledActionName", name));
    const auto gone = std::erase_if(call.world.actions(), [&](const ScheduledAction& a) {
        return a.region == call.region && a.resource == target->resource && a.name == name;
    });
    if (gone == 0) return refuse(400, "ObjectNotFoundException", "No scheduled action found with name: " + name);
    return json::object();
}

struct Filter {
    std::vector<std::string> resources, names;
    [[nodiscard]] bool admits(const std::string& resource) const {
        return resources.empty() || std::find(resources.begin(), resources.end(), resource) != resources.end();
    }
};

Answer<Filter> filterOf(const json& body) {
    SANDBOX_REFUSE_IF(unknownMember(body,
                                    {"ServiceNamespace", "ResourceId", "ResourceIds", "ScalableDimension", "ScheduledActionNames",
                                     "PolicyNames", "MaxResults", "NextToken", "IncludeNotScaledActivities"},
                                    "ValidationException"));
    Filter filter;
    std::string name_space, resource, dimension, token;
    SANDBOX_REFUSE_IF(readText(body, "ServiceNamespace", name_space));
    SANDBOX_REFUSE_IF(readText(body, "ResourceId", resource));
    SANDBOX_REFUSE_IF(readText(body, "ScalableDimension", dimension));
    SANDBOX_REFUSE_IF(readText(body, "NextToken", token));
    if (name_space.empty())
        return invalid(
            "1 validation error detected: Value null at 'serviceNamespace' failed to satisfy constraint: Member must not be null");
    if (!token.empty()) return refuse(400, "InvalidNextTokenException", "The next token is not valid.");
    if (!resource.empty()) filter.resources.push_back(resource);
    for (const auto& [key, out] : {std::pair{"ResourceIds", &filter.resources}, std::pair{"ScheduledActionNames", &filter.names}})
        if (const auto found = body.find(key); found != body.end() && found->is_array())
            for (const auto& id : *found)
                if (id.is_string()) out->push_back(id.get<std::string>());
    if (filter.resources.size() > 50) return invalid("At most 50 resources can be asked for.");
    // Nothing but Lambda pools lives here.
    if (name_space != "lambda" || (!dimension.empty() && dimension != kDimension)) filter.resources = {""};
    return filter;
}

Answer<json> describe(Call& call, const json& body) {
    const auto filter = filterOf(body);
    if (!filter) return tl::unexpected(filter.error());
    json list = json::array();
    if (call.operation == "DescribeScalableTargets") {
        for (const auto& [key, t] : call.world.targets())
            if (t.region == call.region && filter->admits(t.resource))
                list.push_back({{"ServiceNamespace", "lambda"},
                                {"ResourceId", t.resource},
                                {"ScalableDimension", kDimension},
                                {"MinCapacity", t.min},
                                {"MaxCapacity", t.max},
                                {"RoleARN", "arn:aws:iam::" + call.world.account() +
                                                ":role/aws-service-role/lambda.application-autoscaling.amazonaws.com/"
                                                "AWSServiceRoleForApplicationAutoScaling_LambdaConcurrency"},
                                {"CreationTime", static_cast<double>(t.created) / 1e6},
                                {"ScalableTargetARN", targetArn(call, t)},
                                {"SuspendedState",
                                 {{"DynamicScalingInSuspended", t.suspended_in},
                                  {"DynamicScalingOutSuspended", t.suspended_out},
                                  {"ScheduledScalingSuspended", t.suspended_schedule}}}});
        return json{{"ScalableTargets", list}};
    }
    if (call.operation == "DescribeScheduledActions") {
        for (const auto& a : call.world.actions()) {
            if (a.region != call.region || !filter->admits(a.resource)) continue;
            if (!filter->names.empty() && std::find(filter->names.begin(), filter->names.end(), a.name) == filter->names.end()) continue;
            json bounds = json::object();
            if (a.min) bounds["MinCapacity"] = *a.min;
            if (a.max) bounds["MaxCapacity"] = *a.max;
            json row{{"ScheduledActionName", a.name},
                     {"ScheduledActionARN", a.arn},
                     {"ServiceNamespace", "lambda"},
                     {"Schedule", a.expression},
                     {"Timezone", a.timezone},
                     {"ResourceId", a.resource},
                     {"ScalableDimension", kDimension},
                     {"ScalableTargetAction", bounds},
                     {"CreationTime", static_cast<double>(a.created) / 1e6}};
            if (a.begin) row["StartTime"] = static_cast<double>(*a.begin) / 1e6;
            if (a.end) row["EndTime"] = static_cast<double>(*a.end) / 1e6;
            list.push_back(std::move(row));
        }
        return json{{"ScheduledActions", list}};
    }
    if (call.operation == "DescribeScalingPolicies") return json{{"ScalingPolicies", list}};
    for (auto a = call.world.activities().rbegin(); a != call.world.activities().rend(); ++a)
        if (a->region == call.region && filter->admits(a->resource) && list.size() < 50)
            list.push_back({{"ActivityId", a->id},
                            {"ServiceNamespace", "lambda"},
                            {"ResourceId", a->resource},
                            {"ScalableDimension", kDimension},
                            {"Description", a->description},
                            {"Cause", a->cause},
                            {"StartTime", static_cast<double>(a->at) / 1e6},
                            {"EndTime", static_cast<double>(a->at) / 1e6},
                            {"StatusCode", "Successful"}});
    return json{{"ScalingActivities", list}};
}

}  // namespace

Answer<HttpResponse> handleScaling(Call& call) {
    const auto body = jsonBody(call);
    if (!body) return tl::unexpected(body.error());
    Answer<json> result = refuse(400, "UnknownOperationException", "The operation " + call.operation + " is not known.");
    if (call.operation == "RegisterScalableTarget") result = registerTarget(call, *body);
    if (call.operation == "DeregisterScalableTarget") result = deregisterTarget(call, *body);
    if (call.operation == "PutScheduledAction") result = putAction(call, *body);
    if (call.operation == "DeleteScheduledAction") result = deleteAction(call, *body);
    if (call.operation == "DescribeScalableTargets" || call.operation == "DescribeScheduledActions" ||
        call.operation == "DescribeScalingPolicies" || call.operation == "DescribeScalingActivities")
        result = describe(call, *body);
    if (!result) return tl::unexpected(result.error());
    return jsonResponse(*result, 200, "application/x-amz-json-1.1");
}

}  // namespace pilotlight::sandbox
