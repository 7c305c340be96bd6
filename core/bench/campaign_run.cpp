#include "core/bench/campaign_run.h"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <random>
#include <set>

#include "core/bench/size_table.h"

namespace pilotlight::bench {
namespace {

using SteadyClock = std::chrono::steady_clock;
using Role = TrialKey::Role;

constexpr double kPauseMs = 60;
constexpr int kHugeStarts = 4;

// Every combination of what the plan varies.
std::vector<TrialKey> settingsOf(const CampaignPlan& plan) {
    const std::vector<int> as_it_is{0};
    std::vector<TrialKey> out;
    for (const int threads : plan.threads)
        for (const int batch : plan.batches.empty() ? as_it_is : plan.batches)
            for (const int concurrency : plan.concurrencies.empty() ? as_it_is : plan.concurrencies) out.push_back({.threads = threads, .batch = batch, .concurrency = concurrency});
    return out;
}

// What fails together: a size and setting, with huge pages by themselves, as they may take more memory.
TrialKey fateOf(const TrialKey& key, Role role = Role::warm) { return {.memory_mb = key.memory_mb, .threads = key.threads, .role = role, .batch = key.batch, .concurrency = key.concurrency}; }

class Runner {
public:
    Runner(Campaign& campaign, int cpus, const RunTrial& run, const KeepTrial& keep, const JobContext& job, Pause* pause)
        : campaign_(campaign), plan_(campaign.plan), run_(run), keep_(keep), job_(job), pause_(pause), sizes_(emulatedSizes(plan_, cpus)) {
        for (const auto& trial : campaign_.trials) done_.insert(trial.key);
    }

    Status work() {
        if (sizes_.empty()) return fail(ErrorCode::unsupported, "This machine has too few CPUs for every size of the campaign", {}, "Choose smaller sizes with --sizes");
        if (plan_.all_sizes || sizes_.size() <= 3) {
            PILOTLIGHT_TRY(batch(sizes_, sizes_.size()));
        } else {
            const std::size_t expected = std::min<std::size_t>(sizes_.size(), 6);
            PILOTLIGHT_TRY(batch({sizes_.front(), sizes_[sizes_.size() / 2], sizes_.back()}, expected));
            while (!spent_) {
                const auto next = nextOf();
                if (!next) break;
                PILOTLIGHT_TRY(batch({*next}, expected));
            }
        }
        if (plan_.find_memory) PILOTLIGHT_TRY(searchMemory());
        campaign_.end = spent_ ? CampaignEnd::budget : CampaignEnd::complete;
        return {};
    }

private:
    [[nodiscard]] double elapsed() const { return std::chrono::duration<double>(SteadyClock::now() - begin_).count(); }

    // A size that no trial was made of and that is worth measuring.
    [[nodiscard]] std::optional<std::int32_t> nextOf() const {
        const auto observations = observationsOf(campaign_);
        std::vector<Megabytes> candidates;
        for (const auto size : sizes_)
            if (!tried(size)) candidates.push_back(Megabytes{size});
        if (candidates.empty()) return std::nullopt;
        const auto model = model::LatencyModel::fit(observations, {.platform = plan_.platform});
        if (!model) return candidates[candidates.size() / 2].value;  // nothing usable yet
        const auto next = model::nextSize(*model, candidates, plan_.price);
        return next && next->memory ? std::optional(next->memory->value) : std::nullopt;
    }

    [[nodiscard]] bool tried(std::int32_t size) const {
        return std::any_of(done_.begin(), done_.end(), [&](const TrialKey& key) { return key.memory_mb == size && key.role != Role::memory; });
    }

    // All trials of these sizes that were not made yet, shuffled; `expected`: sizes that the whole budget is for.
    Status batch(const std::vector<std::int32_t>& sizes, std::size_t expected) {
        std::vector<TrialKey> keys;
        for (const auto size : std::set<std::int32_t>(sizes.begin(), sizes.end()))
            for (const TrialKey& setting : settings_) {
                const auto add = [&](Role role, int index) { keys.push_back({size, setting.threads, role, index, setting.batch, setting.concurrency}); };
                add(Role::warm, 0);
                for (int i = 1; i < plan_.colds; ++i) add(i + 1 == plan_.colds && plan_.colds >= 3 ? Role::cold_disk : Role::cold, i);
                // What huge pages would save, at one size: in the middle, with the first setting.
                if (plan_.trial.target.kind == Target::Kind::onnx && plan_.colds >= 3 && size == sizes_[sizes_.size() / 2] && &setting == settings_.data())
                    for (int i = 0; i < kHugeStarts; ++i) add(Role::cold_huge, i);
            }
        std::erase_if(keys, [&](const TrialKey& key) { return done_.contains(key); });
        std::mt19937 random(plan_.seed + static_cast<std::uint32_t>(sizes.front()));
        std::shuffle(keys.begin(), keys.end(), random);
        // The warm trials first: they are worth most where the budget ends early.
        std::stable_partition(keys.begin(), keys.end(), [](const TrialKey& key) { return key.role == Role::warm; });
        for (const auto& key : keys) {
            if (elapsed() > plan_.budget_s) {
                spent_ = true;
                return {};
            }
            if (failed_.contains(fateOf(key)) || failed_.contains(fateOf(key, key.role))) continue;  // it will not start the next time either
            PILOTLIGHT_TRY(one(key, expected));
        }
        return {};
    }

    // Halves the interval between what was survived and what was not.
    Status searchMemory() {
        for (int index = 0; !spent_; ++index) {
            const auto found = smallestMemoryOf(campaign_);
            if (!found.next_mb) return {};
            if (elapsed() > plan_.budget_s) {
                spent_ = true;
                return {};
            }
            TrialKey key = settings_.front();
            key.memory_mb = *found.next_mb;
            key.role = Role::memory;
            key.index = index;
            while (done_.contains(key)) ++key.index;
            PILOTLIGHT_TRY(one(key, 1));
        }
        return {};
    }

    // A search may try sizes that the platform does not have.
    [[nodiscard]] Result<EmulatedSize> sizeOf(const TrialKey& key) const {
        if (key.role == Role::memory) return EmulatedSize{.memory_mb = key.memory_mb, .vcpu = 1};
        return emulate(plan_.platform, key.memory_mb, plan_.vcpu).map([](const SizeRule& rule) { return rule.size; });
    }

    void say(std::string step) const { job_.report({.step = std::move(step), .fraction = std::min(1.0, elapsed() / plan_.budget_s), .items = campaign_.trials.size()}); }

    Status one(const TrialKey& key, std::size_t expected) {
        PILOTLIGHT_ASSIGN(const auto size, sizeOf(key));
        TrialRequest request = plan_.trial;
        request.id = fmt::format("{}.{}.{}.{}.{}", key.memory_mb, key.threads, key.batch, key.concurrency, key.index);
        request.size = size;
        request.threads = key.threads;
        if (key.batch > 0) request.target.batch = key.batch;
        if (key.concurrency > 0) request.concurrency = key.concurrency;
        request.huge_pages = key.role == Role::cold_huge;
        request.drop_page_cache = key.role == Role::cold_disk;
        request.pause_ms = kPauseMs;
        request.seed = plan_.seed + static_cast<std::uint32_t>(key.index);
        request.isolated = request.saturated = request.open_loop = 0;
        if (key.role == Role::memory) {
            request.id += ".m";
            request.saturated = std::max(3, request.concurrency);
        }
        if (key.role == Role::warm) {
            request.isolated = plan_.warm;
            request.saturated = std::max(10, plan_.warm / 2);
            if (plan_.trial.rate_per_s > 0) request.open_loop = plan_.warm;
            const int modes = request.open_loop > 0 ? 3 : 2;
            // The modes share half of this size's part of the budget; the other half is for fresh starts.
            const double part_s = plan_.budget_s / static_cast<double>(expected * settings_.size());
            request.most_s = std::max(0.5, std::min(part_s, plan_.budget_s - elapsed()) / (2 * modes));
        }
        if (pause_ != nullptr && pause_->wanted()) {
            const auto begin = SteadyClock::now();
            say("Paused");
            pause_->wait(job_.stopToken());
            begin_ += SteadyClock::now() - begin;
        }
        say(fmt::format("{} MB, {:.2f} vCPU: {}", key.memory_mb, size.vcpu, key.role == Role::warm ? "requests" : key.role == Role::memory ? "is it enough memory?" : "start " + std::to_string(key.index)));
        auto result = run_(request, job_);
        if (!result) {
            if (result.error().code == ErrorCode::cancelled) campaign_.end = CampaignEnd::cancelled;
            return fail(result.error());
        }
        TrialRecord record{key, size.vcpu, std::move(*result)};
        PILOTLIGHT_TRY(keep_(record));
        if (record.result.status != TrialStatus::ok && key.role != Role::memory) failed_.insert(fateOf(key, key.role == Role::cold_huge ? key.role : Role::warm));
        done_.insert(key);
        campaign_.trials.push_back(std::move(record));
        return {};
    }

    Campaign& campaign_;
    const CampaignPlan& plan_;
    const RunTrial& run_;
    const KeepTrial& keep_;
    const JobContext& job_;
    Pause* pause_;
    std::vector<std::int32_t> sizes_;
    std::set<TrialKey> done_;
    std::vector<TrialKey> settings_ = settingsOf(plan_);  // threads, batch and concurrency count
    std::set<TrialKey> failed_;                           // as fateOf gives them
    SteadyClock::time_point begin_ = SteadyClock::now();
    bool spent_ = false;
};

}  // namespace

void Pause::hold(bool wanted) {
    const std::lock_guard lock(mutex_);
    wanted_ = wanted;
    changed_.notify_all();
}

bool Pause::wanted() const {
    const std::lock_guard lock(mutex_);
    return wanted_;
}

bool Pause::holding() const {
    const std::lock_guard lock(mutex_);
    return holding_;
}

void Pause::wait(std::stop_token stop) {
    std::unique_lock lock(mutex_);
    holding_ = true;
    changed_.wait(lock, std::move(stop), [&] { return !wanted_; });
    holding_ = false;
}

std::vector<std::int32_t> emulatedSizes(const CampaignPlan& plan, int cpus) {
    std::vector<std::int32_t> out;
    for (const auto size : plan.sizes) {
        const auto rule = emulate(plan.platform, size, plan.vcpu);
        if (rule && rule->size.vcpu <= cpus) out.push_back(size);
    }
    return out;
}

Status runCampaign(Campaign& campaign, int cpus, const RunTrial& run, const KeepTrial& keep, const JobContext& job, Pause* pause) {
    return Runner(campaign, cpus, run, keep, job, pause).work();
}

}  // namespace pilotlight::bench
