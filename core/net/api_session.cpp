#include "core/net/api_session.h"

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <deque>
#include <random>

#include "core/net/http_date.h"

namespace pilotlight::net {

Status ApiMeter::charge(Money price) {
    const std::lock_guard lock(mutex_);
    if (reading_.calls + 1 > call_cap_) {
        return fail(ErrorCode::budget_exceeded, "Today's cap of " + std::to_string(call_cap_) + " calls is reached",
                    "Nothing more is read today.", "Raise the profile's daily call cap, or wait until 00:00 UTC.");
    }
    if (price > Money() && reading_.money + price > money_cap_) {
        return fail(ErrorCode::budget_exceeded, "One more call would pass today's cap of $" + money_cap_.toDecimal() + " for reading",
                    "Nothing more that costs is read today.", "Raise the profile's daily money cap, or wait until 00:00 UTC.");
    }
    ++reading_.calls;
    reading_.money += price;
    return {};
}

void ApiMeter::refund(Money price) {
    const std::lock_guard lock(mutex_);
    --reading_.calls;
    reading_.money -= price;
}

void ApiMeter::addBytes(std::uint64_t bytes) {
    const std::lock_guard lock(mutex_);
    reading_.bytes += bytes;
}

void ApiMeter::addRetry(bool throttled) {
    const std::lock_guard lock(mutex_);
    ++reading_.retries;
    if (throttled) ++reading_.throttled;
}

void ApiMeter::restore(const Reading& spent) {
    const std::lock_guard lock(mutex_);
    reading_ = spent;
}

ApiMeter::Reading ApiMeter::reading() const {
    const std::lock_guard lock(mutex_);
    return reading_;
}

namespace {

constexpr milliseconds kSkewTolerance{300'000};  // AWS accepts 5 minutes (SDK for JavaScript: isClockSkewed)
constexpr double kRetryShare = 0.2;
constexpr double kRetryAllowance = 10;

struct Bucket {
    double per_second = 0;
    double tokens = 0;
    Timestamp filled{};
};

// One logical call on its way.
struct Attempt {
    std::size_t index = 0;
    int made = 0;
    Timestamp not_before{};
    bool clock_corrected = false;
    bool credentials_renewed = false;
};

bool mayHaveArrived(const Error& error) { return error.code == ErrorCode::network && error.meaning != kNothingSent; }

}  // namespace

struct ApiSession::Impl {
    std::shared_ptr<HttpClient> http;
    std::shared_ptr<Clock> clock;
    Classifier classify;
    RetryPolicy policy;

    mutable std::mutex mutex;
    std::mt19937_64 random;
    using PrefixAndPlace = std::pair<std::string, std::string>;
    std::map<PrefixAndPlace, double> rates;  // place empty = each place
    std::map<PrefixAndPlace, Bucket> buckets;
    double calls = 0, retries = 0;
    milliseconds clock_offset{0};  // server - local
    std::optional<SandboxTime> sandbox;
    std::function<void()> forget_credentials;

    Bucket* bucketFor(const ApiCall& call) {
        const std::pair<const PrefixAndPlace, double>* best = nullptr;
        for (const auto& rate : rates) {
            const auto& [prefix, place] = rate.first;
            if (!call.name.starts_with(prefix) || (!place.empty() && place != call.place)) continue;
            // Of one prefix the rate of this place comes after that of each place.
            if (best == nullptr || prefix.size() >= best->first.first.size()) best = &rate;
        }
        if (best == nullptr || best->second <= 0) return nullptr;
        const auto [bucket, made] = buckets.try_emplace({best->first.first, call.place});
        if (made) bucket->second = {best->second, std::max(best->second, 1.0), clock->now()};
        return &bucket->second;
    }

    // Takes a token; where there is none, says how long until there is one.
    milliseconds takeToken(const ApiCall& call) {
        const std::lock_guard lock(mutex);
        Bucket* bucket = bucketFor(call);
        if (bucket == nullptr) return milliseconds{0};
        const Timestamp now = clock->now();
        const double elapsed = std::max<double>(0, static_cast<double>((now - bucket->filled).count()) / 1000.0);
        bucket->tokens = std::min(std::max(bucket->per_second, 1.0), bucket->tokens + elapsed * bucket->per_second);
        bucket->filled = now;
        if (bucket->tokens >= 1) {
            bucket->tokens -= 1;
            return milliseconds{0};
        }
        return milliseconds(static_cast<std::int64_t>(std::ceil((1 - bucket->tokens) / bucket->per_second * 1000)));
    }

    bool takeRetry() {
        const std::lock_guard lock(mutex);
        if (retries + 1 > kRetryShare * calls + kRetryAllowance) return false;
        retries += 1;
        return true;
    }

    milliseconds jitter(int made) {
        const std::lock_guard lock(mutex);
        const double ceiling = std::min<double>(static_cast<double>(policy.cap.count()),
                                                static_cast<double>(policy.base.count()) * std::pow(2.0, std::min(made - 1, 20)));
        return milliseconds(static_cast<std::int64_t>(std::uniform_real_distribution<double>(0, ceiling)(random)));
    }

    Timestamp serverNow() const {
        const std::lock_guard lock(mutex);
        return clock->now() + clock_offset;
    }

    void noteSandboxTime(const HttpResponse& response) {
        const auto text = response.header("x-pilotlight-time");
        if (text.empty()) return;
        const auto semicolon = text.find(';');
        const auto time = parseIso8601(text.substr(0, semicolon));
        if (!time) return;
        SandboxTime seen{*time, 1, clock->now()};
        if (semicolon != std::string_view::npos) {
            auto rest = text.substr(semicolon + 1);
            while (!rest.empty() && rest.front() == ' ') rest.remove_prefix(1);
            if (rest.starts_with("speed=")) {
                const double speed = std::strtod(std::string(rest.substr(6)).c_str(), nullptr);
                if (speed > 0 && std::isfinite(speed)) seen.speed = speed;
            }
        }
        const std::lock_guard lock(mutex);
        sandbox = seen;
    }

    // Whether the answer's Date shows that our clock is off; if so the next attempt is signed with the server's.
    bool correctClock(const HttpResponse& response) {
        const auto date = parseHttpDate(response.header("date"));
        if (!date) return false;
        const std::lock_guard lock(mutex);
        const milliseconds offset = *date - clock->now();
        const milliseconds off = offset - clock_offset;
        if (off < kSkewTolerance && off > -kSkewTolerance) return false;
        clock_offset = offset;
        return true;
    }

    milliseconds retryAfter(const HttpResponse& response) const {
        const std::string text(response.header("retry-after"));
        if (text.empty()) return milliseconds{0};
        char* end = nullptr;
        const double wait = std::strtod(text.c_str(), &end);
        if (end != text.c_str() && *end == 0)
            return std::isfinite(wait) && wait > 0 && wait < 1e6 ? milliseconds(static_cast<std::int64_t>(wait * 1000)) : milliseconds{0};
        if (const auto date = parseHttpDate(text)) return std::max(milliseconds{0}, milliseconds(*date - serverNow()));
        return milliseconds{0};
    }

    enum class Next { done, again };

    // What to do with the outcome of one attempt. `result` becomes the call's result where it is done.
    Next judge(const ApiCall& call, Attempt& attempt, Timestamp give_up, Result<HttpResponse>& result, ApiMeter& meter) {
        milliseconds wait{0};
        bool throttled = false;
        if (result) {
            meter.addBytes(result->wire_bytes);
            noteSandboxTime(*result);
            auto failure = classify ? classify(call, *result) : std::nullopt;
            if (!failure) return Next::done;
            const bool rejected = failure->error.code == ErrorCode::unauthenticated ||
                                  failure->error.code == ErrorCode::credentials_expired ||
                                  failure->error.code == ErrorCode::permission_denied;
            bool retry = failure->retryable && (call.idempotent || failure->throttled);
            bool at_once = false;
            if (rejected && !attempt.clock_corrected && correctClock(*result)) {
                attempt.clock_corrected = retry = at_once = true;
            } else if (failure->error.code == ErrorCode::credentials_expired && !attempt.credentials_renewed) {
                std::function<void()> forget;
                {
                    const std::lock_guard lock(mutex);
                    forget = forget_credentials;
                }
                if (forget) {
                    forget();
                    attempt.credentials_renewed = retry = at_once = true;
                }
            }
            throttled = failure->throttled;
            const milliseconds asked = std::max(failure->retry_after, retryAfter(*result));
            result = fail(failure->error);
            if (!retry) return Next::done;
            if (!at_once) wait = std::max(asked, jitter(attempt.made));
        } else {
            const Error& error = result.error();
            if (error.code != ErrorCode::network) return Next::done;
            if (!mayHaveArrived(error)) meter.refund(call.price);
            if (!call.idempotent && mayHaveArrived(error)) return Next::done;
            wait = jitter(attempt.made);
        }
        if (attempt.made >= (call.attempts > 0 ? call.attempts : policy.attempts) || clock->now() + wait >= give_up) {
            if (throttled && wait > seconds(5)) {
                result.error().action = "Try again in " + std::to_string((wait.count() + 999) / 1000) + " s.";
            }
            return Next::done;
        }
        if (!takeRetry()) {
            result.error().meaning +=
                (result.error().meaning.empty() ? "" : " ") + std::string("Too many calls had to be retried, so it was not tried again.");
            return Next::done;
        }
        meter.addRetry(throttled);
        attempt.not_before = clock->now() + wait;
        return Next::again;
    }
};

ApiSession::ApiSession(std::shared_ptr<HttpClient> http, std::shared_ptr<Clock> clock, std::shared_ptr<ApiMeter> meter, Classifier classify,
                       RetryPolicy policy, std::uint64_t seed)
    : impl_(std::make_unique<Impl>()), meter_(std::move(meter)) {
    impl_->http = std::move(http);
    impl_->clock = std::move(clock);
    impl_->classify = std::move(classify);
    impl_->policy = policy;
    impl_->random.seed(seed != 0 ? seed : std::random_device{}());
}

ApiSession::~ApiSession() = default;

void ApiSession::limitRate(const std::string& prefix, double per_second, const std::string& place) {
    const std::lock_guard lock(impl_->mutex);
    impl_->rates[{prefix, place}] = per_second;
    std::erase_if(impl_->buckets, [&](const auto& bucket) { return bucket.first.first == prefix; });
}

void ApiSession::onCredentialsExpired(std::function<void()> forget) {
    const std::lock_guard lock(impl_->mutex);
    impl_->forget_credentials = std::move(forget);
}

Result<HttpResponse> ApiSession::call(const ApiCall& call, const JobContext& job) {
    return std::move(callAll(std::span<const ApiCall>(&call, 1), 1, job).front());
}

std::vector<Result<HttpResponse>> ApiSession::callAll(std::span<const ApiCall> calls, std::size_t parallel, const JobContext& job) {
    const Error cancelled{ErrorCode::cancelled, "Cancelled", "", ""};
    std::vector<Result<HttpResponse>> results(calls.size(), fail(cancelled));
    Impl& impl = *impl_;
    parallel = std::max<std::size_t>(parallel, 1);
    // Waves keep the answers' memory and the age of signatures bounded while a slow answer holds up at most one wave in eight.
    const std::size_t wave_size = parallel * 8;
    const Timestamp started = impl.clock->now();
    // Every call has the policy's time; with many calls of a slow rate the later ones start theirs when they are first sent.
    std::vector<Timestamp> give_up(calls.size(), Timestamp::max());
    std::deque<Attempt> waiting;
    for (std::size_t i = 0; i < calls.size(); ++i) waiting.push_back({.index = i, .not_before = started});
    {
        const std::lock_guard lock(impl.mutex);
        impl.calls += static_cast<double>(calls.size());
    }

    const auto stopped = [&]() -> std::vector<Result<HttpResponse>> {
        for (const Attempt& attempt : waiting) results[attempt.index] = fail(cancelled);
        return std::move(results);
    };
    while (!waiting.empty()) {
        if (job.stopRequested()) return stopped();
        std::vector<Attempt> wave;
        std::vector<HttpRequest> requests;
        milliseconds shortest_wait = milliseconds::max();
        const std::size_t looked_at = waiting.size();
        for (std::size_t n = 0; n < looked_at && wave.size() < wave_size; ++n) {
            Attempt attempt = waiting.front();
            waiting.pop_front();
            const ApiCall& call = calls[attempt.index];
            const Timestamp now = impl.clock->now();
            milliseconds wait = std::max(milliseconds{0}, milliseconds(attempt.not_before - now));
            if (wait.count() == 0) wait = impl.takeToken(call);
            if (wait.count() > 0) {
                shortest_wait = std::min(shortest_wait, wait);
                waiting.push_back(attempt);
                continue;
            }
            if (attempt.made == 0) give_up[attempt.index] = now + impl.policy.deadline;
            auto request = call.prepare(impl.serverNow());
            if (!request) {
                results[attempt.index] = fail(request.error());
                continue;
            }
            if (auto charged = meter_->charge(call.price); !charged) {
                results[attempt.index] = fail(charged.error());
                continue;
            }
            request->idempotent = request->idempotent && call.idempotent;
            request->deadline = std::max(milliseconds{1}, std::min(request->deadline, milliseconds(give_up[attempt.index] - now)));
            ++attempt.made;
            wave.push_back(attempt);
            requests.push_back(std::move(*request));
        }
        if (wave.empty()) {
            if (waiting.empty()) break;
            if (shortest_wait == milliseconds::max()) continue;
            if (!impl.clock->sleepFor(shortest_wait, job.stopToken())) return stopped();
            continue;
        }
        std::vector<Result<HttpResponse>> answers;
        if (requests.size() == 1) {
            answers.push_back(impl.http->send(requests.front(), job.stopToken()));
        } else {
            answers = impl.http->sendAll(requests, parallel, job.stopToken());
        }
        for (std::size_t i = 0; i < wave.size(); ++i) {
            Attempt& attempt = wave[i];
            const auto next = impl.judge(calls[attempt.index], attempt, give_up[attempt.index], answers[i], *meter_);
            results[attempt.index] = std::move(answers[i]);
            if (next == Impl::Next::again) waiting.push_back(attempt);
        }
    }
    return results;
}

std::optional<ApiSession::SandboxTime> ApiSession::sandboxTime() const {
    const std::lock_guard lock(impl_->mutex);
    return impl_->sandbox;
}

}  // namespace pilotlight::net
