#include "app/ctl/bench_output.h"

#include <fmt/format.h>

#include <algorithm>
#include <filesystem>
#include <nlohmann/json.hpp>

#include "app/ctl/table.h"
#include "core/bench/size_table.h"

namespace pilotlight::ctl {
namespace {

using Json = nlohmann::ordered_json;

std::string megabytes(const std::optional<double>& mb) { return mb ? fmt::format("{:.0f} MB", *mb) : "unknown"; }

Json stagesJson(const bench::ColdStages& stages) {
    return {{"exec_ms", number(stages.exec_ms)},       {"load_ms", number(stages.load_ms)},   {"environment_ms", number(stages.environment_ms)},
            {"session_ms", number(stages.session_ms)}, {"first_ms", number(stages.first_ms)}, {"total_ms", number(stages.total_ms)}};
}

Json pointJson(const bench::BenchPoint& p) {
    return {{"memory_mb", p.memory_mb},
            {"vcpu", p.vcpu},
            {"threads", p.threads},
            {"device", p.device},
            {"limiter", p.limiter},
            {"batch", p.batch},
            {"concurrency", p.concurrency},
            {"memory_limited", p.memory_limited},
            {"mean_ms", number(p.mean_ms)},
            {"mean_lo_ms", number(p.mean_lo)},
            {"mean_hi_ms", number(p.mean_hi)},
            {"p50_ms", number(p.p50_ms)},
            {"p95_ms", number(p.p95_ms)},
            {"p99_ms", number(p.p99_ms)},
            {"samples", p.samples},
            {"cold_ms", number(p.cold_ms)},
            {"cold_deviation_ms", number(p.cold_deviation_ms)},
            {"cold_page_cache_ms", number(p.cold_disk_ms)},
            {"cold_huge_pages_ms", number(p.cold_huge_ms)},
            {"colds", p.colds},
            {"cold_stages", stagesJson(p.cold_stages)},
            {"peak_mb", number(p.peak_mb)},
            {"throughput_per_s", number(p.throughput_per_s)},
            {"saturated_mean_ms", number(p.saturated_mean_ms)},
            {"open_loop", p.open_mean_ms ? Json{{"mean_ms", number(p.open_mean_ms)}, {"p50_ms", number(p.open_p50_ms)}, {"p95_ms", number(p.open_p95_ms)}, {"p99_ms", number(p.open_p99_ms)},
                                                {"service_mean_ms", number(p.open_service_mean_ms)}}
                                         : Json(nullptr)},
            {"first_token_ms", number(p.first_token_ms)},
            {"tokens_per_s", number(p.tokens_per_s)},
            {"cpu_ms", number(p.cpu_ms)},
            {"cpu_share", number(p.cpu_share)},
            {"other_cpu_share", p.other_cpu_share},
            {"verdict", p.verdict},
            {"notes", p.notes}};
}

std::vector<std::vector<std::string>> rowsOf(const bench::Campaign& campaign) {
    std::vector<std::vector<std::string>> rows;
    for (const auto& p : bench::pointsOf(campaign)) {
        rows.push_back({fmt::format("{} MB", p.memory_mb), fmt::format("{:.2f}", p.vcpu), bench::settingText(campaign.plan.trial.target.kind, bench::settingOf(p)), duration(p.mean_ms), duration(p.p50_ms), duration(p.p95_ms),
                        duration(p.cold_ms), megabytes(p.peak_mb), p.throughput_per_s ? fmt::format("{:.1f}/s", *p.throughput_per_s) : "unknown", p.verdict});
    }
    return rows;
}
std::string memoryText(const bench::SmallestMemory& found) {
    if (!found.why_not.empty()) return "Smallest memory: not searched, " + found.why_not;
    if (!found.survives_mb) return "Smallest memory: none that was tried is enough";
    return fmt::format("Smallest memory: {} MB are survived{}{}", *found.survives_mb, found.fails_mb ? fmt::format(", {} MB are not", *found.fails_mb) : "", found.next_mb ? " (search not finished)" : "");
}

const std::vector<std::string> kColumns{"Memory", "vCPU", "Setting", "Mean", "p50", "p95", "Cold start", "Peak", "Throughput", "Verdict"};

}  // namespace

Json number(const std::optional<double>& value) { return value ? Json(*value) : Json(nullptr); }

Json toJson(const bench::Machine& m) {
    return {{"cpu_model", m.cpu_model}, {"cpus", m.cpus},         {"memory_mb", m.memory_mb},   {"kernel", m.kernel},                 {"architecture", m.architecture},     {"features", m.features},
            {"governor", m.governor},   {"huge_pages", m.huge_pages}, {"control_groups", m.control_groups}, {"calibration_ms", m.calibration_ms}, {"page_fault_us", m.page_fault_us}};
}

Json toJson(const bench::Campaign& campaign) {
    auto points = Json::array();
    for (const auto& point : bench::pointsOf(campaign)) points.push_back(pointJson(point));
    std::string engine;
    for (const auto& trial : campaign.trials)
        if (!trial.result.engine.empty()) engine = trial.result.engine;
    const auto smallest = bench::smallestMemoryOf(campaign);
    const auto megabytesOf = [](const std::optional<std::int32_t>& mb) { return mb ? Json(*mb) : Json(nullptr); };
    return {{"campaign_id", campaign.plan.id},
            {"created", campaign.plan.created},
            {"platform", name(campaign.plan.platform)},
            {"target", targetText(campaign.plan.trial.target)},
            {"engine", engine},
            {"end", bench::name(campaign.end)},
            {"rate_per_s", campaign.plan.trial.rate_per_s > 0 ? Json(campaign.plan.trial.rate_per_s) : Json(nullptr)},
            {"points", points},
            {"smallest_memory", campaign.plan.find_memory ? Json{{"survives_mb", megabytesOf(smallest.survives_mb)}, {"fails_mb", megabytesOf(smallest.fails_mb)},
                                                                 {"settled", smallest.why_not.empty() && !smallest.next_mb}, {"why_not", smallest.why_not}}
                                                          : Json(nullptr)},
            {"machine", campaign.agent ? toJson(campaign.agent->machine) : Json(nullptr)},
            {"assumed", assumptionsOf(campaign.plan)}};
}

std::string targetText(const bench::Target& target) {
    if (target.kind == bench::Target::Kind::onnx) return std::filesystem::path(target.model).filename().string() + " on " + target.device;
    std::string out = std::string(bench::name(target.kind)) + ":";
    for (const auto& word : target.command) out += " " + word;
    return out.size() > 60 ? out.substr(0, 57) + "..." : out;
}

std::string describe(const bench::Machine& m) {
    return fmt::format("{}, {} CPUs, {} MB, Linux {}, control groups {}, calibration {:.2f} ms, page fault {:.1f} us", m.cpu_model, m.cpus, m.memory_mb, m.kernel, m.control_groups, m.calibration_ms,
                       m.page_fault_us);
}

std::string describe(const bench::Campaign& campaign) {
    std::string out = fmt::format("{}, {}, {}\n", campaign.plan.id, targetText(campaign.plan.trial.target), bench::name(campaign.end));
    out += table(kColumns, rowsOf(campaign), {0, 1, 3, 4, 5, 6, 7, 8});
    for (const auto& p : bench::pointsOf(campaign)) {
        if (p.open_mean_ms)
            out += fmt::format("\n{} MB at {:g} requests/s, from their planned instants: mean {}, p50 {}, p95 {}, p99 {}; the request alone {}", p.memory_mb, campaign.plan.trial.rate_per_s,
                               duration(p.open_mean_ms), duration(p.open_p50_ms), duration(p.open_p95_ms), duration(p.open_p99_ms), duration(p.open_service_mean_ms));
        if (p.first_token_ms) out += fmt::format("\n{} MB: first token after {}, then {} tokens/s", p.memory_mb, duration(p.first_token_ms), p.tokens_per_s ? fmt::format("{:.1f}", *p.tokens_per_s) : "unknown");
    }
    if (campaign.plan.find_memory) out += "\n" + memoryText(bench::smallestMemoryOf(campaign));
    if (campaign.agent) out += "\n" + describe(campaign.agent->machine);
    return out;
}

std::string csv(const bench::Campaign& campaign) {
    std::string out;
    for (const auto& point : bench::pointsOf(campaign)) {
        const Json row = pointJson(point).flatten();
        std::string header, line;
        for (const auto& [key, value] : row.items()) {
            if (key.starts_with("/notes")) continue;
            std::string column = key.substr(key.rfind('/') + 1);
            if (key.starts_with("/cold_stages")) column = "cold_" + column;
            header += (header.empty() ? "" : ",") + column;
            std::string text = value.is_null() ? "" : value.is_string() ? value.get<std::string>() : value.dump();
            std::replace(text.begin(), text.end(), '"', '\'');
            line += (line.empty() ? "" : ",") + (value.is_string() ? "\"" + text + "\"" : text);
        }
        if (out.empty()) out = header + "\n";
        out += line + "\n";
    }
    return out;
}

std::string markdown(const bench::Campaign& campaign) {
    std::string out = fmt::format("# Campaign {}\n\n{}, sizes of {}. {}\n\n|", campaign.plan.id, targetText(campaign.plan.trial.target), name(campaign.plan.platform),
                                  campaign.agent ? describe(campaign.agent->machine) + "." : "");
    std::string line = "\n|";
    for (const auto& column : kColumns) {
        out += " " + column + " |";
        line += "---|";
    }
    out += line + "\n";
    for (const auto& row : rowsOf(campaign)) {
        out += "|";
        for (std::string cell : row) {
            std::replace(cell.begin(), cell.end(), '|', '/');
            std::replace(cell.begin(), cell.end(), '\n', ' ');
            out += " " + cell + " |";
        }
        out += "\n";
    }
    for (const auto& sentence : assumptionsOf(campaign.plan)) out += "\nAssumed: " + sentence + ".\n";
    return out;
}

std::vector<std::string> assumptionsOf(const bench::CampaignPlan& plan) {
    std::vector<std::string> out;
    for (const auto size : plan.sizes)
        if (const auto rule = bench::emulate(plan.platform, size, plan.vcpu)) {
            for (const auto& sentence : rule->assumed)
                if (std::find(out.begin(), out.end(), sentence) == out.end()) out.push_back(sentence);
        }
    return out;
}

}  // namespace pilotlight::ctl
