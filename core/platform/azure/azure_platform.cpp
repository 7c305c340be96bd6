#include "core/platform/azure/azure_platform.h"

#include <fmt/format.h>

#include <nlohmann/json.hpp>
#include <algorithm>
#include <set>

#include "core/platform/azure/site_parse.h"
#include "core/platform/json_fields.h"

namespace pilotlight::platform::azure {

using nlohmann::json;

namespace {
constexpr int kMaxPages = 5'000;
constexpr std::size_t kParallelCalls = 8;
}  // namespace

AzurePlatform::AzurePlatform(Profile profile, const Dependencies& dependencies, net::EnvironmentReader environment)
    : profile_(std::move(profile)), client_(profile_, dependencies, std::move(environment)) {}

std::shared_ptr<Clock> AzurePlatform::clock() {
    return clock_.get(client_.session(), client_.wallClock(), client_.customEndpoint(), [this] {
        (void)client_.call({Operation::list_subscriptions, "GET", "/subscriptions", {}}, JobContext{});
    });
}

Result<json> AzurePlatform::document(Operation operation, const std::string& path, const JobContext& job) {
    PILOTLIGHT_ASSIGN(const auto response, client_.call({operation, "GET", path, {}}, job));
    return parseObject(response.body, info(operation).name);
}

Result<std::vector<std::string>> AzurePlatform::subscriptions(const JobContext& job) {
    if (auto named = client_.subscription(); !named.empty()) return std::vector<std::string>{std::move(named)};
    PILOTLIGHT_ASSIGN(const json reply, document(Operation::list_subscriptions, "/subscriptions", job));
    std::vector<std::string> found;
    for (const auto& each : arrayField(reply, "value"))
        if (auto id = textField(each, "subscriptionId"); !id.empty()) found.push_back(std::move(id));
    if (found.empty())
        return fail(ErrorCode::not_found, "The credentials see no subscription", "Nothing can be read.",
                    "az account list shows those that are visible; assign the role Reader.");
    return found;
}

// Regions of the profile without any app: those that Azure does not know are told, as their apps would never be found.
void AzurePlatform::tellUnknownRegions(const std::string& subscription, const std::set<std::string>& wanted, const std::set<std::string>& seen,
                                       Inventory& inventory, const JobContext& job) {
    if (std::includes(seen.begin(), seen.end(), wanted.begin(), wanted.end())) return;
    const auto reply = document(Operation::list_locations, "/subscriptions/" + subscription + "/locations", job);
    if (!reply) return;  // they may exist: nothing is said
    std::set<std::string> known;
    for (const auto& location : arrayField(*reply, "value")) known.insert(lowered(textField(location, "name")));
    for (const auto& region : wanted) {
        if (seen.contains(region) || known.contains(region)) continue;
        inventory.problems.push_back(problem(region, Operation::list_locations,
                                             {ErrorCode::not_found, region + " is no region of the subscription", "No app can be found there.",
                                              "Check the region; az account list-locations --query \"[].name\" shows those that exist."},
                                             subscription));
    }
}

// Those of `wanted` (keys: ids as the sites name them) that one list of the subscription tells; others stay as they are.
void AzurePlatform::listPlans(const std::string& subscription, std::map<std::string, json>& wanted, const JobContext& job) {
    if (wanted.size() < 2) return;
    AzureRequest request{Operation::list_plans, "GET", "/subscriptions/" + subscription + "/providers/Microsoft.Web/serverfarms", {}};
    std::map<std::string, json> listed;
    for (int page = 0; page < kMaxPages; ++page) {
        const auto response = client_.call(request, job);
        auto reply = response ? parseObject(response->body, info(Operation::list_plans).name) : Result<json>(tl::unexpect, response.error());
        if (!reply) break;
        for (const auto& plan : arrayField(*reply, "value")) listed[lowered(textField(plan, "id"))] = plan;
        const std::string link = textField(*reply, "nextLink");
        if (link.empty()) break;
        auto next = client_.followed(request, link);
        if (!next) break;
        request = std::move(*next);
    }
    for (auto& [id, plan] : wanted)
        if (const auto at = listed.find(lowered(id)); at != listed.end()) plan = at->second;
}

Result<Inventory> AzurePlatform::listFunctions(const JobContext& job) {
    PILOTLIGHT_TRY(client_.token(job));
    PILOTLIGHT_ASSIGN(const auto all, subscriptions(job));
    Inventory inventory;
    std::set<std::string> regions;
    std::optional<Error> refused;
    bool whole = true;
    const std::set<std::string> wanted(profile_.regions.begin(), profile_.regions.end());
    const bool everywhere = wanted.empty() || wanted.contains("all");
    for (const auto& subscription : all) {
        // Lists leave most settings out: the ids first, then plans and config.
        std::vector<json> sites;
        AzureRequest request{Operation::list_sites, "GET", "/subscriptions/" + subscription + "/providers/Microsoft.Web/sites", {}};
        Status listed;
        for (int page = 0; page < kMaxPages; ++page) {
            PILOTLIGHT_TRY(job.check());
            auto response = client_.call(request, job);
            auto reply =
                response ? parseObject(response->body, info(Operation::list_sites).name) : Result<json>(tl::unexpect, response.error());
            if (!reply) {
                listed = fail(reply.error());
                break;
            }
            for (const auto& site : arrayField(*reply, "value"))
                if (isFunctionApp(site) && (everywhere || wanted.contains(regionOf(textField(site, "location"))))) sites.push_back(site);
            const std::string link = textField(*reply, "nextLink");
            if (link.empty()) break;
            PILOTLIGHT_ASSIGN(request, client_.followed(request, link));
        }
        if (!listed) {
            if (endsAll(listed.error().code)) return fail(listed.error());
            if (!refused) refused = listed.error();
            whole = false;
            inventory.problems.push_back(problem(subscription, Operation::list_sites, listed.error(), subscription));
            continue;
        }
        // Each plan once, each app's config where the plan needs it.
        std::map<std::string, json> plans;
        for (const auto& site : sites) plans.try_emplace(textField(objectField(site, "properties"), "serverFarmId"));
        std::vector<AzureRequest> requests;
        std::vector<std::string> order;
        listPlans(subscription, plans, job);
        for (const auto& [id, plan] : plans) {
            if (id.empty() || !textField(objectField(plan, "sku"), "tier").empty()) continue;
            order.push_back(id);
            requests.push_back({Operation::get_plan, "GET", id, {}});
        }
        auto answers = client_.callAll(requests, kParallelCalls, job);
        for (std::size_t i = 0; i < order.size(); ++i) {
            auto plan =
                answers[i] ? parseObject(answers[i]->body, info(Operation::get_plan).name) : Result<json>(tl::unexpect, answers[i].error());
            if (plan)
                plans[order[i]] = std::move(*plan);
            else if (endsAll(plan.error().code))
                return fail(plan.error());
            else
                inventory.problems.push_back(problem(subscription, Operation::get_plan, plan.error(), subscription));
        }
        requests.clear();
        std::vector<std::size_t> asked;
        for (std::size_t i = 0; i < sites.size(); ++i) {
            const std::string kind = planKind(plans[textField(objectField(sites[i], "properties"), "serverFarmId")], sites[i]);
            if (kind != "premium" && kind != "consumption") continue;
            asked.push_back(i);
            requests.push_back({Operation::get_config, "GET", textField(sites[i], "id") + "/config/web", {}});
        }
        answers = client_.callAll(requests, kParallelCalls, job);
        std::map<std::size_t, json> configs;
        for (std::size_t i = 0; i < asked.size(); ++i) {
            auto config = answers[i] ? parseObject(answers[i]->body, info(Operation::get_config).name)
                                     : Result<json>(tl::unexpect, answers[i].error());
            if (config)
                configs[asked[i]] = std::move(*config);
            else if (endsAll(config.error().code))
                return fail(config.error());
            else
                inventory.problems.push_back(
                    problem(textField(sites[asked[i]], "name"), Operation::get_config, config.error(), subscription));
        }
        const std::size_t first = inventory.functions.size();
        for (std::size_t i = 0; i < sites.size(); ++i) {
            const json& plan = plans[textField(objectField(sites[i], "properties"), "serverFarmId")];
            auto function = parseSite(sites[i], plan, configs[i], profile_.name, clock()->now());
            if (!function) continue;
            regions.insert(function->region);
            if (sizeUnknown(*function)) {
                whole = false;  // it is there: what was last read of it stays
                continue;
            }
            inventory.functions.push_back(std::move(*function));
        }
        PILOTLIGHT_TRY(readAppFunctions(subscription, std::span(inventory.functions).subspan(first), inventory, job));
        job.report({"Function apps", std::nullopt, 0, inventory.functions.size()});
    }
    if (!everywhere) tellUnknownRegions(all.front(), wanted, regions, inventory, job);
    if (!whole && inventory.functions.empty() && refused) return fail(std::move(*refused));
    if (whole) {
        inventory.regions_read.assign(regions.begin(), regions.end());
        if (!everywhere) inventory.regions_read.assign(wanted.begin(), wanted.end());
    }
    return inventory;
}

Result<Function> AzurePlatform::readFunction(const std::string& id, const JobContext& job) {
    if (!parseSiteId(id)) return fail(ErrorCode::invalid_argument, id + " is no id of a function app", {}, "See pilotlightctl functions.");
    PILOTLIGHT_ASSIGN(const json site, document(Operation::get_site, id, job));
    PILOTLIGHT_ASSIGN(const json plan, document(Operation::get_plan, textField(objectField(site, "properties"), "serverFarmId"), job));
    json config;
    if (planKind(plan, site) != "flex") {
        PILOTLIGHT_ASSIGN(config, document(Operation::get_config, id + "/config/web", job));
    }
    return parseSite(site, plan, config, profile_.name, clock()->now());
}

Result<AccountLimits> AzurePlatform::readLimits(const std::string&, const JobContext&) {
    return fail(ErrorCode::unsupported, "Azure has no concurrency limit of the whole subscription", {}, {});
}

Result<std::vector<Problem>> AzurePlatform::readInvocations(std::span<const LogRequest>, const InvocationSink&, const JobContext&) {
    return std::vector<Problem>{};
}

Result<IdentityReport> AzurePlatform::test(const JobContext& job) {
    PILOTLIGHT_ASSIGN(const net::AzureToken token, client_.token(job));
    PILOTLIGHT_ASSIGN(const auto all, subscriptions(job));
    IdentityReport report;
    for (const auto& each : all) report.account += (report.account.empty() ? "" : ", ") + each;
    report.principal = token.principal;
    report.credentials_from = token.source;
    report.expires = token.expires;
    const AzureRequest requests[] = {
        {Operation::list_sites, "GET", "/subscriptions/" + all.front() + "/providers/Microsoft.Web/sites", {}}};
    auto answers = client_.callAll(requests, 1, job);
    for (auto& answer : answers) {
        if (answer) continue;
        if (endsAll(answer.error().code) || answer.error().code == ErrorCode::network) return fail(answer.error());
        report.missing.push_back(problem(all.front(), Operation::list_sites, std::move(answer).error(), all.front()));
    }
    if (const auto sandbox = client_.session().sandboxTime()) report.sandbox_speed = sandbox->speed;
    return report;
}

Capabilities AzurePlatform::capabilities(const Function& function) const { return capabilitiesOf(function); }

Capabilities capabilitiesOf(const Function& f) {
    Capabilities out;
    out.compare_and_swap = false;  // Microsoft.Web takes no If-Match: the state is read and compared just before the change
    const std::string_view kind = f.untunedText(untuned_key::kKind);
    const auto fixed = [&](const char* setting, const char* label, double value, const char* why) {
        out.settings.push_back({setting, label, value, value, 1, {}, why, false});
    };
    const double limit = f.instance_limit.kind == InstanceLimit::Kind::limited ? f.instance_limit.value : 200;
    if (kind == "flex") {
        out.settings.push_back(
            {"memory_mb", "instance memory", 512, 4096, 1, {512, 2048, 4096}, "Flex Consumption: 512, 2,048 or 4,096 MB", true});
        out.settings.push_back(
            {"concurrency", "HTTP concurrency", 1, 1000, 1, {}, "requests at once in an instance, HTTP triggers only", true});
        out.settings.push_back({"warm_pool", "always-ready instances", 0, limit, 1, {}, "at most the maximum instance count", true});
        out.settings.push_back({"instance_limit", "maximum instance count", 1, 1000, 1, {}, "Flex Consumption: 1 to 1,000", true});
    } else {
        fixed("memory_mb", "memory", f.memory.value,
              kind == "premium" ? "is that of the plan's size (EP1, EP2, EP3)" : "is fixed by the plan");
        fixed("concurrency", "concurrency", f.concurrency, "is set in the app's host.json, which Azure does not show");
        if (kind == "premium")
            out.settings.push_back(
                {"warm_pool", "always-ready instances", 1, std::min(20.0, limit), 1, {}, "Elastic Premium: 1 to 20", true});
        else
            fixed("warm_pool", "always-ready instances", 0, "the plan keeps no instance ready; Flex Consumption does");
        const bool elastic = kind == "premium" || kind == "consumption";
        out.settings.push_back({"instance_limit",
                                "scale-out limit",
                                elastic ? 1.0 : limit,
                                elastic ? 200.0 : limit,
                                1,
                                {},
                                elastic ? "1 to 200, or none" : "a dedicated plan scales by its own rules",
                                elastic});
    }
    fixed("vcpu", "vCPU", f.vcpuShare(), "goes with the instance's size");
    fixed("timeout_s", "timeout", 0, "is set in the app's host.json");
    fixed("warm_schedule", "scheduled always-ready instances", 0, "Azure has no schedule for always-ready instances");
    return out;
}

}  // namespace pilotlight::platform::azure
