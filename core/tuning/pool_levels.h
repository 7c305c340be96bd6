// How many instances a warm pool kept, and when: a pool that is scaled by the clock or by its load is not what it was at the last sync.
#pragma once

#include <string>
#include <vector>

#include "core/tuning/evidence.h"

namespace pilotlight::tuning {

// The settings of `function`, in force from `since` on.
[[nodiscard]] SettingsInForce inForce(const Function& function, Timestamp since);

struct PoolLevels {
    struct Step {
        Timestamp since{};
        double level = 0;  // until the next step
        friend bool operator==(const Step&, const Step&) = default;
    };
    std::vector<Step> steps;  // the first at the range's begin; empty where the pool is not known
    // Not empty where what scales the pool could not be read: the levels are the ones last seen, and least and most are its limits.
    std::string doubt;
    double least = 0, most = 0, seen = 0;  // of the doubtful pools, on top of the rest
    [[nodiscard]] double instanceSeconds(const RangeSet& parts) const;
};

// Over `range`, while `settings` are in force. From the scheduled actions; where load scales the pool, from provisioned instances in use
// over their utilisation (the platform's two metrics), held between two points.
[[nodiscard]] PoolLevels poolLevels(const Evidence& evidence, const SettingsInForce& settings, TimeRange range);

// The week that scheduled actions make of the pool today, as settings of Pilotlight: their last seven days, in UTC. Empty where nothing
// moves the pool, or it is not known how.
[[nodiscard]] WarmSchedule poolScheduleToday(const Evidence& evidence, Timestamp end);

}  // namespace pilotlight::tuning
