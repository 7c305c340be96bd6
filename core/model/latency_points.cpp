#include "core/model/latency_points.h"

#include <algorithm>
#include <cmath>
#include <numeric>
#include <map>
#include <tuple>

#include "core/model/latency_shapes.h"

namespace pilotlight::model {
namespace {

constexpr double kPressureShare = 0.9;  // memory used / size from which a size is squeezed
constexpr double kFloorFactor = 1.15;
constexpr double kLoneRowSd = 0.02;  // a row without a count, never repeated: most likely a summary of an unknown number of calls
constexpr double kPriorSpread = 0.08, kPriorSpreadCalls = 4;
constexpr double kPriorRepeats = 3;

bool usable(const Observation& observation) {
    return !observation.out_of_memory && observation.mean_ms > 0 && std::isfinite(observation.mean_ms) && observation.count > 0 &&
           observation.memory.value > 0;
}

struct Group {
    std::vector<const Observation*> rows;
    double sum = 0, weight = 0;
    std::int64_t singles = 0;
    double used = 0;
    [[nodiscard]] double mean() const { return sum / weight; }
};

double quantile(const std::vector<double>& sorted, double p) {
    const double at = p * static_cast<double>(sorted.size() - 1);
    const auto i = static_cast<std::size_t>(at);
    return i + 1 < sorted.size() ? sorted[i] + (at - static_cast<double>(i)) * (sorted[i + 1] - sorted[i]) : sorted.back();
}

// Spread of single calls around their size's mean: from repeated rows, else from percentiles, else assumed.
SpreadSummary spreadOf(const std::vector<Group>& groups) {
    SpreadSummary out;
    double squares = 0, freedom = 0;
    for (const auto& group : groups) {
        if (group.singles < 2) continue;
        double mean_log = 0;
        for (const auto* row : group.rows)
            if (row->count == 1) mean_log += std::log(row->mean_ms) / static_cast<double>(group.singles);
        for (const auto* row : group.rows) {
            if (row->count != 1) continue;
            squares += std::pow(std::log(row->mean_ms) - mean_log, 2);
            out.residuals.push_back(std::log(row->mean_ms / group.mean()));
        }
        freedom += static_cast<double>(group.singles - 1);
    }
    std::sort(out.residuals.begin(), out.residuals.end());
    double from_percentiles = 0;
    int percentiles = 0;
    for (const auto& group : groups) {
        for (const auto* row : group.rows) {
            const double middle = row->p50_ms.value_or(row->mean_ms);
            if (!row->p95_ms || *row->p95_ms <= middle) continue;
            from_percentiles += std::log(*row->p95_ms / middle) / 1.645;
            ++percentiles;
        }
    }
    out.observed = freedom >= 1 || percentiles > 0;
    if (freedom >= 1) {
        out.sd = std::sqrt((squares + kPriorSpreadCalls * kPriorSpread * kPriorSpread) / (freedom + kPriorSpreadCalls));
    } else if (percentiles > 0) {
        out.sd = from_percentiles / percentiles;
    } else {
        out.sd = kPriorSpread;
    }
    out.sd = std::clamp(out.sd, 0.002, 2.0);
    return out;
}

double repeatSd(const std::vector<Group>& groups, const SpreadSummary& spread, const NoisePrior& noise) {
    double squares = kPriorRepeats * noise.repeat * noise.repeat, freedom = kPriorRepeats;
    for (const auto& group : groups) {
        std::vector<double> campaigns;
        double sampling = 0;
        for (const auto* row : group.rows) {
            if (row->count < 2) continue;
            campaigns.push_back(std::log(row->mean_ms));
            sampling += spread.sd * spread.sd / static_cast<double>(row->count);
        }
        if (campaigns.size() < 2) continue;
        double mean = 0;
        for (const double value : campaigns) mean += value / static_cast<double>(campaigns.size());
        double sum = 0;
        for (const double value : campaigns) sum += (value - mean) * (value - mean);
        const auto count = static_cast<double>(campaigns.size());
        squares += std::max(0.0, sum - sampling * (count - 1) / count);
        freedom += count - 1;
    }
    return std::sqrt(squares / freedom);
}

std::optional<double> ratio(const Group& group, std::optional<double> Observation::* field) {
    double sum = 0, weight = 0;
    for (const auto* row : group.rows) {
        if (!(row->*field) || !(*(row->*field) > 0)) continue;
        const auto w = static_cast<double>(row->count);
        sum += w * std::log(*(row->*field) / row->mean_ms);
        weight += w;
    }
    if (weight <= 0) return std::nullopt;
    return sum / weight;
}

// What campaigns of one size disagree by beyond sampling and what campaigns usually do, as a variance of their mean's logarithm.
double disagreement(const Group& group, const SpreadSummary& spread, const NoisePrior& noise) {
    std::vector<double> campaigns;
    double usual = 0;
    for (const auto* row : group.rows) {
        if (row->count < 2) continue;
        campaigns.push_back(std::log(row->mean_ms));
        usual += noise.repeat * noise.repeat + spread.sd * spread.sd / static_cast<double>(row->count);
    }
    if (campaigns.size() < 2) return 0;
    const auto n = static_cast<double>(campaigns.size());
    const double mean = std::accumulate(campaigns.begin(), campaigns.end(), 0.0) / n;
    double sum = 0;
    for (const double value : campaigns) sum += (value - mean) * (value - mean);
    const double excess = sum / (n - 1) - 4 * usual / n;  // twice the usual deviation is still chance
    return std::max(0.0, excess) / n;
}

Point pointOf(const Group& group, const FitOptions& options, const SpreadSummary& spread, const NoisePrior& noise) {
    const Observation& first = *group.rows.front();
    Point point;
    point.memory = first.memory;
    point.vcpu = first.vcpu;
    point.bench = first.source == Observation::Source::bench;
    point.axis = axisOf(options.platform, first.memory, first.vcpu);
    point.log_mean = std::log(group.mean());
    point.count = static_cast<std::int64_t>(std::llround(group.weight));
    const bool lone = point.count == 1 && !spread.observed;
    point.sampling_var = lone ? kLoneRowSd * kLoneRowSd : spread.sd * spread.sd / group.weight;
    point.sampling_var += disagreement(group, spread, noise);
    const auto summaries = static_cast<double>(static_cast<std::int64_t>(group.rows.size()) - group.singles);
    point.campaigns = summaries + (group.singles > 0 ? 1 : 0);
    point.log_p50 = ratio(group, &Observation::p50_ms);
    point.log_p90 = ratio(group, &Observation::p90_ms);
    point.log_p95 = ratio(group, &Observation::p95_ms);
    point.log_p99 = ratio(group, &Observation::p99_ms);
    if (group.singles >= 20) {
        std::vector<double> calls;
        for (const auto* row : group.rows)
            if (row->count == 1) calls.push_back(std::log(row->mean_ms / group.mean()));
        std::sort(calls.begin(), calls.end());
        if (!point.log_p50) point.log_p50 = quantile(calls, 0.5);
        if (!point.log_p90) point.log_p90 = quantile(calls, 0.9);
        if (!point.log_p95) point.log_p95 = quantile(calls, 0.95);
        if (!point.log_p99 && calls.size() >= 100) point.log_p99 = quantile(calls, 0.99);
    }
    return point;
}

void findFloor(std::span<const Observation> observations, PointSet& out) {
    std::int32_t floor = 0;
    bool known = false;
    // Memory used is bounded by the size, so the largest size tells the need; smaller ones only when they are not squeezed.
    for (const auto& observation : observations) {
        if (observation.out_of_memory) {
            known = true;
            floor = std::max(floor, observation.memory.value + 1);
        }
        if (observation.max_memory_used_mb && *observation.max_memory_used_mb > 0) {
            known = true;
            const double used = std::min(*observation.max_memory_used_mb, static_cast<double>(observation.memory.value));
            floor = std::max(floor, static_cast<std::int32_t>(std::ceil(used * kFloorFactor - 1e-9)));
        }
    }
    if (known) out.floor = Megabytes{floor};
}

}  // namespace

Result<PointSet> pointsOf(std::span<const Observation> observations, const FitOptions& options, const NoisePrior& noise) {
    PointSet out;
    bool any = false, warm = false, roomy = false;
    out.concurrency = INT32_MAX;
    for (const auto& observation : observations) {
        if (!usable(observation)) continue;
        any = true;
        warm = warm || !observation.cold;
    }
    if (!any) {
        return fail(ErrorCode::invalid_argument, "No observation has a duration.", "Nothing can be said about other sizes.",
                    "Give at least one row with memory_mb and duration_ms.");
    }
    const auto squeezed = [](const Observation& observation) {
        return observation.max_memory_used_mb && *observation.max_memory_used_mb >= kPressureShare * observation.memory.value;
    };
    for (const auto& observation : observations) {
        if (!usable(observation) || observation.cold == warm) continue;
        out.concurrency = std::min(out.concurrency, observation.concurrency);
        roomy = roomy || !squeezed(observation);
    }
    out.cold_only = !warm;
    out.loaded = out.concurrency > 1;
    out.slowdown = observedSlowdown(observations);

    std::map<std::tuple<std::int32_t, std::int64_t, bool>, Group> grouped;
    for (const auto& observation : observations) {
        if (!usable(observation) || observation.cold == warm || observation.concurrency != out.concurrency) continue;
        const bool bench = observation.source == Observation::Source::bench;
        if (squeezed(observation)) {
            out.pressured = std::max(out.pressured.value_or(Megabytes{0}), observation.memory);
            if (roomy) {
                out.measured.push_back({observation.memory, observation.vcpu, observation.mean_ms, observation.count, bench, true});
                continue;
            }
        }
        const std::int64_t vcpu = observation.vcpu && options.platform != PlatformKind::aws ? std::llround(*observation.vcpu * 1e6) : 0;
        Group& group = grouped[{observation.memory.value, vcpu, bench}];
        group.rows.push_back(&observation);
        group.sum += observation.mean_ms * static_cast<double>(observation.count);
        group.weight += static_cast<double>(observation.count);
        if (observation.count == 1) ++group.singles;
    }
    if (grouped.empty()) {  // the lowest concurrency was only measured under memory pressure
        return fail(ErrorCode::invalid_argument, "Every usable observation at the lowest concurrency ran out of room.",
                    "The curve cannot be told from memory pressure.", "Measure a larger size.");
    }
    std::vector<Group> groups;
    for (auto& [key, group] : grouped) {
        // Same answer whatever the order of the rows.
        std::sort(group.rows.begin(), group.rows.end(), [](const Observation* a, const Observation* b) {
            return std::tie(a->mean_ms, a->count, a->p95_ms) < std::tie(b->mean_ms, b->count, b->p95_ms);
        });
        group.sum = group.weight = 0;
        for (const auto* row : group.rows) {
            group.sum += row->mean_ms * static_cast<double>(row->count);
            group.weight += static_cast<double>(row->count);
        }
        groups.push_back(std::move(group));
    }
    out.spread = spreadOf(groups);
    out.repeat_sd = repeatSd(groups, out.spread, noise);
    out.bench_only = true;
    for (const auto& group : groups) {
        out.points.push_back(pointOf(group, options, out.spread, noise));
        const Point& point = out.points.back();
        out.bench_only = out.bench_only && point.bench;
        out.measured.push_back({point.memory, point.vcpu, std::exp(point.log_mean), point.count, point.bench, false});
    }
    std::stable_sort(out.points.begin(), out.points.end(),
                     [](const Point& a, const Point& b) { return std::tie(a.axis, a.bench) < std::tie(b.axis, b.bench); });
    std::stable_sort(out.measured.begin(), out.measured.end(), [](const MeasuredSize& a, const MeasuredSize& b) {
        return std::tie(a.memory, a.bench, a.mean_ms) < std::tie(b.memory, b.bench, b.mean_ms);
    });
    findFloor(observations, out);
    return out;
}

}  // namespace pilotlight::model
