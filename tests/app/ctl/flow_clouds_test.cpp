// All three clouds in one workspace: what the same requests would cost and how long they would take elsewhere, each dollar traced.
#include <gtest/gtest.h>

#include <set>

#include "tests/app/ctl/cloud_flow.h"

namespace pilotlight {
namespace {

using nlohmann::json;

class CloudsFlow : public test::CloudFlow {
protected:
    static void SetUpTestSuite() {
        connect({"--platform", "aws", "--region", "us-east-1"});
        for (const char* platform : {"gcp", "azure"})
            added_more_.push_back(sandbox_->ctl({"profile", "add", platform, "--platform", platform, "--region", "all", "--endpoint-url", sandbox_->endpoint()}));
        synced_ = sandbox_->ctl({"sync", "--from", "now-3d", "--json"});
    }
    static json elsewhere(const std::string& name, std::vector<std::string> options = {}) {
        std::vector<std::string> arguments{"elsewhere", name, "--json"};
        arguments.insert(arguments.end(), options.begin(), options.end());
        const auto asked = sandbox_->ctl(arguments);
        EXPECT_EQ(asked.exit_code, 0) << asked.err;
        return json::parse(asked.out, nullptr, false);
    }
    static inline std::vector<test::Finished> added_more_;
};

TEST_F(CloudsFlow, EveryDollarLeadsToAPriceWithASourceAndADate) {
    for (const auto& added : added_more_) ASSERT_EQ(added.exit_code, 0) << added.err;
    for (const char* name : {"chat-inference", "vision-tagger", "invoice-parser", "speech-notes", "contract-review", "webhook-classifier"}) {
        SCOPED_TRACE(name);
        const json result = elsewhere(name);
        ASSERT_TRUE(result.contains("placements")) << result.dump();
        std::set<std::string> platforms;
        for (const auto& place : result["placements"]) {
            SCOPED_TRACE(place["service"].get<std::string>() + " " + place["region"].dump());
            platforms.insert(place["platform"]);
            ASSERT_TRUE(place["cost_usd_month"].is_object()) << place["prices"];
            double sum = 0;
            for (const auto& line : place["lines"]) {
                sum += line["amount_usd"].get<double>();
                EXPECT_NEAR(line["quantity"].get<double>() * line["unit_price_usd"].get<double>(), line["amount_usd"].get<double>(),
                            1e-3 + 0.001 * line["amount_usd"].get<double>())
                    << line.dump();
                EXPECT_NE(line["source"].get<std::string>().find("prices of 20"), std::string::npos) << line.dump();
            }
            const auto& cost = place["cost_usd_month"];
            EXPECT_NEAR(sum, cost["value"].get<double>(), 0.01 + 0.001 * sum) << place["lines"].dump();
            EXPECT_LE(cost["lo"].get<double>(), cost["value"].get<double>());
            EXPECT_GE(cost["hi"].get<double>(), cost["value"].get<double>());
            if (!place["today"].get<bool>()) EXPECT_LT(cost["lo"].get<double>(), cost["hi"].get<double>()) << "elsewhere nothing was measured";
        }
        EXPECT_EQ(platforms, (std::set<std::string>{"aws", "azure", "gcp"}));
        EXPECT_TRUE(result["placements"][0]["today"].get<bool>());
        EXPECT_FALSE(result["cautions"].empty());
    }
}

TEST_F(CloudsFlow, TodayIsWhatTheWhatIfSaysAndTrafficScalesWork) {
    const json today = json::parse(sandbox_->ctl({"whatif", "vision-tagger", "--json"}).out)["today"], once = elsewhere("vision-tagger"),
               twice = elsewhere("vision-tagger", {"--traffic", "2"});
    const auto& now = once["placements"][0];  // live: some seconds later
    const double cost = today["cost_usd_month"]["value"], p95 = today["p95_ms"]["value"];
    EXPECT_NEAR(now["cost_usd_month"]["value"].get<double>(), cost, cost * 0.01);
    EXPECT_NEAR(now["p95_ms"]["value"].get<double>(), p95, p95 * 0.01);
    for (std::size_t i = 0; i < once["placements"].size(); ++i) {
        const double before = once["placements"][i]["cost_usd_month"]["value"], after = twice["placements"][i]["cost_usd_month"]["value"];
        EXPECT_GT(after, before * 1.2) << i;
        EXPECT_LT(after, before * 2.2) << i;
    }
}

TEST_F(CloudsFlow, WithoutPercentilesNoneIsPredicted) {
    const json unlinked = elsewhere("webhook-classifier");
    EXPECT_TRUE(unlinked["target_p95_ms"].is_null());
    for (const auto& place : unlinked["placements"]) {
        EXPECT_TRUE(place["p95_ms"].is_null());
        EXPECT_FALSE(place["meets_target"].get<bool>()) << "what is unknown is not met";
    }
    // The Consumption plan has a way out, and its cost is told where settings are recommended, too.
    const auto advice = sandbox_->ctl({"recommend", "webhook-classifier", "--json"});
    EXPECT_NE(advice.out.find("On Flex Consumption with"), std::string::npos) << advice.out;
    EXPECT_EQ(sandbox_->ctl({"recommend", "speech-notes", "--json"}).out.find("On Flex Consumption with"), std::string::npos);
}

}  // namespace
}  // namespace pilotlight
