#include <gtest/gtest.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cmath>
#include <filesystem>
#include <fstream>
#include <random>
#include <set>
#include <thread>
#include <tuple>

#include "core/bench/campaign_file.h"
#include "core/bench/campaign_run.h"
#include "core/bench/size_table.h"
#include "core/model/observation_csv.h"

namespace pilotlight::bench {
namespace {

CampaignPlan examplePlan() {
    CampaignPlan plan;
    plan.id = "20261124-120000-0001";
    plan.created = "2026-11-24T12:00:00Z";
    plan.trial.id = "template";
    plan.trial.target.command = {"true"};
    plan.trial.size = {.memory_mb = 512, .vcpu = 1};
    plan.sizes = defaultSizes(PlatformKind::aws, false);
    plan.colds = 4;
    plan.warm = 70;
    plan.price = {.usd_per_gb_second = 1.66667e-5, .usd_per_request = 2e-7};
    return plan;
}

// What a handler of `cpu_ms` that saturates at one vCPU would give.
TrialResult measured(const TrialRequest& request, double cpu_ms) {
    TrialResult r;
    r.id = request.id;
    r.status = TrialStatus::ok;
    r.limiter = "cgroup-v1";
    r.memory_limited = true;
    const double mean = cpu_ms / std::min(1.0, request.size.vcpu);
    std::mt19937 random(request.seed + static_cast<std::uint32_t>(request.size.memory_mb));
    std::normal_distribution<double> noise(1, 0.02);
    for (int i = 0; i < request.isolated; ++i) r.isolated_ms.push_back(mean * noise(random));
    for (int i = 0; i < request.saturated; ++i) r.saturated_ms.push_back(mean);
    r.saturated_wall_ms = mean * request.saturated;
    if (request.isolated > 0) r.cpu_ms = cpu_ms;
    r.cold.first_ms = mean;
    r.cold.total_ms = 300 + mean;
    r.peak_mb = 90;
    return r;
}

TEST(BenchCampaign, SweepMeasuresTheEndsAndTheMiddleThenStopsWhereNothingIsGained) {
    Campaign campaign{.plan = examplePlan()};
    std::vector<std::int32_t> order;
    const auto run = [&](const TrialRequest& request, const JobContext&) -> Result<TrialResult> {
        if (request.isolated > 0) order.push_back(request.size.memory_mb);
        return measured(request, 50);
    };
    const auto keep = [](const TrialRecord&) -> Status { return {}; };
    ASSERT_TRUE(runCampaign(campaign, 2, run, keep, {}));
    EXPECT_EQ(campaign.end, CampaignEnd::complete);
    ASSERT_GE(order.size(), 3U);
    std::sort(order.begin(), order.begin() + 3);
    EXPECT_EQ((std::vector<std::int32_t>(order.begin(), order.begin() + 3)), (std::vector<std::int32_t>{512, 1769, 3538}));
    const auto points = pointsOf(campaign);
    ASSERT_EQ(points.size(), order.size());
    for (const auto& point : points) {
        EXPECT_EQ(point.colds, 3);  // the warm trial's and two; the third start was of the other kind
        EXPECT_TRUE(point.cold_disk_ms);
        EXPECT_EQ(point.verdict, "stable");
        EXPECT_NEAR(*point.mean_ms, 50 / std::min(1.0, point.vcpu), 1.5 / point.vcpu);
        EXPECT_LT(*point.mean_lo, *point.mean_ms);
        EXPECT_TRUE(point.p50_ms);
        EXPECT_FALSE(point.p99_ms);
        EXPECT_FALSE(point.notes.empty());
    }
    // What predict reads of it is what was measured.
    const auto observations = observationsOf(campaign);
    const auto table = model::parseObservationCsv(observationCsv(observations));
    ASSERT_TRUE(table) << table.error().text();
    ASSERT_EQ(table->observations.size(), observations.size());
    EXPECT_EQ(table->observations.front().source, Observation::Source::bench);
    EXPECT_NEAR(table->observations.front().mean_ms, observations.front().mean_ms, 1e-3);
}

TEST(BenchCampaign, SizesBeyondThisMachineAreLeftOut) {
    auto plan = examplePlan();
    plan.sizes = {1769, 3538, 7076};
    EXPECT_EQ(emulatedSizes(plan, 2), (std::vector<std::int32_t>{1769, 3538}));
    plan.sizes = {7076};
    Campaign campaign{.plan = plan};
    const auto done = runCampaign(campaign, 2, {}, {}, {});
    ASSERT_FALSE(done);
    EXPECT_EQ(done.error().code, ErrorCode::unsupported);
}

TEST(BenchCampaign, InterruptedItGoesOnWithoutRepeating) {
    const std::string folder = testing::TempDir() + "pilotlight-campaign-test";
    std::filesystem::remove_all(folder);
    auto plan = examplePlan();
    plan.sizes = {512, 1769};
    plan.all_sizes = true;
    auto file = CampaignFile::create(folder, plan);
    ASSERT_TRUE(file) << file.error().text();
    EXPECT_FALSE(CampaignFile::create(folder, plan));
    const auto keep = [&](const TrialRecord& record) { return file->append(trialLine(record)); };
    int ran = 0;
    const auto some = [&](const TrialRequest& request, const JobContext&) -> Result<TrialResult> {
        if (++ran > 3) return fail(ErrorCode::cancelled, "Cancelled");
        return measured(request, 20);
    };
    Campaign first{.plan = plan};
    EXPECT_FALSE(runCampaign(first, 2, some, keep, {}));
    EXPECT_EQ(first.end, CampaignEnd::cancelled);
    // Killed in the middle of a line.
    std::ofstream(folder + "/" + plan.id + ".jsonl", std::ios::app) << "{\"type\":\"trial\",\"memory_mb\":51";
    auto again = readCampaign(folder, "2026");
    ASSERT_TRUE(again) << again.error().text();
    EXPECT_EQ(again->trials.size(), 3U);
    EXPECT_EQ(again->passed_over, 1);
    EXPECT_EQ(planLine(again->plan), planLine(plan));
    file = CampaignFile::open(folder, plan.id);
    ASSERT_TRUE(file);
    std::vector<std::string> made;
    const auto rest = [&](const TrialRequest& request, const JobContext&) -> Result<TrialResult> {
        made.push_back(request.id);
        return measured(request, 20);
    };
    ASSERT_TRUE(runCampaign(*again, 2, rest, keep, {}));
    EXPECT_EQ(made.size(), 5U);  // two sizes of four starts, less three
    ASSERT_TRUE(file->append(endLine(again->end)));
    const auto whole = readCampaign(folder, "last");
    ASSERT_TRUE(whole);
    EXPECT_EQ(whole->trials.size(), 8U);
    EXPECT_EQ(whole->end, CampaignEnd::complete);
    EXPECT_EQ(whole->passed_over, 1);
    std::set<TrialKey> keys;
    for (const auto& trial : whole->trials) keys.insert(trial.key);
    EXPECT_EQ(keys.size(), 8U);
    std::filesystem::remove_all(folder);
}

TEST(BenchCampaign, EveryCombinationOfThreadsBatchAndConcurrencyIsMeasuredAndKept) {
    Campaign campaign{.plan = examplePlan()};
    campaign.plan.sizes = {512};
    campaign.plan.trial.target = {.kind = Target::Kind::onnx, .model = "m.onnx"};
    campaign.plan.threads = {1, 2};
    campaign.plan.batches = {1, 8};
    campaign.plan.concurrencies = {1, 4};
    std::set<std::tuple<int, int, int>> seen;
    int huge = 0;
    const auto run = [&](const TrialRequest& request, const JobContext&) -> Result<TrialResult> {
        seen.insert({request.threads, request.target.batch, request.concurrency});
        huge += request.huge_pages;
        auto result = measured(request, 50 * request.target.batch);
        if (request.huge_pages) *result.cold.total_ms /= 2;
        return result;
    };
    std::string file = planLine(campaign.plan) + "\n";
    const auto keep = [&](const TrialRecord& record) -> Status {
        file += trialLine(record) + "\n";
        return {};
    };
    ASSERT_TRUE(runCampaign(campaign, 2, run, keep, {}));
    EXPECT_EQ(seen.size(), 8U);
    EXPECT_EQ(huge, 4);  // with one setting
    const auto read = parseCampaign(file);
    ASSERT_TRUE(read);
    EXPECT_EQ(read->passed_over, 0);
    EXPECT_EQ(planLine(read->plan), planLine(campaign.plan));
    const auto points = pointsOf(*read);
    ASSERT_EQ(points.size(), 8U);
    EXPECT_EQ(settingText(Target::Kind::onnx, settingOf(points[0])), "1 thread");
    EXPECT_EQ(settingText(Target::Kind::onnx, settingOf(points[3])), "1 thread, batch 8, 4 at once");
    EXPECT_EQ(settingText(Target::Kind::http, settingOf(points[1])), "4 at once");
    EXPECT_EQ(std::count_if(points.begin(), points.end(), [&](const auto& point) { return isBase(read->plan, point); }), 1);
    EXPECT_TRUE(isBase(read->plan, points[0]));
    EXPECT_NEAR(*points[0].cold_huge_ms, *points[0].cold_ms / 2, 20);
    EXPECT_FALSE(points[1].cold_huge_ms);
    // Curves rest on the base alone: batches of 8 take eight times as long.
    const auto observations = observationsOf(*read);
    ASSERT_EQ(observations.size(), 1U);
    EXPECT_NEAR(observations[0].mean_ms, *points[0].mean_ms, 1e-9);
    EXPECT_FALSE(sameSetting(read->plan, points[0], read->plan, points[2]));
    auto single = examplePlan();
    EXPECT_TRUE(sameSetting(single, points[0], single, points[2]));  // two campaigns of one batch each may be set side by side
}

// Huge pages take memory of their own: a start that they killed says nothing about the size.
TEST(BenchCampaign, AKillWithHugePagesIsNotTheSizes) {
    Campaign campaign{.plan = examplePlan()};
    campaign.plan.sizes = {512};
    campaign.plan.trial.target = {.kind = Target::Kind::onnx, .model = "m.onnx"};
    int huge = 0;
    const auto run = [&](const TrialRequest& request, const JobContext&) -> Result<TrialResult> {
        auto result = measured(request, 20);
        if (request.huge_pages) {
            ++huge;
            result.status = TrialStatus::out_of_memory;
            result.peak_mb = 500;
        }
        return result;
    };
    ASSERT_TRUE(runCampaign(campaign, 2, run, [](const TrialRecord&) -> Status { return {}; }, {}));
    EXPECT_EQ(huge, 1);  // the others would be killed too
    EXPECT_EQ(campaign.trials.size(), 5U);
    const auto points = pointsOf(campaign);
    ASSERT_EQ(points.size(), 1U);
    EXPECT_TRUE(points[0].usable);
    EXPECT_FALSE(points[0].killed_for_memory);
    EXPECT_EQ(points[0].peak_mb, 90);
    EXPECT_FALSE(points[0].cold_huge_ms);
    EXPECT_FALSE(smallestMemoryOf(campaign).fails_mb);
}

TEST(BenchCampaign, PausedItBeginsNoTrialAndItsBudgetStands) {
    Campaign campaign{.plan = examplePlan()};
    campaign.plan.sizes = {512, 1769};
    campaign.plan.budget_s = 3;
    Pause pause;
    std::atomic<int> trials{0};
    const auto run = [&](const TrialRequest& request, const JobContext&) -> Result<TrialResult> {
        if (++trials == 2) pause.hold(true);
        return measured(request, 20);
    };
    const auto begin = std::chrono::steady_clock::now();
    std::thread other([&] {
        while (!pause.holding()) std::this_thread::sleep_for(std::chrono::milliseconds(1));
        std::this_thread::sleep_for(std::chrono::milliseconds(3500));
        EXPECT_EQ(trials, 2);
        pause.hold(false);
    });
    ASSERT_TRUE(runCampaign(campaign, 2, run, [](const TrialRecord&) -> Status { return {}; }, {}, &pause));
    other.join();
    EXPECT_GE(std::chrono::steady_clock::now() - begin, std::chrono::milliseconds(3500));
    EXPECT_EQ(campaign.end, CampaignEnd::complete);  // longer than its budget, had the pause counted
    EXPECT_EQ(trials, 8);
}

TEST(BenchCampaign, FailuresArePointsWithTheirReason) {
    Campaign campaign{.plan = examplePlan()};
    campaign.plan.sizes = {512, 1769};
    const auto run = [](const TrialRequest& request, const JobContext&) -> Result<TrialResult> {
        if (request.size.memory_mb > 512) return measured(request, 10);
        TrialResult r;
        r.id = request.id;
        r.status = TrialStatus::out_of_memory;
        r.detail = "Killed by the kernel";
        return r;
    };
    ASSERT_TRUE(runCampaign(campaign, 2, run, [](const TrialRecord&) -> Status { return {}; }, {}));
    const auto points = pointsOf(campaign);
    ASSERT_EQ(points.size(), 2U);
    EXPECT_FALSE(points[0].usable);
    EXPECT_EQ(points[0].verdict, "out of memory: Killed by the kernel");
    EXPECT_TRUE(points[1].usable);
    const auto observations = observationsOf(campaign);
    ASSERT_EQ(observations.size(), 2U);
    EXPECT_TRUE(observations[0].out_of_memory);
    EXPECT_EQ(std::count_if(campaign.trials.begin(), campaign.trials.end(), [](const auto& t) { return t.key.memory_mb == 512; }), 1);  // not tried again
}

TEST(BenchCampaign, ComparisonSaysWhenNothingIsShown) {
    const auto point = [](double mean, double half) {
        BenchPoint p;
        p.usable = true;
        p.mean_ms = mean;
        p.mean_lo = mean - half;
        p.mean_hi = mean + half;
        return p;
    };
    EXPECT_FALSE(compare(point(100, 5), point(104, 5))->different);
    EXPECT_TRUE(compare(point(100, 2), point(80, 2))->different);
    EXPECT_NEAR(compare(point(100, 2), point(80, 2))->ratio, 0.8, 1e-12);
    EXPECT_FALSE(compare(point(100, 0.1), point(101, 0.1))->different);  // sure, but below 2 %
    EXPECT_FALSE(compare(point(100, 1), BenchPoint{}));
}

TEST(BenchCampaign, FilesThatAreNoCampaignAreRefused) {
    for (const char* text : {"", "nonsense", "{}", "[]", "{\"type\":\"campaign\",\"v\":2}", "{\"type\":\"trial\"}"}) EXPECT_FALSE(parseCampaign(text)) << text;
}

// A handler that needs `need_mb`, and says a little more of its largest resident memory.
Result<TrialResult> needing(std::int32_t need_mb, const TrialRequest& request) {
    auto result = measured(request, 50);
    result.peak_mb = 1.1 * need_mb;
    if (request.size.memory_mb < need_mb) {
        result = {.id = request.id, .status = TrialStatus::out_of_memory, .limiter = "cgroup-v1", .memory_limited = true};
    }
    return result;
}

TEST(BenchCampaign, TheSmallestMemoryIsFoundByHalving) {
    for (const std::int32_t need : {9, 137, 300, 700}) {
        Campaign campaign{.plan = examplePlan()};
        campaign.plan.sizes = {512};
        campaign.plan.all_sizes = campaign.plan.find_memory = true;
        int tried = 0;
        const auto run = [&](const TrialRequest& request, const JobContext&) {
            tried += request.id.ends_with(".m");
            return needing(need, request);
        };
        // Interrupted after each trial, and gone on with from its file.
        std::string file = planLine(campaign.plan) + "\n";
        for (int session = 0; session < 60; ++session) {
            const auto keep = [&](const TrialRecord& record) -> Status {
                file += trialLine(record) + "\n";
                if (record.key.role == TrialKey::Role::memory) return fail(ErrorCode::cancelled, "stop");
                return {};
            };
            const bool done = runCampaign(campaign, 2, run, keep, {}).has_value();
            auto read = parseCampaign(file);
            ASSERT_TRUE(read);
            campaign = std::move(*read);
            if (done) break;
        }
        const auto found = smallestMemoryOf(campaign);
        ASSERT_TRUE(found.survives_mb && found.fails_mb) << need;
        EXPECT_FALSE(found.next_mb);
        EXPECT_GE(*found.survives_mb, need);
        EXPECT_LT(*found.fails_mb, need);
        EXPECT_LE(*found.survives_mb - *found.fails_mb, std::max(4.0, 0.04 * *found.survives_mb));
        EXPECT_LE(tried, 14) << need;
        for (const auto& point : pointsOf(campaign)) EXPECT_EQ(point.memory_mb, 512) << "a step of the search is no point";
    }
}

TEST(BenchCampaign, TheSmallestMemoryIsNotSearchedWhereNothingLimitsIt) {
    Campaign campaign{.plan = examplePlan()};
    campaign.plan.sizes = {512};
    campaign.plan.all_sizes = campaign.plan.find_memory = true;
    int trials = 0;
    const auto run = [&](const TrialRequest& request, const JobContext&) -> Result<TrialResult> {
        ++trials;
        auto result = measured(request, 50);
        result.limiter = "duty-cycle";
        result.memory_limited = false;
        return result;
    };
    ASSERT_TRUE(runCampaign(campaign, 2, run, [](const TrialRecord&) -> Status { return {}; }, {}));
    EXPECT_LE(trials, 4 + 1);
    EXPECT_NE(smallestMemoryOf(campaign).why_not.find("duty-cycle"), std::string::npos);
}

TEST(BenchCampaign, RequestsAtARateAreAPartOfEachPoint) {
    Campaign campaign{.plan = examplePlan()};
    campaign.plan.sizes = {512};
    campaign.plan.all_sizes = true;
    campaign.plan.trial.rate_per_s = 12.5;
    const auto run = [&](const TrialRequest& request, const JobContext&) -> Result<TrialResult> {
        auto result = measured(request, 50);
        for (int i = 0; i < request.open_loop; ++i) {
            result.open_loop_ms.push_back(200 + i);
            result.open_loop_service_ms.push_back(80);
        }
        return result;
    };
    ASSERT_TRUE(runCampaign(campaign, 2, run, [](const TrialRecord&) -> Status { return {}; }, {}));
    const auto points = pointsOf(campaign);
    ASSERT_EQ(points.size(), 1U);
    EXPECT_DOUBLE_EQ(*points[0].open_mean_ms, 200 + 69 / 2.0);
    EXPECT_DOUBLE_EQ(*points[0].open_service_mean_ms, 80);
    EXPECT_TRUE(points[0].open_p50_ms);
    EXPECT_FALSE(points[0].open_p99_ms);
    EXPECT_DOUBLE_EQ(parseCampaign(planLine(campaign.plan))->plan.trial.rate_per_s, 12.5);
}

}  // namespace
}  // namespace pilotlight::bench
