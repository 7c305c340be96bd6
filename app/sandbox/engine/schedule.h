// Schedules of Application Auto Scaling: at(...), rate(...), cron(...) in an IANA time zone.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "app/sandbox/engine/arrivals.h"
#include "core/base/time_zone.h"

namespace pilotlight::sandbox {

class Schedule {
public:
    // nullopt where the expression is not one (six cron fields, "?" in one of the day fields, ...).
    [[nodiscard]] static std::optional<Schedule> parse(std::string_view expression, const std::string& zone);
    // The first firing after `t`; nullopt = never again. `created` anchors rate().
    [[nodiscard]] std::optional<Micros> next(Micros t, Micros created) const;

private:
    enum class Kind { at, rate, cron } kind_ = Kind::cron;
    Micros at_ = 0, every_ = 0;
    std::vector<bool> minute_, hour_, day_, month_, weekday_;  // weekday_[1] = Sunday
    bool any_day_ = true, any_weekday_ = true;
    int first_year_ = 1970, last_year_ = 2199;
    TimeZone zone_;
};

}  // namespace pilotlight::sandbox
