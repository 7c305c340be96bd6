#include "core/tuning/time_zone.h"

#include <algorithm>
#include <charconv>
#include <chrono>
#include <fstream>
#include <iterator>

namespace pilotlight::tuning {
namespace {

// Reads a footer from its front; each step says whether it found what it wanted.
struct Cursor {
    std::string_view rest;
    bool take(char c) {
        if (rest.empty() || rest.front() != c) return false;
        rest.remove_prefix(1);
        return true;
    }
    bool name() {
        std::size_t n = 0;
        if (take('<')) {
            n = rest.find('>');
            if (n == std::string_view::npos) return false;
            rest.remove_prefix(n + 1);
            return true;
        }
        while (n < rest.size() && ((rest[n] >= 'A' && rest[n] <= 'Z') || (rest[n] >= 'a' && rest[n] <= 'z'))) ++n;
        rest.remove_prefix(n);
        return n >= 3;
    }
    bool number(int& value, int least, int most) {
        const auto [end, error] = std::from_chars(rest.data(), rest.data() + rest.size(), value);
        if (error != std::errc() || value < least || value > most) return false;
        rest.remove_prefix(static_cast<std::size_t>(end - rest.data()));
        return true;
    }
    // [+-]hh[:mm[:ss]], in seconds
    bool time(std::int64_t& out) {
        const bool negative = take('-');
        if (!negative) (void)take('+');
        int h = 0, m = 0, s = 0;
        if (!number(h, 0, 167)) return false;
        if (take(':') && !number(m, 0, 59)) return false;
        if (take(':') && !number(s, 0, 59)) return false;
        out = (h * 3600 + m * 60 + s) * (negative ? -1 : 1);
        return true;
    }
};

}  // namespace

std::int64_t TimeZone::Turn::in(int year) const {
    using namespace std::chrono;
    const std::chrono::month m{static_cast<unsigned>(month)};
    const std::chrono::weekday d{static_cast<unsigned>(weekday)};
    const sys_days day = week == 5 ? sys_days{std::chrono::year{year} / m / d[last]}
                                   : sys_days{std::chrono::year{year} / m / d[static_cast<unsigned>(week)]};
    return static_cast<std::int64_t>(day.time_since_epoch().count()) * 86400 + at;
}

bool TimeZone::parseRule(std::string_view text) {
    Cursor c{text};
    std::int64_t west = 0;
    if (!c.name() || !c.time(west)) return false;
    winter_ = -west;
    if (c.rest.empty()) return true;
    if (!c.name()) return false;
    summer_ = winter_ + 3600;
    if (!c.take(',')) {
        if (!c.time(west) || !c.take(',')) return false;
        summer_ = -west;
    }
    const auto turn = [&](Turn& t) {
        return c.take('M') && c.number(t.month, 1, 12) && c.take('.') && c.number(t.week, 1, 5) && c.take('.') && c.number(t.weekday, 0, 6) &&
               (!c.take('/') || c.time(t.at));
    };
    if (!turn(begin_) || !c.take(',') || !turn(end_) || !c.rest.empty()) return false;
    has_summer_ = true;
    return true;
}

std::optional<TimeZone> TimeZone::parse(std::string_view data) {
    const auto integer = [&](std::size_t at, std::size_t bytes) {
        const bool negative = bytes < 8 && (static_cast<unsigned char>(data[at]) & 0x80) != 0;
        std::uint64_t value = negative ? ~0ULL : 0;
        for (std::size_t i = 0; i < bytes; ++i) value = (value << 8) | static_cast<unsigned char>(data[at + i]);
        return static_cast<std::int64_t>(value);
    };
    struct Header {
        std::uint64_t utc, standard, leaps, times, types, names;
    };
    const auto header = [&](std::size_t at) -> std::optional<Header> {
        if (data.size() < at + 44 || data.substr(at, 4) != "TZif" || data[at + 4] < '2') return std::nullopt;
        std::uint64_t n[6];
        for (std::size_t i = 0; i < 6; ++i) {
            n[i] = static_cast<std::uint64_t>(integer(at + 20 + 4 * i, 4));
            if (n[i] > 100'000) return std::nullopt;
        }
        return Header{n[0], n[1], n[2], n[3], n[4], n[5]};
    };
    // A block for old readers comes first; the second has 64-bit times.
    const auto old = header(0);
    if (!old) return std::nullopt;
    const std::size_t second = 44 + old->times * 5 + old->types * 6 + old->names + old->leaps * 8 + old->standard + old->utc;
    const auto now = header(second);
    if (!now || now->types == 0) return std::nullopt;
    const std::size_t times = second + 44, kinds = times + now->times * 8, types = kinds + now->times,
                      footer = types + now->types * 6 + now->names + now->leaps * 12 + now->standard + now->utc;
    if (footer > data.size()) return std::nullopt;
    TimeZone zone;
    const auto offset = [&](std::uint64_t type) { return integer(types + 6 * std::min(type, now->types - 1), 4); };
    zone.first_ = offset(0);
    for (std::uint64_t i = 0; i < now->times; ++i) {
        zone.at_.push_back(integer(times + 8 * i, 8));
        zone.offset_.push_back(offset(static_cast<unsigned char>(data[kinds + i])));
    }
    if (!std::is_sorted(zone.at_.begin(), zone.at_.end())) return std::nullopt;
    auto rule = data.substr(footer);
    if (rule.starts_with('\n')) rule.remove_prefix(1);
    zone.has_rule_ = zone.parseRule(rule.substr(0, rule.find('\n')));
    return zone;
}

std::optional<TimeZone> TimeZone::load(const std::string& name) {
    if (name.empty() || name == "UTC" || name == "Etc/UTC" || name == "GMT") return TimeZone{};
    if (name.front() == '/' || name.find("..") != std::string::npos) return std::nullopt;
    std::ifstream file("/usr/share/zoneinfo/" + name, std::ios::binary);
    if (!file) return std::nullopt;
    return parse(std::string(std::istreambuf_iterator<char>(file), {}));
}

std::int64_t TimeZone::offsetAt(std::int64_t utc) const {
    const auto after = std::upper_bound(at_.begin(), at_.end(), utc);
    if (after != at_.end() || !has_rule_) return after == at_.begin() ? first_ : offset_[static_cast<std::size_t>(after - at_.begin() - 1)];
    if (!has_summer_) return winter_;
    const std::chrono::sys_days day{std::chrono::days{(utc + winter_) / 86400}};
    const int year = static_cast<int>(std::chrono::year_month_day{day}.year());
    const auto begin = begin_.in(year) - winter_, end = end_.in(year) - summer_;
    const bool summer = begin < end ? utc >= begin && utc < end : utc >= begin || utc < end;
    return summer ? summer_ : winter_;
}

}  // namespace pilotlight::tuning
