#include "core/base/time_zone.h"

#include <date/tz.h>

#include <stdexcept>

namespace pilotlight {

std::optional<TimeZone> TimeZone::named(const std::string& name) {
    TimeZone zone;
    if (name.empty() || name == "UTC" || name == "Etc/UTC" || name == "GMT") return zone;
    try {
        zone.zone_ = date::locate_zone(name);
    } catch (const std::runtime_error&) {  // no such zone, or no zone files
        return std::nullopt;
    }
    return zone;
}

seconds TimeZone::offsetAt(Timestamp t) const {
    return zone_ == nullptr ? seconds(0) : zone_->get_info(std::chrono::floor<seconds>(t)).offset;
}

Timestamp TimeZone::atLocal(seconds local) const {
    const auto offset = zone_ == nullptr ? seconds(0) : zone_->get_info(date::local_seconds(local)).first.offset;
    return Timestamp(local - offset);
}

}  // namespace pilotlight
