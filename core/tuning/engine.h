// What-if and recommendation for one function.
#pragma once

#include <functional>
#include <memory>
#include <vector>

#include "core/base/executor.h"
#include "core/base/job_context.h"
#include "core/base/result.h"
#include "core/domain/tuning.h"
#include "core/tuning/elsewhere.h"
#include "core/tuning/evidence.h"

namespace pilotlight::tuning {

// Built once per function (one background pass over its arrivals); then look-ups are microseconds. Immutable after build, so any
// thread may ask. Deterministic: same evidence, same answers, whatever the executor.
class Engine {
public:
    // Errors: not_found when there is nothing to go by (no invocation in the range); cancelled.
    [[nodiscard]] static Result<std::shared_ptr<const Engine>> build(Evidence evidence, Executor& executor, const JobContext& job);
    ~Engine();

    // Look-up; approximate where a look-up is not exact (then outcome.exact is false). Never blocks, never allocates much: for sliders.
    [[nodiscard]] WhatIfResult quick(const WhatIf& what) const;
    // Exact: replays where needed.
    [[nodiscard]] Result<WhatIfResult> exact(const WhatIf& what, const JobContext& job) const;

    // Joint search under the SLO.
    struct Candidate {
        DesiredSettings settings;
        double cost_month_usd = 0, p95_ms = 0, cold_share = 0;
        bool feasible = true;              // meets SLO and floor
        bool on_front = false;             // Pareto front of cost against p95
    };
    struct SearchResult {
        std::vector<Candidate> candidates; // bounded (a few thousand), for the Pareto plot
        Recommendation recommendation;
        Candidate today;
    };
    [[nodiscard]] Result<SearchResult> search(const Slo& slo, const JobContext& job) const;

    // The same requests on the other platforms. `traffic`: multiplier of arrivals. Errors: unsupported (a GPU: only Cloud Run has them);
    // cancelled.
    [[nodiscard]] Result<Elsewhere> elsewhere(const BookSource& books, double traffic, const JobContext& job) const;

    // Concurrency needed over the week (168 x 12 five-minute bins, mean and maximum), for the week view. UTC, Monday first.
    struct Week { std::vector<float> mean, peak, cold; };
    [[nodiscard]] const Week& week() const;
    [[nodiscard]] const Evidence& evidence() const;
    // Lowest memory the evidence allows: max used x 1.15; nullopt = unknown.
    [[nodiscard]] std::optional<Megabytes> memoryFloor() const;

private:
    struct Impl;
    explicit Engine(std::unique_ptr<const Impl> impl);
    std::unique_ptr<const Impl> impl_;
};

// SLO that binds this function: its own, else by tag, else none.
[[nodiscard]] std::optional<Slo> sloFor(const Function& function, const std::vector<Slo>& slos);
[[nodiscard]] Effect effectOf(const WhatIfResult& result);

} // namespace pilotlight::tuning
