#include "core/tuning/elsewhere.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "core/pricing/near_regions.h"
#include "core/tuning/elsewhere_core.h"
#include "core/tuning/shared_replay.h"
#include "core/tuning/words.h"

namespace pilotlight::tuning {
namespace {

constexpr double kMonth = 30 * 86400.0;
constexpr std::size_t kReplayed = 60'000;    // newest requests of a replay
constexpr double kOtherCpu = 0.25;           // how much faster or slower a vCPU of another service may be: an assumption, said as such
constexpr double kOtherKeepAlive = 3;        // and how many times longer or shorter idle instances may live
constexpr double kLambdaHalfStep = 0.0005;   // s: Lambda bills by the millisecond
constexpr double kLambdaVcpuMegabytes = 1769;
constexpr double kMostLambdaSeconds = 900;

struct Size {
    int memory;
    double vcpu;
};

bool isAt(const Function& f, PlatformKind platform) {
    const std::string_view kind = f.untunedText(untuned_key::kKind);
    if (f.platform != platform) return false;
    return platform == PlatformKind::azure ? kind == "flex" : kind != "gen1";
}

const char* serviceOf(const Function& f) {
    const std::string_view kind = f.untunedText(untuned_key::kKind);
    if (f.platform == PlatformKind::aws) return "AWS Lambda";
    if (f.platform == PlatformKind::gcp) return kind == "gen1" ? "Cloud Functions, 1st generation" : "Cloud Run";
    return kind == "premium" ? "Azure Elastic Premium" : kind == "consumption" ? "Azure Consumption" : kind == "flex" ? "Azure Flex Consumption" : "Azure dedicated plan";
}

// Sizes worth a replay: no smaller than the evidence allows, from half of today's CPU to twice it.
std::vector<Size> sizesOf(PlatformKind platform, double vcpu_today, int floor) {
    std::vector<Size> all;
    if (platform == PlatformKind::aws) {
        for (const int memory : {512, 884, 1024, 1769, 2048, 3072, 3538, 5307, 7076, 10240})
            all.push_back({memory, std::min(6.0, memory / kLambdaVcpuMegabytes)});
    } else if (platform == PlatformKind::gcp) {
        for (const double vcpu : {1.0, 2.0, 4.0, 8.0})  // least memory that the CPU and the evidence allow (docs: memory limits)
            for (const int memory : {512, 1024, 2048, 4096, 8192, 16384, 32768})
                if (memory >= floor && memory <= 4096 * vcpu && memory >= (vcpu >= 8 ? 4096 : vcpu >= 4 ? 2048 : 512)) {
                    all.push_back({memory, vcpu});
                    break;
                }
    } else {
        all = {{512, 0.25}, {2048, 1}, {4096, 2}};
    }
    std::erase_if(all, [&](const Size& s) { return s.memory < floor; });
    const auto near = [&](const Size& s) { return s.vcpu >= vcpu_today / 2 - 0.01 && s.vcpu <= vcpu_today * 2 + 0.01; };
    if (std::any_of(all.begin(), all.end(), near)) std::erase_if(all, [&](const Size& s) { return !near(s); });
    return all;
}

model::KeepAlive keepAliveOf(PlatformKind platform) {
    if (platform == PlatformKind::aws) return model::lambdaKeepAlivePrior();
    model::KeepAlive law;
    law.kind = model::KeepAlive::Kind::fixed;
    law.seconds = platform == PlatformKind::gcp ? 850 : 600;  // Cloud Run: up to 15 min; Azure does not say
    return law;
}

model::KeepAlive scaled(model::KeepAlive law, double factor) {
    law.seconds *= factor;
    law.from_s *= factor;
    law.to_s *= factor;
    return law;
}

class Placer {
public:
    Placer(const Requests& requests, double traffic) : in_(requests), f_(requests.evidence.function), traffic_(std::clamp(traffic, 0.01, 100.0)) {
        begin_ = in_.arrivals.size() > kReplayed ? in_.arrivals.size() - kReplayed : 0;
        const double vcpu = f_.vcpuShare();
        const SharedTotals own = replay(f_.platform, {f_.memory.value, vcpu}, std::max(1, f_.concurrency), isFlexToday(), in_.keep_alive);
        const auto& used = in_.usage;
        const double measured = (used.duration_ms_billed + used.init_ms_billed + used.pool_duration_ms_billed) / 1000;
        if (measured > 0 && used.requests > 0 && own.active_s > 0 && own.requests > 0)
            anchor_ = std::clamp(measured / used.requests / (own.active_s / own.requests), 0.5, 2.0);
    }

    [[nodiscard]] Placement at(PlatformKind platform, const Size& size, const std::optional<PriceBook>& book) const {
        Placement p;
        p.platform = platform;
        p.service = platform == PlatformKind::aws ? "AWS Lambda" : platform == PlatformKind::gcp ? "Cloud Run" : "Azure Flex Consumption";
        p.memory = Megabytes{size.memory};
        p.vcpu = size.vcpu;
        p.concurrency = platform == PlatformKind::aws ? 1 : std::max(1, f_.concurrency);
        p.warm_pool = pool();
        const SharedTotals totals = replay(platform, size, p.concurrency, platform == PlatformKind::azure, keepAliveOf(platform));
        const double month = kMonth / totals.span_s * in_.scale, served = std::max(1.0, totals.requests);
        auto usage = sharedUsageOf(p.warm_pool * kMonth, totals, month, anchor_, 1);
        usage.instance_seconds = 0;  // none of the placements is billed by the instance
        pricing::InstanceShape shape;
        shape.memory = p.memory;
        shape.vcpu = p.vcpu;
        if (platform == PlatformKind::azure) shape.plan = "flex";
        const auto [slow_lo, slow_hi] = speed(size);
        price(p, usage, shape, book, slow_lo, slow_hi);
        if (in_.percentiles) {
            // Where cold starts are about as many as the requests beyond a percentile, it hangs on how long instances live.
            const bool flex = platform == PlatformKind::azure;
            const auto law = keepAliveOf(platform);
            const SharedTotals shorter = replay(platform, size, p.concurrency, flex, scaled(law, 1 / kOtherKeepAlive)),
                               longer = replay(platform, size, p.concurrency, flex, scaled(law, kOtherKeepAlive));
            const auto time = [&, lo = slow_lo, hi = slow_hi](double q) {
                const double ms = totals.latency.quantile(q) * 1000, worse = shorter.latency.quantile(q) * 1000, better = longer.latency.quantile(q) * 1000;
                return Estimate{ms, std::min(ms, better) * lo, std::max(ms, worse) * hi};
            };
            p.outcome.p50_ms = time(0.50);
            p.outcome.p95_ms = time(0.95);
            p.outcome.p99_ms = time(0.99);
        }
        const double cold = std::min(1.0, totals.starts / served);  // at most as many times more as instances live shorter
        p.outcome.cold_start_share = Estimate{cold, cold / kOtherKeepAlive, std::min(1.0, cold * kOtherKeepAlive)};
        return p;
    }

    [[nodiscard]] int pool() const { return std::max(0, f_.warmPool().value_or(0)); }

private:
    [[nodiscard]] bool isFlexToday() const { return f_.untunedText(untuned_key::kKind) == "flex"; }

    [[nodiscard]] model::DurationEstimate latencyAt(double vcpu) const {
        if (f_.platform == PlatformKind::aws)
            return in_.latency->at(Megabytes{static_cast<std::int32_t>(std::lround(std::clamp(vcpu * kLambdaVcpuMegabytes, 128.0, 10240.0)))});
        return in_.latency->at(f_.memory, vcpu);
    }
    [[nodiscard]] double ratio(double vcpu) const {
        if (!in_.latency || std::abs(vcpu - f_.vcpuShare()) < 0.005) return 1;
        const double now = latencyAt(f_.vcpuShare()).mean_ms.value;
        return now > 0 ? latencyAt(vcpu).mean_ms.value / now : 1;
    }
    // 90 % interval of durations, relative to their value: of the curve, and of another service's CPU.
    [[nodiscard]] std::pair<double, double> speed(const Size& size) const {
        double lo = 1, hi = 1;
        if (in_.latency && std::abs(size.vcpu - f_.vcpuShare()) >= 0.005) {
            const auto estimate = latencyAt(size.vcpu);
            if (estimate.mean_ms.value > 0) {
                lo = std::min(1.0, estimate.mean_ms.lo / estimate.mean_ms.value);
                hi = std::max(1.0, estimate.mean_ms.hi / estimate.mean_ms.value);
            }
        }
        return {lo / (1 + kOtherCpu), hi * (1 + kOtherCpu)};
    }

    [[nodiscard]] SharedTotals replay(PlatformKind platform, const Size& size, int concurrency, bool flex, const model::KeepAlive& law) const {
        SharedTotals totals;
        const double first = begin_ == 0 || begin_ >= in_.arrivals.size() ? 0 : in_.arrivals[begin_];
        totals.span_s = std::max(1.0, (in_.span_s - first) / traffic_);
        model::SharedOptions options;
        options.concurrency = concurrency;
        options.slowdown_alpha = concurrency > 1 ? in_.alpha : 0;
        options.startup_s = startAt(in_.start_s, f_.vcpuShare(), size.vcpu);
        options.queue_s = kLongestQueue;
        options.min_instances = pool();
        options.keep_alive = law;
        const double half_step = platform == PlatformKind::aws ? kLambdaHalfStep : kHalfStep;
        replayShared(in_.arrivals, in_.service_s, {begin_, ratio(size.vcpu), traffic_, half_step, flex ? kLeastFlexStretch : 0}, options, totals);
        return totals;
    }

    static void price(Placement& p, const pricing::Usage& usage, const pricing::InstanceShape& shape, const std::optional<PriceBook>& book, double lo,
                      double hi) {
        if (!book) {
            p.prices = p.region.empty() ? "price unknown: no price list has been read" : "price unknown: no price list of " + p.region + " has been read";
            return;
        }
        const auto at = [&](double slow) {
            auto scaled = usage;
            scaled.duration_ms_billed *= slow;
            scaled.pool_duration_ms_billed = std::min(scaled.pool_duration_ms_billed * slow, scaled.pool_instance_seconds * 1000);
            return pricing::functionLines(scaled, shape, *book, {});
        };
        auto value = at(1);
        const auto low = at(lo), high = at(hi);
        if (!value || !low || !high) {
            p.prices = "price unknown: " + (!value ? value.error().what : std::string("a price is missing"));
            return;
        }
        const auto total = [](const std::vector<CostLine>& lines) {
            Money sum;
            for (const auto& line : lines) sum += line.amount;
            return sum;
        };
        p.outcome.cost_month = MoneyEstimate{total(*value), total(*low), total(*high)};
        const auto of = [](const std::vector<CostLine>& lines, const std::string& meter) {
            for (const auto& line : lines)
                if (line.meter == meter) return line.amount;
            return Money{};
        };
        for (const auto& line : *value) p.outcome.breakdown[line.meter] = {line.amount, of(*low, line.meter), of(*high, line.meter)};
        p.lines = std::move(*value);
        p.prices = pricing::describe(*book);
    }

    const Requests& in_;
    const Function& f_;
    double traffic_;
    std::size_t begin_ = 0;
    double anchor_ = 1;  // measured billed time a request over the replayed one
};

// Today's lines: the measured use at its prices, made to sum to what was measured.
Placement todayOf(const Requests& in) {
    const Function& f = in.evidence.function;
    Placement p;
    p.platform = f.platform;
    p.service = serviceOf(f);
    p.region = f.region;
    p.memory = f.memory;
    p.vcpu = f.vcpuShare();
    p.concurrency = std::max(1, f.concurrency);
    p.warm_pool = std::max(0, f.warmPool().value_or(0));
    p.today = true;
    p.outcome = in.today;
    p.prices = in.evidence.prices ? pricing::describe(*in.evidence.prices) : "price unknown: no price list of " + f.region + " has been read";
    if (!in.evidence.prices || !in.today.cost_month) return p;
    auto lines = pricing::functionLines(in.usage, pricing::shapeOf(f, f.memory, f.vcpu), *in.evidence.prices, in.evidence.price_factors);
    if (!lines) return p;
    for (auto& line : *lines) {
        const auto amount = in.today.breakdown.find(line.meter);
        if (amount == in.today.breakdown.end()) continue;
        const double whole = line.amount.toDouble();
        if (whole > 0) line.quantity *= amount->second.value.toDouble() / whole;
        line.amount = amount->second.value;
        p.lines.push_back(std::move(line));
    }
    return p;
}

}  // namespace

Requests requestsOf(const SharedModel::Impl& m, const Outcome& today) {
    return {.evidence = m.evidence,
            .arrivals = m.work.arrivals,
            .service_s = m.service_s,
            .latency = m.latency,
            .keep_alive = m.keep_alive,
            .usage = m.today_point.usage,
            .today = today,
            .floor = m.floor,
            .span_s = m.work.span_s,
            .scale = m.work.scale,
            .start_s = m.start_s,
            .start_assumed = m.start_assumed,
            .alpha = m.alpha,
            .percentiles = m.percentiles};
}

Result<Elsewhere> placeElsewhere(const Requests& in, const BookSource& books, double traffic, const JobContext& job) {
    const Function& f = in.evidence.function;
    if (!f.untunedText(untuned_key::kAccelerator).empty())
        return fail(ErrorCode::unsupported, f.name + " runs with a GPU", "Neither Lambda nor Azure Functions has one: there is nothing to compare.", {});
    PILOTLIGHT_TRY(job.check());
    Elsewhere out;
    out.placements.push_back(todayOf(in));
    auto& today = out.placements.front();
    if (in.evidence.slo && in.evidence.slo->p95_ms)
        out.target_p95_ms = in.evidence.slo->p95_ms;
    else if (today.outcome.p95_ms)
        out.target_p95_ms = today.outcome.p95_ms->value * 1.05;
    const auto meets = [&](const Placement& p) { return out.target_p95_ms && p.outcome.p95_ms && p.outcome.p95_ms->value <= *out.target_p95_ms * (1 + 1e-9); };
    today.meets_target = meets(today);
    const Placer placer(in, traffic);
    for (const auto platform : {PlatformKind::aws, PlatformKind::gcp, PlatformKind::azure}) {
        if (isAt(f, platform)) continue;
        // The nearest region whose prices are known; else the nearest, at an unknown price.
        const auto near = pricing::nearRegions(f.platform, f.region, platform);
        std::string region = near.empty() ? std::string{} : near.front();
        std::optional<PriceBook> book;
        for (const auto& each : near) {
            book = books(platform, each);
            if (!book) continue;
            region = each;
            break;
        }
        std::optional<Placement> best;
        for (const auto& size : sizesOf(platform, f.vcpuShare(), in.floor ? in.floor->value : 0)) {
            PILOTLIGHT_TRY(job.check());
            Placement p = placer.at(platform, size, book);
            p.region = region;
            if (!book) p.prices = region.empty() ? "price unknown: no region near " + f.region + " is known" : "price unknown: no price list of " + region + " has been read";
            p.meets_target = meets(p);
            if (platform == PlatformKind::aws && p.outcome.p99_ms && p.outcome.p99_ms->value > kMostLambdaSeconds * 1000) p.meets_target = false;
            const auto cost = [](const Placement& q) { return q.outcome.cost_month ? q.outcome.cost_month->value.toDouble() : q.vcpu; };
            const auto slow = [](const Placement& q) { return q.outcome.p95_ms ? q.outcome.p95_ms->value : 0; };
            const bool better = !best ? true
                                : p.meets_target != best->meets_target ? p.meets_target
                                : p.meets_target || !p.outcome.p95_ms  ? cost(p) < cost(*best)
                                                                       : slow(p) < slow(*best);
            if (better) best = std::move(p);
        }
        if (best) out.placements.push_back(std::move(*best));
    }
    out.cautions.push_back(fmt::format("a vCPU is taken to be as fast everywhere, give or take {:.0f} %: run it there, or benchmark it, before moving", kOtherCpu * 100));
    out.cautions.push_back("how long idle instances live elsewhere is an assumption: the intervals hold for a third to three times as long");
    out.cautions.push_back("list prices before free grants; data transfer, logs and other services that it calls are not in them");
    if (f.concurrency <= 1) out.cautions.push_back("one request an instance everywhere: how requests would share one was not measured");
    if (in.start_assumed) out.cautions.push_back("no start of an instance was measured: its time is an assumption");
    if (!in.percentiles) out.cautions.push_back("latency percentiles were not measured: none is predicted, so the cheapest size is shown");
    return out;
}

std::string flexAdvice(const Placement& place, const Placement& today) {
    if (place.today || place.service != "Azure Flex Consumption" || !place.outcome.cost_month || !today.outcome.cost_month) return {};
    const auto& cost = *place.outcome.cost_month;
    return fmt::format("On Flex Consumption with {} MB the same requests would cost about {} a month ({} to {}) instead of {}; it can keep instances "
                       "ready. Moving means a new app: Pilotlight does not do it.",
                       place.memory.value, dollars(cost.value.toDouble()), dollars(cost.lo.toDouble()), dollars(cost.hi.toDouble()),
                       dollars(today.outcome.cost_month->value.toDouble()));
}

}  // namespace pilotlight::tuning
