// A Node function under @google-cloud/functions-framework, at three sizes of Cloud Run.
#include <nlohmann/json.hpp>

#include "tests/app/agent/support.h"
#include "tests/support/data.h"

namespace pilotlight::test {
namespace {

TEST(FunctionsFramework, RunsUnchangedAtThreeSizes) {
    const auto folder = sourceDir() / "tests/app/agent/node";
    const auto framework = folder / "node_modules/.bin/functions-framework";
    if (!std::filesystem::exists(framework)) GTEST_SKIP() << "npm packages are not installed: packaging/test --all installs them";
    const Folder own;
    const auto run = runProgram({builtProgram("pilotlightctl"), "--workspace", own.file("workspace"), "bench", "run", "--handler", "http", "--platform", "gcp", "--sizes", "512,1024,2048",
                                 "--colds", "2", "--warm", "20", "--input", own.script("in.json", "{\"n\": 3}"), "--json", "--", framework.string(), "--target=score", "--source=" + folder.string()},
                                {}, std::chrono::seconds(280));
    ASSERT_EQ(run.exit_code, 0) << run.err << run.out.substr(0, 2000);
    const auto points = nlohmann::json::parse(run.out)["points"];
    ASSERT_EQ(points.size(), 3U);
    for (const auto& point : points) {
        EXPECT_TRUE(point["mean_ms"].is_number()) << point["verdict"];
        EXPECT_GT(point["cold_ms"], point["mean_ms"]);
        EXPECT_GT(point["peak_mb"], 30);
        std::printf("%d MB, %.3f vCPU: cold %.0f ms, mean %.1f ms, CPU %.1f ms, peak %.0f MB\n", point["memory_mb"].get<int>(), point["vcpu"].get<double>(), point["cold_ms"].get<double>(),
                    point["mean_ms"].get<double>(), point["cpu_ms"].get<double>(), point["peak_mb"].get<double>());
    }
    // Isolated requests fit into the quota; back to back they get the share: a third.
    EXPECT_GT(points[0]["saturated_mean_ms"].get<double>(), 1.8 * points[2]["saturated_mean_ms"].get<double>());
    EXPECT_GT(points[0]["cold_ms"], points[2]["cold_ms"]);
}

}  // namespace
}  // namespace pilotlight::test
