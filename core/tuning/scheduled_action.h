// Scheduled actions of AWS Application Auto Scaling: when they set the capacity of a pool, and to what.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/time.h"
#include "core/tuning/time_zone.h"

namespace pilotlight::tuning {

class ScheduledAction {
public:
    // "office-hours cron(45 7 ? * MON-FRI *) Europe/Paris 2..2", as PoolScaling holds them. cron(minute hour day-of-month month
    // day-of-week year) with *, a, a-b, a/b and lists; at(yyyy-mm-ddThh:mm:ss). nullopt for what is not understood: rate() (its phase is
    // not known), L, W and #, an unknown zone.
    [[nodiscard]] static std::optional<ScheduledAction> parse(std::string_view text);
    // Each time it fires within the range, ascending; at most some thousands.
    [[nodiscard]] std::vector<Timestamp> firings(TimeRange range) const;

    std::int32_t least = 0, most = 0;  // capacity from then on

private:
    std::optional<std::int64_t> at_;  // local seconds
    std::vector<bool> minute_, hour_, day_, month_, weekday_;  // weekday_[1] = Sunday
    int first_year_ = 1970, last_year_ = 2199;
    TimeZone zone_;
};

}  // namespace pilotlight::tuning
