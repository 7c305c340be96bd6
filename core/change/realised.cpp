#include "core/change/realised.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "core/change/harm.h"
#include "core/change/settings.h"
#include "core/pricing/price_book.h"
#include "core/store/plan_part.h"
#include "core/store/qualifier_series.h"
#include "core/tuning/measured.h"
#include "core/tuning/pool_levels.h"
#include "core/tuning/projection.h"

namespace pilotlight::change {
namespace {

constexpr hours kBaseline{14 * 24};
constexpr double kNormal95 = 1.6448536269514722;
constexpr double kLeastRelativeError = 0.01;  // what rounding and late points leave open at best

struct Usage {
    tuning::TimeCost cost;
    bool by_time = false;                         // instances are billed for their whole life
    std::vector<double> instances;                // by_time: their mean number in each metric period
    double relative_error = kLeastRelativeError;  // of the cost a request
    [[nodiscard]] double meanInstances() const {
        double sum = 0;
        for (const double each : instances) sum += each;
        return instances.empty() ? 0 : sum / static_cast<double>(instances.size());
    }
};

Result<MetricSeries> wholeSeries(const store::Store& store, const std::vector<SeriesKey>& keys, Metric metric, Statistic statistic,
                                 TimeRange range) {
    MetricSeries best;
    for (const auto& key : keys) {
        if (!key.qualifier.empty() || key.metric != metric || key.statistic != statistic) continue;
        PILOTLIGHT_ASSIGN(auto series, store.series(key, range));
        series.key = key;
        const bool longer = series.coverage.length() > best.coverage.length();
        const bool finer = series.coverage.length() == best.coverage.length() && key.period < best.key.period;
        if (longer || finer) best = std::move(series);
    }
    return best;
}

// Standard error of the mean billed duration over the mean.
double relativeError(const tuning::Evidence& evidence, TimeRange range) {
    double n = 0, sum = 0, squares = 0;
    const auto add = [&](double value, double weight) {
        n += weight;
        sum += weight * value;
        squares += weight * value * value;
    };
    double parts = 0;
    if (evidence.log.complete.covers(range)) {
        for (const auto& invocation : evidence.log.invocations) {
            if (range.contains(invocation.time)) add(invocation.billed_ms, 1);
        }
        parts = n;
    } else {
        // The spread of the periods' means is that of the mean itself, over the number of periods.
        for (const auto& point : evidence.duration_average.points) {
            if (!range.contains(point.time)) continue;
            add(point.value, 1);
            ++parts;
        }
    }
    if (parts < 2 || sum <= 0) return 0.5;
    const double mean = sum / n;
    const double variance = std::max(0.0, squares / n - mean * mean) * n / std::max(1.0, n - 1);
    return std::max(kLeastRelativeError, std::sqrt(variance / parts) / mean);
}

Result<std::optional<Usage>> usageOf(store::Store& store, const Profile& profile, const Function& function, TimeRange range) {
    if (range.length() < minutes(5)) return std::nullopt;
    PILOTLIGHT_ASSIGN(const auto keys, store.seriesKeys(function.id));
    tuning::Evidence evidence;
    evidence.function = function;
    evidence.range = range;
    PILOTLIGHT_ASSIGN(evidence.log, store.invocations(function.id, range));
    const std::pair<MetricSeries*, std::pair<Metric, Statistic>> wanted[] = {
        {&evidence.invocations, {Metric::invocations, Statistic::sum}},
        {&evidence.duration_average, {Metric::duration, Statistic::average}},
        {&evidence.duration_samples, {Metric::duration, Statistic::sample_count}},
        {&evidence.billable_time, {Metric::billable_time, Statistic::sum}},
        {&evidence.pool_billable_time, {Metric::pool_billable_time, Statistic::sum}},
        {&evidence.cold_starts, {Metric::cold_starts, Statistic::sum}},
        {&evidence.init_average, {Metric::init_duration, Statistic::average}},
    };
    for (const auto& [series, what] : wanted) {
        PILOTLIGHT_ASSIGN(*series, wholeSeries(store, keys, what.first, what.second, range));
    }
    PILOTLIGHT_ASSIGN(evidence.pool_invocations, store::sumOverQualifiers(store, keys, Metric::pool_invocations, range));
    if (!function.untunedText(untuned_key::kPlan).empty()) {
        PILOTLIGHT_ASSIGN(const auto functions, store.functions());
        const auto plans = store::sharedPlans(functions);
        if (const auto plan = plans.find(std::string(function.untunedText(untuned_key::kPlan))); plan != plans.end()) {
            evidence.plan_apps = plan->second.size();
            PILOTLIGHT_ASSIGN(evidence.plan_part, store::planPart(store, plan->second, function.id, range));
        }
    }
    const bool counted = evidence.invocations.coverage.covers(range) || evidence.log.complete.covers(range);
    if (!counted) return std::nullopt;
    // Averages without counts: every invocation has one.
    if (evidence.duration_samples.points.empty()) evidence.duration_samples = evidence.invocations;
    evidence.history = {tuning::inForce(function, range.begin)};

    std::optional<PriceBook> book;
    PILOTLIGHT_ASSIGN(book, store.priceBook(name(function.platform), function.region, name(function.architecture), range.end));
    if (!book) book = pricing::bundledBook(name(function.platform), function.region, name(function.architecture));
    if (!book) return std::nullopt;

    Usage out;
    out.cost.seconds = std::chrono::duration<double>(range.length()).count();
    // Instances that are billed for their whole life cost by the hour, not by the request: a busy hour is not cheaper a request for good.
    out.by_time = function.untunedText(untuned_key::kBilling) == "instance";
    const auto period = static_cast<double>(evidence.billable_time.key.period.count());
    for (const auto& point : evidence.billable_time.points)
        if (out.by_time && period > 0 && range.contains(point.time)) out.instances.push_back(point.value / period);
    for (const auto& segment : tuning::usageSegments(evidence, range)) {
        out.cost.requests += segment.usage.requests;
        auto cost = pricing::functionCost(segment.usage, pricing::shapeOf(function, segment.memory, segment.vcpu), *book, profile.price_factors);
        if (!cost) return std::nullopt;
        out.cost.add(*cost, out.by_time);
    }
    out.relative_error = relativeError(evidence, range);
    return out;
}

// The same time on earlier days: an hour's traffic is not the month's.
struct Season {
    tuning::TimeCost cost;
    std::vector<double> instances;
    std::size_t days = 0;
};
Result<Season> seasonOf(store::Store& store, const Profile& profile, const Function& function, TimeRange window, Timestamp settings_since) {
    Season season;
    if (window.length() >= hours(24)) return season;  // whole days hold every hour
    PILOTLIGHT_ASSIGN(const auto windows, seasonalWindows(store, function.id, window, settings_since));
    for (const auto& each : windows) {
        PILOTLIGHT_ASSIGN(const auto usage, usageOf(store, profile, function, each));
        if (!usage) continue;
        season.cost.add(usage->cost);
        season.instances.insert(season.instances.end(), usage->instances.begin(), usage->instances.end());
        ++season.days;
    }
    return season;
}

// The function as it was in `range`: what was billed is what ran there.
Function withSettings(const Function& function, const Function& settings, const std::string& alias) {
    Function out = function;
    out.memory = settings.memory;
    if (const auto* qualifier = findQualifier(settings, alias);
        qualifier != nullptr && qualifier->memory && qualifier->version != "$LATEST") {
        out.memory = *qualifier->memory;
    }
    out.qualifiers = settings.qualifiers;
    out.instance_limit = settings.instance_limit;
    out.vcpu = settings.vcpu;
    out.concurrency = settings.concurrency;
    return out;
}

// 95th percentile of what callers waited, INIT included, as predictions count it; nullopt where not every invocation was read.
Result<std::optional<double>> latencyP95(store::Store& store, const std::string& function_id, TimeRange range) {
    PILOTLIGHT_ASSIGN(const auto log, store.invocations(function_id, range));
    if (!log.complete.covers(range)) return std::nullopt;
    std::vector<float> waited;
    for (const auto& invocation : log.invocations) {
        if (range.contains(invocation.time)) waited.push_back(invocation.duration_ms + std::max(invocation.init_ms, 0.0F));
    }
    if (waited.empty()) return std::nullopt;
    std::sort(waited.begin(), waited.end());
    return tuning::quantile(waited, 0.95);
}

}  // namespace

Result<Realised> measureRealised(store::Store& store, const Profile& profile, const Change& change, const Plan& plan, const Function& now,
                                 Timestamp until) {
    Realised out;
    const TimeRange after_range{change.applied, until};
    const Timestamp first = std::max(change.started - kBaseline, plan.before.last_modified);
    const TimeRange before_range{first, change.started};
    if (after_range.length() < minutes(1)) return out;
    // Effects on latency and cold starts: against the same length of time before.
    const TimeRange same_length{std::max(first, change.started - after_range.length()), change.started};
    PILOTLIGHT_ASSIGN(const Behaviour was, readBehaviour(store, change.function_id, {same_length}));
    PILOTLIGHT_ASSIGN(const Behaviour is, readBehaviour(store, change.function_id, {after_range}));
    PILOTLIGHT_ASSIGN(auto p95_was, latencyP95(store, change.function_id, same_length));
    PILOTLIGHT_ASSIGN(auto p95_is, latencyP95(store, change.function_id, after_range));
    if (!p95_was || !p95_is) {  // the platform's percentiles leave INIT out
        p95_was = was.p95();
        p95_is = is.p95();
    }
    if (p95_was && p95_is) out.effect.p95_ms = EffectValue{*p95_was, *p95_is, *p95_is, *p95_is};
    if (was.coldShare() && is.coldShare()) {
        const double share = *is.coldShare();
        const double spread = kNormal95 * std::sqrt(std::max(share * (1 - share), 1e-9) / std::max(*is.cold_of, 1.0));
        out.effect.cold_start_share = EffectValue{*was.coldShare(), share, std::max(0.0, share - spread), std::min(1.0, share + spread)};
    }

    const Function before_function = withSettings(now, plan.before, plan.alias);
    const Function after_function = withSettings(now, now, plan.alias);
    std::optional<Usage> before, after;
    PILOTLIGHT_ASSIGN(before, usageOf(store, profile, before_function, before_range));
    if (!before) {
        PILOTLIGHT_ASSIGN(before, usageOf(store, profile, before_function, same_length));
    }
    PILOTLIGHT_ASSIGN(after, usageOf(store, profile, after_function, after_range));
    if (!before || !after) {
        out.basis = "cost unknown: no price, or usage not read";
        return out;
    }
    const double before_month = tuning::monthlyCost(before->cost, 1, before->cost);
    if (after->cost.requests <= 0 && before->cost.requests > 0) {
        out.basis = "cost unknown: no request since";
        return out;
    }
    Season season;
    PILOTLIGHT_ASSIGN(season, seasonOf(store, profile, before_function, after_range, first));
    double after_month = 0, after_lo = 0, after_hi = 0;
    double before_error = 0;  // 90 %, of what varies with the traffic; a pool that is paid for whatever happens does not
    if (const double mean = after->meanInstances(); after->by_time && before->by_time && mean > 0 && !before->instances.empty()) {
        const double an_instance = after->cost.with_time / after->cost.seconds / mean * tuning::kMonthOfSeconds;
        const auto projected = tuning::projectInstances(before->instances, season.instances, mean, before_function.warmPool().value_or(0),
                                                        after_function.warmPool().value_or(0));
        const double least = kNormal95 * kLeastRelativeError * projected.mean;
        after_month = an_instance * projected.mean;
        after_lo = an_instance * (std::min(projected.lo, projected.mean) - least);
        after_hi = an_instance * (std::max(projected.hi, projected.mean) + least);
    } else {
        const double factor = tuning::seasonFactor(before->cost, season.cost, season.days);
        if (factor != 1)  // the days that it is compared with have as much noise each
            after->relative_error *= std::sqrt(1 + 1 / static_cast<double>(season.days));
        after_month = tuning::monthlyCost(before->cost, factor, after->cost);
        const double after_kept = after->cost.with_time / after->cost.seconds * tuning::kMonthOfSeconds;
        const double after_spread = kNormal95 * (after_month - after_kept) * after->relative_error;
        after_lo = after_month - after_spread;
        after_hi = after_month + after_spread;
        before_error = kNormal95 * before->cost.with_requests / before->cost.seconds * tuning::kMonthOfSeconds * before->relative_error;
    }
    const double saving = before_month - after_month;
    out.saving_month =
        MoneyEstimate{Money::fromDouble(saving), Money::fromDouble(saving - std::hypot(before_error, after_hi - after_month)),
                      Money::fromDouble(saving + std::hypot(before_error, after_month - after_lo))};
    out.effect.cost_usd_month = EffectValue{before_month, after_month, after_lo, after_hi};
    out.basis = fmt::format("{} to {} against {} to {}", toIso8601(after_range.begin), toIso8601(after_range.end),
                            toIso8601(before_range.begin), toIso8601(before_range.end));
    return out;
}

}  // namespace pilotlight::change
