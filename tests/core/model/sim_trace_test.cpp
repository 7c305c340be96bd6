// Real AWS Lambda traces and steady states (2020): how many cold starts the keep-alive models predict. Needs ../shared/data.
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <filesystem>
#include <fstream>
#include <map>
#include <sstream>

#include "core/model/sim_engine.h"
#include "core/model/sim_formula.h"
#include "core/model/sim_keep_alive.h"
#include "core/model/sim_scenario.h"
#include "tests/support/data.h"

namespace pilotlight::model {
namespace {

std::vector<std::string> cells(const std::string& line) {
    std::vector<std::string> out(1);
    bool quoted = false;
    for (const char c : line) {
        if (c == '"')
            quoted = !quoted;
        else if (c == ',' && !quoted)
            out.emplace_back();
        else if (c != '\r')
            out.back() += c;
    }
    return out;
}

std::vector<InstanceUse> readTrace(const std::filesystem::path& path) {
    std::ifstream file(path);
    std::string line;
    std::getline(file, line);
    const auto header = cells(line);
    const auto column = [&](const char* name) {
        return static_cast<std::size_t>(std::find(header.begin(), header.end(), name) - header.begin());
    };
    const auto cold = column("is_cold"), id = column("exist_id"), start = column("client_start_time"), end = column("client_end_time");
    std::map<std::string, std::uint64_t> ids;
    std::vector<InstanceUse> uses;
    while (std::getline(file, line)) {
        const auto row = cells(line);
        if (row.size() <= std::max({cold, id, start, end})) continue;
        const auto instance = ids.try_emplace(row[id], ids.size() + 1).first->second;
        uses.push_back({std::stod(row[start]), std::stod(row[end]), instance, row[cold] == "True"});
    }
    std::sort(uses.begin(), uses.end(), [](const auto& a, const auto& b) { return a.begin < b.begin; });
    const double first = uses.front().begin;
    for (auto& use : uses) {
        use.begin -= first;
        use.end -= first;
    }
    return uses;
}

struct Replay {
    const std::vector<InstanceUse>& uses;
    std::size_t n = 0;
    bool next(double& time) {
        if (n >= uses.size()) return false;
        time = uses[n++].begin;
        return true;
    }
    double warm() { return uses[n - 1].end - uses[n - 1].begin; }
    double cold() { return warm(); }
};
struct Colds {
    double count = 0;
    void served(double, double, Served s) { count += s == Served::cold; }
    void throttled(double) {}
    void idle(double, double) {}
    void started(double, std::int64_t) {}
    void instances(double, std::int64_t) {}
};
double predicted(const std::vector<InstanceUse>& uses, const KeepAlive& keep, int seeds) {
    double total = 0;
    for (int seed = 1; seed <= seeds; ++seed) {
        EngineOptions options;
        options.keep_alive = keep;
        options.seed = static_cast<std::uint64_t>(seed);
        // The fleet that was warm before the trace began shows in it as instances whose first use is not cold: as in the reference, the
        // first request meets an empty platform.
        Replay source{uses};
        Colds sink;
        replay(source, sink, options);
        total += sink.count;
    }
    return total / seeds;
}

std::vector<std::vector<InstanceUse>> traces() {
    std::vector<std::filesystem::path> paths;
    const auto folder = test::sharedData("traces/aws_lambda_2020");
    if (!folder) return {};
    for (const auto& entry : std::filesystem::directory_iterator(*folder)) paths.push_back(entry.path());
    std::sort(paths.begin(), paths.end());
    std::vector<std::vector<InstanceUse>> all;
    for (const auto& path : paths) all.push_back(readTrace(path));
    return all;
}

TEST(SimTrace, LambdaColdStarts) {
    const auto all = traces();
    if (all.empty()) GTEST_SKIP() << test::kNoData;
    KeepAlive fixed;
    fixed.seconds = 600;
    KeepAlive halving;
    halving.kind = KeepAlive::Kind::halving;
    halving.period_s = 640;
    halving.max_life_s = 7200;
    double actual_total = 0, fixed_total = 0, halving_total = 0, halving_error = 0, fitted_total = 0, fitted_error = 0;
    for (std::size_t i = 0; i < all.size(); ++i) {
        double actual = 0;
        for (const auto& use : all[i]) actual += use.cold;
        std::vector<std::vector<InstanceUse>> others;
        std::vector<IdlePeriod> idle;
        for (std::size_t j = 0; j < all.size(); ++j) {
            if (j == i) continue;
            others.push_back(all[j]);
            const auto periods = idlePeriods(all[j]);
            idle.insert(idle.end(), periods.begin(), periods.end());
        }
        auto candidates = keepAliveCandidates();
        candidates.push_back(fitKeepAlive(idle, lambdaKeepAlivePrior()).law);
        const auto choice = chooseKeepAlive(others, candidates);
        const auto& law = candidates[choice.index];
        const double f = predicted(all[i], fixed, 1), h = predicted(all[i], halving, 9), c = predicted(all[i], law, 9);
        std::printf(
            "trace %zu: %zu requests, %.0f cold; fixed %.0f, halving %.1f, calibrated on the others %.1f (law %zu, period %.0f, fixed "
            "%.0f)\n",
            i, all[i].size(), actual, f, h, c, choice.index, law.period_s, law.seconds);
        actual_total += actual;
        fixed_total += f;
        halving_total += h;
        halving_error += std::abs(h / actual - 1) / static_cast<double>(all.size());
        fitted_total += c;
        fitted_error += std::abs(c / actual - 1) / static_cast<double>(all.size());
    }
    std::printf("total %.0f; fixed %.0f, halving %.1f (%.1f %%), calibrated %.1f (%.1f %%)\n", actual_total, fixed_total, halving_total,
                100 * halving_error, fitted_total, 100 * fitted_error);
    EXPECT_EQ(actual_total, 181);
    EXPECT_EQ(fixed_total, 213);  // as the published comparison has it
    EXPECT_LE(halving_error, 0.10);
    EXPECT_NEAR(fitted_total / actual_total, 1, 0.10);
    EXPECT_LE(fitted_error, 0.12);
}

TEST(SimTrace, SteadyStateFormula) {
    const auto path = test::sharedData("coldstart/simfaas_aws_rates.csv");
    if (!path) GTEST_SKIP() << test::kNoData;
    std::ifstream file(*path);
    std::string line;
    std::getline(file, line);
    const auto header = cells(line);
    const auto column = [&](const char* name) {
        return static_cast<std::size_t>(std::find(header.begin(), header.end(), name) - header.begin());
    };
    // The keep-alive comes from the five traces, not from these rates: chosen by replay for the simulator, estimated for the formula, which
    // cannot evict in company. A law fitted to the rates themselves (how long an idle instance lived was spread, from SeBS's 380 s to 980 s)
    // is kept as the best that the formula can do; any one fixed time leaves 13.7 % at best (620 s). The shares that were measured have
    // standard errors of 10 % themselves.
    const auto all = traces();
    std::vector<IdlePeriod> idle;
    for (const auto& trace : all) {
        const auto periods = idlePeriods(trace);
        idle.insert(idle.end(), periods.begin(), periods.end());
    }
    const auto candidates = keepAliveCandidates();
    const KeepAlive chosen = candidates[chooseKeepAlive(all, candidates).index], learned = fitKeepAlive(idle, lambdaKeepAlivePrior()).law;
    KeepAlive spread, fixed;
    spread.kind = KeepAlive::Kind::uniform;
    spread.from_s = 380;
    spread.to_s = 980;
    fixed.seconds = 620;
    struct Error {
        double cold = 0, instances = 0;
    } by_simulator, by_learned, by_spread, by_fixed;
    double rows = 0;
    while (std::getline(file, line)) {
        const auto row = cells(line);
        if (row.size() < header.size()) continue;
        const Stationary system{std::stod(row[column("ArrivalRate")]), std::stod(row[column("ServiceTimeWarm")]) / 1000};
        const double cold = std::stod(row[column("ColdStartProbability")]), instances = std::stod(row[column("AverageInstanceCount")]);
        const auto add = [&](Error& error, double p, double n) {
            error.cold += std::abs(p / cold - 1) / 10;
            error.instances += std::abs(n / instances - 1) / 10;
        };
        const auto formula = [&](Error& error, const KeepAlive& law) {
            const auto r = stationary(system, law);
            add(error, r.cold_probability, r.mean_instances);
        };
        formula(by_learned, learned);
        formula(by_spread, spread);
        formula(by_fixed, fixed);
        Scenario scenario;
        scenario.poisson_rate = system.rate;
        scenario.service_warm = {Distribution::Kind::exponential, system.service_s, 1, {}};
        scenario.keep_alive = chosen;
        scenario.duration_s = 1.5e5 / std::max(0.01, system.rate);
        scenario.warmup_s = 20000;
        scenario.replications = 8;
        InlineExecutor executor;
        const auto simulated = simulate(scenario, executor, {});
        ASSERT_TRUE(simulated.has_value());
        add(by_simulator, simulated->cold_probability.value, simulated->instances_mean.value);
        rows += 1;
    }
    const auto say = [](const char* what, const Error& e) {
        std::printf("10 AWS steady states, %s: cold %.2f %%, instances %.2f %%\n", what, 100 * e.cold, 100 * e.instances);
    };
    say("simulator, law of the traces", by_simulator);
    say("formula, law of the traces", by_learned);
    say("formula, law of these rates", by_spread);
    say("formula, fixed 620 s", by_fixed);
    EXPECT_EQ(rows, 10);
    EXPECT_EQ(chosen.kind, KeepAlive::Kind::halving);
    EXPECT_LE(by_simulator.cold, 0.08);
    EXPECT_LE(by_simulator.instances, 0.035);
    EXPECT_LE(by_learned.cold, 0.13);
    EXPECT_LE(by_learned.instances, 0.037);  // 0.035 by the law of these rates
    EXPECT_LE(by_spread.cold, 0.13);
    EXPECT_LE(by_spread.instances, 0.035);
    EXPECT_LE(by_fixed.cold, 0.138);
}

}  // namespace
}  // namespace pilotlight::model
