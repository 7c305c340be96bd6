// From what was measured in a part of a day to 30 days: how a change is judged, and so also how the interval of its prediction is drawn.
#pragma once

#include <map>
#include <span>
#include <string>

#include "core/base/money.h"

namespace pilotlight::tuning {

inline constexpr double kMonthOfSeconds = 30.0 * 86'400;

// Every measured figure is open by that much: points that come late, rounding, an instance that was being replaced.
inline constexpr double kLeastRelative = 0.0015;

// What some time cost, USD.
struct TimeCost {
    double seconds = 0, requests = 0;
    double with_requests = 0;  // goes with what is served
    double with_time = 0;      // paid for keeping instances, whatever is served
    // `by_time`: instances are billed for their whole life, so that all of it goes with time.
    void add(const std::map<std::string, Money>& cost, bool by_time);
    void add(const TimeCost& other);
};

// Cost a request of `season` (the same hours of other days) over that of `before`: an hour's traffic is not the month's, nights have more
// cold starts. 1 where `days` of the season are fewer than three or have hardly any requests.
[[nodiscard]] double seasonFactor(const TimeCost& before, const TimeCost& season, std::size_t days);
// USD in 30 days at the traffic of `before`, from `after`, whose hours cost `factor` times the mean.
[[nodiscard]] double monthlyCost(const TimeCost& before, double factor, const TimeCost& after);

// Instances that are billed for their whole life: their mean number over the time of `before`, from the one measured in a part of a day.
struct InstanceProjection {
    double mean = 0;
    double lo = 0, hi = 0;  // what the hours that were not measured leave open
};
// `before`, `season`: mean number of instances in each period of the whole time before, and of the same hours in it; `after`: their mean
// since. More instances than the old minimum were there because they were needed, so a lower minimum spares none of them; periods at the
// minimum may spare up to the difference. Which share they do spare is read off the hours that were measured.
[[nodiscard]] InstanceProjection projectInstances(std::span<const double> before, std::span<const double> season, double after,
                                                  int least_before, int least_after);

}  // namespace pilotlight::tuning
