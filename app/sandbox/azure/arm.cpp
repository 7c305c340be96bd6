#include "app/sandbox/azure/arm.h"

#include <openssl/rand.h>

#include <algorithm>
#include <nlohmann/json.hpp>
#include <set>

#include "app/sandbox/aws/call.h"
#include "app/sandbox/engine/world.h"

namespace pilotlight::sandbox::azure {

using nlohmann::json;

struct Documents {
    json site, config, plan;
};
App::App() : documents(std::make_unique<Documents>()), site(documents->site), config(documents->config), plan(documents->plan) {}
App::~App() = default;
std::string App::resourceId() const { return site["id"].get<std::string>(); }

namespace {

constexpr const char* kGroup = "ai-apps";
constexpr Micros kKeepRecords = 95 * kDay;
constexpr std::int64_t kLifetime = 3'600'000'000;

std::string lower(std::string text) {
    for (char& c : text)
        if (c >= 'A' && c <= 'Z') c = static_cast<char>(c + 32);
    return text;
}

std::string randomText(std::size_t bytes) {
    std::string raw(bytes, '\0'), out;
    RAND_bytes(reinterpret_cast<unsigned char*>(raw.data()), static_cast<int>(bytes));
    for (const char c : raw)
        out += "0123456789abcdef"[static_cast<unsigned char>(c) >> 4], out += "0123456789abcdef"[static_cast<unsigned char>(c) & 15];
    return out;
}

std::string guid() {
    return uuidOf(mix(static_cast<std::uint64_t>(std::stoull(randomText(7), nullptr, 16))),
                  static_cast<std::uint64_t>(std::stoull(randomText(7), nullptr, 16)));
}

std::vector<std::string> segmentsOf(const std::string& path) {
    std::vector<std::string> segments;
    for (std::size_t i = 1; i < path.size();) {
        const auto end = std::min(path.find('/', i), path.size());
        if (end > i) segments.push_back(percentDecode(std::string_view(path).substr(i, end - i)));
        i = end + 1;
    }
    return segments;
}

int intAt(const json& object, const char* key, int otherwise) {
    const auto at = object.is_object() ? object.find(key) : object.end();
    return at != object.end() && at->is_number_integer() ? at->get<int>() : otherwise;
}

SharedDeployment deploymentOf(const App& app) {
    SharedDeployment d;
    d.memory_mb = app.spec.memory_mb;
    d.vcpu = app.spec.vcpu;
    d.timeout_s = app.spec.timeout_s;
    d.concurrency = app.spec.concurrency;
    if (app.spec.kind == "flex") {
        const json& scale = app.site["properties"]["functionAppConfig"]["scaleAndConcurrency"];
        d.memory_mb = scale.value("instanceMemoryMB", 2048);
        d.vcpu = d.memory_mb / 2048.0;
        d.max_instances = scale.value("maximumInstanceCount", 100);
        for (const auto& group : scale.value("alwaysReady", json::array())) d.min_instances += intAt(group, "instanceCount", 0);
        if (scale.contains("triggers"))
            d.concurrency = intAt(scale["triggers"].value("http", json::object()), "perInstanceConcurrency", d.concurrency);
        return d;
    }
    const int limit = intAt(app.config["properties"], "functionAppScaleLimit", 0);
    d.max_instances = limit > 0 ? limit : app.spec.kind == "premium" ? 20 : 200;
    if (app.spec.kind == "premium") d.min_instances = std::max(1, intAt(app.config["properties"], "minimumElasticInstanceCount", 1));
    return d;
}

SharedEngine::ExecutionRounding roundingOf(const std::string& kind) {
    SharedEngine::ExecutionRounding rounding;
    if (kind == "flex") rounding.stretch_least_ms = 1000;
    if (kind == "consumption") rounding = {100, 1, 128, 100};
    return rounding;
}

HttpResponse reply(const json& body, int status = 200) { return jsonResponse(body, status, "application/json; charset=utf-8"); }

tl::unexpected<ServiceError> badRequest(std::string message, const char* code = "BadRequest") {
    return refuse(400, code, std::move(message));
}

Answer<json> bodyOf(const HttpRequest& request) {
    if (nestedTooDeep(request.body)) return badRequest("The request content is nested too deeply.", "InvalidRequestContent");
    json body = json::parse(request.body, nullptr, false);
    if (!body.is_object()) return badRequest("The request content was invalid and could not be deserialized.", "InvalidRequestContent");
    return body;
}

Answer<void> known(const json& object, std::initializer_list<const char*> names, const std::string& where) {
    for (const auto& [key, value] : object.items()) {
        const auto is = [&k = key](const char* each) { return k == each; };
        if (!std::any_of(names.begin(), names.end(), is))
            return badRequest("Could not find member '" + key + "' on object of type '" + where + "'. Path '" + where + "." + key + "'.",
                              "InvalidRequestContent");
    }
    return {};
}

// What Flex Consumption allows (docs: flex-consumption-plan).
Answer<void> checkFlex(const json& config) {
    if (!config.is_object() || !config.contains("deployment") || !config.contains("runtime"))
        return badRequest("Site.FunctionAppConfig is invalid. The FunctionAppConfig section must hold deployment and runtime.");
    if (auto ok = known(config, {"deployment", "runtime", "scaleAndConcurrency", "siteUpdateStrategy"}, "functionAppConfig"); !ok)
        return ok;
    const json scale = config.value("scaleAndConcurrency", json::object());
    if (auto ok = known(scale, {"instanceMemoryMB", "maximumInstanceCount", "alwaysReady", "triggers"}, "scaleAndConcurrency"); !ok)
        return ok;
    const int memory = intAt(scale, "instanceMemoryMB", 2048), most = intAt(scale, "maximumInstanceCount", 100);
    if (memory != 512 && memory != 2048 && memory != 4096)
        return badRequest("Site.FunctionAppConfig.ScaleAndConcurrency.InstanceMemoryMB is invalid. Allowed values: 512, 2048, 4096.");
    if (most < 1 || most > 1000)
        return badRequest("Site.FunctionAppConfig.ScaleAndConcurrency.MaximumInstanceCount is invalid. Allowed: 1 to 1000.");
    int ready = 0;
    for (const auto& group : scale.value("alwaysReady", json::array())) {
        const std::string name = group.value("name", "");
        if (name != "http" && name != "blob" && name != "durable" && !name.starts_with("function:"))
            return badRequest("AlwaysReady name '" + name + "' is invalid.");
        if (intAt(group, "instanceCount", -1) < 0) return badRequest("AlwaysReady instanceCount is invalid.");
        ready += intAt(group, "instanceCount", 0);
    }
    if (ready > most) return badRequest("The sum of always ready instances exceeds the maximum instance count.");
    if (scale.contains("triggers")) {
        const int concurrency = intAt(scale["triggers"].value("http", json::object()), "perInstanceConcurrency", 1);
        if (concurrency < 1 || concurrency > 1000) return badRequest("perInstanceConcurrency is invalid. Allowed: 1 to 1000.");
    }
    return {};
}

Answer<HttpResponse> putSite(const HttpRequest& request, Subscription& subscription, App& app) {
    auto body = bodyOf(request);
    if (!body) return tl::unexpected(body.error());
    if (auto ok = known(*body, {"id", "name", "type", "kind", "location", "tags", "identity", "properties", "extendedLocation"}, "site");
        !ok)
        return tl::unexpected(ok.error());
    const json properties = body->value("properties", json::object());
    // Of SiteProperties, those that can be written; clients send what they leave at its default, too.
    static const std::set<std::string> writable{
        "enabled", "hostNameSslStates", "serverFarmId", "reserved", "isXenon", "hyperV", "dnsConfiguration", "vnetRouteAllEnabled",
        "vnetImagePullEnabled", "vnetContentShareEnabled", "vnetBackupRestoreEnabled", "siteConfig", "functionAppConfig", "daprConfig",
        "workloadProfileName", "resourceConfig", "scmSiteAlsoStopped", "hostingEnvironmentProfile", "clientAffinityEnabled", "clientCertEnabled",
        "clientCertMode", "clientCertExclusionPaths", "ipMode", "endToEndEncryptionEnabled", "hostNamesDisabled", "customDomainVerificationId",
        "containerSize", "dailyMemoryTimeQuota", "cloningInfo", "httpsOnly", "redundancyMode", "publicNetworkAccess", "storageAccountRequired",
        "keyVaultReferenceIdentity", "autoGeneratedDomainNameLabelScope", "virtualNetworkSubnetId", "managedEnvironmentId"};
    for (const auto& [key, value] : properties.items())
        if (!writable.contains(key) && !app.site["properties"].contains(key))
            return badRequest("Could not find member '" + key + "' on object of type 'SiteProperties'.", "InvalidRequestContent");
    if (lower(body->value("location", "")).empty())
        return badRequest("The location property is required for this definition.", "LocationRequired");
    if (properties.value("serverFarmId", "") != app.site["properties"].value("serverFarmId", ""))
        return badRequest("The plan of a site cannot be changed in the sandbox.");
    if (app.spec.kind == "flex") {
        if (!properties.contains("functionAppConfig")) return badRequest("Site.FunctionAppConfig is required for Flex Consumption sites.");
        if (auto ok = checkFlex(properties["functionAppConfig"]); !ok) return tl::unexpected(ok.error());
        app.site["properties"]["functionAppConfig"] = properties["functionAppConfig"];
    }
    if (body->contains("tags")) app.site["tags"] = (*body)["tags"];
    app.site["properties"]["lastModifiedTimeUtc"] = isoMillis(subscription.now());
    const std::string operation = subscription.change(app);
    HttpResponse response = reply(app.site, 202);
    response.headers.emplace_back("Azure-AsyncOperation", subscription.origin + "/subscriptions/" + subscription.id() +
                                                              "/providers/Microsoft.Web/locations/" + app.spec.region + "/operations/" +
                                                              operation + "?api-version=2024-04-01");
    response.headers.emplace_back("Retry-After", "1");
    return response;
}

Answer<HttpResponse> patchConfig(const HttpRequest& request, Subscription& subscription, App& app) {
    auto body = bodyOf(request);
    if (!body) return tl::unexpected(body.error());
    if (auto ok = known(*body, {"id", "name", "type", "kind", "properties"}, "siteConfigResource"); !ok) return tl::unexpected(ok.error());
    const json properties = body->value("properties", json::object());
    for (const auto& [key, value] : properties.items()) {
        if (key != "functionAppScaleLimit" && key != "minimumElasticInstanceCount" && key != "preWarmedInstanceCount")
            return badRequest("Could not find member '" + key + "' on object of type 'SiteConfig'.", "InvalidRequestContent");
        if (!value.is_number_integer() || value.get<int>() < 0) return badRequest("The parameter " + key + " has an invalid value.");
    }
    if (app.spec.kind == "flex") return refuse(409, "Conflict", "Flex Consumption sites take their scale from functionAppConfig.");
    if (app.spec.kind == "consumption" && properties.contains("minimumElasticInstanceCount"))
        return refuse(409, "Conflict", "MinimumElasticInstanceCount is only available on Elastic Premium plans.");
    if (intAt(properties, "minimumElasticInstanceCount", 1) > 20)
        return badRequest("The parameter MinimumElasticInstanceCount has an invalid value: at most 20.");
    for (const auto& [key, value] : properties.items()) app.config["properties"][key] = value;
    app.site["properties"]["lastModifiedTimeUtc"] = isoMillis(subscription.now());
    (void)subscription.change(app);
    return reply(app.config);
}

// A page of `size` by $skiptoken: two, or a tenth of them all; and the link to what follows, null at the end.
struct Slice {
    std::size_t first = 0, last = 0;
    json next = nullptr;
};
Slice sliceOf(const HttpRequest& request, const Subscription& subscription, const Query& query, std::size_t size) {
    const std::size_t page = std::max<std::size_t>(2, size / 10);
    Slice slice;
    const auto token = query.find("$skiptoken");
    slice.first = std::min(size, token == query.end() ? 0 : static_cast<std::size_t>(std::max(0, std::atoi(token->second.c_str()))));
    slice.last = std::min(size, slice.first + page);
    if (slice.last < size)
        slice.next = subscription.origin + request.path + "?api-version=" + query.at("api-version") + "&%24skiptoken=" + std::to_string(slice.last);
    return slice;
}

// FunctionEnvelope of each function in the app.
Answer<HttpResponse> listAppFunctions(const HttpRequest& request, const Subscription& subscription, const App& app, const Query& query) {
    const std::string host = "https://" + app.spec.name + ".azurewebsites.net";
    json all = json::array();
    for (const auto& [name, trigger] : app.spec.functions) {
        const bool http = trigger == "httpTrigger";
        json bindings = json::array({{{"name", http ? "req" : "input"}, {"type", trigger}, {"direction", "in"}}});
        if (http) {
            bindings[0]["authLevel"] = "function";
            bindings[0]["methods"] = {"post"};
            bindings.push_back({{"name", "$return"}, {"type", "http"}, {"direction", "out"}});
        }
        all.push_back({{"id", app.resourceId() + "/functions/" + name},
                       {"name", app.spec.name + "/" + name},
                       {"type", "Microsoft.Web/sites/functions"},
                       {"location", app.site["location"]},
                       {"properties",
                        {{"name", name},
                         {"function_app_id", nullptr},
                         {"script_root_path_href", host + "/admin/vfs/home/site/wwwroot/" + name + "/"},
                         {"href", host + "/admin/functions/" + name},
                         {"config", {{"name", name}, {"scriptFile", "function_app.py"}, {"language", "python"}, {"bindings", bindings}}},
                         {"files", nullptr},
                         {"test_data", ""},
                         {"invoke_url_template", http ? json(host + "/api/" + name) : json(nullptr)},
                         {"language", "python"},
                         {"isDisabled", false}}}});
    }
    const Slice slice = sliceOf(request, subscription, query, all.size());
    json body = {{"value", json::array()}, {"nextLink", slice.next}};
    for (std::size_t i = slice.first; i < slice.last; ++i) body["value"].push_back(all[i]);
    return reply(body);
}

Answer<HttpResponse> route(const HttpRequest& request, Subscription& subscription, const std::vector<std::string>& s, const Query& query) {
    const std::string& method = request.method;
    const auto nothing = [] { return refuse(404, "ResourceNotFound", "The resource was not found."); };
    const auto version = query.find("api-version");
    if (version == query.end())
        return refuse(400, "MissingApiVersionParameter", "The api-version query parameter (?api-version=) is required for all requests.");
    const auto versions = [&](std::initializer_list<const char*> all) -> Answer<void> {
        for (const char* each : all)
            if (version->second == each) return {};
        return refuse(400, "InvalidApiVersionParameter",
                      "The api-version '" + version->second + "' is invalid. The supported versions are '" + *all.begin() + ",...'.");
    };
    if (s.size() == 1) {
        if (auto ok = versions({"2022-12-01", "2020-01-01"}); !ok) return tl::unexpected(ok.error());
        return reply({{"value",
                       {{{"id", "/subscriptions/" + subscription.id()},
                         {"subscriptionId", subscription.id()},
                         {"displayName", "AI apps"},
                         {"state", "Enabled"}}}},
                      {"count", {{"type", "Total"}, {"value", 1}}}});
    }
    if (lower(s[1]) != subscription.id()) return refuse(404, "SubscriptionNotFound", "The subscription '" + s[1] + "' could not be found.");
    if (s.size() == 3 && lower(s[2]) == "locations") {
        if (auto ok = versions({"2022-12-01", "2020-01-01"}); !ok) return tl::unexpected(ok.error());
        json all = json::array();
        for (const char* each : {"centralus", "eastus", "eastus2", "northeurope", "westeurope", "westus2"})
            all.push_back({{"id", "/subscriptions/" + subscription.id() + "/locations/" + each}, {"name", each}, {"displayName", each}});
        return reply({{"value", std::move(all)}});
    }
    const auto lowered = [&](std::size_t i) { return i < s.size() ? lower(s[i]) : std::string{}; };
    if (lowered(2) == "providers" && lowered(3) == "microsoft.costmanagement" && lowered(4) == "query" && method == "POST") {
        if (auto ok = versions({"2022-10-01", "2023-11-01", "2025-03-01"}); !ok) return tl::unexpected(ok.error());
        return handleCosts(request, subscription, query);
    }
    if (lowered(2) == "providers" && lowered(3) == "microsoft.web") {
        if (auto ok = versions({"2024-04-01", "2025-03-01", "2025-05-01"}); !ok) return tl::unexpected(ok.error());
        if (lowered(4) == "sites" && s.size() == 5 && method == "GET") {
            const auto& all = subscription.apps();
            const Slice slice = sliceOf(request, subscription, query, all.size());
            json body = {{"value", json::array()}, {"nextLink", slice.next}};
            for (std::size_t i = slice.first; i < slice.last; ++i) {
                json site = all[i]->site;
                site["properties"]["siteConfig"] = {{"functionAppScaleLimit", nullptr},
                                                    {"minimumElasticInstanceCount", nullptr}};  // lists leave it out
                body["value"].push_back(std::move(site));
            }
            return reply(body);
        }
        if (lowered(4) == "serverfarms" && s.size() == 5 && method == "GET") {
            json body = {{"value", json::array()}, {"nextLink", nullptr}};
            std::set<std::string> told;  // apps may share one
            for (const auto& app : subscription.apps())
                if (told.insert(app->plan["id"].get<std::string>()).second) body["value"].push_back(app->plan);
            return reply(body);
        }
        if (lowered(4) == "locations" && lowered(6) == "operations" && s.size() == 8) {
            const auto* operation = subscription.operation(s[7]);
            if (operation == nullptr) return nothing();
            const bool done = subscription.now() >= operation->done_at;
            json body = {{"id", s[7]}, {"status", done ? operation->fails ? "Failed" : "Succeeded" : "InProgress"}};
            if (done && operation->fails)
                body["error"] = {{"code", "Conflict"}, {"message", "The app failed to start with the new settings."}};
            return reply(body);
        }
        return nothing();
    }
    if (operationOf(request).starts_with("insights.")) {
        if (auto ok = versions({"2020-02-02", "2015-05-01"}); !ok) return tl::unexpected(ok.error());
        json all = {{"value", json::array()}, {"nextLink", nullptr}};
        for (const auto& app : subscription.apps()) {
            if (!app->spec.insights) continue;
            json component = componentOf(subscription, *app);
            if (lower(component["id"].get<std::string>()) == lower(request.path)) return reply(component);
            all["value"].push_back(std::move(component));
        }
        return lowered(4) == "components" && s.size() == 5 ? Answer<HttpResponse>(reply(all)) : nothing();
    }
    if (lowered(2) != "resourcegroups" || lowered(4) != "providers" || s.size() < 8) return nothing();
    if (lowered(3) != kGroup) return refuse(404, "ResourceGroupNotFound", "Resource group '" + s[3] + "' could not be found.");
    if (lowered(5) == "microsoft.web" && lowered(6) == "serverfarms" && s.size() == 8 && method == "GET") {
        if (auto ok = versions({"2024-04-01", "2025-03-01", "2025-05-01"}); !ok) return tl::unexpected(ok.error());
        for (const auto& app : subscription.apps())
            if (lower(app->plan["name"].get<std::string>()) == lowered(7)) return reply(app->plan);
        return nothing();
    }
    App* app = lowered(5) == "microsoft.web" && lowered(6) == "sites" ? subscription.find(lowered(3), lowered(7)) : nullptr;
    if (app == nullptr)
        return refuse(404, "ResourceNotFound",
                      "The Resource 'Microsoft.Web/sites/" + s[7] + "' under resource group '" + s[3] + "' was not found.");
    if (lowered(8) == "providers" && lowered(9) == "microsoft.insights" && lowered(10) == "metrics" && method == "GET") {
        if (auto ok = versions({"2018-01-01", "2023-10-01", "2024-02-01"}); !ok) return tl::unexpected(ok.error());
        return handleMetrics(*app, subscription.now(), query);
    }
    if (auto ok = versions({"2024-04-01", "2025-03-01", "2025-05-01"}); !ok) return tl::unexpected(ok.error());
    if (s.size() == 8 && method == "GET") return reply(app->site);
    if (s.size() == 8 && method == "PUT") return putSite(request, subscription, *app);
    if (s.size() == 9 && lowered(8) == "functions" && method == "GET") return listAppFunctions(request, subscription, *app, query);
    if (lowered(8) == "config" && lowered(9) == "web" && s.size() == 10) {
        if (method == "GET") return reply(app->config);
        if (method == "PATCH") return patchConfig(request, subscription, *app);
    }
    return nothing();
}

}  // namespace

Subscription::Subscription(const Scenario& scenario, std::uint64_t seed, Micros start)
    : id_(scenario.subscription), now_(start), random_(mix(seed ^ 0x617a757265ULL)) {
    for (const auto& spec : scenario.of("azure")) {
        auto app = std::make_unique<App>();
        app->spec = spec;
        const std::string group = "/subscriptions/" + id_ + "/resourceGroups/" + kGroup + "/providers/Microsoft.Web/";
        const std::string place = spec.region == "eastus" ? "East US" : spec.region == "westeurope" ? "West Europe" : spec.region;
        const bool flex = spec.kind == "flex", premium = spec.kind == "premium";
        const std::string sku = flex ? "FlexConsumption" : premium ? "ElasticPremium" : "Dynamic";
        app->plan = {
            {"id", group + "serverfarms/" + (spec.plan.empty() ? spec.name + "-plan" : spec.plan)},
            {"name", spec.plan.empty() ? spec.name + "-plan" : spec.plan},
            {"type", "Microsoft.Web/serverfarms"},
            {"location", place},
            {"sku",
             {{"name", flex      ? "FC1"
                       : premium ? "EP1"
                                 : "Y1"},
              {"tier", sku},
              {"size", flex      ? "FC1"
                       : premium ? "EP1"
                                 : "Y1"},
              {"family", flex      ? "FC"
                         : premium ? "EP"
                                   : "Y"},
              {"capacity", premium ? 1 : 0}}},
            {"properties", {{"maximumElasticWorkerCount", premium ? 20 : 0}, {"elasticScaleEnabled", premium}, {"reserved", true}}}};
        json properties = {{"state", "Running"},
                           {"enabled", true},
                           {"sku", sku},
                           {"serverFarmId", app->plan["id"]},
                           {"defaultHostName", spec.name + ".azurewebsites.net"},
                           {"lastModifiedTimeUtc", isoMillis(start - 3 * kDay)},
                           {"reserved", true},
                           {"httpsOnly", true},
                           {"resourceGroup", kGroup}};
        if (flex) {
            json ready = json::array();
            if (spec.min_instances > 0) ready.push_back({{"name", "http"}, {"instanceCount", spec.min_instances}});
            properties["functionAppConfig"] = {{"deployment",
                                                {{"storage",
                                                  {{"type", "blobContainer"},
                                                   {"value", "https://sandbox.blob.core.windows.net/app"},
                                                   {"authentication", {{"type", "SystemAssignedIdentity"}}}}}}},
                                               {"runtime", {{"name", "python"}, {"version", "3.12"}}},
                                               {"scaleAndConcurrency",
                                                {{"instanceMemoryMB", spec.memory_mb},
                                                 {"maximumInstanceCount", spec.max_instances},
                                                 {"alwaysReady", ready},
                                                 {"triggers", {{"http", {{"perInstanceConcurrency", spec.concurrency}}}}}}}};
        }
        app->site = {{"id", group + "sites/" + spec.name},
                     {"name", spec.name},
                     {"type", "Microsoft.Web/sites"},
                     {"kind", "functionapp,linux"},
                     {"location", place},
                     {"tags", spec.tags.empty() ? json::object() : json(spec.tags)},
                     {"properties", properties}};
        if (spec.insights) app->site["tags"]["hidden-link: /app-insights-resource-id"] = componentOf(*this, *app)["id"];
        app->config = {{"id", group + "sites/" + spec.name + "/config/web"},
                       {"name", spec.name},
                       {"type", "Microsoft.Web/sites/config"},
                       {"location", place},
                       {"properties",
                        {{"functionAppScaleLimit", flex ? 0 : spec.max_instances},
                         {"minimumElasticInstanceCount", premium ? std::max(1, spec.min_instances) : 0},
                         {"preWarmedInstanceCount", premium ? 1 : 0},
                         {"linuxFxVersion", "PYTHON|3.12"}}}};
        app->engine = std::make_unique<SharedEngine>(spec, deploymentOf(*app), random_.fork(spec.name), start, roundingOf(spec.kind));
        apps_.push_back(std::move(app));
    }
}

App* Subscription::find(const std::string& group, const std::string& name) {
    if (group != kGroup) return nullptr;
    for (auto& app : apps_)
        if (lower(app->spec.name) == name) return app.get();
    return nullptr;
}

std::string Subscription::change(App& app) {
    Operation operation{&app, now_ + static_cast<Micros>(random_.between(6, 18) * convergence_factor * kSecond),
                        std::exchange(next_change_fails, false)};
    ++counter_;
    const std::string id = uuidOf(mix(counter_ * 13), mix(counter_ + 5));
    app.engine->at(operation.done_at, [&app, fails = operation.fails] {
        if (!fails) app.engine->deploy(deploymentOf(app));
    });
    operations_[id] = operation;
    return id;
}

const Operation* Subscription::operation(const std::string& id) const {
    const auto found = operations_.find(id);
    return found == operations_.end() ? nullptr : &found->second;
}

void Subscription::advance(Micros t) {
    if (t <= now_) return;
    now_ = t;
    for (auto& app : apps_) app->engine->advance(t);
    if (now_ - pruned_ > kDay) {
        pruned_ = now_;
        for (auto& app : apps_) app->engine->dropBefore((now_ - kKeepRecords) / 1000);
    }
}

TokenIssuer::TokenIssuer() : tenant_(guid()), client_(guid()), secret_("sbx~" + randomText(20)) {}

HttpResponse TokenIssuer::handle(const HttpRequest& request, std::int64_t real_now) {
    const auto refused = [](const char* error, const std::string& description) {
        return jsonResponse({{"error", error}, {"error_description", description}, {"error_codes", {7000215}}}, 401,
                            "application/json; charset=utf-8");
    };
    HttpRequest form;
    form.raw_query = request.body;
    std::map<std::string, std::string> fields;
    for (const auto& [name, value] : form.query()) fields[name] = value;
    if (segmentsOf(request.path).front() != tenant_) return refused("invalid_request", "AADSTS90002: Tenant not found.");
    if (fields["grant_type"] != "client_credentials")
        return refused("unsupported_grant_type", "AADSTS70003: The app requested an unsupported grant type.");
    if (fields["client_id"] != client_) return refused("unauthorized_client", "AADSTS700016: Application was not found in the directory.");
    if (fields["client_secret"] != secret_) return refused("invalid_client", "AADSTS7000215: Invalid client secret provided.");
    if (fields["scope"] != kManagementScope && fields["scope"] != kInsightsScope)
        return refused("invalid_scope", "AADSTS70011: The provided value for the input parameter 'scope' is not valid.");
    const std::string token = "eyJ0eXAi.sandbox-" + randomText(24);
    const std::lock_guard lock(mutex_);
    std::erase_if(tokens_, [&](const auto& each) { return each.second.expires < real_now; });
    tokens_[token] = {real_now + kLifetime, fields["scope"]};
    return reply({{"token_type", "Bearer"}, {"expires_in", 3599}, {"ext_expires_in", 3599}, {"access_token", token}});
}

Answer<void> TokenIssuer::check(const HttpRequest& request, std::int64_t real_now, const std::string& scope) const {
    const std::string header = request.header("authorization");
    if (header.empty()) return refuse(401, "AuthenticationFailed", "Authentication failed. The 'Authorization' header is missing.");
    const std::lock_guard lock(mutex_);
    const auto found = header.starts_with("Bearer ") ? tokens_.find(header.substr(7)) : tokens_.end();
    if (found != tokens_.end() && found->second.expires > real_now) {
        if (found->second.scope == scope) return {};
        return refuse(401, "InvalidAuthenticationToken", "The access token has been obtained for wrong audience or resource.");
    }
    return refuse(401, "ExpiredAuthenticationToken", "The access token expiry UTC time is earlier than current UTC time.");
}

std::string operationOf(const HttpRequest& request) {
    const auto s = segmentsOf(request.path);
    if (s.empty()) return {};
    if (s.size() == 4 && s[1] == "oauth2" && s[2] == "v2.0" && s[3] == "token") return "entra.Token";
    if (s.size() == 3 && s[0] == "api" && s[1] == "retail" && s[2] == "prices") return "prices.List";
    if (s.size() == 4 && s[0] == "v1" && s[1] == "apps" && s[3] == "query") return "insights.Query";
    if (s[0] != "subscriptions") return {};
    const std::string path = lower(request.path);
    if (path.find("/microsoft.insights/metrics") != std::string::npos) return "monitor.ListMetrics";
    if (path.find("/microsoft.insights/components") != std::string::npos)
        return path.ends_with("/components") ? "insights.ListComponents" : "insights.GetComponent";
    if (path.find("/microsoft.costmanagement/query") != std::string::npos) return "costmanagement.Query";
    const bool put = request.method == "PUT", patch = request.method == "PATCH";
    if (path.ends_with("/config/web")) return patch ? "arm.PatchConfig" : "arm.GetConfig";
    if (path.find("/serverfarms/") != std::string::npos) return "arm.GetPlan";
    if (path.ends_with("/serverfarms")) return "arm.ListPlans";
    if (s.size() == 3 && path.ends_with("/locations")) return "arm.ListLocations";
    if (s.size() == 9 && path.find("/sites/") != std::string::npos && path.ends_with("/functions")) return "arm.ListAppFunctions";
    if (path.find("/operations/") != std::string::npos) return "arm.GetOperation";
    if (path.find("/sites/") != std::string::npos) return put ? "arm.PutSite" : "arm.GetSite";
    return path.ends_with("/sites") ? "arm.ListSites" : "arm.ListSubscriptions";
}

HttpResponse errorResponse(const ServiceError& error) {
    return reply({{"error", {{"code", error.code}, {"message", error.message}}}}, error.status);
}

std::optional<HttpResponse> refusalOf(Fault::Kind kind, const std::string& operation) {
    if (kind == Fault::Kind::denied)
        return errorResponse({403, "AuthorizationFailed",
                              "The client does not have authorization to perform action '" + operation + "' over the scope, or the scope is invalid.", {}, {}});
    if (kind == Fault::Kind::expired) return errorResponse({401, "ExpiredAuthenticationToken", "The access token expiry UTC time is earlier than current UTC time.", {}, {}});
    if (kind == Fault::Kind::disabled) {
        const bool insights = operation.starts_with("monitor.") || operation.starts_with("insights.");
        return errorResponse({409, "MissingSubscriptionRegistration",
                              std::string("The subscription is not registered to use namespace '") + (insights ? "Microsoft.Insights" : "Microsoft.Web") + "'.", {}, {}});
    }
    if (kind == Fault::Kind::quota) {
        HttpResponse response = errorResponse({429, "QuotaExceeded", "The quota of the subscription is used up.", {}, {}});
        response.headers.emplace_back("Retry-After", "3600");
        return response;
    }
    return std::nullopt;
}

HttpResponse answer(const HttpRequest& request, Subscription& subscription, TokenIssuer& tokens, std::int64_t real_now) {
    const std::string operation = operationOf(request);
    if (operation == "entra.Token") return tokens.handle(request, real_now);
    Query query;
    for (const auto& [name, value] : request.query()) query[lower(name)] = value;
    Answer<HttpResponse> result = refuse(404, "ResourceNotFound", "The resource was not found.");
    if (operation == "prices.List") {
        result = handlePrices(request);
    } else if (operation == "insights.Query") {
        if (const auto known_token = tokens.check(request, real_now, kInsightsScope); !known_token) return errorResponse(known_token.error());
        return handleInsights(request, subscription);
    } else if (const auto known_token = tokens.check(request, real_now); !known_token) {
        result = tl::unexpected(known_token.error());
    } else {
        result = route(request, subscription, segmentsOf(request.path), query);
    }
    HttpResponse response = result ? std::move(*result) : errorResponse(result.error());
    response.headers.emplace_back("x-ms-ratelimit-remaining-subscription-reads", "249");
    return response;
}

}  // namespace pilotlight::sandbox::azure
