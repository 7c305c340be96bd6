// Profile -> Platform.
#pragma once

#include <memory>

#include "core/base/executor.h"
#include "core/net/api_session.h"
#include "core/platform/platform.h"

namespace pilotlight::platform {

struct Dependencies {
    std::shared_ptr<net::HttpClient> http;
    std::shared_ptr<Clock> wall_clock;
    std::shared_ptr<net::ApiMeter> meter;
    Executor* executor = nullptr;          // parsing of large pages; may be null
};

// unsupported for platforms that are not built in.
[[nodiscard]] Result<std::unique_ptr<Platform>> makePlatform(const Profile& profile, const Dependencies& dependencies);

// What can be set on a function, without asking its platform: by its settings and, on AWS, the account's limits as last read.
[[nodiscard]] Capabilities capabilitiesOf(const Function& function, const std::optional<AccountLimits>& limits);

} // namespace pilotlight::platform
