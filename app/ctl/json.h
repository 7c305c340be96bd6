// Domain structs -> the JSON of contracts.md. Unknown is null, never 0.
#pragma once

#include <nlohmann/json_fwd.hpp>

#include "core/workspace.h"

namespace pilotlight::ctl {

[[nodiscard]] nlohmann::ordered_json toJson(const FunctionRow& row);
[[nodiscard]] nlohmann::ordered_json toJson(const Outcome& outcome);
[[nodiscard]] nlohmann::ordered_json toJson(const WhatIfResult& result);
[[nodiscard]] nlohmann::ordered_json toJson(const Effect& effect);
[[nodiscard]] nlohmann::ordered_json toJson(const Recommendation& recommendation);
[[nodiscard]] nlohmann::ordered_json toJson(const tuning::Elsewhere& elsewhere);
[[nodiscard]] nlohmann::ordered_json toJson(const Plan& plan);
[[nodiscard]] nlohmann::ordered_json toJson(const Change& change);
[[nodiscard]] nlohmann::ordered_json toJson(const std::vector<SettingChange>& changes);
[[nodiscard]] nlohmann::ordered_json toJson(const ProfileHealth& health);
[[nodiscard]] nlohmann::ordered_json toJson(const platform::Problem& problem);
[[nodiscard]] nlohmann::ordered_json toJson(const sync::SyncReport& report);

} // namespace pilotlight::ctl
