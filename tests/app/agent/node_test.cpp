// A Node function, unchanged, at three sizes each: under @google-cloud/functions-framework as on Cloud Run, under AWS's own Node runtime client
// (npm aws-lambda-ric) as on Lambda.
#include <nlohmann/json.hpp>

#include "tests/app/agent/support.h"
#include "tests/support/data.h"

namespace pilotlight::test {
namespace {

std::filesystem::path nodeFolder() { return sourceDir() / "tests/app/agent/node"; }

// Points of three sizes with the same function; ascending shares.
nlohmann::json pointsAt(const std::vector<std::string>& options, const std::vector<std::string>& command) {
    const Folder own;
    std::vector<std::string> words{builtProgram("pilotlightctl"), "--workspace", own.file("workspace"), "bench", "run"};
    words.insert(words.end(), options.begin(), options.end());
    words.insert(words.end(), {"--colds", "3", "--warm", "80", "--input", own.script("in.json", "{\"n\": 3}"), "--json", "--"});
    words.insert(words.end(), command.begin(), command.end());
    const auto run = runProgram(words, {}, std::chrono::seconds(280));
    EXPECT_EQ(run.exit_code, 0) << run.err << run.out.substr(0, 2000);
    if (run.exit_code != 0) return nlohmann::json::array();
    return nlohmann::json::parse(run.out)["points"];
}

void check(const nlohmann::json& points) {
    ASSERT_EQ(points.size(), 3U);
    for (const auto& point : points) {
        ASSERT_TRUE(point["mean_ms"].is_number()) << point["verdict"];
        EXPECT_GT(point["cold_ms"], point["mean_ms"]);
        EXPECT_GT(point["peak_mb"], 30);
        std::printf("%d MB, %.3f vCPU: cold %.0f ms (INIT %.0f), mean %.1f ms, CPU %.1f ms, peak %.0f MB\n", point["memory_mb"].get<int>(), point["vcpu"].get<double>(), point["cold_ms"].get<double>(),
                    point["cold_stages"]["exec_ms"].get<double>(), point["mean_ms"].get<double>(), point["cpu_ms"].get<double>(), point["peak_mb"].get<double>());
    }
    // Isolated requests fit into the quota; back to back they get the share: a third.
    EXPECT_GT(points[0]["saturated_mean_ms"].get<double>(), 1.5 * points[2]["saturated_mean_ms"].get<double>());
}

TEST(Node, FunctionsFrameworkRunsUnchangedAtThreeSizes) {
    const auto framework = nodeFolder() / "node_modules/.bin/functions-framework";
    if (!std::filesystem::exists(framework)) GTEST_SKIP() << "skipped: npm packages are not installed: packaging/test --all installs them";
    const auto points = pointsAt({"--handler", "http", "--platform", "gcp", "--sizes", "512,1024,2048"}, {framework.string(), "--target=score", "--source=" + nodeFolder().string()});
    check(points);
    EXPECT_GT(points[0]["cold_ms"], points[2]["cold_ms"]);
}

TEST(Node, LambdasRuntimeClientRunsUnchangedAtThreeSizes) {
    const auto client = nodeFolder() / "node_modules/aws-lambda-ric";
    if (!std::filesystem::exists(client / "rapid-client.node")) GTEST_SKIP() << "skipped: aws-lambda-ric is not installed, or its native part is not built: packaging/test --all does both";
    // INIT has two CPUs at every size, so cold starts differ less than shares.
    check(pointsAt({"--handler", "lambda", "--sizes", "512,1024,1769"}, {"/usr/bin/env", "LAMBDA_TASK_ROOT=" + nodeFolder().string(), "node", (client / "index.mjs").string(), "index.handler"}));
}

}  // namespace
}  // namespace pilotlight::test
