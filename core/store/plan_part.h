// Azure Premium: apps of one plan share its instances, and each counts those that it runs on.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "core/domain/function.h"
#include "core/domain/metrics.h"
#include "core/store/store.h"

namespace pilotlight::store {

// Apps of the same Elastic Premium plan by plan id, those of one alone left out.
[[nodiscard]] std::map<std::string, std::vector<std::string>> sharedPlans(const std::vector<Function>& functions);

// 0..1 by period: which part of the instance time that `function_id` counts is its own, where the plan has as many instances as the app
// that runs on most of them. Empty where nothing was counted.
[[nodiscard]] Result<MetricSeries> planPart(const Store& store, const std::vector<std::string>& apps, const std::string& function_id, TimeRange range);

// Instance seconds that each of the apps counted in the range, in their order: what a plan's bill is shared by. All 0: nothing was counted.
[[nodiscard]] Result<std::vector<double>> planWeights(const Store& store, const std::vector<std::string>& apps, TimeRange range);

}  // namespace pilotlight::store
