#include "core/bench/quota_prediction.h"

#include <algorithm>
#include <cmath>
#include <numeric>

#include "core/bench/size_table.h"
#include "core/model/latency_quota.h"

namespace pilotlight::bench {
namespace {

constexpr int kGrid = 161;
constexpr double kPriorSd = 0.2, kPointSd = 0.02, kTickMs = 4;

Status predictable(const Campaign& campaign) {
    if (campaign.plan.trial.spin) return fail(ErrorCode::unsupported, "Threads that spin use more CPU time the smaller their share: no size can be predicted from another", {}, "Measure without --spin, or measure every size");
    return {};
}

// Of one thread, and the lowest batch and concurrency.
bool singleThreaded(const CampaignPlan& plan, const BenchPoint& point) {
    auto single = plan;
    single.threads = {1};
    return point.usable && point.cpu_ms && isBase(single, point);
}

tl::unexpected<Error> noPoint(const CampaignPlan& plan, const std::vector<BenchPoint>& points) {
    if (std::any_of(points.begin(), points.end(), [&](const auto& p) { return p.usable && !singleThreaded(plan, p); }))
        return fail(ErrorCode::unsupported, "Only single-threaded points with a CPU time can be taken to another size", {}, "Measure with --threads 1");
    return fail(ErrorCode::invalid_argument, "The campaign has too few usable points to predict others from");
}

// What a whole CPU did not shorten; below that, waiting cannot be told from being held back.
double otherOf(const BenchPoint& point) {
    const double other = point.vcpu >= 1 ? std::max(0.0, *point.mean_ms - *point.cpu_ms) : 0;
    return other < 0.05 * *point.mean_ms ? 0 : other;
}

}  // namespace

Result<CpuNeed> cpuNeedOf(const Campaign& campaign) {
    PILOTLIGHT_TRY(predictable(campaign));
    const BenchPoint* best = nullptr;
    const auto points = pointsOf(campaign);
    for (const auto& point : points)
        if (singleThreaded(campaign.plan, point) && (best == nullptr || point.vcpu > best->vcpu)) best = &point;
    if (best == nullptr) return noPoint(campaign.plan, points);
    return CpuNeed{*best->cpu_ms, otherOf(*best)};
}

QuotaPrediction::QuotaPrediction(PlatformKind platform, CpuNeed need, Target::Kind kind) : platform_(platform), need_(need) {
    if (const auto rule = emulate(platform, defaultSizes(platform, false).front())) {
        period_ms_ = rule->size.period_ms;
        if (kind != Target::Kind::lambda) overhead_ms_ = rule->overhead_ms;
    }
    for (int i = 0; i < kGrid; ++i) {
        const double z = 3.5 * (2.0 * i / (kGrid - 1) - 1);
        k_.push_back(std::exp(kPriorSd * z));
        weight_.push_back(std::exp(-z * z / 2));
    }
}

double QuotaPrediction::meanOf(double k, double vcpu) const {
    const double cpu = k * need_.cpu_ms;
    // Lambda: a request that finds its instance idle begins a period (the kernel stops an idle group's period timer), its overuse is paid after.
    const double busy = platform_ == PlatformKind::aws ? model::quotaWholePeriodsMs(cpu, vcpu, period_ms_) : model::quotaRandomPhaseMs(cpu, vcpu, period_ms_, kTickMs);
    return overhead_ms_ + need_.other_ms + busy;
}

void QuotaPrediction::calibrate(double vcpu, double mean_ms) {
    double most = 0;
    for (std::size_t i = 0; i < k_.size(); ++i) {
        const double off = std::log(meanOf(k_[i], vcpu) / mean_ms) / kPointSd;
        weight_[i] *= 1 / (1 + off * off * off * off / 4);  // heavy tails: a point that fits no k must not leave nothing
        most = std::max(most, weight_[i]);
    }
    for (double& weight : weight_) weight /= most;
}

Estimate QuotaPrediction::estimate(const std::vector<double>& values) const {
    const double all = std::accumulate(weight_.begin(), weight_.end(), 0.0);
    std::vector<std::size_t> order(values.size());
    std::iota(order.begin(), order.end(), 0U);
    std::sort(order.begin(), order.end(), [&](std::size_t a, std::size_t b) { return values[a] < values[b]; });
    Estimate out;
    double sum = 0, below = 0;
    bool lo = false, hi = false;
    for (const std::size_t i : order) {
        sum += weight_[i] * values[i];
        below += weight_[i] / all;
        if (!lo && below >= 0.05) out.lo = values[i], lo = true;
        if (!hi && below >= 0.95) out.hi = values[i], hi = true;
    }
    out.value = sum / all;
    return out;
}

Estimate QuotaPrediction::meanAt(double vcpu) const {
    std::vector<double> values;
    for (const double k : k_) values.push_back(meanOf(k, vcpu));
    Estimate out = estimate(values);
    // The quota's rule itself is right to 3 % (the public Lambda curve, 185 sizes): that is not in k.
    const double k_half_lo = std::log(out.value / std::max(out.lo, 1e-9)), k_half_hi = std::log(std::max(out.hi, 1e-9) / out.value), rule = 1.645 * 0.04;
    out.lo = out.value * std::exp(-std::hypot(k_half_lo, rule));
    out.hi = out.value * std::exp(std::hypot(k_half_hi, rule));
    return out;
}

Estimate QuotaPrediction::k() const { return estimate(k_); }

Result<LocalPrediction> LocalPrediction::of(const Campaign& campaign, const std::vector<BenchPoint>& points) {
    PILOTLIGHT_TRY(predictable(campaign));
    if (campaign.plan.trial.target.device != "cpu") return fail(ErrorCode::unsupported, "Only what runs on the CPU follows the CPU share", {}, "Measure every size");
    LocalPrediction out;
    for (const auto& point : points) {
        if (!singleThreaded(campaign.plan, point)) continue;
        if (point.limiter == "duty-cycle" || point.limiter == "none")
            return fail(ErrorCode::unsupported, "No kernel held the CPU share of this campaign, and another rule cannot be predicted", {}, "Run it where bench devices says that a control group works");
        out.measured_.push_back({point.vcpu, *point.cpu_ms});
        if (point.vcpu >= 1) out.other_ms_ = otherOf(point);
    }
    if (out.measured_.size() < 2) return noPoint(campaign.plan, points);
    return out;
}

double LocalPrediction::cpuMsAt(double vcpu) const {
    const auto above = std::find_if(measured_.begin(), measured_.end(), [&](const At& at) { return at.vcpu >= vcpu; });
    if (above == measured_.begin()) return measured_.front().cpu_ms;
    if (above == measured_.end()) return measured_.back().cpu_ms;
    const At& below = *std::prev(above);
    const double part = std::log(vcpu / below.vcpu) / std::log(above->vcpu / below.vcpu);
    return below.cpu_ms + part * (above->cpu_ms - below.cpu_ms);
}

double LocalPrediction::isolatedMs(double vcpu, double period_ms) const { return other_ms_ + model::quotaRandomPhaseMs(cpuMsAt(vcpu), vcpu, period_ms, kTickMs); }

double LocalPrediction::saturatedMs(double vcpu) const {
    const double cpu = cpuMsAt(vcpu);
    return std::max(other_ms_ + cpu, cpu / std::min(vcpu, 1.0));
}

}  // namespace pilotlight::bench
