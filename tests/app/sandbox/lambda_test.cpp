#include <gtest/gtest.h>

#include <chrono>
#include <thread>

#include <nlohmann/json.hpp>

#include "fleet.h"
#include "signed_client.h"

namespace pilotlight::sandbox::test {
namespace {

// Sandbox time runs at 600x here: a wait of 10 s in the sandbox is 17 ms.
void settle(Sandbox& sandbox, const std::string& name) {
    for (int i = 0; i < 500; ++i) {
        if (sandbox.rest("GET", "/2015-03-31/functions/" + name + "/configuration").parsed()["LastUpdateStatus"] != "InProgress") return;
        std::this_thread::sleep_for(std::chrono::milliseconds(10));
    }
    FAIL() << "the update never converged";
}

TEST(Lambda, ListsFunctionsByRegionAndPage) {
    Sandbox sandbox(kFleet);
    const auto reply = sandbox.rest("GET", "/2015-03-31/functions/");
    ASSERT_EQ(reply.status, 200) << reply.body;
    const json all = reply.parsed();
    ASSERT_EQ(all["Functions"].size(), 3U);
    EXPECT_EQ(all["Functions"][0]["FunctionName"], "alpha");
    EXPECT_EQ(all["Functions"][0]["MemorySize"], 1024);
    EXPECT_FALSE(all["Functions"][0].contains("State"));
    EXPECT_EQ(all["Functions"][2]["Architectures"][0], "arm64");
    EXPECT_EQ(all["Functions"][2]["LoggingConfig"]["LogFormat"], "JSON");
    EXPECT_FALSE(all.contains("NextMarker"));
    const json first = sandbox.rest("GET", "/2015-03-31/functions?MaxItems=2").parsed();
    ASSERT_EQ(first["Functions"].size(), 2U);
    const json rest =
        sandbox.rest("GET", "/2015-03-31/functions?Marker=" + first["NextMarker"].get<std::string>() + "&MaxItems=2").parsed();
    ASSERT_EQ(rest["Functions"].size(), 1U);
    EXPECT_EQ(rest["Functions"][0]["FunctionName"], "gamma");
    EXPECT_EQ(sandbox.rest("GET", "/2015-03-31/functions?Marker=forged").status, 400);
    EXPECT_EQ(sandbox.rest("GET", "/2015-03-31/functions?FunctionVersion=ALL").parsed()["Functions"].size(), 5U);
    sandbox.region = "eu-west-1";
    EXPECT_EQ(sandbox.rest("GET", "/2015-03-31/functions").parsed()["Functions"][0]["FunctionName"], "elsewhere");
}

TEST(Lambda, NamesAFunctionInEveryWay) {
    Sandbox sandbox(kFleet);
    for (const char* name : {"beta", "123456789012%3Afunction%3Abeta", "arn%3Aaws%3Alambda%3Aus-east-1%3A123456789012%3Afunction%3Abeta"})
        EXPECT_EQ(sandbox.rest("GET", std::string("/2015-03-31/functions/") + name + "/configuration").parsed()["FunctionName"], "beta")
            << name;
    EXPECT_EQ(sandbox.rest("GET", "/2015-03-31/functions/alpha/configuration?Qualifier=live").parsed()["Version"], "2");
    EXPECT_EQ(sandbox.rest("GET", "/2015-03-31/functions/alpha%3Alive/configuration").parsed()["FunctionArn"],
              "arn:aws:lambda:us-east-1:123456789012:function:alpha:live");
    EXPECT_EQ(sandbox.rest("GET", "/2015-03-31/functions/alpha/configuration?Qualifier=%24LATEST").parsed()["Version"], "$LATEST");
    const auto missing = sandbox.rest("GET", "/2015-03-31/functions/nobody");
    EXPECT_EQ(missing.status, 404);
    EXPECT_EQ(missing.header("x-amzn-ErrorType").substr(0, 25), "ResourceNotFoundException");
    EXPECT_EQ(sandbox.rest("GET", "/2015-03-31/functions/alpha?Qualifier=9").status, 404);
    EXPECT_EQ(sandbox.rest("GET", "/2015-03-31/functions/alpha?Shape=round").status, 400);
    EXPECT_EQ(sandbox.rest("GET", "/2015-03-31/layers").status, 404);
}

TEST(Lambda, UpdateConvergesAndGuardsTheRevision) {
    Sandbox sandbox(kFleet, 1, 10);  // slow enough that the second write meets the first under way
    const json before = sandbox.rest("GET", "/2015-03-31/functions/beta/configuration").parsed();
    const auto updated =
        sandbox.rest("PUT", "/2015-03-31/functions/beta/configuration", {{"MemorySize", 1536}, {"RevisionId", before["RevisionId"]}});
    ASSERT_EQ(updated.status, 200) << updated.body;
    EXPECT_EQ(updated.parsed()["MemorySize"], 1536);
    EXPECT_EQ(updated.parsed()["LastUpdateStatus"], "InProgress");
    EXPECT_EQ(sandbox.rest("PUT", "/2015-03-31/functions/beta/configuration", {{"MemorySize", 1600}}).status, 409);
    settle(sandbox, "beta");
    const json after = sandbox.rest("GET", "/2015-03-31/functions/beta/configuration").parsed();
    EXPECT_EQ(after["MemorySize"], 1536);
    EXPECT_EQ(after["LastUpdateStatus"], "Successful");
    EXPECT_EQ(after["State"], "Active");
    EXPECT_NE(after["RevisionId"], before["RevisionId"]);
    const auto stale =
        sandbox.rest("PUT", "/2015-03-31/functions/beta/configuration", {{"MemorySize", 512}, {"RevisionId", before["RevisionId"]}});
    EXPECT_EQ(stale.status, 412);
    EXPECT_EQ(stale.header("x-amzn-ErrorType").substr(0, 27), "PreconditionFailedException");
}

TEST(Lambda, RefusesWhatItDoesNotTake) {
    Sandbox sandbox(kFleet);
    const auto put = [&](const json& body) { return sandbox.rest("PUT", "/2015-03-31/functions/beta/configuration", body); };
    EXPECT_EQ(put({{"MemorySize", 64}}).status, 400);
    EXPECT_EQ(put({{"MemorySize", 10241}}).status, 400);
    EXPECT_EQ(put({{"Timeout", 901}}).status, 400);
    EXPECT_EQ(put({{"MemorySize", "1024"}}).status, 400);
    EXPECT_EQ(put({{"Memory", 1024}}).status, 400);
    EXPECT_NE(put({{"Memory", 1024}}).body.find("Memory"), std::string::npos);
    EXPECT_EQ(put({{"EphemeralStorage", {{"Size", 511}}}}).status, 400);
    EXPECT_EQ(put({{"EphemeralStorage", {{"Bytes", 512}}}}).status, 400);
    EXPECT_EQ(sandbox.send("PUT", "/2015-03-31/functions/beta/configuration", "{broken", "lambda").status, 400);
    EXPECT_EQ(sandbox.send("PUT", "/2015-03-31/functions/beta/configuration", "[1]", "lambda").status, 400);
    EXPECT_EQ(sandbox.rest("PUT", "/2015-03-31/functions/alpha/configuration?Qualifier=live", {{"MemorySize", 256}}).status, 400);
    EXPECT_EQ(sandbox.rest("GET", "/2015-03-31/functions/beta/configuration").parsed()["MemorySize"], 512);
}

TEST(Lambda, PublishesAndMovesAliases) {
    Sandbox sandbox(kFleet, 1, 600);
    EXPECT_EQ(sandbox.rest("POST", "/2015-03-31/functions/alpha/versions", json::object()).parsed()["Version"], "2")
        << "nothing changed: the same version again";
    ASSERT_EQ(sandbox.rest("PUT", "/2015-03-31/functions/alpha/configuration", {{"MemorySize", 2048}}).status, 200);
    settle(sandbox, "alpha");
    const json latest = sandbox.rest("GET", "/2015-03-31/functions/alpha/configuration").parsed();
    EXPECT_EQ(sandbox.rest("POST", "/2015-03-31/functions/alpha/versions", {{"CodeSha256", "other"}}).status, 400);
    EXPECT_EQ(sandbox.rest("POST", "/2015-03-31/functions/alpha/versions", {{"RevisionId", "old"}}).status, 412);
    const auto published = sandbox.rest("POST", "/2015-03-31/functions/alpha/versions",
                                        {{"RevisionId", latest["RevisionId"]}, {"CodeSha256", latest["CodeSha256"]}});
    ASSERT_EQ(published.status, 201) << published.body;
    EXPECT_EQ(published.parsed()["Version"], "3");
    EXPECT_EQ(published.parsed()["MemorySize"], 2048);
    const json alias = sandbox.rest("GET", "/2015-03-31/functions/alpha/aliases/live").parsed();
    EXPECT_EQ(alias["FunctionVersion"], "2");
    EXPECT_EQ(sandbox.rest("PUT", "/2015-03-31/functions/alpha/aliases/live", {{"FunctionVersion", "3"}, {"RevisionId", "old"}}).status,
              412);
    const auto moved =
        sandbox.rest("PUT", "/2015-03-31/functions/alpha/aliases/live", {{"FunctionVersion", "3"}, {"RevisionId", alias["RevisionId"]}});
    ASSERT_EQ(moved.status, 200) << moved.body;
    EXPECT_NE(moved.parsed()["RevisionId"], alias["RevisionId"]);
    EXPECT_EQ(sandbox.rest("GET", "/2015-03-31/functions/alpha/configuration?Qualifier=live").parsed()["MemorySize"], 2048);
    const auto canary =
        sandbox.rest("PUT", "/2015-03-31/functions/alpha/aliases/live", {{"RoutingConfig", {{"AdditionalVersionWeights", {{"2", 0.1}}}}}});
    EXPECT_EQ(canary.parsed()["RoutingConfig"]["AdditionalVersionWeights"]["2"], 0.1);
    EXPECT_EQ(sandbox.rest("PUT", "/2015-03-31/functions/alpha/aliases/live", {{"FunctionVersion", "77"}}).status, 404);
    EXPECT_EQ(sandbox.rest("POST", "/2015-03-31/functions/alpha/aliases", {{"Name", "blue"}, {"FunctionVersion", "1"}}).status, 201);
    EXPECT_EQ(sandbox.rest("POST", "/2015-03-31/functions/alpha/aliases", {{"Name", "blue"}, {"FunctionVersion", "1"}}).status, 409);
    EXPECT_EQ(sandbox.rest("GET", "/2015-03-31/functions/alpha/aliases").parsed()["Aliases"].size(), 2U);
    EXPECT_EQ(sandbox.rest("GET", "/2015-03-31/functions/alpha/versions").parsed()["Versions"].size(), 4U);
}

TEST(Lambda, ReservedConcurrencyKeepsAHundredFree) {
    Sandbox sandbox(kFleet);
    EXPECT_EQ(sandbox.rest("GET", "/2019-09-30/functions/alpha/concurrency").parsed(), json::object());
    EXPECT_EQ(sandbox.rest("GET", "/2019-09-30/functions/beta/concurrency").parsed()["ReservedConcurrentExecutions"], 5);
    EXPECT_EQ(sandbox.rest("PUT", "/2017-10-31/functions/gamma/concurrency", {{"ReservedConcurrentExecutions", 900}}).status, 400);
    EXPECT_EQ(sandbox.rest("PUT", "/2017-10-31/functions/alpha/concurrency", {{"ReservedConcurrentExecutions", 1}}).status, 400)
        << "below its pool";
    EXPECT_EQ(sandbox.rest("PUT", "/2017-10-31/functions/gamma/concurrency", {{"ReservedConcurrentExecutions", 10}}).status, 200);
    EXPECT_EQ(sandbox.rest("GET", "/2015-03-31/functions/gamma").parsed()["Concurrency"]["ReservedConcurrentExecutions"], 10);
    EXPECT_EQ(sandbox.rest("GET", "/2016-08-19/account-settings/").parsed()["AccountLimit"]["UnreservedConcurrentExecutions"], 985);
    EXPECT_EQ(sandbox.rest("DELETE", "/2017-10-31/functions/gamma/concurrency").status, 204);
    EXPECT_EQ(sandbox.rest("GET", "/2019-09-30/functions/gamma/concurrency").parsed(), json::object());
}

TEST(Lambda, ProvisionedConcurrencyTakesItsTime) {
    Sandbox sandbox(kFleet, 1, 600);
    const std::string path = "/2019-09-30/functions/alpha/provisioned-concurrency";
    EXPECT_EQ(sandbox.rest("GET", path + "?Qualifier=live").parsed()["Status"], "READY");
    const auto put = sandbox.rest("PUT", path + "?Qualifier=live", {{"ProvisionedConcurrentExecutions", 5}});
    ASSERT_EQ(put.status, 202) << put.body;
    EXPECT_EQ(put.parsed()["Status"], "IN_PROGRESS");
    EXPECT_EQ(put.parsed()["RequestedProvisionedConcurrentExecutions"], 5);
    EXPECT_EQ(put.parsed()["AvailableProvisionedConcurrentExecutions"], 2);
    json now;
    for (int i = 0; i < 300 && now["Status"] != "READY"; ++i) {
        std::this_thread::sleep_for(std::chrono::milliseconds(10));
        now = sandbox.rest("GET", path + "?Qualifier=live").parsed();
    }
    EXPECT_EQ(now["Status"], "READY");
    EXPECT_EQ(now["AvailableProvisionedConcurrentExecutions"], 5);
    const json list = sandbox.rest("GET", path + "?List=ALL").parsed();
    ASSERT_EQ(list["ProvisionedConcurrencyConfigs"].size(), 1U);
    EXPECT_EQ(list["ProvisionedConcurrencyConfigs"][0]["FunctionArn"], "arn:aws:lambda:us-east-1:123456789012:function:alpha:live");
    EXPECT_EQ(sandbox.rest("PUT", path + "?Qualifier=%24LATEST", {{"ProvisionedConcurrentExecutions", 1}}).status, 400);
    EXPECT_EQ(sandbox.rest("PUT", path + "?Qualifier=2", {{"ProvisionedConcurrentExecutions", 1}}).status, 409);
    EXPECT_EQ(sandbox.rest("PUT", path + "?Qualifier=live", {{"ProvisionedConcurrentExecutions", 0}}).status, 400);
    EXPECT_EQ(sandbox.rest("PUT", path + "?Qualifier=live", {{"ProvisionedConcurrentExecutions", 950}}).status, 400);
    EXPECT_EQ(sandbox.rest("DELETE", path + "?Qualifier=live").status, 204);
    const auto gone = sandbox.rest("GET", path + "?Qualifier=live");
    EXPECT_EQ(gone.status, 404);
    EXPECT_EQ(gone.header("x-amzn-ErrorType").substr(0, 44), "ProvisionedConcurrencyConfigNotFoundExceptio");
}

TEST(Lambda, TagsAndEventSources) {
    Sandbox sandbox(kFleet);
    EXPECT_EQ(
        sandbox.rest("GET", "/2017-03-31/tags/arn%3Aaws%3Alambda%3Aus-east-1%3A123456789012%3Afunction%3Abeta").parsed()["Tags"]["team"],
        "b");
    const json all = sandbox.rest("GET", "/2015-03-31/event-source-mappings/").parsed();
    ASSERT_EQ(all["EventSourceMappings"].size(), 1U);
    EXPECT_EQ(all["EventSourceMappings"][0]["State"], "Enabled");
    EXPECT_EQ(sandbox.rest("GET", "/2015-03-31/event-source-mappings?FunctionName=beta").parsed()["EventSourceMappings"].size(), 0U);
    EXPECT_EQ(sandbox.rest("GET", "/2015-03-31/functions/gamma").parsed()["Tags"], json());
}

}  // namespace
}  // namespace pilotlight::sandbox::test
