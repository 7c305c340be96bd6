#include "core/net/http_date.h"

#include <array>
#include <cstdio>
#include <string>

namespace pilotlight::net {

std::optional<Timestamp> parseHttpDate(std::string_view text) {
    static constexpr std::array<std::string_view, 12> kMonths{"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                                              "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
    if (text.size() < 29 || text.size() > 40) return std::nullopt;
    char month[4] = {};
    int day = 0, year = 0, hour = 0, minute = 0, second = 0;
    if (std::sscanf(std::string(text).c_str(), "%*3c, %2d %3c %4d %2d:%2d:%2d GMT", &day, month, &year, &hour, &minute, &second) != 6) {
        return std::nullopt;
    }
    unsigned number = 0;
    for (unsigned i = 0; i < kMonths.size(); ++i) {
        if (kMonths[i] == std::string_view(month, 3)) number = i + 1;
    }
    const std::chrono::year_month_day date{std::chrono::year(year), std::chrono::month(number),
                                           std::chrono::day(static_cast<unsigned>(day))};
    if (!date.ok() || hour < 0 || hour > 23 || minute < 0 || minute > 59 || second < 0 || second > 60) return std::nullopt;
    return Timestamp(std::chrono::sys_days(date)) + hours(hour) + minutes(minute) + seconds(second);
}

}  // namespace pilotlight::net
