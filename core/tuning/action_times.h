// When a scheduled action of AWS Application Auto Scaling fires.
#pragma once

#include <optional>
#include <vector>

#include "core/base/time_zone.h"
#include "core/domain/function.h"

namespace pilotlight::tuning {

class ActionTimes {
public:
    // cron(minute hour day-of-month month day-of-week year) with *, a, a-b, a/b and lists; at(yyyy-mm-ddThh:mm:ss). nullopt for what is
    // not understood: rate() (its phase is not known), L, W and #, a zone that this machine does not know.
    [[nodiscard]] static std::optional<ActionTimes> of(const ScheduledAction& action);
    // Within the range and the action's own bounds, ascending; at most some thousands.
    [[nodiscard]] std::vector<Timestamp> within(TimeRange range) const;

private:
    std::optional<seconds> at_;                                // local
    std::vector<bool> minute_, hour_, day_, month_, weekday_;  // weekday_[1] = Sunday
    int first_year_ = 1970, last_year_ = 2199;
    std::optional<Timestamp> begins_, ends_;
    TimeZone zone_;
};

}  // namespace pilotlight::tuning
