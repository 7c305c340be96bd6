// Instants and half-open ranges. All instants are UTC; zones are a matter of display.
#pragma once

#include <chrono>
#include <compare>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "core/base/result.h"

namespace pilotlight {

using Timestamp = std::chrono::sys_time<std::chrono::milliseconds>;
using std::chrono::hours;
using std::chrono::milliseconds;
using std::chrono::minutes;
using std::chrono::seconds;

// [begin, end)
struct TimeRange {
    Timestamp begin{};
    Timestamp end{};
    [[nodiscard]] bool empty() const { return end <= begin; }
    [[nodiscard]] bool contains(Timestamp t) const { return begin <= t && t < end; }
    [[nodiscard]] milliseconds length() const { return end - begin; }
    [[nodiscard]] TimeRange clippedTo(TimeRange other) const;
    friend auto operator<=>(const TimeRange&, const TimeRange&) = default;
};

// Sorted, disjoint, non-adjacent ranges: what is known. Missing is not zero.
class RangeSet {
public:
    RangeSet() = default;
    explicit RangeSet(std::vector<TimeRange> ranges);
    void add(TimeRange range);
    [[nodiscard]] RangeSet missingIn(TimeRange range) const; // the gaps
    [[nodiscard]] RangeSet intersectedWith(TimeRange range) const;
    [[nodiscard]] bool covers(TimeRange range) const;
    [[nodiscard]] milliseconds length() const;
    [[nodiscard]] const std::vector<TimeRange>& ranges() const& { return ranges_; }
    // By value from a temporary, so that `for (auto& r : set.missingIn(x).ranges())` does not look into what is gone.
    [[nodiscard]] std::vector<TimeRange> ranges() && { return std::move(ranges_); }
    friend bool operator==(const RangeSet&, const RangeSet&) = default;

private:
    std::vector<TimeRange> ranges_;
};

[[nodiscard]] std::string toIso8601(Timestamp t); // "2026-11-24T14:05:00.250Z"; milliseconds only where not zero
// ISO 8601 date or date-time with Z or an offset; without a zone it is UTC.
[[nodiscard]] Result<Timestamp> parseIso8601(std::string_view text);
// now | now-14d | now+2h | now/d (floor) | now-1d/d | ISO 8601. Units s m h d w. `round_up` makes "/d" a ceiling (for the end of a range).
[[nodiscard]] Result<Timestamp> parseTimeExpression(std::string_view text, Timestamp now, bool round_up);
[[nodiscard]] Timestamp floorTo(Timestamp t, milliseconds period);
[[nodiscard]] Timestamp ceilTo(Timestamp t, milliseconds period);

} // namespace pilotlight
