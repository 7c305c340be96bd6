// A workspace of a large fleet, for benchmarks: what two weeks of syncs of so many functions leave behind, figures included.
#pragma once

#include <cstddef>
#include <string>

#include "core/base/executor.h"
#include "core/base/result.h"
#include "core/base/time.h"

namespace pilotlight::test {

struct BigStore {
    std::size_t functions = 1'000;
    std::size_t points = 10'000'000;  // of 5-minute series in all, within 1 %; ten series a function, points while it is in use
    std::size_t lines = 2'000;        // log lines a function; every invocation is there
    Timestamp end{};                  // end of the 14 days; 0 = now, to the minute
};

// Into an empty folder, through core/store, then Workspace::summarise. About half a minute for the default.
[[nodiscard]] Status makeBigStore(const std::string& directory, const BigStore& size, Executor& executor);

}  // namespace pilotlight::test
