#include "core/platform/aws/warm_schedule_cron.h"

#include <fmt/format.h>

#include <set>

namespace pilotlight::platform::aws {
namespace {

constexpr const char* kDays[] = {"MON", "TUE", "WED", "THU", "FRI", "SAT", "SUN"};
constexpr unsigned kAllDays = 0x7F;

// "MON-FRI", "SAT,SUN", "MON,WED,FRI": runs of three and more as a range.
std::string dayList(unsigned days) {
    std::string text;
    for (int day = 0; day < 7;) {
        if ((days >> day & 1u) == 0) {
            ++day;
            continue;
        }
        int last = day;
        while (last + 1 < 7 && (days >> (last + 1) & 1u) != 0) ++last;
        if (last - day >= 2) {
            text += fmt::format("{}{}-{}", text.empty() ? "" : ",", kDays[day], kDays[last]);
        } else {
            for (int each = day; each <= last; ++each) text += fmt::format("{}{}", text.empty() ? "" : ",", kDays[each]);
        }
        day = last + 1;
    }
    return text;
}

}  // namespace

Result<std::vector<CronAction>> cronActions(const WarmSchedule& schedule) {
    std::vector<CronAction> actions;
    std::set<std::pair<int, std::int32_t>> moments;  // (day, minute)
    for (const auto& entry : schedule.entries) {
        const unsigned days = entry.weekdays & kAllDays;
        if (days == 0 || entry.minute_of_day < 0 || entry.minute_of_day >= 24 * 60 || entry.level < 0) {
            return fail(ErrorCode::invalid_argument, "An entry of the schedule has no day, no minute of the day or a negative level", {},
                        "Correct the schedule.");
        }
        for (int day = 0; day < 7; ++day) {
            if ((days >> day & 1u) != 0 && !moments.insert({day, entry.minute_of_day}).second) {
                return fail(ErrorCode::invalid_argument,
                            fmt::format("The schedule has two levels for {} {:02}:{:02}", kDays[day], entry.minute_of_day / 60,
                                        entry.minute_of_day % 60),
                            {}, "Keep one of them.");
            }
        }
        const int hour = entry.minute_of_day / 60, minute = entry.minute_of_day % 60;
        const std::string list = dayList(days);
        std::string name = fmt::format("{}{:02}{:02}-{}", kOurActionPrefix, hour, minute, days == kAllDays ? "DAILY" : list);
        std::replace(name.begin(), name.end(), ',', '-');
        actions.push_back(
            {std::move(name),
             days == kAllDays ? fmt::format("cron({} {} * * ? *)", minute, hour) : fmt::format("cron({} {} ? * {} *)", minute, hour, list),
             entry.level});
    }
    return actions;
}

std::int32_t levelAt(const WarmSchedule& schedule, Timestamp when) {
    constexpr std::size_t minutes_a_week = 7 * 24 * 60;
    const auto levels = schedule.levels(minutes_a_week);
    if (levels.empty()) return 0;
    // 1970-01-01 was a Thursday: three days after a Monday.
    const auto minute = std::chrono::duration_cast<minutes>(when.time_since_epoch()).count() + 3 * 24 * 60;
    return levels[static_cast<std::size_t>(minute % static_cast<std::int64_t>(minutes_a_week)) % levels.size()];
}

}  // namespace pilotlight::platform::aws
