// How long idle instances live, learned from what happened to them.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "core/model/sim_types.h"

namespace pilotlight::model {

// One use of one instance, seconds. Of every instance all uses within a completely read stretch of time.
struct InstanceUse {
    double begin = 0, end = 0;
    std::uint64_t instance = 0;
    bool cold = false;
};

// One idle period: the instance was still there after `survived`, and gone by `gone` (infinity: nobody looked).
struct IdlePeriod {
    double survived = 0, gone = 0;
};

// Idle periods of a stretch of log that begins and ends where the log is complete. Reused: survived the gap. Not reused: gone by the first
// cold start at which it would have been free (the platform takes the most recently used one that is alive, so it was not alive).
// Uses in order of their beginning.
[[nodiscard]] std::vector<IdlePeriod> idlePeriods(std::span<const InstanceUse> uses);

struct KeepAliveFit {
    KeepAlive law;  // empirical, or the prior where there is too little to go by
    double median_s = 0;
    std::size_t informative = 0;  // idle periods that said something (gone within a known time, or survived for more than a minute)
    double share_of_prior = 1;    // 1 = nothing learned
    std::string describe;         // "kept 5-7 min (from 212 idle periods)"
};

// Self-consistent (Turnbull) estimate of the idle-time law from interval-censored periods. The prior weighs as `prior_weight` periods.
[[nodiscard]] KeepAliveFit fitKeepAlive(std::span<const IdlePeriod> periods, const KeepAlive& prior, double prior_weight = 6);

// Which of several laws explains best how many requests were cold, by replaying the uses against each: the one with the least squared
// error of cold starts over some 8 parts of every stretch, relative to their Poisson noise; the first one where they tie. Instances whose
// first use is warm were there before the stretch began. Deterministic.
struct KeepAliveChoice {
    std::size_t index = 0;  // into candidates
    double cold_predicted = 0, cold_actual = 0;
    double error = 0;  // mean squared error in units of Poisson noise; about 1 where the law is right
};
[[nodiscard]] KeepAliveChoice chooseKeepAlive(std::span<const std::vector<InstanceUse>> stretches, std::span<const KeepAlive> candidates);

// Halving with periods of 5 to 13 minutes and a maximum life of 2 h, and fixed times of 2 to 60 minutes.
[[nodiscard]] std::vector<KeepAlive> keepAliveCandidates();

// AWS Lambda where nothing is known: an idle instance is gone after 5 to 10 minutes (380 s to 640 s are the steps measured in 2020-21).
[[nodiscard]] KeepAlive lambdaKeepAlivePrior();

}  // namespace pilotlight::model
