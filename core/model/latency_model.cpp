#include "core/model/latency_model.h"

#include <algorithm>
#include <cmath>
#include <string>
#include <fmt/format.h>

#include "core/model/latency_percentiles.h"
#include "core/model/latency_points.h"
#include "core/model/latency_posterior.h"
#include "core/model/latency_shapes.h"

namespace pilotlight::model {
namespace {

constexpr double kReach = 1.25;       // a size this much outside the measured range still counts as within the evidence
constexpr double kActionable = 1.45;  // widest hi / lo that may be acted on outside it

Estimate scaled(const Posterior::Quantiles& mean, const RatioEstimate& ratio) {
    constexpr double kScore = 1.6448536269514722;
    const double reach = kScore * ratio.sd;
    const double down = std::hypot(mean.median - mean.lo, reach), up = std::hypot(mean.hi - mean.median, reach);
    const double centre = mean.median + ratio.log_ratio;
    return {std::exp(centre), std::exp(centre - down), std::exp(centre + up)};
}

void noSmallerThan(Estimate& estimate, const Estimate& below) {
    estimate.value = std::max(estimate.value, below.value);
    estimate.lo = std::max(estimate.lo, below.lo);
    estimate.hi = std::max(estimate.hi, below.hi);
}

std::string megabytes(double value) {
    const auto rounded = std::lround(value < 1000 ? std::round(value / 10) * 10 : std::round(value / 50) * 50);
    return fmt::format("{} MB", rounded);
}

}  // namespace

NoisePrior noisePriorOf(PlatformKind platform, Architecture architecture) {
    NoisePrior prior;
    if (architecture == Architecture::arm64) {
        prior.nugget = 0.03;
        prior.repeat = 0.05;
        prior.nugget_spread = 0.9;
    }
    if (platform != PlatformKind::aws) {
        prior.nugget = std::max(prior.nugget, 0.02);
        prior.repeat = std::max(prior.repeat, 0.03);
    }
    return prior;
}

struct LatencyModel::Impl {
    FitOptions options;
    PointSet points;
    std::unique_ptr<Posterior> posterior;
    std::unique_ptr<PercentileRatios> percentiles;
    double least = 0, most = 0;  // measured range, axis

    [[nodiscard]] double axis(Megabytes memory, std::optional<double> vcpu) const {
        if (!vcpu && options.platform != PlatformKind::aws) {
            bool same = true;
            for (const auto& point : points.points) {
                if (point.memory == memory && point.vcpu) vcpu = point.vcpu;
                same = same && point.vcpu && point.vcpu == points.points.front().vcpu;
            }
            if (!vcpu && same) vcpu = points.points.front().vcpu;
        }
        return std::max(1.0, axisOf(options.platform, memory, vcpu));
    }

    [[nodiscard]] double elasticity(double from, double to) const {
        return -(posterior->smooth(to) - posterior->smooth(from)) / std::log(to / from);
    }
};

Result<LatencyModel> LatencyModel::fit(std::span<const Observation> observations, const FitOptions& options) {
    const NoisePrior noise = options.noise.value_or(noisePriorOf(options.platform, options.architecture));
    if (!(noise.nugget > 0) || !(noise.nugget_spread > 0) || !(noise.repeat >= 0) ||
        !(noise.outlier_share > 0 && noise.outlier_share < 1)) {
        return fail(ErrorCode::invalid_argument, "The noise prior is out of range.", {},
                    "nugget and nugget_spread must be above 0, repeat at least 0, outlier_share between 0 and 1.");
    }
    auto impl = std::make_shared<Impl>();
    impl->options = options;
    PILOTLIGHT_ASSIGN(impl->points, pointsOf(observations, options, noise));
    impl->posterior = std::make_unique<Posterior>(impl->points, options, noise);
    impl->percentiles = std::make_unique<PercentileRatios>(impl->points);
    impl->least = impl->points.points.front().axis;
    impl->most = impl->points.points.back().axis;
    return LatencyModel(std::move(impl));
}

DurationEstimate LatencyModel::at(Megabytes memory, std::optional<double> vcpu) const {
    const double axis = impl_->axis(memory, vcpu);
    const Posterior::Quantiles mean = impl_->posterior->at(axis);
    DurationEstimate out;
    out.mean_ms = {std::exp(mean.median), std::exp(mean.lo), std::exp(mean.hi)};
    out.p50_ms = scaled(mean, impl_->percentiles->at(PercentileRatios::p50, axis));
    out.p90_ms = scaled(mean, impl_->percentiles->at(PercentileRatios::p90, axis));
    out.p95_ms = scaled(mean, impl_->percentiles->at(PercentileRatios::p95, axis));
    out.p99_ms = scaled(mean, impl_->percentiles->at(PercentileRatios::p99, axis));
    noSmallerThan(out.p90_ms, out.p50_ms);
    noSmallerThan(out.p95_ms, out.p90_ms);
    noSmallerThan(out.p99_ms, out.p95_ms);
    out.measured = mean.measured;
    const bool outside = axis < impl_->least / kReach || axis > impl_->most * kReach;
    out.beyond_evidence = outside && out.mean_ms.hi > kActionable * out.mean_ms.lo;
    return out;
}

double LatencyModel::vcpuAt(Megabytes memory) const { return impl_->axis(memory, {}) / kLambdaMegabytesPerVcpu; }

PosteriorDraws LatencyModel::draws(std::span<const Megabytes> sizes, std::size_t count) const {
    PosteriorDraws out;
    out.draws = count;
    out.sizes = sizes.size();
    std::vector<double> axes;
    for (const auto size : sizes) {
        axes.push_back(impl_->axis(size, {}));
        out.measurement_sd.push_back(impl_->posterior->measurementSd(axes.back()));
        out.own_sd.push_back(impl_->posterior->ownSd(axes.back()));
    }
    if (axes.empty() || count == 0) return out;
    out.mean_ms = impl_->posterior->draws(axes, count, impl_->options.seed);
    for (double& value : out.mean_ms) value = std::exp(value);
    return out;
}

std::string LatencyModel::regime() const {
    const Impl& m = *impl_;
    const auto summary = m.posterior->summary();
    std::vector<std::string> words;
    if (m.points.pressured) words.push_back(fmt::format("memory pressure up to {} MB", m.points.pressured->value));
    if (m.points.points.size() == 1) {
        words.push_back("one measured size: assumed proportional to memory up to about one vCPU");
    } else if (summary.quota > 0.5) {
        words.push_back("CPU-quota steps: short bursts, duration falls in steps with the CPU share");
    } else {
        const double range = m.most / m.least;
        const double fall = m.posterior->smooth(m.least) - m.posterior->smooth(m.most);
        const double low = m.elasticity(m.least, m.least * std::min(2.0, range));
        const double one_vcpu = kLambdaMegabytesPerVcpu * 1.3;
        const double above = m.most > one_vcpu * 1.2 ? m.elasticity(one_vcpu, m.most) : 0;
        if (fall < 0.06 && range > 1.3) {
            words.push_back("flat: more memory hardly shortens it");
        } else {
            if (low > 1.25) words.push_back(fmt::format("memory pressure likely at {}", megabytes(m.least)));
            const bool knee_known = summary.knee_hi < 1.6 * summary.knee_lo;
            if (above > 0.15) {
                words.push_back("multi-vCPU: still gains above one vCPU");
            } else if (m.least > one_vcpu) {
                words.push_back("saturated in the measured range");
            } else if (m.most < 1.02 * summary.knee_lo) {
                words.push_back(fmt::format("{} to memory in the measured range; where it saturates was not measured",
                                            low > 0.85 ? "proportional" : "partly proportional"));
            } else {
                words.push_back(fmt::format("{} to memory up to {}{}, saturated above", low > 0.85 ? "proportional" : "partly proportional",
                                            knee_known ? "" : "about ", megabytes(summary.knee_mb)));
            }
        }
    }
    std::string out;
    for (const auto& word : words) out += (out.empty() ? "" : "; ") + word;
    return out;
}

std::optional<Megabytes> LatencyModel::floor() const { return impl_->points.floor; }

std::string LatencyModel::describe() const {
    const auto s = impl_->posterior->summary();
    const std::size_t sizes = impl_->points.points.size();
    return fmt::format(
        "{} observed size{}; average over shapes: knee {:.0f} %, several vCPUs {:.0f} %, quota steps {:.0f} %, memory pressure {:.0f} %, "
        "other "
        "{:.0f} %; knee {:.0f} MB ({:.0f}-{:.0f}); noise of a size {:.1f} %",
        sizes, sizes == 1 ? "" : "s", 100 * (s.knee + s.soft), 100 * s.amdahl, 100 * s.quota, 100 * s.pressure,
        100 * (s.power + s.exponential), s.knee_mb, s.knee_lo, s.knee_hi, 100 * s.nugget);
}

std::vector<std::string> LatencyModel::cautions() const {
    const Impl& m = *impl_;
    std::vector<std::string> out;
    if (m.points.points.size() == 1) out.push_back("one observed size: other sizes rest on what functions usually do, intervals are wide");
    if (m.points.bench_only)
        out.push_back("measured on this machine only: shapes carry over, durations on the platform differ by a factor");
    if (m.points.cold_only) out.push_back("only cold invocations were observed: warm ones are faster");
    if (m.points.loaded) out.push_back(fmt::format("measured at {} requests at once: durations include that load", m.points.concurrency));
    if (const auto& slower = m.points.slowdown)
        out.push_back(fmt::format("the curve is of {} at once; measured with more, each other request made one {:.0f} % slower ({:.0f} to {:.0f} %)",
                                  m.points.concurrency == 1 ? "one request" : fmt::format("{} requests", m.points.concurrency), 100 * slower->alpha, 100 * slower->lo,
                                  100 * slower->hi));
    if (m.points.pressured)
        out.push_back(fmt::format("{} MB was nearly full (90 % of memory used or more): left out of the curve, and too small to recommend",
                                  m.points.pressured->value));
    if (!m.points.spread.observed) out.push_back("no percentiles or repeats were observed: p95 and p99 are assumed from the mean");
    const double one_vcpu = kLambdaMegabytesPerVcpu;
    if (m.points.points.size() > 1 && m.most < 0.9 * one_vcpu)
        out.push_back("nothing was measured at or above one vCPU: where the gain ends is assumed, not known");
    if (m.points.points.size() > 1 && m.least > 1.3 * one_vcpu)
        out.push_back("nothing was measured below one vCPU: how much slower smaller sizes are is assumed, not known");
    return out;
}

const std::vector<MeasuredSize>& LatencyModel::measured() const { return impl_->points.measured; }
const FitOptions& LatencyModel::options() const { return impl_->options; }
double LatencyModel::spread() const { return impl_->points.spread.sd; }

}  // namespace pilotlight::model
