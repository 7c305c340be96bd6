#include "core/bench/size_table.h"

#include <fmt/format.h>

#include <cmath>
#include <nlohmann/json.hpp>

namespace pilotlight::bench {
namespace {

using Table = nlohmann::json;

const Table& table() {
    static const Table parsed = Table::parse(sizeTableJson());
    return parsed;
}

// The value of the first step that reaches `memory_mb`.
double step(const Table& steps, std::int32_t memory_mb) {
    for (const auto& one : steps)
        if (memory_mb <= one[0].get<std::int32_t>()) return one[1].get<double>();
    return steps.back()[1].get<double>();
}

}  // namespace

Result<SizeRule> emulate(PlatformKind platform, std::int32_t memory_mb, double vcpu) {
    const Table& of = table().at(name(platform));
    const auto least = of["memory_mb"]["least"].get<std::int32_t>(), most = of["memory_mb"]["most"].get<std::int32_t>();
    if (memory_mb < least || memory_mb > most)
        return fail(ErrorCode::invalid_argument, fmt::format("{} has no size of {} MB", name(platform), memory_mb), {}, fmt::format("Choose {} to {} MB", least, most));
    SizeRule rule;
    rule.size.memory_mb = memory_mb;
    const Table& cpu = of["vcpu"];
    if (vcpu > 0 && platform == PlatformKind::aws)
        return fail(ErrorCode::invalid_argument, "Lambda's vCPU follows from its memory and cannot be set apart", {}, "Leave --vcpu out");
    if (vcpu > 0) {
        rule.size.vcpu = vcpu;
    } else if (cpu.contains("mb_per_vcpu")) {
        rule.size.vcpu = std::min(memory_mb / cpu["mb_per_vcpu"].get<double>(), cpu["most"].get<double>());
    } else {
        rule.size.vcpu = step(cpu["up_to_mb"], memory_mb);
    }
    const auto note = [&](const Table& part) {
        if (part.contains("assumed")) rule.assumed.push_back(part["assumed"].get<std::string>());
    };
    if (vcpu <= 0) note(cpu);
    rule.size.period_ms = of["period_ms"]["value"].get<double>();
    note(of["period_ms"]);
    if (of.contains("overhead_ms")) {
        rule.overhead_ms = of["overhead_ms"]["value"].get<double>();
        note(of["overhead_ms"]);
    }
    rule.size.init_vcpu = std::max(rule.size.vcpu, of["init_vcpu"]["value"].get<double>());
    note(of["init_vcpu"]);
    const Table& cores = of["visible_cores"];
    rule.size.visible_cores = static_cast<int>(cores.contains("up_to_mb") ? step(cores["up_to_mb"], memory_mb) : std::ceil(rule.size.vcpu));
    note(cores);
    return rule;
}

std::vector<std::int32_t> defaultSizes(PlatformKind platform, bool quick) {
    return table().at(name(platform)).at(quick ? "quick_sizes" : "sizes").get<std::vector<std::int32_t>>();
}

}  // namespace pilotlight::bench
