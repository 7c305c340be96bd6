// Schedules of Application Auto Scaling: at(...), rate(...), cron(...) in an IANA time zone.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "app/sandbox/engine/arrivals.h"

namespace pilotlight::sandbox {

// Offsets from UTC, from the machine's zone files; UTC is always known.
class Zone {
public:
    // nullopt for a name that this machine has no file for.
    [[nodiscard]] static std::optional<Zone> load(const std::string& name);
    [[nodiscard]] std::int64_t offsetAt(std::int64_t utc_seconds) const;

private:
    std::vector<std::int64_t> at_;
    std::vector<std::int64_t> offset_;
    std::int64_t first_ = 0;
};

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
    Zone zone_;
};

}  // namespace pilotlight::sandbox
