// Requests that share an instance slow each other down: fitted from hours of more and of less load. The truth is served by a plain simulator
// of one instance after another, with durations that it draws itself.
#include <gtest/gtest.h>

#include <cmath>
#include <deque>
#include <random>

#include "core/pricing/price_book.h"
#include "core/tuning/engine.h"

namespace pilotlight::tuning {
namespace {

const Timestamp kEnd = parseIso8601("2026-11-24T00:00:00Z").value();
constexpr int kDays = 7;
const TimeRange kRange{kEnd - hours(24 * kDays), kEnd};
constexpr std::size_t kPeriods = kDays * 288;
constexpr double kAloneMedian = 3.0;  // s
constexpr int kConcurrency = 8;

struct Measured {
    std::vector<double> requests, sum_s, active_s;  // by 5 minutes; requests where they end
};

// Fills the busiest instance that has room; progress of every request at 1 / (1 + alpha (n - 1)).
Measured serve(double alpha, double per_s, double swing) {
    Measured out{std::vector<double>(kPeriods), std::vector<double>(kPeriods), std::vector<double>(kPeriods)};
    std::mt19937_64 random(7);
    std::normal_distribution<double> normal;
    std::exponential_distribution<double> gap(1);
    struct Request {
        double arrived, left;
    };
    std::vector<std::vector<Request>> instances;
    double now = 0, arrival = 0;
    const double end = kDays * 86400.0;
    const auto next = [&] {
        for (;;) {
            arrival += gap(random) / (per_s * (1 + swing));
            if (arrival >= end || std::uniform_real_distribution<double>()(random) * (1 + swing) < 1 + swing * std::sin(2 * M_PI * arrival / 86400)) return;
        }
    };
    const auto binOf = [](double t) { return std::min(kPeriods - 1, static_cast<std::size_t>(t / 300)); };
    next();
    while (now < end) {
        double ends = end;
        std::size_t who = instances.size(), which = 0;
        for (std::size_t i = 0; i < instances.size(); ++i)
            for (std::size_t j = 0; j < instances[i].size(); ++j) {
                const double at = now + instances[i][j].left * (1 + alpha * static_cast<double>(instances[i].size() - 1));
                if (at < ends) {
                    ends = at;
                    who = i;
                    which = j;
                }
            }
        const double until = std::min(ends, arrival);
        for (auto& one : instances) {
            if (one.empty()) continue;
            out.active_s[binOf(now)] += std::min(until, end) - now;
            for (auto& request : one) request.left -= (until - now) / (1 + alpha * static_cast<double>(one.size() - 1));
        }
        now = until;
        if (ends <= arrival && who < instances.size()) {
            out.requests[binOf(now)] += 1;
            out.sum_s[binOf(now)] += now - instances[who][which].arrived;
            instances[who].erase(instances[who].begin() + static_cast<std::ptrdiff_t>(which));
            continue;
        }
        if (now >= end) break;
        std::vector<Request>* to = nullptr;
        for (auto& one : instances)
            if (one.size() < kConcurrency && (to == nullptr || one.size() > to->size())) to = &one;
        if (to == nullptr) to = &instances.emplace_back();
        to->push_back({now, kAloneMedian * std::exp(0.3 * normal(random))});
        next();
    }
    return out;
}

Evidence evidenceOf(const Measured& measured) {
    Evidence e;
    Function& f = e.function;
    f.id = "projects/p/locations/us-central1/services/s";
    f.name = "s";
    f.platform = PlatformKind::gcp;
    f.region = "us-central1";
    f.memory = Megabytes{2048};
    f.vcpu = 2;
    f.concurrency = kConcurrency;
    f.timeout = seconds(60);
    f.instance_limit = InstanceLimit::of(20);
    f.qualifiers = {Qualifier{.kind = "service", .warm_pool = 1}};
    f.untuned = {{untuned_key::kKind, "service"}, {untuned_key::kBilling, "request"}};
    e.range = kRange;
    const auto series = [&](Metric metric, Statistic statistic, const auto& value) {
        MetricSeries out{{f.id, "", metric, statistic, seconds(300)}, {}, RangeSet({kRange})};
        for (std::size_t i = 0; i < kPeriods; ++i) out.points.push_back({kRange.begin + minutes(5 * i), static_cast<double>(value(i))});
        return out;
    };
    const auto mean = [&](std::size_t i) { return measured.requests[i] > 0 ? 1000 * measured.sum_s[i] / measured.requests[i] : 0; };
    double sum = 0, n = 0;
    for (std::size_t i = 0; i < kPeriods; ++i) sum += measured.sum_s[i], n += measured.requests[i];
    e.invocations = series(Metric::invocations, Statistic::sum, [&](std::size_t i) { return measured.requests[i]; });
    e.errors = series(Metric::errors, Statistic::sum, [](std::size_t) { return 0; });
    e.duration_average = series(Metric::duration, Statistic::average, mean);
    e.duration_samples = series(Metric::duration, Statistic::sample_count, [&](std::size_t i) { return measured.requests[i]; });
    e.billable_time = series(Metric::billable_time, Statistic::sum, [&](std::size_t i) { return measured.active_s[i]; });
    e.cold_starts = series(Metric::cold_starts, Statistic::sum, [](std::size_t) { return 0; });
    e.init_average = series(Metric::init_duration, Statistic::average, [](std::size_t) { return 1500; });
    e.cpu_utilization = series(Metric::cpu_utilization, Statistic::average, [](std::size_t) { return 0.9; });
    const auto whole = [&](Statistic s, double times) {
        return MetricSeries{{f.id, "", Metric::duration, s, std::chrono::duration_cast<seconds>(kRange.length())}, {{kRange.begin, times * 1000 * sum / n}}, RangeSet({kRange})};
    };
    e.whole_p50 = whole(Statistic::p50, 0.95);
    e.whole_p95 = whole(Statistic::p95, 1.6);
    e.whole_p99 = whole(Statistic::p99, 1.9);
    e.history = {{kRange.begin, f.memory, 1, f.instance_limit, f.vcpu, f.concurrency}};
    e.prices = pricing::bundledBook("gcp", "us-central1", "x86_64");
    return e;
}

WhatIfResult alone(Evidence e) {
    InlineExecutor executor;
    const auto engine = Engine::build(std::move(e), executor, {});
    EXPECT_TRUE(engine) << engine.error().text();
    return (*engine)->exact({.settings = {.concurrency = 1}}, {}).value();
}

bool saysNotMeasured(const WhatIfResult& result) {
    return std::any_of(result.basis.cautions.begin(), result.basis.cautions.end(), [](const auto& c) { return c.find("slow each other down was not measured") != std::string::npos; });
}

TEST(Slowdown, HoursOfMoreAndOfLessLoadTellWhatOneRequestAloneTakes) {
    for (const double alpha : {0.02, 0.15, 0.3}) {
        const auto result = alone(evidenceOf(serve(alpha, 0.25, 0.95)));
        std::printf("alpha %.2f: median alone %.0f ms (%.0f to %.0f), truth %.0f; today %.0f; %s\n", alpha, result.whatif.p50_ms->value, result.whatif.p50_ms->lo,
                    result.whatif.p50_ms->hi, 1000 * kAloneMedian, result.today.p50_ms->value, result.basis.model.c_str());
        EXPECT_FALSE(saysNotMeasured(result)) << alpha;
        EXPECT_NEAR(result.whatif.p50_ms->value, 1000 * kAloneMedian, 0.06 * 1000 * kAloneMedian) << alpha;
        EXPECT_LE(result.whatif.p50_ms->lo, 1000 * kAloneMedian * 1.02) << alpha;
        EXPECT_GE(result.whatif.p50_ms->hi, 1000 * kAloneMedian * 0.98) << alpha;
        EXPECT_LT(result.whatif.p50_ms->hi / result.whatif.p50_ms->lo, 1.3) << alpha;
    }
}

TEST(Slowdown, RequestsThatNeverMeetTellNothing) {
    const auto result = alone(evidenceOf(serve(0.2, 0.004, 0)));
    EXPECT_TRUE(saysNotMeasured(result)) << result.basis.model;
    EXPECT_GT(result.whatif.p50_ms->hi / result.whatif.p50_ms->lo, 1.2);
}

}  // namespace
}  // namespace pilotlight::tuning
