// One sandbox and one workspace, connected to one of its clouds, for the flows over the command line.
#pragma once

#include <gtest/gtest.h>

#include <map>
#include <nlohmann/json.hpp>

#include "tests/support/sandbox.h"

namespace pilotlight::test {

class CloudFlow : public ::testing::Test {
protected:
    static void connect(std::vector<std::string> profile_options) {
        sandbox_ = new SandboxSession({"--days", "3", "--speed", "60", "--seed", "1"});
        if (!sandbox_->ready()) return;
        std::vector<std::string> arguments{"profile", "add", "cloud", "--endpoint-url", sandbox_->endpoint(), "--write"};
        arguments.insert(arguments.end(), profile_options.begin(), profile_options.end());
        added_ = sandbox_->ctl(arguments);
        synced_ = sandbox_->ctl({"sync", "--from", "now-3d", "--json"});
    }
    static void TearDownTestSuite() {
        delete sandbox_;
        sandbox_ = nullptr;
    }
    void SetUp() override {
        ASSERT_TRUE(sandbox_->ready());
        ASSERT_EQ(added_.exit_code, 0) << added_.err;
        ASSERT_EQ(synced_.exit_code, 0) << synced_.err << synced_.out;
    }
    static nlohmann::json function(const std::string& name) {
        for (const auto& row : nlohmann::json::parse(sandbox_->ctl({"functions", "--from", "now-3d", "--json"}).out))
            if (row["name"] == name) return row;
        return nullptr;
    }
    static std::string statusOf(const nlohmann::json& change_id) {
        for (const auto& row : nlohmann::json::parse(sandbox_->ctl({"changes", "--json"}).out))
            if (row["change_id"] == change_id) return row["status"];
        return {};
    }
    // USD by meter over the last two whole days; "billed" or "computed".
    static std::map<std::string, double> costs(const char* metric) {
        std::map<std::string, double> out;
        const auto rows =
            sandbox_->ctl({"costs", "--by", "meter", "--metric", metric, "--from", "now-2d/d", "--to", "now/d", "--json"}).out;
        for (const auto& row : nlohmann::json::parse(rows)) out[row["meter"].get<std::string>()] += row["cost_usd"].get<double>();
        return out;
    }

    static inline SandboxSession* sandbox_ = nullptr;
    static inline Finished added_, synced_;
};

}  // namespace pilotlight::test
