// Lambda: which operation a path is, and everything that only reads.
#include <algorithm>
#include <nlohmann/json.hpp>

#include "app/sandbox/aws/lambda_common.h"

namespace pilotlight::sandbox {

using nlohmann::json;
using namespace lambda;

namespace {

Answer<HttpResponse> listFunctions(Call& call) {
    const auto given = parameters(call, {"MaxItems", "Marker", "FunctionVersion", "MasterRegion"});
    if (!given) return tl::unexpected(given.error());
    const bool all_versions = given->contains("FunctionVersion");
    if (all_versions && given->at("FunctionVersion") != "ALL")
        return refuse(400, "ValidationException",
                      "1 validation error detected: Value '" + given->at("FunctionVersion") +
                          "' at 'functionVersion' failed to satisfy constraint: Member must satisfy enum value set: [ALL]");
    std::vector<std::pair<const FunctionState*, int>> rows;
    for (const auto* f : call.world.functions(call.region)) {
        rows.emplace_back(f, 0);
        if (all_versions)
            for (const auto& [number, version] : f->published) rows.emplace_back(f, number);
    }
    const auto range = page(*given, rows.size(), 50, "ListFunctions" + call.region + (all_versions ? "ALL" : ""));
    if (!range) return tl::unexpected(range.error());
    json list = json::array();
    for (std::size_t i = range->from; i < range->to; ++i) {
        const auto& [f, number] = rows[i];
        list.push_back(configuration(call, *f, number, all_versions ? (number == 0 ? "$LATEST" : std::to_string(number)) : "", true));
    }
    json body{{"Functions", list}};
    if (!range->next.empty()) body["NextMarker"] = range->next;
    return jsonResponse(body);
}

Answer<HttpResponse> getFunction(Call& call, const Named& named) {
    if (const auto given = parameters(call, {"Qualifier"}); !given) return tl::unexpected(given.error());
    const FunctionState& f = *named.function;
    json body{{"Configuration", configuration(call, f, *f.resolve(named.qualifier), named.qualifier, false)},
              {"Code", {{"RepositoryType", f.spec.package == "Zip" ? "S3" : "ECR"}}}};
    if (!f.tags.empty()) body["Tags"] = f.tags;
    if (f.reserved) body["Concurrency"] = {{"ReservedConcurrentExecutions", *f.reserved}};
    return jsonResponse(body);
}

Answer<HttpResponse> listVersions(Call& call, const Named& named) {
    const auto given = parameters(call, {"MaxItems", "Marker"});
    if (!given) return tl::unexpected(given.error());
    const FunctionState& f = *named.function;
    std::vector<int> numbers{0};
    for (const auto& [number, version] : f.published) numbers.push_back(number);
    const auto range = page(*given, numbers.size(), 50, "ListVersions" + f.arn);
    if (!range) return tl::unexpected(range.error());
    json body{{"Versions", json::array()}};
    for (std::size_t i = range->from; i < range->to; ++i)
        body["Versions"].push_back(configuration(call, f, numbers[i], numbers[i] == 0 ? "$LATEST" : std::to_string(numbers[i]), true));
    if (!range->next.empty()) body["NextMarker"] = range->next;
    return jsonResponse(body);
}

Answer<HttpResponse> listAliases(Call& call, const Named& named) {
    const auto given = parameters(call, {"MaxItems", "Marker", "FunctionVersion"});
    if (!given) return tl::unexpected(given.error());
    const FunctionState& f = *named.function;
    std::vector<const AliasState*> rows;
    for (const auto& [name, alias] : f.aliases)
        if (!given->contains("FunctionVersion") || given->at("FunctionVersion") == std::to_string(alias.version)) rows.push_back(&alias);
    const auto range = page(*given, rows.size(), 50, "ListAliases" + f.arn);
    if (!range) return tl::unexpected(range.error());
    json body{{"Aliases", json::array()}};
    for (std::size_t i = range->from; i < range->to; ++i) body["Aliases"].push_back(aliasJson(f, *rows[i]));
    if (!range->next.empty()) body["NextMarker"] = range->next;
    return jsonResponse(body);
}

json mappingJson(const FunctionState& f, Micros start) {
    return {{"UUID", uuidOf(stableHash(f.arn, 11), stableHash(f.arn, 12))},
            {"BatchSize", 1},
            {"MaximumBatchingWindowInSeconds", 0},
            {"EventSourceArn", f.spec.event_source},
            {"FunctionArn", f.arn},
            {"LastModified", static_cast<double>(start / kSecond)},
            {"State", "Enabled"},
            {"StateTransitionReason", "USER_INITIATED"},
            {"FunctionResponseTypes", json::array()}};
}

Answer<HttpResponse> eventSources(Call& call, const std::string& uuid) {
    std::vector<const FunctionState*> rows;
    for (const auto* f : call.world.functions(call.region))
        if (!f->spec.event_source.empty()) rows.push_back(f);
    if (!uuid.empty()) {
        for (const auto* f : rows)
            if (json one = mappingJson(*f, call.world.start()); one["UUID"] == uuid) return jsonResponse(one);
        return notFound("The resource you requested does not exist.");
    }
    const auto given = parameters(call, {"FunctionName", "EventSourceArn", "MaxItems", "Marker"});
    if (!given) return tl::unexpected(given.error());
    if (given->contains("FunctionName")) {
        const auto named = findFunction(call, given->at("FunctionName"));
        if (!named) return tl::unexpected(named.error());
        std::erase_if(rows, [&](const auto* f) { return f != named->function; });
    }
    if (given->contains("EventSourceArn"))
        std::erase_if(rows, [&](const auto* f) { return f->spec.event_source != given->at("EventSourceArn"); });
    const auto range = page(*given, rows.size(), 100, "ListEventSourceMappings" + call.region);
    if (!range) return tl::unexpected(range.error());
    json body{{"EventSourceMappings", json::array()}};
    for (std::size_t i = range->from; i < range->to; ++i) body["EventSourceMappings"].push_back(mappingJson(*rows[i], call.world.start()));
    if (!range->next.empty()) body["NextMarker"] = range->next;
    return jsonResponse(body);
}

Answer<HttpResponse> accountSettings(Call& call) {
    if (const auto given = parameters(call, {}); !given) return tl::unexpected(given.error());
    const auto functions = call.world.functions(call.region);
    const std::int64_t gib = 1024LL * 1024 * 1024;
    return jsonResponse({{"AccountLimit",
                          {{"TotalCodeSize", 75 * gib},
                           {"CodeSizeUnzipped", 262'144'000},
                           {"CodeSizeZipped", 52'428'800},
                           {"ConcurrentExecutions", call.world.concurrencyLimit()},
                           {"UnreservedConcurrentExecutions", call.world.concurrencyLimit() - call.world.reservedTotal(call.region)}}},
                         {"AccountUsage", {{"TotalCodeSize", 1'900'000'000}, {"FunctionCount", functions.size()}}}});
}

Answer<HttpResponse> handleFunctions(Call& call, const Path& path) {
    const auto& s = path.segments;
    const std::string& method = call.request.method;
    const auto unknown = [&] {
        return refuse(404, "UnknownOperationException", "Unknown operation " + method + " " + call.request.path + ".");
    };
    if (s.size() == 1) {
        if (path.date == "2015-03-31" && method == "GET") return listFunctions(call);
        return unknown();
    }
    const auto named = findFunction(call, s[1]);
    if (!named) return tl::unexpected(named.error());
    const FunctionState& f = *named->function;
    if (s.size() == 2) return method == "GET" && path.date == "2015-03-31" ? getFunction(call, *named) : unknown();
    const std::string& what = s[2];
    if (what == "concurrency" && s.size() == 3) return reserved(call, *named, path);
    if (what == "provisioned-concurrency" && s.size() == 3 && path.date == "2019-09-30") return provisioned(call, *named);
    if (what == "event-invoke-config" && s.size() == 4 && s[3] == "list" && method == "GET")
        return jsonResponse({{"FunctionEventInvokeConfigs", json::array()}});
    if (what == "urls" && s.size() == 3 && method == "GET") return jsonResponse({{"FunctionUrlConfigs", json::array()}});
    if (what == "policy" && method == "GET") return notFound("The resource you requested does not exist.");
    if (path.date != "2015-03-31") return unknown();
    if (what == "configuration" && s.size() == 3) {
        if (method == "PUT") return updateConfiguration(call, *named);
        if (method != "GET") return unknown();
        if (const auto given = parameters(call, {"Qualifier"}); !given) return tl::unexpected(given.error());
        return jsonResponse(configuration(call, f, *f.resolve(named->qualifier), named->qualifier, false));
    }
    if (what == "versions" && s.size() == 3) {
        if (method == "GET") return listVersions(call, *named);
        if (method == "POST") return publishVersion(call, *named);
    }
    if (what == "aliases" && s.size() == 3) {
        if (method == "GET") return listAliases(call, *named);
        if (method == "POST") return createAlias(call, *named);
    }
    if (what == "aliases" && s.size() == 4) {
        if (method == "PUT") return updateAlias(call, *named, s[3]);
        const auto alias = f.aliases.find(s[3]);
        if (alias == f.aliases.end()) return notFound("Alias not found: " + f.arn + ":" + s[3]);
        if (method == "GET") return jsonResponse(aliasJson(f, alias->second));
    }
    return unknown();
}

}  // namespace

Answer<HttpResponse> handleLambda(Call& call) {
    Path path;
    std::size_t i = 1;
    const std::string& raw = call.request.path;
    while (i < raw.size()) {
        const auto end = std::min(raw.find('/', i), raw.size());
        const std::string segment = percentDecode(std::string_view(raw).substr(i, end - i));
        if (path.date.empty())
            path.date = segment;
        else if (!segment.empty())
            path.segments.push_back(segment);
        i = end + 1;
    }
    if (!path.segments.empty()) {
        const std::string& what = path.segments[0];
        if (what == "functions") return handleFunctions(call, path);
        if (what == "account-settings" && path.date == "2016-08-19" && call.request.method == "GET") return accountSettings(call);
        if (what == "event-source-mappings" && path.date == "2015-03-31" && call.request.method == "GET" && path.segments.size() <= 2)
            return eventSources(call, path.segments.size() == 2 ? path.segments[1] : "");
        if (what == "tags" && path.segments.size() == 2 && call.request.method == "GET") {
            const auto named = findFunction(call, path.segments[1]);
            if (!named) return tl::unexpected(named.error());
            return jsonResponse({{"Tags", named->function->tags}});
        }
    }
    return refuse(404, "UnknownOperationException", "Unknown operation " + call.request.method + " " + raw + ".");
}

}  // namespace pilotlight::sandbox
