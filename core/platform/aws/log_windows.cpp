#include "core/platform/aws/log_windows.h"

#include <algorithm>
#include <cmath>
#include <random>

namespace pilotlight::platform::aws {
namespace {

constexpr std::int64_t kLinesPerPart = 20'000;  // of a part that is read at once: a crash loses no more than that

// Uniform below n, the same on every platform (std::uniform_int_distribution is not).
std::size_t below(std::mt19937_64& random, std::size_t n) { return static_cast<std::size_t>(random() % n); }

std::vector<TimeRange> cut(const RangeSet& missing, milliseconds length) {
    std::vector<TimeRange> parts;
    for (const TimeRange& range : missing.ranges()) {
        // On the clock's own boundaries, so that the same windows come out whatever part is missing.
        for (Timestamp at = floorTo(range.begin, length); at < range.end; at += length) {
            const TimeRange part = TimeRange{at, at + length}.clippedTo(range);
            if (!part.empty()) parts.push_back(part);
        }
    }
    return parts;
}

}  // namespace

LogPlan planLogWindows(const RangeSet& missing, std::int64_t expected_lines, std::int64_t budget, std::uint64_t seed) {
    LogPlan plan;
    if (missing.ranges().empty() || budget <= 0) return plan;
    if (expected_lines > 0 && expected_lines <= budget) {
        plan.whole = true;
        const auto parts = std::max<std::int64_t>(1, (expected_lines + kLinesPerPart - 1) / kLinesPerPart);
        const auto length = std::max<milliseconds>(kLogWindow, ceilTo(Timestamp(missing.length() / parts), kLogWindow).time_since_epoch());
        if (parts == 1) {
            plan.windows = missing.ranges();
        } else {
            plan.windows = cut(missing, length);
        }
        return plan;
    }
    const std::vector<TimeRange> all = cut(missing, kLogWindow);
    std::mt19937_64 random(seed);
    std::size_t wanted = all.size();  // strata, of each of which `length` consecutive parts are read
    std::size_t length = 1;
    if (expected_lines > 0) {
        const double share = static_cast<double>(budget) / static_cast<double>(expected_lines);
        wanted = std::clamp<std::size_t>(static_cast<std::size_t>(std::floor(static_cast<double>(all.size()) * share)), 1, all.size());
        // What the pages of the lines left out would have cost pays for the windows.
        const auto most = static_cast<std::size_t>(std::max<std::int64_t>(1, (expected_lines - budget) / kLinesPerPage));
        if (wanted > most) {
            // A window that the budget ends half-way is lost whole: the tenth makes room for a busier hour.
            length = std::max<std::size_t>(1, wanted * 9 / 10 / most);
            wanted = most;
        }
    }
    for (std::size_t i = 0; i < wanted; ++i) {
        const std::size_t from = i * all.size() / wanted, to = (i + 1) * all.size() / wanted;
        std::size_t at = from + below(random, to - from - std::min(length, to - from) + 1);
        RangeSet window;
        for (const std::size_t end = std::min(at + length, to); at < end; ++at) window.add(all[at]);
        plan.windows.insert(plan.windows.end(), window.ranges().begin(), window.ranges().end());
    }
    for (std::size_t i = plan.windows.size(); i > 1; --i) std::swap(plan.windows[i - 1], plan.windows[below(random, i)]);
    return plan;
}

}  // namespace pilotlight::platform::aws
