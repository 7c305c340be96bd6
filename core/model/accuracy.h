// Scores the latency model on public measured curves. What `pilotlightctl bench-model --data DIR` prints.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include "core/base/result.h"
#include "core/domain/function.h"
#include "core/domain/metrics.h"

namespace pilotlight::model {

// One measured curve: a function at several sizes.
struct MeasuredCurve {
    std::string source;  // "slapp 2020", "faasdom 2020", "cebert 2025", "jolteon 2023", "overallocation 2025"
    std::string name;
    PlatformKind platform = PlatformKind::aws;
    Architecture architecture = Architecture::x86_64;
    std::vector<Observation> points;         // ascending memory
    std::vector<std::vector<double>> calls;  // single durations per point, ms, where the set has them
};

struct AccuracyRow {
    std::string test;        // "3 sizes, 25 AWS curves"
    std::string measure;     // "error, mean"
    double value = 0;        // a share: 0.05 = 5 %
    double target = 0;       // what it is to stay under, or over
    bool at_least = false;   // target is a lower bound
    bool target_set = true;  // false: for information
    [[nodiscard]] bool met() const { return !target_set || (at_least ? value >= target : value <= target); }
};

struct AccuracyOptions {
    int resamples = 200;  // of the exploration test
    std::uint64_t seed = 1;
    bool exploration = true;
};

// How one curve was predicted from a few of its sizes.
struct CurveScore {
    std::string source, name;
    double error = 0;     // mean absolute relative error over the sizes that were not shown
    double regret = 0;    // cost above the least, choosing by cost
    double coverage = 0;  // share of them inside the 90 % interval
    int held_out = 0, covered = 0;
};

// `folder` is the curves folder of the public data, or its parent. Errors: not_found, protocol (a file that cannot be read).
[[nodiscard]] Result<std::vector<MeasuredCurve>> singleVcpuCurves(const std::filesystem::path& folder);     // 25, AWS
[[nodiscard]] Result<std::vector<MeasuredCurve>> multiVcpuCurves(const std::filesystem::path& folder);      // 16 stages
[[nodiscard]] Result<std::vector<MeasuredCurve>> shortFunctionCurves(const std::filesystem::path& folder);  // AWS, Google

// Shows the model the smallest, the size nearest the geometric middle and the largest, then `extra` more chosen by nextSize.
[[nodiscard]] CurveScore scoreFewSizes(const MeasuredCurve& curve, int extra);
// Shows every second size.
[[nodiscard]] CurveScore scoreEverySecond(const MeasuredCurve& curve, double below_vcpu);

// All of it, a row a figure. Deterministic.
[[nodiscard]] Result<std::vector<AccuracyRow>> measureAccuracy(const std::filesystem::path& folder, const AccuracyOptions& options = {});
// The table as Markdown.
[[nodiscard]] std::string accuracyTable(const std::vector<AccuracyRow>& rows);

}  // namespace pilotlight::model
