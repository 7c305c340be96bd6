#include "core/model/sim_schedule.h"

#include <limits>

namespace pilotlight::model {

std::vector<std::int32_t> bestSchedule(std::span<const double> gains, std::size_t bins, std::size_t levels, double change_cost) {
    std::vector<std::int32_t> kept(bins, 0);
    if (bins == 0) return kept;
    constexpr double never = -std::numeric_limits<double>::infinity();
    for (std::size_t k = 0; k < levels; ++k) {
        bool ever = false;
        for (std::size_t t = 0; t < bins && !ever; ++t) ever = gains[t * levels + k] > 0;
        if (!ever) continue;
        double best = never;
        std::vector<char> best_path;
        for (int start = 0; start < 2; ++start) {  // the state of the last bin, so that the cycle closes
            std::vector<char> from_on(bins), from_off(bins);
            double off = start == 0 ? 0 : never, on = start == 1 ? 0 : never;
            for (std::size_t t = 0; t < bins; ++t) {
                const double gain = gains[t * levels + k];
                const bool on_stays = on >= off - change_cost, off_stays = off >= on - change_cost;
                const double next_on = (on_stays ? on : off - change_cost) + gain;
                const double next_off = off_stays ? off : on - change_cost;
                from_on[t] = on_stays ? 1 : 0;
                from_off[t] = off_stays ? 0 : 1;
                on = next_on;
                off = next_off;
            }
            const double total = start == 1 ? on : off;
            if (total <= best) continue;
            best = total;
            std::vector<char> path(bins);
            char state = static_cast<char>(start);
            for (std::size_t t = bins; t-- > 0;) {
                path[t] = state;
                state = state == 1 ? from_on[t] : from_off[t];
            }
            best_path = std::move(path);
        }
        for (std::size_t t = 0; t < bins; ++t) kept[t] += best_path[t];
    }
    return kept;
}

}  // namespace pilotlight::model
