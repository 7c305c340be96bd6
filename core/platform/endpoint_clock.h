// The clock that an endpoint lives on: the wall clock, or the scaled one of a sandbox (contracts.md, Sandbox).
#pragma once

#include <functional>
#include <memory>
#include <mutex>

#include "core/base/clock.h"
#include "core/net/api_session.h"

namespace pilotlight::platform {

class EndpointClock {
public:
    // `probe` makes one call to an endpoint of the user's own, which may turn out to be a sandbox. Thread-safe.
    [[nodiscard]] std::shared_ptr<Clock> get(net::ApiSession& session, const std::shared_ptr<Clock>& wall, bool custom_endpoint,
                                             const std::function<void()>& probe);

private:
    std::mutex mutex_;
    std::shared_ptr<Clock> clock_;  // once the endpoint has shown which it is
};

}  // namespace pilotlight::platform
