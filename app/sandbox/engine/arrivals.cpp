#include "app/sandbox/engine/arrivals.h"

#include <algorithm>
#include <cmath>
#include <numbers>

namespace pilotlight::sandbox {

Arrivals::Arrivals(const ArrivalSpec& spec, Random random, Micros start)
    : spec_(spec), random_(random), start_(start), planned_(start - start % kHour) {
    silent_ = spec.per_day <= 0 && (spec.bursts.per_day <= 0 || spec.bursts.mean_size <= 0) && spec.batches.empty();
    while (!silent_ && queue_.empty()) planHour();
}

void Arrivals::pop() {
    queue_.pop();
    while (!silent_ && (queue_.empty() || queue_.top() >= planned_)) planHour();
}

double Arrivals::factor(Micros hour_start) {
    const double hour = static_cast<double>(hour_start % kDay) / kHour + 0.5;
    const auto day = hour_start / kDay;                   // 1970-01-01 was a Thursday
    const int weekday = static_cast<int>((day + 3) % 7);  // 0 = Monday
    double value = 1.0 + spec_.swing * std::cos(2 * std::numbers::pi * (hour - spec_.peak_hour) / 24.0);
    if (weekday >= 5) value *= spec_.weekend;
    value *= random_.jitter(spec_.restless);
    value *= std::pow(1.0 + spec_.growth_week, static_cast<double>(hour_start - start_) / (7.0 * kDay));
    return std::max(0.0, value);
}

void Arrivals::planHour() {
    const Micros begin = planned_;
    planned_ += kHour;
    const double f = factor(begin);
    const auto put = [this](Micros t) {
        if (t >= start_) queue_.push(t);
    };
    if (spec_.per_day > 0 && f > 0) {
        const double mean_gap = static_cast<double>(kDay) / (spec_.per_day * f);
        for (double t = random_.exponential() * mean_gap; t < static_cast<double>(kHour); t += random_.exponential() * mean_gap)
            put(begin + static_cast<Micros>(t));
    }
    if (spec_.bursts.per_day > 0 && f > 0) {
        const double mean_gap = static_cast<double>(kDay) / (spec_.bursts.per_day * f);
        for (double t = random_.exponential() * mean_gap; t < static_cast<double>(kHour); t += random_.exponential() * mean_gap) {
            double at = t;
            const double size = 1 + std::floor(random_.exponential() * std::max(0.0, spec_.bursts.mean_size - 1));
            for (double i = 0; i < size; ++i) {
                put(begin + static_cast<Micros>(at));
                at += random_.exponential() * spec_.bursts.spacing_ms * 1000.0;
            }
        }
    }
    for (const auto& batch : spec_.batches) {
        if ((begin % kDay) / kHour != batch.hour) continue;
        const double count = batch.count * random_.jitter(0.08);
        for (double i = 0; i < count; ++i)
            put(begin + batch.minute * kMinute + static_cast<Micros>(random_.uniform() * batch.spread_s * kSecond));
    }
}

}  // namespace pilotlight::sandbox
