// Which memory size to run at, and which to measure next, decided by expected cost under the posterior rather than by the best fit's curve.
#pragma once

#include <optional>
#include <span>
#include <string>
#include <vector>

#include "core/model/latency_model.h"

namespace pilotlight::model {

// What the platform charges for one invocation, as plain numbers: the price book is the caller's.
struct PricePlan {
    double usd_per_gb_second = 0;    // GB of 1,024 MB as billed
    double usd_per_vcpu_second = 0;  // platforms that bill vCPU apart
    double usd_per_request = 0;
    double rounding_ms = 1;  // duration is rounded up to a multiple of this; 0 = not rounded
    double minimum_ms = 0;   // billed at least
};

// Expected billed milliseconds of a call whose mean duration is `mean_ms` and whose durations spread by `spread` (sd of the logarithm).
// Never falls when mean_ms rises.
[[nodiscard]] double billedMs(const PricePlan& price, double mean_ms, double spread);
[[nodiscard]] double costUsd(const PricePlan& price, Megabytes memory, std::optional<double> vcpu, double mean_ms, double spread);

enum class Objective { cost, balanced, speed };
[[nodiscard]] Result<Objective> parseObjective(std::string_view text);  // "cost" | "balanced" | "speed"

struct ChoiceOptions {
    Objective objective = Objective::balanced;
    std::vector<Megabytes> candidates;  // empty: candidateSizes() of the model
    PricePlan price;
    std::optional<double> slo_p95_ms;
    double least_saving = 0.02;  // with up to three measured sizes: leave the best of them only for an expected saving of at least this
    double band = 0.05;          // flat region and balanced: within this of the cheapest
};

struct SizeOutlook {
    Megabytes memory;
    DurationEstimate duration;
    Estimate cost_usd;     // per invocation, request fee included; 90 % interval
    bool eligible = true;  // above the floor, within the evidence
    bool meets_slo = true;
    std::string why_not;  // where not eligible
};

struct MemoryChoice {
    Megabytes recommended;
    std::string reason;
    Megabytes flat_from, flat_to;    // eligible sizes whose expected cost is within `band` of the cheapest, contiguous around it
    bool indistinguishable = false;  // the evidence cannot tell the recommended size from the best measured one
    bool slo_met = true;
    double expected_regret = 0;        // expected cost above the unknown best, as a share
    std::vector<SizeOutlook> outlook;  // one per candidate, ascending
    std::vector<std::string> cautions;
};

// Errors: invalid_argument when there is no candidate.
[[nodiscard]] Result<MemoryChoice> chooseMemory(const LatencyModel& model, const ChoiceOptions& options);

struct NextSize {
    std::optional<Megabytes> memory;  // nullopt: measuring on is not worth it, expected regret is below 1 %
    double expected_regret = 0;       // now, as a share of the least cost
    double regret_after = 0;          // expected after measuring `memory`
};
// The size whose measurement most reduces the expected regret of choosing by cost (knowledge gradient over the posterior draws).
// Errors: invalid_argument when there is no candidate.
[[nodiscard]] Result<NextSize> nextSize(const LatencyModel& model, std::span<const Megabytes> candidates, const PricePlan& price,
                                        double stop_below = 0.01);

// Sizes worth looking at: powers and steps of the platform between its least and largest, and all measured ones. Ascending.
[[nodiscard]] std::vector<Megabytes> candidateSizes(const LatencyModel& model);

}  // namespace pilotlight::model
