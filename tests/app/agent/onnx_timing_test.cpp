// Do limited models get the CPU that was asked, and is their latency their CPU time over it? The CPU time is that at 1 vCPU, not the latency
// there: other programs change the latter much more. Still, what a busy machine spoils is skipped, with the figures.
#include <gtest/gtest.h>

#include <cmath>
#include <random>

#include "core/bench/quantiles.h"
#include "core/bench/quota_prediction.h"
#include "core/bench/size_table.h"
#include "tests/app/agent/onnx_trials.h"

namespace pilotlight::agent {
namespace {

using bench::TrialStatus;

class OnnxTiming : public OnnxTrials {
protected:
    struct Measured {
        double share = 0, mean_ms = 0, cpu_ms = 0, other = 0;
    };
    struct Case {
        std::string model;
        int saturated = 0;
        double most = 0;                 // deviation of mean latency from the CPU time at 1 vCPU over the share
    };

    // Medians over `rounds` of trials at each share, in a random order within each round.
    std::map<double, Measured> sweep(bench::AgentClient& agent, const Case& one, const std::string& limiter, const std::vector<double>& shares, int rounds) {
        std::map<double, std::vector<Measured>> all;
        std::mt19937 random(1);
        for (int round = 0; round < rounds; ++round) {
            auto order = shares;
            std::shuffle(order.begin(), order.end(), random);
            for (const double share : order) {
                auto request = trial(one.model, share);
                request.limiter = limiter;
                request.size.init_vcpu = 1;
                request.saturated = one.saturated;
                const auto result = run(agent, request);
                EXPECT_EQ(result.status, TrialStatus::ok) << result.detail;
                if (result.status != TrialStatus::ok || !result.cpu_share) continue;
                all[share].push_back({*result.cpu_share, bench::mean(result.saturated_ms), *result.cpu_ms, result.other_cpu_share});
            }
        }
        std::map<double, Measured> medians;
        for (const auto& [share, list] : all) {
            const auto median = [&](double Measured::*field) {
                std::vector<double> values;
                for (const auto& measured : list) values.push_back(measured.*field);
                return bench::median(values);
            };
            medians[share] = {median(&Measured::share), median(&Measured::mean_ms), median(&Measured::cpu_ms), median(&Measured::other)};
        }
        return medians;
    }

    // What is off, in words; empty where nothing is. `busy`: something else used more than a tenth of the machine.
    static std::string judge(const std::map<double, Measured>& measured, const Case& one, double most_share_error, bool& busy) {
        std::string off;
        if (!measured.contains(1.0)) return one.model + ": nothing measured at 1 vCPU; ";
        const double whole = measured.at(1.0).cpu_ms;
        for (const auto& [share, at] : measured) {
            const double share_error = at.share / share - 1, latency_error = at.mean_ms * share / whole - 1;
            std::printf("%-32s %.2f vCPU: share %.3f (%+.1f %%), mean %.2f ms (%+.1f %% from the CPU time over the share), others %.0f %%\n", one.model.c_str(), share, at.share, share_error * 100, at.mean_ms,
                        latency_error * 100, at.other * 100);
            busy = busy || at.other > 0.1;
            if (share == 1) continue;
            if (std::abs(share_error) > most_share_error) off += one.model + " share; ";
            if (std::abs(latency_error) > one.most) off += one.model + " latency; ";
        }
        return off;
    }

    void check(const std::string& limiter, const std::vector<Case>& cases, double most_share_error) {
        auto agent = start();
        const auto& known = agent.hello().limiters;
        const auto found = std::find_if(known.begin(), known.end(), [&](const auto& one) { return one.name == limiter; });
        if (found == known.end() || !found->available) GTEST_SKIP() << "skipped: " << limiter << " does not work here" << (found == known.end() ? "" : ": " + found->why);
        for (const auto& one : cases) {
            bool busy = false;
            std::string off;
            for (int attempt = 0; attempt < 2; ++attempt) {
                busy = false;
                off = judge(sweep(agent, one, limiter, {0.25, 0.5, 1}, 3), one, most_share_error, busy);
                if (off.empty()) break;
            }
            if (!off.empty() && busy) GTEST_SKIP() << "skipped: something else used the CPU, so this says nothing: " << off;
            EXPECT_EQ(off, "");
        }
    }
};

TEST_F(OnnxTiming, LatencyFollowsTheQuota) {
    const auto limiters = start().hello().limiters;
    const auto best = std::find_if(limiters.begin(), limiters.end(), [](const auto& one) { return one.available && one.name != "duty-cycle"; });
    if (best == limiters.end()) GTEST_SKIP() << "skipped: no control groups work here";
    check(best->name, {{"light/light_resnet50.onnx", 40, 0.05}, {"light/light_squeezenet.onnx", 150, 0.2}, {"ocr_detect.onnx", 100, 0.2}}, 0.05);
}

TEST_F(OnnxTiming, LatencyFollowsTheDutyCycle) { check("duty-cycle", {{"light/light_squeezenet.onnx", 150, 0.2}, {"light/light_resnet50.onnx", 40, 0.2}}, 0.2); }

// From 512 and 1,769 MB of Lambda to the sizes between, as measured here.
TEST_F(OnnxTiming, UnmeasuredSizesFollowFromTwoMeasuredOnes) {
    auto agent = start();
    const auto& limiters = agent.hello().limiters;
    if (std::none_of(limiters.begin(), limiters.end(), [](const auto& one) { return one.available && one.name != "duty-cycle"; })) GTEST_SKIP() << "skipped: no control groups work here";
    constexpr std::int32_t kSizes[] = {512, 768, 1024, 1280, 1769};
    for (const char* model : {"light/light_squeezenet.onnx", "ocr_detect.onnx", "light/light_resnet50.onnx"}) {
        double error = 1, busiest = 0;
        for (int attempt = 0; attempt < 2 && error > 0.1; ++attempt) {
            std::map<std::int32_t, bench::TrialResult> all;
            busiest = 0;
            std::mt19937 random(7);
            for (int round = 0; round < 2; ++round) {
                std::vector<std::int32_t> order(std::begin(kSizes), std::end(kSizes));
                std::shuffle(order.begin(), order.end(), random);
                for (const auto mb : order) {
                    auto request = trial(model, 1);
                    const auto rule = bench::emulate(PlatformKind::aws, mb);
                    ASSERT_TRUE(rule);
                    request.size = rule->size;
                    request.size.memory_mb = 2048;  // it is the CPU that is looked at
                    request.target.dimensions = {{"x:2", 320}, {"x:3", 320}};
                    request.isolated = 30;
                    request.saturated = 20;
                    request.pause_ms = 40;
                    request.seed = static_cast<std::uint32_t>(round + 1);
                    auto result = run(agent, request);
                    ASSERT_EQ(result.status, TrialStatus::ok) << result.detail;
                    busiest = std::max(busiest, result.other_cpu_share);
                    if (const auto before = all.find(mb); before != all.end()) {
                        result.isolated_ms.insert(result.isolated_ms.end(), before->second.isolated_ms.begin(), before->second.isolated_ms.end());
                        result.cpu_ms = (*result.cpu_ms + *before->second.cpu_ms) / 2;
                    }
                    all[mb] = std::move(result);
                }
            }
            bench::Campaign campaign;
            for (const auto mb : {kSizes[0], kSizes[4]}) campaign.trials.push_back({{.memory_mb = mb}, bench::emulate(PlatformKind::aws, mb)->size.vcpu, all[mb]});
            const auto here = bench::LocalPrediction::of(campaign, bench::pointsOf(campaign));
            ASSERT_TRUE(here) << here.error().text();
            error = 0;
            for (const auto mb : {kSizes[1], kSizes[2], kSizes[3]}) {
                const auto size = bench::emulate(PlatformKind::aws, mb)->size;
                const double predicted = here->isolatedMs(size.vcpu, size.period_ms), measured = bench::mean(all[mb].isolated_ms);
                std::printf("%-28s %d MB: predicted %.1f ms, measured %.1f ms (%+.1f %%), others %.0f %%\n", model, mb, predicted, measured, 100 * (predicted / measured - 1), 100 * all[mb].other_cpu_share);
                error += std::abs(predicted / measured - 1) / 3;
            }
            std::printf("%-28s mean error %.1f %%\n", model, 100 * error);
        }
        if (error > 0.1 && busiest > 0.1) GTEST_SKIP() << "skipped: other programs used up to " << std::lround(100 * busiest) << " % of this machine, so this says nothing";
        EXPECT_LE(error, 0.1) << model;
    }
}

TEST_F(OnnxTiming, TwoThreadsUseTwoCpus) {
    auto agent = start();
    if (agent.hello().machine.cpus < 2) GTEST_SKIP() << "skipped: one CPU";
    bench::TrialResult one, two;
    for (int attempt = 0; attempt < 2; ++attempt) {
        auto request = trial("light/light_resnet50.onnx", 2);
        request.saturated = 30;
        one = run(agent, request);
        request.threads = 2;
        request.spin = true;
        two = run(agent, request);
        ASSERT_EQ(two.status, TrialStatus::ok) << two.detail;
        if (bench::mean(two.saturated_ms) < 0.65 * bench::mean(one.saturated_ms)) break;
    }
    std::printf("1 thread %.1f ms, 2 threads %.1f ms, share %.2f, others %.0f %%\n", bench::mean(one.saturated_ms), bench::mean(two.saturated_ms), *two.cpu_share, two.other_cpu_share * 100);
    const bool quick = bench::mean(two.saturated_ms) < 0.65 * bench::mean(one.saturated_ms) && *two.cpu_share > 1.8 && *two.cpu_share < 2.05;
    if (!quick && two.other_cpu_share > 0.05) GTEST_SKIP() << "skipped: something else used the CPU";
    EXPECT_TRUE(quick);
}

}  // namespace
}  // namespace pilotlight::agent
