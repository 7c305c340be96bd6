#include "core/platform/make_platform.h"

#include <fmt/format.h>

#include "core/platform/aws/aws_platform.h"
#include "core/platform/azure/azure_platform.h"
#include "core/platform/gcp/gcp_platform.h"

namespace pilotlight::platform {

Result<std::unique_ptr<Platform>> makePlatform(const Profile& profile, const Dependencies& dependencies) {
    if (!dependencies.http || !dependencies.meter) return fail(ErrorCode::internal, "A platform was made without a client or a meter");
    switch (profile.platform) {
        case PlatformKind::aws:
            return std::unique_ptr<Platform>(std::make_unique<aws::AwsPlatform>(profile, dependencies));
        case PlatformKind::gcp:
            return std::unique_ptr<Platform>(std::make_unique<gcp::GcpPlatform>(profile, dependencies));
        case PlatformKind::azure:
            return std::unique_ptr<Platform>(std::make_unique<azure::AzurePlatform>(profile, dependencies));
    }
    return fail(ErrorCode::unsupported, fmt::format("Platform {} is not built in", name(profile.platform)),
                fmt::format("Profile {} cannot be read.", profile.name), "Use a profile of another platform.");
}

Capabilities capabilitiesOf(const Function& function, const std::optional<AccountLimits>& limits) {
    switch (function.platform) {
        case PlatformKind::aws:
            return aws::capabilitiesOf(function, limits);
        case PlatformKind::gcp:
            return gcp::capabilitiesOf(function);
        case PlatformKind::azure:
            return azure::capabilitiesOf(function);
    }
    return {};
}

}  // namespace pilotlight::platform
