// Demand ahead: what the next hours or days will bring, from those behind. Seasonal-naive is hard to beat on a few weeks of data, so it
// is the default, and nothing is shown without its back-test.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

namespace pilotlight::model {

enum class DemandMethod {
    week_mean,  // mean of the last seven days
    day_ago,    // the same hour yesterday
    week_ago,   // the same hour a week ago
    blend,      // half day_ago, half week_ago
};
[[nodiscard]] const char* name(DemandMethod method);

// `history`: counts per step, oldest first, no gaps; `day`: steps a day. Predicts the `ahead` steps that follow. Days that are not there
// yet fall back to what is (a week of history to the day ago, less than a day to the mean). Empty history predicts zeros.
[[nodiscard]] std::vector<double> forecastDemand(std::span<const double> history, std::size_t day, std::size_t ahead, DemandMethod method);

struct DemandScore {
    DemandMethod method = DemandMethod::blend;
    double wape = 0;  // sum |error| / sum actual, over the days tested
};
struct DemandForecast {
    DemandMethod method = DemandMethod::blend;
    std::vector<double> value, lo, hi;  // lo, hi: 90 % band from the errors of the back-test
    std::vector<DemandScore> scores;    // every method, best first; empty where there were too few days to test
    std::size_t days_tested = 0;
};
// Rolling back-test, a day at a time over at most the last 16 days; another method than the blend is used only where it wins by 5 % or
// more.
[[nodiscard]] DemandForecast demandAhead(std::span<const double> history, std::size_t day, std::size_t ahead);

}  // namespace pilotlight::model
