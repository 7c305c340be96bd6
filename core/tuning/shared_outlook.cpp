// From a point of a SharedModel to money and intervals. The interval of a cost is one for the figure that will be measured: a watch sees some
// hours, and projects them to a month (projection.h); the replay knows what each of its hours would show.
#include <algorithm>
#include <array>
#include <cmath>
#include <map>

#include "core/tuning/projection.h"
#include "core/tuning/shared_core.h"

namespace pilotlight::tuning {
namespace {

constexpr double kLeastRequestsAnHour = 50;  // with fewer a change is not judged
constexpr double kLeastHours = 24;           // to tell how much hours differ

}  // namespace

std::optional<std::map<std::string, Money>> SharedModel::Impl::pricedAt(const SharedPoint& point, double speed, double traffic) const {
    if (!evidence.prices) return std::nullopt;
    auto usage = point.usage;
    usage.requests *= traffic;
    speed *= traffic;  // as much longer, or as many more: billed time is the same
    usage.duration_ms_billed *= speed;
    usage.pool_duration_ms_billed = std::min(usage.pool_duration_ms_billed * speed, usage.pool_instance_seconds * 1000);
    usage.instance_seconds = std::max(usage.pool_instance_seconds, usage.instance_seconds * speed);
    auto cost = pricing::functionCost(usage, pricing::shapeOf(evidence.function, point.settings.memory, point.settings.vcpu),
                                      *evidence.prices, evidence.price_factors);
    if (!cost) return std::nullopt;
    return std::move(*cost);
}

std::optional<double> SharedModel::Impl::costOf(const SharedPoint& point) const {
    const auto cost = pricedAt(point, 1);
    return cost ? std::optional(pricing::sum(*cost).toDouble()) : std::nullopt;
}

// Factors of the durations at the ends of their interval.
std::pair<double, double> SharedModel::Impl::speedsOf(const SharedPoint& p) const {
    if (p.settings == today) return {p.speed_lo, p.speed_hi};
    return {p.speed_lo * (1 - kMeasurementNoise), p.speed_hi * (1 + kMeasurementNoise)};
}

std::vector<double> SharedModel::Impl::instancesOf(const SharedPoint& p) const {
    std::vector<double> out;
    out.reserve(p.bins.size());
    for (const auto& bin : p.bins) out.push_back(std::max<double>(p.settings.pool, bin.alive_s * alive_anchor / kBinSeconds));
    return out;
}

// What each whole hour of the replay costs.
std::vector<TimeCost> SharedModel::Impl::hoursOf(const SharedPoint& p) const {
    const bool by_time = pricing::shapeOf(evidence.function, p.settings.memory).instance_based;
    std::vector<TimeCost> hours;
    for (std::size_t at = 0; at + kBinsAnHour <= p.bins.size(); at += kBinsAnHour) {
        SharedBin sum;
        for (std::size_t i = at; i < at + kBinsAnHour; ++i) {
            sum.requests += p.bins[i].requests;
            sum.busy_s += p.bins[i].busy_s;
            sum.active_s += p.bins[i].active_s;
            sum.idle_min_s += p.bins[i].idle_min_s;
            sum.alive_s += p.bins[i].alive_s;
        }
        SharedPoint hour{.settings = p.settings, .usage = usageOf(p.settings, 3600, sum, 1)};
        TimeCost cost{.seconds = 3600, .requests = sum.requests};
        if (const auto priced = pricedAt(hour, 1)) cost.add(*priced, by_time);
        hours.push_back(cost);
    }
    return hours;
}

// What hours of `p` would be measured to cost a month, each projected as core/change projects it; empty where today was replayed otherwise.
std::vector<double> SharedModel::Impl::shownBy(const SharedPoint& p) const {
    const SharedPoint& was = p.bins.size() == today_point.bins.size() ? today_point : today_quick;
    std::vector<double> shown;
    if (p.settings.traffic != today.traffic || p.bins.size() != was.bins.size() || p.settings == today) return shown;
    const auto before = hoursOf(was), after = hoursOf(p);
    const bool by_time = pricing::shapeOf(evidence.function, p.settings.memory).instance_based;
    const auto instances_before = instancesOf(was), instances_after = instancesOf(p);
    TimeCost whole;
    for (const auto& hour : before) whole.add(hour);
    for (const double least : {kLeastRequestsAnHour, 1.0}) {
        for (std::size_t h = 1; h < after.size(); ++h) {  // the first begins with nothing running
            if (after[h].requests < least) continue;
            TimeCost season;
            std::vector<double> season_instances;
            std::size_t days = 0;
            for (std::size_t other = h % 24; other < before.size(); other += 24) {
                if (other == h) continue;
                season.add(before[other]);
                const auto from = instances_before.begin() + static_cast<std::ptrdiff_t>(other * kBinsAnHour);
                season_instances.insert(season_instances.end(), from, from + static_cast<std::ptrdiff_t>(kBinsAnHour));
                ++days;
            }
            if (!by_time) {
                shown.push_back(monthlyCost(whole, seasonFactor(whole, season, days), after[h]));
                continue;
            }
            double mean = 0;
            for (std::size_t i = h * kBinsAnHour; i < (h + 1) * kBinsAnHour; ++i) mean += instances_after[i] / kBinsAnHour;
            const auto projected = projectInstances(instances_before, season_instances, mean, today.pool, p.settings.pool);
            if (mean > 0) shown.push_back(after[h].with_time / mean * projected.mean / 3600 * kMonthOfSeconds);
        }
        if (!shown.empty()) break;
    }
    return shown;
}

// Requests of one hour take longer or shorter than those of the same hour of other days, by that much (standard deviation of the ratio),
// as measured: a replay that draws every duration from one distribution does not show it. 0 where too few hours were measured.
double SharedModel::Impl::hourlySpread() const {
    struct Hour {
        double requests = 0, ms = 0;
    };
    std::map<std::int64_t, Hour> hours;
    const auto& counts = evidence.duration_samples.points.empty() ? evidence.invocations.points : evidence.duration_samples.points;
    auto count = counts.begin();
    for (const auto& point : evidence.duration_average.points) {
        while (count != counts.end() && count->time < point.time) ++count;
        if (count == counts.end()) break;
        if (count->time != point.time) continue;
        auto& hour = hours[std::chrono::floor<std::chrono::hours>(point.time.time_since_epoch()).count()];
        hour.requests += count->value;
        hour.ms += count->value * point.value;
    }
    std::array<Hour, 24> season{};
    for (const auto& [at, hour] : hours) {
        season[static_cast<std::size_t>(at % 24)].requests += hour.requests;
        season[static_cast<std::size_t>(at % 24)].ms += hour.ms;
    }
    double n = 0, squares = 0;
    for (const auto& [at, hour] : hours) {
        const auto& usual = season[static_cast<std::size_t>(at % 24)];
        const double others = usual.requests - hour.requests;
        if (hour.requests < kLeastRequestsAnHour || others < kLeastRequestsAnHour || hour.ms <= 0 || usual.ms <= hour.ms) continue;
        const double off = hour.ms / hour.requests / ((usual.ms - hour.ms) / others) - 1;
        squares += off * off;
        n += 1;
    }
    return n < kLeastHours ? 0 : std::sqrt(squares / n);
}

std::optional<SharedModel::Impl::CostRange> SharedModel::Impl::costRange(const SharedPoint& p) const {
    const auto [low, high] = speedsOf(p);
    const auto value = pricedAt(p, 1), lo = pricedAt(p, low), hi = pricedAt(p, high);
    if (!value || !lo || !hi) return std::nullopt;
    CostRange range{pricing::sum(*value).toDouble(), pricing::sum(*lo).toDouble(), pricing::sum(*hi).toDouble()};
    if (least_concurrency && *least_concurrency < p.settings.concurrency && p.settings != today && !p.bins.empty()) {
        // As consistent with what was measured: fewer requests at once, and more instances.
        SharedSettings fewer = p.settings;
        fewer.concurrency = *least_concurrency;
        const auto busier = pointOf(fewer, p.bins.size() == today_point.bins.size() ? kExactArrivals : kQuickArrivals);
        if (const auto cost = pricedAt(busier, high)) range.hi = std::max(range.hi, pricing::sum(*cost).toDouble());
    }
    double below = 0, above = 0;
    if (auto shown = shownBy(p); !shown.empty()) {
        std::sort(shown.begin(), shown.end());
        const auto at = [&](double q) { return shown[static_cast<std::size_t>(q * static_cast<double>(shown.size() - 1))]; };
        below = std::max(0.0, range.value - at(0.05));
        above = std::max(0.0, at(0.95) - range.value);
    }
    if (p.settings != today) {
        // A saving is one measured figure less another, and both are open.
        TimeCost month;
        month.add(*value, pricing::shapeOf(evidence.function, p.settings.memory).instance_based);
        const double hour = 1.645 * hourlySpread() * month.with_requests;
        const double open = kLeastRelative * std::hypot(range.value, costOf(today_point).value_or(0));
        below = std::hypot(std::max(below, hour), open);
        above = std::hypot(std::max(above, hour), open);
    }
    range.shown_lo = range.value - std::hypot(range.value - range.lo, below);
    range.shown_hi = range.value + std::hypot(range.hi - range.value, above);
    return range;
}

Outcome SharedModel::Impl::outcomeOf(const SharedPoint& p, bool exact) const {
    Outcome out;
    out.exact = exact;
    const auto [low, high] = speedsOf(p);
    const auto value = pricedAt(p, 1), lo = pricedAt(p, low), hi = pricedAt(p, high);
    if (const auto range = costRange(p); range && value && lo && hi) {
        out.cost_month = MoneyEstimate{pricing::sum(*value), Money::fromDouble(range->shown_lo), Money::fromDouble(range->shown_hi)};
        for (const auto& [meter, amount] : *value) {
            const auto at = [&name = meter](const auto& map) { return map.contains(name) ? map.at(name) : Money{}; };
            out.breakdown[meter] = MoneyEstimate{amount, at(*lo), at(*hi)};
        }
        if (work.demand_spread > 0) {  // days of the range were not read
            const double times = std::exp(1.645 * work.demand_spread);
            if (const auto fewer = pricedAt(p, low, 1 / times), more = pricedAt(p, high, times); fewer && more) {
                out.cost_month_as_read = out.cost_month;
                out.cost_month->lo = std::min(out.cost_month->lo, pricing::sum(*fewer));
                out.cost_month->hi = std::max(out.cost_month->hi, pricing::sum(*more));
                for (auto& [meter, range] : out.breakdown) {
                    const auto at = [&name = meter](const auto& map) { return map.contains(name) ? map.at(name) : Money{}; };
                    range.lo = std::min(range.lo, at(*fewer));
                    range.hi = std::max(range.hi, at(*more));
                }
            }
        }
    }
    if (p.requests > 0) {
        const double n = std::max(1.0, static_cast<double>(work.arrivals.size()));
        const auto time = [&](double seconds) { return Estimate{seconds * 1000, seconds * 1000 * low, seconds * 1000 * high}; };
        // Where no percentile was measured, none is predicted.
        if (percentiles) {
            out.p50_ms = time(p.p50_s);
            out.p95_ms = time(p.p95_s);
            out.p99_ms = time(p.p99_s);
        }
        const auto share = [&](double s) {
            const double spread = 1.645 * std::sqrt((s * n + 1)) / n;
            return Estimate{s, std::max(0.0, s - spread), std::min(1.0, s + spread)};
        };
        if (!evidence.cold_starts.coverage.ranges().empty()) out.cold_start_share = share(p.cold_share);
        out.throttled_share = share(p.throttled_share);
    }
    if (percentiles) out.latency_cdf = p.cdf;
    return out;
}

}  // namespace pilotlight::tuning
