// From a point to money and intervals. Uncertain are: duration at sizes not measured (joint posterior draws), INIT against memory, the
// number of cold starts, and which days the next month brings (bootstrap of days).
#include <algorithm>
#include <cmath>

#include "core/tuning/engine_core.h"

namespace pilotlight::tuning {
namespace {

Result<std::map<std::string, Money>> priced(const EngineCore& core, const pricing::LambdaUsage& usage, Megabytes memory) {
    if (!core.evidence.prices) return fail(ErrorCode::not_found, "No prices");
    return pricing::lambdaCost(usage, memory, core.evidence.function.ephemeral_storage, *core.evidence.prices, core.evidence.price_factors);
}

// A standard normal for each draw and purpose, the same for every point.
double normalOf(std::size_t draw, std::uint64_t purpose) { return model::Random(0x6f75746c, draw * 16 + purpose).normal(); }

pricing::LambdaUsage drawn(const EngineCore& core, const Point& p, std::size_t draw) {
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
    // Cold starts: counting noise of what was seen, and a tenth for the keep-alive.
    const double sd = std::sqrt(1.0 / (5.0 + static_cast<double>(core.work.cold_seen)) + 0.01);
    usage.init_ms_billed *= std::max(0.1, 1 + sd * normalOf(draw, 2));
    const double days = draw < core.day_factor_draws.size() ? core.day_factor_draws[draw] : 1;
    usage.requests *= days;
    usage.duration_ms_billed *= days;
    usage.pool_duration_ms_billed *= days;
    usage.init_ms_billed *= days;
    return usage;
}

Estimate interval(std::vector<double> draws, double value) {
    std::sort(draws.begin(), draws.end());
    const auto at = [&](double q) { return draws[static_cast<std::size_t>(q * static_cast<double>(draws.size() - 1))]; };
    return {value, std::min(value, at(0.05)), std::max(value, at(0.95))};
}

Money usd(double v) { return Money::fromDouble(v); }

}  // namespace

std::optional<double> costOf(const EngineCore& core, const Point& point) {
    const auto cost = priced(core, point.usage, point.memory);
    if (!cost) return std::nullopt;
    return pricing::sum(*cost).toDouble();
}

std::vector<double> costDraws(const EngineCore& core, const Point& point) {
    std::vector<double> out;
    for (std::size_t d = 0; d < kDraws; ++d) {
        const auto cost = priced(core, drawn(core, point, d), point.memory);
        if (!cost) return {};
        out.push_back(pricing::sum(*cost).toDouble());
    }
    return out;
}

std::optional<Saving> savingOf(const EngineCore& core, const Point& today, const Point& point) {
    const auto before = costDraws(core, today), after = costDraws(core, point);
    const auto a = costOf(core, today), b = costOf(core, point);
    if (before.empty() || after.empty() || !a || !b) return std::nullopt;
    std::vector<double> difference(before.size());
    double positive = 0;
    for (std::size_t d = 0; d < before.size(); ++d) {
        difference[d] = before[d] - after[d];
        positive += difference[d] > 0 ? 1 : 0;
    }
    Saving s;
    s.usd = interval(difference, *a - *b);
    s.chance_positive = positive / static_cast<double>(before.size());
    s.today_usd = *a;
    return s;
}

Outcome outcomeOf(const EngineCore& core, const Point& p, bool exact) {
    Outcome out;
    out.exact = exact;
    const auto cost = priced(core, p.usage, p.memory);
    if (cost) {
        std::vector<double> totals;
        std::map<std::string, std::vector<double>> meters;
        for (std::size_t d = 0; d < kDraws; ++d) {
            const auto one = priced(core, drawn(core, p, d), p.memory);
            if (!one) break;
            totals.push_back(pricing::sum(*one).toDouble());
            for (const auto& [meter, amount] : *one) meters[meter].push_back(amount.toDouble());
        }
        const auto estimate = [](const std::vector<double>& draws, Money value) {
            const auto e = interval(draws, value.toDouble());
            return MoneyEstimate{value, std::min(value, usd(e.lo)), std::max(value, usd(e.hi))};
        };
        out.cost_month = estimate(totals, pricing::sum(*cost));
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
        const double colds = p.cold * core.work.span_s / kMonthSeconds / core.work.scale;
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
