#include "core/bench/campaign_file.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <fmt/ranges.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>

namespace pilotlight::bench {
namespace {

namespace fs = std::filesystem;
using Record = nlohmann::ordered_json;

constexpr const char* kRoles[] = {"warm", "cold", "cold_disk", "memory", "cold_huge"};

// Handlers may print any bytes.
std::string text(const Record& record) { return record.dump(-1, ' ', false, Record::error_handler_t::replace); }

// Whether the line was understood. Throws what nlohmann throws on a wrong type: the caller passes such a line over.
bool take(const Record& record, Campaign& campaign) {
    const std::string type = record.at("type");
    if (type == "agent") {
        auto event = parseEvent(record.at("hello").dump());
        if (!event || !std::holds_alternative<Hello>(*event)) return false;
        campaign.agent = std::get<Hello>(std::move(*event));
    } else if (type == "trial") {
        TrialRecord trial;
        trial.key.memory_mb = record.at("memory_mb");
        trial.key.threads = record.at("threads");
        trial.key.index = record.at("index");
        trial.key.batch = record.value("batch", 0);
        trial.key.concurrency = record.value("concurrency", 0);
        const auto role = std::find(std::begin(kRoles), std::end(kRoles), record.at("role").get<std::string>());
        if (role == std::end(kRoles)) return false;
        trial.key.role = static_cast<TrialKey::Role>(role - std::begin(kRoles));
        trial.vcpu = record.at("vcpu");
        auto event = parseEvent(record.at("result").dump());
        if (!event || !std::holds_alternative<TrialResult>(*event)) return false;
        trial.result = std::get<TrialResult>(std::move(*event));
        campaign.trials.push_back(std::move(trial));
        campaign.end = CampaignEnd::unfinished;
    } else if (type == "end") {
        for (const auto end : {CampaignEnd::complete, CampaignEnd::budget, CampaignEnd::cancelled})
            if (record.at("reason") == name(end)) campaign.end = end;
    } else {
        return false;
    }
    return true;
}

Result<CampaignPlan> readPlan(const Record& record) {
    if (record.at("type") != "campaign" || record.at("v") != 1) return fail(ErrorCode::protocol, "The file is not a campaign of this version");
    CampaignPlan plan;
    plan.id = record.at("id");
    plan.created = record.at("created");
    PILOTLIGHT_ASSIGN(plan.platform, parsePlatform(record.at("platform").get<std::string>()));
    plan.vcpu = record.at("vcpu");
    PILOTLIGHT_ASSIGN(auto request, parseRequest(record.at("trial").dump()));
    if (!std::holds_alternative<TrialRequest>(request)) return fail(ErrorCode::protocol, "The campaign's trial is not one");
    plan.trial = std::get<TrialRequest>(std::move(request));
    plan.sizes = record.at("sizes").get<std::vector<std::int32_t>>();
    plan.all_sizes = record.at("all_sizes");
    plan.threads = record.at("threads").get<std::vector<int>>();
    plan.batches = record.value("batches", std::vector<int>());
    plan.concurrencies = record.value("concurrencies", std::vector<int>());
    plan.agent = record.value("agent", std::vector<std::string>());
    plan.colds = record.at("colds");
    plan.warm = record.at("warm");
    plan.find_memory = record.value("find_memory", false);
    plan.budget_s = record.at("budget_s");
    plan.seed = record.at("seed");
    const auto& price = record.at("price");
    plan.price = {price.at("gb_second"), price.at("vcpu_second"), price.at("request"), price.at("rounding_ms"), price.at("minimum_ms")};
    return plan;
}

Result<std::string> readAll(const std::string& path) {
    std::ifstream file(path, std::ios::binary);
    if (!file) return fail(ErrorCode::storage, "The campaign " + path + " cannot be read");
    return std::string(std::istreambuf_iterator<char>(file), {});
}

std::string pathOf(const std::string& folder, const std::string& id) { return folder + "/" + id + ".jsonl"; }

std::vector<std::string> idsOf(const std::string& folder) {
    std::vector<std::string> out;
    std::error_code ignored;
    for (const auto& entry : fs::directory_iterator(folder, ignored))
        if (entry.path().extension() == ".jsonl") out.push_back(entry.path().stem());
    std::sort(out.rbegin(), out.rend());  // ids begin with the time
    return out;
}

}  // namespace

std::string planLine(const CampaignPlan& plan) {
    return text({{"type", "campaign"}, {"v", 1}, {"id", plan.id}, {"created", plan.created}, {"platform", name(plan.platform)}, {"vcpu", plan.vcpu},
                 {"trial", Record::parse(toLine(Request(plan.trial)))}, {"sizes", plan.sizes}, {"all_sizes", plan.all_sizes}, {"threads", plan.threads}, {"batches", plan.batches}, {"concurrencies", plan.concurrencies}, {"agent", plan.agent}, {"colds", plan.colds},
                 {"warm", plan.warm}, {"find_memory", plan.find_memory}, {"budget_s", plan.budget_s}, {"seed", plan.seed},
                 {"price", {{"gb_second", plan.price.usd_per_gb_second}, {"vcpu_second", plan.price.usd_per_vcpu_second}, {"request", plan.price.usd_per_request},
                            {"rounding_ms", plan.price.rounding_ms}, {"minimum_ms", plan.price.minimum_ms}}}});
}
std::string agentLine(const Hello& agent) { return text({{"type", "agent"}, {"hello", Record::parse(toLine(Event(agent)))}}); }
std::string trialLine(const TrialRecord& r) {
    return text({{"type", "trial"}, {"memory_mb", r.key.memory_mb}, {"threads", r.key.threads}, {"batch", r.key.batch}, {"concurrency", r.key.concurrency}, {"role", kRoles[static_cast<std::size_t>(r.key.role)]}, {"index", r.key.index},
                 {"vcpu", r.vcpu}, {"result", Record::parse(toLine(Event(r.result)))}});
}
std::string endLine(CampaignEnd end) { return text({{"type", "end"}, {"reason", name(end)}}); }

Result<Campaign> parseCampaign(std::string_view all) {
    Campaign campaign;
    bool first = true;
    while (!all.empty()) {
        const auto end = std::min(all.find('\n'), all.size());
        const auto line = all.substr(0, end);
        all.remove_prefix(std::min(end + 1, all.size()));
        if (line.empty()) continue;
        const Record record = Record::parse(line, nullptr, false);
        bool taken = false;
        try {
            if (first) {
                PILOTLIGHT_ASSIGN(campaign.plan, readPlan(record));
                taken = true;
            } else {
                taken = take(record, campaign);
            }
        } catch (const nlohmann::json::exception& error) {
            if (first) return fail(ErrorCode::protocol, std::string("The file is not a campaign: ") + error.what());
        }
        first = false;
        if (!taken) ++campaign.passed_over;
    }
    if (first) return fail(ErrorCode::protocol, "The file is not a campaign: it is empty");
    return campaign;
}

Result<CampaignFile> CampaignFile::create(const std::string& folder, const CampaignPlan& plan) {
    std::error_code error;
    fs::create_directories(folder, error);
    if (error) return fail(ErrorCode::storage, "The folder " + folder + " cannot be made: " + error.message());
    CampaignFile file(pathOf(folder, plan.id));
    if (fs::exists(file.path_, error)) return fail(ErrorCode::storage, "The campaign " + plan.id + " is there already");
    PILOTLIGHT_TRY(file.append(planLine(plan)));
    return file;
}

Result<CampaignFile> CampaignFile::open(const std::string& folder, const std::string& id) {
    CampaignFile file(pathOf(folder, id));
    PILOTLIGHT_ASSIGN(const auto before, readAll(file.path_));
    if (!before.empty() && before.back() != '\n') PILOTLIGHT_TRY(file.append(""));  // what was cut off stays a line of its own
    return file;
}

Status CampaignFile::append(const std::string& line) {
    const int fd = ::open(path_.c_str(), O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0644);
    const std::string whole = line + "\n";
    const bool written = fd >= 0 && ::write(fd, whole.data(), whole.size()) == static_cast<ssize_t>(whole.size()) && ::fsync(fd) == 0;
    const int number = errno;
    if (fd >= 0) ::close(fd);
    if (!written) return fail(ErrorCode::storage, "The campaign " + path_ + " cannot be written: " + std::strerror(number), "What was measured before is kept.", "Make room, then resume the campaign.");
    return {};
}

Result<Campaign> readCampaign(const std::string& folder, const std::string& id) {
    const auto ids = idsOf(folder);
    std::vector<std::string> fitting;
    for (const auto& one : ids)
        if (one == id || (id == "last" && fitting.empty())) fitting = {one};
    if (fitting.empty())
        for (const auto& one : ids)
            if (one.starts_with(id)) fitting.push_back(one);
    if (fitting.empty()) return fail(ErrorCode::not_found, "There is no campaign " + id + " in " + folder, {}, "pilotlightctl bench list shows those there are");
    if (fitting.size() > 1) return fail(ErrorCode::ambiguous, fmt::format("{} fits {} campaigns: {}", id, fitting.size(), fmt::join(fitting, ", ")));
    PILOTLIGHT_ASSIGN(const auto text, readAll(pathOf(folder, fitting.front())));
    return parseCampaign(text);
}

Result<std::vector<Campaign>> readCampaigns(const std::string& folder) {
    std::vector<Campaign> out;
    for (const auto& id : idsOf(folder)) {
        PILOTLIGHT_ASSIGN(const auto text, readAll(pathOf(folder, id)));
        if (auto campaign = parseCampaign(text)) out.push_back(std::move(*campaign));
    }
    return out;
}

}  // namespace pilotlight::bench
