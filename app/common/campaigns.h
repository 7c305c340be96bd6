// Campaigns of the bench as both programs start, keep and price them.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "core/base/job_context.h"
#include "core/bench/campaign.h"
#include "core/bench/campaign_run.h"

namespace pilotlight::common {

// Where a workspace keeps its campaigns; `workspace_dir` empty = the default workspace.
[[nodiscard]] std::string benchFolder(const std::string& workspace_dir);

// List prices of the bundled book: Lambda in us-east-1, Cloud Run (request-based) in us-central1, Azure Flex Consumption in eastus.
// nullopt: none for that platform and architecture.
[[nodiscard]] std::optional<model::PricePlan> pricePlan(PlatformKind platform, Architecture architecture);

// Completes a plan whose platform, target, threads and vcpu are set: ascending sizes (default ones where none are given, then chosen as measurements
// come in), counts and budget (less where `quick`), price, id, time. invalid_argument: what the agent or the platform would refuse.
[[nodiscard]] Result<bench::CampaignPlan> completed(bench::CampaignPlan plan, bool quick);

// A file of a target, as an absolute path: of this machine where `agent` is empty, and there; else of the agent's machine, where only a whole
// path says which one. Empty stays empty. `what`: "model". Errors: invalid_argument.
[[nodiscard]] Result<std::string> targetFile(const std::string& path, const std::vector<std::string>& agent, const std::string& what);

// Runs a campaign, new or interrupted, with the agent that its plan names, each trial on the disk
// before the next; `started` is told what the agent said of itself. Errors: as runCampaign, AgentClient::start and CampaignFile; `cancelled` leaves a campaign that can go on.
[[nodiscard]] Status runSession(const std::string& folder, bench::Campaign& campaign, const JobContext& job,
                                const std::function<void(const bench::Hello&)>& started = {}, bench::Pause* pause = nullptr);

}  // namespace pilotlight::common
