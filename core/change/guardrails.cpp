#include "core/change/guardrails.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "core/base/time_zone.h"
#include "core/change/settings.h"

namespace pilotlight::change {
namespace {

std::int32_t highestLevel(const DesiredSettings& desired) {
    std::int32_t high = desired.warm_pool.value_or(0);
    if (desired.pool_scaling) high = std::max(high, desired.pool_scaling->max_capacity);
    if (desired.warm_schedule)
        for (const auto& entry : desired.warm_schedule->entries) high = std::max(high, entry.level);
    return high;
}

// Empty: fits.
std::string misfit(const Capabilities& capabilities, const std::string& setting, double value) {
    const auto* range = capabilities.find(setting);
    if (range == nullptr || !range->settable)
        return fmt::format("{} cannot be set here{}", setting, range != nullptr && !range->why.empty() ? ": " + range->why : "");
    if (!range->values.empty()) {
        const bool listed = std::any_of(range->values.begin(), range->values.end(), [&](double each) { return std::abs(each - value) < 1e-9; });
        return listed ? "" : fmt::format("{} cannot be {:g}; {}", setting, value, range->why);
    }
    if (value < range->min || value > range->max)
        return fmt::format("{} = {:g} is outside {:g} to {:g}; {}", setting, value, range->min, range->max, range->why);
    const double steps = range->step > 0 ? (value - range->min) / range->step : 0;
    if (std::abs(steps - std::round(steps)) > 1e-6) return fmt::format("{} = {:g} is not a step of {:g}; {}", setting, value, range->step, range->why);
    return "";
}

class Checker {
public:
    explicit Checker(const GuardrailInput& input) : in_(input) {}

    std::vector<Guardrail> run() {
        readOnly();
        ranges();
        aliasDrift();
        memoryFloor();
        unreserved();
        poolWithinLimit();
        poolScaling();
        owner();
        return std::move(out_);
    }

private:
    void add(const char* name, bool pass, std::string reason) {
        Verdict verdict = Verdict::pass;
        if (!pass) {
            const bool lifted = overridable(name) && std::find(in_.overrides.begin(), in_.overrides.end(), name) != in_.overrides.end();
            verdict = lifted ? Verdict::overridden : Verdict::veto;
        }
        out_.push_back({name, verdict, std::move(reason)});
    }

    void readOnly() {
        add(guardrail::kReadOnly, in_.profile.write,
            in_.profile.write ? fmt::format("profile {} may write", in_.profile.name)
                              : fmt::format("profile {} is read-only; add it again with --write to change settings", in_.profile.name));
    }

    void ranges() {
        const auto found = misfits(in_.before, in_.desired, in_.capabilities);
        std::string all;
        for (const auto& each : found) all += (all.empty() ? "" : "; ") + each;
        add(guardrail::kPlatformRange, found.empty(), found.empty() ? "within what the platform takes" : all);
    }

    void aliasDrift() {
        if (in_.alias.empty() || !(in_.desired.memory || in_.desired.timeout || in_.desired.vcpu || in_.desired.concurrency)) return;
        const auto* alias = findQualifier(in_.before, in_.alias);
        if (alias == nullptr) {
            add(guardrail::kAliasDrift, false, fmt::format("{} has no alias {}", in_.before.name, in_.alias));
            return;
        }
        if (alias->version == "$LATEST") {
            add(guardrail::kAliasDrift, true, "the alias points at $LATEST itself");
            return;
        }
        std::vector<std::string> differences;
        if (alias->code_sha256.empty() || in_.before.code_sha256.empty()) {
            differences.emplace_back("the code of one of them is not known");
        } else if (alias->code_sha256 != in_.before.code_sha256) {
            differences.emplace_back("code");
        }
        std::map<std::string, std::string> latest = in_.before.untuned, version = alias->untuned;
        for (auto* each : {&latest, &version}) {
            each->erase("routing");  // of the alias, not of the version
            if (in_.desired.timeout) each->erase("timeout_s");
        }
        for (const auto& [key, value] : latest) {
            const auto at = version.find(key);
            if (at == version.end() || at->second != value) differences.push_back(key);
        }
        for (const auto& [key, value] : version) {
            if (!latest.contains(key)) differences.push_back(key);
        }
        if (!in_.desired.memory && alias->memory && *alias->memory != in_.before.memory) differences.emplace_back("memory_mb");
        std::string list;
        for (const auto& each : differences) list += (list.empty() ? "" : ", ") + each;
        add(guardrail::kAliasDrift, differences.empty(),
            differences.empty()
                ? fmt::format("$LATEST and version {} differ in nothing else", alias->version)
                : fmt::format("$LATEST differs from version {} of alias {} in: {}; publishing it would ship what was not deployed",
                              alias->version, in_.alias, list));
    }

    void memoryFloor() {
        if (!in_.desired.memory) return;
        const auto memory = *in_.desired.memory;
        if (!in_.memory_floor) {
            add(guardrail::kMemoryFloor, true, "how much memory it uses was never measured");
            return;
        }
        add(guardrail::kMemoryFloor, memory >= *in_.memory_floor,
            fmt::format("{} MB against a floor of {} MB (the most it used x 1.15)", memory.value, in_.memory_floor->value));
    }

    InstanceLimit limitAfter() const { return in_.desired.instance_limit.value_or(in_.before.instance_limit); }

    // Sum of all pools once this plan is done.
    std::int32_t poolAfter() const {
        std::int32_t sum = 0;
        bool found = false;
        const bool changes_pool = in_.desired.warm_pool || in_.desired.warm_schedule;
        for (const auto& qualifier : in_.before.qualifiers) {
            const bool this_one = changes_pool && qualifier.name == in_.desired.pool_qualifier;
            found |= this_one;
            std::int32_t level = qualifier.warm_pool.value_or(0);
            if (qualifier.scaling) level = std::max(level, qualifier.scaling->max_capacity);
            sum += this_one ? highestLevel(in_.desired) : level;
        }
        return changes_pool && !found ? sum + highestLevel(in_.desired) : sum;
    }

    void unreserved() {
        const auto before = in_.before.instance_limit;
        const auto after = limitAfter();
        const bool limit_changes = in_.desired.instance_limit && after != before && after.kind == InstanceLimit::Kind::limited;
        const bool pool_changes =
            (in_.desired.warm_pool || in_.desired.warm_schedule) && after.kind != InstanceLimit::Kind::limited && highestLevel(in_.desired) > 0;
        if (in_.before.platform != PlatformKind::aws || (!limit_changes && !pool_changes)) return;
        if (!in_.limits) {
            add(guardrail::kUnreserved, false, "the account's limits could not be read");
            return;
        }
        const std::int32_t own = before.kind == InstanceLimit::Kind::limited ? before.value : 0;
        if (limit_changes) {
            const std::int32_t left = in_.limits->unreserved_concurrent_executions + own - after.value;
            add(guardrail::kUnreserved, left >= kUnreservedMinimum,
                fmt::format("{} would stay unreserved in {} (at least {} must)", left, in_.limits->region, kUnreservedMinimum));
        } else {
            const std::int32_t most = in_.limits->unreserved_concurrent_executions + own - kUnreservedMinimum;
            add(guardrail::kUnreserved, poolAfter() <= most,
                fmt::format("a pool of {} out of {} that may be kept warm without reserved concurrency", poolAfter(), std::max(most, 0)));
        }
    }

    void poolWithinLimit() {
        if (!in_.desired.warm_pool && !in_.desired.warm_schedule && !in_.desired.instance_limit) return;
        const auto limit = limitAfter();
        if (limit.kind != InstanceLimit::Kind::limited) return;
        add(guardrail::kPoolWithinLimit, poolAfter() <= limit.value,
            fmt::format("a pool of {} within an instance limit of {}", poolAfter(), limit.value));
    }

    void poolScaling() {
        if (!in_.desired.warm_pool && !in_.desired.warm_schedule) return;
        const auto* qualifier = findQualifier(in_.before, in_.desired.pool_qualifier);
        if (qualifier == nullptr || !qualifier->scaling) {
            add(guardrail::kPoolScaling, true, "nothing else scales this pool");
            return;
        }
        const auto& scaling = *qualifier->scaling;
        const bool own = !scaling.target_tracking && !scaling.actions.empty() &&
                         std::all_of(scaling.actions.begin(), scaling.actions.end(),
                                     [](const ScheduledAction& action) { return action.name.starts_with(kOwnActionPrefix); });
        add(guardrail::kPoolScaling, own,
            own ? "only a schedule of Pilotlight's own is replaced"
                : fmt::format("the pool of {} is scaled by {} ({} to {}), which would undo this; overriding ends it", qualifier->name,
                              scaling.target_tracking ? "a target tracking policy" : "a scaling target or schedule", scaling.min_capacity,
                              scaling.max_capacity));
    }

    void owner() {
        const auto& found = in_.before.owner;
        add(guardrail::kInfrastructureCode, !found.has_value(),
            found ? fmt::format("{} is owned by {}, whose next deployment would undo this; export the plan as a patch instead",
                                in_.before.name, *found)
                  : "no infrastructure code is known to own it");
    }

    const GuardrailInput& in_;
    std::vector<Guardrail> out_;
};

}  // namespace

std::vector<std::string> misfits(const Function& before, const DesiredSettings& desired, const Capabilities& capabilities) {
    std::vector<std::string> out;
    const auto check = [&](const char* setting, double value) {
        if (auto reason = misfit(capabilities, setting, value); !reason.empty()) out.push_back(std::move(reason));
    };
    const auto* pool = capabilities.find("warm_pool");
    const double most = pool == nullptr ? 0 : pool->max;
    if (desired.memory) check("memory_mb", desired.memory->value);
    if (desired.vcpu) check("vcpu", *desired.vcpu);
    if (desired.concurrency && *desired.concurrency != before.concurrency) check("concurrency", *desired.concurrency);
    if (desired.timeout) check("timeout_s", static_cast<double>(desired.timeout->count()));
    if (desired.instance_limit && desired.instance_limit->kind == InstanceLimit::Kind::limited) check("instance_limit", desired.instance_limit->value);
    // The upper end of a pool depends on the limit; two guardrails of their own look at that together with what a plan sets.
    if (desired.warm_pool) check("warm_pool", *desired.warm_pool > 0 ? std::min<double>(*desired.warm_pool, most) : 0);
    if (desired.warm_schedule && !desired.warm_schedule->empty()) {
        check("warm_schedule", std::min<double>(highestLevel(desired), most));
        if (!TimeZone::named(desired.warm_schedule->time_zone)) out.push_back("the time zone \"" + desired.warm_schedule->time_zone + "\" is not known here");
    }
    return out;
}

std::vector<Guardrail> checkGuardrails(const GuardrailInput& input) { return Checker(input).run(); }

const std::vector<std::string>& overridableGuardrails() {
    static const std::vector<std::string> kNames{guardrail::kMemoryFloor, guardrail::kUnreserved, guardrail::kPoolWithinLimit,
                                                 guardrail::kPoolScaling, guardrail::kInfrastructureCode};
    return kNames;
}

bool overridable(const std::string& name) {
    const auto& names = overridableGuardrails();
    return std::find(names.begin(), names.end(), name) != names.end();
}

}  // namespace pilotlight::change
