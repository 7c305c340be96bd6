// Fields of functions and settings, for json_fields.h. For .cpp files of the store only.
#pragma once

#include "core/domain/function.h"
#include "core/domain/tuning.h"
#include "core/store/json_fields.h"

namespace pilotlight::store::json {

template <>
struct Spelling<PlatformKind> {
    static constexpr const char* names[] = {"aws", "gcp", "azure"};
};
template <>
struct Spelling<Architecture> {
    static constexpr const char* names[] = {"x86_64", "arm64"};
};
template <>
struct Spelling<Environment> {
    static constexpr const char* names[] = {"dev", "staging", "production"};
};
template <>
struct Spelling<InstanceLimit::Kind> {
    static constexpr const char* names[] = {"unknown", "none", "limited"};
};

}  // namespace pilotlight::store::json

namespace pilotlight {  // found by argument

template <typename Archive>
void describe(Archive& field, InstanceLimit& limit) {
    field("kind", limit.kind);
    field("value", limit.value);
}
template <typename Archive>
void describe(Archive& field, WarmSchedule::Entry& entry) {
    field("weekdays", entry.weekdays);
    field("minute_of_day", entry.minute_of_day);
    field("level", entry.level);
}
template <typename Archive>
void describe(Archive& field, WarmSchedule& schedule) {
    field("entries", schedule.entries);
    field("time_zone", schedule.time_zone);
}
template <typename Archive>
void describe(Archive& field, ScheduledAction& action) {
    field("name", action.name);
    field("schedule", action.schedule);
    field("time_zone", action.time_zone);
    field("min_capacity", action.min_capacity);
    field("max_capacity", action.max_capacity);
    field("begins", action.begins);
    field("ends", action.ends);
}
template <typename Archive>
void describe(Archive& field, PoolScaling& scaling) {
    field("min_capacity", scaling.min_capacity);
    field("max_capacity", scaling.max_capacity);
    field("target_tracking", scaling.target_tracking);
    field("actions", scaling.actions);
    field("suspended", scaling.suspended);
}
template <typename Archive>
void describe(Archive& field, Qualifier& qualifier) {
    field("name", qualifier.name);
    field("kind", qualifier.kind);
    field("version", qualifier.version);
    field("warm_pool", qualifier.warm_pool);
    field("warm_pool_status", qualifier.warm_pool_status);
    field("scaling", qualifier.scaling);
    field("code_sha256", qualifier.code_sha256);
    field("untuned", qualifier.untuned);
    field("memory", qualifier.memory);
    field("revision", qualifier.revision);
}
template <typename Archive>
void describe(Archive& field, EventSource& source) {
    field("id", source.id);
    field("source", source.source);
    field("state", source.state);
    field("maximum_concurrency", source.maximum_concurrency);
}
template <typename Archive>
void describe(Archive& field, AppFunction& function) {
    field("name", function.name);
    field("trigger", function.trigger);
    field("disabled", function.disabled);
}
template <typename Archive>
void describe(Archive& field, Function& function) {
    field("id", function.id);
    field("name", function.name);
    field("profile", function.profile);
    field("platform", function.platform);
    field("region", function.region);
    field("account", function.account);
    field("architecture", function.architecture);
    field("runtime", function.runtime);
    field("memory", function.memory);
    field("vcpu", function.vcpu);
    field("concurrency", function.concurrency);
    field("timeout", function.timeout);
    field("ephemeral_storage", function.ephemeral_storage);
    field("instance_limit", function.instance_limit);
    field("qualifiers", function.qualifiers);
    field("event_sources", function.event_sources);
    field("app_functions", function.app_functions);
    field("tags", function.tags);
    field("owner", function.owner);
    field("log_group", function.log_group);
    field("json_logs", function.json_logs);
    field("state", function.state);
    field("last_update_status", function.last_update_status);
    field("code_sha256", function.code_sha256);
    field("untuned", function.untuned);
    field("revision", function.revision);
    field("settings_as_of", function.settings_as_of);
    field("last_modified", function.last_modified);
    field("snap_start", function.snap_start);
    field("init_billed", function.init_billed);
}
template <typename Archive>
void describe(Archive& field, Profile& profile) {
    field("name", profile.name);
    field("platform", profile.platform);
    field("regions", profile.regions);
    field("projects", profile.projects);
    field("subscription", profile.subscription);
    field("endpoint_url", profile.endpoint_url);
    field("token_endpoint", profile.token_endpoint);
    field("environment", profile.environment);
    field("write", profile.write);
    field("aws_profile", profile.aws_profile);
    field("price_factors", profile.price_factors);
    field("daily_call_cap", profile.daily_call_cap);
    field("daily_money_cap_usd", profile.daily_money_cap_usd);
}
template <typename Archive>
void describe(Archive& field, DesiredSettings& desired) {
    field("memory", desired.memory);
    field("vcpu", desired.vcpu);
    field("concurrency", desired.concurrency);
    field("instance_limit", desired.instance_limit);
    field("warm_pool", desired.warm_pool);
    field("warm_schedule", desired.warm_schedule);
    field("pool_qualifier", desired.pool_qualifier);
    field("timeout", desired.timeout);
    field("pool_scaling", desired.pool_scaling);
}

}  // namespace pilotlight
