// Lambda: reserved concurrency (Get 2019-09-30, Put and Delete 2017-10-31) and provisioned concurrency (2019-09-30).
#include <algorithm>
#include <nlohmann/json.hpp>

#include "app/sandbox/aws/lambda_common.h"

namespace pilotlight::sandbox::lambda {

using nlohmann::json;

namespace {

constexpr int kAlwaysUnreserved = 100;

json poolJson(const FunctionState& f, const std::string& qualifier, const Pool& pool) {
    const auto failure = f.pool_failures.find(qualifier);
    const auto goal = f.allocation_goal.find(qualifier);
    const bool failed = failure != f.pool_failures.end();
    json value{{"RequestedProvisionedConcurrentExecutions", failed && goal != f.allocation_goal.end() ? goal->second : pool.requested},
               {"AvailableProvisionedConcurrentExecutions", pool.available},
               {"AllocatedProvisionedConcurrentExecutions", pool.in_progress ? std::min(pool.available, pool.requested) : pool.available},
               {"Status", failed             ? "FAILED"
                          : pool.in_progress ? "IN_PROGRESS"
                                             : "READY"},
               {"LastModified", isoLambda(pool.changed)}};
    if (failed) value["StatusReason"] = failure->second;
    return value;
}

// Concurrency that functions without a reservation keep in pools.
int poolsOutsideReservations(Call& call, const FunctionState* except, const std::string& except_qualifier) {
    int total = 0;
    for (const auto* f : call.world.functions(call.region)) {
        if (f->reserved) continue;
        for (const auto& [qualifier, pool] : f->engine->pools())
            if (f != except || qualifier != except_qualifier) total += pool.requested;
    }
    return total;
}

Answer<HttpResponse> putPool(Call& call, FunctionState& f, const std::string& qualifier) {
    const auto parsed = jsonBody(call);
    if (!parsed) return tl::unexpected(parsed.error());
    SANDBOX_REFUSE_IF(unknownMember(*parsed, {"ProvisionedConcurrentExecutions"}, "ValidationException"));
    std::optional<std::int64_t> count;
    SANDBOX_REFUSE_IF(readInteger(*parsed, "ProvisionedConcurrentExecutions", count));
    if (!count || *count < 1)
        return refuse(
            400, "ValidationException",
            "1 validation error detected: Value '" + std::to_string(count.value_or(0)) +
                "' at 'provisionedConcurrentExecutions' failed to satisfy constraint: Member must have value greater than or equal to 1");
    if (qualifier == "$LATEST") return invalid("Provisioned Concurrency Configs cannot be applied to unpublished function versions.");
    const int version = *f.resolve(qualifier);
    for (const auto& [other, pool] : f.engine->pools())
        if (other != qualifier && pool.requested > 0 && f.resolve(other) == version)
            return refuse(409, "ResourceConflictException",
                          "Provisioned Concurrency is already configured on " + other + ", which points at the same version.");
    int others = 0;
    for (const auto& [other, pool] : f.engine->pools())
        if (other != qualifier) others += pool.requested;
    if (f.reserved) {
        if (*count + others > *f.reserved)
            return invalid("Requested Provisioned Concurrency should not be greater than the reservedConcurrentExecution for function");
    } else {
        const std::int64_t left = call.world.concurrencyLimit() - call.world.reservedTotal(call.region) -
                                  poolsOutsideReservations(call, &f, qualifier) - kAlwaysUnreserved;
        if (*count > left)
            return invalid(
                "Specified ConcurrentExecutions for function decreases account's UnreservedConcurrentExecution below its minimum value of "
                "[100].");
    }
    call.world.setPool(f, qualifier, static_cast<int>(*count));
    return jsonResponse(poolJson(f, qualifier, f.engine->pools().at(qualifier)), 202);
}

}  // namespace

Answer<HttpResponse> reserved(Call& call, Named named, const Path& path) {
    FunctionState& f = *named.function;
    const std::string& method = call.request.method;
    if (const auto given = parameters(call, {}); !given) return tl::unexpected(given.error());
    if (method == "GET" && path.date == "2019-09-30")
        return jsonResponse(f.reserved ? json{{"ReservedConcurrentExecutions", *f.reserved}} : json::object());
    if (path.date != "2017-10-31" || (method != "PUT" && method != "DELETE"))
        return refuse(404, "UnknownOperationException", "Unknown operation " + method + " " + call.request.path + ".");
    if (method == "DELETE") {
        call.world.setReserved(f, std::nullopt);
        HttpResponse response;
        response.status = 204;
        return response;
    }
    const auto parsed = jsonBody(call);
    if (!parsed) return tl::unexpected(parsed.error());
    SANDBOX_REFUSE_IF(unknownMember(*parsed, {"ReservedConcurrentExecutions"}, "ValidationException"));
    std::optional<std::int64_t> count;
    SANDBOX_REFUSE_IF(readInteger(*parsed, "ReservedConcurrentExecutions", count));
    if (!count || *count < 0)
        return refuse(400, "ValidationException",
                      "1 validation error detected: Value at 'reservedConcurrentExecutions' failed to satisfy constraint: Member must have "
                      "value greater than or equal to 0");
    const int others = call.world.reservedTotal(call.region) - f.reserved.value_or(0);
    if (call.world.concurrencyLimit() - others - poolsOutsideReservations(call, &f, "") - *count < kAlwaysUnreserved)
        return invalid(
            "Specified ReservedConcurrentExecutions for function decreases account's UnreservedConcurrentExecution below its minimum value "
            "of [100].");
    if (*count < provisionedTotal(f))
        return invalid("ReservedConcurrentExecutions can not be lower than the function's total ProvisionedConcurrentExecutions (" +
                       std::to_string(provisionedTotal(f)) + ").");
    call.world.setReserved(f, static_cast<int>(*count));
    return jsonResponse({{"ReservedConcurrentExecutions", *count}});
}

Answer<HttpResponse> provisioned(Call& call, Named named) {
    FunctionState& f = *named.function;
    const auto given = parameters(call, {"Qualifier", "List", "Marker", "MaxItems"});
    if (!given) return tl::unexpected(given.error());
    const std::string& method = call.request.method;
    if (method == "GET" && given->contains("List")) {
        if (given->at("List") != "ALL") return refuse(400, "ValidationException", "List must be ALL.");
        std::vector<json> rows;
        for (const auto& [qualifier, pool] : f.engine->pools()) {
            if (pool.requested == 0) continue;
            json row = poolJson(f, qualifier, pool);
            row["FunctionArn"] = f.arn + ":" + qualifier;
            rows.push_back(row);
        }
        const auto range = page(*given, rows.size(), 50, "ListProvisioned" + f.arn);
        if (!range) return tl::unexpected(range.error());
        json body{{"ProvisionedConcurrencyConfigs", json::array()}};
        for (std::size_t i = range->from; i < range->to; ++i) body["ProvisionedConcurrencyConfigs"].push_back(rows[i]);
        if (!range->next.empty()) body["NextMarker"] = range->next;
        return jsonResponse(body);
    }
    if (named.qualifier.empty())
        return refuse(400, "ValidationException",
                      "1 validation error detected: Value null at 'qualifier' failed to satisfy constraint: Member must not be null");
    if (method == "PUT") return putPool(call, f, named.qualifier);
    const auto pool = f.engine->pools().find(named.qualifier);
    const bool there = pool != f.engine->pools().end() && pool->second.requested > 0;
    if (method == "DELETE") {
        if (there) call.world.removePool(f, named.qualifier);
        HttpResponse response;
        response.status = 204;
        return response;
    }
    if (method != "GET") return refuse(404, "UnknownOperationException", "Unknown operation " + method + " " + call.request.path + ".");
    if (!there)
        return refuse(404, "ProvisionedConcurrencyConfigNotFoundException", "No Provisioned Concurrency Config found for this function");
    return jsonResponse(poolJson(f, named.qualifier, pool->second));
}

}  // namespace pilotlight::sandbox::lambda
