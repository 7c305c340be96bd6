#include "core/tuning/shared_model.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "core/model/slowdown_observed.h"
#include "core/pricing/cloud_run_cost.h"
#include "core/tuning/demand.h"
#include "core/tuning/projection.h"
#include "core/tuning/replay.h"
#include "core/tuning/shared_core.h"
#include "core/tuning/shared_replay.h"
#include "core/tuning/slowdown.h"

namespace pilotlight::tuning {
namespace {

constexpr double kMonth = kMonthOfSeconds;
constexpr double kDaysOfLoad = 3 * 86400.0;  // s, with which load differs enough
constexpr double kAssumedStart = 2.0;       // s, where no start was measured

double weighted(const MetricSeries& values, const MetricSeries& weights) {
    double sum = 0, n = 0;
    std::size_t w = 0;
    for (const auto& point : values.points) {
        while (w < weights.points.size() && weights.points[w].time < point.time) ++w;
        if (w == weights.points.size() || weights.points[w].time != point.time) continue;
        sum += point.value * weights.points[w].value;
        n += weights.points[w].value;
    }
    return n > 0 ? sum / n : 0;
}

double sumOf(const MetricSeries& series) {
    double sum = 0;
    for (const auto& point : series.points) sum += point.value;
    return sum;
}

// One observation for each size that was in force, from the metrics.
std::vector<Observation> observations(const Evidence& evidence, const Measured& measured) {
    std::vector<Observation> out = evidence.observations;
    std::map<std::tuple<std::int32_t, double, std::int32_t>, std::pair<double, double>> sums;
    std::size_t s = 0;
    for (const auto& point : evidence.duration_average.points) {
        while (s < evidence.duration_samples.points.size() && evidence.duration_samples.points[s].time < point.time) ++s;
        if (s == evidence.duration_samples.points.size() || evidence.duration_samples.points[s].time != point.time) continue;
        const SettingsInForce* then = nullptr;
        for (const auto& each : evidence.history)
            if (then == nullptr || each.since <= point.time) then = &each;
        if (then == nullptr) continue;
        auto& [sum, n] = sums[{then->memory.value, then->vcpu.value_or(evidence.function.vcpuShare()),
                               then->concurrency.value_or(evidence.function.concurrency)}];
        sum += point.value * evidence.duration_samples.points[s].value;
        n += evidence.duration_samples.points[s].value;
    }
    for (const auto& [size, sum] : sums) {
        if (sum.second < 5) continue;
        Observation o;
        o.memory = Megabytes{std::get<0>(size)};
        o.vcpu = std::get<1>(size);
        o.concurrency = std::get<2>(size);
        o.mean_ms = sum.first / sum.second;
        o.count = static_cast<std::int64_t>(sum.second);
        if (sums.size() == 1) {
            o.p50_ms = measured.p50_ms;
            o.p95_ms = measured.p95_ms;
            o.p99_ms = measured.p99_ms;
        }
        o.max_memory_used_mb = sums.size() == 1 ? measured.max_memory_used_mb : std::nullopt;
        o.provenance = "metrics";
        out.push_back(std::move(o));
    }
    return out;
}

}  // namespace

SharedModel::SharedModel(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
SharedModel::~SharedModel() = default;

SharedSettings SharedModel::Impl::resolve(const WhatIf& what) const {
    SharedSettings s = today;
    if (what.settings.memory) s.memory = *what.settings.memory;
    if (what.settings.vcpu) s.vcpu = *what.settings.vcpu;
    // Azure: 2,048 MB are one vCPU.
    if (evidence.function.platform == PlatformKind::azure && s.memory != today.memory) s.vcpu = s.memory.value / 2048.0;
    // 1st generation functions: 1 vCPU is 2.4 GHz, and the clock follows memory.
    if (evidence.function.untunedText(untuned_key::kKind) == "gen1" && s.memory != today.memory)
        s.vcpu = pricing::firstGenerationGigahertz(s.memory) / 2.4;
    if (what.settings.concurrency) s.concurrency = std::max(1, *what.settings.concurrency);
    if (what.settings.warm_pool) s.pool = std::max(leastPool(evidence.function), *what.settings.warm_pool);
    if (what.settings.instance_limit)
        s.limit = what.settings.instance_limit->kind == InstanceLimit::Kind::limited ? std::optional(what.settings.instance_limit->value)
                                                                                     : std::nullopt;
    s.traffic = std::clamp(what.traffic, 0.01, 100.0);
    s.surge = std::clamp(what.surge, 1.0, 100.0);
    return s;
}

double SharedModel::Impl::ratioAt(const SharedSettings& s) const {
    if (!latency || s.vcpu == today.vcpu) return 1;
    const double now = latency->at(today.memory, today.vcpu).mean_ms.value;
    return now > 0 ? latency->at(s.memory, s.vcpu).mean_ms.value / now : 1;
}

SharedTotals SharedModel::Impl::replay(const SharedSettings& s, std::size_t most, double alpha_used, const model::KeepAlive& law,
                                       double scale) const {
    SharedTotals totals;
    const std::size_t begin = work.arrivals.size() > most ? work.arrivals.size() - most : 0;
    if (begin == work.arrivals.size()) return totals;
    totals.span_s = std::max(1.0, (work.span_s - (begin == 0 ? 0 : work.arrivals[begin])) / s.traffic);
    model::SharedOptions options;
    options.concurrency = s.concurrency;
    options.slowdown_alpha = s.concurrency > 1 ? alpha_used : 0;
    options.startup_s = startAt(start_s, today.vcpu, s.vcpu);
    options.queue_s = kLongestQueue;
    options.min_instances = s.pool;
    options.limit = s.limit;
    options.keep_alive = law;
    const bool flex = evidence.function.untunedText(untuned_key::kKind) == "flex";
    if (s.surge != 1) {
        // Of the same arrivals, so that the rest of the day is as it was.
        Workload part;
        part.arrivals.assign(work.arrivals.begin() + static_cast<std::ptrdiff_t>(begin), work.arrivals.end());
        part.span_s = work.span_s;
        part.week_offset_s = work.week_offset_s;
        const std::vector<float> durations(service_s.begin() + static_cast<std::ptrdiff_t>(begin), service_s.end());
        const auto scaled = scaledRequests(part, durations, {.surge = s.surge, .surge_begin_s = busiestQuarter(work)});
        const double first = begin == 0 ? 0 : work.arrivals[begin];
        std::vector<double> arrivals;
        for (const double at : scaled.arrivals) arrivals.push_back(std::max(0.0, at - first));
        replayShared(arrivals, scaled.warm_s, {0, ratioAt(s) * scale, s.traffic, kHalfStep, flex ? kLeastFlexStretch : 0}, options, totals);
        return totals;
    }
    replayShared(work.arrivals, service_s, {begin, ratioAt(s) * scale, s.traffic, kHalfStep, flex ? kLeastFlexStretch : 0}, options, totals);
    return totals;
}

// Where requests meet in an instance, hours of more load tell how they slow each other down.
void SharedModel::Impl::fitAlpha() {
    alpha_lo = 0;
    if (work.arrivals.empty()) return;
    std::size_t most = kQuickArrivals;
    const auto first = [&] { return work.arrivals.size() > most ? work.arrivals[work.arrivals.size() - most] : 0; };
    if (first() > work.span_s - kDaysOfLoad) most = kExactArrivals;
    Slowdown fitted;
    if (today.concurrency > 1)
        fitted = fitSlowdown(evidence, work, alpha_hi, first(), [&](double each, double scale) { return replay(today, most, each, keep_alive, scale); });
    if (fitted.hours == 0) {
        std::vector<Observation> bench;  // their number at once is what was under way, not a setting
        for (const auto& each : evidence.observations)
            if (each.source == Observation::Source::bench) bench.push_back(each);
        if (const auto observed = model::observedSlowdown(bench)) {
            alpha = observed->alpha;
            alpha_lo = observed->lo;
            alpha_hi = observed->hi;
            alpha_pairs = observed->pairs;
        }
        return;
    }
    alpha = fitted.alpha;
    alpha_lo = fitted.lo;
    alpha_hi = fitted.hi;
    alpha_hours = fitted.hours;
}

// The most and the least requests at once with which the replay keeps as many instances as were counted.
void SharedModel::Impl::fitConcurrency() {
    double counted = 0, known_s = 0;
    for (const auto& point : evidence.billable_time.points) counted += point.value;
    for (const auto& range : evidence.billable_time.coverage.ranges()) known_s += std::chrono::duration<double>(range.length()).count();
    if (work.arrivals.empty() || counted <= 0 || known_s <= 0) return;
    const double alive = counted / known_s;
    constexpr std::int32_t sizes[] = {1, 2, 4, 8, 16, 32, 100};  // 100: the most that matters with a default host.json
    std::vector<double> off;
    for (const auto size : sizes) {
        SharedSettings s = today;
        s.concurrency = size;
        const auto totals = replay(s, kQuickArrivals, 0, keep_alive);
        off.push_back(std::abs(std::log(std::max(1e-6, totals.alive_s / totals.span_s) / alive)));
    }
    const double best = *std::min_element(off.begin(), off.end());
    for (std::size_t i = 0; i < off.size(); ++i) {
        if (off[i] > best + kMeasurementNoise) continue;
        if (!least_concurrency) least_concurrency = sizes[i];
        today.concurrency = sizes[i];
    }
}

SharedPoint SharedModel::Impl::pointOf(const SharedSettings& s, std::size_t most) const {
    SharedPoint p;
    p.settings = s;
    const double pool_s = s.pool * kMonth;
    if (work.arrivals.empty()) {
        p.usage.pool_instance_seconds = p.usage.instance_seconds = pool_s;
        return p;
    }
    const auto totals = replay(s, most, alpha, keep_alive);
    const double month = kMonth / totals.span_s;
    const double served = std::max(1.0, totals.requests);
    p.bins = totals.bins;
    p.peak = totals.peak;
    p.requests = totals.requests * month;
    p.cold_share = std::min(1.0, totals.starts * cold_anchor / served);
    p.throttled_share = totals.throttled / std::max(1.0, totals.requests + totals.throttled);
    p.usage = usageOf(s, kMonth, totals, month);
    p.p50_s = totals.latency.quantile(0.50);
    p.p95_s = totals.latency.quantile(0.95);
    p.p99_s = totals.latency.quantile(0.99);
    if (latency && s.vcpu != today.vcpu) {
        const auto at = latency->at(s.memory, s.vcpu);
        if (at.mean_ms.value > 0) {
            p.speed_lo = std::min(1.0, at.mean_ms.lo / at.mean_ms.value);
            p.speed_hi = std::max(1.0, at.mean_ms.hi / at.mean_ms.value);
        }
        p.beyond = !at.measured;
    }
    // How requests slow each other down is known that well only.
    const double others = std::max(0, s.concurrency - 1), now = std::max(0, today.concurrency - 1);
    if (s.concurrency != today.concurrency) {
        const auto slower = [&](double each) { return (1 + each * others) / (1 + each * now); };
        p.speed_lo *= std::min({1.0, slower(alpha_lo) / slower(alpha), slower(alpha_hi) / slower(alpha)});
        p.speed_hi *= std::max({1.0, slower(alpha_lo) / slower(alpha), slower(alpha_hi) / slower(alpha)});
    }
    for (const auto& [seconds, share] : totals.latency.cdf()) p.cdf.emplace_back(seconds * 1000, share);
    return p;
}

Result<std::unique_ptr<const SharedModel>> SharedModel::build(Evidence given, const JobContext& job) {
    auto impl = std::make_unique<Impl>();
    Impl& m = *impl;
    m.evidence = std::move(given);
    const Function& f = m.evidence.function;
    m.measured = measure(m.evidence);
    m.today = {f.memory,
               f.vcpuShare(),
               std::max(1, f.concurrency),
               std::max(0, f.warmPool().value_or(0)),
               f.instance_limit.kind == InstanceLimit::Kind::limited ? std::optional(f.instance_limit.value) : std::nullopt,
               1};
    if (m.measured.max_memory_used_mb) m.floor = Megabytes{static_cast<std::int32_t>(std::ceil(*m.measured.max_memory_used_mb * 1.15))};
    model::FitOptions fit;
    fit.platform = f.platform;
    if (auto latency = model::LatencyModel::fit(observations(m.evidence, m.measured), fit)) m.latency = std::move(*latency);
    const auto read = coverageOf(m.evidence);
    m.work = withoutGaps(makeWorkload(m.evidence, read, m.latency));
    if (m.work.arrivals.empty() && m.today.pool == 0)
        return fail(ErrorCode::not_found,
                    f.name + " was not invoked between " + toIso8601(m.measured.period.begin) + " and " + toIso8601(m.measured.period.end),
                    "There is nothing to replay, so no what-if and no recommendation.", "Sync a longer range, or wait for traffic.");
    PILOTLIGHT_TRY(job.check());
    m.start_s = weighted(m.evidence.init_average, m.evidence.cold_starts) / 1000;
    if (m.start_s <= 0) {
        m.start_s = kAssumedStart;
        m.start_assumed = true;
    }
    // How many vCPU one request keeps busy bounds how requests slow each other down.
    const double active_s = sumOf(m.evidence.billable_time), cpu = weighted(m.evidence.cpu_utilization, m.evidence.duration_samples);
    const double busy_s = m.measured.mean_ms.value_or(0) / 1000 * static_cast<double>(m.measured.invocations.value_or(0));
    const double used = cpu > 0 && busy_s > 0 && active_s > 0 ? std::min(1.0, cpu * m.today.vcpu * active_s / busy_s) : 1.0;
    m.alpha_hi = std::min(1.0, used / std::max(0.08, m.today.vcpu));
    m.alpha = m.alpha_hi / 2;

    // Durations: log-normal with the measured mean and spread (median against 95th percentile).
    double sigma = 0.3;
    // Percentiles over the whole range where they were read, else those of periods: for the spread of the draws that is close enough.
    const double p50 = m.measured.p50_ms.value_or(weighted(m.evidence.duration_p50, m.evidence.duration_samples)),
                 p95 = m.measured.p95_ms.value_or(weighted(m.evidence.duration_p95, m.evidence.duration_samples));
    m.percentiles = p95 > 0;
    if (p50 > 0 && p95 > p50) sigma = std::clamp(std::log(p95 / p50) / 1.645, 0.02, 1.5);
    const double mean_s = m.measured.mean_ms.value_or(m.latency ? m.latency->at(f.memory, m.today.vcpu).mean_ms.value : 100) / 1000;
    model::Random random(0x73686172);
    m.service_s.reserve(m.work.arrivals.size());
    for (std::size_t i = 0; i < m.work.arrivals.size(); ++i)
        m.service_s.push_back(static_cast<float>(std::max(1e-5, mean_s * model::portableExp(sigma * random.normal() - sigma * sigma / 2))));

    // Idle instances live for up to 15 minutes (Cloud Run); which of these laws brings about the starts that were counted.
    const double starts = sumOf(m.evidence.cold_starts), counted = std::max(1.0, sumOf(m.evidence.invocations));
    m.keep_alive.kind = model::KeepAlive::Kind::fixed;
    m.keep_alive.seconds = 850;
    double best = INFINITY;
    for (const double seconds : {60.0, 150.0, 300.0, 500.0, 700.0, 850.0, 1200.0}) {
        if (m.work.arrivals.empty() || m.evidence.cold_starts.points.empty()) break;
        PILOTLIGHT_TRY(job.check());
        model::KeepAlive law;
        law.kind = model::KeepAlive::Kind::fixed;
        law.seconds = seconds;
        const auto totals = m.replay(m.today, kQuickArrivals, m.alpha, law);
        const double off = std::abs(std::log((totals.starts / std::max(1.0, totals.requests) + 1e-4) / (starts / counted + 1e-4)));
        if (off < best) {
            best = off;
            m.keep_alive = law;
        }
    }
    if (!f.concurrencyKnown() && f.untunedText(untuned_key::kBilling) == "instance") m.fitConcurrency();
    PILOTLIGHT_TRY(job.check());
    m.fitAlpha();
    if (!m.work.arrivals.empty()) {
        // Durations were measured beside other requests; alone they are shorter.
        const double scale = scaleUntil([&](double each) {
            const auto shared = m.replay(m.today, kQuickArrivals, m.alpha, m.keep_alive, each);
            return shared.warm_sum_s > 0 ? mean_s * shared.warm / shared.warm_sum_s : 0;
        });
        if (scale > 0)
            for (float& s : m.service_s) s *= static_cast<float>(std::min(1.0, scale));
        const auto now = m.replay(m.today, kExactArrivals, m.alpha, m.keep_alive);
        const auto usage = [&] {
            pricing::Usage all;
            for (const auto& segment : usageSegments(m.evidence, m.measured.period)) {
                all.requests += segment.usage.requests;
                all.duration_ms_billed += segment.usage.duration_ms_billed + segment.usage.pool_duration_ms_billed;
                all.instance_seconds += segment.usage.instance_seconds;
            }
            return all;
        }();
        const auto anchor = [&](double measured_total, double modelled) {
            if (!(measured_total > 0) || !(modelled > 0) || !(usage.requests > 0)) return 1.0;
            return std::clamp(measured_total / usage.requests / (modelled / std::max(1.0, now.requests)), 0.4, 2.5);
        };
        m.active_anchor = anchor(usage.duration_ms_billed / 1000, now.active_s);
        m.alive_anchor = anchor(usage.instance_seconds, now.alive_s);
        if (!m.evidence.cold_starts.points.empty())
            m.cold_anchor = std::clamp((starts / counted * now.requests + 1) / (now.starts + 1), 0.33, 3.0);
    }
    m.today_point = m.pointOf(m.today, kExactArrivals);
    m.today_quick = m.work.arrivals.size() > kQuickArrivals ? m.pointOf(m.today, kQuickArrivals) : m.today_point;

    auto& basis = m.basis;
    basis.evidence = m.work.description;
    basis.demand = demandAheadText(m.evidence, m.evidence.range);
    basis.model =
        (m.latency ? m.latency->describe() : std::string("no duration was measured")) +
        fmt::format("; idle instances live {:.0f} s; an instance starts in {:.1f} s; billed time anchored on the measured one (x{:.2f})",
                    m.keep_alive.seconds, m.start_s, m.active_anchor);
    basis.prices =
        m.evidence.prices ? pricing::describe(*m.evidence.prices) : "price unknown: no price list of " + f.region + " has been read";
    if (auto caution = read.caution(); !caution.empty()) basis.cautions.push_back(std::move(caution));
    basis.cautions.push_back(
        "arrivals are drawn from counts by period, durations from the measured distribution: this platform has no log line a request");
    if (!m.percentiles) basis.cautions.push_back(f.platform == PlatformKind::azure
                                     ? "latency percentiles are not available without Application Insights: none is predicted"
                                     : "latency percentiles were not measured: none is predicted");
    if (m.evidence.plan_apps > 1)
        basis.cautions.push_back(fmt::format(
            "{} apps share the plan: its instances are taken to be those of the app that runs on most, and are divided by what each runs on; another "
            "app's instances may take the place of those that this one gives up",
            m.evidence.plan_apps));
    if (m.start_assumed) basis.cautions.push_back("no instance start was measured: its time is an assumption (2 s)");
    if (m.least_concurrency)
        basis.cautions.push_back(fmt::format(
            "how many requests an instance serves at once is set in host.json, which Azure does not show; assumed are {}, and {} are as consistent "
            "with the instances counted",
            m.today.concurrency, m.least_concurrency == m.today.concurrency ? "no others" : fmt::format("{} or more", *m.least_concurrency)));
    else if (m.today.concurrency > 1 && m.alpha_hours == 0 && m.alpha_pairs == 0)
        basis.cautions.push_back(
            "how requests in one instance slow each other down was not measured: another concurrency has a wide interval");
    if (m.alpha_hours > 0 || m.alpha_pairs > 0)
        basis.model += fmt::format("; each other request in an instance makes one {:.0f} % slower ({:.0f} to {:.0f} %; {})", 100 * m.alpha, 100 * m.alpha_lo,
                                   100 * m.alpha_hi, m.alpha_hours > 0 ? fmt::format("fitted to {} hours", m.alpha_hours) : std::string("measured by the bench agent"));
    m.today_result.today = m.today_result.whatif = m.outcomeOf(m.today_point, true);
    m.today_result.basis = basis;

    // The week view: instances busy, from requests and durations by five minutes.
    for (auto* part : {&m.week.mean, &m.week.peak, &m.week.cold}) part->assign(2016, 0.0F);
    const double weeks = std::max(1.0, m.work.span_s / (7 * 86400.0));
    for (std::size_t i = 0; i < m.work.arrivals.size(); ++i) {
        const auto bin = static_cast<std::size_t>((m.work.arrivals[i] + m.work.week_offset_s) / 300) % 2016;
        m.week.mean[bin] += static_cast<float>(m.service_s[i] / (300 * weeks * m.today.concurrency));
    }
    for (std::size_t b = 0; b < 2016; ++b) m.week.peak[b] = std::ceil(m.week.mean[b] + 3 * std::sqrt(m.week.mean[b]));
    PILOTLIGHT_TRY(job.check());
    return std::unique_ptr<const SharedModel>(new SharedModel(std::move(impl)));
}

WhatIfResult SharedModel::quick(const WhatIf& what) const {
    WhatIfResult result = impl_->today_result;
    const auto settings = impl_->resolve(what);
    if (settings != impl_->today) result.whatif = impl_->outcomeOf(impl_->pointOf(settings, kQuickArrivals), false);
    return result;
}

Result<WhatIfResult> SharedModel::exact(const WhatIf& what, const JobContext& job) const {
    PILOTLIGHT_TRY(job.check());
    WhatIfResult result = impl_->today_result;
    const auto settings = impl_->resolve(what);
    if (settings == impl_->today) return result;
    const auto point = impl_->pointOf(settings, kExactArrivals);
    result.whatif = impl_->outcomeOf(point, true);
    if (point.beyond) result.basis.cautions.push_back(fmt::format("{:g} vCPU were never measured", settings.vcpu));
    if (impl_->floor && settings.memory < *impl_->floor)
        result.basis.cautions.push_back(
            fmt::format("{} MB is less than the {} MB that the evidence asks for", settings.memory.value, impl_->floor->value));
    PILOTLIGHT_TRY(job.check());
    return result;
}

const Engine::Week& SharedModel::week() const { return impl_->week; }
const Evidence& SharedModel::evidence() const { return impl_->evidence; }
std::optional<Megabytes> SharedModel::memoryFloor() const { return impl_->floor; }

}  // namespace pilotlight::tuning
