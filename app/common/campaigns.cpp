#include "app/common/campaigns.h"

#include <fmt/format.h>

#include <algorithm>
#include <filesystem>
#include <random>

#include "core/base/clock.h"
#include "core/bench/agent_client.h"
#include "core/bench/campaign_file.h"
#include "core/bench/size_table.h"
#include "core/pricing/azure_cost.h"
#include "core/pricing/price_book.h"
#include "core/workspace.h"

namespace pilotlight::common {
namespace {

// "20261124-134501-3f2a"
std::string campaignId(const std::string& iso) {
    std::string digits;
    for (const char c : iso.substr(0, 19)) {
        if (c >= '0' && c <= '9') digits += c;
    }
    return fmt::format("{}-{}-{:04x}", digits.substr(0, 8), digits.substr(8), std::random_device{}() & 0xffff);
}

}  // namespace

std::string benchFolder(const std::string& workspace_dir) { return (workspace_dir.empty() ? Workspace::defaultDirectory() : workspace_dir) + "/bench"; }

std::optional<model::PricePlan> pricePlan(PlatformKind platform, Architecture architecture) {
    const char* region = platform == PlatformKind::aws ? "us-east-1" : platform == PlatformKind::gcp ? "us-central1" : "eastus";
    const auto book = pricing::bundledBook(name(platform), region, name(architecture));
    if (!book) return std::nullopt;
    const auto price = [&](const char* meter_name) -> std::optional<double> {
        const auto* found = book->find(meter_name);
        return found == nullptr || found->tiers.empty() ? std::nullopt : std::optional(found->tiers.front().price.toDouble());
    };
    const bool azure = platform == PlatformKind::azure, google = platform == PlatformKind::gcp;
    const auto memory = price(azure ? pricing::azure_rate::kFlexTime : google ? meter::kMemory : meter::kDuration);
    const auto request = price(azure ? pricing::azure_rate::kFlexExecutions : meter::kRequests);
    const auto vcpu = google ? price(meter::kVcpu) : std::optional(0.0);
    if (!memory || !request || !vcpu) return std::nullopt;
    model::PricePlan plan{.usd_per_gb_second = *memory, .usd_per_vcpu_second = *vcpu, .usd_per_request = *request};
    if (google || azure) plan.rounding_ms = 100;
    if (azure) plan.minimum_ms = 1000;
    return plan;
}

Result<bench::CampaignPlan> completed(bench::CampaignPlan plan, bool quick) {
    plan.all_sizes = !plan.sizes.empty();
    if (plan.sizes.empty()) plan.sizes = bench::defaultSizes(plan.platform, quick);
    std::sort(plan.sizes.begin(), plan.sizes.end());
    plan.sizes.erase(std::unique(plan.sizes.begin(), plan.sizes.end()), plan.sizes.end());
    for (const auto size : plan.sizes) PILOTLIGHT_TRY(bench::emulate(plan.platform, size, plan.vcpu).map([](const auto&) {}));
    if (plan.threads.empty()) plan.threads = {1};
    if (quick) {
        plan.colds = 5;
        plan.warm = 64;
        plan.budget_s = 180;
    }
    if (const auto price = pricePlan(plan.platform, Architecture::x86_64)) plan.price = *price;
    if (plan.trial.target.kind != bench::Target::Kind::onnx && (plan.threads != std::vector{1} || !(plan.batches.empty() || plan.batches == std::vector{1})))
        return fail(ErrorCode::invalid_argument, "Threads and batches are of a model", {}, "A handler sets its own, in its code or by its environment.");
    plan.trial.id = "template";
    plan.trial.size = {.memory_mb = plan.sizes.front(), .vcpu = 1};
    // What the agent would refuse is refused before anything is written.
    const auto taken = [](const bench::TrialRequest& trial) { return bench::parseRequest(bench::toLine(bench::Request(trial))).map([](const auto&) {}); };
    PILOTLIGHT_TRY(taken(plan.trial));
    for (auto* list : {&plan.threads, &plan.batches, &plan.concurrencies}) {
        std::sort(list->begin(), list->end());
        list->erase(std::unique(list->begin(), list->end()), list->end());
        for (const int value : *list) {
            auto trial = plan.trial;
            (list == &plan.threads ? trial.threads : list == &plan.batches ? trial.target.batch : trial.concurrency) = value;
            PILOTLIGHT_TRY(taken(trial));
        }
    }
    plan.created = toIso8601(RealClock().now());
    plan.id = campaignId(plan.created);
    return plan;
}

Result<std::string> targetFile(const std::string& path, const std::vector<std::string>& agent, const std::string& what) {
    namespace fs = std::filesystem;
    if (path.empty()) return path;
    std::error_code ignored;
    if (!agent.empty() && !fs::path(path).is_absolute()) return fail(ErrorCode::invalid_argument, "The " + what + " " + path + " is not a whole path", "It is a file of the machine where the agent runs.", "Write the path from / on.");
    if (agent.empty() && !fs::exists(path, ignored)) return fail(ErrorCode::invalid_argument, "The " + what + " " + path + " is not there");
    return fs::absolute(path).lexically_normal().string();
}

Status runSession(const std::string& folder, bench::Campaign& campaign, const JobContext& job,
                  const std::function<void(const bench::Hello&)>& started, bench::Pause* pause) {
    PILOTLIGHT_ASSIGN(auto agent, bench::AgentClient::start(campaign.plan.agent.empty() ? std::vector<std::string>{bench::agentProgram()} : campaign.plan.agent));
    auto opened = bench::CampaignFile::open(folder, campaign.plan.id);
    if (!opened) opened = bench::CampaignFile::create(folder, campaign.plan);
    PILOTLIGHT_ASSIGN(auto file, std::move(opened));
    campaign.agent = agent.hello();
    PILOTLIGHT_TRY(file.append(bench::agentLine(agent.hello())));
    // A trial that was cancelled may measure now.
    std::erase_if(campaign.trials, [](const auto& trial) { return trial.result.status == bench::TrialStatus::cancelled; });
    if (started) started(agent.hello());
    const auto run = [&](const bench::TrialRequest& request, const JobContext& context) { return agent.run(request, context); };
    const auto keep = [&](const bench::TrialRecord& record) { return file.append(bench::trialLine(record)); };
    const Status done = bench::runCampaign(campaign, agent.hello().machine.cpus, run, keep, job, pause);
    if (campaign.end != bench::CampaignEnd::unfinished) PILOTLIGHT_TRY(file.append(bench::endLine(campaign.end)));
    return done;
}

}  // namespace pilotlight::common
