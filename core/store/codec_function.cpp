#include <fmt/format.h>

#include <nlohmann/json.hpp>

#include "core/store/codec.h"
#include "core/store/describe_function.h"

namespace pilotlight::store {

std::string toJson(const Profile& profile) { return json::text(profile); }
std::string toJson(const Function& function) { return json::text(function); }
Status fromJson(std::string_view text, Profile& profile) { return json::parse(text, profile); }
Status fromJson(std::string_view text, Function& function) { return json::parse(text, function); }

std::string configurationSettings(const Function& function) {
    return fmt::format("memory {} vcpu {} concurrency {} timeout {} storage {} architecture {}", function.memory.value,
                       function.vcpu.value_or(-1), function.concurrency, function.timeout.count(), function.ephemeral_storage.value,
                       static_cast<int>(function.architecture));
}

std::string tunedSettings(const Function& function) {
    std::string text = fmt::format("{} limit {}:{}", configurationSettings(function), static_cast<int>(function.instance_limit.kind),
                                   function.instance_limit.value);
    std::vector<std::string> pools;
    for (const Qualifier& qualifier : function.qualifiers) {
        std::string scaling;
        if (qualifier.scaling) {
            scaling = fmt::format("{}..{} {}", qualifier.scaling->min_capacity, qualifier.scaling->max_capacity,
                                  qualifier.scaling->target_tracking);
            for (const ScheduledAction& action : qualifier.scaling->actions) scaling += " " + action.text();
        }
        pools.push_back(fmt::format(" [{} {} pool {} memory {} scaling {}]", qualifier.name, qualifier.version,
                                    qualifier.warm_pool.value_or(-1), qualifier.memory ? qualifier.memory->value : -1, scaling));
    }
    std::sort(pools.begin(), pools.end());  // the platform's order means nothing
    for (const std::string& pool : pools) text += pool;
    return text;
}

}  // namespace pilotlight::store
