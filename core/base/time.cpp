#include "core/base/time.h"

#include <algorithm>
#include <cstdio>

namespace pilotlight {
namespace {

using namespace std::chrono;

tl::unexpected<Error> unreadable(std::string_view text) {
    return fail(ErrorCode::invalid_argument, "\"" + std::string(text.substr(0, 64)) + "\" is not a time", {},
                "Write now, now-14d, now/d, 2026-11-24 or 2026-11-24T14:05:00Z");
}

// Reads exactly `count` digits.
bool digits(std::string_view text, std::size_t& at, int count, int& value) {
    value = 0;
    for (int i = 0; i < count; ++i, ++at) {
        if (at >= text.size() || text[at] < '0' || text[at] > '9') return false;
        value = value * 10 + (text[at] - '0');
    }
    return true;
}

bool expect(std::string_view text, std::size_t& at, char c) {
    if (at >= text.size() || text[at] != c) return false;
    ++at;
    return true;
}

std::optional<milliseconds> unitOf(char c) {
    switch (c) {
        case 's': return seconds(1);
        case 'm': return minutes(1);
        case 'h': return hours(1);
        case 'd': return hours(24);
        case 'w': return hours(24 * 7);
        default: return std::nullopt;
    }
}

} // namespace

TimeRange TimeRange::clippedTo(TimeRange other) const {
    TimeRange out{std::max(begin, other.begin), std::min(end, other.end)};
    if (out.end < out.begin) out.end = out.begin;
    return out;
}

RangeSet::RangeSet(std::vector<TimeRange> ranges) {
    std::erase_if(ranges, [](const TimeRange& r) { return r.empty(); });
    std::sort(ranges.begin(), ranges.end());
    for (const auto& range : ranges) {
        if (!ranges_.empty() && range.begin <= ranges_.back().end) {
            ranges_.back().end = std::max(ranges_.back().end, range.end);
        } else {
            ranges_.push_back(range);
        }
    }
}

void RangeSet::add(TimeRange range) {
    if (range.empty()) return;
    const auto first = std::lower_bound(ranges_.begin(), ranges_.end(), range.begin,
                                        [](const TimeRange& r, Timestamp t) { return r.end < t; });
    auto last = first;
    while (last != ranges_.end() && last->begin <= range.end) {
        range.begin = std::min(range.begin, last->begin);
        range.end = std::max(range.end, last->end);
        ++last;
    }
    ranges_.insert(ranges_.erase(first, last), range);
}

RangeSet RangeSet::missingIn(TimeRange range) const {
    RangeSet out;
    auto at = range.begin;
    for (const auto& known : ranges_) {
        if (known.end <= at) continue;
        if (known.begin >= range.end) break;
        if (known.begin > at) out.ranges_.push_back({at, known.begin});
        at = known.end;
    }
    if (at < range.end) out.ranges_.push_back({at, range.end});
    return out;
}

RangeSet RangeSet::intersectedWith(TimeRange range) const {
    RangeSet out;
    for (const auto& known : ranges_) {
        const auto part = known.clippedTo(range);
        if (!part.empty()) out.ranges_.push_back(part);
    }
    return out;
}

bool RangeSet::covers(TimeRange range) const { return missingIn(range).ranges_.empty(); }

milliseconds RangeSet::length() const {
    milliseconds sum{0};
    for (const auto& range : ranges_) sum += range.length();
    return sum;
}

std::string toIso8601(Timestamp t) {
    const auto day = floor<days>(t);
    const year_month_day date(day);
    const hh_mm_ss<milliseconds> time(t - day);
    char text[48];
    int length = std::snprintf(text, sizeof text, "%04d-%02u-%02uT%02ld:%02ld:%02ld", static_cast<int>(date.year()),
                               static_cast<unsigned>(date.month()), static_cast<unsigned>(date.day()), static_cast<long>(time.hours().count()),
                               static_cast<long>(time.minutes().count()), static_cast<long>(time.seconds().count()));
    std::string out(text, static_cast<std::size_t>(length));
    if (const auto ms = time.subseconds().count(); ms != 0) {
        length = std::snprintf(text, sizeof text, ".%03ld", static_cast<long>(ms));
        out.append(text, static_cast<std::size_t>(length));
    }
    return out + "Z";
}

Result<Timestamp> parseIso8601(std::string_view text) {
    std::size_t at = 0;
    int y = 0, mo = 0, d = 0;
    if (!digits(text, at, 4, y) || !expect(text, at, '-') || !digits(text, at, 2, mo) || !expect(text, at, '-') || !digits(text, at, 2, d))
        return unreadable(text);
    const year_month_day date{year(y), month(static_cast<unsigned>(mo)), day(static_cast<unsigned>(d))};
    if (!date.ok()) return unreadable(text);
    Timestamp out = sys_days(date);
    if (at == text.size()) return out;
    if (text[at] != 'T' && text[at] != ' ' && text[at] != 't') return unreadable(text);
    ++at;
    int h = 0, mi = 0, s = 0;
    if (!digits(text, at, 2, h) || !expect(text, at, ':') || !digits(text, at, 2, mi)) return unreadable(text);
    if (at < text.size() && text[at] == ':') {
        ++at;
        if (!digits(text, at, 2, s)) return unreadable(text);
    }
    if (h > 23 || mi > 59 || s > 60) return unreadable(text);
    out += hours(h) + minutes(mi) + seconds(s);
    if (at < text.size() && (text[at] == '.' || text[at] == ',')) {
        int scale = 100;
        std::size_t count = 0;
        for (++at; at < text.size() && text[at] >= '0' && text[at] <= '9'; ++at, ++count) {
            out += milliseconds((text[at] - '0') * scale);
            scale /= 10;
        }
        if (count == 0) return unreadable(text);
    }
    if (at == text.size()) return out;
    if (text[at] == 'Z' || text[at] == 'z') return at + 1 == text.size() ? Result<Timestamp>(out) : unreadable(text);
    if (text[at] != '+' && text[at] != '-') return unreadable(text);
    const int sign = text[at++] == '+' ? 1 : -1;
    int oh = 0, om = 0;
    if (!digits(text, at, 2, oh)) return unreadable(text);
    if (at < text.size() && text[at] == ':') ++at;
    if (!digits(text, at, 2, om) || at != text.size() || oh > 23 || om > 59) return unreadable(text);
    return out - sign * (hours(oh) + minutes(om));
}

Timestamp floorTo(Timestamp t, milliseconds period) {
    auto count = t.time_since_epoch().count();
    auto rest = count % period.count();
    if (rest < 0) rest += period.count();
    return Timestamp(milliseconds(count - rest));
}

Timestamp ceilTo(Timestamp t, milliseconds period) {
    const auto down = floorTo(t, period);
    return down == t ? t : down + period;
}

Result<Timestamp> parseTimeExpression(std::string_view text, Timestamp now, bool round_up) {
    if (!text.starts_with("now")) return parseIso8601(text);
    auto out = now;
    std::size_t at = 3;
    while (at < text.size() && (text[at] == '+' || text[at] == '-')) {
        const int sign = text[at++] == '+' ? 1 : -1;
        std::int64_t count = 0;
        const auto start = at;
        for (; at < text.size() && text[at] >= '0' && text[at] <= '9'; ++at) {
            count = count * 10 + (text[at] - '0');
            if (count > 1'000'000) return unreadable(text);
        }
        if (at == start || at == text.size()) return unreadable(text);
        const auto unit = unitOf(text[at++]);
        if (!unit) return unreadable(text);
        out += sign * count * *unit;
    }
    if (at < text.size() && text[at] == '/') {
        if (at + 2 != text.size()) return unreadable(text);
        const auto unit = unitOf(text[at + 1]);
        if (!unit) return unreadable(text);
        // Weeks begin on Monday; the epoch was a Thursday.
        const milliseconds offset = text[at + 1] == 'w' ? milliseconds(hours(24 * 3)) : milliseconds(0);
        return (round_up ? ceilTo(out + offset, *unit) : floorTo(out + offset, *unit)) - offset;
    }
    if (at != text.size()) return unreadable(text);
    return out;
}

} // namespace pilotlight
