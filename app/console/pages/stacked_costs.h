// Costs by day as stacked areas, for the overview and the costs page.
#pragma once

#include "app/console/models/cost_forecast.h"
#include "app/console/models/other_models.h"

namespace pilotlight::widgets {
class TimeChart;
}

namespace pilotlight::console {

// false = there is nothing to draw. Flags the changes that were applied in the range; with a forecast the days ahead follow, dashed.
bool showStackedCosts(widgets::TimeChart& chart, const Fleet& fleet, CostGroup group, int top,
                      const std::optional<CostForecast>& forecast = std::nullopt);

}  // namespace pilotlight::console
