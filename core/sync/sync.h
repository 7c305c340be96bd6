// What is missing -> fetch -> store. Resumable at any point: coverage says what is there.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "core/base/executor.h"
#include "core/base/job_context.h"
#include "core/platform/platform.h"
#include "core/store/store.h"

namespace pilotlight::sync {

struct SyncOptions {
    TimeRange range;
    bool logs = true, costs = true, prices = true, metrics = true;
    std::int64_t log_lines_per_function = 200'000;
    std::vector<std::string> functions;    // ids; empty = all of the profile
    seconds settle{900};                   // the newest part is read again: points arrive late
};

struct SyncReport {
    std::string profile;
    TimeRange range;
    std::int64_t functions = 0, points = 0, invocations = 0, cost_lines = 0;
    std::vector<platform::Problem> problems; // not empty = partial data (CLI exit 4)
    std::int64_t calls = 0;
    Money money;
};

// One profile. An error means that nothing more could be done (no credentials, store unusable, cancelled); parts that failed are problems.
[[nodiscard]] Result<SyncReport> run(store::Store& store, platform::Platform& platform, const SyncOptions& options, const JobContext& job);

// What run() would cost, by what is stored of `functions`, the platform's list as just read with `listing_calls`. Before the metrics of a
// function are known its log lines are taken to fill the budget, and the text says "at most".
[[nodiscard]] Result<platform::ReadEstimate> estimate(store::Store& store, platform::Platform& platform, const SyncOptions& options,
                                                      std::span<const Function> functions, std::int64_t listing_calls);

} // namespace pilotlight::sync
