// One deployable unit and its settings, in words that hold for all platforms (design, section 4).
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/result.h"
#include "core/base/time.h"
#include "core/base/units.h"

namespace pilotlight {

enum class PlatformKind { aws, gcp, azure };
[[nodiscard]] const char* name(PlatformKind kind); // "aws"
[[nodiscard]] Result<PlatformKind> parsePlatform(std::string_view text);

enum class Architecture { x86_64, arm64 };
[[nodiscard]] const char* name(Architecture architecture);
[[nodiscard]] Result<Architecture> parseArchitecture(std::string_view text);

enum class Environment { dev, staging, production };
[[nodiscard]] const char* name(Environment environment);
[[nodiscard]] Result<Environment> parseEnvironment(std::string_view text);

// Reserved concurrency or maximum instances. Unknown is not "none".
struct InstanceLimit {
    enum class Kind { unknown, none, limited };
    Kind kind = Kind::unknown;
    std::int32_t value = 0; // where limited; 0 stops all invocations
    [[nodiscard]] static InstanceLimit unlimited() { return {Kind::none, 0}; }
    [[nodiscard]] static InstanceLimit of(std::int32_t n) { return {Kind::limited, n}; }
    friend bool operator==(const InstanceLimit&, const InstanceLimit&) = default;
};

// A weekly pool schedule: each entry holds from its minute until the next entry of that day or a later day (cyclic over the week).
struct WarmSchedule {
    struct Entry {
        std::uint8_t weekdays = 0;        // bit 0 = Monday ... bit 6 = Sunday
        std::int32_t minute_of_day = 0;   // 0..1439
        std::int32_t level = 0;           // instances kept warm from then on
        friend bool operator==(const Entry&, const Entry&) = default;
    };
    std::vector<Entry> entries;
    std::string time_zone = "UTC";        // IANA name
    // Level for each of the `bins` equal parts of the week, Monday 00:00 first, on the schedule's own clock.
    [[nodiscard]] std::vector<std::int32_t> levels(std::size_t bins) const;
    [[nodiscard]] bool empty() const { return entries.empty(); }
    friend bool operator==(const WarmSchedule&, const WarmSchedule&) = default;
};

// One scheduled action of Application Auto Scaling, whole, so that it can be put back as it was.
struct ScheduledAction {
    std::string name;
    std::string schedule;                  // "cron(0 8 ? * MON-FRI *)", rate(...) or at(...)
    std::string time_zone;                 // IANA name; empty = UTC
    std::optional<std::int32_t> min_capacity, max_capacity;
    std::optional<Timestamp> begins, ends; // outside them it does nothing; nullopt = no bound
    [[nodiscard]] std::string text() const; // "morning cron(0 8 ? * MON-FRI *) Europe/Paris 2..2"
    friend bool operator==(const ScheduledAction&, const ScheduledAction&) = default;
};

// Something that scales the pool by itself: a scaling target, a policy or scheduled actions (Application Auto Scaling).
struct PoolScaling {
    std::int32_t min_capacity = 0;
    std::int32_t max_capacity = 0;
    bool target_tracking = false;          // by a policy, which is not read any further
    std::vector<ScheduledAction> actions;  // by name
    std::vector<std::string> suspended;    // true members of the target's SuspendedState: "ScheduledScalingSuspended"
    friend bool operator==(const PoolScaling&, const PoolScaling&) = default;
};

// Alias, version or Flex function group: a qualifier of a row, not a row.
struct Qualifier {
    std::string name;                      // "live", "7"
    std::string kind;                      // "alias" | "version" | "group"
    std::string version;                   // what an alias points at
    std::optional<std::int32_t> warm_pool; // requested; nullopt = unknown
    std::string warm_pool_status;          // "READY", "IN_PROGRESS", "FAILED", "" when there is no pool
    std::optional<PoolScaling> scaling;    // present where something scales the pool
    std::string code_sha256;               // of the version it points at; empty = unknown
    std::map<std::string, std::string> untuned; // settings of that version that Pilotlight never changes (runtime, handler, layers, ...)
    std::optional<Megabytes> memory;       // of the version it points at
    std::string revision;                  // of the alias itself
    friend bool operator==(const Qualifier&, const Qualifier&) = default;
};

// A queue or stream that drives the function; a limit of its own binds before the function's.
struct EventSource {
    std::string id;                        // UUID of the mapping
    std::string source;                    // ARN of the queue or stream
    std::string state;                     // "Enabled"
    std::optional<std::int32_t> maximum_concurrency; // nullopt = no limit of its own
    friend bool operator==(const EventSource&, const EventSource&) = default;
};

// One function of an Azure function app: the app is the unit of settings and cost, its functions are shown.
struct AppFunction {
    std::string name;
    std::string trigger;                   // as Azure names it: "httpTrigger", "timerTrigger"; empty = unknown
    bool disabled = false;
    friend bool operator==(const AppFunction&, const AppFunction&) = default;
};

// Keys of Function::untuned that more than the platform reads.
namespace untuned_key {
inline constexpr const char* kKind = "kind";       // gcp: "service" | "gen2" | "gen1"; azure: "flex" | "premium" | "consumption" | "dedicated"
inline constexpr const char* kBilling = "billing"; // gcp: "request" | "instance"
inline constexpr const char* kAccelerator = "accelerator"; // gcp: "1 x nvidia-l4"; absent without a GPU
inline constexpr const char* kGpuRedundancy = "gpu_zonal_redundancy"; // gcp, with a GPU: "on" | "off"
inline constexpr const char* kStartupBoost = "startup_cpu_boost"; // gcp services: "on" | "off"
inline constexpr const char* kPlan = "plan";       // azure: id of the plan, lower case
} // namespace untuned_key

struct Function {
    std::string id;                        // contracts.md, Identity
    std::string name;
    std::string profile;
    PlatformKind platform = PlatformKind::aws;
    std::string region;
    std::string account;                   // AWS account, GCP project, Azure subscription
    Architecture architecture = Architecture::x86_64;
    std::string runtime;                   // "python3.12", "" for images
    Megabytes memory;
    std::optional<double> vcpu;            // platforms where it is set apart from memory
    std::int32_t concurrency = 1;          // requests one instance serves at once
    seconds timeout{0};
    Megabytes ephemeral_storage{512};
    InstanceLimit instance_limit;
    std::vector<Qualifier> qualifiers;
    std::vector<EventSource> event_sources; // empty where none, or where they could not be read
    std::optional<std::vector<AppFunction>> app_functions; // Azure; nullopt = not read (a write of it to the store keeps what was read before)
    std::map<std::string, std::string> tags;
    std::optional<std::string> owner;      // "cloudformation", "terraform", ...; nullopt = nobody we know of
    std::string log_group;
    bool json_logs = false;
    std::string state;                     // "Active"
    std::string last_update_status;        // "Successful" | "InProgress" | "Failed"
    std::string code_sha256;               // of $LATEST
    std::map<std::string, std::string> untuned; // of $LATEST, same keys as in Qualifier
    std::string revision;                  // compare-and-swap token of the settings; empty = the platform has none
    Timestamp settings_as_of{};
    Timestamp last_modified{};             // by the platform's word; settings in force since then
    bool snap_start = false;
    bool init_billed = true;               // false only where the platform does not bill INIT

    // Sum over qualifiers; nullopt where one of them is unknown.
    [[nodiscard]] std::optional<std::int32_t> warmPool() const;
    [[nodiscard]] double vcpuShare() const; // vcpu where set, else the platform's rule
    [[nodiscard]] std::string_view untunedText(const char* key) const; // "" where absent
    // Azure Premium and Consumption: in host.json, which Resource Manager does not show; `concurrency` then means nothing.
    [[nodiscard]] bool concurrencyKnown() const;
};

struct AccountLimits {
    std::string profile;
    std::string region;
    std::int32_t concurrent_executions = 0;
    std::int32_t unreserved_concurrent_executions = 0;
    Timestamp as_of{};
};

// What can be set on a function, and how. Drives sliders and guardrails.
struct SettingRange {
    std::string setting;                   // "memory_mb", "warm_pool", "instance_limit", ...
    std::string label;                     // the platform's own word: "provisioned concurrency"
    double min = 0, max = 0, step = 1;
    std::vector<double> values;            // where only these are valid (Cloud Run vCPU); else empty
    std::string why;                       // where the range comes from, or why it cannot be set (then min == max)
    bool settable = true;
};
struct Capabilities {
    std::vector<SettingRange> settings;
    bool compare_and_swap = false;
    bool dry_run = false;
    bool traffic_split = false;
    [[nodiscard]] const SettingRange* find(std::string_view setting) const;
};

// A connection. Holds no secret: only where to look for credentials.
struct Profile {
    std::string name;
    PlatformKind platform = PlatformKind::aws;
    std::vector<std::string> regions;      // {"all"} = every region the account has enabled
    std::vector<std::string> projects;
    std::string subscription;
    std::string endpoint_url;              // empty = the real service
    std::string token_endpoint;
    Environment environment = Environment::production;
    bool write = false;
    std::string aws_profile;               // section of the AWS files; empty = environment and default
    std::map<std::string, double> price_factors; // meter -> factor on list price ("*" = all); named on screen
    std::int64_t daily_call_cap = 200'000; // calls a day
    double daily_money_cap_usd = 5.0;      // what reading may cost a day
};

} // namespace pilotlight
