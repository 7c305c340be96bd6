// Duration against memory: from a few measured sizes to the whole distribution at any size, with honest intervals.
//
//   log t(m) = c + log f(m) + GP(m) + nugget(m)
//
// f is one of some thousand shapes (knee, soft knee, memory pressure, Amdahl over several vCPUs, power, exponential, CPU-quota steps);
// GP is a smooth deviation (squared exponential in ln m, length 0.7), the nugget what one size does on its own. Given shape, amplitude,
// nugget and outlier state everything is Gaussian, so the posterior is an exact weighted mixture over a grid: no iteration, no start
// value, no winner picked. Source of the shapes and of their prior: the public curves named in resources/docs/model-accuracy.md;
// priors are set by hand and not fitted to them.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "core/base/result.h"
#include "core/domain/function.h"
#include "core/domain/metrics.h"
#include "core/domain/tuning.h"

namespace pilotlight::model {

// How noisy a mean duration is, as standard deviations of its logarithm (0.015 = 1.5 %).
struct NoisePrior {
    double nugget = 0.007;        // typical persistent deviation of one size from the smooth curve; learned from there
    double nugget_spread = 0.8;   // standard deviation of its logarithm
    double repeat = 0.015;        // between two campaigns at the same size; learned where a size was measured more than once
    double outlier_share = 0.08;  // share of sizes that deviate eight times as much
};
// x86: sizes typically deviate by 0.7 % (with a long tail: spread, outliers), campaigns by 1.5 %. arm64: sizes by 3 %; 6-9 % was seen between two months of the same Lambda functions.
[[nodiscard]] NoisePrior noisePriorOf(PlatformKind platform, Architecture architecture);

struct FitOptions {
    PlatformKind platform = PlatformKind::aws;
    Architecture architecture = Architecture::x86_64;
    std::optional<NoisePrior> noise;  // default: noisePriorOf
    std::uint64_t seed = 1;           // of the posterior draws; same seed, same bytes
};

// One size. `value` is the posterior median, lo and hi its 90 % interval, in milliseconds.
struct DurationEstimate {
    Estimate mean_ms;  // the mean that another such measurement of this size would show
    Estimate p50_ms, p90_ms, p95_ms, p99_ms;
    bool measured = false;         // this very size was observed
    bool beyond_evidence = false;  // outside the measured range and too wide to act on: measure before choosing it
};

// Joint draws of the true mean duration over some sizes: what decisions are made on. Row-major: draw, then size.
// Sizes that were measured carry their measurement; others the smooth curve.
struct PosteriorDraws {
    std::size_t draws = 0, sizes = 0;
    std::vector<double> mean_ms;
    std::vector<double> measurement_sd;  // per size: log-scale noise of one more measurement there
    std::vector<double> own_sd;          // the part of it that is the size's own and lasts; 0 where it was measured
    [[nodiscard]] double at(std::size_t draw, std::size_t size) const { return mean_ms[draw * sizes + size]; }
};

// What was measured at one size, repeats and campaigns put together.
struct MeasuredSize {
    Megabytes memory;
    std::optional<double> vcpu;
    double mean_ms = 0;  // count-weighted mean of all rows
    std::int64_t count = 0;
    bool bench = false;
    bool pressured = false;  // memory nearly full there: left out of the curve
};

// Cheap to copy; immutable; any thread may ask.
class LatencyModel {
public:
    // Warm observations at concurrency 1 (or the lowest there is) are fitted; cold ones only where there is nothing else. Points that used
    // 90 % of their memory or more, and sizes that were killed, mark the floor and are left out of the curve while another size is left.
    // Bench points share the shape and have a scale of their own once there is a cloud point. One size is enough for an answer.
    // Errors: invalid_argument when no observation has a duration.
    [[nodiscard]] static Result<LatencyModel> fit(std::span<const Observation> observations, const FitOptions& options = {});

    // `vcpu` only where the platform sets it apart from memory (Cloud Run); default: vcpuAt(). Some 50 microseconds.
    [[nodiscard]] DurationEstimate at(Megabytes memory, std::optional<double> vcpu = {}) const;
    // `count` joint draws over the sizes. Deterministic for options.seed.
    [[nodiscard]] PosteriorDraws draws(std::span<const Megabytes> sizes, std::size_t count = 256) const;

    // The vCPU that goes with a size where none is said: what was observed with that size, else what every observation has, else the
    // platform's rule.
    [[nodiscard]] double vcpuAt(Megabytes memory) const;

    // "proportional to memory up to 1,790 MB, saturated above", "CPU-quota steps", "flat", ...
    [[nodiscard]] std::string regime() const;
    // Lowest size that the evidence allows: most memory used x 1.15, and above every size that was killed. nullopt = unknown.
    [[nodiscard]] std::optional<Megabytes> floor() const;
    // One line for `model` in JSON: sizes, shape shares, noise.
    [[nodiscard]] std::string describe() const;
    // What a reader should know before acting: one observed size, bench only, memory pressure, nothing measured beyond the knee.
    [[nodiscard]] std::vector<std::string> cautions() const;
    [[nodiscard]] const std::vector<MeasuredSize>& measured() const;
    [[nodiscard]] const FitOptions& options() const;
    // Standard deviation of the logarithm of one duration around its size's mean, for rounding and percentiles.
    [[nodiscard]] double spread() const;

    struct Impl;

private:
    explicit LatencyModel(std::shared_ptr<const Impl> impl) : impl_(std::move(impl)) {}
    std::shared_ptr<const Impl> impl_;
};

}  // namespace pilotlight::model
