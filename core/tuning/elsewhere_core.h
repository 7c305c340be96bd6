// What a replay on another platform needs of an engine. Internal to core/tuning.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "core/base/job_context.h"
#include "core/model/latency_model.h"
#include "core/model/sim_keep_alive.h"
#include "core/pricing/price_book.h"
#include "core/tuning/elsewhere.h"
#include "core/tuning/shared_core.h"

namespace pilotlight::tuning {

// Views: the engine outlives them.
struct Requests {
    const Evidence& evidence;
    const std::vector<double>& arrivals;
    const std::vector<float>& service_s;  // of each arrival, alone in an instance of today's size
    const std::optional<model::LatencyModel>& latency;
    const model::KeepAlive& keep_alive;   // as learned where it runs
    const pricing::Usage& usage;          // today's, of a month
    const Outcome& today;
    std::optional<Megabytes> floor;
    double span_s = 1;
    double scale = 1;                     // demand of the whole period over what is replayed
    double start_s = 0;                   // until a new instance serves
    bool start_assumed = false;
    double alpha = 0;                     // how much longer for each other request in the instance
    bool percentiles = true;              // were measured; else none is predicted
};
[[nodiscard]] Requests requestsOf(const SharedModel::Impl& shared, const Outcome& today);

[[nodiscard]] Result<Elsewhere> placeElsewhere(const Requests& requests, const BookSource& books, double traffic, const JobContext& job);

// One sentence on moving an app of the Consumption plan to Flex; empty where `place` is not Flex or a cost is unknown.
[[nodiscard]] std::string flexAdvice(const Placement& place, const Placement& today);

}  // namespace pilotlight::tuning
