// `simulate --scenario`: what is simulated and what comes out (contracts.md, Models). An absent key means that the mechanism is off.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/executor.h"
#include "core/base/job_context.h"
#include "core/base/result.h"
#include "core/model/sim_types.h"

namespace pilotlight::model {

struct Scenario {
    std::string platform = "aws";
    // Exactly one kind of arrivals.
    std::optional<double> poisson_rate;  // a second
    std::vector<double> trace_s;         // ascending, from 0
    std::vector<float> trace_service_s;  // empty or as long as trace_s
    std::vector<double> counts;          // per bin of counts_bin_s; spread at random within the bin
    double counts_bin_s = 60;

    std::optional<double> duration_s;  // without warm-up; a trace's own length where absent
    double warmup_s = 0;               // arrivals before this are simulated and not counted
    Distribution service_warm;
    std::optional<Distribution> service_cold;  // absent: as service_warm (or the trace's own)
    KeepAlive keep_alive;                      // absent: instances never expire
    std::int32_t provisioned = 0;
    std::int32_t concurrency = 1;
    std::optional<std::int32_t> instance_limit;
    std::optional<ScaleLimit> scale;
    double slowdown_alpha = 0;
    std::int32_t min_instances = 0;
    double startup_s = 0, queue_s = 0;
    std::uint64_t seed = 1;
    std::int32_t replications = 1;
};

// Reads the scenario and the files it names (relative to base_dir). An unknown key is invalid_argument that names it.
[[nodiscard]] Result<Scenario> parseScenario(std::string_view json, const std::string& base_dir);
[[nodiscard]] Result<Scenario> readScenario(const std::string& path);

struct SimulationResult {
    // Over all arrivals after warm-up.
    Interval cold_probability, throttled_probability, spilled_probability;
    Interval instances_mean, instances_p95, instances_max;  // alive, pool included
    Interval running, idle;                                 // mean instances busy; alive and not busy
    Interval latency_p50_ms, latency_p90_ms, latency_p95_ms, latency_p99_ms;  // not a number where nothing was served (null in JSON)
    std::uint64_t arrivals = 0;  // simulated in all, warm-up and replications included
    double engine_seconds = 0;   // CPU time in the engine, all replications
};

// Same scenario and seed, same result, whatever the executor. Intervals: Student t over replications; of a replayed trace with one
// replication a bootstrap of blocks (days where there are five, else 24 equal parts). cancelled where the job was.
[[nodiscard]] Result<SimulationResult> simulate(const Scenario& scenario, Executor& executor, const JobContext& job);

// The contract's JSON, indented by two.
[[nodiscard]] std::string toJson(const SimulationResult& result);

}  // namespace pilotlight::model
