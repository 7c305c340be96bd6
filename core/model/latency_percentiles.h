// From the mean to the percentiles: ln(percentile / mean), pooled over the sizes that tell. Internal to the latency model.
#pragma once

#include "core/model/latency_points.h"

namespace pilotlight::model {

struct RatioEstimate {
    double log_ratio = 0, sd = 0;
};

class PercentileRatios {
public:
    explicit PercentileRatios(const PointSet& points);
    enum Which { p50, p90, p95, p99 };
    [[nodiscard]] RatioEstimate at(Which which, double axis) const;

private:
    struct Known {
        double x = 0, log_ratio = 0, var = 0;
    };
    struct Pool {
        std::vector<Known> known;
        double mean = 0, mean_sd = 0, between_sd = 0;
    };
    std::array<Pool, 4> pools_;
};

}  // namespace pilotlight::model
