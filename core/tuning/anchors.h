// What a few replays say of cold starts and throttled requests that look-ups do not know. Internal to core/tuning.
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
// replay is made and every factor is 1. Under today's instance limit the replays say what share is throttled, too.
class ReplayAnchors {
public:
    // Needs core.work, grid, ratio, surfaces, keep_alive, pool_today, limit_today and the mean durations.
    void measure(const EngineCore& core, Executor& executor, const JobContext& job);
    // Cold starts by replay over those by surface; 1 where no replay was made.
    [[nodiscard]] double coldFactor(Megabytes memory, double pool) const;
    // Share of the requests throttled under today's limit; nullopt where no replay was made.
    [[nodiscard]] std::optional<double> throttledShare(Megabytes memory, double pool) const;

private:
    struct Anchor {
        double pool = 0, log_factor = 0, throttled = 0;
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
