// Runs a campaign: which trial comes next, and when to stop.
#pragma once

#include <functional>

#include "core/base/job_context.h"
#include "core/bench/campaign.h"

namespace pilotlight::bench {

// Runs one trial to its result; AgentClient::run with the agent at hand.
using RunTrial = std::function<Result<TrialResult>(const TrialRequest&, const JobContext&)>;
// Told after each trial, before the next; an error ends the run.
using KeepTrial = std::function<Status(const TrialRecord&)>;

// Goes on from the trials that `campaign` holds, until it is complete or the budget of this session is spent, and sets its end. Trials of a
// batch of sizes are run in random order, so that a drift of the machine is not taken for an effect of size. Sizes that need more CPUs than
// `cpus` are left out. Errors: cancelled (the end is set), what run and keep give.
[[nodiscard]] Status runCampaign(Campaign& campaign, int cpus, const RunTrial& run, const KeepTrial& keep, const JobContext& job);

// The sizes that this machine can emulate.
[[nodiscard]] std::vector<std::int32_t> emulatedSizes(const CampaignPlan& plan, int cpus);

}  // namespace pilotlight::bench
