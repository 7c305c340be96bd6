#include "core/platform/aws/inventory.h"

#include <fmt/format.h>

#include <nlohmann/json.hpp>
#include <set>

#include "core/platform/aws/function_parse.h"
#include "core/platform/json_fields.h"
#include "core/platform/aws/regions.h"
#include "core/platform/aws/scaling.h"

namespace pilotlight::platform::aws {

using nlohmann::json;

namespace {

constexpr int kMaxPages = 10'000;

// GET pages that are chained by NextMarker -> Marker.
template <typename Take>
Status markerPages(const ReadContext& context, AwsRequest request, const char* list, const Take& take) {
    const std::string query = request.query;
    for (int page = 0; page < kMaxPages; ++page) {
        PILOTLIGHT_TRY(context.job.check());
        PILOTLIGHT_ASSIGN(const auto response, context.client.call(request, context.job));
        PILOTLIGHT_ASSIGN(const json reply, parseObject(response.body, info(request.operation).name));
        for (const auto& item : arrayField(reply, list)) take(item);
        const std::string marker = textField(reply, "NextMarker");
        if (marker.empty()) return {};
        request.query = query + (query.empty() ? "" : "&") + "Marker=" + percentEncoded(marker);
    }
    return fail(ErrorCode::protocol, fmt::format("{} does not come to an end", info(request.operation).name), "Reading was stopped.", {});
}

// Everything is refused alike when one call of its kind is: asking for each function again would only cost calls.
bool holdsForAll(const Error& error) {
    return error.code == ErrorCode::permission_denied || error.code == ErrorCode::unsupported || error.code == ErrorCode::budget_exceeded ||
           error.code == ErrorCode::cancelled || error.code == ErrorCode::unauthenticated || error.code == ErrorCode::credentials_expired;
}

struct Target {
    std::size_t index = 0;  // of the function
    std::string name;
    std::string qualifier;
};

// One call for each target, the first one alone to learn whether the operation works at all. `take` gets the replies that came.
template <typename Build, typename Take>
void detailAll(const ReadContext& context, const std::string& region, Operation operation, const std::vector<Target>& targets,
               std::vector<Problem>& problems, const Build& build, const Take& take) {
    const auto one = [&](const Target& target, Result<net::HttpResponse>&& response) {
        Result<json> reply = !response                ? Result<json>(tl::unexpect, std::move(response).error())
                             : response->body.empty() ? Result<json>(json::object())
                                                      : parseObject(response->body, info(operation).name);
        if (reply) {
            take(target, *reply);
            return true;
        }
        if (reply.error().code == ErrorCode::not_found) return true;  // gone since it was listed
        const bool all = holdsForAll(reply.error());
        problems.push_back(problem(all ? region : region + "/" + target.name, operation, std::move(reply).error()));
        return !all;
    };
    if (targets.empty() || !one(targets[0], context.client.call(build(targets[0]), context.job))) return;
    constexpr std::size_t batch = 64;
    for (std::size_t at = 1; at < targets.size(); at += batch) {
        const std::size_t end = std::min(targets.size(), at + batch);
        std::vector<AwsRequest> requests;
        for (std::size_t i = at; i < end; ++i) requests.push_back(build(targets[i]));
        auto responses = context.client.callAll(requests, kParallelCalls, context.job);
        bool go_on = true;
        for (std::size_t i = at; i < end; ++i) go_on = one(targets[i], std::move(responses[i - at])) && go_on;
        if (!go_on) return;
        context.job.report({fmt::format("Settings, {}", region), static_cast<double>(end) / static_cast<double>(targets.size()), 0, end});
    }
}

struct Details {
    std::vector<Function>& functions;
    std::vector<json>& latest;  // configurations of $LATEST, beside `functions`
};

void readPools(const ReadContext& context, const std::string& region, const std::vector<Target>& targets, Details details,
               std::vector<Problem>& problems) {
    detailAll(
        context, region, Operation::list_pools, targets, problems,
        [&](const Target& target) {
            return restRequest(Operation::list_pools, region, "GET", functionPath("2019-09-30", target.name, "/provisioned-concurrency"),
                               "List=ALL&MaxItems=50");
        },
        [&](const Target& target, const json& first) {
            Function& function = details.functions[target.index];
            for (auto& qualifier : function.qualifiers) qualifier.warm_pool = 0;
            const auto take = [&](const json& item) {
                const PoolReading pool = parsePool(item);
                if (pool.qualifier.empty()) return;
                auto at = std::find_if(function.qualifiers.begin(), function.qualifiers.end(),
                                       [&](const Qualifier& each) { return each.name == pool.qualifier; });
                if (at == function.qualifiers.end()) {
                    Qualifier version;
                    version.name = version.version = pool.qualifier;
                    version.kind = "version";
                    at = function.qualifiers.insert(function.qualifiers.end(), std::move(version));
                }
                at->warm_pool = pool.requested;
                at->warm_pool_status = pool.status;
            };
            for (const auto& item : arrayField(first, "ProvisionedConcurrencyConfigs")) take(item);
            if (const std::string marker = textField(first, "NextMarker"); !marker.empty()) {
                auto rest = markerPages(
                    context,
                    restRequest(Operation::list_pools, region, "GET", functionPath("2019-09-30", target.name, "/provisioned-concurrency"),
                                "List=ALL&MaxItems=50&Marker=" + percentEncoded(marker)),
                    "ProvisionedConcurrencyConfigs", take);
                if (!rest) {
                    for (auto& qualifier : function.qualifiers) qualifier.warm_pool.reset();
                    problems.push_back(problem(region + "/" + target.name, Operation::list_pools, std::move(rest).error()));
                }
            }
        });
}

void readDetails(const ReadContext& context, const std::string& region, Details details, std::vector<Problem>& problems) {
    std::vector<Target> targets;
    for (std::size_t i = 0; i < details.functions.size(); ++i) targets.push_back({i, details.functions[i].name, {}});

    detailAll(
        context, region, Operation::get_function, targets, problems,
        [&](const Target& target) {
            return restRequest(Operation::get_function, region, "GET", functionPath("2015-03-31", target.name, ""));
        },
        [&](const Target& target, const json& reply) {
            auto fresh = parseConfiguration(objectField(reply, "Configuration"), context.profile, context.now);
            if (!fresh) return;
            details.latest[target.index] = objectField(reply, "Configuration");
            details.functions[target.index] = std::move(*fresh);
            applyDetails(details.functions[target.index], reply);
        });

    std::vector<Target> aliases;
    detailAll(
        context, region, Operation::list_aliases, targets, problems,
        [&](const Target& target) {
            return restRequest(Operation::list_aliases, region, "GET", functionPath("2015-03-31", target.name, "/aliases"));
        },
        [&](const Target& target, const json& first) {
            const auto take = [&](const json& item) {
                Qualifier alias = parseAlias(item);
                if (alias.name.empty()) return;
                aliases.push_back({target.index, target.name, alias.name});
                details.functions[target.index].qualifiers.push_back(std::move(alias));
            };
            for (const auto& item : arrayField(first, "Aliases")) take(item);
            if (const std::string marker = textField(first, "NextMarker"); !marker.empty()) {
                auto rest =
                    markerPages(context,
                                restRequest(Operation::list_aliases, region, "GET", functionPath("2015-03-31", target.name, "/aliases"),
                                            "Marker=" + percentEncoded(marker)),
                                "Aliases", take);
                if (!rest) problems.push_back(problem(region + "/" + target.name, Operation::list_aliases, std::move(rest).error()));
            }
        });

    readPools(context, region, targets, details, problems);

    // What the versions behind aliases and pools are made of.
    std::vector<Target> versions;
    for (std::size_t i = 0; i < details.functions.size(); ++i) {
        for (const auto& qualifier : details.functions[i].qualifiers) versions.push_back({i, details.functions[i].name, qualifier.name});
    }
    detailAll(
        context, region, Operation::get_function, versions, problems,
        [&](const Target& target) {
            return restRequest(Operation::get_function, region, "GET", functionPath("2015-03-31", target.name, ""),
                               "Qualifier=" + percentEncoded(target.qualifier));
        },
        [&](const Target& target, const json& reply) {
            for (auto& qualifier : details.functions[target.index].qualifiers) {
                if (qualifier.name == target.qualifier) {
                    applyVersion(qualifier, objectField(reply, "Configuration"), details.latest[target.index]);
                }
            }
        });
}

void applyScaling(const ScalingReading& reading, std::vector<Function>& functions) {
    for (auto& function : functions) {
        for (auto& qualifier : function.qualifiers) {
            const auto found = reading.pools.find({function.name, qualifier.name});
            if (found != reading.pools.end()) qualifier.scaling = found->second;
        }
    }
}

Status readEventSources(const ReadContext& context, const std::string& region, const std::string& function_name,
                        std::vector<Function>& functions) {
    std::map<std::string, Function*> by_id;
    for (auto& function : functions) by_id[function.id] = &function;
    auto request = restRequest(Operation::list_event_sources, region, "GET", "/2015-03-31/event-source-mappings");
    if (!function_name.empty()) request.query = "FunctionName=" + percentEncoded(function_name);
    return markerPages(context, request, "EventSourceMappings", [&](const json& item) {
        const auto arn = parseFunctionArn(textField(item, "FunctionArn"));
        const auto function = arn ? by_id.find(arn->unqualified()) : by_id.end();
        if (function == by_id.end()) return;
        EventSource source{textField(item, "UUID"), textField(item, "EventSourceArn"), textField(item, "State"), std::nullopt};
        const auto limit = integerField(objectField(item, "ScalingConfig"), "MaximumConcurrency");
        if (limit && *limit > 0 && *limit <= 1'000'000) source.maximum_concurrency = static_cast<std::int32_t>(*limit);
        function->second->event_sources.push_back(std::move(source));
    });
}

}  // namespace

Status readRegion(const ReadContext& context, const std::string& region, Inventory& inventory) {
    std::vector<Function> functions;
    std::vector<json> latest;
    std::set<std::string> seen;
    std::size_t unreadable = 0;
    PILOTLIGHT_TRY(markerPages(context, restRequest(Operation::list_functions, region, "GET", "/2015-03-31/functions", "MaxItems=50"),
                               "Functions", [&](const json& item) {
                                   auto function = parseConfiguration(item, context.profile, context.now);
                                   if (!function) {
                                       ++unreadable;
                                   } else if (seen.insert(function->id).second) {
                                       functions.push_back(std::move(*function));
                                       latest.push_back(item);
                                   }
                                   context.job.report({fmt::format("Functions, {}", region), std::nullopt, 0, functions.size()});
                               }));
    auto& problems = inventory.problems;
    if (unreadable > 0) {
        problems.push_back(problem(
            region, Operation::list_functions,
            Error{ErrorCode::protocol, fmt::format("{} functions without name or ARN were listed", unreadable), "They are left out.", {}}));
    }
    if (!functions.empty()) {
        readDetails(context, region, {functions, latest}, problems);
        auto scaling = readScaling(context.client, region, {}, {}, context.job);
        applyScaling(scaling, functions);
        std::move(scaling.problems.begin(), scaling.problems.end(), std::back_inserter(problems));
        if (auto sources = readEventSources(context, region, {}, functions); !sources) {
            problems.push_back(problem(region, Operation::list_event_sources, std::move(sources).error()));
        }
    }
    if (auto limits = readAccountLimits(context, region)) {
        inventory.limits.push_back(std::move(*limits));
    } else {
        problems.push_back(problem(region, Operation::get_account_settings, std::move(limits).error()));
    }
    PILOTLIGHT_TRY(context.job.check());
    inventory.regions_read.push_back(region);
    std::move(functions.begin(), functions.end(), std::back_inserter(inventory.functions));
    return {};
}

Result<Function> readOne(const ReadContext& context, const std::string& id) {
    const auto arn = parseFunctionArn(id);
    if (!arn) {
        return fail(ErrorCode::invalid_argument, fmt::format("\"{}\" is no ARN of a Lambda function", id), {},
                    "Use the id that `functions --json` shows.");
    }
    // With the same account and region the name does; an ARN in the path would be right too, but not every endpoint takes one.
    PILOTLIGHT_ASSIGN(const auto response, context.client.call(restRequest(Operation::get_function, arn->region, "GET",
                                                                           functionPath("2015-03-31", arn->name, "")),
                                                               context.job));
    PILOTLIGHT_ASSIGN(const json reply, parseObject(response.body, info(Operation::get_function).name));
    PILOTLIGHT_ASSIGN(Function first, parseConfiguration(objectField(reply, "Configuration"), context.profile, context.now));
    applyDetails(first, reply);
    std::vector<Function> functions{std::move(first)};
    std::vector<json> latest{objectField(reply, "Configuration")};
    std::vector<Problem> problems;
    Details details{functions, latest};

    const std::vector<Target> target{{0, arn->name, {}}};
    PILOTLIGHT_TRY(markerPages(context,
                               restRequest(Operation::list_aliases, arn->region, "GET", functionPath("2015-03-31", arn->name, "/aliases")),
                               "Aliases", [&](const json& item) {
                                   if (Qualifier alias = parseAlias(item); !alias.name.empty())
                                       functions[0].qualifiers.push_back(std::move(alias));
                               }));
    readPools(context, arn->region, target, details, problems);
    for (auto& qualifier : functions[0].qualifiers) {
        auto version =
            context.client.call(restRequest(Operation::get_function, arn->region, "GET", functionPath("2015-03-31", arn->name, ""),
                                            "Qualifier=" + percentEncoded(qualifier.name)),
                                context.job);
        if (!version) continue;
        if (auto parsed = parseObject(version->body, info(Operation::get_function).name)) {
            applyVersion(qualifier, objectField(*parsed, "Configuration"), latest[0]);
        }
    }
    std::vector<std::string> names;
    for (const auto& qualifier : functions[0].qualifiers) names.push_back(qualifier.name);
    auto scaling = readScaling(context.client, arn->region, arn->name, names, context.job);
    applyScaling(scaling, functions);
    std::move(scaling.problems.begin(), scaling.problems.end(), std::back_inserter(problems));
    // Permission and support problems leave the part unknown; the inventory has told them. Cancelling ends the whole.
    (void)readEventSources(context, arn->region, arn->name, functions);
    PILOTLIGHT_TRY(context.job.check());
    for (auto& each : problems) {
        if (!holdsForAll(each.error)) return fail(std::move(each.error));  // a fresh reading that missed a part is no basis for a change
    }
    return std::move(functions[0]);
}

Result<AccountLimits> readAccountLimits(const ReadContext& context, const std::string& region) {
    PILOTLIGHT_ASSIGN(
        const auto response,
        context.client.call(restRequest(Operation::get_account_settings, region, "GET", "/2016-08-19/account-settings"), context.job));
    PILOTLIGHT_ASSIGN(const json reply, parseObject(response.body, info(Operation::get_account_settings).name));
    const json& limit = objectField(reply, "AccountLimit");
    const auto all = integerField(limit, "ConcurrentExecutions");
    if (!all) return fail(ErrorCode::protocol, "GetAccountSettings does not tell the concurrency limit", "Limits are unknown.", {});
    AccountLimits limits;
    limits.profile = context.profile;
    limits.region = region;
    limits.concurrent_executions = static_cast<std::int32_t>(std::clamp<std::int64_t>(*all, 0, INT32_MAX));
    limits.unreserved_concurrent_executions = static_cast<std::int32_t>(
        std::clamp<std::int64_t>(integerField(limit, "UnreservedConcurrentExecutions").value_or(*all), 0, INT32_MAX));
    limits.as_of = context.now;
    return limits;
}

}  // namespace pilotlight::platform::aws
