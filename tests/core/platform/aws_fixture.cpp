#include "tests/core/platform/aws_fixture.h"

#include <nlohmann/json.hpp>

namespace pilotlight::platform::aws {

json configuration(const std::string& name, int memory, const std::string& version) {
    return {{"FunctionName", name}, {"FunctionArn", kArn + name}, {"Version", version},  {"MemorySize", memory},
            {"Timeout", 30},        {"CodeSha256", "abc="},       {"RevisionId", "r-1"}, {"LastModified", "2026-11-01T11:30:00.000+0000"}};
}

Aws::Aws() {
    profile.name = "prod";
    profile.regions = {"us-east-1"};
    profile.write = true;
    fake->on("POST /",
             "<GetCallerIdentityResponse><GetCallerIdentityResult><Arn>arn:aws:iam::123456789012:user/me</Arn><UserId>U</UserId>"
             "<Account>123456789012</Account></GetCallerIdentityResult></GetCallerIdentityResponse>");
    fake->on("GET /2016-08-19/account-settings",
             R"({"AccountLimit":{"ConcurrentExecutions":1000,"UnreservedConcurrentExecutions":900},"AccountUsage":{}})");
    fake->on("GET /2015-03-31/event-source-mappings", R"({"EventSourceMappings":[]})");
    fake->on(kTargets, R"({"ScalableTargets":[]})");
}

AwsPlatform& Aws::platform() {
    if (!platform_) {
        const auto environment = [](const char* name) -> std::optional<std::string> {
            if (std::string_view(name) == "AWS_ACCESS_KEY_ID") return "AKIDEXAMPLE";
            if (std::string_view(name) == "AWS_SECRET_ACCESS_KEY") return "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY";
            if (std::string_view(name) == "HOME") return "/nonexistent";
            return std::nullopt;
        };
        platform_ = std::make_unique<AwsPlatform>(profile, Dependencies{fake, clock, meter, nullptr}, environment);
    }
    return *platform_;
}

void Aws::addFunction(const std::string& name) {
    fake->on("GET /2015-03-31/functions/" + name, [name](const net::HttpRequest& request) {
        const bool version = !FakeAws::queryOf(request).empty();
        return answer(200, json{{"Configuration", configuration(name, version ? 512 : 1024, version ? "7" : "$LATEST")},
                                {"Code", {{"Location", "https://example.invalid/secret"}}},
                                {"Tags", {{"aws:cloudformation:stack-name", "s"}}},
                                {"Concurrency", {{"ReservedConcurrentExecutions", 25}}}}
                               .dump());
    });
    fake->on("GET /2015-03-31/functions/" + name + "/aliases", R"({"Aliases":[{"Name":"live","FunctionVersion":"7","RevisionId":"a-1"}]})");
    fake->on("GET /2019-09-30/functions/" + name + "/provisioned-concurrency", [name](const net::HttpRequest& request) {
        const json pool = {{"FunctionArn", kArn + name + ":live"}, {"RequestedProvisionedConcurrentExecutions", 4}, {"Status", "READY"}};
        if (FakeAws::queryOf(request).starts_with("List=ALL")) return answer(200, json{{"ProvisionedConcurrencyConfigs", {pool}}}.dump());
        return answer(200, pool.dump());
    });
}

void Aws::listed(const std::vector<std::string>& names) {
    json list = json::array();
    for (const auto& name : names) list.push_back(configuration(name));
    fake->on("GET /2015-03-31/functions", json{{"Functions", list}}.dump());
    for (const auto& name : names) addFunction(name);
}

Function Aws::function(const std::string& name) {
    Function f;
    f.id = kArn + name;
    f.name = name;
    f.region = "us-east-1";
    f.memory = Megabytes{1024};
    f.timeout = seconds{30};
    f.log_group = "/aws/lambda/" + name;
    f.revision = "r-1";
    f.code_sha256 = "abc=";
    f.instance_limit = InstanceLimit::of(25);
    Qualifier live;
    live.name = "live";
    live.kind = "alias";
    live.version = "7";
    live.revision = "a-1";
    live.warm_pool = 4;
    live.memory = Megabytes{512};
    f.qualifiers.push_back(live);
    return f;
}

}  // namespace pilotlight::platform::aws
