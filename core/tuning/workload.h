// The requests that a what-if replays: logged ones where the log is complete, elsewhere drawn so that counts, burstiness and durations
// are those that were measured. Deterministic.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "core/model/latency_model.h"
#include "core/model/sim_keep_alive.h"
#include "core/tuning/coverage.h"
#include "core/tuning/evidence.h"

namespace pilotlight::tuning {

struct Workload {
    TimeRange period;  // what the arrivals span
    double span_s = 0;     // length of the period, stretches that were not read included
    RangeSet read;         // within the period
    double read_s = 0;     // its length: a rate is arrivals / read_s
    double demand_spread = 0;      // of the logarithm of the range's traffic over that of what was read (coverage.h)
    double scale = 1;              // demand of the whole period / demand replayed (1 unless days were left out)
    double week_offset_s = 0;      // of period.begin within the week, Monday 00:00 UTC first
    std::vector<double> arrivals;  // seconds from period.begin, ascending
    std::vector<float> warm_s;     // handler duration at today's memory, if it meets a warm instance
    std::vector<float> cold_s;     // handler duration at today's memory of first invocations; drawn from with equal chance
    std::vector<float> init_s;     // INIT at today's memory, likewise
    std::vector<std::vector<model::InstanceUse>> stretches;  // complete windows, for the keep-alive
    double logged_share = 0;                                 // of the arrivals
    std::size_t cold_seen = 0;                               // cold starts in the log
    bool init_assumed = false;                               // no cold start was seen: init_s is an assumption
    double init_exponent = 0.4, init_exponent_sd = 0.25;     // INIT ~ (CPU share) ^ -exponent
    std::string description;                                 // "replaying 14 days, 1,204,118 requests (logs of 3 %)"
};

// Replays at most this many requests: of a busier function the newest days.
inline constexpr std::size_t kMostArrivals = 500'000;

// `read`: of the evidence, from coverageOf or narrower.
[[nodiscard]] Workload makeWorkload(const Evidence& evidence, const Coverage& read, const std::optional<model::LatencyModel>& latency);

// The same requests with the stretches that were not read cut out, for replays to which the hour of the day means nothing.
[[nodiscard]] Workload withoutGaps(Workload work);

// Observations of the evidence: those stored, and one for each memory size in the log (or, without a log, in the metrics).
[[nodiscard]] std::vector<Observation> observationsOf(const Evidence& evidence, TimeRange period);

// Size in force at `t`.
[[nodiscard]] Megabytes memoryAt(const Evidence& evidence, Timestamp t);

// "1,204,118"
[[nodiscard]] std::string grouped(double count);

}  // namespace pilotlight::tuning
