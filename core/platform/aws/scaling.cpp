#include "core/platform/aws/scaling.h"

#include <fmt/format.h>

#include <nlohmann/json.hpp>

#include "core/platform/json_fields.h"

namespace pilotlight::platform::aws {

using nlohmann::json;

namespace {

constexpr std::size_t kMaxResourceIds = 50;  // of one Describe call
constexpr int kMaxPages = 1000;              // a token that never ends is not followed for ever

// All pages of a Describe call; the array `list` of each is handed to `take`.
template <typename Take>
Status pages(AwsClient& client, Operation operation, const std::string& region, json body, const char* list, const JobContext& job,
             const Take& take) {
    for (int page = 0; page < kMaxPages; ++page) {
        PILOTLIGHT_TRY(job.check());
        PILOTLIGHT_ASSIGN(const auto response, client.call(jsonRequest(operation, region, body.dump()), job));
        PILOTLIGHT_ASSIGN(const json reply, parseObject(response.body, info(operation).name));
        for (const auto& item : arrayField(reply, list)) take(item);
        const std::string token = textField(reply, "NextToken");
        if (token.empty()) return {};
        body["NextToken"] = token;
    }
    return fail(ErrorCode::protocol, fmt::format("{} does not come to an end", info(operation).name), "Reading was stopped.", {});
}

std::pair<std::string, std::string> split(const std::string& resource) {
    const std::string_view prefix = "function:";
    if (!resource.starts_with(prefix)) return {};
    const auto colon = resource.rfind(':');
    if (colon < prefix.size()) return {};
    return {resource.substr(prefix.size(), colon - prefix.size()), resource.substr(colon + 1)};
}

std::int32_t capacity(const json& object, const char* key) {
    const auto value = integerField(object, key).value_or(0);
    return value < 0 || value > 1'000'000 ? 0 : static_cast<std::int32_t>(value);
}

json query(const std::vector<std::string>& resources) {
    json body = {{"ServiceNamespace", "lambda"}, {"ScalableDimension", "lambda:function:ProvisionedConcurrency"}};
    if (!resources.empty()) body["ResourceIds"] = resources;
    return body;
}

ScheduledAction parseAction(const json& item) {
    const json& target = objectField(item, "ScalableTargetAction");
    const auto bound = [&](const char* key) { return target.contains(key) ? std::optional(capacity(target, key)) : std::nullopt; };
    const auto time = [&](const char* key) -> std::optional<Timestamp> {
        const auto at = item.find(key);
        if (at == item.end() || !at->is_number()) return std::nullopt;
        const double unix_seconds = at->get<double>();
        if (!(unix_seconds > 0 && unix_seconds < 1e11)) return std::nullopt;
        return Timestamp(milliseconds(static_cast<std::int64_t>(unix_seconds * 1e3)));
    };
    return {textField(item, "ScheduledActionName"),
            textField(item, "Schedule"),
            textField(item, "Timezone"),
            bound("MinCapacity"),
            bound("MaxCapacity"),
            time("StartTime"),
            time("EndTime")};
}

}  // namespace

std::string scalingResource(const std::string& function_name, const std::string& qualifier) {
    return fmt::format("function:{}:{}", function_name, qualifier);
}

Result<std::vector<ScheduledAction>> readScheduledActions(AwsClient& client, const std::string& region, const std::string& resource,
                                                          const JobContext& job) {
    json body = query({});
    body["ResourceId"] = resource;
    std::vector<ScheduledAction> actions;
    PILOTLIGHT_TRY(pages(client, Operation::describe_scheduled_actions, region, body, "ScheduledActions", job, [&](const json& item) {
        if (textField(item, "ResourceId") == resource) actions.push_back(parseAction(item));
    }));
    return actions;
}

Result<std::optional<ScalableTarget>> readScalableTarget(AwsClient& client, const std::string& region, const std::string& resource,
                                                         const JobContext& job) {
    std::optional<ScalableTarget> target;
    PILOTLIGHT_TRY(
        pages(client, Operation::describe_scalable_targets, region, query({resource}), "ScalableTargets", job, [&](const json& item) {
            if (textField(item, "ResourceId") == resource) {
                target = ScalableTarget{capacity(item, "MinCapacity"), capacity(item, "MaxCapacity")};
            }
        }));
    return target;
}

ScalingReading readScaling(AwsClient& client, const std::string& region, const std::string& function_name,
                           const std::vector<std::string>& qualifiers, const JobContext& job) {
    ScalingReading reading;
    std::vector<std::string> resources;
    for (const auto& qualifier : qualifiers) resources.push_back(scalingResource(function_name, qualifier));
    if (!function_name.empty() && resources.empty()) return reading;
    const std::string scope = function_name.empty() ? region : region + "/" + function_name;

    const auto each = [&](Operation operation, const char* list, const auto& take) {
        // One call for a whole region, or as many as the limit on named resources asks for.
        for (std::size_t at = 0; at == 0 || at < resources.size(); at += kMaxResourceIds) {
            const std::vector<std::string> part(
                resources.begin() + static_cast<std::ptrdiff_t>(std::min(at, resources.size())),
                resources.begin() + static_cast<std::ptrdiff_t>(std::min(at + kMaxResourceIds, resources.size())));
            json body = query({});
            if (operation == Operation::describe_scalable_targets && !part.empty()) body["ResourceIds"] = part;
            if (operation != Operation::describe_scalable_targets && part.size() == 1) body["ResourceId"] = part[0];
            if (auto done = pages(client, operation, region, body, list, job, take); !done) {
                reading.problems.push_back(problem(scope, operation, std::move(done).error()));
                return false;
            }
            if (operation != Operation::describe_scalable_targets && part.size() != 1) break;  // the whole region was read
        }
        return true;
    };

    reading.known = each(Operation::describe_scalable_targets, "ScalableTargets", [&](const json& item) {
        const auto key = split(textField(item, "ResourceId"));
        if (key.first.empty()) return;
        PoolScaling& pool = reading.pools[key];
        pool.min_capacity = capacity(item, "MinCapacity");
        pool.max_capacity = capacity(item, "MaxCapacity");
        for (const auto& [name, value] : objectField(item, "SuspendedState").items()) {
            if (value.is_boolean() && value.get<bool>()) pool.suspended.push_back(name);
        }
    });
    if (!reading.known || reading.pools.empty()) return reading;
    each(Operation::describe_scheduled_actions, "ScheduledActions", [&](const json& item) {
        const auto pool = reading.pools.find(split(textField(item, "ResourceId")));
        if (pool != reading.pools.end()) pool->second.actions.push_back(parseAction(item));
    });
    each(Operation::describe_scaling_policies, "ScalingPolicies", [&](const json& item) {
        const auto pool = reading.pools.find(split(textField(item, "ResourceId")));
        if (pool != reading.pools.end()) pool->second.target_tracking = true;
    });
    for (auto& [key, pool] : reading.pools) {
        std::sort(pool.actions.begin(), pool.actions.end(),
                  [](const ScheduledAction& a, const ScheduledAction& b) { return a.name < b.name; });
    }
    return reading;
}

}  // namespace pilotlight::platform::aws
