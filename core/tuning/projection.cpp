#include "core/tuning/projection.h"

#include <algorithm>

#include "core/pricing/price_book.h"

namespace pilotlight::tuning {
namespace {

constexpr std::size_t kLeastSeasonDays = 3;
constexpr double kLeastSeasonRequests = 100;

struct Bounds {
    double low = 0, high = 0;
};

// Mean number of instances with the new minimum, from periods with the old one: if it spared all that it could, and if it spared nothing.
Bounds boundsOf(std::span<const double> periods, int least_before, int least_after) {
    Bounds sum;
    for (const double alive : periods) {
        const double high = std::max<double>(alive, least_after);
        // Part of the period at the old minimum: 2.3 on average are three for three tenths of it.
        const double at_minimum = std::clamp(1 - (alive - least_before), 0.0, 1.0);
        const double spared = std::max(0, least_before - least_after) * at_minimum;
        sum.low += std::max<double>(std::min<double>(alive, least_after), high - spared);
        sum.high += high;
    }
    const double n = std::max<double>(1, static_cast<double>(periods.size()));
    return {sum.low / n, sum.high / n};
}

}  // namespace

void TimeCost::add(const std::map<std::string, Money>& cost, bool by_time) {
    for (const auto& [meter, amount] : cost) (by_time || pricing::isKept(meter) ? with_time : with_requests) += amount.toDouble();
}

void TimeCost::add(const TimeCost& other) {
    seconds += other.seconds;
    requests += other.requests;
    with_requests += other.with_requests;
    with_time += other.with_time;
}

double seasonFactor(const TimeCost& before, const TimeCost& season, std::size_t days) {
    if (days < kLeastSeasonDays || season.requests < kLeastSeasonRequests || before.requests <= 0) return 1;
    if (season.with_requests <= 0 || before.with_requests <= 0) return 1;
    return season.with_requests / season.requests / (before.with_requests / before.requests);
}

double monthlyCost(const TimeCost& before, double factor, const TimeCost& after) {
    const double a_request = after.requests > 0 ? after.with_requests / after.requests / factor : 0;
    const double requests = before.seconds > 0 ? before.requests / before.seconds * kMonthOfSeconds : 0;
    return a_request * requests + (after.seconds > 0 ? after.with_time / after.seconds * kMonthOfSeconds : 0);
}

InstanceProjection projectInstances(std::span<const double> before, std::span<const double> season, double after, int least_before,
                                    int least_after) {
    const Bounds whole = boundsOf(before, least_before, least_after);
    const Bounds then = season.empty() ? whole : boundsOf(season, least_before, least_after);
    const double open = then.high - then.low;
    const double kept = open > 1e-9 ? std::clamp((after - then.low) / open, 0.0, 1.0) : 0;
    const double expected = then.low + kept * open;
    const double factor = expected > 0 ? after / expected : 1;  // more or less demand than on the other days
    return {factor * (whole.low + kept * (whole.high - whole.low)), factor * whole.low, factor * whole.high};
}

}  // namespace pilotlight::tuning
