#include "core/bench/findings.h"

#include <gtest/gtest.h>

#include <algorithm>

namespace pilotlight::bench {
namespace {

Campaign campaign() {
    Campaign out;
    out.plan.sizes = {512, 1024, 1769, 3538, 5307};
    out.plan.price = {.usd_per_gb_second = 1.66667e-5, .usd_per_request = 2e-7};
    out.agent.emplace();
    out.agent->machine.cpus = 2;
    return out;
}

BenchPoint point(std::int32_t mb, double vcpu, double mean_ms, int threads = 1) {
    BenchPoint out;
    out.memory_mb = mb;
    out.vcpu = vcpu;
    out.threads = threads;
    out.mean_ms = mean_ms;
    out.mean_lo = mean_ms * 0.99;
    out.mean_hi = mean_ms * 1.01;
    out.usable = true;
    out.samples = 200;
    out.verdict = "stable";
    return out;
}

bool says(const std::vector<Finding>& findings, Finding::Kind kind, const std::string& part) {
    return std::any_of(findings.begin(), findings.end(), [&](const Finding& f) { return f.kind == kind && f.text.find(part) != std::string::npos; });
}

TEST(BenchFindings, NothingMeasuredSaysNothing) {
    EXPECT_TRUE(findingsOf(campaign(), {}).empty());
    BenchPoint failed;
    failed.memory_mb = 512;
    EXPECT_TRUE(findingsOf(campaign(), {failed}).empty());
}

TEST(BenchFindings, TheFastestOfTheFlatPartIsNamed) {
    const auto found = findingsOf(campaign(), {point(512, 0.29, 345), point(1024, 0.58, 172), point(1769, 1, 100), point(3538, 2, 98)});
    EXPECT_TRUE(says(found, Finding::Kind::good, "1,769 MB is on the flat part of the cost curve and 3.5 × faster than 512 MB"));
}

TEST(BenchFindings, ThreadsAreWarnedOfOnlyWhereTheMeasurementIsStable) {
    std::vector<BenchPoint> points{point(512, 0.29, 100), point(512, 0.29, 190, 2)};
    EXPECT_TRUE(says(findingsOf(campaign(), points), Finding::Kind::caution, "At 512 MB (0.29 vCPU) use 1 thread: 2 threads take 1.9 × as long"));
    points[1].verdict = "not stable: parts differ by more than 10 %";
    EXPECT_FALSE(says(findingsOf(campaign(), points), Finding::Kind::caution, "thread"));
}

TEST(BenchFindings, BatchesAreJudgedByTheTimeOfAnItem) {
    auto alone = point(512, 0.29, 10), eight = point(512, 0.29, 60);
    eight.batch = 8;
    EXPECT_TRUE(says(findingsOf(campaign(), {alone, eight}), Finding::Kind::good, "At 512 MB an item of a batch of 8 takes 7.5 ms, of a batch of 1 10.0 ms; a request waits 60.0 ms for it."));
    eight.mean_ms = 120, eight.mean_lo = 119, eight.mean_hi = 121;
    EXPECT_TRUE(says(findingsOf(campaign(), {alone, eight}), Finding::Kind::caution, "do not batch"));
    eight.mean_ms = 80, eight.mean_lo = 79, eight.mean_hi = 81;
    EXPECT_TRUE(says(findingsOf(campaign(), {alone, eight}), Finding::Kind::fact, "neither cheaper nor dearer"));
    eight.verdict = "noisy";
    for (const auto& finding : findingsOf(campaign(), {alone, eight})) EXPECT_EQ(finding.text.find("atch"), std::string::npos) << finding.text;
}

TEST(BenchFindings, RequestsAtOnceAreJudgedByHowManyAreServedASecond) {
    auto one = point(2048, 2, 30), four = point(2048, 2, 30);
    one.throughput_per_s = 32;
    four.concurrency = 4;
    four.throughput_per_s = 61;
    four.saturated_mean_ms = 65;
    EXPECT_TRUE(says(findingsOf(campaign(), {one, four}), Finding::Kind::good, "At 2,048 MB 4 requests at once are 61.0 a second, 1 at once 32.0; each then takes 65.0 ms."));
    four.throughput_per_s = 25;
    EXPECT_TRUE(says(findingsOf(campaign(), {one, four}), Finding::Kind::caution, "25.0 a second"));
    four.throughput_per_s = 34;
    EXPECT_TRUE(says(findingsOf(campaign(), {one, four}), Finding::Kind::fact, "no more requests a second"));
}

TEST(BenchFindings, HugePagesAreAdvisedOnlyWhereTheyWereTriedAndHelped) {
    auto tried = point(512, 0.29, 10);
    tried.cold_ms = 1600;
    tried.cold_deviation_ms = 40;
    EXPECT_FALSE(says(findingsOf(campaign(), {tried}), Finding::Kind::good, "Huge pages"));
    tried.cold_huge_ms = 700;
    tried.cold_huge_deviation_ms = 50;
    EXPECT_TRUE(says(findingsOf(campaign(), {tried}), Finding::Kind::good, "shorten the cold start at 512 MB from 1600 to 700 ms here"));
    tried.cold_huge_ms = 1500;  // within what starts differ by
    EXPECT_TRUE(says(findingsOf(campaign(), {tried}), Finding::Kind::fact, "make no difference"));
    tried.cold_huge_ms = 2500;
    EXPECT_TRUE(says(findingsOf(campaign(), {tried}), Finding::Kind::caution, "lengthen the cold start"));
}

TEST(BenchFindings, ColdStartsMemoryAndNoise) {
    auto small = point(512, 0.29, 100);
    small.cold_stages = {.exec_ms = 10, .load_ms = 5, .environment_ms = 5, .session_ms = 62, .first_ms = 18, .total_ms = 100};
    small.cold_ms = 100;
    small.cold_disk_ms = 160;
    small.other_cpu_share = 0.4;
    small.notes = {"p99: not enough samples (200 of 662)"};
    BenchPoint killed;
    killed.memory_mb = 128;
    killed.killed_for_memory = true;
    const auto found = findingsOf(campaign(), {killed, small});
    EXPECT_TRUE(says(found, Finding::Kind::fact, "62 % of the cold start at 512 MB is session creation"));
    EXPECT_TRUE(says(found, Finding::Kind::fact, "adds 60 ms"));
    EXPECT_TRUE(says(found, Finding::Kind::caution, "128 MB is too small"));
    EXPECT_TRUE(says(found, Finding::Kind::caution, "40 % of this machine's CPU"));
    EXPECT_TRUE(says(found, Finding::Kind::open, "p99"));
}

TEST(BenchFindings, CostIsRequestAndTimeOrUnknown) {
    auto plan = campaign().plan;
    EXPECT_NEAR(*costOfThousand(plan, point(1024, 0.58, 100)), 1000 * (0.1 * 1.66667e-5 + 2e-7), 1e-9);
    plan.price = {};
    EXPECT_FALSE(costOfThousand(plan, point(1024, 0.58, 100)));
    BenchPoint failed;
    EXPECT_FALSE(costOfThousand(campaign().plan, failed));
}

// Trials as a handler of 100 ms CPU gives them, so that observations come out of the campaign.
TEST(BenchFindings, SizesThisMachineCannotEmulateArePredictedAndMarked) {
    auto measured = campaign();
    for (const auto [mb, vcpu] : {std::pair{512, 0.2894}, std::pair{1769, 1.0}}) {
        TrialRecord record{.key = {.memory_mb = mb}, .vcpu = vcpu, .result = {}};
        record.result.status = TrialStatus::ok;
        record.result.limiter = "cgroup-v1";
        for (int i = 0; i < 200; ++i) record.result.isolated_ms.push_back(100 / vcpu * (0.98 + 0.0002 * i));
        record.result.peak_mb = 90;
        measured.trials.push_back(record);
    }
    const auto points = pointsOf(measured);
    ASSERT_EQ(points.size(), 2u);
    const auto predicted = predictedPoints(measured, points);
    const auto at = [&](std::int32_t mb) { return std::find_if(predicted.begin(), predicted.end(), [&](const auto& p) { return p.memory_mb == mb; }); };
    ASSERT_NE(at(1024), predicted.end());
    EXPECT_NEAR(at(1024)->mean_ms, 100 / 0.579, 20);
    EXPECT_FALSE(at(1024)->beyond_machine);
    EXPECT_EQ(at(512), predicted.end()) << "measured";
    if (at(5307) != predicted.end()) {
        EXPECT_TRUE(at(5307)->beyond_machine);
    }
    EXPECT_TRUE(predictedPoints(measured, {points.front()}).empty()) << "one size tells nothing of the others";
}

}  // namespace
}  // namespace pilotlight::bench
