// Reads the public curves. The files are described in the data folder's own README.

#include <algorithm>
#include <string>
#include <charconv>
#include <fstream>
#include <map>
#include <set>

#include "core/model/accuracy.h"

namespace pilotlight::model {
namespace {

using Row = std::map<std::string, std::string>;

Result<std::vector<Row>> readCsv(const std::filesystem::path& folder, const std::string& file) {
    std::filesystem::path path = folder / file;
    std::error_code ignored;
    if (!std::filesystem::exists(path, ignored)) path = folder / "curves" / file;
    std::ifstream in(path);
    if (!in)
        return fail(ErrorCode::not_found, "Cannot read " + file + " in " + folder.string() + ".", "This test of the model cannot run.",
                    "Give the folder that holds the public curves.");
    std::vector<Row> rows;
    std::vector<std::string> header;
    for (std::string line; std::getline(in, line);) {
        if (!line.empty() && line.back() == '\r') line.pop_back();
        std::vector<std::string> fields;
        for (std::size_t at = 0; at <= line.size();) {
            const auto end = std::min(line.find(',', at), line.size());
            fields.push_back(line.substr(at, end - at));
            at = end + 1;
        }
        if (header.empty()) {
            header = fields;
            continue;
        }
        Row row;
        for (std::size_t i = 0; i < std::min(fields.size(), header.size()); ++i) row[header[i]] = fields[i];
        rows.push_back(std::move(row));
    }
    if (rows.empty()) return fail(ErrorCode::protocol, file + " holds no rows.", {}, "Fetch it again.");
    return rows;
}

double number(const Row& row, const std::string& column) {
    const auto found = row.find(column);
    double value = 0;
    if (found != row.end()) std::from_chars(found->second.data(), found->second.data() + found->second.size(), value);
    return value;
}

Observation observation(int memory, double mean_ms, std::int64_t count) {
    Observation out;
    out.memory = Megabytes{memory};
    out.mean_ms = mean_ms;
    out.count = count;
    return out;
}

void sortPoints(std::vector<MeasuredCurve>& curves) {
    for (auto& curve : curves)
        std::stable_sort(curve.points.begin(), curve.points.end(), [](const Observation& a, const Observation& b) {
            return std::pair(a.memory, a.vcpu) < std::pair(b.memory, b.vcpu);
        });
}

}  // namespace

Result<std::vector<MeasuredCurve>> singleVcpuCurves(const std::filesystem::path& folder) {
    std::vector<MeasuredCurve> out;
    PILOTLIGHT_ASSIGN(const auto calls, readCsv(folder, "App6_Lambda_Logs.csv"));
    std::map<std::string, std::map<int, std::vector<double>>> slapp;
    for (const auto& row : calls) {
        const double ms = number(row, "Duration");
        if (ms > 0) slapp[row.at("Function")][static_cast<int>(number(row, "Memory Size"))].push_back(ms);
    }
    for (const auto& [function, sizes] : slapp) {
        MeasuredCurve curve{"slapp 2020", function, PlatformKind::aws, Architecture::x86_64, {}, {}};
        for (const auto& [memory, durations] : sizes) {
            double sum = 0;
            for (const double ms : durations) sum += ms;
            const auto count = static_cast<std::int64_t>(durations.size());
            curve.points.push_back(observation(memory, sum / static_cast<double>(count), count));
            curve.calls.push_back(durations);
        }
        out.push_back(std::move(curve));
    }
    PILOTLIGHT_ASSIGN(const auto faasdom, readCsv(folder, "faasdom2020_cpu_summary.csv"));
    std::map<std::string, MeasuredCurve> by_runtime;
    for (const auto& row : faasdom) {
        if (row.at("cloud") != "aws" || !(number(row, "measured_mean_ms") > 0)) continue;
        auto& curve = by_runtime[row.at("runtime")];
        curve.source = "faasdom 2020";
        curve.name = row.at("runtime");
        curve.points.push_back(observation(static_cast<int>(number(row, "memory_mb")), number(row, "measured_mean_ms"),
                                           static_cast<std::int64_t>(number(row, "n"))));
    }
    for (auto& [name, curve] : by_runtime) out.push_back(std::move(curve));
    PILOTLIGHT_ASSIGN(const auto cebert, readCsv(folder, "cebert_lambda_arm64_2025.csv"));
    std::map<std::string, MeasuredCurve> by_workload;
    for (const auto& row : cebert) {
        if (row.at("run") != "november-2025" || row.at("start") != "warm" || !(number(row, "duration_mean_ms") > 0)) continue;
        auto& curve = by_workload[row.at("workload") + " " + row.at("runtime")];
        curve.source = "cebert 2025";
        curve.name = row.at("workload") + " " + row.at("runtime");
        curve.architecture = Architecture::arm64;
        curve.points.push_back(observation(static_cast<int>(number(row, "memory_mb")), number(row, "duration_mean_ms"), 100));
    }
    for (auto& [name, curve] : by_workload)
        if (curve.points.size() >= 5) out.push_back(std::move(curve));
    sortPoints(out);
    return out;
}

Result<std::vector<MeasuredCurve>> multiVcpuCurves(const std::filesystem::path& folder) {
    PILOTLIGHT_ASSIGN(const auto rows, readCsv(folder, "jolteon_lambda_profiles.csv"));
    constexpr int kParallel = 16;  // the one that every size has
    std::map<std::string, std::map<int, std::pair<double, std::set<int>>>> stages;
    for (const auto& row : rows) {
        if (static_cast<int>(number(row, "parallel_functions")) != kParallel || row.at("phase") == "cold") continue;
        auto& [sum, epochs] = stages[row.at("workflow") + " " + row.at("stage")][static_cast<int>(number(row, "memory_mb"))];
        sum += number(row, "mean_s") * 1000;
        epochs.insert(static_cast<int>(number(row, "epoch")));
    }
    std::vector<MeasuredCurve> out;
    for (const auto& [name, sizes] : stages) {
        MeasuredCurve curve{"jolteon 2023", name, PlatformKind::aws, Architecture::x86_64, {}, {}};
        for (const auto& [memory, sum] : sizes) {
            const auto epochs = static_cast<double>(sum.second.size());
            curve.points.push_back(observation(memory, sum.first / epochs, kParallel * static_cast<std::int64_t>(sum.second.size())));
        }
        out.push_back(std::move(curve));
    }
    sortPoints(out);
    return out;
}

Result<std::vector<MeasuredCurve>> shortFunctionCurves(const std::filesystem::path& folder) {
    std::vector<MeasuredCurve> out;
    PILOTLIGHT_ASSIGN(const auto aws, readCsv(folder, "aws_cpu_overallocation_summary.csv"));
    MeasuredCurve lambda{"overallocation 2025", "16 ms, AWS", PlatformKind::aws, Architecture::x86_64, {}, {}};
    for (const auto& row : aws)
        lambda.points.push_back(observation(static_cast<int>(number(row, "memory_mb")), number(row, "duration_mean_ms"),
                                            static_cast<std::int64_t>(number(row, "n"))));
    PILOTLIGHT_ASSIGN(const auto gcp, readCsv(folder, "gcp_cpu_overallocation_summary.csv"));
    MeasuredCurve run{"overallocation 2025", "16 ms, Google", PlatformKind::gcp, Architecture::x86_64, {}, {}};
    for (const auto& row : gcp) {
        Observation point = observation(512, number(row, "exec_mean_ms"), static_cast<std::int64_t>(number(row, "n")));
        point.vcpu = number(row, "vcpu");
        run.points.push_back(point);
    }
    out.push_back(std::move(lambda));
    out.push_back(std::move(run));
    sortPoints(out);
    return out;
}

}  // namespace pilotlight::model
