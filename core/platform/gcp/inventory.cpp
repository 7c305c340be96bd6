#include "core/platform/gcp/inventory.h"

#include <fmt/format.h>

#include <nlohmann/json.hpp>
#include <set>

#include "core/platform/gcp/function_parse.h"
#include "core/platform/gcp/resource_name.h"
#include "core/platform/json_fields.h"

namespace pilotlight::platform::gcp {

using nlohmann::json;

namespace {

constexpr int kMaxPages = 10'000;
constexpr std::size_t kParallelCalls = 8;

// Pages chained by nextPageToken, from a first answer on.
template <typename Take>
Status pages(const ReadContext& context, GcpRequest request, Result<net::HttpResponse> response, const Take& take) {
    const auto query = request.query;
    for (int page = 0; page < kMaxPages; ++page) {
        PILOTLIGHT_TRY(context.job.check());
        if (!response) return fail(std::move(response).error());
        PILOTLIGHT_ASSIGN(const json reply, parseObject(response->body, info(request.operation).name));
        take(reply);
        const std::string token = textField(reply, "nextPageToken");
        if (token.empty()) return {};
        request.query = query;
        request.query.emplace_back("pageToken", token);
        response = context.client.call(request, context.job);
    }
    return fail(ErrorCode::protocol, fmt::format("{} does not come to an end", info(request.operation).name), "Reading was stopped.", {});
}

Result<std::vector<std::string>> locationsOf(const ReadContext& context, const std::string& project) {
    const auto& wanted = context.profile.regions;
    if (!wanted.empty() && wanted.front() != "all") return wanted;
    GcpRequest request{Operation::list_locations, "GET", "/v1/projects/" + project + "/locations", {{"pageSize", "100"}}};
    std::vector<std::string> found;
    PILOTLIGHT_TRY(pages(context, request, context.client.call(request, context.job), [&](const json& reply) {
        for (const auto& location : arrayField(reply, "locations"))
            if (auto id = textField(location, "locationId"); !id.empty()) found.push_back(std::move(id));
    }));
    return found;
}

// Answers of some locations may be missing: they are named, and the rest is there.
void tellUnreachable(const json& reply, Operation operation, const std::string& project, std::set<std::string>& missing,
                     Inventory& inventory) {
    for (const auto& each : arrayField(reply, "unreachable")) {
        if (!each.is_string()) continue;
        const std::string text = each.get<std::string>();
        const std::string location = text.substr(text.rfind('/') + 1);
        missing.insert(location);
        inventory.problems.push_back(
            problem(location, operation,
                    {ErrorCode::network, fmt::format("{} could not be reached by {}", location, info(operation).name),
                     "What is there is as it was last read.", "Sync again later."},
                    project));
    }
}

}  // namespace

Result<json> readDocument(const ReadContext& context, Operation operation, const std::string& path) {
    PILOTLIGHT_ASSIGN(const auto response, context.client.call({operation, "GET", path, {}}, context.job));
    return parseObject(response.body, info(operation).name);
}

Status readProject(const ReadContext& context, const std::string& project, Inventory& inventory) {
    PILOTLIGHT_ASSIGN(const std::vector<std::string> locations, locationsOf(context, project));
    std::vector<GcpRequest> requests;
    for (const auto& location : locations)
        requests.push_back({Operation::list_services,
                            "GET",
                            fmt::format("/v2/projects/{}/locations/{}/services", project, location),
                            {{"pageSize", "100"}}});
    auto answers = context.client.callAll(requests, kParallelCalls, context.job);
    std::set<std::string> missing;
    std::map<std::string, std::size_t> by_service;
    std::optional<Error> first_error;
    for (std::size_t i = 0; i < locations.size(); ++i) {
        const Status done = pages(context, requests[i], std::move(answers[i]), [&](const json& reply) {
            for (const auto& item : arrayField(reply, "services")) {
                auto function = parseService(item, context.profile.name, context.now);
                if (!function) {
                    inventory.problems.push_back(problem(locations[i], Operation::list_services, function.error(), project));
                    continue;
                }
                by_service[function->id] = inventory.functions.size();
                inventory.functions.push_back(std::move(*function));
            }
            tellUnreachable(reply, Operation::list_services, project, missing, inventory);
        });
        if (!done) {
            if (endsAll(done.error().code)) return done;
            // A location that was named and does not exist is told in words of its own.
            Error error = done.error();
            if (error.code == ErrorCode::invalid_argument || error.code == ErrorCode::not_found)
                error.action = fmt::format("Check the region {}; gcloud run regions list shows those that exist.", locations[i]);
            missing.insert(locations[i]);
            if (!first_error) first_error = error;
            inventory.problems.push_back(problem(locations[i], Operation::list_services, std::move(error), project));
        }
        context.job.report({fmt::format("Services, {}", locations[i]), static_cast<double>(i + 1) / static_cast<double>(locations.size()),
                            0, inventory.functions.size()});
    }
    if (first_error && missing.size() == locations.size() && first_error->code == ErrorCode::network) return fail(std::move(*first_error));

    GcpRequest request{Operation::list_functions, "GET", "/v2/projects/" + project + "/locations/-/functions", {{"pageSize", "1000"}}};
    const Status done = pages(context, request, context.client.call(request, context.job), [&](const json& reply) {
        for (const auto& item : arrayField(reply, "functions")) {
            const auto name = parseResourceName(textField(item, "name"));
            if (!name || std::find(locations.begin(), locations.end(), name->location) == locations.end()) continue;
            if (textField(item, "environment") == "GEN_2") {
                if (const auto at = by_service.find(serviceBehind(item)); at != by_service.end())
                    joinFunction(inventory.functions[at->second], item);
                continue;
            }
            auto function = parseFirstGeneration(item, context.profile.name, context.now);
            if (function) inventory.functions.push_back(std::move(*function));
        }
        tellUnreachable(reply, Operation::list_functions, project, missing, inventory);
    });
    if (!done) {
        if (endsAll(done.error().code)) return done;
        Error error = done.error();
        error.meaning = "Functions of the 1st generation are not listed, and those of the 2nd cannot be changed.";
        inventory.problems.push_back(problem(project, Operation::list_functions, std::move(error), project));
        // What was known of the 1st generation must not look deleted.
        missing.insert(locations.begin(), locations.end());
    }
    for (const auto& location : locations)
        if (!missing.contains(location)) inventory.regions_read.push_back(location);
    return {};
}

Result<Function> readOne(const ReadContext& context, const std::string& id, const std::string& function_name) {
    const auto name = parseResourceName(id);
    if (!name)
        return fail(ErrorCode::invalid_argument, id + " is no name of a Cloud Run service or function", {}, "See pilotlightctl functions.");
    if (name->kind == "functions") {
        PILOTLIGHT_ASSIGN(const json document, readDocument(context, Operation::get_function, "/v2/" + id));
        return parseFirstGeneration(document, context.profile.name, context.now);
    }
    PILOTLIGHT_ASSIGN(const json service, readDocument(context, Operation::get_service, "/v2/" + id));
    PILOTLIGHT_ASSIGN(Function function, parseService(service, context.profile.name, context.now));
    if (function.untuned[kKind] != "gen2") return function;
    // The function of that service has its name, or one with letters that a service's name cannot have.
    const std::string guess =
        function_name.empty() ? ResourceName{name->project, name->location, "functions", name->name}.text() : function_name;
    auto document = readDocument(context, Operation::get_function, "/v2/" + guess);
    if (document && serviceBehind(*document) == id) {
        joinFunction(function, *document);
        return function;
    }
    if (!document && document.error().code != ErrorCode::not_found) return fail(document.error());
    GcpRequest request{Operation::list_functions,
                       "GET",
                       fmt::format("/v2/projects/{}/locations/{}/functions", name->project, name->location),
                       {{"pageSize", "1000"}}};
    PILOTLIGHT_TRY(pages(context, request, context.client.call(request, context.job), [&](const json& reply) {
        for (const auto& item : arrayField(reply, "functions"))
            if (serviceBehind(item) == id) joinFunction(function, item);
    }));
    return function;
}

}  // namespace pilotlight::platform::gcp
