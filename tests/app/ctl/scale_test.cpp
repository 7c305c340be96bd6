// Reading big accounts with our own rate limits on: time and memory of pilotlightctl. Slow; prints what resources/docs/performance.md records.
#include <gtest/gtest.h>

#include <chrono>
#include <cstdio>
#include <fstream>
#include <nlohmann/json.hpp>

#include "tests/support/sandbox.h"

namespace pilotlight {
namespace {

using nlohmann::json;

// `count` small functions, in `regions` in turn.
json fleet(std::size_t count, const std::vector<std::string>& regions, const std::string& platform, const std::vector<std::string>& kinds) {
    json functions = json::array();
    for (std::size_t i = 0; i < count; ++i) {
        json f{{"name", platform + "-" + std::to_string(i)}, {"platform", platform}, {"kind", kinds[i % kinds.size()]}, {"region", regions[i % regions.size()]},
               {"profile", "p"}, {"memory_mb", 2048}, {"vcpu", 1}, {"concurrency", 4}, {"max_instances", 20}, {"timeout_s", 60},
               {"init_ms", {{1769, 2000}}}, {"arrivals", {{"per_day", 60}}}};
        if (kinds[i % kinds.size()] == "gen1") f["concurrency"] = 1;
        if (platform == "azure") f["insights"] = true;
        functions.push_back(std::move(f));
    }
    return {{"name", "big"}, {"profiles", {{"p", {{"source", "test"}, {"points", {{128, 2000}, {1024, 500}, {2048, 400}}}}}}}, {"functions", functions}};
}

struct Measured {
    double seconds = 0, most_mb = 0;
    json report;
};

// Inventory and a day of metrics.
Measured syncOf(const json& scenario, const std::string& platform) {
    const test::TemporaryDirectory folder;
    const auto path = (folder.path() / "scenario.json").string();
    std::ofstream(path) << scenario.dump();
    Measured out;
    const test::SandboxSession sandbox({"--days", "2", "--speed", "1", "--seed", "1", "--scenario", path});
    EXPECT_TRUE(sandbox.ready());
    setenv("PILOTLIGHT_KEEP_RATES", "1", 1);
    EXPECT_EQ(sandbox.ctl({"profile", "add", "cloud", "--platform", platform, "--region", "all", "--endpoint-url", sandbox.endpoint()}).exit_code, 0);
    const auto begin = std::chrono::steady_clock::now();
    const auto synced = sandbox.ctl({"sync", "--from", "now-1d", "--no-costs", "--json"}, std::chrono::seconds(400));
    out.seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count();
    unsetenv("PILOTLIGHT_KEEP_RATES");
    EXPECT_EQ(synced.exit_code, 0) << synced.err << synced.out;
    out.most_mb = synced.most_mb;
    out.report = json::parse(synced.out, nullptr, false);
    std::printf("%s: %zu functions in %.1f s, peak memory %.0f MB; %s\n", platform.c_str(), scenario["functions"].size(), out.seconds, out.most_mb,
                synced.out.substr(0, 600).c_str());
    return out;
}

TEST(Scale, GoogleWithTwoThousandFunctionsInTwelveRegions) {
    const std::vector<std::string> regions{"us-central1",  "us-east1",     "us-east4",        "us-west1",        "europe-west1", "europe-west3",
                                           "europe-west4", "europe-north1", "asia-northeast1", "asia-southeast1", "asia-south1",  "australia-southeast1"};
    const auto measured = syncOf(fleet(2000, regions, "gcp", {"service", "gen2", "gen1"}), "gcp");
    EXPECT_LE(measured.seconds, 60);
    EXPECT_LE(measured.most_mb, 300);
}

TEST(Scale, AzureWithFiveHundredAppsEachWithAComponentOfItsOwn) {
    const auto measured = syncOf(fleet(500, {"eastus", "westeurope"}, "azure", {"flex", "premium", "consumption"}), "azure");
    EXPECT_LE(measured.seconds, 90);
    EXPECT_LE(measured.most_mb, 300);
}

}  // namespace
}  // namespace pilotlight
