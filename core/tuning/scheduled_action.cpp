#include "core/tuning/scheduled_action.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <span>

namespace pilotlight::tuning {
namespace {

constexpr std::size_t kMostFirings = 20'000;
constexpr std::array<std::string_view, 13> kMonths = {"", "JAN", "FEB", "MAR", "APR", "MAY", "JUN", "JUL", "AUG", "SEP", "OCT", "NOV", "DEC"};
constexpr std::array<std::string_view, 8> kWeekdays = {"", "SUN", "MON", "TUE", "WED", "THU", "FRI", "SAT"};

std::optional<int> valueOf(std::string_view text, std::span<const std::string_view> names) {
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

// One field as the set of its values; empty where it is not understood.
std::vector<bool> fieldOf(std::string_view text, int low, int high, std::span<const std::string_view> names = {}) {
    std::vector<bool> set(static_cast<std::size_t>(high) + 1, false);
    for (const auto item : split(text, ',')) {
        const auto slash = item.find('/');
        const auto range = item.substr(0, slash);
        int from = low, to = high, step = 1;
        if (slash != std::string_view::npos) {
            const auto given = valueOf(item.substr(slash + 1), {});
            if (!given || *given < 1) return {};
            step = *given;
        }
        if (range != "*") {
            const auto dash = range.find('-');
            const auto a = valueOf(range.substr(0, dash), names);
            const auto b = dash != std::string_view::npos     ? valueOf(range.substr(dash + 1), names)
                           : slash != std::string_view::npos ? std::optional(high)
                                                             : a;
            if (!a || !b || *a < low || *b > high || *a > *b) return {};
            from = *a;
            to = *b;
        }
        for (int value = from; value <= to && value >= from; value += std::min(step, high + 1)) set[static_cast<std::size_t>(value)] = true;
    }
    return set;
}

std::int64_t secondsOf(Timestamp t) { return std::chrono::floor<seconds>(t).time_since_epoch().count(); }

}  // namespace

std::optional<ScheduledAction> ScheduledAction::parse(std::string_view text) {
    // From the back: a name may hold blanks and brackets.
    const auto close = text.rfind(") ");
    if (close == std::string_view::npos) return std::nullopt;
    const auto tail = split(text.substr(close + 2), ' ');
    if (tail.size() != 2) return std::nullopt;
    const auto dots = tail[1].find("..");
    if (dots == std::string_view::npos) return std::nullopt;
    ScheduledAction out;
    const auto least = valueOf(tail[1].substr(0, dots), {}), most = valueOf(tail[1].substr(dots + 2), {});
    if (!least || !most || *least < 0 || *most < *least) return std::nullopt;
    out.least = *least;
    out.most = *most;
    auto zone = TimeZone::load(std::string(tail[0]));
    if (!zone) return std::nullopt;
    out.zone_ = std::move(*zone);

    const auto before = text.substr(0, close);
    if (const auto at = before.rfind("at("); at != std::string_view::npos && before.find('(', at + 3) == std::string_view::npos) {
        const auto when = parseIso8601(before.substr(at + 3));
        if (!when) return std::nullopt;
        out.at_ = secondsOf(*when);
        return out;
    }
    const auto cron = before.rfind("cron(");
    if (cron == std::string_view::npos) return std::nullopt;
    auto fields = split(before.substr(cron + 5), ' ');
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
        const auto dash = fields[5].find('-');
        const auto a = valueOf(fields[5].substr(0, dash), {});
        const auto b = dash == std::string_view::npos ? a : valueOf(fields[5].substr(dash + 1), {});
        if (!a || !b) return std::nullopt;
        out.first_year_ = *a;
        out.last_year_ = *b;
    }
    return out;
}

std::vector<Timestamp> ScheduledAction::firings(TimeRange range) const {
    std::vector<Timestamp> out;
    // A local time that a change of the clock skips fires an hour off; one that comes twice fires once.
    const auto fire = [&](std::int64_t local) {
        const auto utc = local - zone_.offsetAt(local - zone_.offsetAt(local));
        const Timestamp t{seconds(utc)};
        if (range.contains(t) && out.size() < kMostFirings) out.push_back(t);
    };
    if (at_) {
        fire(*at_);
        return out;
    }
    const std::int64_t first = secondsOf(range.begin) / 86400 - 1, last = secondsOf(range.end) / 86400 + 1;
    for (std::int64_t d = first; d <= last && out.size() < kMostFirings; ++d) {
        const std::chrono::sys_days day{std::chrono::days{d}};
        const std::chrono::year_month_day date{day};
        const int year = static_cast<int>(date.year());
        if (year < first_year_ || year > last_year_ || !month_[static_cast<unsigned>(date.month())] || !day_[static_cast<unsigned>(date.day())] ||
            !weekday_[std::chrono::weekday{day}.c_encoding() + 1])
            continue;
        for (std::size_t h = 0; h < 24; ++h)
            for (std::size_t m = 0; hour_[h] && m < 60; ++m)
                if (minute_[m]) fire(d * 86400 + static_cast<std::int64_t>(h * 3600 + m * 60));
    }
    std::sort(out.begin(), out.end());
    return out;
}

}  // namespace pilotlight::tuning
