#include "app/common/inference_cost.h"

#include <fmt/format.h>

#include "app/common/campaigns.h"
#include "core/base/time.h"
#include "core/bench/quota_prediction.h"
#include "core/bench/size_table.h"
#include "core/pricing/cloud_run_cost.h"
#include "core/pricing/price_book.h"

namespace pilotlight::common {
namespace {

constexpr double kGpuVcpu = 4, kGpuGib = 16;

// USD of a second of an instance with one L4, without a GPU held ready in another zone.
Result<double> gpuSecond(std::string& date) {
    const auto book = pricing::bundledBook("gcp", "us-central1", "x86_64");
    if (!book) return fail(ErrorCode::not_found, "There are no bundled prices of Cloud Run");
    double usd = 0;
    for (const auto& [meter_name, units] : {std::pair{pricing::rate::kGpuL4, 1.0}, {pricing::rate::kInstanceVcpu, kGpuVcpu}, {pricing::rate::kInstanceMemory, kGpuGib}}) {
        const auto* found = book->find(meter_name);
        if (found == nullptr || found->tiers.empty()) return fail(ErrorCode::not_found, std::string("The price book has no ") + meter_name);
        usd += units * found->tiers.front().price.toDouble();
    }
    date = toIso8601(book->valid_from).substr(0, 10);
    return usd;
}

Result<InferenceCost> cheapestCpu(PlatformKind platform, const char* where, const bench::CpuNeed& need, bench::Target::Kind kind) {
    const auto price = pricePlan(platform, Architecture::x86_64);
    if (!price) return fail(ErrorCode::not_found, std::string("There are no bundled prices of ") + name(platform));
    const bench::QuotaPrediction prediction(platform, need, kind);
    InferenceCost best{.where = where};
    for (const auto mb : bench::defaultSizes(platform, false)) {
        PILOTLIGHT_ASSIGN(const auto rule, bench::emulate(platform, mb));
        const auto ms = prediction.meanAt(rule.size.vcpu);
        const auto cost = [&](double duration) { return 1000 * model::costUsd(*price, Megabytes{mb}, rule.size.vcpu, duration, 0); };
        if (best.usd_per_thousand && best.usd_per_thousand->value <= cost(ms.value)) continue;
        best.setting = fmt::format("{} MB", mb);
        best.duration_ms = ms;
        best.usd_per_thousand = Estimate{cost(ms.value), cost(ms.lo), cost(ms.hi)};
    }
    best.basis = fmt::format("{:.1f} ms CPU time measured here; the cloud's CPU assumed as fast within 20 %", need.cpu_ms);
    if (const auto book = pricing::bundledBook(name(platform), platform == PlatformKind::aws ? "us-east-1" : "us-central1", "x86_64")) best.price_date = toIso8601(book->valid_from).substr(0, 10);
    return best;
}

}  // namespace

Result<std::vector<InferenceCost>> inferenceCosts(const bench::Campaign& campaign, const std::optional<GpuLatency>& gpu) {
    PILOTLIGHT_ASSIGN(const auto need, bench::cpuNeedOf(campaign));
    const auto kind = campaign.plan.trial.target.kind;
    std::vector<InferenceCost> out;
    for (const auto& [platform, where] : {std::pair{PlatformKind::aws, "Lambda"}, {PlatformKind::gcp, "Cloud Run, CPU"}}) {
        PILOTLIGHT_ASSIGN(auto row, cheapestCpu(platform, where, need, kind));
        out.push_back(std::move(row));
    }
    InferenceCost row{.where = "Cloud Run, GPU L4", .setting = fmt::format("{:.0f} vCPU, {:.0f} GiB", kGpuVcpu, kGpuGib)};
    PILOTLIGHT_ASSIGN(const double second, gpuSecond(row.price_date));
    if (gpu) {
        const double usd = second * gpu->ms;  // 1,000 times ms / 1,000
        row.duration_ms = Estimate{gpu->ms, gpu->ms, gpu->ms};
        row.usd_per_thousand = Estimate{usd, usd, usd};
        row.basis = gpu->basis + "; busy all of the instance's life";
    } else {
        row.basis = "must be measured on a GPU (bench run --device cuda), or given";
    }
    out.push_back(std::move(row));
    return out;
}

Result<double> gpuBreakEvenMs(double usd_per_thousand) {
    std::string date;
    PILOTLIGHT_ASSIGN(const double second, gpuSecond(date));
    return usd_per_thousand / second;
}

}  // namespace pilotlight::common
