#include "core/change/settings.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <set>

namespace pilotlight::change {
namespace {

constexpr const char* kNone = "none";
constexpr const char* kUnknown = "unknown";

std::string weekdayText(std::uint8_t days) {
    static constexpr std::array<const char*, 7> kNames{"Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"};
    if (days == 0x7f) return "daily";
    std::string out;
    for (std::size_t day = 0; day < 7;) {
        if (((days >> day) & 1) == 0) {
            ++day;
            continue;
        }
        std::size_t last = day;
        while (last + 1 < 7 && ((days >> (last + 1)) & 1) != 0) ++last;
        if (!out.empty()) out += ",";
        out += kNames[day];
        if (last > day) out += std::string(last == day + 1 ? "," : "-") + kNames[last];
        day = last + 1;
    }
    return out;
}

std::string scalingText(const std::optional<PoolScaling>& scaling) {
    if (!scaling) return kNone;
    std::string out = fmt::format("{}..{}", scaling->min_capacity, scaling->max_capacity);
    for (const auto& action : scaling->actions) out += "; " + action.text();
    if (scaling->target_tracking) out += "; target tracking";
    for (const auto& each : scaling->suspended) out += "; " + each;
    return out;
}

std::pair<std::string, std::string> splitSetting(const std::string& setting) {
    const auto at = setting.find('@');
    return {setting.substr(0, at), at == std::string::npos ? std::string() : setting.substr(at + 1)};
}

std::string poolText(const Qualifier* qualifier) {
    if (qualifier == nullptr) return "0";
    return qualifier->warm_pool ? std::to_string(*qualifier->warm_pool) : kUnknown;
}

std::string decimal(double value) { return fmt::format("{:g}", value); }

}  // namespace

std::string text(const InstanceLimit& limit) {
    switch (limit.kind) {
        case InstanceLimit::Kind::none:
            return kNone;
        case InstanceLimit::Kind::limited:
            return std::to_string(limit.value);
        case InstanceLimit::Kind::unknown:
            break;
    }
    return kUnknown;
}

std::string text(const WarmSchedule& schedule) {
    if (schedule.empty()) return kNone;
    std::string out;
    for (const auto& entry : schedule.entries) {
        if (!out.empty()) out += ", ";
        out +=
            fmt::format("{} {:02}:{:02}={}", weekdayText(entry.weekdays), entry.minute_of_day / 60, entry.minute_of_day % 60, entry.level);
    }
    return out + " (" + schedule.time_zone + ")";
}

const Qualifier* findQualifier(const Function& function, const std::string& name) {
    if (name.empty()) return nullptr;
    for (const auto& qualifier : function.qualifiers) {
        if (qualifier.name == name) return &qualifier;
    }
    return nullptr;
}

std::string poolQualifier(const Function& function, const DesiredSettings& desired, const std::string& alias) {
    if (!desired.pool_qualifier.empty()) return desired.pool_qualifier;
    if (!alias.empty()) return alias;
    std::vector<std::string> pools, aliases;
    for (const auto& qualifier : function.qualifiers) {
        if (qualifier.version == "$LATEST") continue;
        if (qualifier.warm_pool.value_or(0) > 0) pools.push_back(qualifier.name);
        if (qualifier.kind == "alias") aliases.push_back(qualifier.name);
    }
    if (pools.size() == 1) return pools.front();
    return pools.empty() && aliases.size() == 1 ? aliases.front() : std::string();
}

std::string currentValue(const Function& function, const std::string& setting, const std::string& alias) {
    const auto [name, qualifier_name] = splitSetting(setting);
    const Qualifier* moved = findQualifier(function, alias);
    const bool version = moved != nullptr && moved->version != "$LATEST";
    if (name == "memory_mb") return std::to_string(version && moved->memory ? moved->memory->value : function.memory.value);
    if (name == "timeout_s") {
        if (version) {
            if (const auto at = moved->untuned.find("timeout_s"); at != moved->untuned.end()) return at->second;
        }
        return std::to_string(function.timeout.count());
    }
    if (name == "vcpu") return function.vcpuShare() > 0 ? decimal(function.vcpuShare()) : kUnknown;
    if (name == "concurrency") return std::to_string(function.concurrency);
    if (name == "instance_limit") return text(function.instance_limit);
    if (name == "warm_pool") {
        if (!qualifier_name.empty()) return poolText(findQualifier(function, qualifier_name));
        const auto sum = function.warmPool();
        return sum ? std::to_string(*sum) : kUnknown;
    }
    if (name == "warm_schedule") {
        const auto* qualifier = findQualifier(function, qualifier_name);
        return qualifier == nullptr ? kNone : scalingText(qualifier->scaling);
    }
    return kUnknown;
}

std::vector<SettingChange> settingChanges(const Function& before, const DesiredSettings& desired, const std::string& alias) {
    std::vector<SettingChange> out;
    const auto add = [&](const std::string& setting, const std::string& after) {
        auto now = currentValue(before, setting, alias);
        if (now != after) out.push_back({setting, std::move(now), after});
    };
    const std::string at = desired.pool_qualifier.empty() ? "" : "@" + desired.pool_qualifier;
    if (desired.memory) add("memory_mb", std::to_string(desired.memory->value));
    if (desired.vcpu) add("vcpu", decimal(*desired.vcpu));
    if (desired.concurrency) add("concurrency", std::to_string(*desired.concurrency));
    if (desired.warm_pool) {
        // A constant level also ends what scales the pool; going back also brings back what scaled it.
        const auto* qualifier = findQualifier(before, desired.pool_qualifier);
        if (qualifier != nullptr && (qualifier->scaling || desired.pool_scaling))
            add("warm_schedule" + at, scalingText(desired.pool_scaling));
        add("warm_pool" + at, std::to_string(*desired.warm_pool));
    }
    if (desired.warm_schedule) add("warm_schedule" + at, text(*desired.warm_schedule));
    if (desired.instance_limit) add("instance_limit", text(*desired.instance_limit));
    if (desired.timeout) add("timeout_s", std::to_string(desired.timeout->count()));
    return out;
}

std::map<std::string, std::string> settingsMap(const Function& function) {
    std::map<std::string, std::string> out{{"memory_mb", std::to_string(function.memory.value)},
                                           {"concurrency", std::to_string(function.concurrency)},
                                           {"timeout_s", std::to_string(function.timeout.count())},
                                           {"ephemeral_storage_mb", std::to_string(function.ephemeral_storage.value)},
                                           {"instance_limit", text(function.instance_limit)},
                                           {"architecture", name(function.architecture)},
                                           {"runtime", function.runtime},
                                           {"code", function.code_sha256},
                                           {"revision", function.revision}};
    if (function.vcpu) out["vcpu"] = decimal(*function.vcpu);
    for (const auto& [key, value] : function.untuned) out["untuned." + key] = value;
    for (const auto& qualifier : function.qualifiers) {
        const std::string at = "@" + qualifier.name;
        out[qualifier.kind + at] = qualifier.version;
        out["warm_pool" + at] = poolText(&qualifier);
        if (qualifier.scaling) out["warm_schedule" + at] = scalingText(qualifier.scaling);
        if (!qualifier.revision.empty()) out["revision" + at] = qualifier.revision;
    }
    return out;
}

std::vector<SettingChange> drift(const Function& planned_on, const Function& now) {
    const auto before = settingsMap(planned_on);
    const auto after = settingsMap(now);
    std::set<std::string> names;
    for (const auto& [name, value] : before) names.insert(name);
    for (const auto& [name, value] : after) names.insert(name);
    std::vector<SettingChange> out;
    for (const auto& name : names) {
        const auto was = before.find(name);
        const auto is = after.find(name);
        const std::string was_text = was == before.end() ? kNone : was->second;
        const std::string is_text = is == after.end() ? kNone : is->second;
        if (was_text != is_text) out.push_back({name, was_text, is_text});
    }
    return out;
}

DesiredSettings revertSettings(const Function& before, const DesiredSettings& desired, const std::string& alias) {
    DesiredSettings out;
    out.pool_qualifier = desired.pool_qualifier;
    const Qualifier* moved = findQualifier(before, alias);
    const bool version = moved != nullptr && moved->version != "$LATEST";
    if (desired.memory) out.memory = version && moved->memory ? *moved->memory : before.memory;
    if (desired.timeout) out.timeout = seconds(std::atoll(currentValue(before, "timeout_s", alias).c_str()));
    if (desired.vcpu) out.vcpu = before.vcpu;
    if (desired.concurrency) out.concurrency = before.concurrency;
    if (desired.instance_limit && before.instance_limit.kind != InstanceLimit::Kind::unknown) out.instance_limit = before.instance_limit;
    if (desired.warm_pool || desired.warm_schedule) {
        const auto* qualifier = findQualifier(before, desired.pool_qualifier);
        // Without a qualifier the pool is the whole function's (Google Cloud, Azure).
        out.warm_pool = qualifier != nullptr             ? qualifier->warm_pool.value_or(0)
                        : desired.pool_qualifier.empty() ? before.warmPool().value_or(0)
                                                         : 0;
        if (qualifier != nullptr) out.pool_scaling = qualifier->scaling;
    }
    return out;
}

std::vector<SettingChange> notInForce(const Function& now, const std::vector<SettingChange>& changes, const std::string& alias) {
    std::vector<SettingChange> out;
    const auto scaled = [&](const std::string& qualifier_name) {
        return std::any_of(changes.begin(), changes.end(), [&](const SettingChange& each) {
            return each.setting == "warm_schedule@" + qualifier_name && each.after != kNone;
        });
    };
    for (const auto& change : changes) {
        const auto [name, qualifier_name] = splitSetting(change.setting);
        const std::string is = currentValue(now, change.setting, alias);
        if (name == "warm_schedule") {
            // The platform tells a schedule in its own words, so only "there is one" can be compared.
            if ((change.after == kNone) != (is == kNone)) out.push_back({change.setting, change.after, is});
        } else if (name == "warm_pool" && scaled(qualifier_name)) {
            continue;  // the level is the schedule's from now on
        } else if (is != change.after) {
            out.push_back({change.setting, change.after, is});
        }
    }
    return out;
}

std::string text(const std::vector<SettingChange>& changes) {
    std::string out;
    for (const auto& change : changes) {
        if (!out.empty()) out += ", ";
        out += change.setting + " " + change.before + " -> " + change.after;
    }
    return out;
}

}  // namespace pilotlight::change
