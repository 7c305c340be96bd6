// Weekly schedules of a warm pool: fitted to the replayed weeks, and tried on a week that they were not fitted to. Internal to core/tuning.
#pragma once

#include <vector>

#include "core/tuning/search.h"

namespace pilotlight::tuning {

// USD a unit of a meter in its first tier; 0 where there is no price.
[[nodiscard]] double unitPrice(const EngineCore& core, const char* meter);

// The same schedule on the clock of UTC, with the zone's offset at that time (predictions know no change of the clocks). A zone that this
// machine does not know is taken for UTC; those who take schedules from outside refuse it before.
[[nodiscard]] WarmSchedule inUtc(const WarmSchedule& schedule, Timestamp at);

// Adds the best weekly schedules at one size, for some values of an avoided cold start. Nothing where fewer than 13 days were replayed:
// every half hour has to be seen twice. weekly_cost: USD, today's.
void addSchedules(const EngineCore& core, std::size_t size, double weekly_cost, std::vector<Trial>& trials);

// Out of sample: the schedule is fitted again to all but the last seven days and tried on those, against the constant pool that was best
// before them. True where it costs at least 1 % less there, cold starts counted at the trial's value.
[[nodiscard]] bool scheduleHoldsUp(const EngineCore& core, const Trial& trial);

}  // namespace pilotlight::tuning
