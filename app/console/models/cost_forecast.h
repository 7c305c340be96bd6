// What the next days will cost, from the complete days of the range.
#pragma once

#include <QString>
#include <optional>
#include <vector>

#include "app/console/fleet.h"

namespace pilotlight::console {

struct CostForecast {
    std::vector<Timestamp> days;        // UTC midnights, from the first day that is not complete
    std::vector<double> value, lo, hi;  // USD a day, 90 % band from the errors of the back-test
    QString method;                     // "half yesterday, half a week ago"
    double wape = 0;                    // of the method on the days it was tested on: sum |error| / sum actual
    std::size_t days_tested = 0;
};

// Days before a change that was kept count as if it had been in force, by the saving that was measured. nullopt with fewer than nine complete
// days: nothing could be back-tested.
[[nodiscard]] std::optional<CostForecast> forecastCosts(const Fleet& fleet, std::size_t ahead);

}  // namespace pilotlight::console
