// What a few replays say of cold starts, throttled requests and billed time that look-ups do not know. Internal to core/tuning.
#pragma once

#include <optional>
#include <vector>

#include "core/base/executor.h"
#include "core/base/job_context.h"
#include "core/base/units.h"

namespace pilotlight::tuning {

struct EngineCore;

// The surface takes a cold start to last as long as a warm request. Where INIT is long against the handler it holds its instance for longer,
// which raises concurrency and with it the number of cold starts. A few replays, at some sizes and warm pools, say by how much; between them
// the logarithm of the factor is linear in the pool and in the logarithm of memory. Where cold starts add too little load to matter, no
// replay is made and every factor is 1. Under today's instance limit the replays say what share is throttled, too. Billed time is that of the
// very requests that are cold, warm or on the pool, where the look-up has their means: a few per cent where a quarter of them is cold.
class ReplayAnchors {
public:
    // Needs core.work, grid, ratio, surfaces, keep_alive, pool_today, limit_today and the mean durations.
    void measure(const EngineCore& core, Executor& executor, const JobContext& job);
    // Cold starts by replay over those by surface; 1 where no replay was made.
    [[nodiscard]] double coldFactor(Megabytes memory, double pool) const;
    // Share of the requests throttled under today's limit; nullopt where no replay was made.
    [[nodiscard]] std::optional<double> throttledShare(Megabytes memory, double pool) const;

    // Billed time by replay over the look-up's, for as many cold starts; 1 where no replay was made.
    struct Billed {
        double on_demand = 1, init = 1, pool = 1;
    };
    [[nodiscard]] Billed billedFactors(Megabytes memory, double pool) const;

private:
    struct Anchor {
        double pool = 0, log_factor = 0, throttled = 0;
        double log_on_demand = 0, log_init = 0, log_pool = 0;  // billed time, by replay over look-up
    };
    struct Size {
        double log_memory = 0;
        std::vector<Anchor> by_pool;  // ascending
        [[nodiscard]] double at(double pool, double Anchor::* field) const;
    };
    [[nodiscard]] double at(Megabytes memory, double pool, double Anchor::* field) const;
    std::vector<Size> sizes_;  // ascending
};

}  // namespace pilotlight::tuning
