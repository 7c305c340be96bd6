// Runs a campaign: which trial comes next, and when to stop.
#pragma once

#include <condition_variable>
#include <functional>
#include <mutex>

#include "core/base/job_context.h"
#include "core/bench/campaign.h"

namespace pilotlight::bench {

// Runs one trial to its result; AgentClient::run with the agent at hand.
using RunTrial = std::function<Result<TrialResult>(const TrialRequest&, const JobContext&)>;
// Told after each trial, before the next; an error ends the run.
using KeepTrial = std::function<Status(const TrialRecord&)>;

// Holds a campaign between two trials while another thread wants it so.
class Pause {
public:
    void hold(bool wanted);
    [[nodiscard]] bool wanted() const;
    [[nodiscard]] bool holding() const;  // the campaign stands still now
    // For the thread that runs the campaign: returns when nobody wants a pause, or stop was requested.
    void wait(std::stop_token stop);

private:
    mutable std::mutex mutex_;
    std::condition_variable_any changed_;
    bool wanted_ = false, holding_ = false;
};

// Goes on from the trials that `campaign` holds, until it is complete or the budget of this session is spent, and sets its end. Trials of a
// batch of sizes are run in random order, so that a drift of the machine is not taken for an effect of size. Sizes that need more CPUs than
// `cpus` are left out. While `pause` holds it no trial is begun and the budget's clock stands. Errors: cancelled (the end is set), what run and keep give.
[[nodiscard]] Status runCampaign(Campaign& campaign, int cpus, const RunTrial& run, const KeepTrial& keep, const JobContext& job, Pause* pause = nullptr);

// The sizes that this machine can emulate.
[[nodiscard]] std::vector<std::int32_t> emulatedSizes(const CampaignPlan& plan, int cpus);

}  // namespace pilotlight::bench
