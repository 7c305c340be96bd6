// Every request of a client ends here: signature, faults, the right service, the clock header. Thread-safe.
#pragma once

#include <atomic>
#include <functional>
#include <mutex>
#include <string>

#include "app/sandbox/aws/signature.h"
#include "app/sandbox/aws/wire.h"
#include "app/sandbox/azure/arm.h"
#include "app/sandbox/engine/world.h"
#include "app/sandbox/faults.h"
#include "app/sandbox/gcp/project.h"
#include "app/sandbox/gcp/token.h"

namespace pilotlight::sandbox {

// Sandbox time: equal to real time at `anchor`, from then on `speed` times as fast.
class SandboxClock {
public:
    SandboxClock(Micros anchor, double speed) : anchor_(anchor), speed_(speed) {}
    [[nodiscard]] static Micros realNow();
    [[nodiscard]] Micros now() const { return anchor_ + static_cast<Micros>(static_cast<double>(realNow() - anchor_) * speed_); }
    [[nodiscard]] double speed() const { return speed_; }

private:
    Micros anchor_;
    double speed_;
};

class Service {
public:
    Service(World& world, Keys keys, SandboxClock clock, Faults faults)
        : world_(world), keys_(std::move(keys)), clock_(clock), faults_(std::move(faults)) {}
    // What answers Google's paths; without it they are unknown.
    void serve(gcp::Project& project, gcp::TokenIssuer& tokens) {
        project_ = &project;
        tokens_ = &tokens;
    }

    // What answers Azure's paths; without it they are unknown.
    void serve(azure::Subscription& subscription, azure::TokenIssuer& tokens) {
        subscription_ = &subscription;
        azure_tokens_ = &tokens;
    }

    // Never throws; always answers.
    [[nodiscard]] HttpResponse handle(const HttpRequest& request);
    // Plays up to now; called now and then so that a quiet hour does not pile up.
    void tick();

private:
    [[nodiscard]] HttpResponse answer(const HttpRequest& request, const std::string& request_id);
    [[nodiscard]] HttpResponse answerGoogle(const HttpRequest& request, const std::string& operation);
    [[nodiscard]] HttpResponse answerAzure(const HttpRequest& request, const std::string& operation);

    World& world_;
    gcp::Project* project_ = nullptr;
    gcp::TokenIssuer* tokens_ = nullptr;
    azure::Subscription* subscription_ = nullptr;
    azure::TokenIssuer* azure_tokens_ = nullptr;
    Keys keys_;
    SandboxClock clock_;
    std::mutex mutex_;  // world_, project_ and faults_
    Faults faults_;
    std::atomic<std::uint64_t> requests_{0};
};

// "lambda.GetFunction", "monitoring.GetMetricData", ...: what fault rules match.
[[nodiscard]] std::string lambdaOperation(const HttpRequest& request);

}  // namespace pilotlight::sandbox
