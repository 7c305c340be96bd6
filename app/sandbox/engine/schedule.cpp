#include "app/sandbox/engine/schedule.h"

#include <algorithm>
#include <charconv>
#include <chrono>

namespace pilotlight::sandbox {
namespace {

std::optional<int> number(std::string_view text) {
    int value = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
    if (error != std::errc() || end != text.data() + text.size() || text.empty()) return std::nullopt;
    return value;
}

constexpr std::string_view kMonths[] = {"JAN", "FEB", "MAR", "APR", "MAY", "JUN", "JUL", "AUG", "SEP", "OCT", "NOV", "DEC"};
constexpr std::string_view kDays[] = {"SUN", "MON", "TUE", "WED", "THU", "FRI", "SAT"};

std::optional<int> named(std::string_view text, bool months, bool days) {
    if (months)
        for (int i = 0; i < 12; ++i)
            if (text == kMonths[i]) return i + 1;
    if (days)
        for (int i = 0; i < 7; ++i)
            if (text == kDays[i]) return i + 1;
    return number(text);
}

// One cron field: *, a, a-b, a/b, */b, lists of them. Empty where it is malformed.
std::vector<bool> field(std::string_view text, int low, int high, bool months, bool days) {
    std::vector<bool> set(static_cast<std::size_t>(high + 1), false);
    while (!text.empty()) {
        const auto comma = text.find(',');
        std::string_view item = text.substr(0, comma);
        text = comma == std::string_view::npos ? std::string_view{} : text.substr(comma + 1);
        int step = 1;
        if (const auto slash = item.find('/'); slash != std::string_view::npos) {
            const auto parsed = number(item.substr(slash + 1));
            if (!parsed || *parsed < 1) return {};
            step = *parsed;
            item = item.substr(0, slash);
            if (item != "*" && item.find('-') == std::string_view::npos) {
                const auto from = named(item, months, days);
                if (!from || *from < low || *from > high) return {};
                for (int v = *from; v <= high; v += step) set[static_cast<std::size_t>(v)] = true;
                continue;
            }
        }
        int from = low, to = high;
        if (item != "*") {
            const auto dash = item.find('-');
            const auto a = named(item.substr(0, dash), months, days);
            const auto b = dash == std::string_view::npos ? a : named(item.substr(dash + 1), months, days);
            if (!a || !b || *a < low || *b > high || *a > *b) return {};
            from = *a;
            to = *b;
        }
        for (int v = from; v <= to; v += step) set[static_cast<std::size_t>(v)] = true;
    }
    return set;
}

std::optional<std::int64_t> localSeconds(std::string_view text) {  // yyyy-mm-ddThh:mm:ss
    if (text.size() != 19 || text[4] != '-' || text[7] != '-' || text[10] != 'T' || text[13] != ':' || text[16] != ':') return std::nullopt;
    const auto y = number(text.substr(0, 4)), mo = number(text.substr(5, 2)), d = number(text.substr(8, 2)), h = number(text.substr(11, 2)),
               mi = number(text.substr(14, 2)), s = number(text.substr(17, 2));
    if (!y || !mo || !d || !h || !mi || !s) return std::nullopt;
    const std::chrono::year_month_day date{std::chrono::year{*y}, std::chrono::month{static_cast<unsigned>(*mo)},
                                           std::chrono::day{static_cast<unsigned>(*d)}};
    if (!date.ok() || *h > 23 || *mi > 59 || *s > 59) return std::nullopt;
    return std::chrono::sys_days{date}.time_since_epoch().count() * 86400LL + *h * 3600 + *mi * 60 + *s;
}

}  // namespace

std::optional<Schedule> Schedule::parse(std::string_view text, const std::string& zone_name) {
    Schedule s;
    const auto zone = TimeZone::named(zone_name);
    const auto open = text.find('(');
    if (!zone || open == std::string_view::npos || text.back() != ')') return std::nullopt;
    s.zone_ = *zone;
    const std::string_view kind = text.substr(0, open), inside = text.substr(open + 1, text.size() - open - 2);
    if (kind == "at") {
        const auto local = localSeconds(inside);
        if (!local) return std::nullopt;
        s.kind_ = Kind::at;
        s.at_ = std::chrono::duration_cast<std::chrono::microseconds>(s.zone_.atLocal(seconds(*local)).time_since_epoch()).count();
        return s;
    }
    std::vector<std::string_view> parts;
    for (std::size_t i = 0; i < inside.size();) {
        const auto space = std::min(inside.find(' ', i), inside.size());
        if (space > i) parts.push_back(inside.substr(i, space - i));
        i = space + 1;
    }
    if (kind == "rate") {
        const auto value = parts.size() == 2 ? number(parts[0]) : std::nullopt;
        if (!value || *value < 1) return std::nullopt;
        const Micros unit = parts[1].starts_with("minute") ? kMinute
                            : parts[1].starts_with("hour") ? kHour
                            : parts[1].starts_with("day")  ? kDay
                                                           : 0;
        if (unit == 0 || ((parts[1].back() == 's') != (*value != 1))) return std::nullopt;
        s.kind_ = Kind::rate;
        s.every_ = *value * unit;
        return s;
    }
    if (kind != "cron" || parts.size() != 6 || (parts[2] == "?") == (parts[4] == "?")) return std::nullopt;
    s.any_day_ = parts[2] == "?";
    s.any_weekday_ = parts[4] == "?";
    s.minute_ = field(parts[0], 0, 59, false, false);
    s.hour_ = field(parts[1], 0, 23, false, false);
    s.day_ = field(s.any_day_ ? "*" : parts[2], 1, 31, false, false);
    s.month_ = field(parts[3], 1, 12, true, false);
    s.weekday_ = field(s.any_weekday_ ? "*" : parts[4], 1, 7, false, true);
    if (s.minute_.empty() || s.hour_.empty() || s.day_.empty() || s.month_.empty() || s.weekday_.empty()) return std::nullopt;
    if (parts[5] != "*") {
        const auto dash = parts[5].find('-');
        const auto a = number(parts[5].substr(0, dash));
        const auto b = dash == std::string_view::npos ? a : number(parts[5].substr(dash + 1));
        if (!a || !b || *a < 1970 || *b > 2199) return std::nullopt;
        s.first_year_ = *a;
        s.last_year_ = *b;
    }
    return s;
}

std::optional<Micros> Schedule::next(Micros t, Micros created) const {
    if (kind_ == Kind::at) return at_ > t ? std::optional(at_) : std::nullopt;
    if (kind_ == Kind::rate) return created + ((std::max(t, created) - created) / every_ + 1) * every_;
    // Walks local minutes; whole days that do not fit are skipped.
    std::int64_t utc = t / kSecond / 60 * 60 + 60;
    for (int guard = 0; guard < 400'000; ++guard) {
        const std::int64_t local = utc + zone_.offsetAt(Timestamp(seconds(utc))).count();
        const std::chrono::sys_days day{std::chrono::days{local / 86400}};
        const std::chrono::year_month_day date{day};
        const std::size_t weekday = std::chrono::weekday{day}.c_encoding() + 1;
        const int year = static_cast<int>(date.year());
        if (year > last_year_) return std::nullopt;
        if (year < first_year_ || !month_[static_cast<unsigned>(date.month())] || !day_[static_cast<unsigned>(date.day())] ||
            !weekday_[weekday]) {
            utc += 86400 - local % 86400;
            continue;
        }
        if (!hour_[static_cast<std::size_t>(local % 86400 / 3600)]) {
            utc += 3600 - local % 3600;
            continue;
        }
        if (minute_[static_cast<std::size_t>(local % 3600 / 60)]) return utc * kSecond;
        utc += 60;
    }
    return std::nullopt;
}

}  // namespace pilotlight::sandbox
