// An account behind the HttpClient seam: what its services would answer, computed from the time of the request. Everything above the seam
// (signing, retries, paging, parsing) is the real thing.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "core/base/clock.h"
#include "core/net/http_client.h"
#include "core/platform/platform.h"

namespace pilotlight::sync {

class FakeAws final : public net::HttpClient {
public:
    explicit FakeAws(std::shared_ptr<FakeClock> clock) : clock_(std::move(clock)) {}

    std::vector<std::string> functions{"chat", "ocr", "idle"};  // "idle" never runs
    std::set<std::string> refused;                              // names of calls that are answered 403
    std::map<std::string, int> calls;                           // by name
    std::function<void()> before_each;                          // e.g. to die or to cancel here
    std::int64_t per_slot = 6;                                  // invocations in 5 minutes, about

    Result<net::HttpResponse> send(const net::HttpRequest& request, std::stop_token stop) override;
    std::vector<Result<net::HttpResponse>> sendAll(std::span<const net::HttpRequest> requests, std::size_t parallel,
                                                   std::stop_token stop) override;

    // Value of a period; nullopt where the service has no point (yet).
    std::optional<double> value(const std::string& function, const std::string& metric, const std::string& statistic, Timestamp time,
                                seconds period) const;
    // Starts of the invocations of one 5-minute slot.
    std::vector<Timestamp> starts(const std::string& function, Timestamp slot) const;
    int total() const;

private:
    net::HttpResponse answer(const std::string& name, const net::HttpRequest& request) const;
    std::string metricData(const std::string& body) const;
    std::string logEvents(const std::string& body) const;
    std::string costs(const std::string& body) const;

    std::shared_ptr<FakeClock> clock_;
};

// The real AWS platform over it.
std::unique_ptr<platform::Platform> makeAws(std::shared_ptr<FakeAws> http, std::shared_ptr<FakeClock> clock);

inline std::string idOf(const std::string& function) { return "arn:aws:lambda:us-east-1:123456789012:function:" + function; }

}  // namespace pilotlight::sync
