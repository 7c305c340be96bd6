// API calls with retry, rate and money budget. One session per profile.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "core/base/clock.h"
#include "core/base/job_context.h"
#include "core/base/money.h"
#include "core/net/http_client.h"

namespace pilotlight::net {

// Calls and money spent today (UTC day), with caps. Shared by all sessions of a profile; thread-safe. Whoever makes it hands in what
// was spent before (restore) and makes a new one for a new day.
class ApiMeter {
public:
    struct Reading {
        std::int64_t calls = 0;
        std::int64_t retries = 0;
        std::int64_t throttled = 0;
        std::uint64_t bytes = 0;
        Money money;
    };
    ApiMeter(std::int64_t call_cap, Money money_cap) : call_cap_(call_cap), money_cap_(money_cap) {}
    // budget_exceeded when one more call of that price would pass a cap; else counts it.
    [[nodiscard]] Status charge(Money price);
    // Takes back a charge: nothing was put on the wire.
    void refund(Money price);
    void addBytes(std::uint64_t bytes);
    void addRetry(bool throttled);
    // Starts from what earlier processes spent today.
    void restore(const Reading& spent);
    [[nodiscard]] Reading reading() const;

private:
    mutable std::mutex mutex_;
    Reading reading_;
    std::int64_t call_cap_;
    Money money_cap_;
};

// One logical call. `prepare` is called anew for every attempt (fresh date and signature).
struct ApiCall {
    std::string name;  // "lambda:ListFunctions": shown in jobs and errors, keys rate classes
    std::function<Result<HttpRequest>(Timestamp real_now)> prepare;
    std::string place;       // quotas hold for each place (region) apart; empty = one for all
    Money price;             // what one attempt costs
    bool idempotent = true;  // false: never resent after the request may have arrived
    int attempts = 0;        // at most; 0 = as many as the policy says
};

struct RetryPolicy {
    int attempts = 4;
    milliseconds base{250};
    milliseconds cap{20'000};
    milliseconds deadline{120'000};  // for all attempts together
};

// Reads status and body of a failed answer; says what it was. Platforms supply their own.
struct Failure {
    Error error;
    bool retryable = false;
    bool throttled = false;
    milliseconds retry_after{0};
};
using Classifier = std::function<std::optional<Failure>(const ApiCall&, const HttpResponse&)>;

class ApiSession {
public:
    // `clock` is real time (signatures, Retry-After); `seed` makes jitter repeatable in tests.
    ApiSession(std::shared_ptr<HttpClient> http, std::shared_ptr<Clock> clock, std::shared_ptr<ApiMeter> meter, Classifier classify,
               RetryPolicy policy = {}, std::uint64_t seed = 0);
    ~ApiSession();

    // Requests per second allowed for calls whose name begins with `prefix` (longest prefix wins), at each place, or
    // at the one named. Token bucket, burst = 1 s.
    void limitRate(const std::string& prefix, double per_second, const std::string& place = {});
    // Called once per call when an answer says that the credentials have expired, before the one retry that this is worth.
    void onCredentialsExpired(std::function<void()> forget);

    // Full-jitter exponential back-off, Retry-After honoured, a retry budget shared by the session (retries <= 20 % of calls + 10).
    [[nodiscard]] Result<HttpResponse> call(const ApiCall& call, const JobContext& job);
    // At most `parallel` at once; one failing does not stop the rest.
    [[nodiscard]] std::vector<Result<HttpResponse>> callAll(std::span<const ApiCall> calls, std::size_t parallel, const JobContext& job);

    // Last x-pilotlight-time seen (contracts.md, Sandbox): sandbox time and speed. nullopt = the real service.
    struct SandboxTime {
        Timestamp time{};
        double speed = 1;
        Timestamp seen_at{};  // real time of the answer
    };
    [[nodiscard]] std::optional<SandboxTime> sandboxTime() const;
    [[nodiscard]] ApiMeter& meter() { return *meter_; }

private:
    struct Impl;
    std::unique_ptr<Impl> impl_;
    std::shared_ptr<ApiMeter> meter_;
};

}  // namespace pilotlight::net
