// A store, a platform over the fake Lambda, and a clock that tests move.
#pragma once

#include <gtest/gtest.h>

#include <cstdlib>

#include "core/change/change_service.h"
#include "core/platform/make_platform.h"
#include "tests/core/change/fake_lambda.h"
#include "tests/support/data.h"

namespace pilotlight::test {

class Rig {
public:
    explicit Rig(bool write = true, Environment environment = Environment::dev) {
        setenv("AWS_ACCESS_KEY_ID", "AKIDEXAMPLE", 1);
        setenv("AWS_SECRET_ACCESS_KEY", "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY", 1);
        profile.name = "test";
        profile.regions = {"us-east-1"};
        profile.endpoint_url = "http://127.0.0.1:1";
        profile.environment = environment;
        profile.write = write;
        FakeLambda::Function chat;
        chat.name = "chat";
        chat.latest.memory = 1024;
        lambda->functions["chat"] = chat;
        FakeLambda::Function ocr;
        ocr.name = "ocr";
        ocr.latest.memory = 2048;
        ocr.versions["1"] = ocr.latest;
        ocr.aliases["live"] = {"1", 1};
        ocr.pools["live"] = 3;
        lambda->functions["ocr"] = ocr;
        connect();
    }

    // As a new program would: another store, another platform.
    void connect() {
        store.reset();
        auto opened = store::Store::open(workspace.path().string(), {.access = store::Access::write, .holder = "test"});
        if (!opened) {
            ADD_FAILURE() << opened.error().text();
            abort();
        }
        store.emplace(std::move(*opened));
        (void)store->putProfile(profile);
        auto made =
            platform::makePlatform(profile, {lambda, clock, std::make_shared<net::ApiMeter>(1'000'000, Money::dollars(100)), nullptr});
        if (!made) abort();
        platform = std::move(*made);
        service.emplace(*store, *platform, options);
    }

    static std::string id(const std::string& name) { return FakeLambda::arn(name); }
    Result<Plan> plan(const std::string& name, DesiredSettings desired, const std::string& alias = "",
                      std::vector<std::string> overrides = {}) {
        change::PlanRequest request;
        request.function_id = id(name);
        request.desired = std::move(desired);
        request.alias = alias;
        request.overrides = std::move(overrides);
        return service->plan(request, job);
    }
    Plan planned(const std::string& name, DesiredSettings desired, const std::string& alias = "") {
        auto made = plan(name, std::move(desired), alias);
        if (!made) {
            ADD_FAILURE() << made.error().text();
            abort();
        }
        return *made;
    }
    Result<change::ApplyResult> apply(const Plan& made) { return service->apply({made.id, true, made.before.name}, job); }

    TemporaryDirectory workspace;
    Profile profile;
    std::shared_ptr<FakeLambda> lambda = std::make_shared<FakeLambda>();
    std::shared_ptr<FakeClock> clock = std::make_shared<FakeClock>(parseIso8601("2026-11-24T12:00:00Z").value());
    change::WatchOptions options;
    std::optional<store::Store> store;
    std::unique_ptr<platform::Platform> platform;
    std::optional<change::ChangeService> service;
    JobContext job;
};

inline DesiredSettings memory(int mb) {
    DesiredSettings desired;
    desired.memory = Megabytes{mb};
    return desired;
}

inline const Guardrail* find(const Plan& plan, const std::string& name) {
    for (const auto& guardrail : plan.guardrails) {
        if (guardrail.name == name) return &guardrail;
    }
    return nullptr;
}

}  // namespace pilotlight::test
