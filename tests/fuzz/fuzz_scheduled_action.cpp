// Schedules of scaling are bytes from outside: any of them must be read, and its firings found, without harm.
#include <cstddef>
#include <cstdint>
#include <string>

#include "core/tuning/action_times.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    using namespace pilotlight;
    const std::string_view text(reinterpret_cast<const char*>(data), size);
    const auto line = text.find('\n');
    ScheduledAction action;
    action.schedule = text.substr(0, line);
    if (line != std::string_view::npos) action.time_zone = text.substr(line + 1);
    const auto times = tuning::ActionTimes::of(action);
    if (!times) return 0;
    const TimeRange range{Timestamp(hours(24 * 365 * 56)), Timestamp(hours(24 * (365 * 56 + 40)))};
    Timestamp last{};
    for (const auto t : times->within(range)) {
        if (!range.contains(t) || t < last) __builtin_trap();
        last = t;
    }
    return 0;
}
