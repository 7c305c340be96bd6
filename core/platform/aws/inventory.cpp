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

// GET pages that are chained by NextMarker -> Marker, of several lists at once. `take(i, item)` gets the items of requests[i].
template <typename Take>
std::vector<Status> markerPages(const ReadContext& context, std::vector<AwsRequest> requests, const char* list, const Take& take) {
    std::vector<Status> outcomes(requests.size());
    std::vector<std::string> queries;
    std::vector<std::size_t> open;
    for (std::size_t i = 0; i < requests.size(); ++i) {
        queries.push_back(requests[i].query);
        open.push_back(i);
    }
    for (int page = 0; page < kMaxPages && !open.empty(); ++page) {
        std::vector<AwsRequest> round;
        for (const std::size_t i : open) round.push_back(requests[i]);
        auto responses = context.client.callAll(round, kParallelCalls, context.job);
        std::vector<std::size_t> more;
        for (std::size_t n = 0; n < open.size(); ++n) {
            const std::size_t i = open[n];
            Result<json> reply = responses[n] ? parseObject(responses[n]->body, info(requests[i].operation).name)
                                              : Result<json>(tl::unexpect, std::move(responses[n]).error());
            if (!reply) {
                outcomes[i] = fail(std::move(reply).error());
                continue;
            }
            for (const auto& item : arrayField(*reply, list)) take(i, item);
            const std::string marker = textField(*reply, "NextMarker");
            if (marker.empty()) continue;
            requests[i].query = queries[i] + (queries[i].empty() ? "" : "&") + "Marker=" + percentEncoded(marker);
            more.push_back(i);
        }
        open = std::move(more);
    }
    for (const std::size_t i : open)
        outcomes[i] = fail(ErrorCode::protocol, fmt::format("{} does not come to an end", info(requests[i].operation).name), "Reading was stopped.", {});
    return outcomes;
}

template <typename Take>
Status markerPages(const ReadContext& context, AwsRequest request, const char* list, const Take& take) {
    return std::move(markerPages(context, std::vector<AwsRequest>{std::move(request)}, list, [&](std::size_t, const json& item) { take(item); }).front());
}

// Everything is refused alike when one call of its kind is: asking for each function again would only cost calls.
bool holdsForAll(const Error& error) {
    return error.code == ErrorCode::permission_denied || error.code == ErrorCode::unsupported || error.code == ErrorCode::budget_exceeded ||
           error.code == ErrorCode::cancelled || error.code == ErrorCode::unauthenticated || error.code == ErrorCode::credentials_expired;
}

// What is read of one region.
struct RegionReading {
    std::string region;
    std::vector<Function> functions;
    std::vector<json> latest;  // configurations of $LATEST, beside `functions`
    std::vector<Problem> problems;
};

struct Target {
    RegionReading* reading = nullptr;
    std::size_t index = 0;  // of the function
    std::string qualifier;
    [[nodiscard]] Function& function() const { return reading->functions[index]; }
    [[nodiscard]] const std::string& name() const { return reading->functions[index].name; }
    [[nodiscard]] const std::string& region() const { return reading->region; }
};

// One call for each target, of all regions at once: each has a quota of its own. The first one of a region goes ahead alone, to learn
// whether the operation works there at all. `take` gets the replies that came.
template <typename Build, typename Take>
void detailAll(const ReadContext& context, Operation operation, const std::vector<Target>& targets, const Build& build, const Take& take) {
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
        target.reading->problems.push_back(
            problem(all ? target.region() : target.region() + "/" + target.name(), operation, std::move(reply).error()));
        return !all;
    };
    std::set<const RegionReading*> tried, given_up;
    const auto send = [&](const std::vector<Target>& batch) {
        std::vector<AwsRequest> requests;
        for (const Target& target : batch) requests.push_back(build(target));
        auto responses = context.client.callAll(requests, kParallelCalls, context.job);
        for (std::size_t i = 0; i < batch.size(); ++i) {
            if (given_up.contains(batch[i].reading)) continue;  // told already
            if (!one(batch[i], std::move(responses[i]))) given_up.insert(batch[i].reading);
        }
    };
    std::vector<Target> first, rest;
    for (const Target& target : targets) (tried.insert(target.reading).second ? first : rest).push_back(target);
    // Dealt out region by region, so that all their quotas are used at the same time.
    std::map<const RegionReading*, std::vector<Target>> by_region;
    for (const Target& target : rest) by_region[target.reading].push_back(target);
    if (!first.empty()) send(first);
    constexpr std::size_t batch_of_region = 64;
    for (std::size_t at = 0; !by_region.empty(); at += batch_of_region) {
        std::vector<Target> batch;
        for (auto region = by_region.begin(); region != by_region.end();) {
            const auto& all = region->second;
            if (at >= all.size() || given_up.contains(region->first)) {
                region = by_region.erase(region);
                continue;
            }
            const auto end = std::min(all.size(), at + batch_of_region);
            batch.insert(batch.end(), all.begin() + static_cast<std::ptrdiff_t>(at), all.begin() + static_cast<std::ptrdiff_t>(end));
            ++region;
        }
        if (batch.empty() || context.job.stopRequested()) return;
        send(batch);
        const std::size_t done = std::min(targets.size(), first.size() + at + batch_of_region);
        context.job.report({info(operation).name, static_cast<double>(done) / static_cast<double>(targets.size()), 0, done});
    }
}

void readPools(const ReadContext& context, const std::vector<Target>& targets) {
    detailAll(
        context, Operation::list_pools, targets,
        [&](const Target& target) {
            return restRequest(Operation::list_pools, target.region(), "GET",
                               functionPath("2019-09-30", target.name(), "/provisioned-concurrency"), "List=ALL&MaxItems=50");
        },
        [&](const Target& target, const json& first) {
            Function& function = target.function();
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
                    restRequest(Operation::list_pools, target.region(), "GET",
                                functionPath("2019-09-30", target.name(), "/provisioned-concurrency"),
                                "List=ALL&MaxItems=50&Marker=" + percentEncoded(marker)),
                    "ProvisionedConcurrencyConfigs", take);
                if (!rest) {
                    for (auto& qualifier : function.qualifiers) qualifier.warm_pool.reset();
                    target.reading->problems.push_back(
                        problem(target.region() + "/" + target.name(), Operation::list_pools, std::move(rest).error()));
                }
            }
        });
}

void readAliases(const ReadContext& context, const std::vector<Target>& targets) {
    detailAll(
        context, Operation::list_aliases, targets,
        [&](const Target& target) {
            return restRequest(Operation::list_aliases, target.region(), "GET", functionPath("2015-03-31", target.name(), "/aliases"));
        },
        [&](const Target& target, const json& first) {
            const auto take = [&](const json& item) {
                if (Qualifier alias = parseAlias(item); !alias.name.empty()) target.function().qualifiers.push_back(std::move(alias));
            };
            for (const auto& item : arrayField(first, "Aliases")) take(item);
            if (const std::string marker = textField(first, "NextMarker"); !marker.empty()) {
                auto rest = markerPages(context,
                                        restRequest(Operation::list_aliases, target.region(), "GET",
                                                    functionPath("2015-03-31", target.name(), "/aliases"), "Marker=" + percentEncoded(marker)),
                                        "Aliases", take);
                if (!rest) {
                    target.reading->problems.push_back(
                        problem(target.region() + "/" + target.name(), Operation::list_aliases, std::move(rest).error()));
                }
            }
        });
}

// What the versions behind aliases and pools are made of.
void readVersions(const ReadContext& context, const std::vector<Target>& targets) {
    detailAll(
        context, Operation::get_function, targets,
        [&](const Target& target) {
            return restRequest(Operation::get_function, target.region(), "GET", functionPath("2015-03-31", target.name(), ""),
                               "Qualifier=" + percentEncoded(target.qualifier));
        },
        [&](const Target& target, const json& reply) {
            for (auto& qualifier : target.function().qualifiers) {
                if (qualifier.name == target.qualifier)
                    applyVersion(qualifier, objectField(reply, "Configuration"), target.reading->latest[target.index]);
            }
        });
}

void readDetails(const ReadContext& context, std::vector<RegionReading>& readings) {
    std::vector<Target> targets;
    for (auto& reading : readings) {
        for (std::size_t i = 0; i < reading.functions.size(); ++i) targets.push_back({&reading, i, {}});
    }
    detailAll(
        context, Operation::get_function, targets,
        [&](const Target& target) {
            return restRequest(Operation::get_function, target.region(), "GET", functionPath("2015-03-31", target.name(), ""));
        },
        [&](const Target& target, const json& reply) {
            auto fresh = parseConfiguration(objectField(reply, "Configuration"), context.profile, context.now);
            if (!fresh) return;
            target.reading->latest[target.index] = objectField(reply, "Configuration");
            target.function() = std::move(*fresh);
            applyDetails(target.function(), reply);
        });
    readAliases(context, targets);
    readPools(context, targets);
    std::vector<Target> versions;
    for (const Target& target : targets) {
        for (const auto& qualifier : target.function().qualifiers) versions.push_back({target.reading, target.index, qualifier.name});
    }
    readVersions(context, versions);
}

void applyScaling(const ScalingReading& reading, std::vector<Function>& functions) {
    for (auto& function : functions) {
        for (auto& qualifier : function.qualifiers) {
            const auto found = reading.pools.find({function.name, qualifier.name});
            if (found != reading.pools.end()) qualifier.scaling = found->second;
        }
    }
}

std::vector<Status> readEventSources(const ReadContext& context, std::vector<RegionReading*> readings, const std::string& function_name) {
    std::map<std::string, Function*> by_id;
    std::vector<AwsRequest> requests;
    for (auto* reading : readings) {
        for (auto& function : reading->functions) by_id[function.id] = &function;
        auto request = restRequest(Operation::list_event_sources, reading->region, "GET", "/2015-03-31/event-source-mappings");
        if (!function_name.empty()) request.query = "FunctionName=" + percentEncoded(function_name);
        requests.push_back(std::move(request));
    }
    return markerPages(context, std::move(requests), "EventSourceMappings", [&](std::size_t, const json& item) {
        const auto arn = parseFunctionArn(textField(item, "FunctionArn"));
        const auto function = arn ? by_id.find(arn->unqualified()) : by_id.end();
        if (function == by_id.end()) return;
        EventSource source{textField(item, "UUID"), textField(item, "EventSourceArn"), textField(item, "State"), std::nullopt};
        const auto limit = integerField(objectField(item, "ScalingConfig"), "MaximumConcurrency");
        if (limit && *limit > 0 && *limit <= 1'000'000) source.maximum_concurrency = static_cast<std::int32_t>(*limit);
        function->second->event_sources.push_back(std::move(source));
    });
}

AwsRequest accountSettings(const std::string& region) {
    return restRequest(Operation::get_account_settings, region, "GET", "/2016-08-19/account-settings");
}

Result<AccountLimits> parseLimits(const ReadContext& context, const std::string& region, const net::HttpResponse& response) {
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

}  // namespace

std::vector<Status> readRegions(const ReadContext& context, const std::vector<std::string>& regions, Inventory& inventory) {
    std::vector<RegionReading> readings(regions.size());
    std::vector<AwsRequest> lists;
    for (std::size_t r = 0; r < regions.size(); ++r) {
        readings[r].region = regions[r];
        lists.push_back(restRequest(Operation::list_functions, regions[r], "GET", "/2015-03-31/functions", "MaxItems=50"));
    }
    std::set<std::string> seen;
    std::vector<std::size_t> unreadable(regions.size());
    auto listed = markerPages(context, std::move(lists), "Functions", [&](std::size_t r, const json& item) {
        auto function = parseConfiguration(item, context.profile, context.now);
        if (!function) {
            ++unreadable[r];
        } else if (seen.insert(function->id).second) {
            readings[r].functions.push_back(std::move(*function));
            readings[r].latest.push_back(item);
            context.job.report({"Functions", std::nullopt, 0, seen.size()});
        }
    });
    std::vector<RegionReading*> used;
    std::vector<AwsRequest> limits;
    std::vector<RegionReading*> limits_of;
    for (std::size_t r = 0; r < regions.size(); ++r) {
        auto& reading = readings[r];
        if (!listed[r]) {
            reading.functions.clear();
            reading.latest.clear();
            continue;
        }
        if (unreadable[r] > 0) {
            reading.problems.push_back(problem(
                regions[r], Operation::list_functions,
                Error{ErrorCode::protocol, fmt::format("{} functions without name or ARN were listed", unreadable[r]), "They are left out.", {}}));
        }
        limits.push_back(accountSettings(regions[r]));
        limits_of.push_back(&reading);
        if (!reading.functions.empty()) used.push_back(&reading);
    }
    readDetails(context, readings);
    for (auto* reading : used) {
        if (context.job.stopRequested()) break;
        auto scaling = readScaling(context.client, reading->region, {}, {}, context.job);
        applyScaling(scaling, reading->functions);
        std::move(scaling.problems.begin(), scaling.problems.end(), std::back_inserter(reading->problems));
    }
    const auto sources = readEventSources(context, used, {});
    for (std::size_t i = 0; i < used.size(); ++i) {
        if (!sources[i]) used[i]->problems.push_back(problem(used[i]->region, Operation::list_event_sources, sources[i].error()));
    }
    auto answers = context.client.callAll(limits, kParallelCalls, context.job);
    for (std::size_t i = 0; i < answers.size(); ++i) {
        auto& reading = *limits_of[i];
        auto read = answers[i] ? parseLimits(context, reading.region, *answers[i]) : Result<AccountLimits>(tl::unexpect, std::move(answers[i]).error());
        if (read) {
            inventory.limits.push_back(std::move(*read));
        } else {
            reading.problems.push_back(problem(reading.region, Operation::get_account_settings, std::move(read).error()));
        }
    }
    if (context.job.stopRequested()) return std::vector<Status>(regions.size(), context.job.check());
    for (std::size_t r = 0; r < regions.size(); ++r) {
        auto& reading = readings[r];
        if (!listed[r]) continue;
        inventory.regions_read.push_back(regions[r]);
        std::move(reading.functions.begin(), reading.functions.end(), std::back_inserter(inventory.functions));
        std::move(reading.problems.begin(), reading.problems.end(), std::back_inserter(inventory.problems));
    }
    return listed;
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
    RegionReading reading{arn->region, {std::move(first)}, {objectField(reply, "Configuration")}, {}};
    auto& functions = reading.functions;
    auto& problems = reading.problems;
    PILOTLIGHT_TRY(markerPages(context,
                               restRequest(Operation::list_aliases, arn->region, "GET", functionPath("2015-03-31", arn->name, "/aliases")),
                               "Aliases", [&](const json& item) {
                                   if (Qualifier alias = parseAlias(item); !alias.name.empty())
                                       functions[0].qualifiers.push_back(std::move(alias));
                               }));
    readPools(context, {{&reading, 0, {}}});
    for (auto& qualifier : functions[0].qualifiers) {
        auto version =
            context.client.call(restRequest(Operation::get_function, arn->region, "GET", functionPath("2015-03-31", arn->name, ""),
                                            "Qualifier=" + percentEncoded(qualifier.name)),
                                context.job);
        if (!version) continue;
        if (auto parsed = parseObject(version->body, info(Operation::get_function).name)) {
            applyVersion(qualifier, objectField(*parsed, "Configuration"), reading.latest[0]);
        }
    }
    std::vector<std::string> names;
    for (const auto& qualifier : functions[0].qualifiers) names.push_back(qualifier.name);
    auto scaling = readScaling(context.client, arn->region, arn->name, names, context.job);
    applyScaling(scaling, functions);
    std::move(scaling.problems.begin(), scaling.problems.end(), std::back_inserter(problems));
    // Permission and support problems leave the part unknown; the inventory has told them. Cancelling ends the whole.
    (void)readEventSources(context, {&reading}, arn->name);
    PILOTLIGHT_TRY(context.job.check());
    for (auto& each : problems) {
        if (!holdsForAll(each.error)) return fail(std::move(each.error));  // a fresh reading that missed a part is no basis for a change
    }
    return std::move(functions[0]);
}

Result<AccountLimits> readAccountLimits(const ReadContext& context, const std::string& region) {
    PILOTLIGHT_ASSIGN(const auto response, context.client.call(accountSettings(region), context.job));
    return parseLimits(context, region, response);
}

}  // namespace pilotlight::platform::aws
