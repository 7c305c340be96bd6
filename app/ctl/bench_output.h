// Campaigns as JSON, tables, CSV and Markdown.
#pragma once

#include <nlohmann/json_fwd.hpp>
#include <optional>
#include <string>
#include <vector>

#include "core/bench/campaign.h"

namespace pilotlight::ctl {

[[nodiscard]] nlohmann::ordered_json number(const std::optional<double>& value);  // null where unknown
[[nodiscard]] nlohmann::ordered_json toJson(const bench::Machine& machine);
[[nodiscard]] nlohmann::ordered_json toJson(const bench::Campaign& campaign);     // contracts.md, Bench
[[nodiscard]] std::string targetText(const bench::Target& target);                // "model.onnx on cpu", "lambda: ./bootstrap"
[[nodiscard]] std::string describe(const bench::Machine& machine);                // one line
[[nodiscard]] std::string describe(const bench::Campaign& campaign);
[[nodiscard]] std::string csv(const bench::Campaign& campaign);
[[nodiscard]] std::string markdown(const bench::Campaign& campaign);
// What the sizes assume of the platform, each sentence once.
[[nodiscard]] std::vector<std::string> assumptionsOf(const bench::CampaignPlan& plan);

}  // namespace pilotlight::ctl
