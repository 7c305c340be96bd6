// Steps of a change as they are sent: compare-and-swap, lost replies, waiting.
#include "core/platform/aws/apply_steps.h"
#include "tests/core/platform/aws_fixture.h"

#include <nlohmann/json.hpp>

namespace pilotlight::platform::aws {
namespace {

TEST_F(Aws, AWriteCarriesRevisionAndPlan) {
    fake->on("PUT /2015-03-31/functions/chat/configuration", json{{"RevisionId", "r-2"}}.dump());
    DesiredSettings desired;
    desired.memory = Megabytes{2048};
    const Function before = function();
    const auto steps = platform().steps(before, desired, "").value();
    const auto result = platform().send(before, steps[0], "{}", "0a1b2c3d", job);
    ASSERT_TRUE(result) << result.error().text();
    EXPECT_EQ(json::parse(result->output)["revision"], "r-2");
    const auto* request = fake->last("PUT /2015-03-31/functions/chat/configuration");
    EXPECT_EQ(json::parse(request->body), (json{{"MemorySize", 2048}, {"RevisionId", "r-1"}}));
    EXPECT_TRUE(FakeAws::headerOf(*request, "User-Agent").ends_with(" plan/0a1b2c3d"));
    EXPECT_FALSE(request->idempotent);
}

TEST_F(Aws, AStaleRevisionIsSaidSo) {
    fake->on("PUT /2015-03-31/functions/chat/configuration", [](const net::HttpRequest&) {
        return answer(412, R"({"Type":"User","Message":"The RevisionId provided does not match"})",
                      {{"x-amzn-errortype", "PreconditionFailedException"}});
    });
    DesiredSettings desired;
    desired.memory = Megabytes{2048};
    const Function before = function();
    EXPECT_EQ(platform().send(before, platform().steps(before, desired, "").value()[0], "", "p", job).error().code, ErrorCode::stale);
}

TEST_F(Aws, WhatHasNoRevisionIsReadComparedAndOnlyThenWritten) {
    DesiredSettings desired;
    desired.instance_limit = InstanceLimit::of(40);
    desired.warm_pool = 6;
    const Function before = function();
    const auto steps = platform().steps(before, desired, "").value();
    ASSERT_EQ(steps.size(), 2u);
    fake->on("GET /2019-09-30/functions/chat/concurrency", R"({"ReservedConcurrentExecutions":30})");  // not the 25 that were planned on
    fake->on("PUT /2017-10-31/functions/chat/concurrency", "{}");
    EXPECT_EQ(platform().send(before, steps[0], "", "p", job).error().code, ErrorCode::stale);
    EXPECT_EQ(fake->count("PUT /2017-10-31/functions/chat/concurrency"), 0u);
    fake->on("GET /2019-09-30/functions/chat/concurrency", R"({"ReservedConcurrentExecutions":25})");
    EXPECT_TRUE(platform().send(before, steps[0], "", "p", job));
    EXPECT_EQ(json::parse(fake->last("PUT /2017-10-31/functions/chat/concurrency")->body)["ReservedConcurrentExecutions"], 40);
    const std::string pool = "/2019-09-30/functions/chat/provisioned-concurrency";
    fake->on("PUT " + pool, R"({"Status":"IN_PROGRESS"})", 202);
    fake->on("GET " + pool, R"({"__type":"ProvisionedConcurrencyConfigNotFoundException"})", 404);
    EXPECT_EQ(platform().send(before, steps[1], "", "p", job).error().code, ErrorCode::stale);  // somebody ended it
    fake->on("GET " + pool, R"({"RequestedProvisionedConcurrentExecutions":4})");
    EXPECT_TRUE(platform().send(before, steps[1], "", "p", job));
    EXPECT_EQ(FakeAws::queryOf(*fake->last("PUT " + pool)), "Qualifier=live");
    EXPECT_EQ(platform().hasHappened(before, steps[1], "", job).value(), false);
    fake->on("GET " + pool, R"({"RequestedProvisionedConcurrentExecutions":6})");
    EXPECT_EQ(platform().hasHappened(before, steps[1], "", job).value(), true);
}

TEST_F(Aws, TheAliasRoadWaitsAndHandsVersionAndRevisionOn) {
    json current = configuration("chat", 2048);
    int polls = 0;
    fake->on("PUT /2015-03-31/functions/chat/configuration", json{{"RevisionId", "r-2"}}.dump());
    fake->on("GET /2015-03-31/functions/chat/configuration", [&](const net::HttpRequest& request) {
        json now = current;
        if (FakeAws::queryOf(request).empty()) {
            now["LastUpdateStatus"] = ++polls < 3 ? "InProgress" : "Successful";
            now["RevisionId"] = "r-3";
        } else {
            EXPECT_EQ(FakeAws::queryOf(request), "Qualifier=8");
            now["State"] = "Active";
        }
        return answer(200, now.dump());
    });
    fake->on("POST /2015-03-31/functions/chat/versions", json{{"Version", "8"}, {"RevisionId", "v-1"}}.dump(), 201);
    fake->on("PUT /2015-03-31/functions/chat/aliases/live", R"({"FunctionVersion":"8","RevisionId":"a-2"})");
    fake->on("PUT /2019-09-30/functions/chat/provisioned-concurrency", "{}", 202);
    DesiredSettings desired;
    desired.memory = Megabytes{2048};
    const Function before = function();
    json context = json::object();
    const auto steps = platform().steps(before, desired, "live").value();
    for (const auto& each : steps) {
        const auto result = platform().send(before, each, context.dump(), "p", job);
        ASSERT_TRUE(result) << each.operation << ": " << result.error().text();
        context.update(json::parse(result->output));
    }
    EXPECT_EQ(polls, 3);
    const json publish = json::parse(fake->last("POST /2015-03-31/functions/chat/versions")->body);
    EXPECT_EQ(publish["RevisionId"], "r-3");
    EXPECT_EQ(publish["CodeSha256"], "abc=");
    const json move = json::parse(fake->last("PUT /2015-03-31/functions/chat/aliases/live")->body);
    EXPECT_EQ(move, (json{{"FunctionVersion", "8"}, {"RevisionId", "a-1"}}));
    EXPECT_EQ(json::parse(fake->last("PUT /2019-09-30/functions/chat/provisioned-concurrency")->body)["ProvisionedConcurrentExecutions"],
              4);
}

TEST_F(Aws, ALostPublishIsFoundAgain) {
    fake->on("GET /2015-03-31/functions/chat/versions", json{{"Versions",
                                                              {configuration("chat", 2048, "$LATEST"), configuration("chat", 512, "7"),
                                                               configuration("chat", 2048, "9"), configuration("chat", 2048, "10")}}}
                                                            .dump());
    DesiredSettings desired;
    desired.memory = Megabytes{2048};
    const Function before = function();
    const auto steps = platform().steps(before, desired, "live").value();
    EXPECT_EQ(steps[2].operation, step::kPublish);
    EXPECT_TRUE(platform().hasHappened(before, steps[2], "", job).value());
    fake->on("GET /2015-03-31/functions/chat/aliases/live", R"({"FunctionVersion":"10"})");
    EXPECT_TRUE(platform().hasHappened(before, steps[4], "", job).value());
    fake->on("GET /2015-03-31/functions/chat/aliases/live", R"({"FunctionVersion":"7"})");
    EXPECT_FALSE(platform().hasHappened(before, steps[4], "", job).value());
}

TEST_F(Aws, ALostReplyIsNotSentAgain) {
    fake->on("PUT /2015-03-31/functions/chat/configuration",
             [](const net::HttpRequest&) -> Result<net::HttpResponse> { return fail(ErrorCode::network, "The connection broke"); });
    DesiredSettings desired;
    desired.memory = Megabytes{2048};
    const Function before = function();
    EXPECT_EQ(platform().send(before, platform().steps(before, desired, "").value()[0], "", "p", job).error().code, ErrorCode::network);
    EXPECT_EQ(fake->count("PUT /2015-03-31/functions/chat/configuration"), 1u);
}

TEST_F(Aws, ReadOnlyProfilesSendNothing) {
    profile.write = false;
    DesiredSettings desired;
    desired.memory = Megabytes{2048};
    const Function before = function();
    EXPECT_EQ(platform().send(before, platform().steps(before, desired, "").value()[0], "", "p", job).error().code, ErrorCode::refused);
    EXPECT_TRUE(fake->requests.empty());
}

TEST_F(Aws, ConvergenceLooksAtUpdateAndPools) {
    const auto state = [&](const char* update, const char* pool) {
        json now = configuration("chat");
        now["LastUpdateStatus"] = update;
        fake->on("GET /2015-03-31/functions/chat/configuration", now.dump());
        fake->on("GET /2019-09-30/functions/chat/provisioned-concurrency",
                 json{{"ProvisionedConcurrencyConfigs", {{{"Status", pool}}}}}.dump());
        return platform().convergence(kArn + "chat", job)->state;
    };
    EXPECT_EQ(state("Successful", "READY"), Convergence::done);
    EXPECT_EQ(state("InProgress", "READY"), Convergence::in_progress);
    EXPECT_EQ(state("Successful", "IN_PROGRESS"), Convergence::in_progress);
    EXPECT_EQ(state("Failed", "READY"), Convergence::failed);
    EXPECT_EQ(state("Successful", "FAILED"), Convergence::failed);
}

TEST_F(Aws, CapabilitiesSayWhy) {
    Function f = function();
    const Capabilities capabilities = platform().capabilities(f);
    EXPECT_EQ(capabilities.find("memory_mb")->max, 10'240);
    EXPECT_EQ(capabilities.find("warm_pool")->max, 25);  // the reserved concurrency
    EXPECT_FALSE(capabilities.find("concurrency")->settable);
    f.qualifiers.clear();
    EXPECT_FALSE(platform().capabilities(f).find("warm_pool")->settable);
    EXPECT_FALSE(platform().capabilities(f).find("warm_pool")->why.empty());
}

}  // namespace
}  // namespace pilotlight::platform::aws
