// From a point to money and intervals. All is at the traffic of the evidence. Uncertain are: duration at sizes not measured (joint
// posterior draws), INIT against memory, the number of cold starts; and, in what is predicted to be measured, what one window of time
// shows of it: which requests, cold starts and slow drift fall into it (bootstrap of the replay's windows). A window is compared with
// the same hour of other days, as core/change does. Where days of the range were not read, a cost a month allows for them; a difference between
// settings is at the traffic that was read.
#include <algorithm>
#include <cmath>

#include "core/tuning/engine_core.h"
#include "core/tuning/projection.h"

namespace pilotlight::tuning {
namespace {

Result<std::map<std::string, Money>> priced(const EngineCore& core, const pricing::Usage& usage, Megabytes memory) {
    if (!core.evidence.prices) return fail(ErrorCode::not_found, "No prices");
    return pricing::lambdaCost(usage, memory, core.evidence.function.ephemeral_storage, *core.evidence.prices, core.evidence.price_factors);
}

// A standard normal for each draw and purpose, the same for every point.
double normalOf(std::size_t draw, std::uint64_t purpose) { return model::Random(0x6f75746c, draw * 16 + purpose).normal(); }

pricing::Usage drawn(const EngineCore& core, const Point& p, std::size_t draw) {
    auto usage = p.usage;
    const auto i = core.gridIndex(p.memory);
    const double base = core.ratio[i];
    const double wobble = base > 0 && draw < core.ratio_draws.size() ? core.ratio_draws[draw][i] / base : 1;
    // A duration that is a whole number of milliseconds by rounding does not scale in its last half.
    usage.duration_ms_billed *= wobble;
    usage.pool_duration_ms_billed *= wobble;
    const auto share = [](Megabytes m) { return std::min<double>(std::max(1, m.value), kLambdaMegabytesPerVcpu); };
    const double x = std::log(share(p.memory) / share(core.evidence.function.memory));
    usage.init_ms_billed *= std::exp(-x * core.work.init_exponent_sd * normalOf(draw, 1));
    // Where no cold start was read, INIT is a guess within a factor of some three.
    if (core.work.init_assumed) usage.init_ms_billed *= std::exp(0.7 * normalOf(draw, 3));
    // Cold starts: counting noise of what was seen, and a tenth for the keep-alive where it decides anew.
    const double law = p.same_cold_starts ? 0.02 : 0.1;
    const double sd = std::sqrt(1.0 / (5.0 + static_cast<double>(core.work.cold_seen)) + law * law);
    usage.init_ms_billed *= std::max(0.1, 1 + sd * normalOf(draw, 2));
    return usage;
}

// What would be measured: a draw as one window of time shows it.
pricing::Usage measured(const EngineCore& core, const Point& p, std::size_t draw) {
    auto usage = drawn(core, p, draw);
    const auto& windows = p.windows.empty() ? core.today_point.windows : p.windows;
    if (windows.empty()) return usage;
    const auto& window = windows[model::Random(0x77696e64, draw).below(windows.size())];
    const double hour = core.hour_factor[window.hour];
    usage.requests *= hour;
    usage.duration_ms_billed *= hour * window.on_demand;
    usage.init_ms_billed *= hour * window.init;
    usage.pool_duration_ms_billed *= hour * window.pool;
    return usage;
}

std::optional<double> totalOf(const EngineCore& core, const pricing::Usage& usage, Megabytes memory) {
    const auto cost = priced(core, usage, memory);
    if (!cost) return std::nullopt;
    return pricing::sum(*cost).toDouble();
}

// What was used if so many times as many requests had come. A kept pool costs the same.
pricing::Usage atTraffic(pricing::Usage usage, double factor) {
    usage.requests *= factor;
    usage.duration_ms_billed *= factor;
    usage.init_ms_billed *= factor;
    usage.pool_duration_ms_billed *= factor;
    return usage;
}

Estimate interval(std::vector<double> draws, double value) {
    std::sort(draws.begin(), draws.end());
    const auto at = [&](double q) { return draws[static_cast<std::size_t>(q * static_cast<double>(draws.size() - 1))]; };
    const double least = kLeastRelative * value;
    return {value, value - std::hypot(std::max(0.0, value - at(0.05)), least), value + std::hypot(std::max(0.0, at(0.95) - value), least)};
}

Money usd(double v) { return Money::fromDouble(v); }

}  // namespace

void compareHours(EngineCore& core) {
    const auto& today = core.today_point;
    const auto requestCost = [&](const pricing::Usage& usage) {
        auto without_pool = usage;
        without_pool.pool_instance_seconds = 0;
        return totalOf(core, without_pool, today.memory).value_or(0);
    };
    const double whole = requestCost(today.usage);
    for (std::uint8_t hour = 0; hour < 24; ++hour) {
        double requests = 0, on_demand = 0, init = 0, pool = 0;
        for (const auto& window : today.windows) {
            if (window.hour != hour) continue;
            requests += window.requests;
            on_demand += window.requests * window.on_demand;
            init += window.requests * window.init;
            pool += window.requests * window.pool;
        }
        if (requests < 100) continue;
        auto usage = today.usage;
        usage.duration_ms_billed *= on_demand / requests;
        usage.init_ms_billed *= init / requests;
        usage.pool_duration_ms_billed *= pool / requests;
        if (const double here = requestCost(usage); here > 0 && whole > 0) core.hour_factor[hour] = whole / here;
    }
}

std::optional<double> costOf(const EngineCore& core, const Point& point) {
    return totalOf(core, point.usage, point.memory);
}

std::vector<double> costDraws(const EngineCore& core, const Point& point) {
    std::vector<double> out;
    for (std::size_t d = 0; d < kDraws; ++d) {
        const auto cost = totalOf(core, drawn(core, point, d), point.memory);
        if (!cost) return {};
        out.push_back(*cost);
    }
    return out;
}

std::optional<Saving> savingOf(const EngineCore& core, const Point& point) {
    const auto a = costOf(core, core.today_point), b = costOf(core, point);
    if (!a || !b || core.today_draws.empty()) return std::nullopt;
    std::vector<double> after(kDraws);
    double positive = 0;
    for (std::size_t d = 0; d < kDraws; ++d) {
        const auto is = totalOf(core, drawn(core, point, d), point.memory), shown = totalOf(core, measured(core, point, d), point.memory);
        if (!is || !shown) return std::nullopt;
        positive += core.today_draws[d] > *is ? 1 : 0;
        after[d] = *shown;
    }
    const auto e = interval(after, *b);
    return Saving{{*a - *b, *a - e.hi, *a - e.lo}, positive / static_cast<double>(kDraws)};
}

Outcome outcomeOf(const EngineCore& core, const Point& p, bool exact, bool known) {
    Outcome out;
    out.exact = exact;
    out.cold_share_by_hour = p.cold_by_hour;
    const auto cost = priced(core, p.usage, p.memory);
    if (cost) {
        std::vector<double> totals, as_read;
        std::map<std::string, std::vector<double>> meters;
        for (std::size_t d = 0; d < kDraws; ++d) {
            auto usage = known ? p.usage : measured(core, p, d);
            // Where it is not known how many instances were kept: anything between the limits of what scales them.
            if (const auto& levels = core.pool_levels; p.pool_as_today && !levels.doubt.empty())
                usage.pool_instance_seconds = kMonthSeconds * (std::max(0.0, core.pool_today - levels.seen) + levels.least +
                                                               (levels.most - levels.least) * model::Random(0x706f6f6c, d).uniform());
            if (core.work.demand_spread > 0) {
                if (const auto total = totalOf(core, usage, p.memory)) as_read.push_back(*total);
                usage = atTraffic(usage, std::exp(core.work.demand_spread * normalOf(d, 4)));
            }
            const auto one = priced(core, usage, p.memory);
            if (!one) break;
            totals.push_back(pricing::sum(*one).toDouble());
            for (const auto& [meter, amount] : *cost) {
                const auto here = one->find(meter);
                meters[meter].push_back(here == one->end() ? 0 : here->second.toDouble());
            }
        }
        const auto estimate = [](const std::vector<double>& draws, Money value) {
            const auto e = interval(draws, value.toDouble());
            return MoneyEstimate{value, std::min(value, usd(e.lo)), std::max(value, usd(e.hi))};
        };
        out.cost_month = estimate(totals, pricing::sum(*cost));
        if (as_read.size() == totals.size()) out.cost_month_as_read = estimate(as_read, pricing::sum(*cost));
        for (const auto& [meter, amount] : *cost)
            if (!meters[meter].empty()) out.breakdown[meter] = estimate(meters[meter], amount);
    }
    const double served = p.requests - p.throttled;
    if (served > 0) {
        const auto i = core.gridIndex(p.memory);
        // Sampling of the percentile itself: a tenth of the requests count as independent.
        const double n = std::max(10.0, static_cast<double>(core.work.arrivals.size()) / 10);
        const auto percentile = [&](double value_s, double q) {
            const double sampling = 1.645 * std::sqrt(q * (1 - q) / n) / std::max(0.01, 1 - q) * 0.5;
            const double lo = 1 - std::hypot(1 - core.p95_lo[i], std::min(0.5, sampling));
            const double hi = 1 + std::hypot(core.p95_hi[i] - 1, std::min(1.0, sampling));
            return Estimate{value_s * 1000, value_s * 1000 * std::max(0.1, lo), value_s * 1000 * hi};
        };
        out.p50_ms = percentile(p.p50_s, 0.50);
        out.p95_ms = percentile(p.p95_s, 0.95);
        out.p99_ms = percentile(p.p99_s, 0.99);
        const double share = std::clamp(p.cold / served, 0.0, 1.0);
        const double colds = p.cold * core.work.read_s / kMonthSeconds / core.work.scale;
        const double sd = std::sqrt(1.5 / (colds + 1) + 0.01);
        out.cold_start_share = Estimate{share, std::max(0.0, share * (1 - 1.645 * sd)),
                                        std::min(1.0, share * (1 + 1.645 * sd) + 1.0 / static_cast<double>(core.work.arrivals.size() + 1))};
        const double throttled = std::clamp(p.throttled / p.requests, 0.0, 1.0);
        out.throttled_share = Estimate{throttled, throttled * 0.6, std::min(1.0, throttled * 1.6)};
    } else if (p.requests > 0) {
        out.throttled_share = Estimate{1, 1, 1};
    }
    out.latency_cdf = p.cdf;
    return out;
}

}  // namespace pilotlight::tuning
