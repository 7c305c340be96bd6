// A weekly warm-pool schedule <-> the cron expressions of Application Auto Scaling.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "core/domain/function.h"

namespace pilotlight::platform::aws {

struct CronAction {
    std::string name;      // "pilotlight-0800-MON-FRI"
    std::string schedule;  // "cron(0 8 ? * MON-FRI *)": minute hour day-of-month month day-of-week year
    std::int32_t level = 0;
    friend bool operator==(const CronAction&, const CronAction&) = default;
};
inline constexpr std::string_view kOurActionPrefix = "pilotlight-";

// One action an entry. invalid_argument: no days, a minute outside the day, a negative level, two levels for one moment.
[[nodiscard]] Result<std::vector<CronAction>> cronActions(const WarmSchedule& schedule);
// Level at `when` by the schedule read as UTC.
[[nodiscard]] std::int32_t levelAt(const WarmSchedule& schedule, Timestamp when);

}  // namespace pilotlight::platform::aws
