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
            {"colds", p.colds},
            {"cold_stages", stagesJson(p.cold_stages)},
            {"peak_mb", number(p.peak_mb)},
            {"throughput_per_s", number(p.throughput_per_s)},
            {"saturated_mean_ms", number(p.saturated_mean_ms)},
            {"cpu_ms", number(p.cpu_ms)},
            {"cpu_share", number(p.cpu_share)},
            {"other_cpu_share", p.other_cpu_share},
            {"verdict", p.verdict},
            {"notes", p.notes}};
}

std::vector<std::vector<std::string>> rowsOf(const bench::Campaign& campaign) {
    std::vector<std::vector<std::string>> rows;
    for (const auto& p : bench::pointsOf(campaign)) {
        rows.push_back({fmt::format("{} MB", p.memory_mb), fmt::format("{:.2f}", p.vcpu), std::to_string(p.threads), duration(p.mean_ms), duration(p.p50_ms), duration(p.p95_ms),
                        duration(p.cold_ms), megabytes(p.peak_mb), p.throughput_per_s ? fmt::format("{:.1f}/s", *p.throughput_per_s) : "unknown", p.verdict});
    }
    return rows;
}
const std::vector<std::string> kColumns{"Memory", "vCPU", "Threads", "Mean", "p50", "p95", "Cold start", "Peak", "Throughput", "Verdict"};

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
    return {{"campaign_id", campaign.plan.id},
            {"created", campaign.plan.created},
            {"platform", name(campaign.plan.platform)},
            {"target", targetText(campaign.plan.trial.target)},
            {"engine", engine},
            {"end", bench::name(campaign.end)},
            {"points", points},
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
    out += table(kColumns, rowsOf(campaign), {0, 1, 2, 3, 4, 5, 6, 7, 8});
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
