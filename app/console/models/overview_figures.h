// The four figures of the overview. Pure.
#pragma once

#include <array>

#include "app/console/fleet.h"
#include "widgets/figure_tile.h"

namespace pilotlight::console {

struct OverviewFigures {
    widgets::Figure cost, available, realised, cold;
};
[[nodiscard]] OverviewFigures overviewFigures(const Fleet& fleet);

}  // namespace pilotlight::console
