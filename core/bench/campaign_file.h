// Campaigns on disk: one file each, <folder>/<id>.jsonl, one line a step, so that an interrupted campaign can go on. Lines: "campaign" (the
// plan) first, then "agent", "trial" and "end" in any number.
#pragma once

#include <string>
#include <vector>

#include "core/bench/campaign.h"

namespace pilotlight::bench {

[[nodiscard]] std::string planLine(const CampaignPlan& plan);
[[nodiscard]] std::string agentLine(const Hello& agent);
[[nodiscard]] std::string trialLine(const TrialRecord& record);
[[nodiscard]] std::string endLine(CampaignEnd end);
// A line that cannot be read (the last one of a killed program) is counted and passed over. protocol: the first line is not a plan.
[[nodiscard]] Result<Campaign> parseCampaign(std::string_view text);

class CampaignFile {
public:
    // Begins a new file; storage: it cannot be written, or is there already.
    [[nodiscard]] static Result<CampaignFile> create(const std::string& folder, const CampaignPlan& plan);
    // Goes on with one.
    [[nodiscard]] static Result<CampaignFile> open(const std::string& folder, const std::string& id);
    // On the disk before it returns. storage: it is full or read-only.
    [[nodiscard]] Status append(const std::string& line);

private:
    explicit CampaignFile(std::string path) : path_(std::move(path)) {}
    std::string path_;
};

// not_found names the folder. `id` may be a beginning that fits one campaign, or "last".
[[nodiscard]] Result<Campaign> readCampaign(const std::string& folder, const std::string& id);
// Newest first.
[[nodiscard]] Result<std::vector<Campaign>> readCampaigns(const std::string& folder);

}  // namespace pilotlight::bench
