#include "core/tuning/action_times.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <span>

namespace pilotlight::tuning {
namespace {

constexpr std::size_t kMostFirings = 20'000;
constexpr std::array<std::string_view, 13> kMonths = {"", "JAN", "FEB", "MAR", "APR", "MAY", "JUN", "JUL", "AUG", "SEP", "OCT", "NOV", "DEC"};
constexpr std::array<std::string_view, 8> kWeekdays = {"", "SUN", "MON", "TUE", "WED", "THU", "FRI", "SAT"};

std::optional<int> valueOf(std::string_view text, std::span<const std::string_view> names = {}) {
    for (std::size_t i = 1; i < names.size(); ++i)
        if (text == names[i]) return static_cast<int>(i);
    int value = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
    if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
    return value;
}

std::vector<std::string_view> split(std::string_view text, char by) {
    std::vector<std::string_view> parts;
    for (;;) {
        const auto end = text.find(by);
        parts.push_back(text.substr(0, end));
        if (end == std::string_view::npos) return parts;
        text.remove_prefix(end + 1);
    }
}

struct Span {
    int from = 0, to = 0;
};
// "a" or "a-b"
std::optional<Span> spanOf(std::string_view text, std::span<const std::string_view> names = {}) {
    const auto dash = text.find('-');
    const auto from = valueOf(text.substr(0, dash), names);
    const auto to = dash == std::string_view::npos ? from : valueOf(text.substr(dash + 1), names);
    if (!from || !to || *from > *to) return std::nullopt;
    return Span{*from, *to};
}

// One field as the set of its values; empty where it is not understood.
std::vector<bool> fieldOf(std::string_view text, int low, int high, std::span<const std::string_view> names = {}) {
    std::vector<bool> set(static_cast<std::size_t>(high) + 1, false);
    for (const auto item : split(text, ',')) {
        const auto slash = item.find('/');
        const auto range = item.substr(0, slash);
        Span values{low, high};
        int step = 1;
        if (slash != std::string_view::npos) {
            const auto given = valueOf(item.substr(slash + 1));
            if (!given || *given < 1) return {};
            step = std::min(*given, high + 1);
        }
        if (range != "*") {
            const auto given = spanOf(range, names);
            if (!given || given->from < low || given->to > high) return {};
            values.from = given->from;
            if (slash == std::string_view::npos || range.find('-') != std::string_view::npos) values.to = given->to;  // "5/10": to the end
        }
        for (int value = values.from; value <= values.to; value += step) set[static_cast<std::size_t>(value)] = true;
    }
    return set;
}

}  // namespace

std::optional<ActionTimes> ActionTimes::of(const ScheduledAction& action) {
    ActionTimes out;
    const auto zone = TimeZone::named(action.time_zone);
    const std::string_view text = action.schedule;
    const auto open = text.find('(');
    if (!zone || open == std::string_view::npos || !text.ends_with(')')) return std::nullopt;
    out.zone_ = *zone;
    out.begins_ = action.begins;
    out.ends_ = action.ends;
    const auto kind = text.substr(0, open), inside = text.substr(open + 1, text.size() - open - 2);
    if (kind == "at") {
        const auto when = parseIso8601(inside);
        if (!when) return std::nullopt;
        out.at_ = std::chrono::floor<seconds>(when->time_since_epoch());
        return out;
    }
    if (kind != "cron") return std::nullopt;
    auto fields = split(inside, ' ');
    std::erase(fields, std::string_view{});
    if (fields.size() != 6 || (fields[2] == "?") == (fields[4] == "?")) return std::nullopt;
    const auto orAny = [](std::string_view field) { return field == "?" ? std::string_view("*") : field; };
    out.minute_ = fieldOf(fields[0], 0, 59);
    out.hour_ = fieldOf(fields[1], 0, 23);
    out.day_ = fieldOf(orAny(fields[2]), 1, 31);
    out.month_ = fieldOf(fields[3], 1, 12, kMonths);
    out.weekday_ = fieldOf(orAny(fields[4]), 1, 7, kWeekdays);
    for (const auto* field : {&out.minute_, &out.hour_, &out.day_, &out.month_, &out.weekday_})
        if (field->empty()) return std::nullopt;
    if (fields[5] != "*") {
        const auto years = spanOf(fields[5]);
        if (!years) return std::nullopt;
        out.first_year_ = years->from;
        out.last_year_ = years->to;
    }
    return out;
}

std::vector<Timestamp> ActionTimes::within(TimeRange range) const {
    if (begins_) range.begin = std::max(range.begin, *begins_);
    if (ends_) range.end = std::min(range.end, *ends_);
    std::vector<Timestamp> out;
    const auto fire = [&](seconds local) {
        const auto t = zone_.atLocal(local);
        if (range.contains(t) && out.size() < kMostFirings) out.push_back(t);
    };
    if (at_) {
        fire(*at_);
        return out;
    }
    using std::chrono::days;
    const auto last = std::chrono::ceil<days>(range.end) + days(1);
    for (auto day = std::chrono::floor<days>(range.begin) - days(1); day <= last && out.size() < kMostFirings; day += days(1)) {
        const std::chrono::year_month_day date{day};
        const int year = static_cast<int>(date.year());
        if (year < first_year_ || year > last_year_ || !month_[static_cast<unsigned>(date.month())] || !day_[static_cast<unsigned>(date.day())] ||
            !weekday_[std::chrono::weekday{day}.c_encoding() + 1])
            continue;
        for (std::size_t h = 0; h < 24; ++h)
            for (std::size_t m = 0; hour_[h] && m < 60; ++m)
                if (minute_[m]) fire(day.time_since_epoch() + hours(h) + minutes(m));
    }
    std::sort(out.begin(), out.end());
    return out;
}

}  // namespace pilotlight::tuning
