// Predicted against realised saving over sandbox seeds, through the command line alone. Slow; prints the table.
// PILOTLIGHT_SEEDS (default 20) says how many seeds.
#include <gtest/gtest.h>

#include <cstdio>
#include <cstdlib>
#include <future>
#include <nlohmann/json.hpp>
#include <optional>
#include <set>
#include <thread>

#include "tests/support/sandbox.h"

namespace pilotlight {
namespace {

using nlohmann::json;

struct Row {
    int seed = 0;
    std::string function, status, detail, changes;
    bool recommended = false; // by Pilotlight; else made on purpose by this test
    double value = 0, lo = 0, hi = 0;
    std::optional<double> realised;
};

std::string settings(const json& changes) {
    std::string out;
    for (const auto& change : changes)
        out += (out.empty() ? "" : ", ") + change["setting"].get<std::string>() + " " + change["before"].dump() + " -> " + change["after"].dump();
    return out;
}

std::vector<Row> play(int seed, std::string& trouble) {
    test::SandboxSession sandbox({"--days", "14", "--speed", "600", "--seed", std::to_string(seed)});
    const auto ctl = [&](std::vector<std::string> arguments) { return sandbox.ctl(std::move(arguments), std::chrono::seconds(300)); };
    const auto read = [&](std::vector<std::string> arguments) {
        arguments.push_back("--json");
        return json::parse(ctl(std::move(arguments)).out, nullptr, false);
    };
    if (!sandbox.ready()) {
        trouble = "the sandbox did not start";
        return {};
    }
    (void)ctl({"profile", "add", "box", "--platform", "aws", "--region", "us-east-1", "--endpoint-url", sandbox.endpoint(), "--write", "--daily-money-cap", "1000"});
    for (const char* platform : {"gcp", "azure"})
        (void)ctl({"profile", "add", platform, "--platform", platform, "--region", "all", "--endpoint-url", sandbox.endpoint(), "--write"});
    if (const auto synced = ctl({"sync"}); synced.exit_code != 0) {
        trouble = "sync: " + synced.err;
        return {};
    }
    std::set<std::string> touched, recommended;
    const auto apply = [&](const json& plan) {
        if (!plan.is_object() || !plan.contains("plan_id")) return;
        const auto applied = read({"apply", plan["plan_id"].get<std::string>(), "--yes"});
        if (applied.is_object() && applied.contains("change_id") && applied["change_id"].is_string()) touched.insert(plan["function_id"].get<std::string>());
    };
    for (const auto& each : read({"recommend"})) {
        if (each["status"] != "recommended") continue;
        const auto plan = read({"plan", "--recommendation", each["id"].get<std::string>()});
        apply(plan);
        recommended.insert(each["function_id"].get<std::string>());
    }
    // On purpose: one change that hurts, one to a function with hardly any traffic.
    const auto id_of = [](const char* name) { return "arn:aws:lambda:us-east-1:123456789012:function:" + std::string(name); };
    if (touched.count(id_of("image-classify")) == 0) apply(read({"plan", "image-classify", "--memory", "512", "--override", "memory-floor"}));
    // On purpose, too: pools of instances that are billed for their whole life, down to one and up by one. Terraform owns intent-api.
    for (const auto& [name, pool] : {std::pair{"intent-api", "1"}, std::pair{"contract-review", "3"}}) {
        const auto plan = read({"plan", name, "--warm-pool", pool, "--override", "infrastructure-code"});
        if (plan.is_object() && plan.contains("function_id") && touched.count(plan["function_id"]) == 0) apply(plan);
    }
    if (touched.count(id_of("legacy-ranker")) == 0) apply(read({"plan", "legacy-ranker", "--memory", "1024", "--override", "memory-floor"}));

    json changes;
    for (int i = 0; i < 60; ++i) {
        std::this_thread::sleep_for(std::chrono::seconds(2)); // 20 minutes of the sandbox
        (void)ctl({"sync", "--from", "now-2d", "--no-costs"});
        changes = read({"changes"});
        bool open = false;
        for (const auto& change : changes) open = open || change["status"] == "watching" || change["status"] == "pending" || change["status"] == "applied";
        if (!open) break;
    }
    std::vector<Row> rows;
    for (const auto& change : changes) {
        if (change["reverted_by"].is_null() && change["detail"].get<std::string>().find("evert") != std::string::npos && change["status"] == "applied") continue;
        const std::string function = change["function_id"];
        Row row{.seed = seed, .function = function.substr(function.find_last_of(":/") + 1), .status = change["status"], .detail = change["detail"], .changes = settings(change["changes"]), .recommended = recommended.count(function) > 0};
        if (change["predicted_saving_usd_month"].is_object()) {
            row.value = change["predicted_saving_usd_month"]["value"];
            row.lo = change["predicted_saving_usd_month"]["lo"];
            row.hi = change["predicted_saving_usd_month"]["hi"];
        }
        if (change["realised_saving_usd_month"].is_object()) row.realised = change["realised_saving_usd_month"]["value"].get<double>();
        rows.push_back(row);
    }
    return rows;
}

TEST(Realised, PredictedSavingsComeTrue) {
    const char* set = std::getenv("PILOTLIGHT_SEEDS");
    const int seeds = set != nullptr ? std::atoi(set) : 20;
    std::vector<Row> rows;
    std::string troubles;
    constexpr int kAtOnce = 5;  // they mostly wait
    for (int first = 1; first <= seeds; first += kAtOnce) {
        std::vector<std::string> trouble(kAtOnce);
        std::vector<std::future<std::vector<Row>>> playing;
        for (int seed = first; seed < first + kAtOnce && seed <= seeds; ++seed) {
            playing.push_back(std::async(std::launch::async, [&trouble, seed, first] { return play(seed, trouble[static_cast<std::size_t>(seed - first)]); }));
        }
        for (auto& each : playing) {
            for (auto& row : each.get()) rows.push_back(std::move(row));
        }
        for (const auto& each : trouble) troubles += each;
    }
    EXPECT_EQ(troubles, "");
    int kept = 0, inside = 0, reverted = 0, inconclusive = 0;
    std::printf("%-4s %-16s %-12s %28s %10s  %s\n", "seed", "function", "status", "predicted USD a month", "realised", "change");
    for (const auto& row : rows) {
        const bool holds = row.realised && *row.realised >= row.lo && *row.realised <= row.hi;
        if (row.status == "kept" && row.recommended && row.realised) {
            ++kept;
            inside += holds;
        }
        reverted += row.status == "reverted";
        inconclusive += row.status == "inconclusive";
        std::printf("%-4d %-16s %-12s %9.2f (%8.2f to %8.2f) %10s%s %s%s\n", row.seed, row.function.c_str(), row.status.c_str(), row.value, row.lo, row.hi,
                    row.realised ? std::to_string(*row.realised).substr(0, 8).c_str() : "unknown", holds ? " " : "*", row.changes.c_str(), row.recommended ? "" : " [on purpose]");
        if (row.recommended && row.status != "kept") std::printf("     %s\n", row.detail.c_str());
    }
    std::printf("kept %d, realised inside the interval %d (%.0f %%); reverted %d; inconclusive %d\n", kept, inside, kept > 0 ? 100.0 * inside / kept : 0.0, reverted, inconclusive);
    ASSERT_GT(kept, 0);
    EXPECT_GT(reverted, 0) << "the harmful change is reverted by the watch";
    EXPECT_GT(inconclusive, 0) << "too little traffic is inconclusive";
    if (kept >= 20) {
        EXPECT_GE(inside, kept * 0.80);
        EXPECT_LE(inside, kept * 0.98 + 1);
    }
}

} // namespace
} // namespace pilotlight
