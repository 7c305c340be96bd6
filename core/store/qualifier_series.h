// Metrics that a platform keeps by alias and version only, put together for the function.
#pragma once

#include <vector>

#include "core/domain/metrics.h"
#include "core/store/store.h"

namespace pilotlight::store {

// Sum over the qualifiers of a counting metric, each at the shortest period stored; the function's own series where there is one. `keys`:
// the function's stored series. Coverage: where any of them was read. Empty where none is stored.
[[nodiscard]] Result<MetricSeries> sumOverQualifiers(const Store& store, const std::vector<SeriesKey>& keys, Metric metric,
                                                     TimeRange range);

}  // namespace pilotlight::store
