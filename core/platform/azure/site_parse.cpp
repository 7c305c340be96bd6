#include "core/platform/azure/site_parse.h"

#include <fmt/format.h>

#include <nlohmann/json.hpp>
#include <vector>

#include "core/platform/azure/insights.h"
#include "core/platform/json_fields.h"

namespace pilotlight::platform::azure {

using nlohmann::json;

namespace {

constexpr std::int32_t kDefaultFlexMaximum = 100, kDefaultFlexMemory = 2048;


std::optional<std::string> ownerOf(const std::map<std::string, std::string>& tags) {
    for (const auto& [key, value] : tags) {
        const std::string name = lowered(key);
        if (name == "azd-env-name") return "azd";
        if (name.starts_with("pulumi")) return "pulumi";
        if ((name == "managed-by" || name == "managedby" || name == "provisioner") && lowered(value).find("terraform") != std::string::npos)
            return "terraform";
        if ((name == "managed-by" || name == "managedby") && lowered(value).find("bicep") != std::string::npos) return "bicep";
    }
    return std::nullopt;
}

void flex(Function& f, const json& properties) {
    const json& app_config = objectField(properties, "functionAppConfig");
    const json& scale = objectField(app_config, "scaleAndConcurrency");
    f.memory = Megabytes{countField(scale, "instanceMemoryMB").value_or(kDefaultFlexMemory)};
    f.vcpu = f.memory.value / 2048.0;  // 512: a quarter, 2,048: one, 4,096: two
    f.instance_limit = InstanceLimit::of(countField(scale, "maximumInstanceCount").value_or(kDefaultFlexMaximum));
    const json& http = objectField(objectField(scale, "triggers"), "http");
    // Where none is set the platform chooses by size: 4, 16, 32 (Python: 1).
    const std::int32_t by_size = f.memory.value <= 512 ? 4 : f.memory.value <= 2048 ? 16 : 32;
    f.concurrency = countField(http, "perInstanceConcurrency").value_or(by_size);
    bool has_http = false;
    for (const auto& group : arrayField(scale, "alwaysReady")) {
        Qualifier q;
        q.name = textField(group, "name");
        q.kind = "group";
        q.warm_pool = countField(group, "instanceCount").value_or(0);
        has_http = has_http || q.name == "http";
        f.qualifiers.push_back(std::move(q));
    }
    if (!has_http) {
        Qualifier q;
        q.name = "http";
        q.kind = "group";
        q.warm_pool = 0;
        f.qualifiers.push_back(std::move(q));
    }
    const json& runtime = objectField(app_config, "runtime");
    f.runtime = textField(runtime, "name") + textField(runtime, "version");
}

void elastic(Function& f, const std::string& kind, const json& plan, const json& config) {
    const json& properties = objectField(config, "properties");
    const bool read = !properties.empty();
    const std::int32_t limit = countField(properties, "functionAppScaleLimit").value_or(0);
    if (read) f.instance_limit = limit > 0 ? InstanceLimit::of(limit) : InstanceLimit::unlimited();
    f.runtime = textField(properties, "linuxFxVersion");
    Qualifier whole;
    whole.kind = "app";
    whole.warm_pool = 0;
    f.memory = Megabytes{1536};  // Consumption: fixed
    f.vcpu = 1;
    if (kind == "premium") {
        const std::string size = textField(objectField(plan, "sku"), "name");
        f.memory = Megabytes{size == "EP3" ? 14336 : size == "EP2" ? 7168 : size.empty() ? 0 : 3584};
        f.vcpu = size == "EP3" ? 4 : size == "EP2" ? 2 : 1;
        whole.warm_pool = read ? std::optional(std::max(1, countField(properties, "minimumElasticInstanceCount").value_or(1))) : std::nullopt;
        f.untuned["sku"] = size;
    }
    f.qualifiers.push_back(std::move(whole));
}

// The portal's own tags. "hidden-link: /app-insights-resource-id" = the component's id; older: "hidden-link:<id>" = "Resource".
void noteLink(Function& f, const std::string& key, const std::string& value) {
    const auto colon = key.find(':');
    if (!key.starts_with("hidden-link") || colon == std::string::npos) return;
    const std::string about = key.substr(std::min(key.size(), key.find_first_not_of(' ', colon + 1)));
    const std::string id = lowered(about == "/app-insights-resource-id" ? value : about);
    if (id.starts_with("/subscriptions/") && id.find("/providers/microsoft.insights/components/") != std::string::npos) f.untuned[kInsights] = id;
}

}  // namespace

std::string lowered(std::string_view text) {
    std::string out(text);
    for (char& c : out)
        if (c >= 'A' && c <= 'Z') c = static_cast<char>(c + 32);
    return out;
}

std::string SiteId::text() const {
    return lowered(fmt::format("/subscriptions/{}/resourceGroups/{}/providers/Microsoft.Web/sites/{}", subscription, group, name));
}

std::optional<SiteId> parseSiteId(std::string_view text) {
    std::vector<std::string> parts;
    while (!text.empty()) {
        const auto slash = text.find('/');
        if (slash != 0) parts.emplace_back(text.substr(0, slash));
        if (slash == std::string_view::npos) break;
        text.remove_prefix(slash + 1);
    }
    if (parts.size() != 8 || lowered(parts[0]) != "subscriptions" || lowered(parts[2]) != "resourcegroups" ||
        lowered(parts[5]) != "microsoft.web" || lowered(parts[6]) != "sites")
        return std::nullopt;
    return SiteId{parts[1], parts[3], parts[7]};
}

std::string regionOf(std::string_view location) {
    std::string out;
    for (const char c : lowered(location))
        if (c != ' ') out += c;
    return out;
}

bool isFunctionApp(const json& site) {
    const std::string kind = lowered(textField(site, "kind"));
    return kind.find("functionapp") != std::string::npos && kind.find("workflowapp") == std::string::npos;
}

bool sizeUnknown(const Function& function) { return function.memory.value <= 0; }

std::string planKind(const json& plan, const json& site) {
    std::string tier = textField(objectField(plan, "sku"), "tier");
    if (tier.empty()) tier = textField(objectField(site, "properties"), "sku");
    if (tier == "FlexConsumption") return "flex";
    if (tier == "ElasticPremium") return "premium";
    if (tier == "Dynamic") return "consumption";
    return "dedicated";
}

Result<Function> parseSite(const json& site, const json& plan, const json& config, const std::string& profile, Timestamp now) {
    const auto id = parseSiteId(textField(site, "id"));
    if (!id) return fail(ErrorCode::protocol, "An app without an id was listed", "It is left out.", {});
    const json& properties = objectField(site, "properties");
    Function f;
    f.id = id->text();
    f.name = textField(site, "name").empty() ? id->name : textField(site, "name");
    f.profile = profile;
    f.platform = PlatformKind::azure;
    f.region = regionOf(textField(site, "location"));
    f.account = lowered(id->subscription);
    f.settings_as_of = now;
    f.last_modified = parseIso8601(textField(properties, "lastModifiedTimeUtc")).value_or(Timestamp{});
    for (const auto& [key, value] : objectField(site, "tags").items()) {
        if (!value.is_string()) continue;
        if (key.starts_with("hidden-"))
            noteLink(f, key, value.get<std::string>());
        else
            f.tags[key] = value.get<std::string>();
    }
    f.owner = ownerOf(f.tags);
    f.state = textField(properties, "state") == "Stopped" ? "Stopped" : "Active";
    f.last_update_status = "Successful";
    const std::string kind = planKind(plan, site);
    f.untuned[untuned_key::kKind] = kind;
    f.untuned[untuned_key::kBilling] = kind == "premium" || kind == "dedicated" ? "instance" : "request";
    f.untuned[untuned_key::kPlan] = lowered(textField(properties, "serverFarmId"));
    if (kind == "flex") {
        flex(f, properties);
    } else {
        elastic(f, kind, plan, config);
    }
    // There is no etag: what was read stands for the state (compared before every change).
    f.revision = textField(properties, "lastModifiedTimeUtc");
    f.timeout = seconds{0};  // in host.json, which Resource Manager does not show
    return f;
}

}  // namespace pilotlight::platform::azure
