#include "core/workspace_evidence.h"

#include <algorithm>

#include "core/store/plan_part.h"
#include "core/store/qualifier_series.h"
#include "core/tuning/measured.h"
#include "core/tuning/pool_levels.h"
#include "core/tuning/engine.h"

namespace pilotlight {
namespace {

constexpr std::size_t kSparklineBins = 48;

// The stored series of a metric at the shortest period there is.
Result<MetricSeries> shortest(store::Store& store, const std::vector<SeriesKey>& keys, Metric metric, Statistic statistic, TimeRange range,
                              const std::string& qualifier = {}) {
    const SeriesKey* best = nullptr;
    for (const auto& key : keys) {
        if (key.metric != metric || key.statistic != statistic || key.qualifier != qualifier) continue;
        if (best == nullptr || key.period < best->period) best = &key;
    }
    if (best == nullptr) return MetricSeries{};
    return store.series(*best, range);
}

// One period that spans what was read of the range, where such a series was stored.
Result<std::optional<MetricSeries>> spanning(store::Store& store, const std::vector<SeriesKey>& keys, Statistic statistic, TimeRange known) {
    std::optional<MetricSeries> best;
    for (const auto& key : keys) {
        if (key.metric != Metric::duration || key.statistic != statistic || !key.qualifier.empty() || key.period <= hours(1)) continue;
        // Within 2 % at either end: the platform aligns periods, and "now" has moved on since.
        const auto slack = std::chrono::duration_cast<milliseconds>(known.length() / 50);
        if (key.period < known.length() - 2 * slack || key.period > known.length() + 2 * slack) continue;
        PILOTLIGHT_ASSIGN(auto series, store.series(key, {known.begin - slack, known.begin + slack + milliseconds(1)}));
        if (series.points.empty()) continue;
        series.points = {series.points.back()};
        best = std::move(series);
    }
    return best;
}

// A pool that moves by itself is seen at another level at each look: that is no change of settings.
bool differOnlyInLevel(const tuning::SettingsInForce& a, const tuning::SettingsInForce& b) {
    if (a.memory != b.memory || a.instance_limit != b.instance_limit || a.vcpu != b.vcpu || a.concurrency != b.concurrency) return false;
    if (a.moving_pools.empty() || a.moving_pools.size() != b.moving_pools.size() || !a.warm_pool || !b.warm_pool) return false;
    std::int32_t fixed_a = *a.warm_pool, fixed_b = *b.warm_pool;
    for (std::size_t i = 0; i < a.moving_pools.size(); ++i) {
        const auto &x = a.moving_pools[i], &y = b.moving_pools[i];
        if (x.qualifier != y.qualifier || x.scaling.target_tracking != y.scaling.target_tracking ||
            x.scaling.actions != y.scaling.actions || x.scaling.suspended != y.scaling.suspended)
            return false;
        fixed_a -= x.level_seen;
        fixed_b -= y.level_seen;
    }
    return fixed_a == fixed_b;
}

std::vector<tuning::SettingsInForce> settingsInForce(const Function& function, const std::vector<store::Store::SettingsAt>& seen,
                                                     const InvocationLog& log, TimeRange range) {
    std::vector<tuning::SettingsInForce> out;
    for (const auto& at : seen) {
        if (at.time >= range.end) break;
        const auto settings = tuning::inForce(at.function, at.time);
        if (at.time <= range.begin)
            out.clear();
        else if (!out.empty() && differOnlyInLevel(out.back(), settings))
            continue;
        out.push_back(settings);
    }
    // A range that ended before we first looked: what we saw first, not what was changed since.
    if (out.empty()) out.push_back(seen.empty() ? tuning::inForce(function, range.begin) : tuning::inForce(seen.front().function, seen.front().time));
    // Before we first looked, the log lines say which memory was in force.
    const auto first_seen = out.front().since;
    if (first_seen > range.begin) {
        auto settings = out.front();
        std::vector<tuning::SettingsInForce> earlier;
        for (const auto& invocation : log.invocations) {
            if (invocation.time >= first_seen) break;
            if (invocation.memory_mb <= 0 || (!earlier.empty() && earlier.back().memory.value == invocation.memory_mb)) continue;
            settings.since = earlier.empty() ? range.begin : invocation.time;
            settings.memory = Megabytes{invocation.memory_mb};
            earlier.push_back(settings);
        }
        if (earlier.empty()) {
            out.front().since = range.begin;
        } else {
            if (earlier.back().memory == out.front().memory) out.erase(out.begin());
            out.insert(out.begin(), earlier.begin(), earlier.end());
        }
    }
    return out;
}

std::vector<float> sparkline(const MetricSeries& invocations, TimeRange range) {
    const TimeRange day = TimeRange{range.end - hours(24), range.end}.clippedTo(range);
    if (invocations.coverage.intersectedWith(day).ranges().empty()) return {};
    std::vector<float> bins(kSparklineBins, 0.0f);
    for (const auto& point : invocations.points) {
        if (!day.contains(point.time)) continue;
        const auto bin = static_cast<std::size_t>((point.time - day.begin) * static_cast<std::int64_t>(kSparklineBins) / day.length());
        bins[std::min(bin, kSparklineBins - 1)] += static_cast<float>(point.value);
    }
    return bins;
}

}  // namespace

const char* serviceName(const Function& function) {
    switch (function.platform) {
        case PlatformKind::aws:
            return "AWS Lambda";
        case PlatformKind::gcp:
            return function.untunedText(untuned_key::kKind) == "gen1" ? "Cloud Run functions" : "Cloud Run";
        case PlatformKind::azure:
            break;
    }
    return "Azure Functions";
}

FunctionRow rowOf(const tuning::Evidence& evidence) {
    const auto measured = tuning::measure(evidence);
    return {.function = evidence.function,
            .period = measured.period,
            .covered = measured.covered,
            .invocations = measured.invocations,
            .errors = measured.errors,
            .throttles = measured.throttles,
            .p50_ms = measured.p50_ms,
            .p95_ms = measured.p95_ms,
            .p99_ms = measured.p99_ms,
            .cold_start_share = measured.cold_start_share,
            .max_memory_used_mb = measured.max_memory_used_mb,
            .cost = measured.cost,
            .cost_note = measured.cost_note,
            .cost_by_meter = measured.cost_by_meter,
            .sparkline = sparkline(evidence.invocations, measured.period)};
}


Result<std::optional<PriceBook>> EvidenceReader::prices(const Function& function, Timestamp when) {
    const std::string architecture = name(function.architecture);
    // Books hold for days at least: one look an hour of `when` is enough.
    const auto key = std::tuple(std::string(name(function.platform)), function.region, architecture, floorTo(when, hours(1)));
    if (const auto known = prices_.find(key); known != prices_.end()) return known->second;
    auto book = store_.priceBook(name(function.platform), function.region, architecture, when);
    if (!book || !*book) book = pricing::bundledBook(name(function.platform), function.region, architecture);
    return prices_.emplace(key, *book).first->second;
}

Result<std::map<std::string, double>> EvidenceReader::factors(const std::string& profile) {
    if (const auto known = factors_.find(profile); known != factors_.end()) return known->second;
    const auto found = store_.profile(profile);
    return factors_.emplace(profile, found ? found->price_factors : std::map<std::string, double>()).first->second;
}

Result<std::optional<AccountLimits>> EvidenceReader::limits(const std::string& profile, const std::string& region) {
    const auto key = std::pair(profile, region);
    if (const auto known = limits_.find(key); known != limits_.end()) return known->second;
    PILOTLIGHT_ASSIGN(const auto found, store_.limits(profile, region));
    return limits_.emplace(key, found).first->second;
}

Result<EvidenceReader::Gathered> EvidenceReader::gather(const Function& function, TimeRange range) {
    Gathered gathered;
    auto& out = gathered.evidence;
    out.function = function;
    out.range = range;
    PILOTLIGHT_ASSIGN(out.log, store_.invocations(function.id, range));
    PILOTLIGHT_ASSIGN(gathered.keys, store_.seriesKeys(function.id));
    const std::pair<MetricSeries*, std::pair<Metric, Statistic>> wanted[] = {
        {&out.invocations, {Metric::invocations, Statistic::sum}},
        {&out.errors, {Metric::errors, Statistic::sum}},
        {&out.throttles, {Metric::throttles, Statistic::sum}},
        {&out.duration_average, {Metric::duration, Statistic::average}},
        {&out.duration_p50, {Metric::duration, Statistic::p50}},
        {&out.duration_p90, {Metric::duration, Statistic::p90}},
        {&out.duration_p95, {Metric::duration, Statistic::p95}},
        {&out.duration_p99, {Metric::duration, Statistic::p99}},
        {&out.duration_samples, {Metric::duration, Statistic::sample_count}},
        {&out.concurrency, {Metric::concurrency, Statistic::maximum}},
        {&out.billable_time, {Metric::billable_time, Statistic::sum}},
        {&out.pool_billable_time, {Metric::pool_billable_time, Statistic::sum}},
        {&out.cold_starts, {Metric::cold_starts, Statistic::sum}},
        {&out.init_average, {Metric::init_duration, Statistic::average}},
        {&out.memory_used, {Metric::memory_used, Statistic::maximum}},
        {&out.cpu_utilization, {Metric::cpu_utilization, Statistic::average}},
    };
    for (const auto& [target, key] : wanted) {
        PILOTLIGHT_ASSIGN(*target, shortest(store_, gathered.keys, key.first, key.second, range));
    }
    PILOTLIGHT_ASSIGN(out.pool_invocations, store::sumOverQualifiers(store_, gathered.keys, Metric::pool_invocations, range));
    for (const auto& q : function.qualifiers) {
        if (!q.scaling || !q.scaling->target_tracking) continue;
        auto& use = out.pool_use[q.name];
        PILOTLIGHT_ASSIGN(use.in_use, shortest(store_, gathered.keys, Metric::pool_concurrency, Statistic::maximum, range, q.name));
        PILOTLIGHT_ASSIGN(use.utilization, shortest(store_, gathered.keys, Metric::pool_utilization, Statistic::maximum, range, q.name));
    }
    if (const std::string plan(function.untunedText(untuned_key::kPlan)); !plan.empty()) {
        if (!plans_) {
            PILOTLIGHT_ASSIGN(const auto all, store_.functions());
            plans_ = store::sharedPlans(all);
        }
        if (const auto shared = plans_->find(plan); shared != plans_->end()) {
            out.plan_apps = shared->second.size();
            PILOTLIGHT_ASSIGN(out.plan_part, store::planPart(store_, shared->second, function.id, range));
        }
    }
    PILOTLIGHT_ASSIGN(gathered.seen, store_.settingsHistory(function.id));
    PILOTLIGHT_ASSIGN(out.observations, store_.observations(function.id));
    PILOTLIGHT_ASSIGN(out.prices, prices(function, range.end));
    PILOTLIGHT_ASSIGN(out.price_factors, factors(function.profile));
    PILOTLIGHT_ASSIGN(out.limits, limits(function.profile, function.region));
    if (!slos_) {
        PILOTLIGHT_ASSIGN(slos_, store_.slos());
    }
    out.slo = tuning::sloFor(function, *slos_);
    PILOTLIGHT_TRY(narrow(gathered, range));
    return gathered;
}

Status EvidenceReader::narrow(Gathered& gathered, TimeRange range) {
    auto& out = gathered.evidence;
    out.range = range;
    auto known = range;
    if (const auto parts = out.invocations.coverage.intersectedWith(range); !parts.ranges().empty()) known = {parts.ranges().front().begin, parts.ranges().back().end};
    PILOTLIGHT_ASSIGN(out.whole_p50, spanning(store_, gathered.keys, Statistic::p50, known));
    PILOTLIGHT_ASSIGN(out.whole_p95, spanning(store_, gathered.keys, Statistic::p95, known));
    PILOTLIGHT_ASSIGN(out.whole_p99, spanning(store_, gathered.keys, Statistic::p99, known));
    out.history = settingsInForce(out.function, gathered.seen, out.log, range);
    return {};
}

Result<std::vector<CostLine>> dailyCosts(const tuning::Evidence& evidence) {
    std::vector<CostLine> lines;
    if (!evidence.prices) return lines;
    const auto& function = evidence.function;
    const auto& range = evidence.range;
    const auto known = evidence.invocations.coverage.intersectedWith(range);
    const auto end = known.ranges().empty() ? range.end : known.ranges().back().end;
    for (auto day = floorTo(range.begin, hours(24)); day < end; day += hours(24)) {
        const auto period = TimeRange{day, day + hours(24)}.clippedTo({range.begin, end});
        if (evidence.invocations.coverage.intersectedWith(period).ranges().empty()) continue;
        struct Sum {
            double quantity = 0;
            Money amount;
        };
        std::map<std::string, Sum> by_meter;
        for (const auto& segment : tuning::usageSegments(evidence, period)) {
            if (!segment.pool_doubt.empty()) return std::vector<CostLine>{};  // unknown, as the function's cost is
            PILOTLIGHT_ASSIGN(const auto part, pricing::functionLines(segment.usage, pricing::shapeOf(function, segment.memory, segment.vcpu), *evidence.prices, evidence.price_factors));
            for (const auto& line : part) {
                by_meter[line.meter].quantity += line.quantity;
                by_meter[line.meter].amount += line.amount;
            }
        }
        for (const auto& [meter, sum] : by_meter) {
            if (sum.amount == Money()) continue;
            lines.push_back({.function_id = function.id,
                             .profile = function.profile,
                             .service = serviceName(function),
                             .meter = meter,
                             .region = function.region,
                             .period = period,
                             .quantity = sum.quantity,
                             .amount = sum.amount,
                             .kind = CostKind::computed,
                             .estimated = period.length() < hours(24),
                             .source = pricing::describe(*evidence.prices)});
        }
    }
    return lines;
}

}  // namespace pilotlight
