// What a campaign's measurements say to the one who chooses a size, each sentence drawn from figures that were measured in it.
#pragma once

#include <string>
#include <vector>

#include "core/bench/campaign.h"

namespace pilotlight::bench {

struct Finding {
    enum class Kind { good, caution, fact, open };  // open: not enough was measured to say more
    Kind kind = Kind::fact;
    std::string text;
    friend bool operator==(const Finding&, const Finding&) = default;
};

// USD of 1,000 warm inferences at a point, request fee included, at the campaign's prices; unset without a mean or a price.
[[nodiscard]] std::optional<double> costOfThousand(const CampaignPlan& plan, const BenchPoint& point);

// Most useful first; empty while nothing was measured.
[[nodiscard]] std::vector<Finding> findingsOf(const Campaign& campaign, const std::vector<BenchPoint>& points);

// Latency at the campaign's other sizes, from its measured ones (two at least, base points): those not measured yet and those that
// need more CPUs than the machine has. Ascending. Empty where the model cannot tell.
struct PredictedPoint {
    std::int32_t memory_mb = 0;
    double vcpu = 0;
    double mean_ms = 0, mean_lo = 0, mean_hi = 0, p95_ms = 0;  // 90 % interval
    bool beyond_machine = false;
};
[[nodiscard]] std::vector<PredictedPoint> predictedPoints(const Campaign& campaign, const std::vector<BenchPoint>& points);

}  // namespace pilotlight::bench
